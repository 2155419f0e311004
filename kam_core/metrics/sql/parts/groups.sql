-- grain: one row per group of `members`
-- A potential is that of the group only where it is known of each of its accounts.
select
    group_id as account_id,
    min(group_name) as name,
    first(industry order by account_id <> group_id, account_id) as industry,
    first(region order by account_id <> group_id, account_id) as region,
    first(manager_id order by account_id <> group_id, account_id) as manager_id,
    first(manager_name order by account_id <> group_id, account_id) as manager_name,
    cast(null as varchar) as parent_account_id,
    group_id,
    min(group_name) as group_name,
    first(segment order by account_id <> group_id, account_id) as segment,
    first(city order by account_id <> group_id, account_id) as city,
    first(partner_id order by account_id <> group_id, account_id) as partner_id,
    min(created_on) as created_on,
    case when count(*) = count(potential_annual_revenue) then sum(potential_annual_revenue) end as potential_annual_revenue,
    bool_or(strategic) as strategic,
    sum(employees) as employees,
    sum(annual_revenue) as annual_revenue,
    first(competitor order by account_id <> group_id, account_id) as competitor,
    min(first_order_on) as first_order_on,
    max(last_order_on) as last_order_on,
    cast(sum(orders) as bigint) as orders
from members
group by group_id
