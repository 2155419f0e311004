-- grain: one row per deal in view and step (start, new, grew, shrank, pulled_in, slipped_out, won, lost, end) that it
-- takes between $since and $until, with what it adds to the pipeline that is expected to close by the end of $closing
-- (the quarter or year of $until, or any). Only how a deal stood on the two days counts, so every deal's steps sum up.
select m.opportunity_id, m.since, m.until, p.step, p.amount, m.place_before, m.place, m.close_before, m.close
from (
    select
        d.opportunity_id, w.since, w.until, a.place as place_before, b.place, a.expected_close as close_before,
        b.expected_close as close, a.outcome as was, b.outcome as is_now, coalesce(a.amount, 0) as amount_before,
        coalesce(b.amount, a.amount, 0) as amount_after,
        coalesce(a.outcome = 'open' and (w.closes_before is null or a.expected_close < w.closes_before), false) as was_in,
        coalesce(b.outcome = 'open' and (w.closes_before is null or b.expected_close < w.closes_before), false) as is_in
    from deal_rows as d
    cross join (
        select
            since,
            until,
            state_day,
            case $closing
                when 'quarter' then date_trunc('month', until) - to_months((month(until) - fiscal_start + 12) % 3) + to_months(3)
                when 'year' then date_trunc('month', until) - to_months((month(until) - fiscal_start + 12) % 12) + to_months(12)
            end as closes_before
        from (
            select
                coalesce(try_cast($since as date), coalesce(try_cast($until as date), cast($as_of as date)) - 7) as since,
                coalesce(try_cast($until as date), cast($as_of as date)) as until,
                coalesce(try_cast($until as date), $deal_day) as state_day,
                fiscal_start
            from facts
        )
    ) as w
    inner join deal_states as b
        on b.opportunity_id = d.opportunity_id and b.from_on <= w.state_day and (w.state_day < b.until_on or b.until_on is null)
    left join deal_states as a
        on a.opportunity_id = d.opportunity_id and a.from_on <= w.since and (w.since < a.until_on or a.until_on is null)
    where a.outcome = 'open' or b.outcome = 'open' or a.outcome is null
) as m
inner join (
    values
        ('start'), ('new'), ('grew'), ('shrank'), ('pulled_in'), ('slipped_out'), ('won'), ('lost'), ('end')
) as s (step) on true
cross join lateral (
    select
        s.step,
        case s.step
            when 'start' then case when was_in then amount_before end
            when 'new' then
                case when (was is null and (is_in or is_now <> 'open')) or (was <> 'open' and is_in) then amount_after end
            when 'grew' then
                case when was_in and (is_in or is_now = 'won') and amount_after > amount_before then amount_after - amount_before end
            when 'shrank' then
                case when was_in and (is_in or is_now = 'won') and amount_after < amount_before then amount_after - amount_before end
            when 'pulled_in' then case when was = 'open' and not was_in and (is_in or is_now = 'won') then amount_after end
            when 'slipped_out' then case when was_in and is_now = 'open' and not is_in then -amount_before end
            when 'won' then case when is_now = 'won' and coalesce(was, 'open') = 'open' then -amount_after end
            when 'lost' then
                case when is_now = 'lost' and was_in then -amount_before when is_now = 'lost' and was is null then -amount_after end
            else case when is_in then amount_after end
        end as amount
) as p
where p.amount is not null
