-- grain: one row per kind of running period and earlier day: how the deals open then had fared after as many days as are left now
-- `deals` and `won` (share) by stage and expected close: entry 4 · stage + 0 (first half of the days left), 1 (second
-- half), 2 (the month after), 3 (later).
select kind, days_left, day, deals, won, growth, new_deals, new_size from forecast_fares order by kind, day desc
