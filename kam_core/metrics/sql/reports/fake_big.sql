-- grain: one row per account of one field (fake_big, true_big, quiet_earner, small; big: fake and true), where its money goes, and what would turn the verdict
-- manager: holder (a manager filter keeps the accounts held today)
-- days: trailing year (the 12 months up to the end of the period)
-- A verdict turns where the account crosses the profit of the last account of the top share, or the minimum margin.
-- Both are followed while one price goes from nothing to 17 times today's, in steps, straight in between.
-- default: visit = policy cost_to_serve.visit
-- default: call = policy cost_to_serve.call
-- default: meeting = policy cost_to_serve.meeting
-- default: care = policy cost_to_serve.care
-- default: ticket = policy cost_to_serve.ticket
-- default: order_line = policy cost_to_serve.order_line
-- default: late_payment_rate = policy cost_to_serve.late_payment_rate
-- default: minimum_margin = policy profit.minimum_margin
-- default: top_share = policy profit.top_share
-- default: field = fake_big
with profits as materialized (
    select *, $policy_profit_minimum_margin * revenue as least_kept from account_profit
),
costs as (
    select account_id, kept, least_kept, cut, unnest(
        [
            {'price': 'visit', 'cost': visit_cost},
            {'price': 'call', 'cost': call_cost},
            {'price': 'meeting', 'cost': meeting_cost},
            {'price': 'care', 'cost': care_cost},
            {'price': 'ticket', 'cost': ticket_cost},
            {'price': 'order_line', 'cost': order_line_cost},
            {'price': 'late_payment_rate', 'cost': late_cost}
        ],
        recursive := true
    )
    from profits
    where kept is not null
),
steps as (
    select p.price, s.step
    from (select price from costs group by price having sum(cost) > 0) as p
    cross join (select unnest([-1.0, -0.5, 0.0, 1.0, 4.0, 16.0]) as step) as s
),
values_at as materialized (
    select c.account_id, c.price, s.step, cast(c.kept - s.step * c.cost as double) as kept_at, c.least_kept
    from costs as c
    inner join steps as s on s.price = c.price
),
last_in as (
    select price, step, -quantile_disc(-kept_at, $policy_profit_top_share) as level from values_at group by price, step
),
levels as (
    -- What the last account of the top share keeps, and the first one outside.
    select v.price, v.step, l.level as last_in, max(v.kept_at) filter (where v.kept_at < l.level) as first_out
    from values_at as v
    inner join last_in as l on l.price = v.price and l.step = v.step
    group by v.price, v.step, l.level
),
verdicts as (
    select * from profits where field = $field or ($field = 'big' and field in ('fake_big', 'true_big'))
),
points as (
    select
        c.account_id,
        c.price,
        c.step,
        c.kept_at - case when c.kept_at >= l.last_in then coalesce(l.first_out, c.kept_at) else l.last_in end as above_level,
        case when (select has_cost from facts) then c.kept_at - c.least_kept else 1 end as above_least
    from values_at as c
    inner join verdicts as v on v.account_id = c.account_id and v.field in ('fake_big', 'true_big')
    inner join levels as l on l.price = c.price and l.step = c.step
),
stretches as (
    select
        *,
        lead(step) over following as next_step,
        lead(above_level) over following as next_level,
        lead(above_least) over following as next_least
    from points
    window following as (partition by account_id, price order by step)
),
crossings as (
    select
        account_id,
        price,
        least(above_level, above_least) < 0 as is_fake,
        case when (above_level < 0) <> (next_level < 0)
            then step + (next_step - step) * above_level / nullif(above_level - next_level, 0) end as at_level,
        case when (above_least < 0) <> (next_least < 0)
            then step + (next_step - step) * above_least / nullif(above_least - next_least, 0) end as at_least
    from stretches
    where (least(above_level, above_least) < 0) <> (least(next_level, next_least) < 0)
),
turns as (
    -- From fake to true both conditions must hold, from true to fake one must fail.
    select account_id, price, case when is_fake then greatest(at_level, at_least) else least(at_level, at_least) end as change
    from crossings
    union all
    select account_id, 'minimum_margin', kept / nullif(least_kept, 0) - 1
    from verdicts
    where profit_place <= cut and least_kept > 0 and (select has_cost from facts) and field in ('fake_big', 'true_big')
),
nearest as (
    select account_id, arg_min(price, abs(change)) as turned_by, arg_min(change, abs(change)) as change
    from turns
    where change between -1 and 16
    group by account_id
)
select
    v.account_id,
    a.name,
    a.tier,
    a.region,
    a.industry,
    a.manager_name,
    v.field,
    v.revenue_place,
    v.profit_place,
    v.accounts,
    v.cut,
    v.revenue,
    v.costed_revenue / nullif(v.revenue, 0) as cost_coverage,
    v.margin,
    v.margin / nullif(v.costed_revenue, 0) as gross_margin,
    v.list_amount,
    v.discount,
    v.discount / nullif(v.list_amount, 0) as discount_rate,
    v.returns,
    v.returns / nullif(v.gross_sales, 0) as return_rate,
    v.visits + v.calls + v.meetings + v.care as contacts,
    v.care_total as contact_cost,
    v.tickets,
    v.ticket_cost,
    v.order_line_cost,
    v.late_cost,
    v.service_cost,
    v.profit,
    v.profit / nullif(v.revenue, 0) as profit_margin,
    v.kept,
    n.turned_by,
    n.change as turned_at
from verdicts as v
inner join accounts as a on a.account_id = v.account_id
left join nearest as n on n.account_id = v.account_id
order by v.revenue desc, v.account_id
