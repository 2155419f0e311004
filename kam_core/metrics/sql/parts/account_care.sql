-- grain: one row per account in view: hours and visits that the policy gives its tier, what was done since $start, last contact
select
    a.account_id,
    a.manager_id,
    a.tier,
    p.cadence,
    coalesce(p.hours, 0) as hours,
    h.held_since,
    coalesce(v.visits, 0) as visits_done,
    -- Visits fall due from the day the account was taken over; what has no tier has no cadence.
    coalesce(greatest(date_diff('day', greatest(cast($start as date), h.held_since), cast($end as date)), 0) / nullif(p.cadence, 0), 0) as visits_due,
    c.last_contact_on,
    c.last_visit_on,
    -- Nothing is known of the time before the first contact with anybody was loaded.
    date_diff('day', greatest(c.last_contact_on, h.held_since, k.known_since), cast($as_of as date)) as days_untouched,
    date_diff('day', greatest(c.last_visit_on, h.held_since, k.known_since), cast($as_of as date)) as days_unvisited
from accounts as a
cross join contact_record as k
left join (
    select b.account_id, coalesce(max(s.from_on), min(b.created_on), min(b.first_order_on)) as held_since
    from accounts as b
    left join assignments as s on s.account_id = b.account_id and s.manager_id = b.manager_id and s.from_on <= $as_of
    group by b.account_id
) as h on h.account_id = a.account_id
left join (
    select account_id, max(last_contact_on) as last_contact_on, max(last_visit_on) as last_visit_on
    from last_contacts
    group by account_id
) as c on c.account_id = a.account_id
left join (
    select account_id, count(*) as visits
    from activities
    where date >= $start and date < $end and date <= $as_of and lower(kind) in ('visit', 'meeting', '拜访', '会议')
    group by account_id
) as v on v.account_id = a.account_id
left join (
    values
        ('S', $policy_service_s_visit_every_days, $policy_service_s_hours_per_month),
        ('A', $policy_service_a_visit_every_days, $policy_service_a_hours_per_month),
        ('B', $policy_service_b_visit_every_days, $policy_service_b_hours_per_month),
        ('C', $policy_service_c_visit_every_days, $policy_service_c_hours_per_month),
        ('N', $policy_service_n_visit_every_days, $policy_service_n_hours_per_month)
) as p (tier, cadence, hours) on p.tier = a.tier
