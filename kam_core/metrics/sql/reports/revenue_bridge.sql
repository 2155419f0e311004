-- grain: one row per cause of the change in revenue against the same days of the year before; changes sum to the total
with period as (
    select
        account_id,
        coalesce(sum(revenue) filter (where side = 'now'), 0) as revenue,
        coalesce(sum(revenue) filter (where side = 'before'), 0) as revenue_before
    from sales
    group by account_id
),
caused as (
    select
        p.*,
        case
            when p.revenue_before = 0 and a.first_order_on < $start then 'won_back'
            when p.revenue_before = 0 then 'new'
            when p.revenue <= 0 then 'lost'
            when p.revenue >= p.revenue_before then 'expansion'
            else 'contraction'
        end as cause
    from period as p
    inner join accounts as a on a.account_id = p.account_id
)
select
    cause,
    count(*) as accounts,
    sum(revenue) as revenue,
    sum(revenue_before) as revenue_before,
    sum(revenue) - sum(revenue_before) as change
from caused
where revenue <> 0 or revenue_before <> 0
group by cause
order by case cause when 'new' then 1 when 'won_back' then 2 when 'expansion' then 3 when 'contraction' then 4 else 5 end
