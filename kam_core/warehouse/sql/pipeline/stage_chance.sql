-- grain: one row per stage: the share of the closed deals that passed it which were won, and the chance that counts
-- Own history speaks from 30 closed deals on, before that the policy; for neither nothing is said.
create table mart.stage_chance as
with passed as (
    select
        t.place,
        count(*) as closed,
        count(*) filter (where d.outcome = 'won') as won
    from mart.deal_step as t
    inner join mart.deal as d on d.opportunity_id = t.opportunity_id
    where d.outcome <> 'open' and d.is_path_known
    group by t.place
)
select
    s.place,
    s.stage,
    s.outcome,
    s.is_known,
    coalesce(p.closed, 0) as closed,
    coalesce(p.won, 0) as won,
    s.policy_chance,
    case
        when s.outcome = 'open' and p.closed >= 30 then p.won / cast(p.closed as double)
        else s.policy_chance
    end as chance
from mart.deal_stage as s
left join passed as p on p.place = s.place;
