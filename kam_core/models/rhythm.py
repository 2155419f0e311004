"""An account's own rhythm of ordering, and the plain rule on it that needs no model."""

from dataclasses import dataclass

import numpy as np

from kam_core.models.btyd import Array
from kam_core.models.history import History

# The rule's name where data is too thin for a model: shown beside every figure it gives.
SILENCE_RULE = "silence against the own mean gap"
LATE, VERY_LATE = 1.5, 3.0


@dataclass(frozen=True)
class Rhythm:
    """Per account: order days, first and last day, days of silence, mean and median gap in days (NaN without two)."""

    orders: Array
    first_day: Array
    last_day: Array
    silence: Array
    mean_gap: Array
    median_gap: Array


def rhythm(history: History, end: int) -> Rhythm:
    """The rhythm of every account of a history that ends on the day `end`."""
    code, day = history.order_days()
    starts = np.flatnonzero(np.r_[True, code[1:] != code[:-1]])
    ends = np.r_[starts[1:], len(code)] - 1
    repeats = ends - starts
    first, last = day[starts], day[ends]
    mean_gap = np.where(repeats > 0, (last - first) / np.maximum(repeats, 1), np.nan)
    return Rhythm(repeats + 1, first, last, end - last, mean_gap, _median_gap(code, day, repeats))


def _median_gap(code: Array, day: Array, repeats: Array) -> Array:
    """Median gap of each account, from one sort of account and gap as a single number."""
    same = code[1:] == code[:-1]
    gap = np.diff(day)[same]
    if not len(gap):
        return np.full(len(repeats), np.nan)
    span = int(gap.max()) + 1
    gap = np.sort(code[1:][same].astype(np.int64) * span + gap) % span
    begin = np.cumsum(repeats) - repeats
    low, high = begin + (repeats - 1) // 2, begin + repeats // 2
    within = len(gap) - 1
    return np.where(repeats > 0, (gap[np.clip(low, 0, within)] + gap[np.clip(high, 0, within)]) / 2.0, np.nan)


def overdue(own: Rhythm) -> Array:
    """Silence over the own mean gap: 1 means the next order is due about now; NaN for accounts with a single order."""
    return own.silence / own.mean_gap


def silence_rule(own: Rhythm) -> Array:
    """ "high" from 3 own gaps of silence, "medium" from 1.5, else "low"; "unknown" without a second order."""
    ratio = overdue(own)
    bands = np.select([np.isnan(ratio), ratio >= VERY_LATE, ratio >= LATE], ["unknown", "high", "medium"], "low")
    return bands.astype(object)
