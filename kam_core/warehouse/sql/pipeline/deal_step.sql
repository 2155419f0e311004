-- grain: one row per opportunity and open stage it has passed or is in: first entered, last left (null: still there)
create table mart.deal_step as
select
    s.opportunity_id,
    s.place,
    min(s.from_on) as entered_on,
    case when count(*) = count(s.until_on) then max(s.until_on) end as left_on
from mart.deal_state as s
where s.outcome = 'open' and s.place is not null
group by s.opportunity_id, s.place
order by s.opportunity_id, s.place;
