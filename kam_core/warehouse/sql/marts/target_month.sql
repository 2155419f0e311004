-- grain: one row per manager and month; quarters and years are spread evenly, the last month taking the odd cents
select t.manager_id, t.month, cast(sum(t.target) as decimal(18, 2)) as target
from core.target_months as t
group by t.manager_id, t.month
