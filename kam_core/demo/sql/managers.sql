-- One row per account manager: region and industry, and what is planted (hoards, neglects, left).
create or replace temp table demo_manager as
with numbered as (
    select i as manager_idx,
        (select min(region_no) from (select region_no, sum(weight) over (order by region_no) as upto from demo_region) w
         where upto > (i - 0.5) / getvariable('demo_managers')) as region_no
    from range(1, getvariable('demo_managers') + 1) t(i)),
placed as (
    select *, row_number() over (partition by region_no order by manager_idx) as place,
        count(*) over (partition by region_no) as places
    from numbered),
with_industry as (
    select p.*,
        (select min(industry_no) from (select industry_no, sum(weight) over (order by industry_no) as upto
            from demo_industry) w
         where upto + 1e-9 > (place - 0.5) / places) as industry_no
    from placed p),
directors as (
    select *, case when place = 1 then 'region'
                   when row_number() over (partition by industry_no, place = 1 order by unit(manager_idx,
                       811)) = 1 then 'industry' end as directs
    from with_industry),
turned as (
    select *, row_number() over (partition by region_no order by directs is null desc, unit(manager_idx, 812)) as turn
        from directors),
ranked as (
    -- spread over the regions, those with colleagues first: alone in a region nobody can hold more than others
    select *, row_number() over (order by turn, least(places, 3) desc, unit(manager_idx, 812), manager_idx) as lot
        from turned)
select ranked.*, r.region, d.industry,
    case when lot <= getvariable('demo_hoards') then 'hoards'
         when lot <= getvariable('demo_hoards') + getvariable('demo_neglects') then 'neglects'
         when lot <= getvariable('demo_hoards') + getvariable('demo_neglects') + getvariable('demo_left') then 'left' end as planted,
    exp(0.25 * normal(manager_idx, 813)) as skill,
    1 + floor(len(family_zh) * unit(manager_idx, 814))::int as family_no,
        1 + floor(len(given_zh) * unit(manager_idx, 815))::int as given_no,
    on_day(-60 - floor(4000 * unit(manager_idx, 816))) as hired_on,
    case when lot > getvariable('demo_hoards') + getvariable('demo_neglects')
          and lot <= getvariable('demo_hoards') + getvariable('demo_neglects') + getvariable('demo_left')
         then workday(on_day(final_day() - 20 - floor(50 * unit(manager_idx, 817)))) end as left_on
from ranked cross join demo_people join demo_region r using (region_no) join demo_industry d using (industry_no);

insert into raw.managers by name
select manager_no(manager_idx) as manager_id,
    p.family_zh[family_no] || p.given_zh[given_no] || ' ' || p.given_en[given_no] || ' '
        || p.family_en[family_no] as name,
    lower(p.given_en[given_no]) || '.' || lower(p.family_en[family_no]) || '.' || manager_idx
        || '@yunfan.example' as email,
    region, industry, region || ' ' || (1 + (place - 1) // 6) as team,
    case directs when 'region' then region when 'industry' then industry end as manager_of,
    hired_on, left_on, 0 as source_id, manager_idx as source_line
from demo_manager cross join demo_people p order by manager_idx;
