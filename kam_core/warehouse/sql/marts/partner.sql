-- grain: one row per partner that is loaded or that an order names
with known as (
    select partner_id from raw.partners
    union
    select partner_id from raw.orders where partner_id is not null
)
select k.partner_id, coalesce(p.name, k.partner_id) as name, p.tier, p.region
from known as k
left join raw.partners as p on p.partner_id = k.partner_id
