-- grain: one row per account with a tier on the last day loaded and part of the key account score that is known of it
-- place: from the lowest figure of its industry up, equal figures sharing the first place; ties: how many share it; known: how many have one
with valued as (
    select t.account_id, a.industry, a.first_order_on, a.strategic, a.potential_annual_revenue, t.revenue
    from mart.account_tier as t
    inner join mart.account as a on a.account_id = t.account_id
    where t.as_of = $as_of
),
recent_orders as (
    select account_id, sum(orders) as orders
    from mart.account_month
    where month >= $from
    group by account_id
),
margins as (
    select account_id, costed_revenue - cost as margin
    from mart.account_trailing
    where as_of = $as_of and costed_revenue <> 0
),
marked as (
    select count(*) as accounts from mart.account where strategic
),
figures as (
    select account_id, industry, 'revenue' as part, cast(revenue as decimal(18, 2)) as figure from valued
    union all
    select v.account_id, v.industry, 'frequency' as part, cast(o.orders as decimal(18, 2)) as figure
    from valued as v
    inner join recent_orders as o on o.account_id = v.account_id
    union all
    select v.account_id, v.industry, 'margin' as part, cast(m.margin as decimal(18, 2)) as figure
    from valued as v
    inner join margins as m on m.account_id = v.account_id
    union all
    -- Days as numbers that grow the longer ago the first order was.
    select
        account_id,
        industry,
        'tenure' as part,
        cast(
            -10000 * extract(year from first_order_on) - 100 * extract(month from first_order_on)
            - extract(day from first_order_on) as decimal(18, 2)
        ) as figure
    from valued
    union all
    select
        account_id,
        industry,
        'potential' as part,
        cast(case when potential_annual_revenue > revenue then potential_annual_revenue - revenue else 0 end as decimal(18, 2)) as figure
    from valued
    where potential_annual_revenue is not null
    union all
    -- Where no account at all is marked, nobody was asked.
    select v.account_id, v.industry, 'strategic' as part, cast(case when v.strategic then 1 else 0 end as decimal(18, 2)) as figure
    from valued as v
    inner join marked as k on k.accounts > 0
)
select
    account_id,
    part,
    figure,
    rank() over (partition by industry, part order by figure) as place,
    count(*) over (partition by industry, part, figure) as ties,
    count(*) over (partition by industry, part) as known
from figures
