-- One row per account: the profile as the plants change it. Everything that follows reads this table.
create or replace temp table demo_plan as
with planted as (
    select p.*, t.kind, t.lot, h.manager_idx,
        coalesce(h.former_idx, 1 + h.manager_idx % getvariable('demo_managers')) as former_idx,
        h.handover_day as natural_handover,
        -- half of the planted deaths fall into the last year, the others into the two before
        case when kind <> 'died' then null
             when lot % 2 = 0 then workday(on_day(final_day() - 30 - floor(335 * unit(idx, 41))))
             else workday(on_day(final_day() - 366 - floor(640 * unit(idx, 41)))) end as died_on,
        case when kind = 'died' then ['falling_frequency', 'unanswered_tickets', 'no_visits', 'manager_changed',
            'lost_to_competitor', 'low_satisfaction'][1 + lot % 6] end as cause
    from demo_profile p left join demo_plant t using (idx) join demo_holder h using (idx)),
dated as (
    select *, day_of(died_on) as died_day,
        -- planted accounts live as long as their plant says
        case when kind = 'died' then day_of(died_on) when kind is null and gone_day < final_day() then gone_day
            else 9999 end as end_day,
        -- a few go quiet for more than a year and come back
        kind is null and unit(idx, 42) < 0.02 and start_day < 200 and gone_day > final_day() as pauses,
        case when kind = 'growth_star' then final_day() - 330 - floor(150 * unit(idx, 43))
             when cause = 'falling_frequency' then day_of(died_on) - 200 end::int as bend_day,
        case when kind = 'growth_star' then 0.45 when cause = 'falling_frequency' then 2.2 else 1.0 end as bend,
        case when kind in ('deep_discount', 'channel_conflict') 
             then final_day() - 450 - floor(120 * unit(idx, 44)) end::int as plant_day
    from planted),
served as (
    select d.*,
        coalesce(kind = 'channel_conflict', false)
            or unit(idx, 51) < case when size_rank < 0.2 then 0.35 else 0.55 end as by_partner,
        floor(200 + 500 * unit(idx, 45))::int as pause_from, floor(430 + 200 * unit(idx, 46))::int as pause_days,
        -- a few changed from a partner to us, or the other way round, at the same price: no conflict, but it looks
        -- alike for a year
        case when kind is null and unit(idx, 47) < 0.008 then floor(1450 * unit(idx, 48))::int end as channel_day,
        is_prospect and unit(idx, 49) < 0.06 as is_unowned,
        coalesce(m.planted, '') as manager_planted
    from dated d join demo_manager m using (manager_idx)),
partnered as (
    select s.*, case when by_partner then p.partner_idx end as partner_idx,
        case when kind = 'channel_conflict' and lot % 3 = 0 then q.partner_idx end as other_partner_idx,
        case when channel_day is not null and not by_partner then p.partner_idx end as earlier_partner_idx
    from served s
    join demo_partner p on p.region_no = s.region_no and p.place = 1 + floor(pow(unit(s.idx, 52), 1.6) * p.places)::int
    join demo_partner q on q.region_no = s.region_no and q.place = 1 + p.place % q.places),
lines as (
    -- an order line takes one of sixteen slots; with 5 to 13 distinct draws in them each account buys its own few
    -- product lines
    select idx, list(line_no order by slot) as slots
    from (select idx, unnest(range(16)) as slot from demo_profile) d
    join demo_product_line l on unit(idx * 16 + slot % (5 + idx % 9), 53) between l.upto - l.share and l.upto
    group by idx)
select p.*, slots, account_no(idx) as account_id, manager_no(manager_idx) as manager_id,
    manager_no(former_idx) as former_id,
    partner_no(partner_idx) as partner_id, partner_no(other_partner_idx) as other_partner_id,
    partner_no(earlier_partner_idx) as earlier_partner_id,
    case when cause = 'manager_changed' then died_day - 75
         -- other deaths and single threads must not have a handover as well
         when kind in ('single_threaded', 'died') or is_prospect or on_day(natural_handover) < created_on + 30 then null
         else natural_handover end::int as handover_day,
    -- discount on the list price; a partner's price is lower, for it serves the account itself
    0.05 + 0.07 * unit(idx, 61) + case when by_partner then 0.02 else 0 end as discount,
    case when kind = 'deep_discount' then 0.24 + 0.07 * unit(idx, 62) end as deep_discount,
    case when kind = 'channel_conflict' then 0.11 + 0.08 * unit(idx, 63) else 0 end as price_gap,
    case when kind = 'price_sensitive' then 0.45 when kind is null then 0.06 else 0 end as promotion_share,
    case when kind = 'price_sensitive' then 2.2 + 0.8 * unit(idx, 64) else 1.0 end as promotion_uplift,
    case when kind = 'fake_big' then 4.5 when kind is null then 0.5 + unit(idx, 65) else 1.0 end as return_weight,
    [30, 30, 45, 60][1 + floor(4 * unit(idx, 66))::int] as terms,
    case when kind = 'fake_big' then 55 + 50 * unit(idx, 67) when unit(idx, 67) < 0.08 then 25 else 3 end as days_late,
    line_value * case when kind = 'fake_big' then 1.7 else 1.0 end as value_of_line,
    case when size_rank < 0.01 then 'S' when size_rank < 0.24 then 'A' when start_day > final_day() - 365 then 'N'
         when size_rank < 0.55 then 'B' else 'C' end as care
from partnered p join lines using (idx);

-- One row per account: its name, unique in the company.
create or replace temp table demo_name as
with numbered as (
    select idx, parent_idx, industry_no, city_no, row_number() over (partition by industry_no, parent_idx is null
        order by idx) as n from demo_plan),
stems as (select count(*) as stems from demo_stem),
own as (
    -- 4099 is prime, so the walk through stems × nouns meets no pair twice
    select idx, n, industry_no, stem_zh, stem_en, combo // stems as noun_no,
        nouns_zh[1 + combo // stems] as noun_zh, nouns_en[1 + combo // stems] as noun_en, is_company
    from (select *, (n * 4099 + industry_no * 577) % (stems * 6) as combo from numbered cross join stems
        where parent_idx is null)
    join demo_stem on stem_no = combo % stems join demo_industry using (industry_no)),
worded as (
    select n.idx, o.stem_zh || o.noun_zh || case when n.parent_idx is not null then '（' || c.city_zh || '）'
            when n.idx <= getvariable('demo_groups') and is_company then '集团'
                when is_company then pick(['有限公司', '股份有限公司', ''], n.idx, 71) else '' end as zh,
        o.stem_en || ' ' || o.noun_en || case when n.parent_idx is not null then ' ' || c.city
            when n.idx <= getvariable('demo_groups') and is_company then ' Group'
                when is_company then pick([' Co., Ltd.', ' Corporation', ''], n.idx, 71) else '' end as en,
        unit(coalesce(n.parent_idx, n.idx), 72) as flavour
    from numbered n join own o on o.idx = coalesce(n.parent_idx, n.idx) join demo_city c using (city_no))
select idx, case when flavour < 0.62 then zh || ' ' || en when flavour < 0.82 then zh else en end as name from worded;
