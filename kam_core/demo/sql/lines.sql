-- One row per order with its lines brought to the number asked for; one row per line that comes back as a return;
-- one row per line of either kind.
create or replace temp table demo_adjust as
select getvariable('demo_sales_lines') - sum(lines)::bigint as missing from demo_order;

update demo_order set lines = lines + step
from (select order_no, sign(missing)::int as step from demo_order cross join demo_adjust
      where missing <> 0 and lines + sign(missing) between 1 and 6
      qualify row_number() over (order by unit(order_no, 111), order_no) <= abs(missing)) changed
where demo_order.order_no = changed.order_no;

-- A return is dated 3 to 40 days after its sale, and never after the account's last day.
create or replace temp table demo_return as
with lines as (
    select order_no, day, idx, unnest(range(1, lines + 1)) as line_no from demo_order),
weighted as (
    select l.*, p.end_day, -ln(unit(order_no * 8 + line_no, 112)) / return_weight as rank
    from lines l join demo_plan p using (idx) where l.day < final_day() - 3)
select order_no, line_no, idx, day,
    least(day_of(workday(on_day(day + 3 + floor(38 * unit(order_no * 8 + line_no, 113))))), end_day,
        final_day()) as return_day
from weighted order by rank, order_no, line_no limit getvariable('demo_return_lines');

-- One row per order line, returns included, in the order in which they are booked.
create or replace temp table demo_line as
with lines as (
    select order_no, idx, day, unnest(range(1, lines + 1)) as line_no, day as booked, false as is_return from demo_order
    union all by name
    select order_no, idx, day, line_no, return_day as booked, true as is_return from demo_return)
select *, row_number() over (order by booked, is_return, order_no, line_no) as place from lines order by place;
