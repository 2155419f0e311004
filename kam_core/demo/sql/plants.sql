-- One row per account with a planted truth; an account carries one at most.
create or replace temp table demo_plant (idx bigint, kind varchar, lot bigint);

-- accounts that stop on a known day: they buy every three weeks or more often, or three months of silence would say
-- little
insert into demo_plant
select idx, 'died', row_number() over (order by unit(idx, 31), idx) from demo_profile
where not is_prospect and start_day < 250 and orders_a_year between 18 and 150 and regularity > 1.8 and size_rank < 0.45
    and not is_parent
order by 3 limit getvariable('demo_died');

-- large by revenue, sold at cost
insert into demo_plant
select idx, 'fake_big', row_number() over (order by unit(idx, 32), idx) from demo_profile anti
    join demo_plant using (idx)
where not is_prospect and start_day < 700 and orders_a_year >= 9 and size_rank between 0.004 and 0.065 and not is_parent
order by 3 limit getvariable('demo_fake_big');

insert into demo_plant
select idx, 'channel_conflict', row_number() over (order by unit(idx, 33), idx) from demo_profile anti
    join demo_plant using (idx)
where not is_prospect and start_day < 700 and orders_a_year >= 12 and size_rank < 0.5
order by 3 limit getvariable('demo_channel_conflict');

insert into demo_plant
select idx, 'price_sensitive', row_number() over (order by unit(idx, 34), idx) from demo_profile anti
    join demo_plant using (idx)
where not is_prospect and start_day < 300 and orders_a_year >= 8 and size_rank < 0.6
order by 3 limit getvariable('demo_price_sensitive');

-- far from the edge of the top fifth, where a lower margin alone would make a fake big account
insert into demo_plant
select idx, 'deep_discount', row_number() over (order by unit(idx, 35), idx) from demo_profile anti
    join demo_plant using (idx)
where not is_prospect and start_day < 100 and orders_a_year >= 8
    and (size_rank < 0.06 or size_rank between 0.26 and 0.6)
order by 3 limit getvariable('demo_deep_discount');

insert into demo_plant
select idx, 'growth_star', row_number() over (order by unit(idx, 36), idx) from demo_profile anti
    join demo_plant using (idx)
where not is_prospect and start_day < 500 and orders_a_year >= 8 and size_rank between 0.02 and 0.6
order by 3 limit getvariable('demo_growth_star');

insert into demo_plant
select idx, 'single_threaded', row_number() over (order by unit(idx, 37), idx) from demo_profile anti
    join demo_plant using (idx)
join demo_holder using (idx) join demo_manager m using (manager_idx)
where not is_prospect and start_day < 700 and orders_a_year >= 4 and size_rank < 0.4 and handover_day is null
    and m.planted is null
order by 3 limit getvariable('demo_single_threaded');
