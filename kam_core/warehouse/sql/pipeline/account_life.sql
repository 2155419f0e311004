-- grain: one row per account that has ordered and day from which it was new, active, lost or won back
-- Told from its purchases alone, each day by what was known then. Who was at risk is known for the last day loaded only.
create table mart.account_life as
with bought as (
    select
        account_id,
        day,
        min(day) over (partition by account_id) as first_day,
        row_number() over (partition by account_id order by day) as nth,
        lead(day) over (partition by account_id order by day) as next_day
    from core.account_day
    where sold > 0
),
limited as (
    select
        *,
        day + cast(greatest($lost_days, ceil($lost_gap_factor * coalesce(date_diff('day', first_day, day) / nullif(nth - 1, 0), 0))) as integer) as lost_on
    from bought
),
losses as (
    select account_id, lost_on, next_day as back_on from limited where lost_on <= coalesce(next_day, cast($as_of as date))
),
events as (
    select account_id, first_day as from_on, 'new' as state from bought where nth = 1
    union all
    select account_id, cast(first_day + to_months(cast($new_months as integer)) as date), 'active' from bought where nth = 1
    union all
    select account_id, lost_on, 'lost' from losses
    union all
    select account_id, back_on, 'won_back' from losses where back_on is not null
    union all
    select account_id, cast(back_on + to_months(cast($won_back_months as integer)) as date), 'active' from losses where back_on is not null
),
-- An account that is lost does not turn active because the months of being new or won back are over.
standing as (
    select e.*
    from events as e
    where e.from_on <= $as_of
        and not (
            e.state = 'active'
            and exists (
                select 1 from losses as l
                where l.account_id = e.account_id and l.lost_on <= e.from_on and (l.back_on is null or l.back_on + to_months(cast($won_back_months as integer)) > e.from_on)
            )
        )
),
ordered as (
    select *, row_number() over (partition by account_id, from_on order by case state when 'lost' then 1 when 'won_back' then 2 else 3 end) as nth
    from standing
)
select account_id, state, from_on, lead(from_on) over (partition by account_id order by from_on) as until_on
from ordered
where nth = 1
order by account_id, from_on;
