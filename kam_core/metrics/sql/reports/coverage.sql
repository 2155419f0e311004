-- grain: one row per region × industry cell: who looks after it, and for what share of the policy's hours they have the time
-- managers: all (how busy a manager is counts all accounts in view)
-- default: hours_per_month = policy workload.hours_per_month
with loads as (
    select
        c.manager_id,
        -- The share of the hours asked for that one person can give; none by those who left.
        case when any_value(m.left_on) <= $as_of then 0 else least(1, $policy_workload_hours_per_month / nullif(sum(c.hours), 0)) end as given
    from account_care as c
    left join managers as m on m.manager_id = c.manager_id
    where c.manager_id is not null
    group by c.manager_id
)
select
    a.region,
    a.industry,
    count(*) as accounts,
    count(*) filter (where a.tier in ('S', 'A')) as key_accounts,
    count(*) filter (where a.manager_id is null) as unowned_accounts,
    count(*) filter (where a.manager_id is not null and l.given = 0) as orphaned_accounts,
    count(distinct a.manager_id) filter (where l.given > 0) as managers,
    coalesce(sum(y.revenue), 0) as held_revenue,
    sum(c.hours) as hours,
    sum(c.hours * coalesce(l.given, case when a.manager_id is not null then 1 else 0 end)) / nullif(sum(c.hours), 0) as covered,
    case when any_value(f.activities) > 0
        then sum(c.visits_done) filter (where c.cadence is not null) / nullif(sum(c.visits_due), 0) end as visits_kept,
    case when any_value(f.activities) > 0 then count(*) filter (where c.days_unvisited > c.cadence) end as unvisited
from accounts as a
inner join account_care as c on c.account_id = a.account_id
cross join facts as f
left join loads as l on l.manager_id = a.manager_id
left join account_year as y on y.account_id = a.account_id
where $chosen_managers is null or list_contains(cast($chosen_managers as varchar[]), coalesce(a.manager_id, $none))
    or list_contains(cast($chosen_managers as varchar[]), a.manager_name)
group by a.region, a.industry
order by covered nulls last, hours desc, a.region, a.industry
