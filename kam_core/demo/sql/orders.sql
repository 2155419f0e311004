-- One row per order line of the places ($after, $until]; a return is a negative line with its own document.
insert into raw.orders by name
with lines as (
    select *, order_no * 8 + line_no as line from demo_line where place > $after and place <= $until),
priced as (
    select l.*, p.kind, p.value_of_line, p.account_id, p.manager_id, p.former_id, p.handover_day, p.partner_id,
        p.other_partner_id, p.earlier_partner_id, p.channel_day, p.terms, p.days_late,
        p.discount, p.deep_discount, p.price_gap, p.promotion_uplift,
        p.slots[1 + floor(16 * unit(line, 121))::int] as wanted_line,
        unit(order_no, 122) < p.promotion_share as is_promotion,
        -- every January the list prices rise by 3 %
        pow(1.03, year(on_day(l.day)) - 2022) as price_level,
        coalesce(l.day >= p.plant_day, false) as is_planted,
        coalesce(l.day >= p.bend_day and p.bend < 1, false) as is_star
    from lines l join demo_plan p using (idx)),
wanted as (
    select *,
        value_of_line * exp(0.70 * normal(line, 123) - 0.245)
            * case when is_promotion then promotion_uplift else 1 end * case when is_star then 1.25 else 1 end as value,
        -- printers (line 9) fade from July 2024, each year to 60 %: who would have bought one buys a notebook (line 3)
        case when wanted_line = 9 and unit(line, 124) > pow(0.6, greatest(0, day - 608) / 365.25) then 3
             else wanted_line end as line_kind,
        is_planted and kind = 'channel_conflict' and unit(order_no, 125) < 0.5 as other_channel
    from priced),
affordable as (
    -- where the purse is too small for the line, it goes to accessories (10) or software (7)
    select w.*, case when value >= 0.6 * l.first_price then line_kind
        when w.line % 2 = 0 then 10 else 7 end as line_no_of_product
    from wanted w join demo_product_line l on l.line_no = w.line_kind),
ranked as (
    select a.*, least(1 + floor(5 * unit(line, 126))::int,
        floor(1 + ln(greatest(value / l.first_price, 1)) / ln(l.step))::int) as rank_no
    from affordable a join demo_product_line l on l.line_no = a.line_no_of_product),
counted as (
    select r.*, d.product, d.product_line, d.cost_share, greatest(1, round(value / d.list_price)) as units,
        (d.list_price * price_level)::decimal(18, 2) as unit_price
    from ranked r join demo_product d on d.line_no = r.line_no_of_product and d.rank_no = r.rank_no),
discounted as (
    select *, case when kind = 'fake_big' then 1 - cost_share * (0.985 + 0.03 * unit(line, 127))
        else greatest(0, least(0.45,
            case when is_planted and kind = 'deep_discount' then deep_discount else discount end
            + case when is_promotion then 0.10 else 0 end
            + case when other_channel then price_gap else 0 end
            + 0.015 * normal(line, 128))) end as rate_off
    from counted),
signed as (
    -- part of what was bought comes back
    select *, case when is_return then -greatest(1, floor(units * (0.3 + 0.7 * unit(line, 129))))
        else units end as quantity
    from discounted),
settled as (
    select *, on_day(booked) as order_date, on_day(booked + terms) as due_on,
        (quantity::decimal(18, 4) * unit_price)::decimal(18, 2) as list_amount,
        on_day(booked + terms + floor(days_late * (0.4 + 1.2 * unit(order_no, 130)) - 2)::int) as pays_on,
        case when is_return then 'RT' || (10000000 + order_no) || line_no
             else 'SO' || (10000000 + order_no) end as order_id,
        case when other_channel then other_partner_id when booked < channel_day then earlier_partner_id
             else partner_id end as sold_by
    from signed)
select order_date, account_id, round(list_amount * (1 - rate_off), 2) as amount, order_id,
    case when is_return then 1 else line_no end as line_no, product, product_line, quantity, list_amount,
    -- what comes back is worth less than it cost
    round(list_amount * cost_share * case when is_return then 0.7 else 1 end, 2) as cost, sold_by as partner_id,
    case when booked < handover_day then former_id else manager_id end as manager_id,
    due_on, case when pays_on <= on_day(final_day()) then pays_on end as paid_on,
    0 as source_id, place as source_line
from settled order by place;
