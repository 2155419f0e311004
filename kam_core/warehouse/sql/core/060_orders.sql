-- grain: one row per order line, in the reporting currency, with the manager who is credited
create view core.orders as
select
    order_date,
    account_id,
    coalesce(order_id, 'line ' || source_id || ':' || source_line) as order_id,
    manager_id,
    partner_id,
    product_line,
    product,
    quantity,
    amount,
    list_amount,
    cost,
    due_on,
    paid_on,
    source_id,
    source_line
from core.order_credit;
