-- grain: one row per order line: the few columns that the page of one account sums up, sorted by account
select account_id, order_date, order_id, manager_id, product_line, partner_id, amount, cost
from core.orders
order by account_id, order_date, source_id, source_line
