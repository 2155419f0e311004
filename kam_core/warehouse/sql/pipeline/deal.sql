-- grain: one row per opportunity: where it stands, how and when it ended, and whether its way there is known
-- What a file says of the outcome counts first, then what its stage means; a deal that ended stands at the stage for it.
create table mart.deal as
with history as (
    select
        h.opportunity_id,
        min(h.entered_on) as first_on,
        max(h.entered_on) filter (where s.outcome <> 'open') as ended_on,
        count(h.source_line) as loaded,
        count(distinct s.place) as stages,
        count(*) filter (where s.outcome = 'open') as open_rows
    from raw.stage_history as h
    inner join mart.deal_stage as s on s.key = lower(trim(h.stage))
    group by h.opportunity_id
),
judged as (
    select
        o.* exclude (outcome, stage, closed_on, source_id, source_line),
        s.stage,
        s.place,
        o.closed_on as said_on,
        case
            when lower(trim(o.outcome)) in ('won', 'win', 'closed won', '赢单', '成交', '已成交', '中标') then 'won'
            when lower(trim(o.outcome)) in ('lost', 'loss', 'closed lost', '输单', '丢单', '未成交', '失败') then 'lost'
            when lower(trim(o.outcome)) = 'open' then 'open'
            else coalesce(s.outcome, 'open')
        end as outcome
    from raw.opportunities as o
    left join mart.deal_stage as s on s.key = lower(trim(o.stage))
),
ends as (
    select outcome, min(place) as place, min_by(stage, place) as stage from mart.deal_stage where outcome <> 'open' group by outcome
)
select
    j.* exclude (said_on, stage, place),
    coalesce(e.stage, j.stage) as stage,
    coalesce(e.place, j.place) as place,
    case when j.outcome <> 'open' then coalesce(j.said_on, h.ended_on) end as closed_on,
    coalesce(j.created_on, h.first_on, j.said_on) as begun_on,
    coalesce(h.open_rows, 0) > 0 and (h.loaded > 0 or h.stages > 1) as is_path_known
from judged as j
left join history as h on h.opportunity_id = j.opportunity_id
left join mart.deal_stage as s on s.place = j.place
left join ends as e on e.outcome = j.outcome and j.outcome <> coalesce(s.outcome, 'open');
