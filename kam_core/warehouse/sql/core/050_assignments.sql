-- grain: one row per account and day from which a manager held it; stretches never overlap
create table core.assignments as
with ordered as (
    select
        account_id,
        manager_id,
        from_on,
        to_on,
        lead(from_on) over (partition by account_id order by from_on) as next_from
    from raw.assignments
)
select account_id, manager_id, from_on, least(coalesce(to_on, next_from), next_from) as to_on
from ordered;
