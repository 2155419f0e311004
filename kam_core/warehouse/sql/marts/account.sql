-- grain: one row per account
with orders as (
    select account_id, min(order_date) as first_order_on, max(order_date) as last_order_on, count(distinct order_id) as orders
    from core.orders
    group by account_id
)
select
    a.account_id,
    a.name,
    a.industry,
    a.region,
    a.manager_id,
    m.name as manager_name,
    a.parent_account_id,
    g.group_id,
    p.name as group_name,
    a.segment,
    a.city,
    a.partner_id,
    a.created_on,
    a.potential_annual_revenue,
    a.strategic,
    a.employees,
    a.annual_revenue,
    a.competitor,
    o.first_order_on,
    o.last_order_on,
    coalesce(o.orders, 0) as orders
from core.accounts as a
inner join core.account_group as g on g.account_id = a.account_id
inner join core.accounts as p on p.account_id = g.group_id
left join core.managers as m on m.manager_id = a.manager_id
left join orders as o on o.account_id = a.account_id
order by a.account_id
