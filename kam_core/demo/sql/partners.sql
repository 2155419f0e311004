-- One row per channel partner.
create or replace temp table demo_partner as
with numbered as (
    select i as partner_idx,
        (select min(region_no) from (select region_no, sum(weight) over (order by region_no) as upto from demo_region) w
         where upto > (i - 0.5) / getvariable('demo_partners')) as region_no
    from range(1, getvariable('demo_partners') + 1) t(i)),
stems as (select count(*) as n from demo_stem),
kinds as (select ['信息技术', '系统集成', '数码科技', '计算机'] as zh, ['Infotech', 'Integration', 'Digital', 'Computers'] as en)
select p.*, r.region, s.stem_zh || zh[1 + partner_idx % 4] || ' ' || s.stem_en || ' '
    || en[1 + partner_idx % 4] as name,
    case when unit(partner_idx, 901) < 0.06 then 'Platinum' when unit(partner_idx, 901) < 0.25 then 'Gold'
         when unit(partner_idx, 901) < 0.6 then 'Silver' else 'Authorized' end as tier,
    row_number() over (partition by p.region_no order by partner_idx) as place,
        count(*) over (partition by p.region_no) as places
from numbered p cross join kinds cross join stems join demo_region r using (region_no)
join demo_stem s on s.stem_no = (partner_idx * 7 + 11) % stems.n;

insert into raw.partners by name
select partner_no(partner_idx) as partner_id, name, tier, region, 0 as source_id, partner_idx as source_line
from demo_partner order by partner_idx;
