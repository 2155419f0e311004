-- grain: one row per month end and the last tier date: how the 12 months up to it hang on the largest groups (or accounts)
-- manager: holder (a manager filter keeps the accounts held today)
-- default: by = group
-- default: months = 24
with owners as (
    select
        as_of,
        case when $by = 'account' then account_id else group_id end as owner_id,
        greatest(sum(revenue), 0) as revenue
    from account_trailing
    where
        as_of <= $tier_day
        and (as_of = last_day(as_of) or as_of = $tier_day)
        and as_of > cast($tier_day as date) - to_months(cast($months as integer))
        -- A year that began before the first order would look more concentrated than it is.
        and as_of + 1 >= (select first_day from facts) + interval 12 months
    group by as_of, case when $by = 'account' then account_id else group_id end
),
sums as (
    select
        as_of,
        count(*) filter (where revenue > 0) as owners,
        sum(cast(revenue as double)) as total,
        sum(pow(cast(revenue as double), 2)) as squares,
        max(cast(revenue as double), 20) as top
    from owners
    group by as_of
)
select
    as_of,
    owners,
    10000 * squares / nullif(pow(total, 2), 0) as hhi,
    pow(total, 2) / nullif(squares, 0) as effective_owners,
    list_sum(top[:1]) / nullif(total, 0) as top_1_share,
    list_sum(top[:5]) / nullif(total, 0) as top_5_share,
    list_sum(top[:10]) / nullif(total, 0) as top_10_share,
    list_sum(top[:20]) / nullif(total, 0) as top_20_share
from sums
order by as_of
