-- grain: one row per recency, frequency and monetary value of one account over the 12 months up to the end of the period, with its score and the cuts
-- manager: holder
-- days: trailing year
-- Scores: ceil(5 · rank / n), the mean rank for ties, 5 the best; cut_2 to cut_5 is the first value that has that score.
-- default: account = none
with sums as (
    select s.account_id, sum(s.revenue) as revenue, sum(s.orders) as orders
    from sales as s
    where side = 'now'
    group by s.account_id
    having sum(s.gross_sales) > 0
),
worths as (
    select s.account_id, unnest(
        [
            {'place': 1, 'key': 'recency', 'value': cast(date_diff('day', a.last_order_on, $as_of) as double), 'worth': -cast(date_diff('day', a.last_order_on, $as_of) as double)},
            {'place': 2, 'key': 'frequency', 'value': cast(s.orders as double), 'worth': cast(s.orders as double)},
            {'place': 3, 'key': 'monetary', 'value': cast(s.revenue as double), 'worth': cast(s.revenue as double)}
        ],
        recursive := true
    )
    from sums as s
    inner join accounts as a on a.account_id = s.account_id
),
worth_counts as (
    select key, worth, count(*) as alike from worths group by key, worth
),
ranked as (
    select
        key,
        worth,
        sum(alike) over (partition by key) as n,
        sum(alike) over (partition by key order by worth) - (alike - 1) / 2 as mean_rank
    from worth_counts
),
scored as (
    select *, cast(ceil(round(5 * mean_rank / n, 9)) as integer) as score from ranked
),
cuts as (
    select
        key,
        abs(min(worth) filter (where score = 2)) as cut_2,
        abs(min(worth) filter (where score = 3)) as cut_3,
        abs(min(worth) filter (where score = 4)) as cut_4,
        abs(min(worth) filter (where score = 5)) as cut_5
    from scored
    group by key
)
select w.key, w.value, s.score, cast(s.n as bigint) as accounts, c.cut_2, c.cut_3, c.cut_4, c.cut_5
from worths as w
inner join scored as s on s.key = w.key and s.worth = w.worth
inner join cuts as c on c.key = w.key
where w.account_id = $account
order by w.place
