-- grain: one row per account that bought in the 12 months up to the end of the period or whose potential is known, where more effort would pay first
-- groups: may stand in the place of accounts
-- manager: holder (a manager filter keeps the accounts held today)
-- days: trailing year
-- Value: margin, or revenue where no cost is loaded. Headroom: potential less revenue; unknown without a potential, and
-- where revenue is above it, which is a mistake in the data. Score: the weighted mean of the ranks (0 to 1) of value and
-- headroom and of the churn risk, over what is known of it; unknown where less than 60 % of the weight is.
-- default: value = 0.4
-- default: headroom = 0.4
-- default: risk = 0.2
with own_sales as (
    select
        account_id,
        cast(sum(revenue) as double) as revenue,
        cast(case when sum(costed_revenue) <> 0 then sum(costed_revenue) - sum(cost) end as double) as margin
    from sales
    where side = 'now'
    group by account_id
),
risks as (
    -- Of a group: the share of what its accounts are expected to buy that is at risk.
    select
        account_id,
        case when count(*) = 1 then max(churn_risk) else sum(value_at_risk) / nullif(sum(expected_revenue), 0) end as churn_risk
    from account_risk
    group by account_id
),
known as (
    select
        a.account_id,
        a.name,
        a.tier,
        a.region,
        a.industry,
        a.manager_name,
        coalesce(s.revenue, 0) as revenue,
        s.margin,
        case when a.potential_annual_revenue > 0 then cast(a.potential_annual_revenue as double) end as potential,
        case when s.account_id is null then 0 when (select has_cost from facts) then s.margin else s.revenue end as value,
        r.churn_risk
    from accounts as a
    left join own_sales as s on s.account_id = a.account_id
    left join risks as r on r.account_id = a.account_id
    where s.account_id is not null or a.potential_annual_revenue > 0
),
placed as (
    select
        *,
        revenue / potential as share_of_wallet,
        coalesce(revenue > potential, false) as is_above,
        case when revenue <= potential then potential - revenue end as headroom
    from known
),
ranked as (
    select
        *,
        case when value is not null then percent_rank() over (partition by value is null order by value) end as value_rank,
        case when headroom is not null then percent_rank() over (partition by headroom is null order by headroom) end as headroom_rank
    from placed
),
weighed as (
    select
        *,
        case when value_rank is null then 0 else cast($value as double) end
        + case when headroom_rank is null then 0 else cast($headroom as double) end
        + case when churn_risk is null then 0 else cast($risk as double) end as weight_known,
        cast($value as double) + cast($headroom as double) + cast($risk as double) as weight
    from ranked
),
scored as (
    select
        *,
        case
            when weight_known >= 0.6 * weight
            then (
                coalesce(value_rank, 0) * $value + coalesce(headroom_rank, 0) * $headroom + coalesce(churn_risk, 0) * $risk
            ) / nullif(weight_known, 0)
        end as score
    from weighed
)
select
    row_number() over (order by score desc nulls last, headroom desc nulls last, account_id) as place,
    account_id,
    name,
    tier,
    region,
    industry,
    manager_name,
    revenue,
    margin,
    value,
    potential,
    headroom,
    share_of_wallet,
    is_above,
    churn_risk,
    score,
    case
        when headroom is null or value is null then 'unknown'
        when value_rank >= 1 - $policy_profit_top_share and headroom_rank >= 1 - $policy_profit_top_share then 'develop'
        when value_rank >= 1 - $policy_profit_top_share then 'keep'
        when headroom_rank >= 1 - $policy_profit_top_share then 'grow'
        else 'maintain'
    end as quarter
from scored
order by place
