-- grain: one row per account with revenue above 0 in the period, from the largest down
-- groups: may stand in the place of accounts
with totals as (
    select account_id, sum(revenue) as revenue
    from sales
    where side = 'now'
    group by account_id
    having sum(revenue) > 0
)
select
    row_number() over (order by t.revenue desc, t.account_id) as place,
    t.account_id,
    k.name,
    k.tier,
    t.revenue,
    row_number() over (order by t.revenue desc, t.account_id) / count(*) over () as account_share,
    sum(t.revenue) over (order by t.revenue desc, t.account_id rows unbounded preceding) / sum(t.revenue) over () as revenue_share
from totals as t
inner join accounts as k on k.account_id = t.account_id
order by place
