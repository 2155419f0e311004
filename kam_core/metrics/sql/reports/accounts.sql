-- grain: one row per account in view, with its revenue in the period and in the same days of the year before
-- groups: may stand in the place of accounts
-- manager: holder (a manager filter keeps the accounts held today)
-- default: bought_only = false
with period as (
    select
        account_id,
        sum(revenue) filter (where side = 'now') as revenue,
        sum(revenue) filter (where side = 'before') as revenue_before,
        sum(orders) filter (where side = 'now') as orders,
        sum(costed_revenue) filter (where side = 'now') as costed_revenue,
        sum(cost) filter (where side = 'now') as cost
    from sales
    group by account_id
),
months as (
    select account_id, month, sum(revenue) as revenue
    from account_month
    where month > cast($as_of as date) - interval 13 months and month <= $as_of
    group by account_id, month
),
trends as (
    select account_id, list(cast(revenue as double) order by month) as trend, list(month order by month) as trend_months
    from months
    group by account_id
)
select
    a.account_id,
    a.name,
    a.tier,
    a.region,
    a.industry,
    a.segment,
    a.manager_id,
    a.manager_name,
    a.group_id,
    a.group_name,
    coalesce(p.revenue, 0) as revenue,
    coalesce(p.revenue_before, 0) as revenue_before,
    (p.revenue - p.revenue_before) / nullif(greatest(p.revenue_before, 0), 0) as growth,
    coalesce(p.revenue, 0) - coalesce(p.revenue_before, 0) as change,
    cast(coalesce(p.orders, 0) as bigint) as orders,
    (p.costed_revenue - p.cost) / nullif(p.costed_revenue, 0) as gross_margin,
    a.first_order_on,
    a.last_order_on,
    date_diff('day', a.last_order_on, cast($as_of as date)) as days_since_order,
    t.trend,
    t.trend_months
from accounts as a
left join period as p on p.account_id = a.account_id
left join trends as t on t.account_id = a.account_id
where $bought_only = false or coalesce(p.revenue, p.revenue_before) is not null
order by revenue desc, a.account_id
