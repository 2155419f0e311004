-- grain: one row per deal with a history, in order of its number: days since 1970, an amount, whether it was won
select
    coalesce(date_diff('day', date '1970-01-01', begun_on), 10000000) as begun,
    coalesce(date_diff('day', date '1970-01-01', closed_on), 10000000) as closed,
    outcome = 'won' as won,
    cast(coalesce(amount, 0) as double) as amount
from mart.deal
order by opportunity_id
