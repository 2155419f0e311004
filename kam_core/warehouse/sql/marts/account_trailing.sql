-- grain: one row per account with orders in the 12 months up to $as_of, and $as_of
-- Runs once for each month end, the last day loaded and the same day one and two years before. The 12 months are the
-- whole months from $from to $until and the orders of the odd days before and after them.
with trailing_rows as (
    select account_id, revenue, gross_sales, costed_revenue, cost
    from mart.account_month
    where month >= $from and month < $until
    union all
    select
        account_id,
        amount as revenue,
        case when amount > 0 then amount else 0 end as gross_sales,
        case when cost is not null then amount else 0 end as costed_revenue,
        coalesce(cost, 0) as cost
    from core.orders
    where (order_date >= $head_from and order_date < $head_until) or (order_date >= $tail_from and order_date < $tail_until)
)
select
    account_id,
    cast($as_of as date) as as_of,
    cast(sum(revenue) as decimal(18, 2)) as revenue,
    cast(sum(gross_sales) as decimal(18, 2)) as gross_sales,
    cast(sum(costed_revenue) as decimal(18, 2)) as costed_revenue,
    cast(sum(cost) as decimal(18, 2)) as cost
from trailing_rows
group by account_id
