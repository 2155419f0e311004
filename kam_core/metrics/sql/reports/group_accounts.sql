-- grain: one row per account in view of the group that account `of` belongs to, the largest revenue in the period first
-- default: of = -
-- default: bought_only = false
with fellows as (
    select account_id from permitted where group_id in (select group_id from permitted where account_id = $of)
),
period as (
    select
        account_id,
        sum(revenue) filter (where side = 'now') as revenue,
        sum(revenue) filter (where side = 'before') as revenue_before,
        count(*) filter (where side = 'now') > 0 as bought
    from sales
    where account_id in (select account_id from fellows)
    group by account_id
)
select
    a.account_id,
    a.name,
    a.group_name,
    a.tier,
    a.region,
    a.industry,
    a.manager_name,
    coalesce(p.revenue, 0) as revenue,
    coalesce(p.revenue_before, 0) as revenue_before,
    coalesce(p.revenue, 0) - coalesce(p.revenue_before, 0) as change,
    a.last_order_on
from accounts as a
left join period as p on p.account_id = a.account_id
where a.account_id in (select account_id from fellows) and ($bought_only = false or p.bought)
order by revenue desc, a.account_id
