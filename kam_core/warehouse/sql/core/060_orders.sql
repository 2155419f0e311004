-- grain: one row per order line, in the reporting currency, with the manager who is credited
create view core.orders as
select
    o.order_date,
    o.account_id,
    coalesce(o.order_id, 'line ' || o.source_id || ':' || o.source_line) as order_id,
    coalesce(o.manager_id, s.manager_id, a.manager_id) as manager_id,
    o.partner_id,
    o.product_line,
    o.product,
    o.quantity,
    o.amount,
    o.list_amount,
    o.cost,
    o.due_on,
    o.paid_on,
    o.source_id,
    o.source_line
from core.order_money as o
left join core.accounts as a on a.account_id = o.account_id
left join core.assignments as s
    on o.manager_id is null
    and s.account_id = o.account_id
    and o.order_date >= s.from_on
    and o.order_date < coalesce(s.to_on, date '9999-12-31');
