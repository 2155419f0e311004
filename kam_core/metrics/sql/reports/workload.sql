-- grain: one row per manager, and one without for the accounts that nobody holds: accounts, hours by policy, care done
-- managers: all (a manager filter only picks rows)
-- default: hours_per_month = policy workload.hours_per_month
with held as (
    select
        a.manager_id,
        count(*) as accounts,
        count(*) filter (where a.tier = 'S') as accounts_s,
        count(*) filter (where a.tier = 'A') as accounts_a,
        count(*) filter (where a.tier = 'B') as accounts_b,
        count(*) filter (where a.tier = 'C') as accounts_c,
        count(*) filter (where a.tier = 'N') as accounts_n,
        count(*) filter (where a.tier is null) as accounts_none,
        sum(c.hours) as hours,
        coalesce(sum(y.revenue), 0) as held_revenue,
        sum(c.visits_done) filter (where c.cadence is not null) as visits_done,
        sum(c.visits_due) as visits_due,
        count(*) filter (where c.days_unvisited > c.cadence) as unvisited,
        count(*) filter (where c.days_untouched > c.cadence) as untouched
    from accounts as a
    inner join account_care as c on c.account_id = a.account_id
    left join account_year as y on y.account_id = a.account_id
    group by a.manager_id
)
select
    h.manager_id,
    m.name as manager_name,
    m.region,
    m.industry,
    m.team,
    m.left_on,
    h.accounts,
    h.accounts_s, h.accounts_a, h.accounts_b, h.accounts_c, h.accounts_n, h.accounts_none,
    h.hours,
    cast($policy_workload_hours_per_month as double) as hours_per_month,
    case when h.manager_id is not null then h.hours / nullif($policy_workload_hours_per_month, 0) end as busy,
    median(h.hours) filter (where h.manager_id is not null and m.left_on is null) over () as hours_median,
    h.held_revenue,
    case when f.activities > 0 then h.visits_done / nullif(h.visits_due, 0) end as visits_kept,
    case when f.activities > 0 then h.unvisited end as unvisited,
    case when f.activities > 0 then h.untouched end as untouched
from held as h
cross join facts as f
left join managers as m on m.manager_id = h.manager_id
where $chosen_managers is null or list_contains(cast($chosen_managers as varchar[]), h.manager_id)
    or list_contains(cast($chosen_managers as varchar[]), m.name)
    or (h.manager_id is null and list_contains(cast($chosen_managers as varchar[]), $none))
order by h.hours desc, h.manager_id
