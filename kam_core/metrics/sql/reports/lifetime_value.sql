-- grain: one row per section (total, tier, industry, region, cohort, account) and value: margin earned so far and expected, with an interval
-- manager: holder
-- default: limit = 200
-- default: cohort = any
-- `cohort`: of the accounts only those whose first order fell into that year.
-- Intervals of sums take accounts as independent: half-widths add as squares.
with known as (
    select
        *,
        cast(year(first_order_on) as varchar) as cohort,
        greatest(expected_value - expected_value_low, 0) as below,
        greatest(expected_value_high - expected_value, 0) as above
    from account_risk
),
grouped as (
    select
        case grouping_id(tier, industry, region, cohort)
            when 15 then 'total' when 7 then 'tier' when 11 then 'industry' when 13 then 'region' else 'cohort'
        end as section,
        coalesce(tier, industry, region, cohort) as value,
        cast(null as varchar) as name,
        count(*) as accounts,
        sum(past_revenue) as past_revenue,
        sum(past_margin) as past_margin,
        sum(expected_value) as expected_value,
        sum(expected_value) - sqrt(sum(below * below)) as low,
        sum(expected_value) + sqrt(sum(above * above)) as high
    from known
    group by grouping sets ((), (tier), (industry), (region), (cohort))
),
top as (
    select
        'account' as section, account_id as value, name, 1 as accounts, past_revenue, past_margin, expected_value,
        expected_value_low as low, expected_value_high as high
    from known
    where expected_value is not null and $cohort in ('any', cohort)
    order by expected_value desc, account_id
    limit $limit
)
select * from grouped where accounts > 0
union all
select * from top
order by section, case when section = 'cohort' then value end, expected_value desc nulls last, value
