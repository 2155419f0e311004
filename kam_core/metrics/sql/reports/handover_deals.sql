-- grain: one row per open deal of the managers chosen, else of all who left; the nearest expected close first
-- manager: holder
select o.opportunity_id, o.account_id, o.account_name as name, o.stage, o.amount, o.expected_close, o.product_line, o.manager_id
from opportunities as o
inner join accounts as a on a.account_id = o.account_id
inner join managers as m on m.manager_id = a.manager_id
left join stages as s on s.stage = o.stage
where coalesce(nullif(lower(o.outcome), ''), s.outcome, 'open') = 'open'
    and (cast($chosen_managers as varchar[]) is not null or m.left_on is not null)
order by o.expected_close nulls last, o.amount desc, o.opportunity_id
