-- grain: one row per account and day with order lines up to $as_of: what was sold, what came back, lines
create table core.account_day as
select
    a.place,
    o.account_id,
    o.order_date as day,
    cast(sum(case when o.amount > 0 then o.amount else 0 end) as double) as sold,
    cast(sum(case when o.amount < 0 then o.amount else 0 end) as double) as returned,
    cast(count(*) filter (where o.amount > 0) as double) as lines
from core.order_money as o
inner join (select account_id, cast(row_number() over (order by account_id) - 1 as integer) as place from mart.account) as a
    on a.account_id = o.account_id
where o.order_date <= $as_of
group by a.place, o.account_id, o.order_date;
