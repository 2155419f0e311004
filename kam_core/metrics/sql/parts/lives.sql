-- grain: one row per account in view and asked day ($since, $until): its state, since when, and what it bought in the 12 months before
select
    a.account_id,
    d.side,
    d.day,
    case
        when d.is_last and r.state is not null then r.state
        when l.state is not null then l.state
        when o.account_id is not null then 'target'
        when a.created_on is null or a.created_on <= d.day then 'prospect'
    end as state,
    case
        when d.is_last and r.state is not null then r.state_since
        when l.state is not null then l.from_on
        when o.account_id is not null then o.since_on
        else a.created_on
    end as state_on
from accounts as a
cross join (
    select 'before' as side, day, day >= as_of as is_last from (
        select coalesce(try_cast($since as date), cast(cast($as_of as date) - interval 12 months as date)) as day, as_of from facts
    )
    union all
    select 'now', day, day >= as_of from (
        select coalesce(try_cast($until as date), cast($as_of as date)) as day, as_of from facts
    )
) as d
left join account_lives as l on l.account_id = a.account_id and l.from_on <= d.day and (d.day < l.until_on or l.until_on is null)
left join account_risk as r on r.account_id = a.account_id
left join (
    select s.account_id, w.side, min(s.from_on) as since_on
    from deal_states as s
    cross join (
        select 'before' as side, coalesce(try_cast($since as date), cast(cast($as_of as date) - interval 12 months as date)) as day
        union all
        select 'now', coalesce(try_cast($until as date), $deal_day)
    ) as w
    where s.outcome = 'open' and s.from_on <= w.day and (w.day < s.until_on or s.until_on is null)
    group by s.account_id, w.side
) as o on o.account_id = a.account_id and o.side = d.side
