-- grain: one row per kind of running period and earlier day: how the deals open then had fared after as many days as are left now
-- `deals` and `won` (share) by stage and by whether they were to close in time: entry 2 · stage, and one on if so.
select kind, days_left, day, deals, won, growth, new_deals, new_size from forecast_fares order by kind, day desc
