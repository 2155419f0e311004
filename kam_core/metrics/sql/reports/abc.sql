-- grain: one row per account that bought in the 12 months up to the last tier date, by value
select
    h.place,
    h.account_id,
    a.name,
    h.value,
    h.before / nullif(h.total, 0) as before,
    h.class,
    h.tier,
    h.value <= 0 as loss
from account_history as h
inner join accounts as a on a.account_id = h.account_id
where h.as_of = $tier_day
order by h.place
