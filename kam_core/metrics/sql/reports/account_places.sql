-- grain: one row per account in view, in the order of the report `accounts`: the largest revenue in the period first
-- groups: may stand in the place of accounts
-- manager: holder (a manager filter keeps the accounts held today)
with period as (
    select account_id, sum(revenue) as revenue
    from sales
    where side = 'now'
    group by account_id
)
select a.account_id
from accounts as a
left join period as p on p.account_id = a.account_id
order by coalesce(p.revenue, 0) desc, a.account_id
