-- grain: one row per deal with a history, in order of its number: days since 1970, an amount, whether it was won, its region
select
    coalesce(date_diff('day', date '1970-01-01', d.begun_on), 10000000) as begun,
    coalesce(date_diff('day', date '1970-01-01', d.closed_on), 10000000) as closed,
    d.outcome = 'won' as won,
    cast(coalesce(d.amount, 0) as double) as amount,
    coalesce(a.region, '') as region
from mart.deal as d
left join mart.account as a on a.account_id = d.account_id
order by d.opportunity_id
