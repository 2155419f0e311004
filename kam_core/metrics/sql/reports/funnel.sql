-- grain: one row per stage that deals in view are in or were in, and part (`by`: region, industry, manager, product_line, partner, tier, segment; team, office: those of the manager)
-- How far the deals begun in the period came is known only where the way through the stages is (`known`, `unknown`:
-- deals begun in the period with and without it); the deals that stand there now are always known.
-- default: by = none
with parts as (
    select
        d.*,
        case $by
            when 'region' then coalesce(d.region, $none) when 'industry' then coalesce(d.industry, $none)
            when 'manager' then coalesce(d.manager_id, $none) when 'product_line' then coalesce(d.product_line, $none)
            when 'partner' then coalesce(d.partner_id, $none) when 'tier' then coalesce(d.tier, $none)
            when 'segment' then coalesce(d.segment, $none) when 'team' then coalesce(m.team, $none)
            when 'office' then coalesce(m.region, $none)
        end as part,
        d.begun_on >= $start and d.begun_on < $end as is_new,
        date_diff('day', d.created_on, cast($as_of as date)) as age
    from deals as d
    left join managers as m on m.manager_id = d.manager_id
),
steps as (
    select s.opportunity_id, s.place, s.entered_on, s.left_on, d.part
    from deal_steps as s
    inner join parts as d on d.opportunity_id = s.opportunity_id
    where s.entered_on <= $deal_day
),
reach as (
    select
        d.opportunity_id, d.part, d.amount, d.outcome,
        case when d.outcome = 'won' then (select max(place) from stage_chances where outcome = 'open') else max(s.place) end as furthest
    from parts as d
    left join steps as s on s.opportunity_id = d.opportunity_id
    where d.is_new and d.is_path_known
    group by d.opportunity_id, d.part, d.amount, d.outcome
),
places as (
    select p.part, g.place, g.stage, g.outcome, g.chance, g.closed as closed_deals_behind_chance
    from (select distinct part from parts) as p
    cross join stage_chances as g
    where g.place in (select place from parts union select place from steps)
),
standing as (
    select
        part, place, count(*) as deals, sum(amount) as amount,
        median(case when outcome = 'open' then age end) as age_of_open,
        count(*) filter (where outcome = 'open' and expected_close < $as_of) as past_close
    from parts
    where outcome = 'open' or (closed_on >= $start and closed_on < $end)
    group by part, place
),
won as (
    select part, median(date_diff('day', created_on, closed_on)) as days_of_won
    from parts
    where outcome = 'won' and closed_on < $end
    group by part
),
old as (
    select d.part, d.place, count(*) as older_than_won
    from parts as d
    inner join won as w on w.part is not distinct from d.part and d.age > w.days_of_won
    where d.outcome = 'open'
    group by d.part, d.place
),
reached as (
    select
        p.part, p.place, count(r.opportunity_id) as reached, sum(r.amount) as reached_amount
    from places as p
    inner join reach as r
        on r.part is not distinct from p.part
        and case p.outcome when 'open' then r.furthest >= p.place else r.outcome = p.outcome end
    group by p.part, p.place
),
known as (
    select part, count(*) filter (where is_path_known) as known, count(*) filter (where not is_path_known) as unknown
    from parts
    where is_new
    group by part
),
lasted as (
    select part, place, median(date_diff('day', entered_on, left_on)) as days_in_stage, count(*) as left_stage
    from steps
    where left_on >= $start and left_on < $end
    group by part, place
),
together as (
    select
        p.*,
        coalesce(s.deals, 0) as deals,
        case when s.deals is null then 0 else s.amount end as amount,
        case when k.known > 0 then coalesce(r.reached, 0) end as reached,
        case when k.known > 0 then case when r.reached is null then 0 else r.reached_amount end end as reached_amount,
        l.days_in_stage,
        case when p.outcome = 'open' then s.age_of_open end as age_of_open,
        w.days_of_won,
        case when p.outcome = 'open' then coalesce(s.past_close, 0) end as past_close,
        case when p.outcome = 'open' then coalesce(o.older_than_won, 0) end as older_than_won,
        coalesce(k.known, 0) as known,
        coalesce(k.unknown, 0) as unknown
    from places as p
    left join standing as s on s.part is not distinct from p.part and s.place = p.place
    left join reached as r on r.part is not distinct from p.part and r.place = p.place
    left join lasted as l on l.part is not distinct from p.part and l.place = p.place
    left join won as w on w.part is not distinct from p.part
    left join old as o on o.part is not distinct from p.part and o.place = p.place
    left join known as k on k.part is not distinct from p.part
),
compared as (
    select
        *,
        first_value(reached) over (partition by part order by place) as first_reached,
        first_value(reached_amount) over (partition by part order by place) as first_amount,
        lag(reached) over (partition by part order by place) as previous_reached,
        lag(reached_amount) over (partition by part order by place) as previous_amount
    from together
)
select
    c.part,
    coalesce(m.name, r.name, c.part) as part_name,
    stage,
    outcome,
    deals,
    amount,
    reached,
    reached_amount,
    case when outcome <> 'lost' then reached / nullif(previous_reached, 0) end as of_previous,
    reached / nullif(first_reached, 0) as of_first,
    case when outcome <> 'lost' then reached_amount / nullif(previous_amount, 0) end as amount_of_previous,
    reached_amount / nullif(first_amount, 0) as amount_of_first,
    days_in_stage,
    age_of_open,
    days_of_won,
    past_close,
    older_than_won,
    chance,
    closed_deals_behind_chance,
    known,
    unknown
from compared as c
left join managers as m on $by = 'manager' and m.manager_id = c.part
left join partners as r on $by = 'partner' and r.partner_id = c.part
order by c.part, c.place
