-- grain: one row per order line in the period, newest first, with the file and line that it came from
-- default: limit = 2000
with newest as materialized (
    -- The days of the lines wanted, from the narrow copy: the whole lines of these days alone are then read.
    select distinct order_date
    from (
        select order_date from lines_by_account where order_date >= $start and order_date < $end order by order_date desc limit $limit
    )
)
select
    o.order_date,
    o.order_id,
    o.account_id,
    o.name,
    o.product_line,
    o.product,
    o.quantity,
    o.list_amount,
    o.amount,
    o.cost,
    o.manager_id,
    o.partner_id,
    o.paid_on,
    f.name as file,
    o.source_line as line
from order_lines as o
left join files as f on f.source_id = o.source_id
where o.order_date >= $start and o.order_date < $end and o.order_date in (select order_date from newest)
order by o.order_date desc, o.order_id, o.source_line
limit $limit
