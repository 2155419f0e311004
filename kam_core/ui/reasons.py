"""Reasons for a risk in words with their figures, the same on every page."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kam_core.text import numbers
from kam_core.ui import session
from kam_core.ui.session import counted, money, words

MONEY = {"falling_basket", "lost_to_competitor"}
PERCENT = {"margin_drop", "discount_shift", "line_lost", "contract_behind"}
# What is counted now, and what usually; a figure that is not among these stands by itself.
COUNTED = {
    "silence": ("days", "every"), "no_visit": ("days", "every"), "manager_changed": ("days", ""),
    "contract_ending": ("days", ""), "falling_frequency": ("orders", ""), "open_tickets": ("tickets", ""),
    "repeated_tickets": ("tickets", ""),
}  # fmt: skip


def said(reason: str, now: Any, usual: Any, detail: Any) -> str:
    """One reason as part of a sentence: "not visited for 213 days, due every 30"."""
    key = f"reason.{reason}.said"
    if reason == "contract_ending" and now < 0:
        key = "reason.contract_ending.said_over"
    figures = [_figure(reason, value) for value in (now, usual)]
    things = COUNTED.get(reason, ("", ""))
    said_now, said_usual = (counted(thing, n) if thing else n for thing, n in zip(things, figures, strict=True))
    return words(key, now=said_now, usual=said_usual, detail=_detail(detail))


def next_step(reason: str | None, detail: Any = None) -> str:
    """What to do about it."""
    return words(f"reason.{reason or 'none'}.next", detail=_detail(detail))


def label(reason: str) -> str:
    return words(f"reason.{reason}.label")


def sentence(row: Any, most: int = 3) -> str:
    """The weightiest reasons of a row of the report churn_risk; silence is said first, whatever its weight."""
    found = _of(row)
    return _joined([*(f for f in found if f[0] == "silence"), *(f for f in found if f[0] != "silence")][:most])


def causes(row: Any) -> str:
    """The reasons that are more than silence, where the rhythm stands beside them; silence where it is alone."""
    found = _of(row)
    return _joined([f for f in found if f[0] != "silence"] or found)


def _joined(found: list[tuple[str, Any, Any, Any]]) -> str:
    parts = [said(*f) for f in found]
    return words("app.semicolon").join(parts) if parts else words("reason.none.said")


def first_step(row: Any) -> str:
    """The next step for the weightiest reason that is more than silence."""
    found = _of(row)
    cause = next((f for f in found if f[0] != "silence"), found[0] if found else None)
    return next_step(cause[0], cause[3]) if cause else next_step(None)


def risk(value: Any) -> str:
    """A risk for reading: nobody is certainly lost."""
    if pd.notna(value) and value > 0.99:
        return ">99%"
    return numbers.percent(None if pd.isna(value) else round(value, 2), session.lang())


def rhythm(row: Any) -> str:
    """ "every 32 days, now 71 days"."""
    now = counted("days", numbers.full(row.silence_days, session.lang(), "count"))
    if pd.isna(row.mean_gap_days):
        return words("risk.rhythm_once", now=now)
    return words("risk.rhythm", now=now, usual=counted("every_days", days(row.mean_gap_days)))


def _of(row: Any) -> list[tuple[str, Any, Any, Any]]:
    if row.reasons is None or (isinstance(row.reasons, float) and pd.isna(row.reasons)):
        return []
    return list(zip(row.reasons, row.reason_now, row.reason_usual, row.reason_detail, strict=True))


def _figure(reason: str, value: Any) -> str:
    if pd.isna(value):
        return words("app.not_available")
    if reason in MONEY:
        return money(value)
    if reason in PERCENT:
        return numbers.percent(value, session.lang())
    return numbers.short(value, session.lang(), "index") if reason == "low_satisfaction" else days(value)


def days(value: float) -> str:
    """Days and pieces: whole from ten on."""
    return numbers.full(round(value, 0 if value >= 10 else 1), session.lang(), "index" if value < 10 else "count")


def _detail(detail: Any) -> str:
    return str(detail) if isinstance(detail, str) and detail else words("risk.competitor")
