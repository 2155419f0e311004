"""Tiers by the ABC rule: cuts, ties, losses, the young, the strategic, and how slowly accounts move."""

from dataclasses import replace

import pytest

from kam_core.metrics import reports
from kam_core.policy import Policy, Tiers
from tests.tiny import everything, order

AT_ONCE = Policy(tiers=Tiers(new_months=0, new_orders=0, periods_to_move=1))


def classes(reader, column="class"):
    frame = reports.report(reader, everything(), "abc")
    return dict(zip(frame["account_id"], frame[column], strict=True))


def yearly(amounts, day="2025-01-15"):
    return [order(day, account, amount) for account, amount in amounts.items()]


def test_the_class_is_that_of_the_share_reached_before_the_account(built):
    amounts = {"a": 500, "b": 290, "c": 10, "d": 140, "e": 10.01, "f": 49.99}
    # In order of value: a 500, b 290, d 140, f 49.99, e 10.01, c 10.
    # Before: a 0, b .500, d .790, f .930, e .97999, c .99: A A A B C C.
    found = classes(built(AT_ONCE, orders=yearly(amounts)))
    assert found == {"a": "A", "b": "A", "d": "A", "f": "B", "e": "C", "c": "C"}


def test_exactly_at_the_cut_is_past_it(built):
    # Before b: 80 of 100 = .80, which is not below .80.
    assert classes(built(AT_ONCE, orders=yearly({"a": 80, "b": 15, "c": 5}))) == {"a": "A", "b": "B", "c": "C"}


def test_ties_take_the_class_of_the_first_of_them(built):
    # b, c and d all have 20; before the first of them lies .40, so all three are A although .80 lies before the last.
    assert classes(built(AT_ONCE, orders=yearly({"a": 40, "b": 20, "c": 20, "d": 20}))) == dict.fromkeys("abcd", "A")


def test_a_loss_is_c_and_outside_the_denominator(built):
    # Total of what is above zero: 100. Before b lies .79: A. With the loss inside (90) it would be .878: B.
    orders = [*yearly({"a": 79, "b": 21, "c": 5}), order("2025-01-16", "c", -15)]
    frame = reports.report(built(AT_ONCE, orders=orders), everything(), "abc")
    assert dict(zip(frame["account_id"], frame["class"], strict=True)) == {"a": "A", "b": "A", "c": "C"}
    assert dict(zip(frame["account_id"], frame["loss"], strict=True)) == {"a": False, "b": False, "c": True}


def test_who_only_returned_goods_did_not_buy(built):
    orders = [*yearly({"a": 79}), order("2024-01-10", "b", 10), order("2025-01-16", "b", -15)]
    assert classes(built(AT_ONCE, orders=orders)) == {"a": "A"}


def test_the_young_and_those_with_few_orders_are_new(built):
    def thrice(account, first):
        return [order(first, account, 10), order("2025-01-10", account, 10), order("2025-02-10", account, 10)]

    # As of 10 February 2025: "old" since 10 February 2024, a full year; "young" since the day after; "few": two orders.
    orders = [*thrice("old", "2024-02-10"), *thrice("young", "2024-02-11"), *thrice("few", "2024-01-01")[:2]]
    tiers = classes(built(Policy(), orders=orders), "tier")
    assert (tiers["old"], tiers["young"], tiers["few"]) == ("A", "N", "N")


def test_strategic_by_hand_or_by_the_policys_criterion(built):
    rows = [{"account_id": "a", "name": "a"}, {"account_id": "c", "name": "c", "strategic": True}]
    orders = yearly({"a": 90, "b": 8, "c": 2})
    assert classes(built(AT_ONCE, accounts=rows, orders=orders), "tier") == {"a": "A", "b": "B", "c": "S"}
    from_80 = replace(AT_ONCE, tiers=replace(AT_ONCE.tiers, strategic_annual_revenue=80.0))
    assert classes(built(from_80, orders=orders), "tier") == {"a": "S", "b": "B", "c": "C"}


def monthly(account, amounts, year=2023):
    """One order a month from January of `year`."""
    return [
        order(f"{year + n // 12}-{n % 12 + 1:02d}-15", account, amount) for n, amount in enumerate(amounts) if amount
    ]


def tier_by_day(reader, account):
    rows = reader.rows(
        "select strftime(as_of, '%Y-%m-%d'), tier, class from mart.account_tier where account_id = $a order by as_of",
        {"a": account},
    )
    return {day: (tier, class_) for day, tier, class_ in rows}


def test_an_account_moves_only_when_a_class_has_held_for_two_month_ends(built):
    # Trailing values at month ends, a and b: January to December 2024 both sum twelve months of orders.
    # a: 78 a month throughout. b: 22 a month, but 21 in December 2024 and less from then on.
    # Share before b = a / (a + b). It passes .80 when b's trailing sum falls below 234 = 936/4.
    # b sums: Dec 2023 264 (.78: A). From January 2024 each month one 22 is replaced by 17:
    # 259 (.7833), 254, 249, 244 (.7932), 239 (.7966), 234 (.8000: B at the end of June), 229 (.8034: B, July).
    policy = replace(AT_ONCE, tiers=replace(AT_ONCE.tiers, periods_to_move=2))
    orders = [*monthly("a", [78] * 24), *monthly("b", [22] * 12 + [17] * 12)]
    days = tier_by_day(built(policy, orders=orders), "b")
    assert days["2024-05-31"] == ("A", "A")
    assert days["2024-06-30"] == ("A", "B")  # one month end in B: stays
    assert days["2024-07-31"] == ("B", "B")  # the second: moves


def test_far_past_the_cut_moves_at_once(built):
    # b's trailing sum falls from 264 to 22·11 = 242, then by 22 a month as it stops buying in January 2024:
    # share before b: .78 (Dec), .7946 (Jan 242), .8097 (Feb 220: B, .97 points past), .8254 (Mar 198: B, second).
    # In one step instead: a big return in February takes the sum to 100: 936 / 1036 = .9035, 10 points past: at once.
    policy = replace(AT_ONCE, tiers=replace(AT_ONCE.tiers, periods_to_move=2))
    orders = [*monthly("a", [78] * 24), *monthly("b", [22] * 12), order("2024-02-20", "b", -120)]
    days = tier_by_day(built(policy, orders=orders), "b")
    assert days["2024-01-31"] == ("A", "A")
    assert days["2024-02-29"] == ("B", "B")


def test_published_pin_online_retail(built, shared_data):
    """Net 365-day revenue as of 2011-06-10: A 1206, B 1468, C 1641 of n = 4315; HHI 40.3; top ten 15.28 %."""
    days = shared_data / "btyd" / "online_retail_ii_customer_days.parquet"

    def fill(con):
        con.execute(
            "insert into raw.orders by name select cast(CustomerID as varchar) as account_id, cast(date as date)"
            f" as order_date, gross + returns as amount, 1 as source_id, 1 as source_line from '{days}'"
            " where date <= date '2011-06-10' order by date"
        )

    reader = built(Policy(), fill=fill)
    frame = reports.report(reader, everything(), "abc")
    counted = frame[~frame["loss"]]["class"].value_counts().to_dict()
    assert counted == {"A": 1206, "B": 1468, "C": 1641}
    row = reports.report(reader, everything("last_12_months"), "concentration").iloc[0]
    assert row["hhi"] == pytest.approx(40.3, abs=0.05)
    assert row["top_10_share"] == pytest.approx(0.1528, abs=0.00005)
