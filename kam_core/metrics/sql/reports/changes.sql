-- grain: one row per value of region, industry, tier and product line, with its share in the change of revenue
-- default: limit = 5
with split as (
    select 'region' as dimension, region as value, side, revenue from sales
    union all
    select 'industry', industry, side, revenue from sales
    union all
    select 'tier', tier, side, revenue from sales
),
sums as (
    select
        dimension,
        value,
        coalesce(sum(revenue) filter (where side = 'now'), 0) as revenue,
        coalesce(sum(revenue) filter (where side = 'before'), 0) as revenue_before
    from split
    group by dimension, value
)
select
    dimension,
    value,
    revenue,
    revenue_before,
    revenue - revenue_before as change,
    (revenue - revenue_before) / nullif(greatest(revenue_before, 0), 0) as growth
from sums
qualify row_number() over (partition by dimension order by abs(revenue - revenue_before) desc, value) <= $limit
order by dimension, abs(change) desc, value
