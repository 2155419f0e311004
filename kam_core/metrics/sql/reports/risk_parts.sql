-- grain: one row per section (total, band, region, industry, tier, manager, reason) and value: accounts that still buy, and money at risk
-- manager: holder
with known as (
    select * from account_risk where state <> 'lost'
),
grouped as (
    select
        case grouping_id(band, region, industry, tier, manager_id)
            when 31 then 'total' when 15 then 'band' when 23 then 'region' when 27 then 'industry' when 29 then 'tier' else 'manager'
        end as section,
        coalesce(band, region, industry, tier, manager_id) as value,
        count(*) as accounts,
        count(*) filter (where band = 'high') as high,
        count(*) filter (where band = 'medium') as medium,
        sum(value_at_risk) as value_at_risk,
        sum(value_at_risk) filter (where band = 'high') as value_high,
        sum(margin_at_risk) as margin_at_risk,
        sum(expected_revenue) as expected_revenue,
        sum(trailing_revenue) as trailing_revenue
    from known
    group by grouping sets ((), (band), (region), (industry), (tier), (manager_id))
),
by_reason as (
    select
        'reason' as section,
        w.reason as value,
        count(*) as accounts,
        count(*) filter (where k.band = 'high') as high,
        count(*) filter (where k.band = 'medium') as medium,
        sum(k.value_at_risk) as value_at_risk,
        sum(k.value_at_risk) filter (where k.band = 'high') as value_high,
        sum(k.margin_at_risk) as margin_at_risk,
        sum(k.expected_revenue) as expected_revenue,
        sum(k.trailing_revenue) as trailing_revenue
    from (select *, row_number() over (partition by account_id order by weight desc, reason) as place from account_reason) as w
    inner join known as k on k.account_id = w.account_id
    where w.place = 1 and k.band in ('high', 'medium')
    group by w.reason
)
select * from grouped where section <> 'total' or accounts > 0
union all
select * from by_reason
order by section, value_at_risk desc nulls last, value
