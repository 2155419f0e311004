-- grain: one row per years of silence (1, 2, 3) and gaps that this is of the own rhythm: how many came back in a year
-- A year of silence says little of an account that orders twice a year, and much of one that orders every week.
create table mart.return_chance as
with ordered as (
    select
        account_id,
        day,
        lead(day) over w as next_day,
        row_number() over w as number,
        min(day) over (partition by account_id) as first_day
    from core.account_day
    where sold > 0
    window w as (partition by account_id order by day)
),
silences as (
    select
        years_silent,
        next_day,
        day + 365 * years_silent as reached_on,
        365 * years_silent * (number - 1) / nullif(date_diff('day', first_day, day), 0) as gaps
    from ordered
    cross join (select unnest([1, 2, 3]) as years_silent) as steps
)
select
    years_silent,
    case when gaps < 6 then 'few' when gaps < 15 then 'some' else 'many' end as gaps,
    count(*) as reached,
    count(*) filter (where next_day <= reached_on + 365) as returned
from silences
where reached_on + 365 <= $as_of and coalesce(next_day, date '9999-12-31') > reached_on and gaps is not null
group by years_silent, case when gaps < 6 then 'few' when gaps < 15 then 'some' else 'many' end;
