-- grain: one row per replayed date and key account that was lost, or was on the list in vain: what was said and what came
-- manager: holder
-- default: kind = all
-- default: limit = 500
with judged as (
    select
        b.*,
        case
            when b.lost and b.risk >= $policy_churn_high then 'caught'
            when b.lost then 'missed'
            when b.risk >= $policy_churn_high then 'false_alarm'
            else 'left_alone'
        end as kind
    from backtest_account as b
)
select kind, origin, account_id, name, tier, region, industry, manager_name, risk, revenue, recency as silence_days, expected, orders
from judged
where kind <> 'left_alone' and ($kind = 'all' or kind = $kind)
order by revenue desc, origin, account_id
limit $limit
