-- grain: one row per account that bought in the 12 months up to $as_of (returns alone are no purchase), and $as_of
-- Runs once for each month end and for the last day loaded; core.tier_before holds the result of the run before.
with trailing_values as (
    select
        account_id,
        revenue,
        cast(case when $basis = 'margin' then costed_revenue - cost else revenue end as decimal(18, 2)) as value
    from mart.account_trailing
    where as_of = $as_of and gross_sales > 0
),
order_counts as (
    select account_id, sum(orders) as orders
    from mart.account_month
    where month <= $as_of
    group by account_id
),
valued as (
    select account_id, revenue, value, case when value > 0 then value else 0 end as positive
    from trailing_values
),
ranked as (
    select
        account_id,
        revenue,
        value,
        -- Ties share the place of the first of them: only what is strictly greater lies before.
        cast(sum(positive) over (order by value desc) - sum(positive) over (partition by value) as decimal(18, 2)) as before,
        cast(sum(positive) over () as decimal(18, 2)) as total,
        row_number() over (order by value desc, account_id) as place
    from valued
),
cuts as (
    select
        *,
        before - cast($a_below as decimal(6, 4)) * total as past_a,
        before - cast($b_below as decimal(6, 4)) * total as past_b,
        cast($jump as decimal(6, 4)) * total as jump
    from ranked
),
classed as (
    select
        *,
        case when value <= 0 then 'C' when past_a < 0 then 'A' when past_b < 0 then 'B' else 'C' end as class
    from cuts
),
judged as (
    select
        c.*,
        p.tier as held,
        p.class as class_before,
        a.first_order_on > $new_since or n.orders < $new_orders as is_new,
        a.strategic or ($strategic_revenue > 0 and c.revenue >= $strategic_revenue) as is_strategic,
        -- Past the cut next to the tier held by more than the policy's jump.
        case
            when p.tier = 'A' then c.past_a > c.jump
            when p.tier = 'B' and c.class = 'A' then -c.past_a > c.jump
            when p.tier = 'B' then c.past_b > c.jump
            when p.tier = 'C' then -c.past_b > c.jump
        end as is_far
    from classed as c
    inner join mart.account as a on a.account_id = c.account_id
    inner join order_counts as n on n.account_id = c.account_id
    left join core.tier_before as p on p.account_id = c.account_id
)
select
    account_id,
    cast($as_of as date) as as_of,
    revenue,
    value,
    before,
    total,
    cast(place as bigint) as place,
    class,
    case
        when is_strategic then 'S'
        when is_new then 'N'
        when held is null or held in ('S', 'N') or value <= 0 then class
        when class = held or is_far or class_before <> held or $periods = 1 then class
        else held
    end as tier
from judged
order by place
