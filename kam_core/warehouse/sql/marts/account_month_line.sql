-- grain: one row per account, credited manager, product line, partner and month
-- runs once for each month with orders, bound as $from and $until
with orders as (
    select * from core.orders
    where order_date >= $from and order_date < $until
)
select
    account_id,
    cast($from as date) as month,
    manager_id,
    product_line,
    partner_id,
    cast(sum(amount) as decimal(18, 2)) as revenue,
    cast(sum(case when amount > 0 then amount else 0 end) as decimal(18, 2)) as gross_sales,
    cast(sum(case when amount < 0 then -amount else 0 end) as decimal(18, 2)) as returns,
    cast(sum(case when cost is not null then amount else 0 end) as decimal(18, 2)) as costed_revenue,
    cast(sum(coalesce(cost, 0)) as decimal(18, 2)) as cost,
    cast(sum(case when list_amount is not null then amount else 0 end) as decimal(18, 2)) as listed_revenue,
    cast(sum(coalesce(list_amount, 0)) as decimal(18, 2)) as list_amount,
    cast(sum(coalesce(quantity, 0)) as decimal(18, 4)) as quantity,
    cast(count(distinct order_id) as bigint) as orders,
    cast(count(*) as bigint) as lines
from orders
group by account_id, manager_id, product_line, partner_id
