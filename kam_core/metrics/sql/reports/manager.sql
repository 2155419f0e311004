-- grain: one row per account that the managers in view hold: worth, risk, care done and owed, what is open; most at risk first
-- manager: holder
with bought as (
    select
        account_id,
        sum(revenue) filter (where side = 'now') as revenue,
        sum(revenue) filter (where side = 'before') as revenue_before
    from sales
    group by account_id
)
select
    p.* exclude (is_single, is_silent),
    coalesce(b.revenue, 0) as revenue,
    coalesce(b.revenue_before, 0) as revenue_before,
    (b.revenue - b.revenue_before) / nullif(greatest(b.revenue_before, 0), 0) as growth
from portfolio as p
left join bought as b on b.account_id = p.account_id
where p.manager_id is not null
order by p.value_at_risk desc nulls last, p.trailing_revenue desc, p.account_id
