-- One row per contact person; single-threaded accounts have others on the list, half of the time, whom nobody meets.
create or replace temp table demo_people_at as
with counted as (
    select idx, case when kind = 'single_threaded' then 1 else spread end as met,
        case when kind = 'single_threaded' then 1 + (lot % 2) * 2 else spread end as people
    from (select *, case care when 'S' then 6 when 'A' then 4 when 'C' then 2 else 3 end + (idx % 5 = 0)::int as spread
        from demo_plan))
select *, sum(people) over (order by idx) - people as people_before from counted;

insert into raw.contacts by name
with people as (
    select idx, met, people_before + place as contact_no, place from (select *, unnest(range(1, people + 1)) as place
        from demo_people_at)),
named as (
    select p.*, 1 + floor(len(family_zh) * pow(unit(contact_no, 401), 1.3))::int as family_no,
        1 + floor(len(given_zh) * unit(contact_no, 402))::int as given_no
    from people p cross join demo_people)
select printf('K%06d', contact_no::int) as contact_id, account_no(idx) as account_id,
    family_zh[family_no] || given_zh[given_no] || ' ' || given_en[given_no] || ' ' || family_en[family_no] as name,
    case when place = 1 then 'decision maker' when place % 3 = 2 then 'influencer' else 'user' end as role,
    case when place = 1 then pick(['CIO', 'IT Director', 'Head of Procurement', 'Deputy General Manager'], contact_no,
        403)
         when place % 3 = 2 then pick(['IT Manager', 'Procurement Manager', 'Chief Engineer', 'Finance Manager'],
             contact_no, 403)
         else pick(['System Administrator', 'Network Engineer', 'Buyer', 'Help Desk Lead'], contact_no,
             403) end as title,
    case when unit(contact_no, 404) < 0.7 then date '1966-01-01' + floor(12000 * unit(contact_no,
        405))::int end as birthday,
    0 as source_id, contact_no as source_line
from named cross join demo_people order by contact_no;
