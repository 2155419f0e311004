-- grain: one row per deal in view as it stands on $deal_day (the end of time, where that is the last day loaded)
select
    d.* exclude (stage, place, outcome, amount, expected_close, closed_on, lost_reason, competitor),
    g.stage,
    s.place,
    s.outcome,
    s.amount,
    s.expected_close,
    s.from_on as state_on,
    case when s.outcome <> 'open' then coalesce(d.closed_on, s.from_on) end as closed_on,
    case when s.outcome = 'lost' then d.lost_reason end as lost_reason,
    case when s.outcome = 'lost' then d.competitor end as competitor
from deal_rows as d
inner join deal_states as s
    on s.opportunity_id = d.opportunity_id and s.from_on <= $deal_day and ($deal_day < s.until_on or s.until_on is null)
left join stage_chances as g on g.place = s.place
