-- grain: one row per cause of the change in revenue against the same days of the year before; changes sum to the total
select
    cause,
    count(*) as accounts,
    sum(revenue) as revenue,
    sum(revenue_before) as revenue_before,
    sum(revenue) - sum(revenue_before) as change
from revenue_causes
group by cause
order by case cause when 'new' then 1 when 'won_back' then 2 when 'expansion' then 3 when 'contraction' then 4 else 5 end
