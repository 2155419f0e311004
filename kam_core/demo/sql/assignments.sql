-- One row per account and holder; the running one has no end.
insert into raw.assignments by name
with holders as (
    select account_id, former_idx as manager_idx, created_on as from_on, on_day(handover_day) as to_on
    from demo_plan where handover_day is not null
    union all
    select account_id, manager_idx, coalesce(on_day(handover_day), created_on), null
    from demo_plan where not is_unowned)
select account_id, manager_no(manager_idx) as manager_id, greatest(from_on, hired_on) as from_on, to_on,
    0 as source_id, row_number() over (order by account_id, from_on) as source_line
from holders join demo_manager using (manager_idx) order by source_line;
