-- grain: one row per order line, in the reporting currency, where every line names the manager who is credited
create view core.orders as
select
    o.order_date,
    o.account_id,
    coalesce(o.order_id, 'line ' || o.source_id || ':' || o.source_line) as order_id,
    o.manager_id,
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
from core.order_money as o;
