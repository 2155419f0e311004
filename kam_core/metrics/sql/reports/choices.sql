-- grain: one row per value that a filter can take: dimension, id (none where accounts lack it), name
select 'region' as dimension, region as id, region as name from accounts group by region
union all
select 'industry' as dimension, industry as id, industry as name from accounts group by industry
union all
select 'segment' as dimension, segment as id, segment as name from accounts group by segment
union all
select 'tier' as dimension, tier as id, tier as name from accounts group by tier
union all
select 'manager' as dimension, a.manager_id as id, coalesce(m.name, a.manager_id) as name
from (
    select manager_id from accounts
    union
    -- Who has deals and no account can be chosen too.
    select manager_id from opportunities where manager_id is not null
) as a
left join managers as m on m.manager_id = a.manager_id
group by a.manager_id, coalesce(m.name, a.manager_id)
