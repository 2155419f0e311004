-- grain: one row per account and contact person met (null: nobody named): the last contact and the last visit by the last day loaded
select
    account_id,
    contact_id,
    max(date) as last_contact_on,
    max(case when lower(kind) in ('visit', 'meeting', '拜访', '会议') then date end) as last_visit_on
from raw.activities
where date <= $as_of
group by account_id, contact_id
