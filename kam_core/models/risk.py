"""Churn risk of every account at an origin: P(no order in the next H days), from earlier orders only.

Three steps, each measured on Online Retail II (tests/models/test_backtest.py):
1. orders are placed on the season's clock (season.py), which mends level and calibration;
2. BG/NBD gives P(no order in H), and sets the level of all risks;
3. a small ridge logistic, learned at earlier origins whose outcome is known by now, moves single accounts around that
   level by what BG/NBD does not look at: an own rhythm (BG/CNBD-k), a change of pace, months without an order, lines
   per order. It is learned on, and applied to, the upper accounts by revenue alone.
Where history is too short for step 1 or 3, the step is left out and `Outlook.steps` says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq  # type: ignore[import-untyped]
from scipy.special import expit, logit  # type: ignore[import-untyped]

from kam_core.errors import KamError
from kam_core.models import btyd
from kam_core.models.btyd import Array, Fit, Summary
from kam_core.models.history import YEAR, History
from kam_core.models.season import Clock, clock

# Earlier origins to learn from: a month apart, at most a year of them, each with four months of history behind it.
MONTH = 30
MOST_ORIGINS = 12
SHORTEST_HISTORY = 120
# Six coefficients need no more accounts than this at each of them.
SAMPLE = 8000
# Penalty on squared coefficients of standardised evidence; weak against thousands of outcomes, strong against hundreds.
RIDGE = 100.0
FEWEST_OUTCOMES = 40
CERTAIN = 1e-4


@dataclass(frozen=True)
class Timing:
    """What the order days alone say at an origin: BG/NBD and BG/CNBD-k on the season's clock."""

    summary: Summary
    clock: Clock
    weeks: float
    level: Fit
    rhythm: Fit
    p_level: Array
    p_rhythm: Array


@dataclass(frozen=True)
class Blend:
    """Logistic correction around the log-odds of BG/NBD: weights of standardised evidence, and what taught them."""

    intercept: float
    weights: Array
    mean: Array
    spread: Array
    origins: tuple[int, ...]
    outcomes: int

    def logit(self, offset: Array, evidence: Array) -> Array:
        """The corrected log-odds of no order."""
        return offset + self.intercept + ((evidence - self.mean) / self.spread) @ self.weights


@dataclass(frozen=True)
class Outlook:
    """Each of `history.accounts` as of `end`: risk of no order in `horizon_days`, expected orders, a year's revenue."""

    history: History
    end: int
    horizon_days: int
    timing: Timing
    blend: Blend | None
    revenue: Array
    risk: Array
    expected_orders: Array

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps in use: season, bg/nbd, blend."""
        season = ("season",) if self.timing.clock.seasonal else ()
        return (*season, "bg/nbd", *(("blend",) if self.blend else ()))


def outlook(history: History, end: int, horizon_days: int, key_share: float = 0.2) -> Outlook:
    """Score every account known on the day `end`; later rows of `history` are dropped first.

    The blend is learned on the upper 2 · key_share of accounts by revenue. Raises KamError where history is too thin
    to fit.
    """
    known = history.until(end)
    if not len(known.accounts):
        raise KamError(
            f"No order is dated on or before {np.datetime64(end, 'D')}: choose a later date or load earlier orders."
        )
    timing = _timing(known, end, horizon_days)
    revenue = known.revenue_between(end - YEAR, end)
    blend = _learn(known, end, horizon_days, 2 * key_share, timing)
    wide = by_revenue(known, end, 2 * key_share)
    risk = timing.p_level.copy()
    if blend is not None:  # only where it was learned: smaller accounts follow other habits
        risk[wide] = _blended(blend, timing.p_level[wide], _evidence(known, end, timing)[wide])
    s = timing.summary
    orders = btyd.expected_orders(timing.level, s.x, s.t_x, s.T, timing.weeks)
    return Outlook(known, end, horizon_days, timing, blend, revenue, risk, orders)


def by_revenue(history: History, end: int, share: float) -> Array:
    """Positions of the top `share` of accounts by net revenue of the last 365 days, largest first.

    Of the accounts with an order in that time; the count is rounded half to even, as in the published table.
    """
    active = history.orders_between(end - YEAR, end) > 0
    revenue = np.where(active, history.revenue_between(end - YEAR, end), -np.inf)
    return np.argsort(-revenue, kind="stable")[: round(min(share, 1.0) * int(active.sum()))]


def _timing(known: History, end: int, horizon_days: int, near: "Timing | None" = None) -> Timing:
    """Both models on the clock as of `end`; beginning at the fits of a later origin, with its k, if given."""
    code, day = known.order_days()
    season = clock(day, end)
    s = btyd.summarise_times(known.accounts, code, season.weeks(day), 0.0, 1.0)
    weeks = float(season.weeks(end + horizon_days))
    level, rhythm = (near.level, near.rhythm) if near else (None, None)
    level = btyd.fit(s.x, s.t_x, s.T, model="bg/nbd", near=level)
    k = rhythm.k if rhythm else None
    rhythm = btyd.fit(s.x, s.t_x, s.T, s.litt, model="bg/cnbd-k", k=k, near=rhythm)
    p_level, p_rhythm = (btyd.p_no_order(fit, s.x, s.t_x, s.T, weeks) for fit in (level, rhythm))
    return Timing(s, season, weeks, level, rhythm, p_level, p_rhythm)


def _log_odds(p: Array) -> Array:
    return logit(np.clip(p, CERTAIN, 1.0 - CERTAIN))


def _evidence(known: History, end: int, timing: Timing) -> Array:
    """(accounts, 5): log-odds of both models, change of pace, months with an order of the last six, lines per order."""
    code, day = known.order_days()
    first = day[np.flatnonzero(np.r_[True, code[1:] != code[:-1]])]
    year = np.maximum(known.orders_between(end - YEAR, end), 0)
    usual = year * 3 * MONTH / np.minimum(end - first + 1, YEAR)
    pace = np.log1p(known.orders_between(end - 3 * MONTH, end)) - np.log1p(usual)
    months = sum((known.orders_between(end - MONTH * (i + 1), end - MONTH * i) > 0).astype(float) for i in range(6))
    lines = np.log1p(known.lines_between(end - YEAR, end) / np.maximum(year, 1))
    return np.stack([_log_odds(timing.p_level), _log_odds(timing.p_rhythm), pace, months, lines], axis=1)


def _blended(blend: Blend, p_level: Array, evidence: Array) -> Array:
    """Corrected risks, shifted as one so that their mean stays that of BG/NBD.

    Earlier origins lie in other seasons: they teach who is at risk, not how many.
    """
    log_odds = blend.logit(_log_odds(p_level), evidence)
    shift = brentq(lambda c: expit(log_odds + c).mean() - p_level.mean(), -30.0, 30.0)
    return expit(log_odds + shift)


def _learn(known: History, end: int, horizon_days: int, share: float, now: Timing) -> Blend | None:
    """The correction that would have helped at earlier origins; None without enough of them or of either outcome."""
    few = known.sample(SAMPLE)
    origins, offsets, evidences, outcomes = [], [], [], []
    for origin in _earlier_origins(few, end, horizon_days):
        then = few.until(origin)
        try:
            timing = _timing(then, origin, horizon_days, near=now)
        except KamError:  # too thin at that time
            continue
        wide = by_revenue(then, origin, share)
        origins.append(origin)
        offsets.append(_log_odds(timing.p_level)[wide])
        evidences.append(_evidence(then, origin, timing)[wide])
        outcomes.append(future_orders(few, then, origin, horizon_days)[wide] == 0)
    if not origins:
        return None
    return _ridge(np.concatenate(offsets), np.concatenate(evidences), np.concatenate(outcomes), tuple(origins))


def _earlier_origins(history: History, end: int, horizon_days: int) -> Iterator[int]:
    """Origins whose horizon had passed by `end`, latest first."""
    start = int(history.day[history.is_order].min()) + SHORTEST_HISTORY
    for back in range(MOST_ORIGINS):
        origin = end - horizon_days - back * MONTH
        if origin >= start:
            yield origin


def future_orders(history: History, then: History, origin: int, horizon_days: int) -> Array:
    """Order days in the horizon after `origin` of the accounts known `then`, from the longer history."""
    orders = history.orders_between(origin, origin + horizon_days)
    return orders[np.searchsorted(history.accounts, then.accounts)]


def _ridge(offset: Array, evidence: Array, outcome: Array, origins: tuple[int, ...]) -> Blend | None:
    """Logistic regression around `offset` by Newton's method, all but the intercept penalised."""
    if min(np.count_nonzero(outcome), np.count_nonzero(~outcome)) < FEWEST_OUTCOMES:
        return None
    mean, spread = evidence.mean(axis=0), evidence.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    design = np.column_stack([np.ones(len(outcome)), (evidence - mean) / spread])
    penalty = np.r_[0.0, np.full(evidence.shape[1], RIDGE)]
    w = np.zeros(design.shape[1])
    for _ in range(50):
        p = expit(offset + design @ w)
        gradient = design.T @ (p - outcome) + penalty * w
        curvature = (design * (p * (1.0 - p))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        w = w - step
        if np.abs(step).max() < 1e-9:
            break
    return Blend(float(w[0]), w[1:], mean, spread, origins, len(outcome))
