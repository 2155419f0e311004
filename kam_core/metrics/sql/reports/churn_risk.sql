-- grain: one row per account that still buys (with `lost` also those that are lost), most value at risk first, with what is known of it and its weightiest reasons
-- manager: holder
-- default: limit = 100000
-- default: band = all
-- default: reason = all
-- `cause`: accounts at high or medium risk of which this is the weightiest reason, as report risk_parts counts them.
-- default: cause = all
-- default: lost = false
with weightiest as (
    select account_id, reason
    from (select *, row_number() over (partition by account_id order by weight desc, reason) as place from account_reason) as w
    where place = 1
),
listed as (
    select *
    from account_risk
    where (state <> 'lost' or $lost)
        and ($band = 'all' or band = $band)
        and ($reason = 'all' or account_id in (select account_id from account_reason where reason = $reason))
        and (
            $cause = 'all'
            or (band in ('high', 'medium') and account_id in (select account_id from weightiest where reason = $cause))
        )
    order by
        value_at_risk desc nulls last,
        case band when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4 end,
        trailing_revenue desc,
        account_id
    limit $limit
),
ranked as (
    select w.*, row_number() over (partition by w.account_id order by w.weight desc, w.reason) as place
    from account_reason as w
    where w.account_id in (select account_id from listed)
),
reasons as (
    select
        account_id,
        list(reason order by place) as reasons,
        list(now order by place) as reason_now,
        list(usual order by place) as reason_usual,
        list(detail order by place) as reason_detail,
        list(cast(began_on as varchar) order by place) as reason_since
    from ranked
    where place <= 4
    group by account_id
),
contacted as (
    select account_id, max(last_contact_on) as last_contact_on
    from last_contacts
    where account_id in (select account_id from listed)
    group by account_id
)
select
    r.account_id,
    r.name,
    r.tier,
    r.region,
    r.industry,
    r.segment,
    r.manager_id,
    r.manager_name,
    r.churn_risk,
    r.band,
    r.state,
    r.value_at_risk,
    r.margin_at_risk,
    r.expected_revenue,
    r.trailing_revenue,
    r.trailing_margin,
    r.last_order_on,
    r.silence_days,
    r.mean_gap_days,
    r.median_gap_days,
    r.orders,
    r.p_alive,
    r.expected_orders,
    r.past_margin,
    r.expected_value,
    r.expected_value_low,
    r.expected_value_high,
    c.last_contact_on,
    date_diff('day', c.last_contact_on, cast($as_of as date)) as days_since_contact,
    w.reasons,
    w.reason_now,
    w.reason_usual,
    w.reason_detail,
    w.reason_since,
    r.model
from listed as r
left join reasons as w on w.account_id = r.account_id
left join contacted as c on c.account_id = r.account_id
order by
    r.value_at_risk desc nulls last,
    case r.band when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4 end,
    r.trailing_revenue desc,
    r.account_id
