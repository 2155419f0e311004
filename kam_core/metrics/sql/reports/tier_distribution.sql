-- grain: one row per tier (null: no tier), as of the last tier date, with revenue of the period
with period as (
    select
        account_id,
        coalesce(sum(revenue) filter (where side = 'now'), 0) as revenue,
        coalesce(sum(revenue) filter (where side = 'before'), 0) as revenue_before
    from sales
    group by account_id
),
known as (
    select a.account_id, a.tier, p.revenue, p.revenue_before
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
    sum(revenue) / nullif(sum(sum(revenue)) over (), 0) as revenue_share
from known
group by tier
order by case tier when 'S' then 1 when 'A' then 2 when 'B' then 3 when 'C' then 4 when 'N' then 5 else 6 end
