-- One row per opportunity with the day of each step; stages last, pass and fail by hash.
create or replace temp table demo_deal as
with accounts as (
    select *, greatest(start_day - 70, 0) as from_day, least(end_day, final_day()) as to_day,
        case care when 'S' then 6.0 when 'A' then 2.5 when 'B' then 1.0 when 'N' then 0.8 else 0.3 end
            * case when kind = 'growth_star' then 1.6 else 1 end as deals_a_year
    from demo_plan where not is_unowned),
usual as (
    select idx, unnest(range(floor(deals_a_year * (to_day - from_day) / 365.25 + unit(idx, 451))::bigint)) as n,
        false as is_planted from accounts),
planted as (
    select idx, 900 as n, true as is_planted from accounts where cause = 'lost_to_competitor'),
drawn as (
    select a.*, n, is_planted, idx * 1000 + n as item, m.skill
    from (select * from usual union all select * from planted) t join accounts a using (idx)
        join demo_manager m using (manager_idx)),
staged as (
    select *, case when is_planted then died_day - 112 else from_day + floor((to_day - from_day) * unit(item,
        452)) end as created_day,
        case when is_planted then [20, 22, 26, 18]
             else [ceil(s * gamma1(item * 10 + i, 453, 2.0) * case when unit(item, 454) < 0.04 then 3 else 1 end) for s,
                 i in [18, 24, 30, 22]] end as days,
        -- the first stage that it does not pass; 5 is won
        case when is_planted then 4 when unit(item, 455) > pow(0.80, 1 / skill) then 1
            when unit(item, 456) > pow(0.78, 1 / skill) then 2
             when unit(item, 457) > pow(0.74, 1 / skill) then 3 when unit(item, 458) > pow(0.76, 1 / skill) then 4
                 else 5 end as fails_at,
        0.32 * 2.2 * orders_a_year * getvariable('demo_boost') * line_value * exp(0.8 * normal(item, 459) - 0.3)
            * case when is_planted then 2 else 1 end as first_amount
    from drawn)
select * exclude (days), days, created_day + list_sum(days[:least(fails_at, 4)]) as close_day,
    row_number() over (order by created_day, idx, n) as deal_no
from staged;

-- One row per step of a deal: entering a stage, a change of mind half-way, the close.
create or replace temp table demo_step as
with stages as (
    select d.*, stage_no, created_day + coalesce(list_sum(days[:stage_no - 1]), 0) as entered, days[stage_no] as lasts
    from (select *, unnest(range(1, least(fails_at, 4) + 1)) as stage_no from demo_deal) d),
steps as (
    select deal_no, item, stage_no * 2 as step_no, ['Lead', 'Qualified', 'Proposal', 'Negotiation'][stage_no] as stage,
        stage_no, entered as day, 0 as slip from stages
    union all
    select deal_no, item, stage_no * 2 + 1, ['Lead', 'Qualified', 'Proposal', 'Negotiation'][stage_no], stage_no,
        entered + floor(lasts / 2), 10 + floor(25 * unit(item * 10 + stage_no, 461))
    from stages where lasts >= 16 and unit(item * 10 + stage_no, 462) < 0.5
    union all
    select deal_no, item, 10, case when fails_at = 5 then 'Won' else 'Lost' end, 5, close_day, 0 from demo_deal)
select *, workday(on_day(day)) as on_date,
    exp(0.16 * normal(item * 100 + step_no, 463)) as change,
    [94, 76, 52, 22, 0][stage_no] * (0.45 + 0.8 * unit(item * 100 + step_no, 464)) + slip as days_left
from steps where day <= final_day();

insert into raw.stage_history by name
select printf('O%06d', deal_no::int) as opportunity_id, stage, on_date as entered_on,
    greatest(1000, round(first_amount * change / 100) * 100) as amount,
    workday(on_date + ceil(days_left)::int + case when stage_no < 5 then 3 else 0 end) as expected_close,
    0 as source_id, row_number() over (order by deal_no, step_no) as source_line
from demo_step join demo_deal using (deal_no) order by deal_no, step_no;

insert into raw.opportunities by name
with latest as (
    select opportunity_id, max(source_line) as source_line from raw.stage_history group by 1),
state as (
    select h.* from raw.stage_history h join latest using (opportunity_id, source_line)),
told as (
    select d.*, s.stage, s.amount, s.expected_close, s.entered_on, s.opportunity_id,
        case when is_planted then 'competitor' else pick(['price', 'price', 'competitor', 'competitor', 'budget',
            'budget', 'timing', 'relationship', 'product fit'], item, 471) end as reason
    from demo_deal d join state s on s.opportunity_id = printf('O%06d', d.deal_no::int))
select opportunity_id, account_id, stage, amount,
    case when day_of(entered_on) < handover_day then former_id else manager_id end as manager_id, p.product_line,
    workday(on_day(created_day)) as created_on, expected_close, case
        when stage in ('Won', 'Lost') then entered_on end as closed_on,
    case stage when 'Won' then 'won' when 'Lost' then 'lost' else 'open' end as outcome,
    case when stage = 'Lost' then reason end as lost_reason,
    case when stage = 'Lost' and reason in ('competitor', 'price') then pick(competitors, item, 472) end as competitor,
    partner_id, 0 as source_id, deal_no as source_line
from told t join demo_product p on p.rank_no = 1 and p.line_no = t.slots[1 + floor(16 * unit(item, 473))::int]
cross join demo_people order by deal_no;
