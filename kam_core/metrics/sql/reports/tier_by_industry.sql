-- grain: one row per industry and tier as of the last tier date: accounts, trailing revenue, and their shares of the industry
-- groups: may stand in the place of accounts
-- manager: holder (a manager filter keeps the accounts held today)
with sums as (
    select industry, tier, count(*) as accounts, sum(revenue) as revenue
    from account_history
    where as_of = $tier_day
    group by industry, tier
)
select
    industry,
    tier,
    accounts,
    revenue,
    accounts / sum(accounts) over (partition by industry) as account_share,
    greatest(revenue, 0) / nullif(sum(greatest(revenue, 0)) over (partition by industry), 0) as revenue_share,
    sum(revenue) over (partition by industry) as industry_revenue,
    cast(sum(accounts) over (partition by industry) as bigint) as industry_accounts
from sums
order by industry_revenue desc, industry, position(tier in 'SABCN')
