-- One row per yearly contract of a larger account; the commitment looks one year back and adds some.
insert into raw.contracts by name
with accounts as (
    select *, floor(365 * unit(idx, 441))::int as phase from demo_plan
    where not is_prospect and unit(idx, 442) < case care when 'S' then 0.9 when 'A' then 0.6 when 'B' then 0.12
        else 0 end),
years as (
    select a.*, n, phase - 365 + 365 * n as day, idx * 10 + n as item
    from accounts a cross join (select unnest(range(0, 6)) as n)),
signed as (
    select * from years
    where day between greatest(start_day + 60, -330) and least(final_day(), end_day - 20) and unit(item, 443) < 0.88),
bought as (
    select account_id, order_date, sum(amount) as revenue from raw.orders group by 1, 2),
looked_back as (
    select s.idx, s.n, sum(b.revenue)::double as last_year
    from signed s join bought b on b.account_id = s.account_id and b.order_date >= on_day(s.day - 365)
        and b.order_date < on_day(s.day)
    where s.day >= 365 group by 1, 2),
committed as (
    select s.*, coalesce(last_year, 2.2 * orders_a_year * getvariable('demo_boost') * value_of_line)
            * 1.02 * exp(0.18 * normal(item, 444)) * case when unit(item, 445) < 0.14 then 1.7 else 1 end as commitment,
        row_number() over (order by day, s.idx) as contract_no
    from signed s left join looked_back using (idx, n))
select printf('C%06d', contract_no::int) as contract_id, account_id, on_day(day) as start_on,
    on_day(day + 364) as end_on,
    greatest(5000, round(commitment / 1000) * 1000) as committed_amount, null as product_line,
    round(least(0.35, coalesce(deep_discount, discount)), 2) as discount_rate, 0 as source_id,
        contract_no as source_line
from committed order by contract_no;
