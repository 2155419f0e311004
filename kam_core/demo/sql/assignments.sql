-- One row per account and holder; the running one has no end.
insert into raw.assignments by name
with holders as (
    select idx, former_idx as manager_idx, created_on as from_on, on_day(handover_day) as to_on from demo_plan where handover_day is not null
    union all
    select idx, manager_idx, case when handover_day is null then created_on else on_day(handover_day) end, null from demo_plan)
select account_no(idx) as account_id, manager_no(manager_idx) as manager_id,
    greatest(h.from_on, case when to_on is null and h.from_on >= on_day(0) then h.from_on else m.hired_on end) as from_on,
    to_on, 0 as source_id, row_number() over (order by idx, h.from_on) as source_line
from holders h join demo_manager m using (manager_idx) order by idx, h.from_on;
