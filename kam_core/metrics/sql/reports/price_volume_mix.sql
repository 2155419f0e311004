-- grain: one row per effect of price, volume, mix, new and lost products on revenue, against the same days of the year before
-- Continuing: a positive quantity in both periods. New and lost: revenue in one period only. What sold in both without
-- a quantity is unexplained. The effects sum to the change.
with lines as (
    select product, 'now' as side, quantity, amount from order_lines where order_date >= $start and order_date < $end
    union all
    select product, 'before', quantity, amount from order_lines where order_date >= $before_start and order_date < $before_end
),
products as (
    select
        product,
        coalesce(sum(amount) filter (where side = 'now'), 0) as r1,
        coalesce(sum(amount) filter (where side = 'before'), 0) as r0,
        coalesce(sum(quantity) filter (where side = 'now'), 0) as q1,
        coalesce(sum(quantity) filter (where side = 'before'), 0) as q0
    from lines
    group by product
),
kinds as (
    select
        *,
        case
            when q1 > 0 and q0 > 0 then 'both'
            when r0 = 0 then 'new'
            when r1 = 0 then 'lost'
            else 'unexplained'
        end as kind
    from products
),
totals as (
    select sum(q1) as q1, sum(q0) as q0, sum(r0) as r0 from kinds where kind = 'both'
),
effects as (
    select 1 as place, 'price' as effect, sum(k.q1 * (k.r1 / k.q1 - k.r0 / k.q0)) as change
    from kinds as k where k.kind = 'both'
    union all
    select 2, 'volume', (t.q1 - t.q0) * t.r0 / nullif(t.q0, 0) from totals as t
    union all
    select 3, 'mix', sum((k.q1 - t.q1 * k.q0 / t.q0) * k.r0 / k.q0)
    from kinds as k, totals as t where k.kind = 'both'
    union all
    select 4, 'new', sum(r1) from kinds where kind = 'new'
    union all
    select 5, 'lost', -sum(r0) from kinds where kind = 'lost'
    union all
    select 6, 'unexplained', sum(r1 - r0) from kinds where kind = 'unexplained'
)
select effect, coalesce(change, 0) as change from effects order by place
