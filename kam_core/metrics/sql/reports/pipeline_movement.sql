-- grain: one row per step from the pipeline of one day to that of another, in order; all but the last sum up to it
-- default: since = week_before
-- default: until = latest
-- default: closing = quarter
select
    s.step,
    count(m.opportunity_id) as deals,
    coalesce(sum(m.amount), 0) as amount
from (
    values
        (1, 'start'), (2, 'new'), (3, 'grew'), (4, 'shrank'), (5, 'pulled_in'), (6, 'slipped_out'), (7, 'won'), (8, 'lost'), (9, 'end')
) as s (place, step)
inner join facts as f on f.opportunities > 0
left join deal_moves as m on m.step = s.step
group by s.place, s.step
order by s.place
