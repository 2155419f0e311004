-- grain: one row per account in view and contact person met (null: nobody named): the last contact and the last visit by an earlier day than the last loaded
select
    account_id,
    contact_id,
    max(date) as last_contact_on,
    max(date) filter (where lower(kind) in ('visit', 'meeting', '拜访', '会议')) as last_visit_on
from activities
where date <= $as_of
group by account_id, contact_id
