-- grain: one row per earlier period and region (null: all together): the forecast made with as many days left as now, and what came, as shares of the expected amount
-- default: kind = any
select kind, region, starts_on, asked_on, low, high, actual, held
from forecast_grades
where $kind in ('any', kind) and (region is null or region in (select region from accounts))
order by kind, region nulls first, starts_on
