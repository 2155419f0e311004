-- grain: one row per account and month: what serving it took, in pieces; their prices are a matter of policy
-- runs once for each month with orders, bound as $from and $until
with served as (
    select
        account_id,
        case when lower(kind) in ('visit', '拜访') then 1 else 0 end as visits,
        case when lower(kind) in ('call', '电话') then 1 else 0 end as calls,
        case when lower(kind) in ('meeting', '会议') then 1 else 0 end as meetings,
        case when lower(kind) in ('care', '关怀') then 1 else 0 end as care,
        0 as tickets,
        0 as order_lines,
        cast(0 as decimal(18, 2)) as late_amount_days
    from raw.activities
    where date >= $from and date < $until
    union all
    select account_id, 0, 0, 0, 0, 1, 0, 0
    from raw.tickets
    where opened_at >= $from and opened_at < $until
    union all
    select account_id, 0, 0, 0, 0, 0, count(*), sum(late_amount_days)
    from core.payments
    where order_date >= $from and order_date < $until
    group by account_id
)
select
    account_id,
    cast($from as date) as month,
    cast(sum(visits) as bigint) as visits,
    cast(sum(calls) as bigint) as calls,
    cast(sum(meetings) as bigint) as meetings,
    cast(sum(care) as bigint) as care,
    cast(sum(tickets) as bigint) as tickets,
    cast(sum(order_lines) as bigint) as order_lines,
    cast(sum(late_amount_days) as decimal(18, 2)) as late_amount_days
from served
group by account_id
