"""A question to a table as data (what by what, how, which chart), and its answer: one select, exact totals included.

Totals, "others" and means are worked out from the rows themselves, never from other results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import Any

import pandas as pd

from kam_core.explore.filters import Filter, condition
from kam_core.explore.source import Params, Source

TIMES = ("day", "week", "month", "quarter", "year")
HOWS = ("sum", "mean", "median", "min", "max", "count", "distinct")
CHARTS = ("bar", "line", "area", "scatter", "heat", "table")
COMPARES = ("previous_period", "previous_year")
OF_ANY = ("count", "distinct")  # what can be said of any column, not of numbers alone
MOST_PARTS = 5000  # marks of a chart, cells of a pivot
_SQL = {
    "sum": "sum({})", "mean": "avg({})", "median": "median({})", "min": "min({})", "max": "max({})",
    "count": "count({})", "distinct": "count(distinct {})",
}  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """What is asked.

    `x`: the column whose values (or days, months …, or bins) are compared; `colour`: a second such. Without one there
    is a single part. `grain`: of dates one of TIMES, of numbers "step:low:high" (bins), else "". `y` None counts rows.
    `against`: the second measure of a scatter. `top`: values of `x` kept; the rest is put together as others.
    """

    x: str | None = None
    grain: str = ""
    colour: str | None = None
    colour_grain: str = ""
    y: str | None = None
    how: str = "sum"
    against: str | None = None
    chart: str = "bar"
    top: int = 10
    colours: int = 6
    compare: str = ""

    @property
    def columns(self) -> list[str]:
        """All columns that it needs."""
        return list(dict.fromkeys(c for c in (self.x, self.colour, self.y, self.against) if c is not None))

    def to_dict(self) -> dict[str, Any]:
        """What differs from the defaults."""
        return {k: v for k, v in asdict(self).items() if v != getattr(Ask(), k)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Ask:
        """ValueError where it is not one."""
        known = {f.name: getattr(cls(), f.name) for f in fields(cls)}
        for key, value in values.items():
            kind = int if key in ("top", "colours") else str
            if key not in known or not isinstance(value, kind) or isinstance(value, bool):
                raise ValueError(f"not a question: {key}")
        ask = cls(**values)
        if ask.how not in HOWS or ask.chart not in CHARTS or ask.compare not in ("", *COMPARES):
            raise ValueError("not a question")
        if not (_is_grain(ask.grain) and _is_grain(ask.colour_grain)):
            raise ValueError("not a grain")
        if not (1 <= ask.top <= 1000 and 1 <= ask.colours <= 100):
            raise ValueError("more parts than can be drawn")
        return ask


def _is_grain(grain: str) -> bool:
    if grain in ("", *TIMES):
        return True
    try:
        step, low, high = (float(part) for part in grain.split(":"))
    except ValueError:
        return False
    return step > 0 and low <= high < float("inf") and low > float("-inf")


@dataclass(frozen=True)
class Windows:
    """Two spans of days of one column, both ends included. `months` or `days` lie between them."""

    column: str
    start: date
    end: date
    before_start: date
    before_end: date
    months: int = 0
    days: int = 0


@dataclass(frozen=True)
class Answer:
    """`frame`: a row a part with `level` (cell, x, colour, total), `x`, `x_place`, `c`, `c_place` (from 1; beyond
    `top` are the others; none in a total), `value`, `rows`, and `before`, `rows_before` where compared; of a scatter
    also `against`. Sorted as drawn. `is_cut`: more parts than could be read.
    """

    ask: Ask
    frame: pd.DataFrame
    windows: Windows | None = None
    is_cut: bool = False

    def part(self, level: str) -> pd.DataFrame:
        return self.frame[self.frame["level"] == level]

    @property
    def total(self) -> Any:
        """The one row of the total."""
        return self.part("total").iloc[0]


def answer(source: Source, ask: Ask, filters: Sequence[Filter] = (), windows: Windows | None = None) -> Answer:
    """Ask the engine. KeyError where the table lacks a column that is asked for."""
    sql, params = select(source, ask, filters, windows)
    frame = source.reader.frame(sql, params)
    return Answer(ask, frame.iloc[:MOST_PARTS], windows, len(frame) > MOST_PARTS)


def select(
    source: Source, ask: Ask, filters: Sequence[Filter] = (), windows: Windows | None = None
) -> tuple[str, Params]:
    """The select behind an answer, and its bound values."""
    kept, params = _kept(source, ask, filters, windows)
    is_ranked, is_grouped = _is_ranked(source, ask.x, ask.grain), _is_ranked(source, ask.colour, ask.colour_grain)
    value = _SQL[ask.how] if ask.y else "count(*)"
    steps = [f"kept as ({kept})"]
    for name, ranked, most in (("x", is_ranked, ask.top), ("c", is_grouped, ask.colours)):
        if ranked:
            steps.append(f"{name}_top as ({_top(name, value, ask, most)})")
    steps.append(f"placed as ({_placed(is_ranked, is_grouped, ask)})")
    texts = {name for name, ranked in (("x", is_ranked), ("c", is_grouped)) if ranked}
    return f"with {', '.join(steps)} {_parts(value, ask, windows, texts)}", params


def _kept(source: Source, ask: Ask, filters: Sequence[Filter], windows: Windows | None) -> tuple[str, Params]:
    """The rows asked about with what is needed of them; those of the earlier span beside, moved to this one."""
    where, params = condition(source, [f for f in filters if not _is_window(f, windows)])
    if windows is None:
        return _rows(source, ask, where, "now"), params
    day = source.column(windows.column).sql
    sides = []
    for side, start, end in (
        ("now", windows.start, windows.end), ("before", windows.before_start, windows.before_end),
    ):  # fmt: skip
        params |= {f"{side}_start": start, f"{side}_end": end + timedelta(days=1)}
        within = f"{where} and {day} >= ${side}_start and {day} < ${side}_end"
        sides.append(_rows(source, ask, within, side, windows))
    return " union all ".join(sides), params


def _is_window(filter_: Filter, windows: Windows | None) -> bool:
    return windows is not None and filter_.column == windows.column and filter_.kind in ("between", "range")


def _rows(source: Source, ask: Ask, where: str, side: str, windows: Windows | None = None) -> str:
    x = _dimension(source, ask.x, ask.grain, windows if side == "before" else None)
    c = _dimension(source, ask.colour, ask.colour_grain, windows if side == "before" else None)
    return (
        f"select {x} as x, {c} as c, {_measure(source, ask.y, ask.how)} as y,"
        f" {_measure(source, ask.against, ask.how)} as z, '{side}' as side from {source.relation} where {where}"
    )


def _measure(source: Source, name: str | None, how: str) -> str:
    if name is None:
        return "null::double"
    column = source.column(name)
    if column.family == "number" or how in OF_ANY:
        return column.sql
    if column.family == "yes_no":
        return f"cast({column.sql} as integer)"
    raise KeyError(name)  # the sum of a text


def _dimension(source: Source, name: str | None, grain: str, moved: Windows | None) -> str:
    if name is None:
        return "null::varchar"
    column = source.column(name)
    x = column.sql
    if column.family == "date" and grain in TIMES:
        if moved and moved.column == name:
            x = f"({x} + interval ({moved.months}) month + interval ({moved.days}) day)"
        return f"cast(date_trunc('{grain}', {x}) as date)"
    if column.family == "number" and ":" in grain:
        step, low, high = (float(part) for part in grain.split(":"))
        clipped = f"least(greatest(cast({x} as double), {low!r}), {high!r})"  # which would make a number of a null
        return f"case when {x} is not null then floor({clipped} / {step!r} + 1e-9) * {step!r} end"
    return x


def _is_ranked(source: Source, name: str | None, grain: str) -> bool:
    """Values are ranked by size; time and bins have an order of their own."""
    return name is not None and not grain


def _top(name: str, value: str, ask: Ask, most: int) -> str:
    size = value.format("y")
    where = " where side = 'now'" if ask.compare else ""
    return (
        f"select {name}, row_number() over (order by size desc nulls last, rows desc, {name}) as place from"
        f" (select {name}, {size} as size, count(*) as rows from kept{where} group by {name}"
        f" order by size desc nulls last, rows desc, {name} limit {most})"
    )


def _placed(is_ranked: bool, is_grouped: bool, ask: Ask) -> str:
    """Every row with the place of its values: 1 … n by size, n + 1 for the others, 1 where there is no ranking."""
    columns, joins = ["side", "y", "z"], []
    for name, ranked, most in (("x", is_ranked, ask.top), ("c", is_grouped, ask.colours)):
        if ranked:
            joins.append(f"left join {name}_top on kept.{name} is not distinct from {name}_top.{name}")
            columns += [
                f"case when {name}_top.place is not null then kept.{name} end as {name}",
                f"coalesce({name}_top.place, {most + 1}) as {name}_place",
            ]
        else:
            columns += [f"kept.{name} as {name}", f"1 as {name}_place"]
    return f"select {', '.join(columns)} from kept {' '.join(joins)}"


def _parts(value: str, ask: Ask, windows: Windows | None, texts: set[str]) -> str:
    """Cells and totals in one select. Values that are ranked leave as text: a long number must not be rounded."""
    has = [name for name, column in (("x", ask.x), ("c", ask.colour)) if column is not None]
    cell = [f"{n}, {n}_place" for n in has]
    groupings = [f"({', '.join(cell)})", *([f"({name})" for name in cell] if len(has) == 2 else [])]
    groupings += ["()"] if has else []
    figures = _figures(value, ask, windows)
    x_of, c_of = (f"cast({n} as varchar)" if n in texts else n if n in has else f"any_value({n})" for n in ("x", "c"))
    levels = _level(has)
    return (
        f"select {levels} as level, {x_of} as x, {'x_place' if 'x' in has else '0'} as x_place, {c_of} as c,"
        f" {'c_place' if 'c' in has else '0'} as c_place, {figures} from placed"
        f" group by grouping sets ({', '.join(groupings)})"
        " order by case level when 'total' then 0 when 'colour' then 1 when 'x' then 2 else 3 end,"  # never cut off
        f" x_place nulls last, {'placed.x' if 'x' in has else '1'} nulls last,"
        f" c_place nulls last, {'placed.c' if 'c' in has else '1'} nulls last limit {MOST_PARTS + 1}"
    )


def _level(has: list[str]) -> str:
    if not has:
        return "'total'"
    if len(has) == 1:
        return f"case when grouping({has[0]}) = 0 then 'cell' else 'total' end"
    return (
        "case when grouping(x) = 0 and grouping(c) = 0 then 'cell' when grouping(x) = 0 then 'x'"
        " when grouping(c) = 0 then 'colour' else 'total' end"
    )


def _figures(value: str, ask: Ask, windows: Windows | None) -> str:
    def side(name: str) -> str:
        return f" filter (where side = '{name}')" if windows else ""

    size = value.format("y")
    figures = [f"cast({size}{side('now')} as double) as value", f"count(*){side('now')} as rows"]
    if windows:
        figures += [f"cast({size}{side('before')} as double) as before", f"count(*){side('before')} as rows_before"]
    if ask.against is not None:
        figures.append(f"cast({_SQL[ask.how].format('z')}{side('now')} as double) as against")
    return ", ".join(figures)


# --- what is compared


def windows(ask: Ask, column: str, first: date, last: date, filters: Sequence[Filter]) -> Windows:
    """The span looked at and the one before it.

    The span is that of a filter on the date. Without one it is all there is where time runs along the chart and years
    are compared, else the calendar year of the last day, up to that day. A year earlier are the same days; the previous
    period is as long (in months where it is made of whole ones) and ends the day before.
    """
    start, end = _span(filters, column, first, last)
    if (start, end) == (first, last) and not (ask.compare == "previous_year" and ask.x == column):
        start = max(first, date(last.year, 1, 1))
    months = 12 if ask.compare == "previous_year" else _whole_months(start, end)
    if months:
        before_end = add_months(end + timedelta(days=1), -months) - timedelta(days=1)
        if ask.compare == "previous_year":
            before_end = add_months(end, -12)
        return Windows(column, start, end, add_months(start, -months), before_end, months=months)
    days = (end - start).days + 1
    return Windows(column, start, end, start - timedelta(days=days), start - timedelta(days=1), days=days)


def _span(filters: Sequence[Filter], column: str, first: date, last: date) -> tuple[date, date]:
    for filter_ in filters:
        if filter_.column == column and filter_.kind in ("between", "range"):
            low, high = (date.fromisoformat(v[:10]) if v else None for v in filter_.values)
            if high and filter_.kind == "range":
                high -= timedelta(days=1)
            return low or first, high or last
    return first, last


def _whole_months(start: date, end: date) -> int:
    """The number of whole months from start to end, both included; 0 where they are not whole."""
    after = end + timedelta(days=1)
    is_whole = start.day == 1 and after.day == 1
    return (after.year - start.year) * 12 + after.month - start.month if is_whole else 0


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), following - timedelta(days=1))


# --- rows


def rows_behind(
    source: Source, filters: Sequence[Filter], search: str = "", most: int | None = None
) -> tuple[str, Params]:
    """The select of the rows that the filters and a searched text leave, as they lie in the table."""
    where, params = condition(source, filters)
    if search:
        parts = [f"contains(lower(cast({c.sql} as varchar)), lower($search))" for c in source.columns]
        where, params = f"{where} and ({' or '.join(parts)})", params | {"search": search}
    columns = ", ".join(f"{c.sql} as {_alias(n)}" for n, c in enumerate(source.columns))
    limit = f" limit {most}" if most is not None else ""
    return f"select {columns} from {source.relation} where {where}{limit}", params


def _alias(place: int) -> str:
    return f"c{place}"


def count_behind(source: Source, filters: Sequence[Filter]) -> tuple[str, Params]:
    """The select of their number."""
    where, params = condition(source, filters)
    return f"select count(*) from {source.relation} where {where}", params


def bucket_end(day: date, grain: str) -> date:
    """The last day of the day, week, month, quarter or year that begins on `day`."""
    if grain in ("day", "week"):
        return day + timedelta(days=6 if grain == "week" else 0)
    return add_months(day, {"month": 1, "quarter": 3, "year": 12}[grain]) - timedelta(days=1)
