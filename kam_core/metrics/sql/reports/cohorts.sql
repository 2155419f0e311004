-- grain: one row per quarter of the first order and quarters since: how many of its accounts bought, and for how much
-- manager: holder
with firsts as (
    select account_id, cast(date_trunc('quarter', first_order_on) as date) as cohort
    from accounts
    where first_order_on <= $as_of
),
sizes as (
    select cohort, count(*) as accounts from firsts group by cohort
),
bought as (
    select f.cohort, date_diff('quarter', f.cohort, m.month) as age, m.account_id, sum(m.revenue) as revenue
    from account_month as m
    inner join firsts as f on f.account_id = m.account_id
    where m.month <= $as_of
    group by f.cohort, age, m.account_id
),
summed as (
    select cohort, age, count(*) filter (where revenue > 0) as active, sum(revenue) as revenue
    from bought
    group by cohort, age
)
select
    s.cohort,
    s.age,
    z.accounts,
    s.active,
    s.active / nullif(z.accounts, 0) as share_active,
    s.revenue,
    s.revenue / nullif(sum(s.revenue) filter (where s.age = 1) over (partition by s.cohort), 0) as revenue_share,
    date_diff('quarter', s.cohort, cast($as_of as date)) = s.age as is_running,
    s.cohort <= cast(date_trunc('quarter', f.first_day) as date) as is_first
from summed as s
inner join sizes as z on z.cohort = s.cohort
cross join facts as f
order by s.cohort, s.age
