-- grain: one row per manager that is loaded or that any loaded row names
create table core.managers as
with known as (
    select manager_id from raw.managers
    union select manager_id from raw.orders where manager_id is not null
    union select manager_id from core.accounts where manager_id is not null
    union select manager_id from raw.targets
)
select
    k.manager_id,
    coalesce(m.name, k.manager_id) as name,
    m.email,
    m.region,
    m.industry,
    m.team,
    m.manager_of,
    m.hired_on,
    m.left_on
from known as k
left join raw.managers as m on m.manager_id = k.manager_id;
