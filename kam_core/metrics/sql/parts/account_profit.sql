-- grain: one row per account that bought in the stretch 'now': what it earned, what serving it cost, what is left
-- profit: margin less cost to serve; none where no cost is known for the account.
-- kept: what accounts are ranked by: profit, or revenue less cost to serve where no cost is loaded at all.
with sold as (
    select
        account_id,
        cast(sum(revenue) as double) as revenue,
        cast(sum(gross_sales) as double) as gross_sales,
        cast(sum(returns) as double) as returns,
        cast(sum(costed_revenue) as double) as costed_revenue,
        cast(sum(cost) as double) as cost,
        cast(sum(list_amount) as double) as list_amount,
        cast(sum(list_amount) - sum(listed_revenue) as double) as discount
    from sales
    where side = 'now'
    group by account_id
),
served as (
    select
        account_id,
        sum(visits) as visits,
        sum(calls) as calls,
        sum(meetings) as meetings,
        sum(care) as care,
        sum(tickets) as tickets,
        sum(order_lines) as order_lines,
        cast(sum(late_amount_days) as double) as late_amount_days
    from service
    where side = 'now'
    group by account_id
),
priced as (
    select
        o.*,
        case when o.costed_revenue <> 0 or o.cost <> 0 or o.revenue = 0 then o.costed_revenue - o.cost end as margin,
        coalesce(s.visits, 0) as visits,
        coalesce(s.calls, 0) as calls,
        coalesce(s.meetings, 0) as meetings,
        coalesce(s.care, 0) as care,
        coalesce(s.tickets, 0) as tickets,
        coalesce(s.order_lines, 0) as order_lines,
        coalesce(s.visits, 0) * cast($policy_cost_to_serve_visit as double) as visit_cost,
        coalesce(s.calls, 0) * cast($policy_cost_to_serve_call as double) as call_cost,
        coalesce(s.meetings, 0) * cast($policy_cost_to_serve_meeting as double) as meeting_cost,
        coalesce(s.care, 0) * cast($policy_cost_to_serve_care as double) as care_cost,
        coalesce(s.tickets, 0) * cast($policy_cost_to_serve_ticket as double) as ticket_cost,
        coalesce(s.order_lines, 0) * cast($policy_cost_to_serve_order_line as double) as order_line_cost,
        coalesce(s.late_amount_days, 0) * cast($policy_cost_to_serve_late_payment_rate as double) / 365 as late_cost
    from sold as o
    left join served as s on s.account_id = o.account_id
),
summed as (
    select
        *,
        visit_cost + call_cost + meeting_cost + care_cost as care_total,
        visit_cost + call_cost + meeting_cost + care_cost + ticket_cost + order_line_cost + late_cost as service_cost
    from priced
),
kept as (
    select
        *,
        margin - service_cost as profit,
        case when (select has_cost from facts) then margin - service_cost else revenue - service_cost end as kept
    from summed
),
ranked as (
    select
        *,
        count(kept) over () as accounts,
        rank() over (order by revenue desc) as revenue_place,
        rank() over (order by kept desc nulls last) as profit_place
    from kept
),
judged as (
    select
        *,
        greatest(1, ceil(round($policy_profit_top_share * accounts, 6))) as cut,
        case when (select has_cost from facts) then profit < cast($policy_profit_minimum_margin as double) * revenue else false end as is_thin
    from ranked
)
select
    *,
    case
        when kept is null then 'unknown'
        when revenue_place <= cut and (profit_place > cut or is_thin) then 'fake_big'
        when revenue_place <= cut then 'true_big'
        when profit_place <= cut then 'quiet_earner'
        else 'small'
    end as field
from judged
