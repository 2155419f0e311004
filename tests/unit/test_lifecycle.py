"""Each account in exactly one state on any day, with the day it was entered; worked out by hand."""

from __future__ import annotations

import pytest

from kam_core.metrics import reports
from tests.tiny import everything, order


@pytest.fixture(scope="module")
def reader(built):
    """As of 31 March 2025. Lost after 12 months (365 days) or four times the own mean gap.

    fresh: first order 1 February 2025. steady: monthly since January 2024. gone: one order, 1 January 2024, so lost on
    31 December 2024. back: 1 January 2023, again on 1 February 2025, lost in between. wanted: an open deal since
    1 March 2025, no order. nobody: neither; created 1 June 2024.
    """
    months = [f"{year}-{month:02}-01" for year in (2024, 2025) for month in range(1, 13)][:15]
    return built(
        accounts=[
            {"account_id": a, "name": a, "created_on": "2024-06-01" if a == "nobody" else None}
            for a in ("fresh", "steady", "gone", "back", "wanted", "nobody")
        ],
        orders=[
            order("2025-02-01", "fresh", 10), *(order(day, "steady", 10) for day in months), 
            order("2024-01-01", "gone", 5),
            order("2023-01-01", "back", 7), order("2025-02-01", "back", 8), order("2025-03-31", "steady", 1),
        ],
        opportunities=[{
            "opportunity_id": "d", "account_id": "wanted", "stage": "Lead", "amount": 1, "created_on": "2025-03-01",
        }],
    )  # fmt: skip


def states(reader, day):
    rows = reports.report(reader, everything(), "lifecycle_accounts", until=day).to_dict("records")
    assert len({r["account_id"] for r in rows}) == len(rows)
    return {r["account_id"]: (r["state"], str(r["state_on"])[:10]) for r in rows}


def test_states_of_an_earlier_day(reader):
    assert states(reader, "2025-01-15") == {
        "steady": ("active", "2024-07-01"),  # six months after the first order
        "gone": ("lost", "2024-12-31"),  # 1 January 2024 and 365 days
        "back": ("lost", "2024-01-01"),
        "fresh": ("prospect", "NaT"), "wanted": ("prospect", "NaT"), "nobody": ("prospect", "2024-06-01"),
    }  # fmt: skip
    assert "nobody" not in states(reader, "2024-05-01")  # not yet there


def test_states_of_the_last_day(reader):
    found = states(reader, "2025-03-31")
    assert {a: s for a, (s, _) in found.items() if a != "fresh"} == {
        "steady": "active", "gone": "lost", "back": "won_back", "wanted": "target", "nobody": "prospect",
    }  # fmt: skip
    assert found["wanted"][1] == "2025-03-01" and found["back"][1] == "2025-02-01"
    assert found["fresh"][0] in ("new", "at_risk")  # two months silent after one order


def test_rates_from_one_day_to_another(reader):
    frame = reports.report(reader, everything(), "lifecycle", since="2025-01-15", until="2025-03-30")
    moves = {(r["state_before"], r["state"]): (r["accounts"], r["rate"]) for r in frame.to_dict("records")}
    assert moves == {
        ("prospect", "prospect"): (1, pytest.approx(1 / 3)), ("prospect", "target"): (1, pytest.approx(1 / 3)),
        ("prospect", "new"): (1, pytest.approx(1 / 3)), ("active", "active"): (1, 1),
        ("lost", "lost"): (1, 0.5), ("lost", "won_back"): (1, 0.5),
    }  # fmt: skip
    assert frame["accounts"].sum() == 6
