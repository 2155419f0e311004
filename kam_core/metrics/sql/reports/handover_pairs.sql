-- grain: one row per account handed over in the past, beside the most similar account of its tier that kept its manager
-- manager: holder
-- default: months = 6
with days as (
    select cast(date_trunc('month', cast($as_of as date)) as date) as running
),
moves as (
    -- The last change of holder whose months after it are over; an account's first holder is no change.
    select account_id, max(from_on) as handed_on
    from (select *, lag(manager_id) over (partition by account_id order by from_on) as former_id from assignments)
    where former_id is not null and former_id <> manager_id and manager_id is not null
        and from_on < (select running from days) - to_months(cast($months as integer))
    group by account_id
),
all_moves as (
    select account_id, from_on
    from (select *, lag(manager_id) over (partition by account_id order by from_on) as former_id from assignments)
    where former_id is not null and former_id <> manager_id
),
handed as (
    select
        m.account_id,
        m.handed_on,
        cast(date_trunc('month', m.handed_on) + interval 1 month as date) as first_month,
        t.tier
    from moves as m
    inner join account_history as t on t.account_id = m.account_id and t.as_of = cast(date_trunc('month', m.handed_on) as date) - 1
    -- Moved once around that time: what came of a second move cannot be told apart.
    left join all_moves as o
        on o.account_id = m.account_id and o.from_on <> m.handed_on
        and o.from_on between m.handed_on - interval 12 months and m.handed_on + to_months(cast($months as integer))
    where o.account_id is null
),
starts as (
    select distinct cast(first_month as date) as first_month from handed
),
compared as (
    -- The months after, and the same months of the year before: season makes no difference.
    select first_month, cast(first_month + to_months(cast(n as integer)) as date) as month, 1 as is_after
    from (select first_month, unnest(range(cast($months as bigint))) as n from starts)
    union all
    select first_month, cast(first_month + to_months(cast(n as integer) - 12) as date) as month, 0 as is_after
    from (select first_month, unnest(range(cast($months as bigint))) as n from starts)
),
sums as (
    select
        c.first_month,
        m.account_id,
        coalesce(sum(m.revenue) filter (where c.is_after = 1), 0) as after,
        coalesce(sum(m.revenue) filter (where c.is_after = 0), 0) as before
    from account_month as m
    inner join compared as c on c.month = m.month
    group by c.first_month, m.account_id
),
unsettled as (
    select distinct o.account_id, s.first_month
    from all_moves as o
    inner join starts as s
        on o.from_on between s.first_month - interval 13 months and s.first_month + to_months(cast($months as integer))
),
subjects as (
    select h.*, a.name, a.region, a.industry, x.before, x.after
    from handed as h
    inner join accounts as a on a.account_id = h.account_id
    inner join sums as x on x.account_id = h.account_id and x.first_month = h.first_month
    where x.before > 0
),
stayed as (
    select x.account_id, x.first_month, x.before, x.after, t.tier, a.industry
    from sums as x
    inner join account_history as t on t.account_id = x.account_id and t.as_of = cast(x.first_month - interval 1 month as date) - 1
    inner join accounts as a on a.account_id = x.account_id
    left join unsettled as u on u.account_id = x.account_id and u.first_month = x.first_month
    where x.before > 0 and a.manager_id is not null and u.account_id is null
),
matched as (
    -- Of like tier, at most twice or half as large before, the same industry where sizes are near.
    select
        s.account_id,
        s.first_month,
        arg_min(
            c.account_id,
            (abs(ln(cast(s.before as double)) - ln(cast(c.before as double))) + case when c.industry is distinct from s.industry then 0.2 else 0 end, c.account_id)
        ) as other_id
    from subjects as s
    inner join stayed as c
        on c.first_month = s.first_month and c.tier = s.tier and c.account_id <> s.account_id
        and c.before between s.before / 2 and s.before * 2
    group by s.account_id, s.first_month
)
select
    s.account_id, s.name, s.tier, s.region, s.industry, s.handed_on, s.before, s.after,
    m.other_id, a.name as other_name, c.before as other_before, c.after as other_after
from matched as m
inner join subjects as s on s.account_id = m.account_id
inner join stayed as c on c.account_id = m.other_id and c.first_month = m.first_month
inner join accounts as a on a.account_id = m.other_id
order by s.before desc, s.account_id
