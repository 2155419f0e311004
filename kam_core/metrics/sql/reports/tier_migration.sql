-- grain: one row per pair of tiers (null: none) on two days, with the accounts that went from the one to the other
-- groups: may stand in the place of accounts
-- manager: holder (a manager filter keeps the accounts held today)
-- default: since = year_before
-- default: until = latest
select
    since,
    until,
    from_tier,
    to_tier,
    movement,
    count(*) as accounts,
    sum(revenue_before) as revenue_before,
    sum(revenue) as revenue,
    sum(revenue) - sum(revenue_before) as change
from account_moves
group by since, until, from_tier, to_tier, movement
order by coalesce(position(from_tier in 'SABCN'), 9), coalesce(position(to_tier in 'SABCN'), 9)
