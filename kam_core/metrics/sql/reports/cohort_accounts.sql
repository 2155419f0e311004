-- grain: one row per account whose first order fell into a quarter, with what it bought in a later one; those that bought nothing last
-- manager: holder
-- default: cohort = latest
-- default: age = 0
-- default: limit = 1000000
with firsts as (
    select account_id, cast(date_trunc('quarter', first_order_on) as date) as cohort
    from accounts
    where first_order_on <= $as_of
),
asked as (
    select coalesce(try_cast($cohort as date), max(cohort)) as cohort from firsts
),
bought as (
    select m.account_id, sum(m.revenue) as revenue
    from account_month as m
    cross join asked as q
    where date_diff('quarter', q.cohort, m.month) = $age and m.month <= $as_of
    group by m.account_id
)
select
    f.account_id,
    a.name,
    a.tier,
    a.region,
    a.industry,
    a.manager_name,
    coalesce(b.revenue, 0) as revenue,
    coalesce(b.revenue, 0) > 0 as is_active,
    a.first_order_on,
    a.last_order_on
from firsts as f
inner join asked as q on q.cohort = f.cohort
inner join accounts as a on a.account_id = f.account_id
left join bought as b on b.account_id = f.account_id
order by revenue desc, f.account_id
limit $limit
