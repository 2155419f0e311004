-- grain: one row per stretch of days ($deals_…) and deal open on its last day, or closed in it
select
    b.bucket, s.account_id, s.manager_id, s.product_line, s.partner_id, s.region, s.industry, s.tier, s.segment, s.group_id,
    s.outcome, s.amount, c.chance, cast(null as bigint) as cycle_days,
    s.expected_close >= b.until - 1 and s.expected_close < b.whole as is_closing, b.whole > b.until as is_running
from deal_states as s
inner join (
    select
        unnest(cast($deals_bucket as varchar[])) as bucket, unnest(cast($deals_from as date[])) as from_day,
        unnest(cast($deals_until as date[])) as until, unnest(cast($deals_day as date[])) as day,
        unnest(cast($deals_whole as date[])) as whole
) as b on s.from_on <= b.day and (b.day < s.until_on or s.until_on is null)
left join stage_chances as c on c.place = s.place
where s.outcome = 'open'
union all
select
    b.bucket, s.account_id, s.manager_id, s.product_line, s.partner_id, s.region, s.industry, s.tier, s.segment, s.group_id,
    s.outcome, s.amount, null, date_diff('day', s.created_on, s.closed_on), false, b.whole > b.until
from deals as s
inner join (
    select
        unnest(cast($deals_bucket as varchar[])) as bucket, unnest(cast($deals_from as date[])) as from_day,
        unnest(cast($deals_until as date[])) as until, unnest(cast($deals_whole as date[])) as whole
) as b on s.closed_on >= b.from_day and s.closed_on < b.until
where s.outcome <> 'open'
