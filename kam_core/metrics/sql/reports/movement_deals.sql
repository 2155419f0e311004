-- grain: one row per deal and step it took between two days, the largest first: what is behind pipeline_movement
-- default: since = week_before
-- default: until = latest
-- default: closing = quarter
-- default: step = any
-- default: limit = 1000000
select
    m.step,
    m.opportunity_id,
    d.account_id,
    d.account_name,
    d.manager_id,
    n.name as manager_name,
    b.stage as stage_before,
    g.stage,
    m.close_before,
    m.close as expected_close,
    m.amount
from deal_moves as m
inner join deal_rows as d on d.opportunity_id = m.opportunity_id
left join stage_chances as b on b.place = m.place_before
left join stage_chances as g on g.place = m.place
left join managers as n on n.manager_id = d.manager_id
where $step in ('any', m.step) or ($step = 'changes' and m.step not in ('start', 'end'))
order by abs(m.amount) desc, m.opportunity_id, m.step
limit $limit
