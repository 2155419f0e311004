-- grain: one row per account to call this week, most value at risk first, with up to four reasons, the weightiest first
-- manager: holder
-- default: limit = 15
-- default: quiet_days = 7
with holdings as (
    select * from portfolio where manager_id is not null and coalesce(state, 'active') <> 'lost'
),
found as (
    select h.account_id, r.reason, r.now, r.usual, r.detail, cast(r.began_on as varchar) as since, 1 + r.weight as weight
    from holdings as h
    inner join account_reason as r on r.account_id = h.account_id
    where h.band in ('high', 'medium')
    union all
    select account_id, 'ticket_late', late_tickets, null, null, null, 3.0 from holdings where late_tickets > 0
    union all
    select account_id, 'contract_ending', date_diff('day', cast($as_of as date), contract_end_on), null, null, cast(contract_end_on as varchar), 0.9
    from holdings
    where contract_end_on is not null
    union all
    select account_id, 'no_visit', days_unvisited, cadence, null, cast(last_visit_on as varchar), 0.5 * least(days_unvisited / (2.0 * cadence), 1)
    from holdings
    where days_unvisited > cadence and (select activities > 0 from facts)
    union all
    select account_id, 'deal_overdue', overdue_deals, cast(open_amount as double), null, null, 0.8 from holdings where overdue_deals > 0
),
once as (
    select account_id, reason, arg_max(now, weight) as now, arg_max(usual, weight) as usual, max(detail) as detail, max(since) as since, max(weight) as weight
    from found
    group by account_id, reason
),
placed as (
    select *, row_number() over (partition by account_id order by weight desc, reason) as place from once
),
reasons as (
    select
        account_id,
        list(reason order by place) as reasons,
        list(cast(now as double) order by place) as reason_now,
        list(cast(usual as double) order by place) as reason_usual,
        list(detail order by place) as reason_detail,
        list(since order by place) as reason_since
    from placed
    where place <= 4
    group by account_id
),
ranked as (
    select
        h.*,
        x.* exclude (account_id),
        row_number() over (
            partition by h.manager_id
            order by h.value_at_risk desc nulls last, h.trailing_revenue desc, h.account_id
        ) as place
    from holdings as h
    inner join reasons as x on x.account_id = h.account_id
    -- Who was spoken to this week is called again only about a broken promise.
    where h.last_contact_on is null or h.last_contact_on <= cast($as_of as date) - $quiet_days or h.late_tickets > 0
)
select
    manager_id, manager_name, place, account_id, name, tier, region, industry, value_at_risk, churn_risk, band, trailing_revenue,
    last_contact_on, days_untouched, open_tickets, open_deals, open_amount, reasons, reason_now, reason_usual, reason_detail, reason_since
from ranked
where place <= $limit
order by value_at_risk desc nulls last, trailing_revenue desc, account_id
