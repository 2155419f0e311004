-- grain: one row per account (or group) with revenue above 0 in the period, from the largest down
-- default: by = account
with totals as (
    select case when $by = 'group' then group_id else account_id end as account_id, sum(revenue) as revenue
    from sales
    where side = 'now'
    group by case when $by = 'group' then group_id else account_id end
    having sum(revenue) > 0
),
known as (
    select
        case when $by = 'group' then group_id else account_id end as account_id,
        min(case when $by = 'group' then group_name else name end) as name,
        case when $by = 'group' then max(tier) filter (where account_id = group_id) else max(tier) end as tier
    from accounts
    group by case when $by = 'group' then group_id else account_id end
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
inner join known as k on k.account_id = t.account_id
order by place
