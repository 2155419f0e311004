-- grain: one row per contract that ends within a year, of the managers chosen, else of all who left; the nearest end first
-- manager: holder
select c.contract_id, c.account_id, c.account_name as name, c.start_on, c.end_on, c.committed_amount, c.product_line, c.discount_rate
from contracts as c
inner join accounts as a on a.account_id = c.account_id
inner join managers as m on m.manager_id = a.manager_id
where c.end_on between $as_of and cast($as_of as date) + 365
    and (cast($chosen_managers as varchar[]) is not null or m.left_on is not null)
order by c.end_on, c.contract_id
