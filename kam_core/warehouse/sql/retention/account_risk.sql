-- grain: one row per account that has ordered by $as_of, with its risk, what is at stake and its own rhythm
-- `scores` is what the models say, one row per account. Value at risk is what the account would bring in twelve months
-- if it stays, times the risk that it does not; an account that is lost already has none left to lose.
create table mart.account_risk as
with trailing_year as (
    select
        account_id,
        cast(revenue as double) as revenue,
        case when costed_revenue <> 0 then cast(costed_revenue - cost as double) / cast(costed_revenue as double) end as margin_share
    from mart.account_trailing
    where as_of = $as_of
),
gaps as (
    select account_id, day, date_diff('day', lag(day) over (partition by account_id order by day), day) as gap
    from core.account_day
    where sold > 0
),
returns_home as (
    select g.account_id, max(g.day) as back_on
    from gaps as g
    inner join scores as s on s.account_id = g.account_id
    where g.gap > greatest($lost_days, $lost_gap_factor * coalesce((s.mean_gap_days * (s.orders - 1) - g.gap) / nullif(s.orders - 2, 0), 0))
        and g.day > cast($as_of as date) - to_months($won_back_months)
    group by g.account_id
),
stated as (
    select
        s.*,
        greatest($lost_days, ceil($lost_gap_factor * coalesce(s.mean_gap_days, 0))) as limit_days,
        r.back_on,
        coalesce(t.revenue, 0) as trailing_revenue,
        coalesce(t.revenue, 0) * t.margin_share as trailing_margin,
        t.margin_share
    from scores as s
    left join returns_home as r on r.account_id = s.account_id
    left join trailing_year as t on t.account_id = s.account_id
),
judged as (
    select
        *,
        case
            when churn_risk is null then rule_band
            when churn_risk >= $high then 'high'
            when churn_risk >= $medium then 'medium'
            else 'low'
        end as band,
        silence_days >= limit_days as is_lost
    from stated
)
select
    account_id,
    cast($as_of as date) as as_of,
    churn_risk,
    band,
    case
        when is_lost then 'lost'
        when band = 'high' then 'at_risk'
        when back_on is not null then 'won_back'
        when first_order_on > cast($as_of as date) - to_months($new_months) then 'new'
        else 'active'
    end as state,
    case
        when is_lost then last_order_on + cast(limit_days as integer)
        when band = 'high' then least(last_order_on + cast(coalesce(mean_gap_days, 0) as integer), cast($as_of as date))
        when back_on is not null then back_on
        else first_order_on
    end as state_since,
    p_alive,
    expected_orders,
    expected_revenue,
    case when is_lost then null else churn_risk * expected_revenue end as value_at_risk,
    expected_margin,
    case when is_lost then null else churn_risk * expected_margin end as margin_at_risk,
    trailing_revenue,
    trailing_margin,
    margin_share,
    orders,
    first_order_on,
    last_order_on,
    silence_days,
    mean_gap_days,
    median_gap_days,
    spend_per_order,
    model,
    past_revenue,
    past_margin,
    expected_value,
    expected_value_low,
    expected_value_high
from judged;
