"""Deals at build time: their stages, how each stood day by day, and what past ones say of those still open."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kam_core.models import pipeline as models
from kam_core.policy import Policy
from kam_core.view import Calendar, Period, add_months, month_start

SQL = Path(__file__).parent / "sql" / "pipeline"
TABLES = ("deal_stage", "deal", "deal_state", "deal_step", "stage_chance")
KINDS = ("this_month", "this_quarter", "this_year")
EPOCH = date(1970, 1, 1)
FIRST_DAYS = 60  # of a history, in which deals still gather
FARES = {
    "kind": pa.string(), "days_left": pa.int32(), "day": pa.date32(), "deals": pa.list_(pa.int64()),
    "won": pa.list_(pa.float64()), "growth": pa.float64(), "new_deals": pa.float64(), "new_size": pa.float64(),
}  # fmt: skip
GRADES = {
    "kind": pa.string(), "region": pa.string(), "starts_on": pa.date32(), "asked_on": pa.date32(),
    "low": pa.float64(), "high": pa.float64(),
    "actual": pa.float64(), "held": pa.bool_(),
}  # fmt: skip


def follow_deals(con: Any, calendar: Calendar) -> None:
    """Fill mart.deal_stage, deal, deal_state, deal_step and stage_chance from raw.opportunities and its history, and
    mart.forecast_fare and forecast_grade: how earlier deals fared, and how well that told what came.
    """
    for name in TABLES:
        con.execute((SQL / f"{name}.sql").read_text("utf-8"))
    states, regions = _states(con)
    strata = models.CLOSES * (int(states.place.max(initial=0)) + 1)
    fares: list[dict[str, Any]] = []
    grades: list[dict[str, Any]] = []
    for kind in KINDS:
        past = _fares(states, Period(kind).whole(calendar).last, calendar.as_of, strata)
        fares += [_fare_row(kind, f) for f in past]
        if past:
            grades += _grades(states, kind, None, calendar, past)
            for region in sorted({r for r in regions if r}):
                grades += _grades(states.among(regions == region), kind, region, calendar, past)
    _store(con, "forecast_fare", FARES, fares)
    _store(con, "forecast_grade", GRADES, grades)


def follow_accounts(con: Any, policy: Policy, as_of: date) -> None:
    """Fill mart.account_life: the days from which each account was new, active, lost or won back, by its purchases."""
    rules = policy.lifecycle
    con.execute(
        (SQL / "account_life.sql").read_text("utf-8"),
        {
            "as_of": as_of, "lost_days": (as_of - add_months(as_of, -rules.lost_months)).days,
            "new_months": rules.new_months,
            "lost_gap_factor": rules.lost_gap_factor, "won_back_months": rules.won_back_months,
        },
    )  # fmt: skip


def _states(con: Any) -> tuple[models.States, np.ndarray]:
    """What the simulation reads, and each deal's region ("" for none); a stage that nobody knows is 0, a deal without
    an amount brings nothing.
    """
    deals = con.execute((SQL / "deals_read.sql").read_text("utf-8")).fetchnumpy()
    states = con.execute((SQL / "states_read.sql").read_text("utf-8")).fetchnumpy()
    names = ("deal", "start_day", "end_day", "place", "amount", "close_day")
    found = models.States(
        *(np.asarray(states[name]) for name in names),
        *(np.asarray(deals[name]) for name in ("begun", "closed", "won", "amount")),
    )
    return found, np.asarray(deals["region"], dtype=object)


def _fares(states: models.States, ends: date, as_of: date, strata: int) -> list[models.Fares]:
    """For every earlier month's end: how deals had fared by then since the day with as many days left as now."""
    days = (ends - as_of).days
    if days <= 0 or not len(states.start):
        return []
    first, month, found = int(states.begun.min()) + FIRST_DAYS, month_start(as_of), []
    while (day := _day(month) - 1 - days) > first:
        found.append(models.fares(states, day, days, strata))
        month = add_months(month, -1)
    return found


def _grades(
    states: models.States, kind: str, region: str | None, calendar: Calendar, past: list[models.Fares]
) -> list[dict[str, Any]]:
    """The forecasts of earlier periods, as shares of what each expected: amounts are not for everybody to see."""
    found, whole = [], Period(kind).whole(calendar)
    earliest = past[-1].day
    while _day(whole.start) > earliest:
        earlier = Calendar(calendar.first_day, date.fromordinal(whole.start.toordinal() - 1), calendar.fiscal_start)
        whole = Period(kind).whole(earlier)
        graded = models.grade(states, _day(whole.start), _day(whole.last), past)
        expected = graded.won_before + graded.outlook.mean if graded else 0
        if graded and expected > 0:
            values = (graded.outlook.low, graded.outlook.high, graded.won_after)
            low, high, actual = ((graded.won_before + value) / expected for value in values)
            found.append({
                "kind": kind, "region": region, "starts_on": whole.start,
                "asked_on": date.fromordinal(EPOCH.toordinal() + graded.asked),
                "low": low, "high": high, "actual": actual, "held": graded.held,
            })  # fmt: skip
    return found


def _fare_row(kind: str, one: models.Fares) -> dict[str, Any]:
    return {
        "kind": kind, "days_left": one.days, "day": date.fromordinal(EPOCH.toordinal() + one.day),
        "deals": one.deals.tolist(), "won": one.won.tolist(), "growth": one.growth,
        "new_deals": one.new_deals, "new_size": one.new_size,
    }  # fmt: skip


def _store(con: Any, table: str, columns: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    con.register("made", pa.Table.from_pylist(rows, schema=pa.schema(columns)))
    con.execute(f"create table mart.{table} as select * from made")
    con.unregister("made")


def _day(day: date) -> int:
    return (day - EPOCH).days
