"""Region × industry and concentration, by hand: totals that tie out, what the largest would take with them."""

import math
from dataclasses import replace
from decimal import Decimal

import pytest

from kam_core.metrics import query, reports
from kam_core.metrics.measures import MEASURES
from kam_core.policy import Alerts, Policy
from tests.tiny import everything, order


def report(reader, name, view=None, **settings):
    return reports.report(reader, view or everything("2025"), name, **settings)


ACCOUNTS = [
    {"account_id": "a", "name": "A", "region": "East", "industry": "Bank", "manager_id": "m"},
    {"account_id": "b", "name": "B", "region": "East", "industry": "Steel", "parent_account_id": "a"},
    {"account_id": "c", "name": "C", "region": "West", "industry": "Bank", "manager_id": "n"},
    {"account_id": "d", "name": "D", "industry": "Bank", "manager_id": "n"},
]
# 2025: a 100.10 (cost 60), b 50.05 in two orders, c 30.03 (list value 40), d −5 after 15; 2024: a 80, c 60.
ORDERS = [
    order("2024-05-01", "a", 80), order("2024-05-01", "c", 60),
    order("2025-05-01", "a", 100.10, order_id="1", cost=60, manager_id="m"),
    order("2025-05-02", "b", 20.05, order_id="2"), order("2025-06-01", "b", 30, order_id="3"),
    order("2025-05-03", "c", 30.03, order_id="4", list_amount=40, manager_id="n"),
    order("2025-05-04", "d", 15, order_id="5"), order("2025-12-31", "d", -20, order_id="6"),
]  # fmt: skip
MANAGERS = [{"manager_id": "m", "name": "M", "region": "East", "industry": "Bank"},
            {"manager_id": "n", "name": "N", "region": "West", "industry": "Bank"}]  # fmt: skip
TARGETS = [{"manager_id": "m", "period": "2025-01-01", "target_amount": 200, "granularity": "year"}]


@pytest.fixture(scope="module")
def reader(built):
    return built(accounts=ACCOUNTS, orders=ORDERS, managers=MANAGERS, targets=TARGETS)


def cells(frame, column):
    frame = frame.astype(object).where(frame.notna(), None)
    return {(r.kind, r.region, r.industry): getattr(r, column) for r in frame.itertuples()}


def test_each_cell_and_both_arms(reader):
    frame = report(reader, "matrix")
    revenue = cells(frame, "revenue")
    assert {key: round(value, 2) for key, value in revenue.items()} == {
        ("total", None, None): 175.18,
        ("region", "East", None): 150.15, ("region", "West", None): 30.03, ("region", None, None): -5,
        ("industry", None, "Bank"): 125.13, ("industry", None, "Steel"): 50.05,
        ("cell", "East", "Bank"): 100.10, ("cell", "East", "Steel"): 50.05, ("cell", "West", "Bank"): 30.03,
        ("cell", None, "Bank"): -5,
    }  # fmt: skip
    assert cells(frame, "growth")["cell", "East", "Bank"] == pytest.approx(100.10 / 80 - 1)
    assert cells(frame, "growth")["cell", "East", "Steel"] is None
    assert cells(frame, "share")["region", "East", None] == pytest.approx(150.15 / 175.18)
    assert cells(frame, "margin")["total", None, None] == 40.10  # only a's line has a cost
    assert cells(frame, "discount_rate")["cell", "West", "Bank"] == pytest.approx(1 - 30.03 / 40)
    assert cells(frame, "return_rate")["region", None, None] == pytest.approx(20 / 15)


def test_cells_without_an_owner_are_flagged(reader):
    frame = report(reader, "matrix")
    assert cells(frame, "unowned_accounts")["cell", "East", "Steel"] == 1
    assert round(cells(frame, "unowned_revenue")["total", None, None], 2) == 50.05
    assert cells(frame, "managers")["total", None, None] == 2
    assert cells(frame, "managers")["cell", "East", "Steel"] == 0


def test_attainment_meets_the_targets_of_a_managers_own_cell(reader):
    frame = report(reader, "matrix")
    assert cells(frame, "attainment")["cell", "East", "Bank"] == pytest.approx(100.10 / 200)
    assert cells(frame, "attainment")["total", None, None] == pytest.approx(175.18 / 200)
    # Targets have no tier, so a view of one tier has none.
    assert report(reader, "matrix", everything("2025", tier=("N",)))["target"].isna().all()


def test_the_matrix_says_what_the_measures_say(reader):
    frame = report(reader, "matrix")
    for key in ("revenue", "orders", "active_accounts", "quantity", "margin", "gross_margin", "discount_rate",
                "return_rate", "average_order_value", "growth", "target", "attainment"):  # fmt: skip
        for by, kind in (((), "total"), (("region",), "region"), (("region", "industry"), "cell")):
            if MEASURES[key].source != "sales" and kind != "total":
                continue  # cells without a sale but with a target, and the other way round
            found = query.measure(reader, everything("2025"), [key], by=by)
            ours = cells(frame, key)
            for row in found.astype(object).where(found.notna(), None).to_dict("records"):
                value = ours[kind, row.get("region"), row.get("industry")]
                assert value == (None if row[key] is None else pytest.approx(row[key])), (key, row)


def test_cells_sum_to_the_company_total_to_the_cent(built):
    """Amounts whose binary sums drift: 0.1 + 0.2 …, over 3 regions × 4 industries."""
    accounts = [{"account_id": f"{n}", "name": f"{n}", "region": f"r{n % 3}" if n % 7 else None,
                 "industry": f"i{n % 4}" if n % 5 else None} for n in range(200)]  # fmt: skip
    orders = [order("2025-03-01", f"{n}", round(0.1 * (n + 1) + 0.07 * n, 2)) for n in range(200)]
    frame = report(built(accounts=accounts, orders=orders), "matrix", everything())
    exact = sum(Decimal(str(o["amount"])) for o in orders)
    for kind in ("cell", "region", "industry", "total"):
        assert Decimal(str(round(math.fsum(frame[frame["kind"] == kind]["revenue"]), 2))) == exact


# --- concentration


def test_children_count_with_their_parent_or_alone(reader):
    # Groups: a + b 150.15, c 30.03, d 0 for its −5; of 180.18.
    by_group = report(reader, "concentration").iloc[0]
    assert by_group["top_1_share"] == pytest.approx(150.15 / 180.18)
    assert by_group["hhi"] == pytest.approx(1e4 * (150.15**2 + 30.03**2) / 180.18**2)
    by_account = report(reader, "concentration", by="account").iloc[0]
    assert (by_account["groups"], by_account["top_1_share"]) == (3, pytest.approx(100.10 / 180.18))


def test_the_largest_and_those_above_the_limit(built):
    reader = built(replace(Policy(), alerts=Alerts(account_share=0.2)), accounts=ACCOUNTS, orders=ORDERS)
    frame = report(reader, "largest")
    rows = frame[["owner_id", "name", "accounts", "revenue", "is_above_limit"]].values.tolist()
    assert rows == [["a", "A", 2, 150.15, True], ["c", "C", 1, 30.03, False]]  # 30.03 of 180.18 is .167
    assert frame["share_to_here"].tolist() == pytest.approx([150.15 / 180.18, 1])
    assert report(reader, "largest", by="account", limit=1)["owner_id"].tolist() == ["a", "b"]  # b: .278, above


def test_what_if_the_largest_left(reader):
    rows = {
        (r.section, r.region if isinstance(r.region, str) else None): r
        for r in report(reader, "largest_leave", limit=1).itertuples()
    }
    total = rows["total", None]
    assert (total.revenue, total.revenue_without, total.margin, total.margin_without) == (175.18, 25.03, 40.10, 0)
    assert total.revenue_lost == pytest.approx(150.15 / 175.18)
    assert (rows["region", "East"].revenue_without, rows["region", "West"].revenue_without) == (0, 30.03)
    alone = report(reader, "largest_leave", by="account", limit=1).iloc[0]
    assert alone["revenue_without"] == 75.08


def test_concentration_over_time_covers_whole_years_only(reader):
    frame = report(reader, "concentration_history")
    # First order 1 May 2024: the first whole year ends on 30 April 2025: a 80 and c 60 of 140.
    assert str(frame["as_of"].iloc[0])[:10] == "2025-04-30"
    assert frame["hhi"].iloc[0] == pytest.approx(1e4 * (80**2 + 60**2) / 140**2)
    assert frame["top_1_share"].iloc[0] == pytest.approx(80 / 140)
    last = frame.iloc[-1]
    assert str(last["as_of"])[:10] == "2025-12-31"
    assert last["hhi"] == pytest.approx(report(reader, "concentration").iloc[0]["hhi"])  # the year 2025
    assert (last["owners"], last["top_20_share"]) == (2, pytest.approx(1))
