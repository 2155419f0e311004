-- grain: one row per manager who holds accounts, sold, has a target or deals in the period: all KPIs, and the median of peers
-- managers: all (peers are taken from all in view; a manager filter only picks rows)
-- default: peers = 10
with held as (
    select
        a.manager_id,
        count(*) as accounts,
        count(*) filter (where a.tier in ('S', 'A')) as key_accounts,
        count(*) filter (where a.tier is not null) as tiered_accounts,
        count(*) filter (where a.tier = 'S') as share_s,
        count(*) filter (where a.tier = 'A') as share_a,
        count(*) filter (where a.tier = 'B') as share_b,
        count(*) filter (where a.tier = 'C') as share_c,
        sum(c.hours) as hours,
        sum(c.visits_done) filter (where c.cadence is not null) as visits_done,
        sum(c.visits_due) as visits_due,
        sum(greatest(c.visits_due - c.visits_done, 0)) as visit_debt,
        count(*) filter (where c.days_untouched > c.cadence) as untouched,
        count(*) filter (where c.days_unvisited > c.cadence) as unvisited
    from accounts as a
    inner join account_care as c on c.account_id = a.account_id
    where a.manager_id is not null
    group by a.manager_id
),
sold as (
    select
        manager_id,
        sum(revenue) filter (where side = 'now') as revenue,
        sum(revenue) filter (where side = 'before') as revenue_before,
        sum(costed_revenue) filter (where side = 'now') as costed_revenue,
        sum(cost) filter (where side = 'now') as cost,
        sum(listed_revenue) filter (where side = 'now') as listed_revenue,
        sum(list_amount) filter (where side = 'now') as list_amount
    from sales
    where manager_id is not null
    group by manager_id
),
cells as (
    -- The mix: what was sold of each product line to accounts of each tier.
    select
        manager_id,
        product_line,
        tier,
        sum(cast(costed_revenue as double)) as costed_revenue,
        sum(cast(cost as double)) as cost,
        sum(cast(listed_revenue as double)) as listed_revenue,
        sum(cast(list_amount as double)) as list_amount
    from account_month_line
    where month >= date_trunc('month', cast($start as date)) and month < $end and manager_id is not null
    group by manager_id, product_line, tier
),
others as (
    -- The same cell sold by everybody else.
    select
        manager_id,
        costed_revenue,
        list_amount,
        (sum(costed_revenue) over cell - costed_revenue) - (sum(cost) over cell - cost) as margin_others,
        sum(costed_revenue) over cell - costed_revenue as costed_others,
        sum(listed_revenue) over cell - listed_revenue as listed_others,
        sum(list_amount) over cell - list_amount as list_others
    from cells
    window cell as (partition by product_line, tier)
),
mixed as (
    select
        manager_id,
        sum(costed_revenue * margin_others / costed_others) filter (where costed_others > 0)
            / nullif(sum(costed_revenue) filter (where costed_others > 0), 0) as margin_of_mix,
        sum(list_amount * (1 - listed_others / list_others)) filter (where list_others > 0)
            / nullif(sum(list_amount) filter (where list_others > 0), 0) as discount_of_mix
    from others
    group by manager_id
),
target_days as (
    select date_trunc('month', day) as month, sum(share) as share
    from sales_days
    where side = 'now'
    group by date_trunc('month', day)
),
targeted as (
    select
        t.manager_id,
        sum(t.target * d.share) as target,
        sum(t.target) filter (where t.month >= $whole_start and t.month < $whole_end) as whole_target
    from targets as t
    left join target_days as d on d.month = t.month
    where $targets_apply
    group by t.manager_id
),
season as (
    -- The share of last year's whole period that was earned by the same day: of all in view, steadier than one manager's own.
    select
        case
            when cast($end as date) >= cast($whole_end as date) then 1.0
            when min(f.first_day) < cast($whole_before_start as date) + interval 1 month
            then (select sum(revenue) from sales where side = 'before')
                / nullif(sum(m.revenue) filter (where m.month >= $whole_before_start and m.month < $whole_before_end), 0)
        end as share
    from facts as f
    left join account_month as m on m.month >= $whole_before_start and m.month < $whole_before_end
),
retention_days as (
    select
        now,
        case when last_day(now) = now then last_day(now - interval 12 months) else cast(now - interval 12 months as date) end as then
    from (
        select
            case
                when e >= f.as_of then f.as_of
                when last_day(e) = e then e
                else cast(date_trunc('month', e) as date) - 1
            end as now
        from facts as f
        cross join (select cast($end as date) - 1 as e)
    )
),
years as (
    select
        t.account_id,
        t.holder_id as manager_id,
        coalesce(sum(t.revenue) filter (where t.as_of = d.now), 0) as revenue,
        coalesce(sum(t.revenue) filter (where t.as_of = d.then), 0) as revenue_before
    from account_trailing as t
    inner join retention_days as d on t.as_of in (d.now, d.then)
    group by t.account_id, t.holder_id
),
retained as (
    select
        manager_id,
        sum(revenue) as held_revenue,
        count(*) filter (where revenue_before > 0) as retention_n,
        sum(revenue) filter (where revenue_before > 0) / nullif(sum(revenue_before) filter (where revenue_before > 0), 0) as nrr,
        sum(least(greatest(revenue, 0), revenue_before)) filter (where revenue_before > 0)
            / nullif(sum(revenue_before) filter (where revenue_before > 0), 0) as grr,
        count(*) filter (where revenue_before > 0 and revenue <= 0) / nullif(count(*) filter (where revenue_before > 0), 0) as logo_churn
    from years
    group by manager_id
),
origin_holders as (
    select b.account_id, b.origin, arg_max(s.manager_id, s.from_on) as manager_id
    from backtest_account as b
    inner join assignments as s on s.account_id = b.account_id and s.from_on <= b.origin
    group by b.account_id, b.origin
),
adjusted as (
    -- Revenue of accounts that stayed, over what the churn model expected to stay at the same earlier dates.
    select
        coalesce(h.manager_id, b.manager_id) as manager_id,
        count(*) as adjusted_n,
        sum(b.revenue) filter (where not b.lost) as kept_revenue,
        sum(b.revenue * (1 - b.risk)) as expected_kept,
        sum(b.revenue) filter (where not b.lost) / nullif(sum(b.revenue * (1 - b.risk)), 0) as adjusted_retention
    from backtest_account as b
    left join origin_holders as h on h.account_id = b.account_id and h.origin = b.origin
    group by coalesce(h.manager_id, b.manager_id)
),
won as (
    select m.manager_id, count(distinct m.account_id) as new_accounts
    from account_month as m
    inner join accounts as a on a.account_id = m.account_id and m.month = date_trunc('month', a.first_order_on)
    where a.first_order_on >= $start and a.first_order_on < $end
    group by m.manager_id
),
dealt as (
    select
        manager_id,
        count(*) filter (where outcome = 'open') as open_deals,
        sum(amount) filter (where outcome = 'open') as pipeline,
        count(*) filter (where outcome <> 'open' and closed_on >= $start and closed_on < $end) as closed_n,
        count(*) filter (where outcome = 'won' and closed_on >= $start and closed_on < $end) as won_n,
        avg(date_diff('day', created_on, closed_on)) filter (where outcome <> 'open' and closed_on >= $start and closed_on < $end) as cycle_days
    from deals
    group by manager_id
),
served as (
    select
        holder_id as manager_id,
        count(*) as tickets_n,
        count(*) filter (where is_open) as open_tickets,
        median(response_hours) as response_hours,
        median(resolution_hours) as resolution_hours,
        count(*) filter (where response_kept) / nullif(count(response_kept), 0) as response_kept,
        count(*) filter (where resolution_kept) / nullif(count(resolution_kept), 0) as resolution_kept,
        avg(satisfaction) as satisfaction,
        count(satisfaction) as satisfaction_n
    from ticket_service
    where opened_at >= $start and opened_at < $end
    group by holder_id
),
months as (
    select manager_id, month, sum(cast(revenue as double)) as revenue
    from account_month
    where month > cast($as_of as date) - interval 13 months and month < date_trunc('month', cast($as_of as date))
    group by manager_id, month
),
trends as (
    select manager_id, list(revenue order by month) as trend from months group by manager_id
),
at_risk as (
    select manager_id, count(*) filter (where band = 'high' and value_at_risk is not null) as high_risk, sum(value_at_risk) as value_at_risk
    from account_risk
    group by manager_id
),
known as (
    select manager_id from held
    union
    select manager_id from sold where revenue <> 0 or revenue_before <> 0
    union
    select manager_id from targeted where target > 0
    union
    select manager_id from dealt where manager_id is not null and (open_deals > 0 or closed_n > 0)
),
figures as materialized (
    select
        k.manager_id,
        coalesce(m.name, k.manager_id) as manager_name,
        m.region,
        m.industry,
        m.team,
        m.left_on,
        coalesce(h.accounts, 0) as accounts,
        coalesce(h.tiered_accounts, 0) as tiered_accounts,
        case when f.orders > 0 then coalesce(h.key_accounts, 0) end as key_accounts,
        case when f.orders > 0 then coalesce(r.held_revenue, 0) end as held_revenue,
        coalesce(h.hours, 0) as hours,
        case when f.orders > 0 then coalesce(s.revenue, 0) end as revenue,
        case when f.orders > 0 then coalesce(s.revenue_before, 0) end as revenue_before,
        (s.revenue - s.revenue_before) / nullif(greatest(s.revenue_before, 0), 0) as growth,
        t.target,
        case when f.orders > 0 then coalesce(s.revenue, 0) / nullif(t.target, 0) end as attainment,
        t.whole_target,
        coalesce(s.revenue, 0) / nullif(z.share * t.whole_target, 0) as pace,
        case when t.whole_target > 0 then greatest(t.whole_target - coalesce(s.revenue, 0), 0) end as gap,
        case when t.whole_target > 0 then greatest(t.whole_target - coalesce(s.revenue, 0), 0) end
            / nullif(greatest(date_diff('day', cast($end as date), cast($whole_end as date)), 0) / 7.0, 0) as gap_per_week,
        r.nrr,
        r.grr,
        r.logo_churn,
        coalesce(r.retention_n, 0) as retention_n,
        j.adjusted_retention,
        coalesce(j.adjusted_n, 0) as adjusted_n,
        (s.costed_revenue - s.cost) / nullif(s.costed_revenue, 0) as gross_margin,
        (s.costed_revenue - s.cost) / nullif(s.costed_revenue, 0) - x.margin_of_mix as margin_lead,
        1 - s.listed_revenue / nullif(s.list_amount, 0) as discount_rate,
        1 - s.listed_revenue / nullif(s.list_amount, 0) - x.discount_of_mix as discount_lead,
        case when f.orders > 0 then coalesce(w.new_accounts, 0) end as new_accounts,
        coalesce(d.open_deals, 0) as open_deals,
        d.pipeline,
        d.won_n / nullif(d.closed_n, 0) as win_rate,
        coalesce(d.closed_n, 0) as closed_n,
        d.cycle_days,
        coalesce(h.visits_done, 0) as visits_done,
        coalesce(h.visits_due, 0) as visits_due,
        case when f.activities > 0 then h.visits_done / nullif(h.visits_due, 0) end as visits_kept,
        case when f.activities > 0 then h.visit_debt end as visit_debt,
        case when f.activities > 0 then h.untouched end as untouched,
        case when f.activities > 0 then h.untouched / nullif(h.tiered_accounts, 0) end as untouched_share,
        case when f.activities > 0 then h.unvisited end as unvisited,
        coalesce(e.tickets_n, 0) as tickets_n,
        e.response_hours,
        e.resolution_hours,
        e.response_kept,
        e.resolution_kept,
        e.satisfaction,
        coalesce(e.satisfaction_n, 0) as satisfaction_n,
        v.high_risk,
        v.value_at_risk,
        n.trend
    from known as k
    cross join season as z
    cross join facts as f
    left join managers as m on m.manager_id = k.manager_id
    left join held as h on h.manager_id = k.manager_id
    left join sold as s on s.manager_id = k.manager_id
    left join mixed as x on x.manager_id = k.manager_id
    left join targeted as t on t.manager_id = k.manager_id
    left join retained as r on r.manager_id = k.manager_id
    left join adjusted as j on j.manager_id = k.manager_id
    left join won as w on w.manager_id = k.manager_id
    left join dealt as d on d.manager_id = k.manager_id
    left join served as e on e.manager_id = k.manager_id
    left join at_risk as v on v.manager_id = k.manager_id
    left join trends as n on n.manager_id = k.manager_id
),
mixes as (
    -- Where nobody holds an account, all who have anything are peers.
    select
        k.manager_id,
        m.region,
        m.industry,
        m.left_on,
        coalesce(h.share_s / h.accounts, 0) as s,
        coalesce(h.share_a / h.accounts, 0) as a,
        coalesce(h.share_b / h.accounts, 0) as b,
        coalesce(h.share_c / h.accounts, 0) as c
    from known as k
    left join held as h on h.manager_id = k.manager_id
    left join managers as m on m.manager_id = k.manager_id
    where h.manager_id is not null or not exists (select 1 from held)
),
likeness as (
    -- Peers: those still here whose portfolio is most alike in tiers, region and industry; its size is what is compared.
    select
        x.manager_id,
        y.manager_id as peer_id,
        row_number() over (
            partition by x.manager_id
            order by
                abs(x.s - y.s) + abs(x.a - y.a) + abs(x.b - y.b) + abs(x.c - y.c)
                + case when x.region is distinct from y.region then 0.3 else 0 end
                + case when x.industry is distinct from y.industry then 0.3 else 0 end,
                y.manager_id
        ) as place
    from mixes as x
    inner join mixes as y on y.manager_id <> x.manager_id and y.left_on is null
),
compared as (
    select
        l.manager_id,
        count(*) as peers,
        median(f.accounts) as accounts_peers,
        median(f.hours) as hours_peers,
        median(f.growth) as growth_peers,
        median(f.attainment) as attainment_peers,
        median(f.pace) as pace_peers,
        median(f.nrr) as nrr_peers,
        median(f.grr) as grr_peers,
        median(f.logo_churn) as logo_churn_peers,
        median(f.adjusted_retention) as adjusted_retention_peers,
        median(f.gross_margin) as gross_margin_peers,
        median(f.discount_rate) as discount_rate_peers,
        median(f.new_accounts) as new_accounts_peers,
        median(f.win_rate) as win_rate_peers,
        median(f.visits_kept) as visits_kept_peers,
        median(f.untouched_share) as untouched_share_peers,
        median(f.response_hours) as response_hours_peers,
        median(f.resolution_hours) as resolution_hours_peers,
        median(f.satisfaction) as satisfaction_peers
    from likeness as l
    inner join figures as f on f.manager_id = l.peer_id
    where l.place <= $peers
    group by l.manager_id
)
select f.*, c.* exclude (manager_id)
from figures as f
left join compared as c on c.manager_id = f.manager_id
where $chosen_managers is null or list_contains(cast($chosen_managers as varchar[]), f.manager_id)
    or list_contains(cast($chosen_managers as varchar[]), f.manager_name)
order by f.revenue desc nulls last, f.closed_n desc, f.manager_id
