-- grain: one row per account with a tier as of the last tier date, from the largest value down, with what the rules look at
-- groups: may stand in the place of accounts
-- manager: holder (a manager filter keeps the accounts held today)
with order_counts as (
    select account_id, sum(orders) as orders
    from account_month
    where month <= $tier_day
    group by account_id
),
margins as (
    select account_id, case when sum(costed_revenue) <> 0 then sum(costed_revenue) - sum(cost) end as margin
    from account_trailing
    where as_of = $tier_day
    group by account_id
)
select
    h.place,
    h.account_id,
    a.name,
    h.tier,
    h.class,
    a.region,
    a.industry,
    a.manager_id,
    a.manager_name,
    a.group_id,
    a.group_name,
    h.revenue,
    m.margin,
    h.value,
    h.before / nullif(h.total, 0) as share_before,
    a.first_order_on,
    cast(o.orders as bigint) as orders,
    a.strategic,
    h.as_of
from account_history as h
inner join accounts as a on a.account_id = h.account_id
left join order_counts as o on o.account_id = h.account_id
left join margins as m on m.account_id = h.account_id
where h.as_of = $tier_day
order by h.place
