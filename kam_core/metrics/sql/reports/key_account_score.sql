-- grain: one row per account that bought in the last 12 months: its key account score (0 to 100) and what it is made of
-- manager: holder (a manager filter keeps the accounts held today)
-- Each part is the account's percentile inside its industry; unknown below 60 % of the weight.
-- default: revenue = policy score.revenue
-- default: frequency = policy score.frequency
-- default: margin = policy score.margin
-- default: tenure = policy score.tenure
-- default: potential = policy score.potential
-- default: strategic = policy score.strategic
-- default: reference = policy score.reference
-- default: limit = 1000000
with weights (part, weight) as (
    values
        ('revenue', $policy_score_revenue),
        ('frequency', $policy_score_frequency),
        ('margin', $policy_score_margin),
        ('tenure', $policy_score_tenure),
        ('potential', $policy_score_potential),
        ('strategic', $policy_score_strategic),
        ('reference', $policy_score_reference)
),
parts as (
    -- The middle of the places that equal figures share.
    select r.account_id, r.part, w.weight, (r.place + (r.ties - 1) / 2.0 - 0.5) / r.known as percentile
    from account_rank as r
    inner join weights as w on w.part = r.part
),
means as (
    select
        account_id,
        sum(weight * percentile) / nullif(sum(weight), 0) as mean,
        sum(weight) / nullif((select sum(weight) from weights), 0) as weight_known,
        max(percentile) filter (where part = 'revenue') as revenue_part,
        max(percentile) filter (where part = 'frequency') as frequency_part,
        max(percentile) filter (where part = 'margin') as margin_part,
        max(percentile) filter (where part = 'tenure') as tenure_part,
        max(percentile) filter (where part = 'potential') as potential_part,
        max(percentile) filter (where part = 'strategic') as strategic_part,
        cast(null as double) as reference_part
    from parts
    group by account_id
)
select
    a.account_id,
    a.name,
    a.tier,
    a.region,
    a.industry,
    a.manager_id,
    a.manager_name,
    case when m.weight_known >= 0.6 - 1e-9 then 100 * m.mean end as score,
    m.weight_known,
    m.* exclude (account_id, mean, weight_known),
    h.revenue,
    count(*) filter (where m.weight_known >= 0.6 - 1e-9) over () as scored
from means as m
inner join accounts as a on a.account_id = m.account_id
left join account_history as h on h.account_id = m.account_id and h.as_of = $tier_day
order by score desc nulls last, h.revenue desc, a.account_id
limit $limit
