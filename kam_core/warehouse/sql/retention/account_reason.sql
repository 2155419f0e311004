-- grain: one row per account and reason for its risk: what it is now against what was usual, since when, how strong
-- Looked for in the months before the account's last order and since, so that a cause stays a cause after it has left.
-- `strength` (0 to 1) is how far the sign goes beyond the usual; the weight, which orders the reasons, multiplies it by
-- how much commoner the sign is among accounts at high risk or lately lost than among those at low risk.
create table mart.account_reason as
with anchors as (
    select r.*, r.last_order_on as last_on, coalesce(t.tier, 'C') as care
    from mart.account_risk as r
    -- the tier when it last ordered: an account that is gone falls in tier
    left join mart.account_tier as t
        on t.account_id = r.account_id and t.as_of = least(last_day(r.last_order_on), cast($as_of as date))
),
regularity as (
    -- spread of the gaps against their mean: a regular buyer's fall is a sign sooner than a fitful one's
    select account_id, greatest(0.15, least(1.5, var_samp(gap) / nullif(pow(avg(gap), 2), 0))) as spread
    from (
        select account_id, date_diff('day', lag(day) over (partition by account_id order by day), day) as gap
        from core.account_day
        where sold > 0
    )
    group by account_id
),
days as (
    select d.*, a.last_on, date_diff('day', d.day, a.last_on) as back, a.first_order_on
    from core.account_day as d
    inner join anchors as a on a.account_id = d.account_id
),
pace as (
    select
        account_id,
        last_on,
        count(*) filter (where sold > 0 and back < 180) as orders_now,
        count(*) filter (where sold > 0 and back between 180 and 544) * 180.0
            / greatest(least(365, date_diff('day', first_order_on, last_on) - 180), 1) as orders_usual,
        avg(sold) filter (where sold > 0 and back < 180) as basket_now,
        avg(sold) filter (where sold > 0 and back between 180 and 544) as basket_usual,
        var_samp(sold) filter (where sold > 0 and back < 180) / nullif(count(*) filter (where sold > 0 and back < 180), 0)
            + var_samp(sold) filter (where sold > 0 and back between 180 and 544)
            / nullif(count(*) filter (where sold > 0 and back between 180 and 544), 0) as basket_spread,
        count(*) filter (where sold > 0 and back between 180 and 544) as orders_before
    from days
    group by account_id, last_on, first_order_on
    having date_diff('day', first_order_on, last_on) >= 300
),
months as (
    select m.*, a.last_on, date_diff('month', m.month, a.last_on) as back
    from mart.account_month as m
    inner join anchors as a on a.account_id = m.account_id
    where m.month <= a.last_on
),
sums as (
    select
        account_id,
        last_on,
        cast(sum(costed_revenue) filter (where back < 6) as double) as costed_now,
        cast(sum(cost) filter (where back < 6) as double) as cost_now,
        cast(sum(costed_revenue) filter (where back between 6 and 17) as double) as costed_usual,
        cast(sum(cost) filter (where back between 6 and 17) as double) as cost_usual,
        cast(sum(listed_revenue) filter (where back < 6) as double) as net_now,
        cast(sum(list_amount) filter (where back < 6) as double) as list_now,
        cast(sum(listed_revenue) filter (where back between 6 and 17) as double) as net_usual,
        cast(sum(list_amount) filter (where back between 6 and 17) as double) as list_usual,
        least(sum(orders) filter (where back < 6), sum(orders) filter (where back between 6 and 17)) as orders
    from months
    group by account_id, last_on
),
shares as (
    select
        account_id,
        last_on,
        (costed_now - cost_now) / nullif(greatest(costed_now, 0), 0) as margin_now,
        (costed_usual - cost_usual) / nullif(greatest(costed_usual, 0), 0) as margin_usual,
        1 - net_now / nullif(greatest(list_now, 0), 0) as discount_now,
        1 - net_usual / nullif(greatest(list_usual, 0), 0) as discount_usual
    from sums
    where orders >= 4
),
line_sums as (
    select
        m.account_id,
        m.product_line,
        a.last_on,
        cast(sum(m.revenue) filter (where date_diff('month', m.month, a.last_on) between 6 and 17) as double) as revenue_usual,
        sum(m.lines) filter (where date_diff('month', m.month, a.last_on) between 6 and 17) as lines_usual,
        coalesce(sum(m.lines) filter (where date_diff('month', m.month, a.last_on) < 6), 0) as lines_now,
        max(m.month) as last_month
    from mart.account_month_line as m
    inner join anchors as a on a.account_id = m.account_id
    where m.product_line is not null and m.month <= a.last_on
    group by m.account_id, m.product_line, a.last_on
),
line_shares as (
    select *, revenue_usual / nullif(sum(greatest(revenue_usual, 0)) over (partition by account_id), 0) as share
    from line_sums
),
lines_lost as (
    select *, row_number() over (partition by account_id order by share desc, product_line) as place
    from line_shares
    where lines_now = 0 and lines_usual >= 6 and share >= 0.1
),
visits as (
    select
        a.account_id,
        least(cast($as_of as date), a.last_on + cast(coalesce(a.mean_gap_days, 0) as integer)) as seen_on,
        greatest(max(v.date), a.first_order_on) as visited_on,
        max(v.date) as last_visit_on,
        p.number as cadence
    from anchors as a
    inner join mart.policy as p on p.key = 'service.' || a.care || '.visit_every_days'
    left join raw.activities as v
        on v.account_id = a.account_id and v.kind in ('visit', 'meeting')
        and v.date <= least(cast($as_of as date), a.last_on + cast(coalesce(a.mean_gap_days, 0) as integer))
    where exists (select 1 from raw.activities)
    group by a.account_id, a.last_on, a.first_order_on, a.mean_gap_days, p.number
),
ticket_sums as (
    select
        t.account_id,
        count(*) filter (where t.resolved_at is null and t.opened_at >= a.last_on - interval 120 days
            and cast(t.opened_at as date) <= cast($as_of as date) - 3) as open_tickets,
        min(cast(t.opened_at as date)) filter (where t.resolved_at is null and t.opened_at >= a.last_on - interval 120 days) as open_since,
        count(*) filter (where t.opened_at >= a.last_on - interval 90 days) as tickets_now,
        min(cast(t.opened_at as date)) filter (where t.opened_at >= a.last_on - interval 90 days) as tickets_since,
        count(*) filter (where t.opened_at < a.last_on - interval 90 days and t.opened_at >= a.last_on - interval 455 days) * 90.0 / 365 as tickets_usual,
        avg(t.satisfaction) filter (where t.opened_at >= a.last_on - interval 150 days) as satisfaction_now,
        count(t.satisfaction) filter (where t.opened_at >= a.last_on - interval 150 days) as rated,
        count(*) filter (where t.opened_at >= a.last_on - interval 150 days and t.satisfaction <= 2) as low_rated,
        min(cast(t.opened_at as date)) filter (where t.opened_at >= a.last_on - interval 150 days and t.satisfaction <= 2) as low_since,
        avg(t.satisfaction) filter (where t.opened_at < a.last_on - interval 150 days) as satisfaction_usual
    from raw.tickets as t
    inner join anchors as a on a.account_id = t.account_id
    where cast(t.opened_at as date) <= $as_of
    group by t.account_id
),
handovers as (
    select s.account_id, max(s.from_on) as changed_on
    from core.assignments as s
    inner join anchors as a on a.account_id = s.account_id
    where s.from_on <= $as_of and s.from_on > a.last_on - interval 150 days
        and exists (select 1 from core.assignments as p where p.account_id = s.account_id and p.from_on < s.from_on and p.manager_id <> s.manager_id)
    group by s.account_id
),
deals_lost as (
    select
        o.account_id,
        max(o.closed_on) as lost_on,
        cast(sum(o.amount) as double) as amount,
        max(o.competitor) as competitor
    from raw.opportunities as o
    inner join anchors as a on a.account_id = o.account_id
    where (o.competitor is not null or lower(o.lost_reason) like '%compet%' or o.lost_reason like '%竞争%')
        and (lower(o.outcome) = 'lost' or o.stage in (select stage from mart.stage where outcome = 'lost'))
        and o.closed_on <= $as_of and o.closed_on > a.last_on - interval 120 days
    group by o.account_id
),
contract_ends as (
    select c.account_id, max(c.end_on) as end_on
    from raw.contracts as c
    where c.start_on <= $as_of
    group by c.account_id
),
running as (
    select
        c.account_id,
        c.start_on,
        cast(c.committed_amount as double) as committed,
        date_diff('day', c.start_on, cast($as_of as date)) * 1.0 / nullif(date_diff('day', c.start_on, c.end_on) + 1, 0) as elapsed,
        sum(d.sold + d.returned) as bought
    from raw.contracts as c
    left join core.account_day as d on d.account_id = c.account_id and d.day >= c.start_on and d.day <= $as_of
    where c.start_on <= $as_of and c.end_on > $as_of and c.committed_amount > 0
    group by c.account_id, c.start_on, c.end_on, c.committed_amount
),
found as (
    select
        account_id, 'silence' as reason, least(1, overdue / 4) as strength, cast(silence_days as double) as now,
        mean_gap_days as usual, cast(null as varchar) as detail, last_order_on + cast(mean_gap_days as integer) as began_on
    from (select *, silence_days / nullif(mean_gap_days, 0) as overdue from anchors)
    where overdue >= 1.5 and silence_days >= 14
    union all
    select p.account_id, 'falling_frequency', least(1, 1.4 * (1 - orders_now / orders_usual)), orders_now, orders_usual, null,
        last_on - 180
    from pace as p
    inner join regularity as g on g.account_id = p.account_id
    where orders_usual >= 3 and orders_now <= 0.7 * orders_usual
        and orders_usual - orders_now >= 1.6 * sqrt(orders_usual * coalesce(g.spread, 1))
    union all
    select account_id, 'falling_basket', least(1, 1 - basket_now / basket_usual), basket_now, basket_usual, null, last_on - 180
    from pace
    where orders_now >= 4 and orders_before >= 6 and basket_now <= 0.7 * basket_usual
        and basket_usual - basket_now >= 1.6 * sqrt(basket_spread)
    union all
    select account_id, 'margin_drop', least(1, (margin_usual - margin_now) / 0.15), margin_now, margin_usual, null,
        last_on - 180
    from shares
    where margin_usual - margin_now >= 0.04
    union all
    select account_id, 'discount_shift', least(1, (discount_now - discount_usual) / 0.15), discount_now, discount_usual, null,
        last_on - 180
    from shares
    where discount_now - discount_usual >= 0.04
    union all
    select account_id, 'line_lost', least(1, 2 * share), 0, share, product_line, cast(last_day(last_month) as date) + 1
    from lines_lost
    where place = 1
    union all
    select account_id, 'no_visit', least(1, date_diff('day', visited_on, seen_on) / (5 * cadence)),
        date_diff('day', visited_on, seen_on), cadence, cast(last_visit_on as varchar), visited_on + cast(cadence as integer)
    from visits
    where date_diff('day', visited_on, seen_on) >= 2 * cadence
    union all
    select account_id, 'open_tickets', least(1, 0.4 + 0.2 * open_tickets), open_tickets, null, null, open_since
    from ticket_sums
    where open_tickets > 0
    union all
    select account_id, 'repeated_tickets', least(1, 0.1 * tickets_now), tickets_now, tickets_usual, null, tickets_since
    from ticket_sums
    where tickets_now >= 3 and tickets_now >= 2 * tickets_usual and open_tickets = 0
    union all
    select account_id, 'low_satisfaction', least(1, 0.4 + 0.2 * low_rated), satisfaction_now, satisfaction_usual, null, low_since
    from ticket_sums
    where low_rated >= 2 and satisfaction_now <= 3
    union all
    select account_id, 'manager_changed', 0.8, date_diff('day', changed_on, cast($as_of as date)), null, null, changed_on
    from handovers
    union all
    select account_id, 'lost_to_competitor', 0.9, amount, null, competitor, lost_on
    from deals_lost
    union all
    select account_id, 'contract_ending', 0.5, date_diff('day', cast($as_of as date), end_on), null, null, end_on - 90
    from contract_ends
    where end_on between cast($as_of as date) - 30 and cast($as_of as date) + 90
    union all
    select account_id, 'contract_behind', least(1, 1 - coalesce(bought, 0) / (committed * elapsed)), coalesce(bought, 0) / committed,
        elapsed, null, start_on
    from running
    where elapsed >= 0.25 and coalesce(bought, 0) < 0.7 * committed * elapsed
),
known as (
    select f.*, a.band = 'high' and a.silence_days < 730 as is_leaving, a.band = 'low' as is_staying
    from found as f
    inner join anchors as a on a.account_id = f.account_id
),
groups as (
    select
        count(*) filter (where band = 'high' and silence_days < 730) as leaving,
        count(*) filter (where band = 'low') as staying
    from anchors
),
rated as (
    select
        reason,
        count(*) as seen,
        -- each sign counts as if seen ten times more, at the same rate among both, so that rare ones claim little
        ln(((count(*) filter (where is_leaving) + 10 * rate) / (any_value(g.leaving) + 10))
            / ((count(*) filter (where is_staying) + 10 * rate) / (any_value(g.staying) + 10))) as evidence
    from (select *, count(*) over (partition by reason) * 1.0 / (select count(*) from anchors) as rate from known) as k
    cross join groups as g
    group by reason, rate
),
weights as (
    -- Until own data say more (50 cases weigh as much), care and competition come before the figures that follow them.
    -- Silence is what the risk itself is read from: it is said of all, and explains none.
    select
        reason,
        case when reason = 'silence' then 0.1 else
            (seen * greatest(coalesce(evidence, 0), 0) + 50 * case
                when reason in ('no_visit', 'open_tickets', 'repeated_tickets', 'low_satisfaction', 'manager_changed',
                    'lost_to_competitor', 'falling_frequency') then 0.7 else 0.2 end) / (seen + 50) end as weight
    from rated
)
select
    k.account_id,
    k.reason,
    k.strength * w.weight as weight,
    k.strength,
    cast(k.now as double) as now,
    cast(k.usual as double) as usual,
    k.detail,
    least(cast(k.began_on as date), cast($as_of as date)) as began_on
from known as k
inner join weights as w on w.reason = k.reason
order by k.account_id, k.strength * w.weight desc, k.reason;
