"""What is known of a snapshot before any question is asked: its dates, currency and which tables hold rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Protocol

import pandas as pd

from kam_core.view import Calendar, View, add_months, month_start


class Reader(Protocol):
    """Runs a query with bound values; kam_core.warehouse.engine.Reader does."""

    def __hash__(self) -> int: ...

    def frame(self, sql: str, params: dict[str, Any] | None = None) -> pd.DataFrame: ...

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[tuple[Any, ...]]: ...


@dataclass(frozen=True)
class Facts:
    """The one row of mart.facts, and the policy in force for these data."""

    values: dict[str, Any]
    policy: dict[str, float | str]

    @classmethod
    def read(cls, reader: Reader) -> Facts:
        """Asked once of each snapshot, which never changes."""
        return _read(reader)

    @classmethod
    def fresh(cls, reader: Reader) -> Facts:
        frame = reader.frame("select * from mart.facts")
        values = {str(k): v for k, v in frame.iloc[0].to_dict().items()}
        values |= {name: values[name].date() for name in ("first_day", "as_of", "last_day")}
        rules = reader.rows("select key, number, words from mart.policy")
        return cls(values, {key: words if number is None else number for key, number, words in rules})

    @property
    def as_of(self) -> date:
        day: date = self.values["as_of"]
        return day

    @property
    def last_day(self) -> date:
        """The last order date of all, which lies after the as-of date where orders are dated in the future."""
        day: date = self.values["last_day"]
        return day

    @property
    def currency(self) -> str:
        return str(self.values["currency"])

    def has(self, needed: str) -> bool:
        """Whether a table holds rows, or a column any value (`has_cost`)."""
        return bool(self.values[needed])

    def calendar(self, view: View | None = None) -> Calendar:
        """The calendar as of the view's date, at most the last day loaded."""
        chosen = view.as_of if view and view.as_of else self.as_of
        return Calendar(self.values["first_day"], min(chosen, self.as_of), int(self.values["fiscal_start"]))

    def has_trailing_year(self, day: date) -> bool:
        """Whether the 12 months up to a day are kept summed up: month ends, the last day, the same day years before."""
        is_month_end = (day + timedelta(days=1)).day == 1
        return day == self.as_of or (day < self.as_of and is_month_end) or day in (
            add_months(self.as_of, -12), add_months(self.as_of, -24)
        )

    def has_part(self, start: date, end: date) -> bool:
        """Whether a part of a month is kept summed up: that of an earlier year, cut at the last day loaded."""
        same_month = start.month == self.as_of.month and start.year < self.as_of.year
        cut = add_months(self.as_of, 12 * (start.year - self.as_of.year)) + timedelta(days=1)
        month = month_start(start)
        return same_month and cut.month == month.month and (start, end) in (
            (month, cut), (cut, add_months(month, 1))
        )

    def tier_day(self, calendar: Calendar) -> date:
        """The last day on or before the as-of date for which tiers were worked out."""
        day = calendar.as_of
        if day >= self.as_of or (day + timedelta(days=1)).day == 1:
            return day
        return month_start(day) - timedelta(days=1)


@lru_cache(maxsize=16)
def _read(reader: Reader) -> Facts:
    return Facts.fresh(reader)
