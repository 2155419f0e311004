-- grain: one row per deal: open ones as they stand, closed ones of the period, or those begun in it that reached a stage
-- default: stage = any
-- default: reached = any
-- default: outcome = any
-- default: flag = any
-- default: reason = any
-- default: competitor = any
-- default: limit = 1000000
with usual as (
    select median(date_diff('day', created_on, closed_on)) as days from deals where outcome = 'won' and closed_on < $end
),
flagged as (
    select
        d.*,
        date_diff('day', d.created_on, coalesce(d.closed_on, cast($as_of as date))) as age,
        case when d.outcome = 'open' and d.expected_close is not null then greatest(date_diff('day', d.expected_close, cast($as_of as date)), 0) end as days_past_close,
        d.outcome = 'open' and date_diff('day', d.created_on, cast($as_of as date)) > u.days as is_old
    from deals as d
    cross join usual as u
),
far as (
    select s.opportunity_id, max(s.place) as furthest from deal_steps as s where s.entered_on <= $deal_day group by s.opportunity_id
)
select
    d.opportunity_id,
    d.account_id,
    d.account_name,
    d.manager_id,
    m.name as manager_name,
    d.stage,
    d.outcome,
    d.amount,
    d.created_on,
    d.expected_close,
    d.closed_on,
    d.age,
    d.days_past_close,
    d.is_old,
    d.lost_reason,
    d.competitor,
    d.product_line,
    c.chance
from flagged as d
left join managers as m on m.manager_id = d.manager_id
left join stage_chances as c on c.place = d.place
left join far as f on f.opportunity_id = d.opportunity_id
where
    case
        when $reached <> 'any' then
            d.begun_on >= $start and d.begun_on < $end and d.is_path_known
            and exists (
                select 1 from stage_chances as g
                where g.stage = $reached
                    and case g.outcome when 'open' then d.outcome = 'won' or f.furthest >= g.place else d.outcome = g.outcome end
            )
        else d.outcome = 'open' or (d.closed_on >= $start and d.closed_on < $end)
    end
    and $stage in ('any', d.stage)
    and $outcome in ('any', d.outcome)
    and case $flag when 'late' then d.days_past_close > 0 when 'old' then d.is_old when 'any' then true else d.days_past_close > 0 or d.is_old end
    and ($reason = 'any' or (d.outcome = 'lost' and $reason = coalesce(d.lost_reason, $none)))
    and ($competitor = 'any' or (d.outcome = 'lost' and $competitor = coalesce(d.competitor, $none)))
order by d.amount desc nulls last, d.opportunity_id
limit $limit
