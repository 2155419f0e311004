"""What is being looked at: scope, filters, period and as-of date in one frozen object, the key of every cache."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta

from kam_core.access.scope import Scope
from kam_core.errors import KamError

NONE = "-"  # the filter value that stands for "without one": no region, no manager
PERIODS = ("this_month", "this_quarter", "this_year", "last_12_months", "all")


@dataclass(frozen=True)
class Filters:
    """Values to keep, per dimension; an empty tuple keeps all. Values are ids, or names where a thing has no id."""

    region: tuple[str, ...] = ()
    industry: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()
    manager: tuple[str, ...] = ()
    segment: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    product_line: tuple[str, ...] = ()
    partner: tuple[str, ...] = ()

    def items(self) -> list[tuple[str, tuple[str, ...]]]:
        """The filters that are set, in the order of the fields."""
        return [(f.name, getattr(self, f.name)) for f in fields(self) if getattr(self, f.name)]


@dataclass(frozen=True)
class Calendar:
    """What turns a period into dates: first and last day with orders, the as-of date, the fiscal year's first month."""

    first_day: date
    as_of: date
    fiscal_start: int = 1

    def year_start(self, day: date) -> date:
        """First day of the fiscal year that holds `day`."""
        return date(day.year if day.month >= self.fiscal_start else day.year - 1, self.fiscal_start, 1)

    def quarter_start(self, day: date) -> date:
        first = self.year_start(day)
        months = (day.year - first.year) * 12 + day.month - first.month
        return add_months(first, months - months % 3)


@dataclass(frozen=True)
class Span:
    """Days from `start` up to, not including, `end`."""

    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or that month's last day where it is shorter."""
    total = day.year * 12 + day.month - 1 + months
    year, month = divmod(total, 12)
    last = (date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def month_start(day: date) -> date:
    return day.replace(day=1)


@dataclass(frozen=True)
class Period:
    """A named period ("this_year", "2025", "2025-Q3", "2025-03", "all"), or start and end days (half-open)."""

    name: str = "this_year"
    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        if self.name == "custom":
            if not (self.start and self.end and self.start < self.end):
                raise KamError("a period needs a start day before its end day")
        elif self.name not in PERIODS and not re.fullmatch(r"\d{4}(-Q[1-4]|-(0[1-9]|1[0-2]))?", self.name):
            raise KamError(
                f"{self.name!r} is not a period: use {', '.join(PERIODS)}, a year (2025),"
                " a quarter (2025-Q3) or a month (2025-03)"
            )

    @classmethod
    def between(cls, start: date, end: date) -> Period:
        return cls("custom", start, end)

    def whole(self, calendar: Calendar) -> Span:
        """The period's own days, whether or not they have passed."""
        if self.name == "custom":
            assert self.start and self.end
            return Span(self.start, self.end)
        today = calendar.as_of
        if self.name == "all":
            return Span(calendar.first_day, today + timedelta(days=1))
        if self.name == "last_12_months":
            return Span(add_months(today + timedelta(days=1), -12), today + timedelta(days=1))
        if self.name in ("this_month", "this_quarter", "this_year"):
            first, months = {
                "this_month": (month_start(today), 1),
                "this_quarter": (calendar.quarter_start(today), 3),
                "this_year": (calendar.year_start(today), 12),
            }[self.name]
            return Span(first, add_months(first, months))
        return self._named(calendar)

    def _named(self, calendar: Calendar) -> Span:
        year = int(self.name[:4])
        fiscal = date(year, calendar.fiscal_start, 1)
        if len(self.name) == 4:
            return Span(fiscal, add_months(fiscal, 12))
        if "Q" in self.name:
            first = add_months(fiscal, 3 * (int(self.name[-1]) - 1))
            return Span(first, add_months(first, 3))
        first = date(year, int(self.name[5:]), 1)
        return Span(first, add_months(first, 1))

    def span(self, calendar: Calendar) -> Span:
        """The days that count: the period up to the as-of date."""
        whole = self.whole(calendar)
        return Span(whole.start, max(whole.start, min(whole.end, calendar.as_of + timedelta(days=1))))

    def is_partial(self, calendar: Calendar) -> bool:
        return self.span(calendar).end < self.whole(calendar).end


def year_before(span: Span) -> Span:
    """The same days of the previous year; the end moves as the day before it does, so months stay whole."""
    start = add_months(span.start, -12)
    end = add_months(span.last, -12) + timedelta(days=1)
    if span.end.day == 1:
        end = add_months(span.end, -12)
    return Span(start, max(start, end))


@dataclass(frozen=True)
class View:
    """Everything that decides what a figure covers. Frozen and hashable."""

    scope: Scope = field(default_factory=Scope)  # nothing, until somebody is given something
    filters: Filters = Filters()
    period: Period = Period()
    as_of: date | None = None
    roll_up: bool = False  # accounts counted as their group

    def keep(self, **values: str) -> View:
        """The same view narrowed: `keep(region="East")` replaces the region filter by one value."""
        return replace(self, filters=replace(self.filters, **{k: (v,) for k, v in values.items()}))

    def over(self, period: Period) -> View:
        return replace(self, period=period)
