-- grain: one row per lost account: what a year of it was worth, the chance that it comes back, what it used to buy
-- manager: holder
-- default: limit = 500
with chances as (
    select years_silent, gaps, returned / reached as chance, reached from return_chance where reached >= 20
),
used_to_buy as (
    select account_id, list(product_line order by revenue desc) as lines
    from (
        select account_id, product_line, sum(revenue) as revenue,
            row_number() over (partition by account_id order by sum(revenue) desc, product_line) as place
        from account_month_line
        where product_line is not null and account_id in (select account_id from account_risk where state = 'lost')
        group by account_id, product_line
        having sum(revenue) > 0
    )
    where place <= 3
    group by account_id
),
why as (
    select account_id, arg_max(reason, weight) as reason, arg_max(now, weight) as now, arg_max(usual, weight) as usual,
        arg_max(detail, weight) as detail
    from account_reason
    where reason <> 'silence'
    group by account_id
),
lost as (
    select
        r.*,
        past_revenue / greatest(date_diff('day', first_order_on, last_order_on) / 365.25, 1) as revenue_a_year,
        past_margin / greatest(date_diff('day', first_order_on, last_order_on) / 365.25, 1) as margin_a_year,
        least(greatest(cast(floor(silence_days / 365.0) as integer), 1), 3) as years_silent,
        case when silence_days < 6 * mean_gap_days then 'few' when silence_days < 15 * mean_gap_days then 'some' else 'many' end as gaps
    from account_risk as r
    where state = 'lost'
)
select
    l.account_id,
    l.name,
    l.tier,
    l.region,
    l.industry,
    l.manager_id,
    l.manager_name,
    l.last_order_on,
    l.silence_days,
    l.state_since as lost_since,
    l.orders,
    l.revenue_a_year,
    l.margin_a_year,
    c.chance,
    c.reached as chance_from,
    l.revenue_a_year * c.chance as expected_return,
    u.lines,
    w.reason,
    w.now,
    w.usual,
    w.detail
from lost as l
left join chances as c on c.years_silent = l.years_silent and c.gaps = l.gaps
left join used_to_buy as u on u.account_id = l.account_id
left join why as w on w.account_id = l.account_id
order by expected_return desc nulls last, l.revenue_a_year desc, l.account_id
limit $limit
