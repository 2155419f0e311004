-- One row per account: place, group, manager, and how it would buy if nothing were planted on it.
create or replace temp table demo_profile as
with groups as (
    select i as parent_idx, 2 + floor(13.99 * pow(unit(i, 11), 2.5))::int as subsidiaries
    from range(1, getvariable('demo_groups') + 1) t(i)),
members as (
    select parent_idx, unnest(range(subsidiaries)) as member_no from groups),
subsidiaries as (
    select getvariable('demo_groups') + row_number() over (order by parent_idx, member_no) as idx, parent_idx, member_no
        from members),
cities as (select count(*) as n from demo_city),
region_upto as (select region_no, sum(weight) over (order by region_no) as upto from demo_region),
industry_upto as (select industry_no, sum(weight) over (order by industry_no) as upto from demo_industry),
drawn as (
    select i as idx, s.parent_idx, s.member_no, i <= getvariable('demo_groups') as is_parent,
        (select min(region_no) from region_upto where upto + 1e-9 > unit(i, 1)) as drawn_region,
        (select min(industry_no) from industry_upto where upto + 1e-9 > unit(coalesce(s.parent_idx, i),
            2)) as industry_no,
        normal(i, 3) + case when i <= getvariable('demo_groups') then 0.9 else 0 end as size
    from range(1, getvariable('demo_accounts') + 1) t(i) left join subsidiaries s on s.idx = i),
placed as (
    select d.*, c.city_no, c.region_no
    from drawn d cross join cities join demo_city c on case
        -- the subsidiaries of a group sit in different cities: 5 and the number of cities have no common factor
        when d.parent_idx is not null then c.city_no = 1 + (d.parent_idx * 7 + d.member_no * 5) % cities.n
        else c.region_no = d.drawn_region and c.place = 1 + floor(pow(unit(d.idx, 4), 1.4) * c.places)::int end),
timed as (
    select *, unit(idx, 5) < 0.045 as is_prospect,
        case when unit(idx, 6) < 0.60 then -1 - floor(3300 * unit(idx, 7))::int
            else floor(1470 * pow(unit(idx, 7), 0.95))::int end as start_day,
        exp(0.85 * size) as rate_weight,
        -- value of an order line, CNY: larger accounts buy larger things too
        5200 * exp(1.00 * (0.45 * size + 0.893 * normal(idx, 9))) as line_value,
        1.2 + 5 * pow(unit(idx, 10), 2) as regularity,
        (0.03 + 0.09 * pow(unit(idx, 12), 2)) * case when size > 1 then 0.5 else 1.1 end as yearly_hazard
    from placed),
mortal as (
    select *, greatest(start_day, 0) + floor(-365 * ln(unit(idx, 13)) / yearly_hazard
        * case when start_day >= 0 and unit(idx, 14) < 0.08 then 0.1 else 1 end)::int as gone_day
    from timed),
exposed as (
    select *, greatest(1, least(gone_day, final_day()) - greatest(start_day, 0)) as days_open from mortal),
rated as (
    select *, rate_weight * getvariable('demo_nominal_orders')
        / (select sum((rate_weight * days_open / 365.25)::decimal(18, 6)) from exposed
            where not is_prospect)::double as orders_a_year
    from exposed)
select *, percent_rank() over (order by is_prospect, orders_a_year * line_value desc, idx) as size_rank,
    on_day(start_day - floor(10 + 170 * unit(idx, 15))) as created_on
from rated;

-- One row per account: who holds it, who held it before. A weighted race; own industry first, hoarders take from all.
create or replace temp table demo_holder as
with race as (
    select p.idx, m.manager_idx,
        -ln(unit(p.idx * 1000 + m.manager_idx, 21)) / (
            case when m.industry_no = p.industry_no then 1.0 else 0.3 / m.places end
                * case when m.directs = 'region' then 0.3 else 1.0 end
            + case when m.planted = 'hoards' then greatest(0.22, 2.0 / m.places) else 0 end) as finish
    from demo_profile p join demo_manager m using (region_no)),
places as (
    select idx, manager_idx, row_number() over (partition by idx order by finish, manager_idx) as place from race
    qualify place <= 2)
select idx, max(manager_idx) filter (place = 1) as manager_idx, max(manager_idx) filter (place = 2) as former_idx,
    -- one account in seven was handed over once; the rest have had one holder
    case when unit(idx, 22) < 0.14 then floor(60 + 1380 * unit(idx, 23))::int end as handover_day
from places group by idx;
