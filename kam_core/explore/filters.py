"""Which rows are looked at: filters as data, turned into one SQL condition with bound values.

Values are kept as text, as they stand in an address or a recipe, and cast to the column's type by the engine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kam_core.explore.source import Column, Params, Source

KINDS = ("is", "not", "between", "range", "contains", "missing", "present")


@dataclass(frozen=True)
class Filter:
    """`values`: for is and not the values (None is missing), for between and range low and high (None is open), for
    contains one text. Between includes its end, range does not.
    """

    column: str
    kind: str
    values: tuple[str | None, ...] = ()

    def to_list(self) -> list[Any]:
        return [self.column, self.kind, *self.values]

    @classmethod
    def from_list(cls, parts: Sequence[Any]) -> Filter:
        """ValueError where it is not one."""
        column, kind, *values = parts
        if kind not in KINDS or not isinstance(column, str) or any(not isinstance(v, str | None) for v in values):
            raise ValueError("not a filter")
        if kind in ("between", "range") and len(values) != 2:
            raise ValueError("a range has two ends")
        return cls(column, kind, tuple(values))


def fits(column: Column, filter_: Filter) -> bool:
    """Whether the ends of a range are numbers of a column of numbers, or days of one of dates."""
    if filter_.kind not in ("between", "range"):
        return True
    ends = [end for end in filter_.values if end is not None]
    try:
        if column.family == "date":
            return all(date.fromisoformat(end[:10]) for end in ends)
        return column.family == "number" and all(math.isfinite(float(end)) for end in ends)
    except ValueError:
        return False


def condition(source: Source, filters: Sequence[Filter]) -> tuple[str, Params]:
    """The condition that all filters make, and its bound values. KeyError where a column is not there."""
    parts: list[str] = []
    params: Params = {}
    for place, filter_ in enumerate(filters):
        bound = {f"f{place}_{n}": value for n, value in enumerate(filter_.values) if value is not None}
        parts.append(_condition(source.column(filter_.column), filter_, place))
        params |= bound
    return " and ".join(parts) or "true", params


def _condition(column: Column, filter_: Filter, place: int) -> str:
    x, values = column.sql, [_bound(column, place, n) for n, v in enumerate(filter_.values) if v is not None]
    match filter_.kind:
        case "missing":
            return f"{x} is null"
        case "present":
            return f"{x} is not null"
        case "contains":
            return f"contains(lower(cast({x} as varchar)), lower(cast($f{place}_0 as varchar)))"
        case "is":
            return _either(x, values, None in filter_.values)
        case "not":
            return f"not {_either(x, values, None in filter_.values)}"
        case _:
            return _between(column, filter_, place)


def _either(x: str, values: list[str], or_missing: bool) -> str:
    """True or false for every row, also where the value is missing."""
    among = f"coalesce({x} in ({', '.join(values)}), false)" if values else "false"
    return f"({among} or {x} is null)" if or_missing else f"({among})"


def _between(column: Column, filter_: Filter, place: int) -> str:
    low, high = filter_.values
    x, parts = column.sql, []
    if low is not None:
        parts.append(f"{x} >= {_bound(column, place, 0)}")
    if high is not None:
        end = _bound(column, place, 1)
        if column.has_time and filter_.kind == "between":  # a day lasts until the next
            parts.append(f"{x} < {end} + interval 1 day")
        else:
            parts.append(f"{x} {'<' if filter_.kind == 'range' else '<='} {end}")
    return f"({' and '.join(parts)})" if parts else f"{x} is not null"


def _bound(column: Column, place: int, n: int) -> str:
    kind = {"number": column.type, "date": "timestamp" if column.has_time else "date", "yes_no": "boolean"}
    if column.family == "number" and column.type not in ("FLOAT", "DOUBLE"):
        return f"try_cast($f{place}_{n} as decimal(38, 10))"  # 1.5 is no value of a whole column, and not 2 either
    return f"try_cast($f{place}_{n} as {kind.get(column.family, 'varchar')})"
