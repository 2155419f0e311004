-- grain: one row per account that is loaded or that any loaded row names
create table core.accounts as
with known as (
    select account_id from raw.accounts
    union select account_id from raw.orders
    union select account_id from raw.opportunities where account_id is not null
),
from_orders as (
    select
        account_id,
        max(value) filter (where attribute = 'name') as name,
        max(value) filter (where attribute = 'industry') as industry,
        max(value) filter (where attribute = 'region') as region,
        max(value) filter (where attribute = 'segment') as segment,
        max(value) filter (where attribute = 'manager_id') as manager_id
    from core.order_attribute
    group by account_id
),
handed_over as (
    -- A loaded history of holders is all there is of it: who holds the account last is its manager.
    select account_id, max(manager_id) as manager_id
    from (select *, max(from_on) over (partition by account_id) as last_from from raw.assignments where source_line is not null)
    where from_on = last_from and to_on is null
    group by account_id
)
select
    k.account_id,
    coalesce(a.name, o.name, k.account_id) as name,
    coalesce(a.industry, o.industry) as industry,
    coalesce(a.region, o.region) as region,
    coalesce(h.manager_id, a.manager_id, o.manager_id) as manager_id,
    a.parent_account_id,
    coalesce(a.segment, o.segment) as segment,
    a.city,
    a.partner_id,
    a.created_on,
    a.potential_annual_revenue,
    coalesce(a.strategic, false) as strategic,
    a.employees,
    a.annual_revenue,
    a.competitor,
    a.account_id is not null as is_listed
from known as k
left join raw.accounts as a on a.account_id = k.account_id
left join from_orders as o on o.account_id = k.account_id
left join handed_over as h on h.account_id = k.account_id;
