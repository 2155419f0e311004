-- grain: one row per account with a tier on either of two days, from the largest revenue moved down
-- groups: may stand in the place of accounts
-- manager: holder (a manager filter keeps the accounts held today)
-- default: since = year_before
-- default: until = latest
-- default: movement = any
-- default: from = any
-- default: to = any
-- default: limit = 1000000
select
    m.account_id,
    a.name,
    m.movement,
    m.from_tier,
    m.to_tier,
    a.region,
    a.industry,
    a.manager_id,
    a.manager_name,
    m.revenue_before,
    m.revenue,
    m.revenue - m.revenue_before as change
from account_moves as m
inner join accounts as a on a.account_id = m.account_id
where
    ($movement in ('any', m.movement) or ($movement = 'moved' and m.movement <> 'stayed'))
    and $from in ('any', coalesce(m.from_tier, $none))
    and $to in ('any', coalesce(m.to_tier, $none))
order by greatest(m.revenue, m.revenue_before) desc, m.account_id
limit $limit
