-- Random draws that are no draws: the same (item, salt, seed) always gives the same figure, on any number of threads.
-- unit: uniform in (0, 1). normal: standard normal (Box–Muller). gamma1: mean 1, shape k (Wilson–Hilferty).
create or replace temp macro unit(item, salt) as
    ((hash(item::bigint, salt::bigint, getvariable('demo_seed')::bigint) >> 12)::double + 0.5) / 4503599627370496.0;
create or replace temp macro normal(item, salt) as
    sqrt(-2 * ln(unit(item, salt))) * cos(2 * pi() * unit(item, salt + 500));
create or replace temp macro gamma1(item, salt, k) as
    greatest(0.01, pow(1 - 1 / (9 * k) + normal(item, salt) / (3 * sqrt(k)), 3));
create or replace temp macro pick(words, item, salt) as
    words[1 + floor(len(words) * unit(item, salt))::int];
-- Days count from the first day of the history; a visit or a form is never dated on a weekend.
create or replace temp macro on_day(day) as (date '2022-11-01' + day::int);
create or replace temp macro day_of(on_date) as (on_date - date '2022-11-01');
create or replace temp macro workday(on_date) as
    (on_date - case isodow(on_date) when 6 then 1 when 7 then 2 else 0 end)::date;
create or replace temp macro final_day() as 1478;  -- 2026-11-18
create or replace temp macro account_no(i) as printf('A%05d', i::int);
create or replace temp macro manager_no(i) as printf('M%03d', i::int);
create or replace temp macro partner_no(i) as printf('P%04d', i::int);
