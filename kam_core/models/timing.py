"""All accounts' order days under both models, BG/NBD and BG/CNBD-k, on the season's clock or the plain calendar.

Fitted for the company as one, or apart for each of its larger segments: accounts that share a value of an attribute.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from kam_core.models import btyd
from kam_core.models.btyd import FEWEST_REPEAT_BUYERS, Array, Fit, Summary
from kam_core.models.history import History
from kam_core.models.season import Clock, calendar, clock

MODELS = ("bg/nbd", "bg/cnbd-k")
# Repeat buyers that a segment needs for a fit of its own. On data drawn from three sets of parameters a fit to 90 of
# them cost 0.7 to 1 % of log loss against the truth (at most 2 % in nine of ten draws), a fifth of what it must save.
LARGE = 100
REST = -1


@dataclass(frozen=True)
class Segment:
    """Accounts that are fitted together: the code they share (REST: all others), their places, their own timing."""

    code: int
    rows: Array
    timing: Timing


@dataclass(frozen=True)
class Timing:
    """One clock at one origin: summaries and horizon in its weeks, and by model the fit and P(no order).

    Where accounts are fitted by segment, `fits` are still those of all together, `risks` those of the segments' fits.
    """

    clock: Clock
    weeks: float
    summary: Summary
    fits: dict[str, Fit]
    risks: dict[str, Array]
    segments: tuple[Segment, ...] = ()

    def expected_orders(self, model: str) -> Array:
        """Expected order days in the horizon."""
        if self.segments:
            return joined((part.rows, part.timing.expected_orders(model)) for part in self.segments)
        s = self.summary
        return btyd.expected_orders(self.fits[model], s.x, s.t_x, s.T, self.weeks)


def timings(
    known: History, end: int, horizon_days: int, near: dict[bool, Timing] | None = None
) -> dict[bool, Timing]:
    """Timing by clock: the plain calendar (False), and the season's clock (True) where a year of orders shows one.

    `near` are the timings of another origin: their parameters are where the search begins, their k is kept.
    """
    season = clock(known.order_days()[1], end)
    clocks = [calendar(end), season] if season.seasonal else [calendar(end)]
    return {c.seasonal: _on(c, known, end, horizon_days, near[c.seasonal] if near else None) for c in clocks}


def _on(clock: Clock, known: History, end: int, horizon_days: int, near: Timing | None) -> Timing:
    code, day = known.order_days()
    s = btyd.summarise_times(known.accounts, code, clock.weeks(day), 0.0, 1.0)
    return _timing(s, clock, float(clock.weeks(end + horizon_days)), _fits(s, near))


def _fits(s: Summary, near: Timing | None) -> dict[str, Fit]:
    plain, regular = MODELS
    if near is None:
        return {model: btyd.fit(s.x, s.t_x, s.T, s.litt, model) for model in MODELS}
    one, start = btyd.fit(s.x, s.t_x, s.T, s.litt, plain, near=near.fits[plain]), near.fits[regular]
    if start.k == 1:  # then both are the same model
        return {plain: one, regular: replace(one, model=regular)}
    return {plain: one, regular: btyd.fit(s.x, s.t_x, s.T, s.litt, regular, k=start.k, near=start)}


def _timing(s: Summary, clock: Clock, weeks: float, fits: dict[str, Fit]) -> Timing:
    risks = {model: btyd.p_no_order(fit, s.x, s.t_x, s.T, weeks) for model, fit in fits.items()}
    return Timing(clock, weeks, s, fits, risks)


# --- by segment -------------------------------------------------------------------------------------


def large_segments(whole: Timing, codes: Array) -> Array:
    """Codes that enough repeat buyers share; `codes` has one for each account, below 0 for none."""
    counts = np.bincount(codes[(codes >= 0) & (whole.summary.x > 0)])
    return np.flatnonzero(counts >= LARGE)


def by_segment(whole: Timing, codes: Array, large: Array, near: Timing | None = None) -> Timing:
    """The same with a fit for the accounts of each large code and one for all others.

    The others keep the company's fit where they are too few for one. `near` as in `timings`; a segment that it lacks
    begins at its company's fit.
    """
    if not len(large):
        return whole
    shared = np.where(np.isin(codes, large), codes, REST)
    starts = {part.code: part.timing for part in near.segments} if near else {}
    parts = []
    for code in np.unique(shared):
        rows = np.flatnonzero(shared == code)
        s = whole.summary.rows(rows)
        is_enough = np.count_nonzero(s.x) >= FEWEST_REPEAT_BUYERS
        fits = _fits(s, starts.get(int(code), near)) if is_enough else whole.fits
        parts.append(Segment(int(code), rows, _timing(s, whole.clock, whole.weeks, fits)))
    risks = {model: joined((part.rows, part.timing.risks[model]) for part in parts) for model in MODELS}
    return replace(whole, risks=risks, segments=tuple(parts))


def joined(parts: Iterable[tuple[Array, Array]]) -> Array:
    """Values of parts of the accounts, put where those accounts stand."""
    rows, values = zip(*parts, strict=True)
    found = np.empty(sum(map(len, rows)))
    found[np.concatenate(rows)] = np.concatenate(values)
    return found
