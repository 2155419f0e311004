-- grain: one row per region × industry cell, region, industry and the total (kind says which; null: not given), each measure now and a year before
with per_account as (
    select
        account_id,
        region,
        industry,
        side,
        holder_id is null as is_unowned,
        sum(revenue) as revenue,
        sum(orders) as orders,
        sum(quantity) as quantity,
        sum(costed_revenue) as costed_revenue,
        sum(cost) as cost,
        sum(listed_revenue) as listed_revenue,
        sum(list_amount) as list_amount,
        sum(returns) as returns,
        sum(gross_sales) as gross_sales
    from sales
    group by account_id, region, industry, side, holder_id is null
),
cells as (
    select
        region,
        industry,
        side,
        count(*) filter (where revenue > 0) as active_accounts,
        coalesce(sum(revenue) filter (where is_unowned), 0) as unowned_revenue,
        sum(revenue) as revenue,
        sum(orders) as orders,
        sum(quantity) as quantity,
        sum(costed_revenue) as costed_revenue,
        sum(cost) as cost,
        sum(listed_revenue) as listed_revenue,
        sum(list_amount) as list_amount,
        sum(returns) as returns,
        sum(gross_sales) as gross_sales
    from per_account
    group by region, industry, side
),
sums as (
    select
        case grouping_id(region, industry) when 3 then 'total' when 1 then 'region' when 2 then 'industry' else 'cell' end as kind,
        region,
        industry,
        coalesce(sum(unowned_revenue) filter (where side = 'now'), 0) as unowned_revenue,
        sum(active_accounts) filter (where side = 'now') as active_accounts,
        sum(active_accounts) filter (where side = 'before') as active_accounts_before,
        sum(revenue) filter (where side = 'now') as revenue,
        sum(revenue) filter (where side = 'before') as revenue_before,
        sum(orders) filter (where side = 'now') as orders,
        sum(orders) filter (where side = 'before') as orders_before,
        sum(quantity) filter (where side = 'now') as quantity,
        sum(quantity) filter (where side = 'before') as quantity_before,
        sum(costed_revenue) filter (where side = 'now') as costed_revenue,
        sum(costed_revenue) filter (where side = 'before') as costed_revenue_before,
        sum(cost) filter (where side = 'now') as cost,
        sum(cost) filter (where side = 'before') as cost_before,
        sum(listed_revenue) filter (where side = 'now') as listed_revenue,
        sum(listed_revenue) filter (where side = 'before') as listed_revenue_before,
        sum(list_amount) filter (where side = 'now') as list_amount,
        sum(list_amount) filter (where side = 'before') as list_amount_before,
        sum(returns) filter (where side = 'now') as returns,
        sum(returns) filter (where side = 'before') as returns_before,
        sum(gross_sales) filter (where side = 'now') as gross_sales,
        sum(gross_sales) filter (where side = 'before') as gross_sales_before
    from cells
    group by grouping sets ((), (region), (industry), (region, industry))
),
held as (
    select
        case grouping_id(region, industry) when 3 then 'total' when 1 then 'region' when 2 then 'industry' else 'cell' end as kind,
        region,
        industry,
        count(*) as accounts,
        count(distinct manager_id) as managers,
        count(*) filter (where manager_id is null) as unowned_accounts
    from accounts
    group by grouping sets ((), (region), (industry), (region, industry))
),
target_days as (
    select date_trunc('month', day) as month, sum(share) as share
    from sales_days
    where side = 'now'
    group by date_trunc('month', day)
),
targeted as (
    select
        case grouping_id(t.region, t.industry) when 3 then 'total' when 1 then 'region' when 2 then 'industry' else 'cell' end as kind,
        t.region,
        t.industry,
        sum(t.target * d.share) as target
    from targets as t
    inner join target_days as d on d.month = t.month
    where $targets_apply
    group by grouping sets ((), (t.region), (t.industry), (t.region, t.industry))
)
select
    coalesce(s.kind, t.kind) as kind,
    coalesce(s.region, t.region) as region,
    coalesce(s.industry, t.industry) as industry,
    coalesce(s.revenue, 0) as revenue,
    coalesce(s.revenue_before, 0) as revenue_before,
    (s.revenue - s.revenue_before) / nullif(greatest(s.revenue_before, 0), 0) as growth,
    s.revenue / nullif(max(s.revenue) filter (where s.kind = 'total') over (), 0) as share,
    t.target,
    coalesce(s.revenue, 0) / nullif(t.target, 0) as attainment,
    cast(s.orders as bigint) as orders,
    cast(s.orders_before as bigint) as orders_before,
    cast(coalesce(s.active_accounts, 0) as bigint) as active_accounts,
    cast(coalesce(s.active_accounts_before, 0) as bigint) as active_accounts_before,
    s.quantity,
    s.quantity_before,
    case when s.costed_revenue <> 0 then s.costed_revenue - s.cost end as margin,
    case when s.costed_revenue_before <> 0 then s.costed_revenue_before - s.cost_before end as margin_before,
    (s.costed_revenue - s.cost) / nullif(s.costed_revenue, 0) as gross_margin,
    (s.costed_revenue_before - s.cost_before) / nullif(s.costed_revenue_before, 0) as gross_margin_before,
    1 - s.listed_revenue / nullif(s.list_amount, 0) as discount_rate,
    1 - s.listed_revenue_before / nullif(s.list_amount_before, 0) as discount_rate_before,
    s.returns / nullif(s.gross_sales, 0) as return_rate,
    s.returns_before / nullif(s.gross_sales_before, 0) as return_rate_before,
    s.revenue / nullif(s.orders, 0) as average_order_value,
    s.revenue_before / nullif(s.orders_before, 0) as average_order_value_before,
    coalesce(h.accounts, 0) as accounts,
    coalesce(h.managers, 0) as managers,
    coalesce(h.unowned_accounts, 0) as unowned_accounts,
    coalesce(s.unowned_revenue, 0) as unowned_revenue
from sums as s
full join targeted as t
    on t.kind = s.kind and t.region is not distinct from s.region and t.industry is not distinct from s.industry
left join held as h
    on h.kind = coalesce(s.kind, t.kind)
    and h.region is not distinct from coalesce(s.region, t.region)
    and h.industry is not distinct from coalesce(s.industry, t.industry)
order by coalesce(s.kind, t.kind) desc, coalesce(s.revenue, 0) desc, region, industry
