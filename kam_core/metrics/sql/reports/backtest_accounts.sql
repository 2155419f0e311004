-- grain: one row per replayed date and key account that was lost, or was on the list in vain: what was said and what came
-- manager: holder
-- `band`: from which risk on an account counts as warned. With `tenth` (1 to 10, of the groups of report backtest) or `share`
-- (of each date's list by `score`, a twentieth to 1) the accounts in it, those rightly left alone too.
-- default: kind = all
-- default: band = high
-- default: tenth = 0
-- default: share = 0
-- default: score = model
-- default: limit = 500
with placed as (
    select
        *,
        ntile(10) over (order by risk, origin, account_id) as tenth,
        case $score when 'recency' then recency when 'rfm' then rfm when 'silence_over_gap' then silence_over_gap else risk end
            * greatest(revenue, 0) as value
    from backtest_account
),
judged as (
    select
        *,
        row_number() over (partition by origin order by value desc, revenue desc) / count(*) over (partition by origin) as place,
        risk >= case $band when 'medium' then $policy_churn_medium else $policy_churn_high end as is_warned
    from placed
),
named as (
    select
        *,
        case
            when lost and is_warned then 'caught'
            when lost then 'missed'
            when is_warned then 'false_alarm'
            else 'left_alone'
        end as kind
    from judged
)
select kind, origin, account_id, name, tier, region, industry, manager_name, risk, revenue, recency as silence_days, expected, orders
from named
where
    $kind in ('all', kind)
    and case when $tenth > 0 then tenth = $tenth when $share > 0 then place <= $share else kind <> 'left_alone' end
order by revenue desc, origin, account_id
limit $limit
