-- grain: one row per kind (reason, competitor) and value of the deals lost in the period, the most first
with lost as (
    select coalesce(lost_reason, $none) as reason, coalesce(competitor, $none) as competitor, amount
    from deals
    where outcome = 'lost' and closed_on >= $start and closed_on < $end
)
select kind, value, count(*) as deals, sum(amount) as amount, count(*) / nullif(sum(count(*)) over (partition by kind), 0) as share
from (
    select 'reason' as kind, reason as value, amount from lost
    union all
    select 'competitor', competitor, amount from lost
)
group by kind, value
order by kind desc, deals desc, value
