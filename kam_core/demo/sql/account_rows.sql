-- One row per account: what the company's CRM would know about it.
insert into raw.accounts by name
with last_year as (
    select account_id, sum(amount)::double as revenue from raw.orders where order_date > on_day(final_day() - 365)
        group by account_id),
sized as (
    select p.*, n.name, t.revenue,
        greatest(15, 40 * pow(greatest(line_value * orders_a_year, 1000) / 20000,
            0.75) * exp(0.7 * normal(p.idx, 201)))::bigint as employees
    from demo_plan p join demo_name n using (idx) left join last_year t using (account_id))
select account_id, name, industry, r.region, case when not is_unowned then manager_id end as manager_id,
    case when parent_idx is not null then account_no(parent_idx) end as parent_account_id,
    case when not is_company and industry in ('Government', 'Education') or industry = 'Healthcare'
        and unit(s.idx, 202) < 0.5 then 'Public sector'
         when employees >= 1000 then 'Large enterprise' when employees >= 200 then 'Mid-size'
             else 'Small business' end as segment,
    city, partner_id, created_on,
    -- unknown for one in seven; what is bought elsewhere comes on top of what is bought here
    case when unit(s.idx, 203) < 0.86 then ceil(greatest(coalesce(revenue, 0),
        0.25 * line_value * orders_a_year * getvariable('demo_boost'), 20000)
        * (1.08 + 1.3 * pow(unit(s.idx, 204), 2) + case when kind = 'growth_star' then 1
            else 0 end) / 1000) * 1000 end as potential_annual_revenue,
    size_rank < 0.02 and unit(s.idx, 205) < 0.2 and kind is distinct
        from 'fake_big' or is_parent and size_rank < 0.01 as strategic,
    employees, round(employees * (450 + 900 * unit(s.idx, 206))) * 1000 as annual_revenue,
    case when unit(s.idx, 207) < 0.4 then pick(competitors, s.idx, 208) end as competitor,
    0 as source_id, s.idx as source_line
from sized s join demo_industry using (industry_no) join demo_city c using (city_no)
join demo_region r on r.region_no = s.region_no cross join demo_people
order by s.idx;
