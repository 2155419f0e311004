-- One row per manager and month, up to the end of the running year.
-- A year's target: mostly last year's revenue, partly what the sales director foresaw, and some ambition; spread by
-- season.
insert into raw.targets by name
with bought as (
    select manager_id, year(order_date) as year, sum(amount) as revenue from raw.orders group by 1, 2),
season as (
    select month(on_date) as month, sum(weight) / sum(sum(weight)) over () as share
    from demo_day where year(on_date) between 2023 and 2025 group by 1),
elapsed as (
    select year(on_date) as year, sum(s.share / days_of_month) as share
    from (select d.*, month(on_date) as month, day(date_trunc('month',
        on_date) + interval 1 month - interval 1 day) as days_of_month from demo_day d)
    join season s using (month) group by 1),
ambition as (
    select unnest([2022, 2023, 2024, 2025, 2026]) as year, unnest([0.99, 1.01, 0.97, 1.02, 0.98]) as attained),
foreseen as (
    select m.manager_idx, a.year, coalesce(now.revenue, 0)::double as revenue,
        coalesce(before.revenue, now.revenue, 0)::double as last_revenue
    from demo_manager m cross join ambition a
    left join bought now on now.manager_id = manager_no(manager_idx) and now.year = a.year
    left join bought before on before.manager_id = manager_no(manager_idx) and before.year = a.year - 1
        and a.year > 2023),
claims as (
    select *, round(greatest(50000, case when year > 2023 then 0.65 * last_revenue + 0.35 * revenue else revenue end)
        * exp(0.11 * normal(manager_idx * 10000 + year, 301)))::decimal(18, 2) as claim
    from foreseen),
company as (
    select year, sum(claim)::double as claims, (select sum(revenue) from bought b
        where b.year = c.year)::double as revenue from claims c group by year),
yearly as (
    select manager_idx, c.year, claim / claims * company.revenue / e.share / attained as target
    from claims c join company using (year) join elapsed e using (year) join ambition using (year))
select manager_no(manager_idx) as manager_id, make_date(year, month, 1) as period,
    greatest(1000, round(target * share / 1000) * 1000) as target_amount, 'month' as granularity,
    0 as source_id, row_number() over (order by manager_idx, year, month) as source_line
from yearly cross join season where year > 2022 or month >= 11
order by manager_idx, year, month;
