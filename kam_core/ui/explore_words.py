"""Columns, values, questions and filters of any table in the reader's words; whatever a file holds is shown as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from kam_core.explore.filters import Filter
from kam_core.explore.profile import Profile
from kam_core.explore.shape import TIMES, Ask, bucket_end
from kam_core.explore.source import shown
from kam_core.text import numbers
from kam_core.text.i18n import join
from kam_core.ui import session
from kam_core.ui.explore_state import Exploring, day
from kam_core.ui.session import words

MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$:<>&])")
ADDITIVE = ("sum", "count")


def plain(text: str) -> str:
    """Text for a place that reads Markdown, such as a button: it is shown as it is."""
    return MARKS.sub(r"\\\1", text)


def unique(names: Sequence[str]) -> list[str]:
    """Shown names, told apart where shortening made them alike."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def columns(exploring: Exploring) -> dict[str, str]:
    """Column → its shown name, all different."""
    names = [c.name for c in exploring.source.columns]
    return dict(zip(names, unique([shown(name) for name in names]), strict=True))


# --- questions


def measure(ask: Ask, name: str | None = None) -> str:
    """ "Amount", "average Price", "number of rows"."""
    column = name if name is not None else ask.y
    if column is None:
        return words("explore.measure.rows")
    return words(f"explore.measure.{ask.how}", column=shown(column))


def question(ask: Ask) -> str:
    """The question that a chart answers: its title."""
    said = {"measure": measure(ask), "x": shown(ask.x or ""), "colour": shown(ask.colour or "")}
    if ask.chart == "scatter" and ask.against is not None:
        return words("explore.ask.scatter", **said | {"against": measure(ask, ask.against)})
    if ask.x is None:
        return words("explore.ask.total", **said)
    if ask.chart in ("heat", "table") and ask.colour is not None:
        return words("explore.ask.cross", **said)
    if ask.grain in TIMES:
        said["grain"] = words(f"explore.by_grain.{ask.grain}")
        return words("explore.ask.time_colour" if ask.colour is not None else "explore.ask.time", **said)
    if ask.grain:
        return words("explore.ask.bins" if ask.y is None else "explore.ask.by", **said)
    return words("explore.ask.by_colour" if ask.colour is not None else f"explore.ask.{_kind_of_by(ask)}", **said)


def _kind_of_by(ask: Ask) -> str:
    return "rows" if ask.y is None else "by"


# --- values


def unit(exploring: Exploring, ask: Ask, column: str | None = None) -> str:
    """How values of the answer are written: count, percent or number."""
    name = column if column is not None else ask.y
    if name is None or ask.how in ("count", "distinct"):
        return "count"
    kind = exploring.profile(name).kind
    if kind == "percent":
        return "percent"
    return "count" if kind in ("count", "yes_no") and ask.how in ("sum", "min", "max") else "number"


def short(value: Any, unit: str) -> str:
    return numbers.short(None if pd.isna(value) else value, session.lang(), unit)


def full(value: Any, unit: str) -> str:
    return numbers.full(None if pd.isna(value) else value, session.lang(), unit)


def value(raw: Any, longest: int = 40) -> str:
    """One value of a column as it is shown."""
    if raw is None or raw is pd.NaT or (isinstance(raw, float) and raw != raw):
        return words("explore.missing")
    if isinstance(raw, pd.Timestamp | date):
        return numbers.day(day(raw), session.lang())
    if raw in ("true", "false") or isinstance(raw, bool):
        return words(f"explore.{'yes' if raw in ('true', True) else 'no'}")
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1e15:
        return str(int(raw))
    return shown(str(raw), longest)


def bucket(raw: Any, grain: str, long: bool = False) -> str:
    """A part of an axis: a month, a range, a value."""
    lang = session.lang()
    if pd.isna(raw):
        return words("explore.missing")
    if grain in TIMES:
        first = day(raw)
        if grain == "year":
            return words("period.fiscal_year", year=first.year) if long and lang == "zh" else str(first.year)
        if grain == "quarter":
            said = words("period.quarter", year=first.year, quarter=(first.month + 2) // 3)
            return said if long else numbers.quarter(first, lang)
        if grain == "month":
            return numbers.month(first, lang) if long else numbers.month_short(first, lang)
        if long:
            return numbers.day(first, lang)
        return f"{numbers.day_of_year(first, lang)} {first:%y}" if lang == "en" else f"{first:%y-%m-%d}"
    if grain:
        step, low, high = (float(part) for part in grain.split(":"))
        ends = [_end(raw), _end(raw + step)]
        if raw >= high - 1e-9 * abs(high):
            return words("explore.from", low=ends[0])
        return f"{ends[0]}–{ends[1]}" if raw > low or low == 0 else words("explore.under", high=ends[1])
    return value(raw)


def _end(number: float) -> str:
    return numbers.short(round(number, 9), session.lang(), "number")


# --- filters


def door(ask_column: str, grain: str, raw: Any, is_others: bool, named: Sequence[Any]) -> Filter:
    """The filter that leaves what a mark stands for. `named`: the values that are not among the others."""
    if is_others:
        return Filter(ask_column, "not", tuple(text(v) for v in named))
    if pd.isna(raw):
        return Filter(ask_column, "missing")
    if grain in TIMES:
        return Filter(ask_column, "between", (day(raw).isoformat(), bucket_end(day(raw), grain).isoformat()))
    if grain:
        step, low, high = (float(part) for part in grain.split(":"))
        is_first, is_last = raw <= low, raw >= high - 1e-9 * abs(high)
        ends = (None if is_first else repr(float(raw)), None if is_last else repr(float(raw + step)))
        return Filter(ask_column, "range", ends) if ends != (None, None) else Filter(ask_column, "present")
    return Filter(ask_column, "is", (text(raw),))


def text(raw: Any) -> str | None:
    """A value as filters hold it."""
    if raw is None or pd.isna(raw):
        return None
    return day(raw).isoformat() if isinstance(raw, pd.Timestamp | date) else str(raw)


def chip(filter_: Filter, names: dict[str, str], kind: str) -> str:
    """A filter in words."""
    column = names.get(filter_.column, shown(filter_.column))
    if filter_.kind in ("missing", "present"):
        return words(f"explore.chip.{filter_.kind}", column=column)
    if filter_.kind in ("is", "not"):
        listed = [value(v, 24) for v in filter_.values[:3]]
        said = join(session.lang(), listed)
        if len(filter_.values) > 3:
            said = words("explore.chip.and_more", values=said, n=len(filter_.values) - 3)
        return words(f"explore.chip.{filter_.kind}", column=column, values=said)
    if filter_.kind == "contains":
        return words("explore.chip.contains", column=column, text=shown(filter_.values[0] or "", 24))
    return _between(filter_, column, kind)


def _between(filter_: Filter, column: str, kind: str) -> str:
    low, high = (_limit(v, kind) for v in filter_.values)
    if low and high:
        return words("explore.chip.between", column=column, low=low, high=high)
    return words("explore.chip.from" if low else "explore.chip.to", column=column, low=low, high=high)


def _limit(end: str | None, kind: str) -> str:
    if end is None:
        return ""
    if kind == "date":
        return numbers.day(date.fromisoformat(end[:10]), session.lang())
    return numbers.full(float(end), session.lang(), "percent" if kind == "percent" else "number")


def span(start: date, end: date) -> str:
    lang = session.lang()
    return f"{numbers.day(start, lang)} – {numbers.day(end, lang)}"


def distinct(p: Profile) -> str:
    """How many different values; about so many where it is an estimate."""
    said = numbers.full(p.distinct, session.lang(), "count")
    return said if p.is_exact else f"≈ {numbers.short(p.distinct, session.lang(), 'count')}"


def is_running(first: Any, grain: str, last: date) -> bool:
    """Whether the data end clearly before the part of time does."""
    if grain not in TIMES or pd.isna(first):
        return False
    end = bucket_end(day(first), grain)
    return day(first) <= last < end - timedelta(days=max(1, (end - day(first)).days // 10))
