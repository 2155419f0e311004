-- grain: one row per earlier period: the forecast made with as many days left as now, and what came, as shares of the expected amount
-- default: kind = any
select kind, starts_on, asked_on, low, high, actual, held
from forecast_grades
where $kind in ('any', kind)
order by kind, starts_on
