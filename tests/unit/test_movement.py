"""What moved between two days sums up whatever the days, and is the same from weekly files as from a full history."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kam_core.metrics import reports
from kam_core.warehouse.engine import Reader
from kam_core.warehouse.load import load
from kam_core.warehouse.snapshots import Store
from tests.tiny import everything, order

FIRST, DAYS = date(2025, 1, 1), 200
STAGES = ("Lead", "Qualified", "Proposal", "Negotiation", "Won", "Lost")
HEADINGS = "opportunity_id,account_id,stage,amount,created_on,expected_close,closed_on\n"
Step = tuple[int, str, int, int]  # day, stage, amount, day of the expected close


def on(day: int) -> date:
    return FIRST + timedelta(days=day)


def random_deals(count: int) -> dict[str, list[Step]]:
    """Deals that begin, change their minds and end, at random."""
    chance = random.Random(4)
    deals = {}
    for n in range(count):
        day, stage, steps = chance.randrange(DAYS), 0, []
        while day < DAYS and stage < 6:
            steps.append((day, STAGES[stage], chance.randrange(1, 100) * 10, day + chance.randrange(1, 150)))
            day += chance.randrange(1, 40)
            stage = chance.choice([stage, stage + 1, stage + 1, 5]) if stage < 4 else 6
        deals[f"d{n}"] = steps
    return deals


DEALS = random_deals(120)


def state(steps: list[Step], day: int) -> Step | None:
    return max((s for s in steps if s[0] <= day), default=None)


def deal_row(name: str, steps: list[Step], day: int) -> dict[str, Any]:
    """The deal as a file of that day shows it."""
    at = state(steps, day)
    assert at
    closed = on(at[0]) if at[1] in ("Won", "Lost") else None
    return {
        "opportunity_id": name, "account_id": "x", "stage": at[1], "amount": at[2], "created_on": on(steps[0][0]),
        "expected_close": on(at[3]), "closed_on": closed,
    }  # fmt: skip


def moved(reader: Any, since: int, until: int, closing: str) -> dict[str, tuple[int, float]]:
    frame = reports.report(
        reader, everything(), "pipeline_movement", since=str(on(since)), until=str(on(until)), closing=closing
    )
    return {r["step"]: (r["deals"], float(r["amount"])) for r in frame.to_dict("records")}


@pytest.fixture(scope="module")
def history(built):
    rows = [
        {"opportunity_id": name, "stage": s, "entered_on": on(day), "amount": amount, "expected_close": on(close)}
        for name, steps in DEALS.items() for day, s, amount, close in steps
    ]  # fmt: skip
    deals = [deal_row(name, steps, DAYS) for name, steps in DEALS.items()]
    return built(orders=[order(str(on(DAYS)), "x", 1)], opportunities=deals, stage_history=rows)


@settings(max_examples=25, deadline=None)
@given(st.integers(-5, DAYS), st.integers(0, DAYS), st.sampled_from(["any", "quarter", "year"]))
def test_the_steps_sum_up_exactly_between_any_two_days(history, since, length, closing):
    until = min(since + length, DAYS)
    steps = moved(history, since, until, closing)
    assert sum(amount for _, amount in list(steps.values())[:-1]) == steps["end"][1]
    if closing == "any":  # both ends counted apart from the product
        for name, day in (("start", since), ("end", until)):
            open_then = [s[2] for s in (state(d, day) for d in DEALS.values()) if s and s[1] not in ("Won", "Lost")]
            assert steps[name] == (len(open_then), sum(open_then))


def test_weekly_files_tell_the_same_movement_as_the_history(history, tmp_path: Path):
    """Five weekly exports of the plain deals file; between any two of them the movement is that of the full history."""
    weeks = [100, 107, 114, 121, 128]
    store = Store(tmp_path / "warehouse")
    for week in weeks:
        rows = [deal_row(name, steps, week) for name, steps in DEALS.items() if state(steps, week)]
        lines = [",".join("" if v is None else str(v) for v in row.values()) for row in rows]
        path = tmp_path / "deals.csv"
        path.write_text(HEADINGS + "\n".join(lines) + "\n")
        load(store, [path], as_table="opportunities", today=on(week))
    current = store.current()
    assert current
    reader = Reader(current.path)
    try:
        for since, until in ((100, 128), (100, 107), (107, 121), (121, 128)):
            for closing in ("any", "quarter"):
                assert moved(reader, since, until, closing) == moved(history, since, until, closing)
    finally:
        reader.close()
