-- grain: one row per section (month, total, region, industry, tier, segment, manager) and value: what the customers of a year before brought since
-- manager: holder
-- default: months = 24
with pairs as (
    select *
    from retention_pairs
    where day = $as_of or (day = last_day(day) and day > cast($as_of as date) - to_months($months))
),
cohort as (
    select p.day, b.account_id, b.region, b.industry, b.tier, b.segment, b.holder_id, b.revenue as revenue_before,
        coalesce(n.revenue, 0) as revenue
    from pairs as p
    inner join account_trailing as b on b.as_of = p.before_day and b.revenue > 0
    left join account_trailing as n on n.as_of = p.day and n.account_id = b.account_id
),
by_month as (
    select 'month' as section, cast(day as varchar) as value, count(*) as accounts,
        count(*) filter (where revenue <= 0) as accounts_lost, sum(revenue_before) as revenue_before, sum(revenue) as revenue,
        sum(least(greatest(revenue, 0), revenue_before)) as revenue_kept
    from cohort
    group by day
),
by_part as (
    select
        case grouping_id(region, industry, tier, segment, holder_id)
            when 31 then 'total' when 15 then 'region' when 23 then 'industry' when 27 then 'tier' when 29 then 'segment' else 'manager'
        end as section,
        coalesce(region, industry, tier, segment, holder_id) as value, count(*) as accounts,
        count(*) filter (where revenue <= 0) as accounts_lost, sum(revenue_before) as revenue_before, sum(revenue) as revenue,
        sum(least(greatest(revenue, 0), revenue_before)) as revenue_kept
    from cohort
    where day = $as_of
    group by grouping sets ((), (region), (industry), (tier), (segment), (holder_id))
)
select
    *,
    revenue / nullif(revenue_before, 0) as nrr,
    revenue_kept / nullif(revenue_before, 0) as grr,
    accounts_lost / nullif(accounts, 0) as logo_churn
from (select * from by_month union all select * from by_part)
where accounts > 0
order by section, case when section = 'month' then value end, revenue_before desc, value
