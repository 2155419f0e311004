-- grain: one row: what less churn would bring in the coming twelve months and over a customer's life, from own figures
-- manager: holder
-- default: reduction = 0.05
-- default: discount = 0.05
-- default: replace_factor = 5.0
-- default: keep_cost = 500.0
with known as (
    select * from account_risk where state <> 'lost'
),
sums as (
    select
        count(*) as accounts,
        sum(churn_risk) as accounts_expected_lost,
        sum(trailing_revenue) as revenue_now,
        sum(coalesce(trailing_margin, 0)) as margin_now,
        sum(value_at_risk) as value_at_risk,
        sum(margin_at_risk) as margin_at_risk,
        sum(expected_revenue) filter (where band in ('high', 'medium')) as revenue_called,
        count(*) filter (where band in ('high', 'medium')) as accounts_called,
        sum(churn_risk * expected_revenue) / nullif(sum(expected_revenue), 0) as churn_by_revenue
    from known
),
kept as (
    select count(*) as accounts_before, count(*) filter (where coalesce(n.revenue, 0) <= 0) as lost
    from account_trailing as b
    left join account_trailing as n on n.account_id = b.account_id and n.as_of = $as_of
    where b.as_of = cast(cast($as_of as date) - interval 12 months as date) and b.revenue > 0
),
churned as (
    select lost / nullif(accounts_before, 0) as churn, accounts_before from kept
),
spent as (
    -- The effort is spent on every account called, also on those that stay anyway or leave all the same.
    select
        *,
        revenue_called * $discount as discount_cost,
        accounts_called * $keep_cost as care_cost,
        revenue_called * $discount + accounts_called * $keep_cost as cost,
        accounts_expected_lost * $reduction as accounts_saved,
        margin_at_risk * $reduction as margin_saved
    from sums
)
select
    s.* exclude (cost, discount_cost, care_cost, accounts_saved, margin_saved),
    c.churn as churn_now,
    c.churn * (1 - $reduction) as churn_after,
    s.value_at_risk * $reduction as revenue_saved,
    s.margin_saved,
    s.discount_cost,
    s.care_cost,
    s.margin_saved - s.cost as net,
    s.margin_saved / nullif(s.margin_now, 0) as profit_lift,
    -- margin · 1 / (1 - retention + discount rate): what a customer is worth over its life
    (c.churn + $policy_lifetime_value_annual_discount) / nullif(c.churn * (1 - $reduction) + $policy_lifetime_value_annual_discount, 0) - 1 as life_lift,
    case when c.churn > 0.05 then (c.churn + $policy_lifetime_value_annual_discount) / (c.churn - 0.05 + $policy_lifetime_value_annual_discount) - 1 end as life_lift_five_points,
    s.accounts_saved,
    -- Like with like: an account kept that would have left, and one won in its place.
    s.cost / nullif(s.accounts_saved, 0) as cost_per_kept,
    s.margin_saved / nullif(s.accounts_saved, 0) as margin_per_kept,
    $replace_factor * s.cost / nullif(s.accounts_saved, 0) as cost_per_won,
    $replace_factor * s.cost as cost_of_replacing
from spent as s
cross join churned as c
where s.accounts > 0
