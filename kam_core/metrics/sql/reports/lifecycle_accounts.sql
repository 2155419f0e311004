-- grain: one row per account in view: its state on a day, since when, the state on an earlier day, revenue of 12 months
-- manager: holder
-- default: since = year_before
-- default: until = latest
-- default: state = any
-- default: state_before = any
-- default: limit = 1000000
with paired as (
    select
        account_id,
        max(state) filter (where side = 'before') as state_before,
        max(state) filter (where side = 'now') as state,
        max(state_on) filter (where side = 'now') as state_on
    from lives
    group by account_id
)
select
    p.account_id, a.name, a.tier, a.region, a.industry, a.manager_id, a.manager_name,
    p.state, p.state_on, p.state_before, coalesce(t.revenue, 0) as revenue
from paired as p
inner join accounts as a on a.account_id = p.account_id
left join account_trailing as t on t.account_id = p.account_id and t.as_of = $as_of
where
    p.state is not null
    and $state in ('any', p.state)
    and $state_before in ('any', coalesce(p.state_before, $none))
order by revenue desc, p.account_id
limit $limit
