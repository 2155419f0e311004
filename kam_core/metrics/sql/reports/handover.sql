-- grain: one row per account to hand over: of the managers chosen, else of all who left; most value at risk first
-- manager: holder
select
    p.*,
    m.left_on,
    p.days_untouched > 90 as is_neglected
from portfolio as p
inner join managers as m on m.manager_id = p.manager_id
where cast($chosen_managers as varchar[]) is not null or m.left_on is not null
order by p.value_at_risk desc nulls last, p.trailing_revenue desc, p.account_id
