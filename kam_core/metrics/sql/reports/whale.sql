-- grain: one row per account that bought in the 12 months up to the end of the period, the most profitable first, with the profit summed up so far
-- manager: holder (a manager filter keeps the accounts held today)
-- days: trailing year
-- default: visit = policy cost_to_serve.visit
-- default: call = policy cost_to_serve.call
-- default: meeting = policy cost_to_serve.meeting
-- default: care = policy cost_to_serve.care
-- default: ticket = policy cost_to_serve.ticket
-- default: order_line = policy cost_to_serve.order_line
-- default: late_payment_rate = policy cost_to_serve.late_payment_rate
-- default: minimum_margin = policy profit.minimum_margin
-- default: top_share = policy profit.top_share
with curve as (
    select
        p.*,
        row_number() over (order by kept desc nulls last, account_id) as place,
        sum(kept) over (order by kept desc nulls last, account_id rows unbounded preceding) as kept_so_far,
        sum(kept) over () as kept_total
    from account_profit as p
)
select
    c.place,
    c.account_id,
    a.name,
    a.tier,
    c.field,
    c.revenue,
    c.discount,
    c.returns,
    c.care_total as contact_cost,
    c.ticket_cost,
    c.order_line_cost,
    c.late_cost,
    c.service_cost,
    c.profit,
    c.kept,
    c.kept_so_far,
    c.place / c.accounts as account_share,
    c.kept_so_far / nullif(greatest(c.kept_total, 0), 0) as kept_share,
    c.revenue_place,
    c.profit_place,
    c.accounts,
    c.cut
from curve as c
inner join accounts as a on a.account_id = c.account_id
order by c.place
