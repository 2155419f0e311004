-- grain: one row per manager, region and industry: the accounts held there and the hours that the policy gives them
-- managers: all
select
    a.manager_id,
    any_value(m.name) as manager_name,
    any_value(m.region) as manager_region,
    any_value(m.industry) as manager_industry,
    any_value(m.left_on) as left_on,
    a.region,
    a.industry,
    count(*) as accounts,
    sum(c.hours) as hours
from accounts as a
inner join account_care as c on c.account_id = a.account_id
inner join managers as m on m.manager_id = a.manager_id
where $chosen_managers is null or list_contains(cast($chosen_managers as varchar[]), a.manager_id)
    or list_contains(cast($chosen_managers as varchar[]), m.name)
group by a.manager_id, a.region, a.industry
order by a.manager_id, accounts desc, a.region, a.industry
