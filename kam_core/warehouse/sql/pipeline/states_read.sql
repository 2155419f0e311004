-- grain: one row per deal and stretch of days in which it stood open: the deal's number, days since 1970, its stage
select
    d.deal,
    date_diff('day', date '1970-01-01', s.from_on) as start_day,
    coalesce(date_diff('day', date '1970-01-01', s.until_on), 10000000) as end_day,
    coalesce(s.place, 0) as place,
    cast(coalesce(s.amount, 0) as double) as amount,
    coalesce(date_diff('day', date '1970-01-01', s.expected_close), 10000000) as close_day
from mart.deal_state as s
inner join (select opportunity_id, row_number() over (order by opportunity_id) - 1 as deal from mart.deal) as d
    on d.opportunity_id = s.opportunity_id
where s.outcome = 'open'
