-- grain: one row per contact person at the accounts of the managers chosen, else of all who left; the longest silent first
-- manager: holder
select x.contact_id, x.account_id, x.account_name as name, x.name as contact, x.role, x.title, max(l.last_contact_on) as last_contact_on
from contacts as x
inner join accounts as a on a.account_id = x.account_id
inner join managers as m on m.manager_id = a.manager_id
left join last_contacts as l on l.contact_id = x.contact_id and l.account_id = x.account_id
where cast($chosen_managers as varchar[]) is not null or m.left_on is not null
group by x.contact_id, x.account_id, x.account_name, x.name, x.role, x.title
order by last_contact_on nulls first, x.contact_id
