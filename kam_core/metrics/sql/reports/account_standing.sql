-- grain: one row per figure of one account: its value in the period, and the median of the accounts of its industry that bought in it
-- manager: holder
-- default: account = none
with sums as (
    select
        s.account_id,
        sum(revenue) as revenue,
        sum(orders) as orders,
        (sum(costed_revenue) - sum(cost)) / nullif(sum(costed_revenue), 0) as gross_margin,
        1 - sum(listed_revenue) / nullif(sum(list_amount), 0) as discount_rate,
        sum(returns) / nullif(sum(gross_sales), 0) as return_rate
    from sales as s
    where side = 'now'
    group by s.account_id
),
peers as (
    select p.*, p.account_id = c.account_id as is_own
    from sums as p
    inner join accounts as a on a.account_id = p.account_id
    inner join accounts as c on c.account_id = $account and c.industry = a.industry
),
figures as (
    select account_id, is_own, unnest(
        [
            {'place': 1, 'key': 'revenue', 'value': cast(revenue as double)},
            {'place': 2, 'key': 'gross_margin', 'value': cast(gross_margin as double)},
            {'place': 3, 'key': 'orders', 'value': cast(orders as double)},
            {'place': 4, 'key': 'average_order_value', 'value': cast(revenue / nullif(orders, 0) as double)},
            {'place': 5, 'key': 'discount_rate', 'value': cast(discount_rate as double)},
            {'place': 6, 'key': 'return_rate', 'value': cast(return_rate as double)}
        ],
        recursive := true
    )
    from peers
)
select
    key,
    coalesce(max(value) filter (where is_own), case when key in ('revenue', 'orders') then 0 end) as value,
    median(value) filter (where not is_own) as peers,
    count(value) filter (where not is_own) as peer_accounts
from figures
group by place, key
order by place
