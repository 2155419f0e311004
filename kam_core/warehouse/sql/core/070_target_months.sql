-- grain: one row per loaded target and month that it covers
create table core.target_months as
with lengths as (
    select
        manager_id,
        date_trunc('month', period) as start,
        target_amount,
        case lower(granularity) when 'year' then 12 when 'quarter' then 3 else 1 end as months
    from raw.targets
),
spread as (
    select *, unnest(range(months)) as step from lengths
)
select
    manager_id,
    cast(start + to_months(cast(step as integer)) as date) as month,
    cast(case when step < months - 1 then round(target_amount / months, 2)
         else target_amount - (months - 1) * round(target_amount / months, 2) end as decimal(18, 2)) as target
from spread;
