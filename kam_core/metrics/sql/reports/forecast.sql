-- grain: one row per part (`by`: none, region, industry, manager): won, open, target and pace of the running period, what is to come
-- days: running period (without a period, the running quarter)
-- then: simulated (the columns of the open deals become `expected`, `low`, `high`)
-- default: by = none
with days as (
    select
        cast($whole_start as date) as starts_on,
        cast($whole_end as date) as ends_before,
        greatest(date_diff('day', cast($as_of as date), cast($whole_end as date)) - 1, 0) as days_left
),
standing as (
    select
        d.*,
        case $by
            when 'region' then coalesce(d.region, $none) when 'industry' then coalesce(d.industry, $none)
            when 'manager' then coalesce(d.manager_id, $none)
        end as part,
        c.chance,
        d.outcome = 'open' and d.expected_close < $as_of as is_past,
        d.outcome = 'open' and d.expected_close >= $as_of and d.expected_close < $whole_end as is_closing,
        d.closed_on >= $start and d.closed_on < $end as is_closed
    from deals as d
    left join stage_chances as c on c.place = d.place
),
dealt as (
    select
        part,
        coalesce(sum(amount) filter (where outcome = 'won' and is_closed), 0) as won,
        count(*) filter (where outcome = 'won' and is_closed) as won_deals,
        count(*) filter (where is_closing) as closing_deals,
        sum(amount) filter (where is_closing) as closing_amount,
        sum(amount * chance) filter (where is_closing) as closing_weighted,
        count(*) filter (where is_past) as past_close_deals,
        sum(amount) filter (where is_past) as past_close_amount,
        count(*) filter (where outcome = 'won' and closed_on >= $trailing_start and closed_on < $end) as won_in_a_year,
        sum(amount) filter (where outcome = 'won' and closed_on >= $trailing_start and closed_on < $end) as won_amount_in_a_year,
        count(*) filter (where outcome <> 'open' and closed_on >= $trailing_start and closed_on < $end) as closed_in_a_year,
        list(coalesce(place, 0) order by opportunity_id) filter (where outcome = 'open' and amount is not null) as open_places,
        list(cast(amount as double) order by opportunity_id) filter (where outcome = 'open' and amount is not null) as open_amounts,
        list(coalesce(date_diff('day', cast($whole_end as date), expected_close) + 1, 100000) order by opportunity_id)
            filter (where outcome = 'open' and amount is not null) as open_late
    from standing
    group by part
),
money as (
    select region, industry, manager_id as holder_id, 'target' as kind, target as amount
    from targets
    where $targets_apply and month >= $whole_start and month < $whole_end
    union all
    select region, industry, manager_id, side, revenue from sales
    union all
    select region, industry, manager_id, 'whole_before', revenue
    from account_month
    where month >= $whole_before_start and month < $whole_before_end
    union all
    select region, industry, holder_id, 'year', revenue
    from account_trailing
    where as_of = cast($end as date) - 1
),
sums as (
    select
        case $by
            when 'region' then coalesce(region, $none) when 'industry' then coalesce(industry, $none)
            when 'manager' then coalesce(holder_id, $none)
        end as part,
        sum(amount) filter (where kind = 'target') as target,
        sum(amount) filter (where kind = 'now') as revenue,
        sum(amount) filter (where kind = 'before') as revenue_before,
        sum(amount) filter (where kind = 'whole_before') as whole_before,
        sum(amount) filter (where kind = 'year') as revenue_in_a_year,
        bool_or(kind in ('target', 'now', 'before')) as is_part
    from money
    group by 1
),
parts as (
    select part from dealt union select part from sums where is_part
),
together as (
    select
        p.part,
        d.starts_on,
        d.ends_before - 1 as ends_on,
        d.days_left,
        case when f.orders > 0 then coalesce(s.revenue, 0) end as revenue,
        s.target,
        case when d.days_left > 0 then s.revenue_before / nullif(s.whole_before, 0) end as share_last_year,
        case when f.opportunities > 0 then coalesce(e.won, 0) end as won,
        case when f.opportunities > 0 then coalesce(e.won_deals, 0) end as won_deals,
        case when f.opportunities > 0 then coalesce(e.closing_deals, 0) end as closing_deals,
        case when e.closing_deals > 0 then e.closing_amount when f.opportunities > 0 then 0 end as closing_amount,
        case when e.closing_deals > 0 then e.closing_weighted when f.opportunities > 0 then 0 end as closing_weighted,
        case when f.opportunities > 0 then coalesce(e.past_close_deals, 0) end as past_close_deals,
        e.past_close_amount,
        e.won_in_a_year / nullif(e.closed_in_a_year, 0) as win_rate,
        e.won_amount_in_a_year / nullif(greatest(s.revenue_in_a_year, 0), 0) as deal_share,
        e.closed_in_a_year,
        e.open_places,
        e.open_amounts,
        e.open_late
    from parts as p
    cross join days as d
    cross join facts as f
    left join dealt as e on e.part is not distinct from p.part
    left join sums as s on s.part is not distinct from p.part
)
select
    part,
    starts_on,
    ends_on,
    days_left,
    won,
    won_deals,
    closing_deals,
    closing_amount,
    won + closing_weighted as weighted_forecast,
    past_close_deals,
    past_close_amount,
    revenue,
    target,
    coalesce(revenue, won) / nullif(target, 0) as attainment,
    share_last_year,
    revenue / nullif(share_last_year * target, 0) as pace,
    greatest(target - coalesce(revenue, won), 0) as gap,
    case when days_left > 0 then greatest(target - coalesce(revenue, won), 0) / (days_left / 7.0) end as gap_per_week,
    case when target > won then closing_amount / nullif(target - won, 0) end as coverage,
    win_rate,
    1 / nullif(win_rate, 0) as needed_coverage,
    closed_in_a_year,
    deal_share,
    open_places,
    open_amounts,
    open_late
from together
order by target desc nulls last, won desc, part
