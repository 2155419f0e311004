-- grain: one row per customer of a year before a day up to which retention is known, with what it brought in the year since; what was lost most first
-- manager: holder
-- Kept is as gross retention counts it; `lost_only` leaves those that brought nothing, as the share of accounts lost counts them.
-- default: day = latest
-- default: lost_only = false
-- default: limit = 1000000
with asked as (
    select * from retention_pairs where day <= coalesce(try_cast($day as date), cast($as_of as date)) order by day desc limit 1
)
select
    b.account_id,
    a.name,
    a.tier,
    a.region,
    a.industry,
    a.manager_name,
    b.revenue as revenue_before,
    coalesce(n.revenue, 0) as revenue,
    coalesce(n.revenue, 0) - b.revenue as change,
    least(greatest(coalesce(n.revenue, 0), 0), b.revenue) as kept,
    a.last_order_on,
    d.day
from asked as d
inner join account_trailing as b on b.as_of = d.before_day and b.revenue > 0
left join account_trailing as n on n.as_of = d.day and n.account_id = b.account_id
inner join accounts as a on a.account_id = b.account_id
where not $lost_only or coalesce(n.revenue, 0) <= 0
order by b.revenue - least(greatest(coalesce(n.revenue, 0), 0), b.revenue) desc, b.revenue desc, b.account_id
limit $limit
