-- One row per day of the history, with how busy the day is; then one row per slot of business time, naming its day.
-- Accounts keep their rhythm in business time (1 unit = an average day), so seasons bend dates, not habits.
create or replace temp table demo_day as
with days as (select d as day, on_day(d) as on_date from range(0, final_day() + 1) t(d)),
festivals as (select unnest([date '2023-01-22', date '2024-02-10', date '2025-01-29', date '2026-02-17']) as eve),
busy as (
    select day, on_date,
        case isodow(on_date) when 6 then 0.07 when 7 then 0.04 else 1.0 end
        * [0.90, 0.82, 1.10, 0.97, 0.99, 1.08, 0.93, 0.95, 1.06, 0.92, 1.04, 1.22][month(on_date)]
        * case when month(on_date) % 3 = 0 and day(date_trunc('month',
            on_date) + interval 1 month - interval 1 day) - day(on_date) < 8 then 1.45 else 1.0 end
        * case when exists (select 1 from festivals where on_date between eve - 4 and eve + 9) then 0.15 else 1.0 end
        * case when month(on_date) = 10 and day(on_date) <= 7 or month(on_date) = 5 and day(on_date) <= 3 then 0.15
            else 1.0 end as weight
    from days)
select day, on_date, weight / avg(weight) over () as weight,
    round(sum(weight) over (order by day) / avg(weight) over (), 6) as business_end
from busy;

create or replace temp table demo_slot as
select unnest(range(ceil(40 * business_start)::bigint, ceil(40 * business_end)::bigint)) as slot, day
from (select day, business_end, coalesce(lag(business_end) over (order by day), 0) as business_start from demo_day);
