-- grain: one row per group (or account) among the largest by revenue of the period, with its share and that of all down to it
-- `account_id`: the account behind the row, where it is one alone.
-- default: by = group
-- default: limit = 20
with owners as (
    select
        case when $by = 'account' then account_id else group_id end as owner_id,
        count(distinct account_id) as accounts,
        case when count(distinct account_id) = 1 then min(account_id) end as account_id,
        sum(revenue) as revenue,
        case when sum(costed_revenue) <> 0 then sum(costed_revenue) - sum(cost) end as margin
    from sales
    where side = 'now'
    group by case when $by = 'account' then account_id else group_id end
),
ranked as (
    select
        *,
        row_number() over (order by revenue desc, owner_id) as place,
        greatest(revenue, 0) / nullif(sum(greatest(revenue, 0)) over (), 0) as share,
        margin / nullif(sum(margin) over (), 0) as margin_share
    from owners
),
owner_names as (
    select
        case when $by = 'account' then account_id else group_id end as owner_id,
        min(case when $by = 'account' then name else group_name end) as name
    from accounts
    group by case when $by = 'account' then account_id else group_id end
)
select
    r.place,
    r.owner_id,
    n.name,
    r.accounts,
    r.account_id,
    r.revenue,
    r.share,
    sum(r.share) over (order by r.place) as share_to_here,
    r.margin,
    r.margin_share,
    r.share > $policy_alerts_account_share as is_above_limit
from ranked as r
inner join owner_names as n on n.owner_id = r.owner_id
where r.revenue > 0 and (r.place <= $limit or r.share > $policy_alerts_account_share)
order by r.place
