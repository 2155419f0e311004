-- grain: one row per pair of states (prospect, target, new, active, at_risk, lost, won_back) in which accounts in view stood on two days
-- Who was at risk is known for the last day loaded only: on earlier days those accounts count as active, new or won back.
-- manager: holder
-- default: since = year_before
-- default: until = latest
with paired as (
    select
        account_id,
        max(state) filter (where side = 'before') as state_before,
        max(state) filter (where side = 'now') as state
    from lives
    group by account_id
)
select
    p.state_before,
    p.state,
    count(*) as accounts,
    count(*) / nullif(sum(count(*)) over (partition by p.state_before), 0) as rate,
    coalesce(sum(t.revenue), 0) as revenue,
    coalesce(sum(b.revenue), 0) as revenue_before
from paired as p
left join account_trailing as t on t.account_id = p.account_id and t.as_of = $as_of
left join account_trailing as b on b.account_id = p.account_id and b.as_of = cast(cast($as_of as date) - interval 12 months as date)
where p.state is not null or p.state_before is not null
group by p.state_before, p.state
order by
    list_position(['prospect', 'target', 'new', 'active', 'at_risk', 'lost', 'won_back'], p.state_before) nulls first,
    list_position(['prospect', 'target', 'new', 'active', 'at_risk', 'lost', 'won_back'], p.state)
