-- grain: one row per account in view: what it is worth, what it asks for, what was done, and what its holder must know
select
    a.account_id,
    a.name,
    a.tier,
    a.region,
    a.industry,
    a.manager_id,
    a.manager_name,
    c.held_since,
    coalesce(y.revenue, 0) as trailing_revenue,
    r.churn_risk,
    r.band,
    r.state,
    r.value_at_risk,
    c.hours,
    c.cadence,
    c.visits_done,
    c.visits_due,
    greatest(c.visits_due - c.visits_done, 0) as visit_debt,
    c.last_contact_on,
    c.days_untouched,
    c.last_visit_on,
    c.days_unvisited,
    coalesce(t.open_tickets, 0) as open_tickets,
    coalesce(t.late_tickets, 0) as late_tickets,
    coalesce(o.open_deals, 0) as open_deals,
    o.open_amount,
    coalesce(o.overdue_deals, 0) as overdue_deals,
    k.contract_end_on,
    k.committed,
    coalesce(p.contacts, 0) as contacts,
    coalesce(p.active_contacts, 0) as active_contacts,
    p.contacts = 1 or p.active_contacts = 1 as is_single,
    p.active_contacts = 0 as is_silent
from accounts as a
inner join account_care as c on c.account_id = a.account_id
left join account_risk as r on r.account_id = a.account_id
left join account_year as y on y.account_id = a.account_id
left join (
    select account_id, count(*) as open_tickets, count(*) filter (where resolution_kept = false) as late_tickets
    from ticket_service
    where is_open
    group by account_id
) as t on t.account_id = a.account_id
left join (
    select
        x.account_id,
        count(*) as open_deals,
        sum(x.amount) as open_amount,
        count(*) filter (where x.expected_close < $as_of) as overdue_deals
    from opportunities as x
    left join stages as s on s.stage = x.stage
    where coalesce(nullif(lower(x.outcome), ''), s.outcome, 'open') = 'open' and coalesce(x.created_on, $as_of) <= $as_of
    group by x.account_id
) as o on o.account_id = a.account_id
left join (
    select account_id, min(end_on) as contract_end_on, sum(committed_amount) as committed
    from contracts
    where start_on <= $as_of and end_on between $as_of and cast($as_of as date) + 90
    group by account_id
) as k on k.account_id = a.account_id
left join (
    select
        x.account_id,
        count(distinct x.contact_id) as contacts,
        count(distinct l.contact_id) as active_contacts
    from contacts as x
    left join last_contacts as l
        on l.contact_id = x.contact_id and l.account_id = x.account_id and l.last_contact_on > cast($as_of as date) - 180
    group by x.account_id
) as p on p.account_id = a.account_id
