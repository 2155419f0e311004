-- grain: one row per section (total, region × industry cell, region, industry, up, down) and key, with revenue now and a year before
-- default: limit = 6
with per_account as materialized (
    select
        account_id,
        region,
        industry,
        tier,
        coalesce(sum(revenue) filter (where side = 'now'), 0) as revenue,
        coalesce(sum(revenue) filter (where side = 'before'), 0) as revenue_before
    from sales
    group by account_id, region, industry, tier
),
known as (
    select
        p.*,
        a.name,
        p.revenue - p.revenue_before as change,
        date_diff('day', a.last_order_on, $as_of) as days_silent
    from per_account as p
    inner join accounts as a on a.account_id = p.account_id
),
ranked as (
    select
        *,
        row_number() over (order by change desc, account_id) as from_top,
        row_number() over (order by change, account_id) as from_bottom
    from known
),
grouped as (
    select
        case grouping_id(region, industry)
            when 3 then 'total' when 0 then 'cell' when 1 then 'region' else 'industry'
        end as section,
        cast(null as varchar) as account_id,
        cast(null as varchar) as name,
        region,
        industry,
        cast(null as varchar) as tier,
        count(*) filter (where revenue > 0) as accounts,
        count(*) filter (where revenue_before > 0) as accounts_before,
        sum(revenue) as revenue,
        sum(revenue_before) as revenue_before,
        cast(null as bigint) as days_silent,
        arg_max(name, change) as riser,
        max(change) as rise,
        arg_min(name, change) as faller,
        min(change) as fall
    from known
    group by grouping sets ((), (region, industry), (region), (industry))
),
moved as (
    select
        case when change > 0 then 'up' else 'down' end as section,
        account_id, name, region, industry, tier, 1 as accounts, 1 as accounts_before, revenue, revenue_before, days_silent,
        cast(null as varchar) as riser, cast(null as decimal(18, 2)) as rise, cast(null as varchar) as faller, cast(null as decimal(18, 2)) as fall
    from ranked
    where (from_top <= $limit and change > 0) or (from_bottom <= $limit and change < 0)
)
select * from grouped
union all
select * from moved
order by section, revenue - revenue_before desc
