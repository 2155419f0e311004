-- grain: one row per group (children with their parent) and tier day: its class among groups, by the sum of what its accounts bought
-- The same rule as for accounts. A group with a strategic account is S, one of new accounts only is N; its class counts at once.
with sums as (
    select
        a.group_id as account_id,
        t.as_of,
        sum(t.revenue) as revenue,
        sum(t.value) as value,
        max(case when t.tier = 'S' then 1 else 0 end) as is_strategic,
        min(case when t.tier = 'N' then 1 else 0 end) as is_new
    from mart.account_tier as t
    inner join mart.account as a on a.account_id = t.account_id
    group by a.group_id, t.as_of
),
valued as (
    select account_id, as_of, revenue, value, is_strategic, is_new, case when value > 0 then value else 0 end as positive
    from sums
),
ranked as (
    select
        account_id,
        as_of,
        revenue,
        value,
        is_strategic,
        is_new,
        -- Ties share the place of the first of them: only what is strictly greater lies before.
        cast(
            sum(positive) over (partition by as_of order by value desc) - sum(positive) over (partition by as_of, value)
            as decimal(18, 2)
        ) as before,
        cast(sum(positive) over (partition by as_of) as decimal(18, 2)) as total,
        row_number() over (partition by as_of order by value desc, account_id) as place
    from valued
),
classed as (
    select
        account_id,
        as_of,
        revenue,
        value,
        before,
        total,
        place,
        is_strategic,
        is_new,
        case
            when value <= 0 then 'C'
            when before < cast($a_below as decimal(6, 4)) * total then 'A'
            when before < cast($b_below as decimal(6, 4)) * total then 'B'
            else 'C'
        end as class
    from ranked
)
select
    account_id,
    as_of,
    cast(revenue as decimal(18, 2)) as revenue,
    cast(value as decimal(18, 2)) as value,
    before,
    total,
    cast(place as bigint) as place,
    class,
    case when is_strategic = 1 then 'S' when is_new = 1 then 'N' else class end as tier
from classed
order by as_of, place
