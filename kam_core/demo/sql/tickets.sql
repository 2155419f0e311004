-- One row per service ticket; what is answered or solved after the last day of the history is still open in it.
insert into raw.tickets by name
with accounts as (
    select *, greatest(start_day, 0) as from_day, least(end_day, final_day()) as to_day,
        case when kind = 'fake_big' then 26 + 20 * unit(idx, 420)
            else 0.12 + 0.26 * sqrt(orders_a_year) end as tickets_a_year
    from demo_plan where not is_prospect),
usual as (
    select idx, unnest(range(floor(tickets_a_year * (to_day - from_day) / 365.25 + unit(idx, 421))::bigint)) as n,
        '' as plant from accounts),
planted as (
    select idx, 1000 + unnest(range(3 + idx % 2)) as n, cause as plant from accounts
        where cause in ('unanswered_tickets', 'low_satisfaction')),
drawn as (
    select a.*, t.n, t.plant, idx * 10000 + t.n as item
    from (select * from usual union all select * from planted) t join accounts a using (idx)),
dated as (
    select *, case plant when 'unanswered_tickets' then died_day - 5 - floor(55 * unit(item, 422))
        when 'low_satisfaction' then died_day - 8 - floor(90 * unit(item, 422))
                  else from_day + floor((to_day - from_day) * unit(item, 422)) end as day,
        case when unit(item, 423) < 0.04 then 1 when unit(item, 423) < 0.2 then 2 when unit(item, 423) < 0.7 then 3
            else 4 end as severity_no
    from drawn),
timed as (
    select *, workday(on_day(day))::timestamp + to_minutes((60 * (8 + 10 * unit(item, 424)))::int) as opened_at,
        case care when 'S' then 0.15 when 'A' then 0.3 when 'C' then 1
            else 0.6 end * [1, 4, 9, 18][severity_no] * exp(0.7 * normal(item, 425))
            * case when manager_planted = 'neglects' then 8 else 1 end as answer_hours,
        case care when 'S' then 0.4 when 'A' then 0.7 when 'C' then 1.3
            else 1 end * [6, 14, 30, 50][severity_no] * exp(0.6 * normal(item, 426))
            * case when manager_planted = 'neglects' then 3 else 1 end as solve_hours
    from dated where day >= 0),
answered as (
    select *, opened_at + to_minutes(ceil(60 * answer_hours)::int) as answered_at,
        opened_at + to_minutes(ceil(60 * (answer_hours + solve_hours))::int) as solved_at,
        on_day(final_day())::timestamp + interval 19 hour as now,
        case when plant = 'low_satisfaction' then 1 + floor(1.4 * unit(item, 427))
             when unit(item, 428) < 0.65 then greatest(1, least(5, round(4.3 + 0.75 * normal(item, 429)
                - case when manager_planted = 'neglects' then 0.9 else 0 end))) end as verdict
    from timed),
numbered as (
    select *, row_number() over (order by opened_at, idx, n) as ticket_no from answered)
select printf('T%07d', ticket_no::int) as ticket_id, account_id, opened_at,
    case when plant <> 'unanswered_tickets' and answered_at <= now then answered_at end as first_response_at,
    case when plant <> 'unanswered_tickets' and solved_at <= now then solved_at end as resolved_at,
    ['critical', 'high', 'normal', 'low'][severity_no] as severity,
    pick(['hardware fault', 'hardware fault', 'delivery', 'configuration', 'billing', 'complaint'], item, 430) as kind,
    case when day < handover_day then former_id else manager_id end as owner,
    case when plant <> 'unanswered_tickets' and solved_at <= now then verdict end as satisfaction,
    0 as source_id, ticket_no as source_line
from numbered order by ticket_no;
