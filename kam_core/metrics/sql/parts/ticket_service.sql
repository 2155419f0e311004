-- grain: one row per ticket of the accounts in view, with its hours and whether they keep the service level of the tier
-- What is not answered or solved yet breaks its level once that has passed, and says nothing before.
select
    t.ticket_id,
    t.account_id,
    t.holder_id,
    t.opened_at,
    t.satisfaction,
    t.resolved_at is null as is_open,
    date_diff('minute', t.opened_at, t.first_response_at) / 60.0 as response_hours,
    date_diff('minute', t.opened_at, t.resolved_at) / 60.0 as resolution_hours,
    p.response_level,
    p.resolution_level,
    case
        when t.first_response_at is not null then date_diff('minute', t.opened_at, t.first_response_at) <= p.response_level * 60
        when date_diff('hour', t.opened_at, cast($as_of as timestamp) + interval 1 day) > p.response_level then false
    end as response_kept,
    case
        when t.resolved_at is not null then date_diff('minute', t.opened_at, t.resolved_at) <= p.resolution_level * 60
        when date_diff('hour', t.opened_at, cast($as_of as timestamp) + interval 1 day) > p.resolution_level then false
    end as resolution_kept
from tickets as t
left join (
    values
        ('S', $policy_service_s_first_response_hours, $policy_service_s_resolution_hours),
        ('A', $policy_service_a_first_response_hours, $policy_service_a_resolution_hours),
        ('B', $policy_service_b_first_response_hours, $policy_service_b_resolution_hours),
        ('C', $policy_service_c_first_response_hours, $policy_service_c_resolution_hours),
        ('N', $policy_service_n_first_response_hours, $policy_service_n_resolution_hours)
) as p (tier, response_level, resolution_level) on p.tier = coalesce(t.tier, 'C')
where cast(t.opened_at as date) <= $as_of
