-- grain: one row: how many accounts are in view, and how many groups they make, children counted with their parent
select count(*) as accounts, count(distinct group_id) as groups from accounts
