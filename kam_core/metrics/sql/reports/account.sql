-- grain: one row per section (identity, tier, manager, month, quarter, line, rhythm, deal, contract, service, ticket, contact, partner, event) and item of the one account in view
-- manager: holder
-- Without exactly one account in view there are no rows. Months, lines and partners end with the period.
-- default: events = 400
with chosen as materialized (
    select * from accounts where (select count(*) from accounts) = 1
),
bought as materialized (
    select o.order_id, o.order_date, o.product_line, o.partner_id, o.amount, o.cost
    from lines_by_account as o
    where o.account_id in (select account_id from chosen) and o.order_date < $end
),
identity as (
    select 'region' as key, region as name, cast(null as double) as value, cast(null as date) as day from chosen
    union all select 'industry', industry, null, null from chosen
    union all select 'segment', segment, null, null from chosen
    union all select 'city', city, null, null from chosen
    union all select 'group', case when group_id <> account_id then group_name end, null, null from chosen
    union all select 'members', null, (select nullif(count(*), 1) from permitted as p where p.group_id = chosen.group_id), null from chosen
    union all select 'manager', coalesce(manager_name, manager_id), null, null from chosen
    union all select 'created_on', null, null, created_on from chosen
    union all select 'employees', null, employees, null from chosen
    union all select 'annual_revenue', null, annual_revenue, null from chosen
    union all select 'potential', null, potential_annual_revenue, null from chosen
    union all select 'competitor', competitor, null, null from chosen
    union all select 'strategic', case when strategic then 'yes' end, null, null from chosen
),
own_tiers as materialized (
    select
        h.as_of,
        h.tier,
        h.value,
        lag(h.tier) over (order by h.as_of) as tier_before,
        lag(h.as_of) over (order by h.as_of) as as_of_before
    from account_history as h
    inner join chosen as c on c.account_id = h.account_id
    where h.as_of <= $as_of
),
own_months as materialized (
    select
        m.month,
        sum(m.revenue) as revenue,
        case when sum(m.costed_revenue) <> 0 then sum(m.costed_revenue) - sum(m.cost) end as margin,
        1 - sum(m.listed_revenue) / nullif(sum(m.list_amount), 0) as discount
    from account_month as m
    inner join chosen as c on c.account_id = m.account_id
    where m.month < $end
    group by m.month
),
own_quarters as materialized (
    select
        date_trunc('quarter', m.month) as quarter,
        sum(m.revenue) as revenue,
        (sum(m.costed_revenue) - sum(m.cost)) / nullif(sum(m.costed_revenue), 0) as gross_margin,
        1 - sum(m.listed_revenue) / nullif(sum(m.list_amount), 0) as discount
    from account_month as m
    inner join chosen as c on c.account_id = m.account_id
    where m.month < $end
    group by date_trunc('quarter', m.month)
),
own_lines as (
    select
        product_line,
        coalesce(sum(amount) filter (where order_date >= $trailing_start), 0) as revenue,
        coalesce(sum(amount) filter (where order_date < $trailing_start), 0) as revenue_before,
        sum(amount - cost) filter (where order_date >= $trailing_start and cost is not null) as margin
    from bought
    where order_date >= $trailing_before
    group by product_line
),
order_days as (
    select order_date, date_diff('day', lag(order_date) over (order by order_date), order_date) as gap
    from (select distinct order_date from bought where amount > 0)
),
rhythm as (
    select count(*) as days, median(gap) as usual_gap, avg(gap) as mean_gap, max(order_date) as last_day from order_days
),
own_orders as (
    select order_id, min(order_date) as day, sum(amount) as amount, count(*) as lines, any_value(product_line) as product_line
    from bought
    group by order_id
),
own_deals as materialized (
    select o.* from opportunities as o inner join chosen as c on c.account_id = o.account_id
),
agreements as (
    select
        k.contract_id,
        k.start_on,
        k.end_on,
        k.product_line,
        k.committed_amount,
        k.discount_rate,
        coalesce(sum(b.amount), 0) as bought
    from contracts as k
    inner join chosen as c on c.account_id = k.account_id
    left join bought as b
        on b.order_date >= k.start_on and b.order_date <= k.end_on and (k.product_line is null or b.product_line = k.product_line)
    group by k.contract_id, k.start_on, k.end_on, k.product_line, k.committed_amount, k.discount_rate
),
met as materialized (
    select x.date as day, lower(x.kind) as kind, x.contact_id, x.manager_id, x.minutes
    from activities as x
    inner join chosen as c on c.account_id = x.account_id
    where x.date < $end
),
people as materialized (
    select k.* from contacts as k inner join chosen as c on c.account_id = k.account_id
),
asked as materialized (
    select t.* from tickets as t inner join chosen as c on c.account_id = t.account_id where t.opened_at < $end
),
held as materialized (
    select s.*, coalesce(m.name, s.manager_id) as manager_name
    from assignments as s
    inner join chosen as c on c.account_id = s.account_id
    left join managers as m on m.manager_id = s.manager_id
),
own_events as (
    select day, case when amount < 0 then 'return' else 'order' end as kind, order_id as key, product_line as name, cast(amount as double) as value, cast(lines as double) as other from own_orders
    union all
    select a.day, a.kind, a.manager_id, k.name, null, a.minutes from met as a left join people as k on k.contact_id = a.contact_id
    union all
    select cast(opened_at as date), 'ticket', ticket_id, kind, null, date_diff('minute', opened_at, first_response_at) / 60 from asked
    union all
    select created_on, 'deal_opened', opportunity_id, product_line, amount, null from own_deals
    union all
    select closed_on, case when lower(outcome) = 'won' then 'deal_won' else 'deal_lost' end, opportunity_id, coalesce(lost_reason, product_line), amount, null
    from own_deals where closed_on is not null
    union all
    select start_on, 'contract_start', contract_id, product_line, committed_amount, null from agreements
    union all
    select end_on, 'contract_end', contract_id, product_line, committed_amount, null from agreements where end_on < $end
    union all
    select from_on, 'manager', manager_id, manager_name, null, null from held
    union all
    select as_of, 'tier', tier, tier_before, value, null from own_tiers where tier_before is not null and tier <> tier_before
),
latest as (
    select * from own_events where day < $end order by day desc, kind, key limit $events
),
sections as (
    select 1 as part, 'identity' as section, day, cast(null as date) as until, key, name, value, cast(null as double) as before, cast(null as double) as other, cast(null as varchar) as note
    from identity where name is not null or value is not null or day is not null
    union all
    select 2, 'tier', as_of, null, tier, tier_before, value, null, null, null from own_tiers where tier_before is null or tier <> tier_before
    union all
    select 3, 'manager', from_on, to_on, manager_id, manager_name, null, null, null, null from held
    union all
    select 4, 'month', n.month, null, null, null, n.revenue, b.revenue, n.margin, null
    from own_months as n left join own_months as b on b.month = n.month - interval 12 months
    union all
    select 5, 'quarter', quarter, null, null, null, revenue, gross_margin, discount, null from own_quarters
    union all
    select
        6, 'line', null, null, product_line, product_line, revenue, revenue_before, margin,
        case when revenue > 0 and revenue_before <= 0 then 'gained' when revenue <= 0 and revenue_before > 0 then 'lost' end
    from own_lines
    union all
    select 7, 'rhythm', last_day, null, 'usual_gap', null, usual_gap, mean_gap, date_diff('day', last_day, $as_of), cast(days as varchar) from rhythm where days > 0
    union all
    select 8, 'deal', coalesce(closed_on, expected_close), created_on, opportunity_id, product_line, amount, null, null, coalesce(outcome, stage) from own_deals
    union all
    select 9, 'contract', start_on, end_on, contract_id, product_line, committed_amount, bought, discount_rate, null from agreements
    union all
    select 10, 'service', max(day), null, kind, null, count(*) filter (where day >= $trailing_start), count(*) filter (where day >= $trailing_before and day < $trailing_start), sum(minutes) filter (where day >= $trailing_start), null from met group by kind
    union all
    select 11, 'ticket', cast(opened_at as date), cast(resolved_at as date), ticket_id, kind, date_diff('minute', opened_at, first_response_at) / 60, date_diff('minute', opened_at, resolved_at) / 60, satisfaction, severity from asked
    union all
    select 12, 'contact', max(a.day), null, k.contact_id, k.name, count(a.day), null, null, concat_ws(' · ', k.role, k.title)
    from people as k left join met as a on a.contact_id = k.contact_id and a.day >= $trailing_start
    group by k.contact_id, k.name, k.role, k.title
    union all
    select 13, 'partner', max(b.order_date), min(b.order_date), b.partner_id, coalesce(p.name, b.partner_id), sum(b.amount) filter (where b.order_date >= $trailing_start), sum(b.amount) filter (where b.order_date >= $trailing_before and b.order_date < $trailing_start), null, null
    from bought as b left join partners as p on p.partner_id = b.partner_id
    group by b.partner_id, p.name
    union all
    select 14, 'event', day, null, kind, name, value, null, other, key from latest
)
select section, day, until, key, name, value, before, other, note
from sections
order by part, case when section in ('deal', 'contract', 'ticket', 'event', 'contact') then -epoch(day) else epoch(day) end nulls last, value desc nulls last, key
