-- grain: one row per account (or group) in view that bought in the 12 months up to $as_of, or up to the last day before
-- it to which they are summed up: what an account is said to bring in a year, wherever it is held or handed over
select account_id, sum(revenue) as revenue
from account_trailing
where as_of = (select max(as_of) from account_trailing where as_of <= $as_of)
group by account_id
