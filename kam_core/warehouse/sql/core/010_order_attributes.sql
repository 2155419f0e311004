-- grain: one row per account and attribute that arrives on its order lines, for accounts whose own file leaves it out
-- The value with the most revenue wins; `others` counts the values that lost.
create table core.order_attribute as
with lines as (
    select account_id, 'name' as attribute, name as value, sum(amount) as revenue
    from raw.orders where name is not null group by account_id, name
    union all
    select account_id, 'industry', industry, sum(amount)
    from raw.orders where industry is not null group by account_id, industry
    union all
    select account_id, 'region', region, sum(amount)
    from raw.orders where region is not null group by account_id, region
    union all
    select account_id, 'segment', segment, sum(amount)
    from raw.orders where segment is not null group by account_id, segment
    union all
    select account_id, 'manager_id', manager_id, sum(amount)
    from raw.orders
    where manager_id is not null
        and account_id not in (select account_id from raw.accounts where manager_id is not null)
    group by account_id, manager_id
),
ranked as (
    select
        *,
        row_number() over (partition by account_id, attribute order by revenue desc, value) as place,
        count(*) over (partition by account_id, attribute) - 1 as others
    from lines
)
select account_id, attribute, value, others
from ranked
where place = 1;
