-- One row per planted truth: its kind, and its subject with parameters as a JSON object.
create or replace temp table demo_truth as
with last_sale as (
    select account_id, max(order_date) as last_order from raw.orders where amount > 0 group by account_id),
held as (
    select manager_id, count(*) as accounts from raw.accounts group by manager_id),
accounts as (
    select p.*, last_order from demo_plan p left join last_sale l using (account_id)),
managers as (
    select m.*, manager_no(manager_idx) as manager_id, accounts from demo_manager m left
        join held h on h.manager_id = manager_no(m.manager_idx))
select 'died' as kind, account_id as subject, to_json({account_id: account_id, died_on: died_on, cause: cause,
    last_order: last_order}) as truth from accounts where kind = 'died'
union all
select 'natural_churn', account_id, to_json({account_id: account_id, died_on: on_day(end_day), last_order: last_order})
from accounts where kind is null and end_day < final_day() and last_order is not null
union all
select 'fake_big', account_id, to_json({account_id: account_id}) from accounts where kind = 'fake_big'
union all
select 'channel_conflict', account_id, to_json({account_id: account_id, since: on_day(plant_day),
    price_gap: round(price_gap, 4),
    channels: [partner_id, coalesce(other_partner_id, 'direct')]})
from accounts where kind = 'channel_conflict'
union all
select 'single_threaded', account_id, to_json({account_id: account_id,
    contact_id: printf('K%06d', (people_before + 1)::int), manager_id: manager_id})
from accounts join demo_people_at using (idx) where kind = 'single_threaded'
union all
select 'price_sensitive', account_id, to_json({account_id: account_id, discount_step: 0.10,
    uplift: round(promotion_uplift, 3)}) from accounts where kind = 'price_sensitive'
union all
select 'deep_discount', account_id, to_json({account_id: account_id, since: on_day(plant_day),
    discount_before: round(discount, 4), discount_since: round(deep_discount, 4)})
from accounts where kind = 'deep_discount'
union all
select 'growth_star', account_id, to_json({account_id: account_id, since: on_day(bend_day)}) from accounts
    where kind = 'growth_star'
union all
select 'hoarding_manager', manager_id, to_json({manager_id: manager_id, accounts: accounts}) from managers
    where planted = 'hoards'
union all
select 'neglectful_manager', manager_id, to_json({manager_id: manager_id, accounts: accounts}) from managers
    where planted = 'neglects'
union all
select 'manager_left', manager_id, to_json({manager_id: manager_id, left_on: left_on, accounts: accounts}) from managers
    where planted = 'left'
union all
select 'declining_product_line', product_line, to_json({product_line: product_line, since: on_day(608),
    yearly_decline: 0.4})
from demo_product where line_no = 9 and rank_no = 1;
