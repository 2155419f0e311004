-- grain: one row per unsolved ticket of the accounts of the managers chosen, else of all who left; the oldest first
-- manager: holder
select t.ticket_id, t.account_id, a.name, cast(t.opened_at as date) as opened_on, t.resolution_kept is not distinct from false as is_late
from ticket_service as t
inner join accounts as a on a.account_id = t.account_id
inner join managers as m on m.manager_id = a.manager_id
where t.is_open and (cast($chosen_managers as varchar[]) is not null or m.left_on is not null)
order by t.opened_at, t.ticket_id
