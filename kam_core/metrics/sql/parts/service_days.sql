-- grain: one row per account, stretch and side: what serving it took on the days outside whole months
with pieces as (
    select account_id, date as day, lower(kind) as kind, 0 as late_amount_days from activities
    union all
    select account_id, cast(opened_at as date), 'ticket', 0 from tickets
    union all
    select
        account_id,
        order_date,
        'order line',
        case
            when amount > 0 and due_on < coalesce(paid_on, $as_of) and (select has_paid_on from facts)
            then amount * date_diff('day', due_on, coalesce(paid_on, $as_of))
            else 0
        end
    from order_lines
    where order_date >= $sales_from and order_date < $sales_until
)
select
    d.bucket,
    d.side,
    p.account_id,
    count(*) filter (where p.kind in ('visit', '拜访')) as visits,
    count(*) filter (where p.kind in ('call', '电话')) as calls,
    count(*) filter (where p.kind in ('meeting', '会议')) as meetings,
    count(*) filter (where p.kind in ('care', '关怀')) as care,
    count(*) filter (where p.kind = 'ticket') as tickets,
    count(*) filter (where p.kind = 'order line') as order_lines,
    sum(p.late_amount_days) as late_amount_days
from pieces as p
inner join sales_days as d on d.grain = 'day' and d.day = p.day
group by d.bucket, d.side, p.account_id
