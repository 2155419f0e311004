"""What is in each column: kind, missing, distinct, spread, outliers, examples. Two questions to the engine in all.

Outliers are what lies beyond Tukey's outer fences, three interquartile ranges from the quartiles (J. W. Tukey,
Exploratory Data Analysis, 1977). Where positive values are skewed, as money is, it is their logarithms that are fenced.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from kam_core.explore.kinds import kind_of_number, kind_of_text
from kam_core.explore.source import Column, Source

FEW = 100_000  # rows up to which distinct values are counted exactly
BINS = 20
TOP = 8
EXAMPLES = 3
AT_ONCE = 60  # columns of one statement
FAR = 3.0
# Grain, longest span of days for which it is readable, and the usual days between dates from which it is too fine.
GRAINS = (("day", 62, 5), ("week", 200, 20), ("month", 1900, 70), ("quarter", 5500, 250), ("year", 10**9, 10**9))


@dataclass(frozen=True)
class Bin:
    """So many rows with values from `low` to under `high` (the last bin includes its end)."""

    low: Any
    high: Any
    rows: int


@dataclass(frozen=True)
class Fences:
    """Where outliers begin, and how many lie below and above. `scale`: values or logarithms."""

    low: float
    high: float
    scale: str
    below: int
    above: int


@dataclass(frozen=True)
class Profile:
    """One column. Where something cannot be said it is None or empty."""

    column: Column
    kind: str
    rows: int
    missing: int
    distinct: int
    is_exact: bool  # or whether `distinct` is an estimate
    least: Any = None
    quartiles: tuple[float, float, float] | None = None
    most: Any = None
    mean: float | None = None
    bins: tuple[Bin, ...] = ()
    top: tuple[tuple[Any, int], ...] = ()
    fences: Fences | None = None
    examples: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def known(self) -> int:
        return self.rows - self.missing

    @property
    def distribution(self) -> tuple[int, ...]:
        return tuple(b.rows for b in self.bins) or tuple(n for _, n in self.top)


Figures = dict[str, Any]


def profile(source: Source) -> list[Profile]:
    """One profile a column, in the order of the table."""
    profiles: list[Profile] = []
    for start in range(0, len(source.columns), AT_ONCE):
        part = list(source.columns[start : start + AT_ONCE])
        profiles += _profiles(source, part)
    return profiles


def _profiles(source: Source, columns: list[Column]) -> list[Profile]:
    figures, samples = _figures(source, columns), _samples(source, columns)
    spread = [_spread(c, f) for c, f in zip(columns, figures, strict=True)]
    counted = _distributions(source, columns, spread)
    return [
        _profile(c, f, s, d, e) for c, f, s, d, e in zip(columns, figures, spread, counted, samples, strict=True)
    ]


# --- the first question: figures of whole columns


def _figures(source: Source, columns: list[Column]) -> list[Figures]:
    ((rows,),) = source.reader.rows(f"select count(*) from {source.relation}")
    exact = rows <= FEW
    wanted = [[("rows", "count(*)"), *_wanted(c, exact)] for c in columns]
    flat = ", ".join(sql for part in wanted for _, sql in part)
    values = iter(source.reader.rows(f"select {flat} from {source.relation}")[0])
    return [{"exact": exact, **{name: next(values) for name, _ in part}} for part in wanted]


def _wanted(column: Column, exact: bool) -> list[tuple[str, str]]:
    x = column.sql
    wanted = [
        ("known", f"count({x})"),
        ("distinct", f"count(distinct {x})" if exact else f"approx_count_distinct({x})"),
    ]
    if column.family == "number":
        number = f"cast({x} as double)"
        wanted += [("least", f"min({number})"), ("most", f"max({number})"), ("mean", f"avg({number})")]
        wanted += [("quartiles", f"quantile_cont({number}, [0.25, 0.5, 0.75])")]
        whole = "INT" in column.type
        wanted += [("whole", "true" if whole else f"bool_and({x} = trunc({x}))")]
    elif column.family == "date":
        wanted += [("least", f"min({x})"), ("most", f"max({x})")]
    elif column.family == "text":
        wanted += [("length", f"avg(length({x}))")]
    return wanted


def _samples(source: Source, columns: list[Column]) -> list[list[str]]:
    """Some values of each column, of its first rows, each once."""
    names = ", ".join(f"cast({c.sql} as varchar)" for c in columns)
    rows = source.reader.rows(f"select {names} from {source.relation} limit 100")
    return [list(dict.fromkeys(row[n] for row in rows if row[n] is not None)) for n in range(len(columns))]


# --- the second question: how values are spread


@dataclass(frozen=True)
class Spread:
    """How a column is cut up: into bins of `step` from `low`, by a grain of time, or by value."""

    how: str  # bins, grain, values or nothing
    low: float = 0.0
    high: float = 0.0
    grain: str = ""
    scale: str = ""  # of the fences; "" where nothing can be said of outliers
    fence_low: float = -math.inf
    fence_high: float = math.inf

    @property
    def bins(self) -> int:
        return BINS

    @property
    def step(self) -> float:
        return (self.high - self.low) / self.bins


def _spread(column: Column, figures: Figures) -> Spread:
    if not figures["known"]:
        return Spread("nothing")
    if column.family == "number":
        return _spread_of_numbers(figures) if figures["distinct"] > 2 * TOP else Spread("values")
    if column.family == "date":
        return Spread("grain", grain=grain_of(figures["least"], figures["most"], figures["distinct"]))
    many = figures["distinct"] > 0.8 * figures["known"] and figures["known"] > FEW
    return Spread("nothing") if many else Spread("values")  # nothing stands out where all differ


def _spread_of_numbers(figures: Figures) -> Spread:
    least, most = figures["least"], figures["most"]
    low, high, scale = fences(least, *figures["quartiles"])
    return Spread("bins", max(least, low), min(most, high), "", scale, low, high)


def fences(least: float, first: float, median: float, third: float) -> tuple[float, float, str]:
    """Tukey's outer fences and the scale they are on; infinite, on none, where the middle half is one value."""
    if third <= first:
        return -math.inf, math.inf, ""
    if least > 0 and third - median > 1.5 * (median - first):
        low, high = _fences(math.log(first), math.log(third))
        return math.exp(low), math.exp(min(high, 700.0)), "logarithms"
    return *_fences(first, third), "values"


def _fences(first: float, third: float) -> tuple[float, float]:
    return first - FAR * (third - first), third + FAR * (third - first)


def grain_of(least: Any, most: Any, distinct: int) -> str:
    """The grain that cuts a span of days into a readable number of parts, most of which hold one of the dates."""
    days = (_day(most) - _day(least)).days
    between = days / max(distinct - 1, 1)
    return next(grain for grain, longest, apart in GRAINS if days <= longest and between <= apart)


def _day(moment: Any) -> date:
    return moment.date() if hasattr(moment, "date") else moment


def _distributions(source: Source, columns: list[Column], spread: list[Spread]) -> list[list[tuple[Any, int]]]:
    """Per column the pairs (value or number of the bin, rows)."""
    parts = [_counted(source, n, c, s) for n, (c, s) in enumerate(zip(columns, spread, strict=True))]
    selects = [part for part in parts if part]
    found: list[list[tuple[Any, int]]] = [[] for _ in columns]
    for place, day, number, text, rows in source.reader.rows(" union all ".join(selects)) if selects else []:
        found[place].append((next(v for v in (day, number, text) if v is not None), rows))
    return [sorted(f, key=_commonest if s.how == "values" else None) for f, s in zip(found, spread, strict=True)]


def _commonest(counted: tuple[Any, int]) -> tuple[int, Any]:
    value, rows = counted
    return -rows, value


def _counted(source: Source, place: int, column: Column, spread: Spread) -> str:
    """A select of (place, day, number, text, rows); one of the three holds the value."""
    x, from_ = column.sql, f"from {source.relation} where {column.sql} is not null group by v"
    if spread.how == "grain":
        day = f"cast(date_trunc('{spread.grain}', {x}) as date)"
        return f"select {place}, v, null::double, null::varchar, n from (select {day} as v, count(*) as n {from_})"
    if spread.how == "bins":
        number = f"cast({x} as double)"
        bin_ = (
            f"case when {number} < {spread.low!r} then -1 when {number} > {spread.high!r} then {spread.bins}"
            f" else least({spread.bins - 1}, floor(({number} - {spread.low!r}) / {spread.step!r})) end"
        )
        return (
            f"select {place}, null::date, v, null::varchar, n from"
            f" (select cast({bin_} as double) as v, count(*) as n {from_})"
        )
    if spread.how == "values":
        number, text = ("v", "null") if column.family == "number" else ("null", "cast(v as varchar)")
        most = 2 * TOP if column.family == "number" else TOP
        return (
            f"select {place}, null::date, {number}::double, {text}::varchar, n from"
            f" (select {x} as v, count(*) as n {from_} order by n desc, v limit {most})"
        )
    return ""


# --- put together


def _profile(column: Column, f: Figures, spread: Spread, counted: list[tuple[Any, int]], sample: list[str]) -> Profile:
    bins, top = tuple(_bins(spread, counted)), tuple(counted) if spread.how == "values" else ()
    is_listed = spread.how == "values" and len(top) < TOP  # then all its values are known
    distinct = len(top) if is_listed else min(f["distinct"], f["known"])
    return Profile(
        column=column, kind=_kind(column, f, sample, top), rows=f["rows"], missing=f["rows"] - f["known"],
        distinct=distinct, is_exact=f["exact"] or is_listed, least=f.get("least"),
        quartiles=tuple(f["quartiles"]) if f.get("quartiles") else None, most=f.get("most"), mean=f.get("mean"),
        bins=bins, top=top, fences=_fences_of(spread, counted), examples=tuple(sample[:EXAMPLES]),
    )  # fmt: skip


def _kind(column: Column, f: Figures, sample: list[str], top: tuple[tuple[Any, int], ...]) -> str:
    if not f["known"]:
        return "empty"
    if column.family == "number":
        return kind_of_number(column.name, f["distinct"], f["known"], f["whole"], f["least"], f["most"])
    if column.family == "text":
        values = [str(v) for v, _ in top] or sample[:30]
        return kind_of_text(column.name, f["distinct"], f["known"], f["length"], values)
    return column.family


def _bins(spread: Spread, counted: list[tuple[Any, int]]) -> Iterator[Bin]:
    """All bins in order, empty ones too; without the outliers."""
    if spread.how == "bins":
        found = {int(place): rows for place, rows in counted}
        for n in range(spread.bins):
            yield Bin(spread.low + n * spread.step, spread.low + (n + 1) * spread.step, found.get(n, 0))
    if spread.how == "grain":
        for day, rows in counted:
            yield Bin(day, None, rows)


def _fences_of(spread: Spread, counted: list[tuple[Any, int]]) -> Fences | None:
    if not spread.scale:
        return None
    found = {int(place): rows for place, rows in counted}
    return Fences(spread.fence_low, spread.fence_high, spread.scale, found.get(-1, 0), found.get(spread.bins, 0))
