-- grain: one row per account behind the revenue bridge, or behind one of its steps, the largest change first
-- default: cause = all
-- default: limit = 1000000
select
    c.account_id,
    a.name,
    a.tier,
    a.region,
    a.industry,
    a.manager_name,
    c.cause,
    c.revenue_before,
    c.revenue,
    c.revenue - c.revenue_before as change,
    a.last_order_on
from revenue_causes as c
inner join accounts as a on a.account_id = c.account_id
where $cause in ('all', c.cause)
order by abs(c.revenue - c.revenue_before) desc, c.account_id
limit $limit
