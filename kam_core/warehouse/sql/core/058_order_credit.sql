-- grain: one row per order line, in the reporting currency, with the manager who is credited
-- Who is named on the line, else who held the account on the day of the order, else who holds it now.
create view core.order_credit as
select o.* replace (coalesce(o.manager_id, s.manager_id, a.manager_id) as manager_id)
from core.order_money as o
left join core.accounts as a on a.account_id = o.account_id
left join core.assignments as s
    on o.manager_id is null
    and s.account_id = o.account_id
    and o.order_date >= s.from_on
    and o.order_date < coalesce(s.to_on, date '9999-12-31');
