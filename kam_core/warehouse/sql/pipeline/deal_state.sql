-- grain: one row per opportunity and day from which it stood as it says, up to, not including, `until_on` (null: still)
-- From the history of stages, loaded or told by successive loads. Where that does not tell how a deal began or ended,
-- the deal's own days do: open at a stage nobody knows from its creation, won or lost from its close.
create table mart.deal_state as
with told as (
    select
        h.opportunity_id,
        case
            when s.outcome <> 'open' and h.source_line is null then least(h.entered_on, coalesce(d.closed_on, h.entered_on))
            else h.entered_on
        end as from_on,
        s.place,
        case when s.outcome <> 'open' and h.entered_on >= d.closed_on then d.outcome else s.outcome end as outcome,
        coalesce(h.amount, d.amount) as amount,
        coalesce(h.expected_close, d.expected_close) as expected_close,
        h.source_id,
        h.source_line
    from raw.stage_history as h
    inner join mart.deal as d on d.opportunity_id = h.opportunity_id
    inner join mart.deal_stage as s on s.key = lower(trim(h.stage))
),
began as (
    select opportunity_id, min(from_on) as from_on, min_by(outcome, from_on) as outcome, bool_or(outcome <> 'open') as has_end
    from told
    group by opportunity_id
),
completed as (
    select * from told
    union all
    select
        d.opportunity_id, coalesce(d.begun_on, f.as_of), case when d.outcome = 'open' then d.place end, 'open', d.amount,
        d.expected_close, -1, null
    from mart.deal as d
    cross join mart.facts as f
    left join began as b on b.opportunity_id = d.opportunity_id
    where
        (b.opportunity_id is null and (d.outcome = 'open' or d.begun_on < d.closed_on))
        or (b.outcome <> 'open' and d.created_on < b.from_on)
    union all
    select
        d.opportunity_id, coalesce(d.closed_on, d.begun_on, f.as_of), d.place, d.outcome, d.amount, d.expected_close,
        2147483647, null
    from mart.deal as d
    cross join mart.facts as f
    left join began as b on b.opportunity_id = d.opportunity_id
    where d.outcome <> 'open' and not coalesce(b.has_end, false)
),
ordered as (
    select
        c.*,
        row_number() over (
            partition by c.opportunity_id, c.from_on
            order by case when c.outcome = 'open' then 1 else 0 end, c.source_id desc, c.source_line desc nulls last, c.place desc
        ) as nth
    from completed as c
    inner join mart.deal as d on d.opportunity_id = c.opportunity_id
    where c.outcome <> 'open' or d.outcome = 'open' or d.closed_on is null or c.from_on < d.closed_on
)
select
    opportunity_id,
    from_on,
    lead(from_on) over (partition by opportunity_id order by from_on) as until_on,
    place,
    outcome,
    amount,
    expected_close
from ordered
where nth = 1
order by opportunity_id, from_on;
