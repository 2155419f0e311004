-- grain: one row per account, with the topmost parent it rolls up to (itself where it has none, or where parents run in a circle)
create table core.account_group as
with recursive climb as (
    select account_id, account_id as group_id, 0 as steps from core.accounts
    union all
    select c.account_id, a.parent_account_id, c.steps + 1
    from climb as c
    join core.accounts as a on a.account_id = c.group_id
    join core.accounts as p on p.account_id = a.parent_account_id
    where c.steps < 20 and a.parent_account_id <> c.account_id
),
top as (
    select account_id, group_id, row_number() over (partition by account_id order by steps desc) as place, max(steps) over (partition by account_id) as steps
    from climb
)
select account_id, case when steps = 20 then account_id else group_id end as group_id
from top
where place = 1;
