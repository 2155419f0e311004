-- grain: one row per tier (null: no tier), as of the last tier date, with revenue of the period
-- groups: may stand in the place of accounts
with period as (
    select
        account_id,
        coalesce(sum(revenue) filter (where side = 'now'), 0) as revenue,
        coalesce(sum(revenue) filter (where side = 'before'), 0) as revenue_before,
        sum(costed_revenue) filter (where side = 'now') as costed_revenue,
        sum(cost) filter (where side = 'now') as cost
    from sales
    group by account_id
),
known as (
    select a.account_id, a.tier, p.revenue, p.revenue_before, p.costed_revenue, p.cost
    from accounts as a
    left join period as p on p.account_id = a.account_id
    where a.tier is not null or p.account_id is not null
)
select
    tier,
    count(*) as accounts,
    coalesce(sum(revenue), 0) as revenue,
    coalesce(sum(revenue_before), 0) as revenue_before,
    count(*) / sum(count(*)) over () as account_share,
    sum(revenue) / nullif(sum(sum(revenue)) over (), 0) as revenue_share,
    case when sum(costed_revenue) <> 0 then sum(costed_revenue) - sum(cost) end as margin,
    (sum(costed_revenue) - sum(cost)) / nullif(sum(sum(costed_revenue) - sum(cost)) over (), 0) as margin_share
from known
group by tier
order by case tier when 'S' then 1 when 'A' then 2 when 'B' then 3 when 'C' then 4 when 'N' then 5 else 6 end
