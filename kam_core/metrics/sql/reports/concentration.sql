-- grain: one row: how much of the period's revenue hangs on the largest accounts, children counted with their parent
-- default: by = group
with groups as (
    select case when $by = 'account' then account_id else group_id end as group_id, greatest(sum(revenue), 0) as revenue
    from sales
    where side = 'now'
    group by case when $by = 'account' then account_id else group_id end
),
shares as (
    select revenue, revenue / nullif(sum(revenue) over (), 0) as share, row_number() over (order by revenue desc, group_id) as place
    from groups
)
select
    count(*) filter (where revenue > 0) as groups,
    10000 * sum(share * share) as hhi,
    1 / nullif(sum(share * share), 0) as effective_groups,
    sum(share) filter (where place <= 1) as top_1_share,
    sum(share) filter (where place <= 5) as top_5_share,
    sum(share) filter (where place <= 10) as top_10_share,
    sum(share) filter (where place <= 20) as top_20_share
from shares
