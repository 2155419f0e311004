-- grain: one row per section (alarms at high and medium risk, ten groups by risk, lift of the list by share called) and step, over the replayed dates
-- manager: holder
with rows as (
    select *, ntile(10) over (order by risk, origin, account_id) as tenth from backtest_account
),
bands as (
    select 'high' as step, $policy_churn_high as cut union all select 'medium', $policy_churn_medium
),
alarms as (
    select
        'alarm' as section, b.step, b.cut as x,
        count(*) as accounts,
        count(*) filter (where risk >= cut and lost) as caught,
        count(*) filter (where risk < cut and lost) as missed,
        count(*) filter (where risk >= cut and not lost) as false_alarms,
        count(*) filter (where risk < cut and not lost) as left_alone,
        sum(revenue) filter (where risk >= cut and lost) as caught_money,
        sum(revenue) filter (where risk < cut and lost) as missed_money,
        sum(revenue) filter (where risk >= cut and not lost) as false_alarm_money,
        sum(revenue) as money
    from rows
    cross join bands as b
    group by b.step, b.cut
),
tenths as (
    select
        'tenth' as section, cast(tenth as varchar) as step, avg(risk) as x, count(*) as accounts, count(*) filter (where lost) as caught,
        null, null, null, sum(revenue) filter (where lost), null, null, sum(revenue)
    from rows
    group by tenth
),
shares as (
    select unnest(range(1, 21)) / 20.0 as share
),
scored as (
    select 'model' as score, origin, lost, revenue, risk * greatest(revenue, 0) as value from backtest_account
    union all
    select 'recency', origin, lost, revenue, recency * greatest(revenue, 0) from backtest_account
    union all
    select 'rfm', origin, lost, revenue, rfm * greatest(revenue, 0) from backtest_account
    union all
    select 'silence_over_gap', origin, lost, revenue, silence_over_gap * greatest(revenue, 0) from backtest_account
),
placed as (
    select *, row_number() over (partition by score, origin order by value desc, revenue desc) * 1.0 / count(*) over (partition by score, origin) as place
    from scored
),
lifts as (
    select
        'lift' as section, score as step, share as x, count(*) as accounts, count(*) filter (where lost and place <= share) as caught,
        count(*) filter (where lost and place > share), count(*) filter (where not lost and place <= share), null,
        sum(revenue) filter (where lost and place <= share), sum(revenue) filter (where lost and place > share), null, sum(revenue) filter (where lost)
    from placed
    cross join shares
    group by score, share
)
select * from alarms
union all
select * from tenths
union all
select * from lifts
order by section, step, x
