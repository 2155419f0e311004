-- grain: one row per order line whose amount can be stated in the reporting currency
-- Amounts in another currency are converted at the last rate on or before the order date.
create table core.order_money as
select o.* replace (
    cast(o.amount * coalesce(r.rate, 1) as decimal(18, 2)) as amount,
    cast(o.list_amount * coalesce(r.rate, 1) as decimal(18, 2)) as list_amount,
    cast(o.cost * coalesce(r.rate, 1) as decimal(18, 2)) as cost
)
from raw.orders as o
asof left join raw.rates as r on r.currency = o.currency and o.order_date >= r.date
where o.currency is null or o.currency = $currency or r.rate is not null
order by o.order_date;
