-- grain: one row for the total and one per region (null: not given): revenue and margin with and without the largest groups (or accounts)
-- default: by = group
-- default: limit = 5
with owned as (
    select case when $by = 'account' then account_id else group_id end as owner_id, region, revenue, costed_revenue, cost
    from sales
    where side = 'now'
),
largest as (
    select owner_id
    from owned
    group by owner_id
    having sum(revenue) > 0
    order by sum(revenue) desc, owner_id
    limit $limit
),
marked as (
    select o.*, l.owner_id is not null as leaves
    from owned as o
    left join largest as l on l.owner_id = o.owner_id
)
select
    case when grouping(region) = 1 then 'total' else 'region' end as section,
    region,
    count(distinct owner_id) filter (where leaves) as leaving,
    sum(revenue) as revenue,
    coalesce(sum(revenue) filter (where not leaves), 0) as revenue_without,
    coalesce(sum(revenue) filter (where leaves), 0) / nullif(sum(revenue), 0) as revenue_lost,
    case when sum(costed_revenue) <> 0 then sum(costed_revenue) - sum(cost) end as margin,
    case
        when sum(costed_revenue) <> 0
            then coalesce(sum(costed_revenue) filter (where not leaves), 0) - coalesce(sum(cost) filter (where not leaves), 0)
    end as margin_without,
    (coalesce(sum(costed_revenue) filter (where leaves), 0) - coalesce(sum(cost) filter (where leaves), 0))
    / nullif(sum(costed_revenue) - sum(cost), 0) as margin_lost
from marked
group by grouping sets ((), (region))
order by section desc, revenue desc
