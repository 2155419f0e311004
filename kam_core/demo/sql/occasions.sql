-- One row per order: account and day. Each account has its own mean gap and regularity (gamma renewals), bent where
-- planted.
create or replace temp table demo_occasion as
with clocks as (
    select p.idx, regularity, bend, end_day, pauses, pause_from, pause_days, start_day < 0 as is_old,
        365.25 / (orders_a_year * getvariable('demo_boost')) as mean_gap,
        coalesce(s.business_end, 0) as starts, coalesce(b.business_end, 1e9) as bends,
        (select max(business_end) from demo_day) as ends
    from demo_plan p left join demo_day s on s.day = p.start_day - 1 left join demo_day b on b.day = p.bend_day
    where not is_prospect and p.start_day < final_day()),
sized as (
    -- length of the account's own time: a bend below 1 packs more of it into a day
    select *, (least(bends, ends) - starts + greatest(ends - bends, 0) / bend) / mean_gap as expected from clocks),
gaps as (
    select idx, n, mean_gap, starts, bends, bend, end_day, pauses, pause_from, pause_days,
        -- whole micro-days, so that sums are exact in any order
        case when n > 0 then floor(1e6 * mean_gap * gamma1(idx * 1000000 + n, 101, regularity))
             when is_old then floor(1e6 * mean_gap * unit(idx, 102)) else 1e4 end::bigint as gap
    from (select *, unnest(range(ceil(expected + 4 * sqrt(expected) + 4)::bigint)) as n from sized)),
own as (
    select *, starts + sum(gap) over (partition by idx order by n) / 1e6 as own_time from gaps),
bent as (
    select *, case when own_time <= bends then own_time else bends + (own_time - bends) * bend end as business_time
        from own),
dated as (
    select b.*, s.day from bent b join demo_slot s on s.slot = floor(40 * business_time)::bigint)
select idx, n, day from dated
where day <= end_day and not (pauses and day between pause_from and pause_from + pause_days);

create or replace temp table demo_order as
select row_number() over (order by day, unit(idx * 1000000 + n, 103), idx, n) as order_no, idx, day::int as day,
    [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5,
        6][1 + floor(25 * unit(idx * 1000000 + n, 104))::int] as lines
from demo_occasion;
drop table demo_occasion;
