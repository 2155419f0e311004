-- grain: one row per account with revenue in the period or in the same days of the year before, and what it is in the bridge between the two.
select
    p.account_id,
    p.revenue,
    p.revenue_before,
    case
        when p.revenue_before = 0 and a.first_order_on < $start then 'won_back'
        when p.revenue_before = 0 then 'new'
        when p.revenue <= 0 then 'lost'
        when p.revenue >= p.revenue_before then 'expansion'
        else 'contraction'
    end as cause
from (
    select
        account_id,
        coalesce(sum(revenue) filter (where side = 'now'), 0) as revenue,
        coalesce(sum(revenue) filter (where side = 'before'), 0) as revenue_before
    from sales
    group by account_id
) as p
inner join accounts as a on a.account_id = p.account_id
where p.revenue <> 0 or p.revenue_before <> 0
