-- grain: one row per account: what it has brought so far, and the margin share of its last twelve months
with so_far as (
    select
        account_id,
        sum(cast(revenue as double)) as past_revenue,
        sum(cast(costed_revenue - cost as double)) filter (where costed_revenue <> 0) as past_margin
    from mart.account_month
    where month <= $as_of
    group by account_id
),
trailing_year as (
    select
        account_id,
        cast(costed_revenue - cost as double) / nullif(cast(costed_revenue as double), 0) as margin_share
    from mart.account_trailing
    where as_of = $as_of
)
select
    cast(row_number() over (order by a.account_id) - 1 as integer) as place,
    s.past_revenue,
    s.past_margin,
    t.margin_share,
    (
        select cast(sum(costed_revenue - cost) as double) / nullif(cast(sum(costed_revenue) as double), 0)
        from mart.account_month where month <= $as_of
    ) as company_share
from mart.account as a
left join so_far as s on s.account_id = a.account_id
left join trailing_year as t on t.account_id = a.account_id;
