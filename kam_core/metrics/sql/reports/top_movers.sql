-- grain: one row per account among those whose revenue grew or shrank most against the same days of the year before
-- default: limit = 10
with period as (
    select
        account_id,
        coalesce(sum(revenue) filter (where side = 'now'), 0) as revenue,
        coalesce(sum(revenue) filter (where side = 'before'), 0) as revenue_before
    from sales
    group by account_id
),
ranked as (
    select
        *,
        revenue - revenue_before as change,
        row_number() over (order by revenue - revenue_before desc, account_id) as from_top,
        row_number() over (order by revenue - revenue_before, account_id) as from_bottom
    from period
)
select
    r.account_id,
    a.name,
    a.tier,
    a.region,
    a.industry,
    a.manager_name,
    r.revenue,
    r.revenue_before,
    r.change,
    r.change / nullif(greatest(r.revenue_before, 0), 0) as growth,
    a.first_order_on,
    a.last_order_on
from ranked as r
inner join accounts as a on a.account_id = r.account_id
where (r.from_top <= $limit and r.change > 0) or (r.from_bottom <= $limit and r.change < 0)
order by r.change desc, r.account_id
