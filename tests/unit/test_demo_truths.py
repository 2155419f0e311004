"""What the demo company plants is there, and true in the rows that later analyses see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from kam_core.demo import generate
from kam_core.warehouse.engine import workbench

Truth = dict[str, Any]
LAST_YEAR = "date '2025-11-19'"  # the first day of the last 365
ORDER_DAYS = """select count(distinct order_date) from raw.orders
    where account_id = ? and order_date >= ? and order_date < ?"""
DISCOUNT = "select 1 - sum(amount) / sum(list_amount) from raw.orders where account_id = ? and amount > 0"


class Company:
    """The small demo company, and what was planted in it."""

    def __init__(self) -> None:
        self.con = workbench()
        self.truths = generate(self.con, "small")

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return list(self.con.execute(sql, list(values)).fetchall())

    def number(self, sql: str, *values: Any) -> float:
        ((value,),) = self.rows(sql, *values)
        return float(value)

    def ids(self, kind: str) -> list[str]:
        return [truth["account_id"] for truth in self.truths[kind]]


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    made = Company()
    yield made
    made.con.close()


def died_of(company: Company, cause: str) -> list[Truth]:
    found = [truth for truth in company.truths["died"] if truth["cause"] == cause]
    assert found, f"nobody died of {cause}"
    return found


def before(truth: Truth, days: int) -> date:
    return date.fromisoformat(truth["died_on"]) - timedelta(days)


@pytest.mark.parametrize("kind", ["died", "fake_big", "channel_conflict", "single_threaded", "price_sensitive",
                                  "deep_discount", "growth_star"])
def test_at_least_five_of_each_kind_are_planted_on_accounts_of_their_own(company: Company, kind: str) -> None:
    ids = company.ids(kind)
    assert len(set(ids)) == len(ids) >= 5
    others = [i for other in company.truths if other not in (kind, "scale", "seed")
              for i in [t.get("account_id") for t in company.truths[other]] if i]
    assert not set(ids) & set(others)


def test_truths_can_be_written_as_json(company: Company) -> None:
    assert json.loads(json.dumps(company.truths)) == company.truths


def test_nobody_orders_after_the_day_of_death(company: Company) -> None:
    for truth in company.truths["died"] + company.truths["natural_churn"]:
        last = company.rows("select max(order_date) from raw.orders where account_id = ?", truth["account_id"])[0][0]
        assert last <= date.fromisoformat(truth["died_on"])
    half = sum(t["died_on"] >= "2025-11-18" for t in company.truths["died"]) / len(company.truths["died"])
    assert half == 0.5


def test_deaths_are_silence_against_a_quick_rhythm(company: Company) -> None:
    for truth in company.truths["died"]:
        orders = company.number("select count(distinct order_date) from raw.orders where account_id = ? and amount > 0",
                                truth["account_id"])
        first = company.rows("select min(order_date) from raw.orders where account_id = ?", truth["account_id"])[0][0]
        assert (date.fromisoformat(truth["last_order"]) - first).days / orders < 32


def test_falling_frequency_shows_before_death(company: Company) -> None:
    for truth in died_of(company, "falling_frequency"):
        late = company.number(ORDER_DAYS, truth["account_id"], before(truth, 190), before(truth, 0))
        early = company.number(ORDER_DAYS, truth["account_id"], before(truth, 580), before(truth, 200)) / 2
        assert late < 0.75 * early


def test_tickets_stay_unanswered_before_death(company: Company) -> None:
    for truth in died_of(company, "unanswered_tickets"):
        assert company.number("""select count(*) from raw.tickets where account_id = ? and first_response_at is null
            and resolved_at is null and opened_at between ? and ?""",
            truth["account_id"], before(truth, 66), before(truth, 0)) >= 3


def test_nobody_visits_before_death(company: Company) -> None:
    for truth in died_of(company, "no_visits"):
        assert company.number("select count(*) from raw.activities where account_id = ? and date > ?",
                              truth["account_id"], before(truth, 200)) == 0
        assert company.number("select count(*) from raw.activities where account_id = ?", truth["account_id"]) > 2


def test_the_manager_changes_before_death(company: Company) -> None:
    for truth in died_of(company, "manager_changed"):
        assert company.number("select count(*) from raw.assignments where account_id = ? and from_on = ?",
                              truth["account_id"], before(truth, 75)) == 1


def test_a_deal_is_lost_to_a_competitor_before_death(company: Company) -> None:
    for truth in died_of(company, "lost_to_competitor"):
        assert company.number("""select count(*) from raw.opportunities where account_id = ? and outcome = 'lost'
            and lost_reason = 'competitor' and competitor is not null and closed_on between ? and ?""",
            truth["account_id"], before(truth, 30), before(truth, 20)) >= 1


def test_satisfaction_falls_before_death(company: Company) -> None:
    for truth in died_of(company, "low_satisfaction"):
        assert company.number("""select count(*) from raw.tickets where account_id = ? and satisfaction <= 2
            and opened_at between ? and ?""", truth["account_id"], before(truth, 101), before(truth, 0)) >= 3


def test_profit_after_cost_to_serve_finds_the_fake_big_accounts(company: Company) -> None:
    """A visit or meeting costs 500, a call 50, a ticket 800; a fifth of the accounts that bought in the last year."""
    found = {i for (i,) in company.rows(f"""
        with sold as (select account_id, sum(amount) as revenue, sum(amount - cost) as margin from raw.orders
                      where order_date >= {LAST_YEAR} group by account_id),
        care as (select account_id,
                 sum(case when kind in ('visit', 'meeting') then 500 when kind = 'call' then 50 end) as cost
                 from raw.activities where date >= {LAST_YEAR} group by account_id),
        repair as (select account_id, 800 * count(*) as cost from raw.tickets
                   where opened_at >= {LAST_YEAR} group by account_id),
        earned as (select account_id, revenue, margin - coalesce(care.cost, 0) - coalesce(repair.cost, 0) as profit
                   from sold left join care using (account_id) left join repair using (account_id)),
        ranked as (select account_id, row_number() over (order by revenue desc) / count(*) over () as by_revenue,
                   row_number() over (order by profit desc) / count(*) over () as by_profit from earned)
        select account_id from ranked where by_revenue <= 0.2 and by_profit > 0.2""")}
    planted = set(company.ids("fake_big"))
    assert planted <= found
    assert len(planted) / len(found) >= 0.8


def test_channel_conflicts_sell_one_line_through_two_channels_at_two_prices(company: Company) -> None:
    gaps = dict(company.rows(f"""
        with priced as (select account_id, product_line, coalesce(partner_id, 'direct') as channel,
                        sum(amount) / sum(list_amount) as price from raw.orders
                        where amount > 0 and order_date >= {LAST_YEAR} group by all),
        gap as (select account_id, product_line, max(price) - min(price) as gap from priced
                group by all having count(*) > 1)
        select account_id, max(gap) from gap group by account_id"""))
    planted = {truth["account_id"]: truth for truth in company.truths["channel_conflict"]}
    assert {i for i, gap in gaps.items() if gap > 0.07} == set(planted)
    for account, truth in planted.items():
        channels = {c for (c,) in company.rows(f"""select distinct coalesce(partner_id, 'direct') from raw.orders
            where account_id = ? and order_date >= {LAST_YEAR}""", account)}
        assert channels == set(truth["channels"])


def test_single_threaded_accounts_are_met_through_one_contact_by_one_manager(company: Company) -> None:
    threads = {i: people for i, people, meetings in company.rows("""
        select account_id, count(distinct (contact_id, manager_id)), count(*) from raw.activities
        group by account_id""")
        if meetings >= 10}
    planted = set(company.ids("single_threaded"))
    assert all(threads[i] == 1 for i in planted)
    assert sum(people == 1 for people in threads.values()) == len(planted)


def test_price_sensitive_accounts_buy_more_when_discounted(company: Company) -> None:
    for account in company.ids("price_sensitive"):
        assert company.number("""
            with bought as (select sum(list_amount)::double as value, 1 - sum(amount) / sum(list_amount) as discount
                            from raw.orders where account_id = ? and amount > 0 group by order_id),
            usual as (select quantile_cont(discount, 0.2) as usual_discount from bought),
            split as (select value, discount > usual_discount + 0.05 as is_promotion from bought cross join usual)
            select avg(value) filter (is_promotion) / avg(value) filter (not is_promotion) from split""", account) > 1.4


def test_deep_discounts_began_on_their_day_and_brought_no_growth(company: Company) -> None:
    for truth in company.truths["deep_discount"]:
        assert company.number(DISCOUNT + " and order_date < ?::date", truth["account_id"], truth["since"]) < 0.16
        assert company.number(DISCOUNT + " and order_date >= ?::date", truth["account_id"], truth["since"]) > 0.21


def test_growth_stars_order_more_often_since_their_day(company: Company) -> None:
    for truth in company.truths["growth_star"]:
        since = date.fromisoformat(truth["since"])
        days = (date(2026, 11, 18) - since).days
        after = company.number(ORDER_DAYS, truth["account_id"], since, date(2026, 11, 19))
        assert after > 1.4 * company.number(ORDER_DAYS, truth["account_id"], since - timedelta(days), since)


def test_hoarders_hold_many_accounts_and_visit_few(company: Company) -> None:
    visits = dict(company.rows(f"""
        with held as (select manager_id, count(*) as accounts from raw.accounts group by 1),
        visits as (select manager_id, count(*) as visits from raw.activities
                   where kind = 'visit' and date >= {LAST_YEAR} group by 1)
        select manager_id, visits / accounts from held join visits using (manager_id) where accounts >= 10"""))
    special = {t["manager_id"] for kind in ("hoarding_manager", "neglectful_manager") for t in company.truths[kind]}
    usual = [v for m, v in visits.items() if m not in special]
    assert all(visits[m] < 0.6 * min(usual) for m in special)
    assert all(t["accounts"] > 1.4 * 400 / 12 for t in company.truths["hoarding_manager"])


def test_neglectful_managers_answer_slowly(company: Company) -> None:
    hours = dict(company.rows("""select owner, median(datediff('minute', opened_at, first_response_at)) / 60
        from raw.tickets group by owner"""))
    slow = {t["manager_id"] for t in company.truths["neglectful_manager"]}
    assert min(hours[m] for m in slow) > 2 * max(h for m, h in hours.items() if m not in slow)


def test_the_manager_who_left_still_holds_accounts_and_calls_on_nobody(company: Company) -> None:
    left = {m: day for m, day in company.rows("select manager_id, left_on from raw.managers where left_on is not null")}
    assert {t["manager_id"]: date.fromisoformat(t["left_on"]) for t in company.truths["manager_left"]} == left
    for manager, day in left.items():
        assert company.number("select count(*) from raw.accounts where manager_id = ?", manager) > 0
        later = "select count(*) from raw.activities where manager_id = ? and date > ?"
        assert company.number(later, manager, day) == 0


def test_one_product_line_fades(company: Company) -> None:
    (truth,) = company.truths["declining_product_line"]
    share = """select avg((product_line = ?)::int) from raw.orders
        where order_date >= ?::date and order_date < ?::date"""
    before_fall = company.number(share, truth["product_line"], "2023-07-01", "2024-07-01")
    # two years and a bit at 40 % a year leave about a third: 0.6 ^ 2.2 = 0.325
    assert company.number(share, truth["product_line"], "2026-06-01", "2026-11-19") < 0.5 * before_fall
