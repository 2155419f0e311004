-- grain: one row per order line, with its amount times the days it was paid late (0 where in time, or nothing is known)
-- What is due and unpaid is late up to the last day loaded, where payments are loaded at all.
create table core.payment_day as
select max(order_date) filter (where order_date <= current_date + 1) as last_day, count(paid_on) > 0 as payments_loaded
from core.order_money;

create view core.payments as
select
    o.account_id,
    o.order_date,
    case
        when p.payments_loaded and o.amount > 0 and o.due_on < coalesce(o.paid_on, p.last_day)
        then o.amount * date_diff('day', o.due_on, coalesce(o.paid_on, p.last_day))
        else 0
    end as late_amount_days
from core.order_money as o
cross join core.payment_day as p;
