-- grain: one row per account of one field (fake_big, true_big, quiet_earner, small; big: fake and true), where its money goes, and what would turn the verdict
-- manager: holder (a manager filter keeps the accounts held today)
-- days: trailing year (the 12 months up to the end of the period)
-- then: turned
-- What would turn the verdict (turned_by, turned_at) and the choice of the field: kam_core/metrics/turning.py.
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
    v.visit_cost,
    v.call_cost,
    v.meeting_cost,
    v.care_cost
from account_profit as v
inner join accounts as a on a.account_id = v.account_id
order by v.revenue desc, v.account_id
