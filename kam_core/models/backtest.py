"""How good is the churn list? The score replayed at earlier origins, with what was known then, against what came.

Definitions, found to reproduce the table in models.md (Online Retail II, BG/NBD row) to its last digit:
- known at origin o: rows dated ≤ o; the outcome: order days in (o, o + H]; lost = none of them; an order day is a day
  with a positive amount; revenue = net amount (returns deducted) in (o - 365, o].
- key accounts: the top `key_share` by revenue among accounts with an order in (o - 365, o]; counts rounded half to
  even.
- AUC: chance that a lost account scores above a kept one, ties half.
- Brier skill: 1 - mean (risk - lost)² / (share lost · share kept) of the same accounts.
- calibration error: ten equal groups by risk; mean |share lost - mean risk|, weighted by group size.
- lift: share lost in the 10 % with the highest score over the share lost of all.
- revenue caught: share of the lost accounts' revenue held by lost accounts in the top 10 % of score × revenue (the
  work list's order). The published figures of the baselines order by the score alone: `revenue_caught_by_score`. Both
  are given for all.
- MAE: mean |expected - actual order days|.
Published figures are means over origins; `pooled` puts the accounts of all origins together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy.stats import rankdata  # type: ignore[import-untyped]

from kam_core.errors import KamError
from kam_core.models.btyd import Array
from kam_core.models.history import YEAR, History
from kam_core.models.rhythm import rhythm
from kam_core.models.risk import by_revenue, future_orders, outlook

TOP = 0.1
GROUPS = 10
MODEL = "model"
BASELINES = ("recency", "rfm", "silence_over_gap")
SCORES = (MODEL, "uncorrected", *BASELINES)
PROBABILITIES = (MODEL, "uncorrected")


@dataclass(frozen=True)
class Metrics:
    """Figures of one score; NaN where it has no meaning (nobody lost, or a score that is no probability)."""

    accounts: float
    lost: float
    auc: float
    brier_skill: float
    calibration_error: float
    lift: float
    revenue_caught: float
    revenue_caught_by_score: float
    mae_orders: float


@dataclass(frozen=True)
class Replay:
    """Key accounts as of one origin: revenue, every score, expected order days and those that came."""

    origin: int
    steps: tuple[str, ...]
    account: Array
    revenue: Array
    scores: dict[str, Array]
    expected: Array
    orders: Array

    @property
    def lost(self) -> Array:
        """True where no order came in the horizon."""
        return self.orders == 0

    def rows(self, chosen: Array) -> "Replay":
        """The same with the accounts at these positions."""
        scores = {name: score[chosen] for name, score in self.scores.items()}
        picked = (self.account[chosen], self.revenue[chosen], scores, self.expected[chosen], self.orders[chosen])
        return Replay(self.origin, self.steps, *picked)


@dataclass(frozen=True)
class Alarms:
    """Counts and revenue at a threshold: lost and warned, lost unwarned, warned in vain, rightly left alone."""

    threshold: float
    caught: int
    missed: int
    false_alarms: int
    left_alone: int
    caught_money: float
    missed_money: float
    false_alarm_money: float
    left_alone_money: float


@dataclass(frozen=True)
class CalibrationGroup:
    """One tenth of the accounts by risk: how many, what was said and what came."""

    accounts: int
    mean_risk: float
    share_lost: float


@dataclass(frozen=True)
class Backtest:
    """All replays of one history; figures by origin, their mean, and of all together."""

    horizon_days: int
    key_share: float
    replays: tuple[Replay, ...]

    def by_origin(self, score: str = MODEL) -> list[Metrics]:
        """One Metrics for each origin."""
        return [metrics(replay, score) for replay in self.replays]

    def mean(self, score: str = MODEL) -> Metrics:
        """Mean over origins, as published."""
        return _mean(self.by_origin(score))

    def pooled(self, score: str = MODEL) -> Metrics:
        """All origins' accounts as one set."""
        return metrics(pool(self.replays), score)

    def alarms(self, threshold: float, score: str = MODEL) -> Alarms:
        """Caught, missed and false alarms over all origins, with their revenue."""
        return alarms(pool(self.replays), threshold, score)

    def calibration(self, score: str = MODEL) -> list[CalibrationGroup]:
        """Ten groups by risk over all origins."""
        return calibration(pool(self.replays), score)

    def intervals(
        self, score: str = MODEL, against: str | None = None, level: float = 0.9, draws: int = 200, seed: int = 1
    ) -> dict[str, tuple[float, float]]:
        """Bootstrap interval of each mean figure, or of its lead over another score.

        Accounts are drawn with replacement, each with all its origins; the model is not refitted.
        """
        return _intervals(self.replays, score, against, level, draws, seed)

    def in_use(self) -> str:
        """The score to work with: the model, unless a baseline has the larger mean AUC."""
        auc = {name: self.mean(name).auc for name in (MODEL, *BASELINES)}
        return max(auc, key=lambda name: (auc[name], name == MODEL))


def backtest(history: History, origins: Sequence[int], horizon_days: int, key_share: float = 0.2) -> Backtest:
    """Replay the score at each origin (days since 1970); KamError where a horizon is not over or data too thin."""
    last = int(history.day[history.is_order].max())
    late = [origin for origin in origins if origin + horizon_days > last]
    if late or not origins:
        newest = np.datetime64(last - horizon_days, "D")
        raise KamError(
            f"A backtest over {horizon_days} days needs origins up to {newest}, so that the outcome is known."
        )
    replays = (replay(history, int(origin), horizon_days, key_share) for origin in origins)
    return Backtest(horizon_days, key_share, tuple(replays))


def default_origins(history: History, horizon_days: int, most: int = 4) -> list[int]:
    """Origins a horizon apart, the last a horizon before the last order, each after a year of history; oldest first."""
    first, last = int(history.day[history.is_order].min()), int(history.day[history.is_order].max())
    origins = [last - horizon_days * (back + 1) for back in range(most)]
    return [origin for origin in reversed(origins) if origin - YEAR >= first]


def replay(history: History, origin: int, horizon_days: int, key_share: float) -> Replay:
    """Score with history up to the origin alone, then look up what came."""
    then = outlook(history.until(origin), origin, horizon_days, key_share)
    key = by_revenue(then.history, origin, key_share)
    scores = {MODEL: then.risk, "uncorrected": then.plain_risk, **baselines(then.history, origin, then.revenue)}
    return Replay(
        origin,
        then.steps,
        then.history.accounts[key],
        then.revenue[key],
        {name: score[key] for name, score in scores.items()},
        then.expected_orders[key],
        future_orders(history, then.history, origin, horizon_days)[key],
    )


def baselines(then: History, origin: int, revenue: Array) -> dict[str, Array]:
    """Higher is worse: silence; 15 minus the RFM points; silence over the own mean gap (or the median of all)."""
    own = rhythm(then, origin)
    usual = np.where(own.orders > 1, own.mean_gap, np.median(own.mean_gap[own.orders > 1]))
    return {
        "recency": own.silence.astype(float),
        "rfm": 15.0 - _rfm_points(own.silence, then.orders_between(origin - YEAR, origin), revenue),
        "silence_over_gap": own.silence / usual,
    }


def _rfm_points(silence: Array, frequency: Array, revenue: Array) -> Array:
    """Three scores of 1 to 5 summed, ceil(5 · rank / n) with mean ranks, among accounts active within a year."""
    points = np.full(len(silence), 3.0)
    active = frequency > 0
    for value in (-silence, frequency, revenue):
        points[active] += np.ceil(5.0 * rankdata(value[active]) / np.count_nonzero(active)) - 1.0
    return points


def pool(replays: Sequence[Replay]) -> Replay:
    """The accounts of several origins as one set."""
    scores = {name: np.concatenate([r.scores[name] for r in replays]) for name in replays[0].scores}
    account, revenue, expected, orders = (
        np.concatenate([getattr(r, name) for r in replays]) for name in ("account", "revenue", "expected", "orders")
    )
    return Replay(replays[0].origin, replays[0].steps, account, revenue, scores, expected, orders)


def metrics(replay: Replay, score: str = MODEL) -> Metrics:
    """Every figure of one score on one set of accounts; definitions at the top of this file."""
    value, lost, revenue = replay.scores[score], replay.lost, replay.revenue
    is_risk = score in PROBABILITIES
    by_value = _top(value * np.maximum(revenue, 0.0), revenue)
    by_score = _top(value, revenue)
    return Metrics(
        accounts=len(lost),
        lost=float(np.count_nonzero(lost)),
        auc=auc(value, lost),
        brier_skill=brier_skill(value, lost) if is_risk else np.nan,
        calibration_error=_calibration_error(calibration(replay, score)) if is_risk else np.nan,
        lift=_ratio(lost[by_score].mean() if len(by_score) else np.nan, lost.mean() if len(lost) else np.nan),
        revenue_caught=_ratio(revenue[by_value][lost[by_value]].sum(), revenue[lost].sum()),
        revenue_caught_by_score=_ratio(revenue[by_score][lost[by_score]].sum(), revenue[lost].sum()),
        mae_orders=float(np.abs(replay.expected - replay.orders).mean()) if is_risk and len(lost) else np.nan,
    )


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _top(score: Array, revenue: Array) -> Array:
    """Positions of the highest tenth; of equal scores the larger revenue first."""
    return np.lexsort((-revenue, -score))[: round(TOP * len(score))]


def auc(score: Array, lost: Array) -> float:
    """Area under the ROC curve by mean ranks (Mann-Whitney)."""
    positive = int(np.count_nonzero(lost))
    negative = len(lost) - positive
    if not positive or not negative:
        return float("nan")
    return float((rankdata(score)[lost].sum() - positive * (positive + 1) / 2) / (positive * negative))


def brier_skill(risk: Array, lost: Array) -> float:
    """1 - Brier / Brier of saying the overall share to everybody."""
    share = float(lost.mean()) if len(lost) else float("nan")
    return 1.0 - _ratio(float(np.mean((risk - lost) ** 2)), share * (1.0 - share))


def calibration(replay: Replay, score: str = MODEL) -> list[CalibrationGroup]:
    """Ten groups of equal size, lowest risk first."""
    risk, lost = replay.scores[score], replay.lost
    parts = np.array_split(np.argsort(risk, kind="stable"), GROUPS)
    return [CalibrationGroup(len(p), float(risk[p].mean()), float(lost[p].mean())) for p in parts if len(p)]


def _calibration_error(groups: list[CalibrationGroup]) -> float:
    gaps = sum(group.accounts * abs(group.mean_risk - group.share_lost) for group in groups)
    return _ratio(gaps, sum(group.accounts for group in groups))


def alarms(replay: Replay, threshold: float, score: str = MODEL) -> Alarms:
    """What a list of everybody at or above the threshold would have caught, missed and raised in vain."""
    warned, lost = replay.scores[score] >= threshold, replay.lost
    cells = [warned & lost, ~warned & lost, warned & ~lost, ~warned & ~lost]
    counts = (int(np.count_nonzero(cell)) for cell in cells)
    money = (float(replay.revenue[cell].sum()) for cell in cells)
    return Alarms(threshold, *counts, *money)


def _mean(figures: Sequence[Metrics]) -> Metrics:
    """Mean of each figure over the origins where it has a meaning."""
    table = np.array([[getattr(m, field.name) for field in fields(Metrics)] for m in figures])
    known = np.isfinite(table)
    sums, counts = np.where(known, table, 0.0).sum(axis=0), known.sum(axis=0)
    return Metrics(*(float(s / n) if n else float("nan") for s, n in zip(sums, counts, strict=True)))


def _intervals(
    replays: Sequence[Replay], score: str, against: str | None, level: float, draws: int, seed: int
) -> dict[str, tuple[float, float]]:
    accounts = np.unique(np.concatenate([replay.account for replay in replays]))
    places = [np.searchsorted(accounts, replay.account) for replay in replays]
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        times = np.bincount(rng.integers(len(accounts), size=len(accounts)), minlength=len(accounts))
        again = [
            r.rows(np.repeat(np.arange(len(place)), times[place])) for r, place in zip(replays, places, strict=True)
        ]
        drawn.append(_figures(again, score, against))
    found = _figures(replays, score, against)
    names = [field.name for field in fields(Metrics)]
    return {name: _basic_interval(found[i], [draw[i] for draw in drawn], level) for i, name in enumerate(names)}


def _figures(replays: Sequence[Replay], score: str, against: str | None) -> list[float]:
    """The mean figures of a score, or its lead over another."""
    ours = _mean([metrics(replay, score) for replay in replays])
    theirs = _mean([metrics(replay, against) for replay in replays]) if against else None
    return [getattr(ours, f.name) - (getattr(theirs, f.name) if theirs else 0.0) for f in fields(Metrics)]


def _basic_interval(found: float, drawn: Sequence[float], level: float) -> tuple[float, float]:
    """Davison & Hinkley (1997), eq. 5.6: mirrors the draws, which undoes the bias that resampling adds."""
    known = [value for value in drawn if np.isfinite(value)]
    if not known or not np.isfinite(found):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(2.0 * found - high), float(2.0 * found - low)
