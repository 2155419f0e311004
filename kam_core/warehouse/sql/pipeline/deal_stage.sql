-- grain: one row per stage that deals may be in: those of the policy, in order, then others met in the data
-- Those others come in the order in which sales usually go, where their words say which step they are; then by name.
-- A stage that the policy does not know is open, unless its own words say won or lost; it has no chance by policy.
create table mart.deal_stage as
with met as (
    select lower(trim(stage)) as key, min(trim(stage)) as stage
    from (select stage from raw.opportunities union all select stage from raw.stage_history)
    where trim(stage) <> ''
    group by lower(trim(stage))
),
usual as (
    select * from (
        values
            (1, '(^|[^a-z])(prospect(ing|s)?|leads?|new|identif(y|ied))([^a-z]|$)|线索|潜在|初步|立项'),
            (2, 'qualif|contact|engag|discover|接触|意向|沟通|资格'),
            (3, 'needs|analysis|demo|evaluat|solution|trial|需求|方案|试用|评估'),
            (4, 'propos|quot|tender|(^|[^a-z])bid|报价|投标'),
            (5, 'negotiat|review|谈判|商务'),
            (6, 'contract|commit|signing|合同|签约')
    ) as u (step, pattern)
),
known as (
    select lower(trim(stage)) as key, stage, outcome, probability, place, true as is_known from mart.stage
    union all
    select
        m.key,
        m.stage,
        case
            when regexp_matches(m.key, '(^|[^a-z])lost([^a-z]|$)|输单|丢单|未成交|失败') then 'lost'
            when regexp_matches(m.key, '(^|[^a-z])won([^a-z]|$)|赢单|成交|中标') then 'won'
            else 'open'
        end,
        null,
        null,
        false
    from met as m
    where not exists (select 1 from mart.stage as s where lower(trim(s.stage)) = m.key)
)
select
    cast(row_number() over (
        order by
            case outcome when 'open' then 1 when 'won' then 2 else 3 end, is_known desc, place,
            (select min(u.step) from usual as u where regexp_matches(k.key, u.pattern)) nulls last, key
    ) as integer) as place,
    stage,
    key,
    outcome,
    is_known,
    probability as policy_chance
from known as k;
