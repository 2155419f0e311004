-- grain: one row per manager
select manager_id, name, email, region, industry, team, manager_of, hired_on, left_on
from core.managers
order by manager_id
