"""Deals: measures and reports against figures worked out by hand."""

from __future__ import annotations

import pytest

from kam_core.metrics import query
from tests.tiny import everything, order


def deal(name: str, stage: str, amount: float | None, **more: object) -> dict[str, object]:
    return {"opportunity_id": name, "account_id": "x", "stage": stage, "amount": amount, **more}


def step(name: str, stage: str, day: str, amount: float | None = None, close: str | None = None) -> dict[str, object]:
    return {"opportunity_id": name, "stage": stage, "entered_on": day, "amount": amount, "expected_close": close}


ACCOUNTS = [
    {"account_id": "x", "name": "X", "region": "East", "manager_id": "m"},
    {"account_id": "y", "name": "Y", "region": "West", "manager_id": "n"},
]
ORDERS = [order("2024-01-01", "x", 1), order("2025-03-10", "x", 1)]  # as of 10 March 2025


@pytest.fixture(scope="module")
def plain(built):
    """Only what a deals file says: no history. As of 10 March 2025."""
    return built(
        accounts=ACCOUNTS, orders=ORDERS,
        managers=[{"manager_id": n, "name": n, "region": r} for n, r in (("m", "East"), ("n", "West"))],
        targets=[
            {"manager_id": "m", "period": f"2025-0{month}-01", "target_amount": 100, "granularity": "month"}
            for month in (1, 2, 3)
        ],
        opportunities=[
            deal("a", "Proposal", 100, created_on="2025-01-01", expected_close="2025-03-20", product_line="P"),
            deal("b", "lead", 60, created_on="2025-02-01", expected_close="2025-05-01"),
            deal("late", "Lead", 40, created_on="2025-02-01", expected_close="2025-02-28"),  # should have closed
            deal("w1", "Won", 50, created_on="2025-01-01", closed_on="2025-01-21"),  # 20 days
            deal("w2", "Closed", 30, outcome="Won", created_on="2025-02-01", closed_on="2025-02-11"),  # 10 days
            deal("l1", "Lost", 20, created_on="2025-01-01", closed_on="2025-03-02", account_id="y"),  # 60 days
            deal("old", "Won", 999, created_on="2024-01-01", closed_on="2024-02-20"),
            deal("none", "Lead", None, created_on="2025-03-01", account_id=None),
        ],
    )  # fmt: skip


def value(reader, key, view=None, **by):
    return query.measure(reader, view or everything("2025-Q1"), [key])[key].iloc[0]


def test_open_deals_and_what_they_are_worth(plain):
    assert value(plain, "open_deals") == 4
    assert value(plain, "pipeline_amount") == 100 + 60 + 40
    # By policy: a Proposal is won in 45 of 100, a Lead in 5.
    assert value(plain, "weighted_pipeline") == pytest.approx(100 * 0.45 + (60 + 40) * 0.05)


def test_the_deals_closed_in_the_period(plain):
    assert value(plain, "won_amount") == 80
    assert value(plain, "win_rate") == pytest.approx(2 / 3)
    assert value(plain, "win_rate_amount") == pytest.approx(80 / 100)
    assert value(plain, "sales_cycle_days") == (20 + 10 + 60) / 3
    frame = query.measure(plain, everything("2025-Q1"), ["won_amount", "win_rate"], by=["month"]).set_index("month")
    assert frame["won_amount"].fillna(0).to_dict() == {"2025-01": 50, "2025-02": 30, "2025-03": 0}
    assert frame["win_rate"].to_dict() == {"2025-01": 1, "2025-02": 1, "2025-03": 0}


def test_deals_are_cut_by_what_their_accounts_and_they_themselves_say(plain):
    by = query.measure(plain, everything("2025-Q1"), ["win_rate", "open_deals"], by=["region"]).set_index("region")
    assert by["win_rate"].to_dict() == pytest.approx({"East": 1, "West": 0, None: float("nan")}, nan_ok=True)
    assert by["open_deals"].sum() == 4
    lines = query.measure(plain, everything("2025-Q1"), ["pipeline_amount"], by=["product_line"])
    assert lines.set_index("product_line")["pipeline_amount"].dropna().to_dict() == {"P": 100, None: 100}
    assert value(plain, "open_deals", everything("2025-Q1", region=("East",))) == 3  # not the one without an account


def test_coverage_is_open_and_closing_over_what_is_missing(plain):
    # Of the open ones only `a` closes this quarter and is not overdue: 100. Target 300 less 80 won: 220.
    assert value(plain, "coverage") == pytest.approx(100 / 220)
    # The whole month counts though only ten days have passed: 100 closing, target 100, nothing won in March.
    frame = query.measure(plain, everything("2025-Q1"), ["coverage"], by=["month"]).set_index("month")
    assert frame["coverage"]["2025-03"] == pytest.approx(100 / 100)
    assert query.measure(plain, everything("2024"), ["coverage"])["coverage"].isna().all()


def test_the_pipeline_of_an_earlier_day(plain):
    # On 31 January a was open (created 1 January), and l1, lost on 2 March.
    assert value(plain, "pipeline_amount", everything("2025-01")) == 100 + 20
