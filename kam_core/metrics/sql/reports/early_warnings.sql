-- grain: one row per account that still buys and sign beyond silence, with the day it began; the costliest accounts first
-- manager: holder
-- default: limit = 2000
-- default: months = 12
select
    r.account_id,
    r.name,
    r.tier,
    r.region,
    r.industry,
    r.manager_id,
    r.manager_name,
    w.reason,
    w.now,
    w.usual,
    w.detail,
    w.began_on,
    w.weight,
    r.churn_risk,
    r.band,
    r.value_at_risk,
    r.trailing_revenue
from account_reason as w
inner join account_risk as r on r.account_id = w.account_id
where w.reason <> 'silence' and r.state <> 'lost' and w.began_on >= cast($as_of as date) - to_months($months)
order by w.weight * r.trailing_revenue desc, r.account_id, w.reason
limit $limit
