-- grain: one row per manager and pair of tiers: what accounts settle in by the rules in force, and by those supposed
-- manager: holder (a manager filter keeps the accounts held today)
-- default: a_below = policy tiers.a_below
-- default: b_below = policy tiers.b_below
-- default: new_months = policy tiers.new_months
-- default: new_orders = policy tiers.new_orders
-- default: strategic_annual_revenue = policy tiers.strategic_annual_revenue
with rules as (
    select
        'then' as side,
        cast($policy_tiers_a_below as double) as a_below,
        cast($policy_tiers_b_below as double) as b_below,
        cast($policy_tiers_new_months as double) as new_months,
        cast($policy_tiers_new_orders as double) as new_orders,
        cast($policy_tiers_strategic_annual_revenue as double) as strategic_annual_revenue
    union all
    select
        'now' as side,
        max(number) filter (where key = 'tiers.a_below') as a_below,
        max(number) filter (where key = 'tiers.b_below') as b_below,
        max(number) filter (where key = 'tiers.new_months') as new_months,
        max(number) filter (where key = 'tiers.new_orders') as new_orders,
        max(number) filter (where key = 'tiers.strategic_annual_revenue') as strategic_annual_revenue
    from policy
),
order_counts as (
    select account_id, sum(orders) as orders
    from account_month
    where month <= $tier_day
    group by account_id
),
judged as (
    select
        r.side,
        h.account_id,
        h.revenue,
        a.manager_id,
        a.manager_name,
        case
            when a.strategic or (r.strategic_annual_revenue > 0 and h.revenue >= r.strategic_annual_revenue) then 'S'
            when a.first_order_on > cast($tier_day as date) - to_months(cast(r.new_months as integer)) then 'N'
            when o.orders < r.new_orders then 'N'
            when h.value <= 0 then 'C'
            when h.before < cast(r.a_below as decimal(6, 4)) * h.total then 'A'
            when h.before < cast(r.b_below as decimal(6, 4)) * h.total then 'B'
            else 'C'
        end as tier
    from account_history as h
    inner join accounts as a on a.account_id = h.account_id
    inner join order_counts as o on o.account_id = h.account_id
    cross join rules as r
    where h.as_of = $tier_day
),
paired as (
    select
        account_id,
        any_value(manager_id) as manager_id,
        any_value(manager_name) as manager_name,
        max(revenue) as revenue,
        max(tier) filter (where side = 'now') as tier_now,
        max(tier) filter (where side = 'then') as tier_then
    from judged
    group by account_id
),
hours (tier, hours) as (
    values
        ('S', $policy_service_s_hours_per_month), ('A', $policy_service_a_hours_per_month),
        ('B', $policy_service_b_hours_per_month), ('C', $policy_service_c_hours_per_month),
        ('N', $policy_service_n_hours_per_month)
)
select
    p.manager_id,
    p.manager_name,
    p.tier_now,
    p.tier_then,
    count(*) as accounts,
    sum(p.revenue) as revenue,
    count(*) * any_value(n.hours) as hours_now,
    count(*) * any_value(t.hours) as hours_then
from paired as p
inner join hours as n on n.tier = p.tier_now
inner join hours as t on t.tier = p.tier_then
group by p.manager_id, p.manager_name, p.tier_now, p.tier_then
order by p.manager_id, position(p.tier_now in 'SABCN'), position(p.tier_then in 'SABCN')
