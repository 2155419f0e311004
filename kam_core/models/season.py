"""The season of a company's orders: how much of a year's business a stretch of days holds.

A quiet account in a quiet month is no sign of loss. Two forms: the seasonal horizon s of models.md (orders in the same
window last year over 365-day orders × H/365), and the clock it implies, which runs fast in busy weeks and slow in
quiet ones, so that silence already passed is weighed in the same way as the days ahead. One turn of the clock is 365
days.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kam_core.models.btyd import DAYS_PER_WEEK, Array
from kam_core.models.history import YEAR

# The index of a day is the mean over six weeks around it: about the length of a trading season, long enough to be
# steady.
SMOOTHED_DAYS = 45
# A year with fewer order days than this has some 50 in each six weeks: its ups and downs would be chance.
FEWEST_ORDERS = 400


def horizon_factor(order_days: Array, end: int, horizon_days: float) -> float:
    """s, by which the horizon is stretched: 1 in an even business, and 1 where less than a year of history is known."""
    if not _knows_a_season(order_days, end):
        return 1.0
    lags = end - order_days[(order_days > end - YEAR) & (order_days <= end)]
    in_window = np.count_nonzero(lags >= YEAR - horizon_days)
    return float(in_window / (len(lags) * min(horizon_days, YEAR) / YEAR))


def _knows_a_season(order_days: Array, end: int) -> bool:
    if not len(order_days) or order_days.min() > end - YEAR:
        return False
    return int(np.count_nonzero((order_days > end - YEAR) & (order_days <= end))) >= FEWEST_ORDERS


@dataclass(frozen=True)
class Clock:
    """Season time before `end`: `passed[d]` are the season days in the d calendar days before it, passed[365] = 365."""

    end: int
    passed: Array
    seasonal: bool

    def weeks(self, day: Any) -> Array:
        """Season weeks from `end` to the day: negative before it, positive after it (last year's season repeats)."""
        turns, rest = np.divmod(self.end - np.asarray(day), YEAR)
        return -(turns * YEAR + self.passed[rest]) / DAYS_PER_WEEK


def calendar(end: int) -> Clock:
    """The clock on which every day counts the same."""
    return Clock(end, np.arange(YEAR + 1.0), seasonal=False)


def clock(order_days: Array, end: int) -> Clock:
    """The clock of the year up to `end`; the plain calendar where less than a year of orders is known."""
    if not _knows_a_season(order_days, end):
        return calendar(end)
    lags = end - order_days[(order_days > end - YEAR) & (order_days <= end)]
    daily = np.bincount(lags, minlength=YEAR).astype(float)
    around = np.convolve(np.tile(daily, 3), np.ones(SMOOTHED_DAYS), mode="same")[YEAR : 2 * YEAR]
    return Clock(end, np.r_[0.0, np.cumsum(around * YEAR / around.sum())], seasonal=True)
