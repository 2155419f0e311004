-- grain: one row per account at high or medium risk, best return on saving it first, with the budget used up to it
-- manager: holder
-- default: budget = 100000.0
-- default: success = 0.3
-- default: discount = 0.05
-- default: keep_cost = 500.0
-- default: limit = 500
with priced as (
    select
        *,
        margin_at_risk * $success as gain,
        expected_revenue * $discount * $success + $keep_cost as cost
    from account_risk
    where state <> 'lost' and band in ('high', 'medium') and margin_at_risk is not null
),
ranked as (
    select *, sum(cost) over (order by gain / nullif(cost, 0) desc, account_id) as spent
    from priced
    where gain > cost
)
select
    account_id, name, tier, region, industry, manager_id, manager_name, churn_risk, band, value_at_risk, margin_at_risk, gain, cost,
    gain / nullif(cost, 0) as return_on_cost, spent, spent <= $budget as is_affordable
from ranked
order by spent, account_id
limit $limit
