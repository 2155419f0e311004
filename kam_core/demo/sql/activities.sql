-- One row per visit, call, meeting or care gesture: each account at the pace of its care level, as far as its manager
-- keeps it.
insert into raw.activities by name
with cadence(care, kind_no, kind, every, minutes) as (values
    ('S', 1, 'visit', 14, 90), ('S', 2, 'call', 12, 20), ('S', 3, 'meeting', 90, 150), ('S', 4, 'care', 90, 30),
    ('A', 1, 'visit', 28, 80), ('A', 2, 'call', 40, 15), ('A', 3, 'meeting', 180, 120), ('A', 4, 'care', 120, 30),
    ('B', 1, 'visit', 56, 70), ('B', 2, 'call', 85, 15), ('B', 4, 'care', 180, 20),
    ('N', 1, 'visit', 52, 60), ('N', 2, 'call', 60, 15),
    ('C', 1, 'visit', 150, 60), ('C', 2, 'call', 150, 15),
    ('big', 1, 'visit', 8, 90), ('big', 2, 'call', 7, 25), ('big', 3, 'meeting', 60, 150), ('big', 4, 'care', 90, 40)),
accounts as (
    select p.*, met, people_before, m.left_on, greatest(day_of(p.created_on), 0) as from_day,
        -- a manager calls on a silent account for some months, then gives up
        least(final_day(), end_day + 160) as to_day, case when kind = 'fake_big' then 'big' else care end as served_as
    from demo_plan p join demo_people_at using (idx) join demo_manager m using (manager_idx)
    where not is_unowned),
steps as (
    select a.idx, c.kind_no, c.kind, c.every, c.minutes,
        unnest(range(ceil((to_day - from_day) / c.every)::bigint + 1)) as n
    from accounts a join cadence c on c.care = a.served_as),
planned as (
    select *, idx * 100000 + kind_no * 10000 + n as item from steps),
dated as (
    select s.*, a.* exclude (idx, kind), a.kind as plant,
        workday(on_day(from_day + floor(every * (n + unit(s.idx * 10 + kind_no, 411) - 0.6 + 0.35 * unit(item,
            412)))))::date as on_date
    from planned s join accounts a using (idx)),
kept as (
    select *, on_date < on_day(handover_day) as before_handover from dated
    where on_date between on_day(from_day) and on_day(to_day)
    and unit(item, 413) < case when kind_no = 1 and manager_planted = 'hoards' then 0.25
        when manager_planted = 'neglects' then 0.12 else 0.95 end
    and not (coalesce(cause, '') = 'no_visits' and on_date > on_day(died_day - 200))
    and not (left_on is not null and on_date > left_on))
select account_id, on_date as date, kind, case when before_handover then former_id else manager_id end as manager_id,
    printf('K%06d', (people_before + 1 + (n + kind_no) % met)::int) as contact_id,
    round(minutes * (0.6 + 0.8 * unit(item, 414)) / 5) * 5 as minutes,
    case kind when 'visit' then round(250 + 500 * unit(item, 415), 2)
        when 'meeting' then round(400 + 900 * unit(item, 415), 2)
              when 'care' then round(80 + 240 * unit(item, 415), 2) end as cost,
    0 as source_id, row_number() over (order by on_date, idx, kind_no, n) as source_line
from kept order by on_date, idx, kind_no, n;
