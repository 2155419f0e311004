"""Churn risk of every account at an origin: P(no order in the next H days), from earlier orders only.

Three steps; what each is worth on Online Retail II is in tests/models/test_backtest.py:
1. orders are placed on the season's clock (season.py) and on the calendar, BG/NBD and BG/CNBD-k fitted (timing.py);
2. earlier origins whose outcome is known by now choose the clock and the model that sets the level of all risks, and
   whether each large segment, industry or region gets parameters of its own;
3. the same origins teach a small ridge logistic, which moves single accounts around that level by what the model does
   not look at: the other model's view of the own rhythm, a change of pace, months without an order, lines per order.
   It is learned on, and applied to, the upper accounts by revenue alone.
Where history is too short for earlier origins, BG/NBD stands uncorrected; `Outlook.steps` names what is in use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq  # type: ignore[import-untyped]
from scipy.special import expit, logit  # type: ignore[import-untyped]

from kam_core.errors import KamError
from kam_core.models.btyd import Array
from kam_core.models.history import YEAR, History
from kam_core.models.timing import MODELS, REST, Timing, by_segment, large_segments, timings

# Earlier origins to learn from: a month apart, at most a year of them, each with four months of history behind it.
MONTH = 30
MOST_ORIGINS = 12
SHORTEST_HISTORY = 120
# Six coefficients need no more accounts than this at each of them.
SAMPLE = 8000
# Share of log loss that CNBD-k, the plain calendar, or fits by segment must save before they replace BG/NBD, the
# season, or one fit for all.
# Where the two tie (Online Retail II) the loss differs by 2 %; a misfit cost 10 to 30 % on every data set tried.
CLEARLY = 0.05
# Penalty on squared coefficients of standardised evidence; weak against thousands of outcomes, strong against hundreds.
RIDGE = 100.0
FEWEST_OUTCOMES = 40
CERTAIN = 1e-4


@dataclass(frozen=True)
class Earlier:
    """An earlier origin: both clocks' view of all accounts; the places of the upper ones, evidence, who was lost."""

    origin: int
    timings: dict[bool, Timing]
    parts: Mapping[str, Array]
    upper: Array
    evidence: Array
    lost: Array

    def timing(self, seasonal: bool) -> Timing:
        """On the wanted clock, or on the calendar where no season was known yet."""
        return self.timings[seasonal and True in self.timings]

    def risks(self, seasonal: bool) -> dict[str, Array]:
        """Risks of the upper accounts by model."""
        return {model: p[self.upper] for model, p in self.timing(seasonal).risks.items()}


@dataclass(frozen=True)
class Apart:
    """Fits by an attribute: the codes of its large segments, the model, the earlier origins under it, what it saved."""

    by: str
    large: Array
    model: str
    earlier: list[Earlier]
    saved: float


@dataclass(frozen=True)
class Blend:
    """Logistic correction around the log-odds of the chosen model: weights of standardised evidence."""

    intercept: float
    weights: Array
    mean: Array
    spread: Array
    outcomes: int

    def logit(self, offset: Array, evidence: Array) -> Array:
        """The corrected log-odds of no order."""
        return offset + self.intercept + ((evidence - self.mean) / self.spread) @ self.weights


@dataclass(frozen=True)
class Outlook:
    """Each of `history.accounts` as of `end`: risk of no order in `horizon_days`, expected orders, a year's revenue.

    `by` is the attribute whose large segments are fitted apart ("": all accounts are fitted as one), `saved` the share
    of log loss that this spared at the earlier origins.
    """

    history: History
    end: int
    horizon_days: int
    timing: Timing
    model: str
    earlier: tuple[int, ...]
    blend: Blend | None
    revenue: Array
    risk: Array
    expected_orders: Array
    by: str = ""
    saved: float = 0.0

    @property
    def plain_risk(self) -> Array:
        """The risk before step 3."""
        return self.timing.risks[self.model]

    @property
    def fitted_apart(self) -> int:
        """How many segments have a fit of their own, all others together not counted."""
        return sum(part.code != REST for part in self.timing.segments)

    @property
    def steps(self) -> tuple[str, ...]:
        """What is in use, of: season, the model's name, the attribute it is fitted by, blend."""
        season = ("season",) if self.timing.clock.seasonal else ()
        by = (f"by {self.by}",) if self.by else ()
        return (*season, self.model, *by, *(("blend",) if self.blend else ()))


def outlook(history: History, end: int, horizon_days: int, key_share: float = 0.2) -> Outlook:
    """Score every account known on the day `end`; later rows of `history` are dropped first.

    Steps 2 and 3 look at the upper 2 · key_share of accounts by revenue. Raises KamError where history is too thin.
    """
    known = history.until(end)
    now = timings(known, end, horizon_days)
    earlier = list(_earlier(known, end, horizon_days, 2 * key_share, now))
    seasonal, model = _choose(earlier, True in now)
    timing, apart = now[seasonal], _apart(earlier, seasonal, model)
    if apart:
        timing = by_segment(timing, known.parts[apart.by], apart.large)
        model, earlier = apart.model, apart.earlier
    blend = _learn(earlier, seasonal, model)
    wide = by_revenue(known, end, 2 * key_share)
    risk = timing.risks[model].copy()
    if blend is not None and len(wide):  # only where it was learned: smaller accounts follow other habits
        said = {name: p[wide] for name, p in timing.risks.items()}
        risk[wide] = _blended(blend, said, model, _evidence(known, end)[wide])
    origins, revenue = tuple(e.origin for e in earlier), known.revenue_between(end - YEAR, end)
    orders = timing.expected_orders(model)
    by, saved = (apart.by, apart.saved) if apart else ("", 0.0)
    return Outlook(known, end, horizon_days, timing, model, origins, blend, revenue, risk, orders, by, saved)


def by_revenue(history: History, end: int, share: float) -> Array:
    """Positions of the top `share` of accounts by net revenue of the last 365 days, largest first.

    Of the accounts with an order in that time; the count is rounded half to even, as in the published table.
    """
    active = history.orders_between(end - YEAR, end) > 0
    revenue = np.where(active, history.revenue_between(end - YEAR, end), -np.inf)
    return np.argsort(-revenue, kind="stable")[: round(min(share, 1.0) * int(active.sum()))]


def future_orders(history: History, then: History, origin: int, horizon_days: int) -> Array:
    """Order days in the horizon after `origin` of the accounts known `then`, from the longer history."""
    orders = history.orders_between(origin, origin + horizon_days)
    return orders[np.searchsorted(history.accounts, then.accounts)]


# --- what earlier origins show ----------------------------------------------------------------------


def _earlier(known: History, end: int, horizon_days: int, share: float, near: dict[bool, Timing]) -> Iterator[Earlier]:
    """Replay origins whose horizon had passed by `end`, latest first; those too thin to fit are left out."""
    few = known.sample(SAMPLE)
    start = int(few.day[few.is_order].min()) + SHORTEST_HISTORY
    for origin in range(end - horizon_days, end - horizon_days - MOST_ORIGINS * MONTH, -MONTH):
        if origin < start:
            return
        then = few.until(origin)
        try:
            said = timings(then, origin, horizon_days, near)
        except KamError:
            continue
        near = near | said  # a month makes little difference: the next search begins here
        wide = by_revenue(then, origin, share)
        lost = future_orders(few, then, origin, horizon_days)[wide] == 0
        yield Earlier(origin, said, then.parts, wide, _evidence(then, origin)[wide], lost)


def _choose(earlier: list[Earlier], season_known: bool) -> tuple[bool, str]:
    """The clock and the model to use: season and BG/NBD unless earlier origins were clearly better off without."""
    model = _model(earlier, season_known)
    both = [e for e in earlier if True in e.timings]
    is_misfit = _saved(_loss(both, True, model), _loss(both, False, model)) > CLEARLY
    return season_known and not is_misfit, model


def _model(earlier: list[Earlier], seasonal: bool) -> str:
    plain, regular = MODELS
    return regular if _saved(_loss(earlier, seasonal, plain), _loss(earlier, seasonal, regular)) > CLEARLY else plain


def _saved(usual_loss: float, other_loss: float) -> float:
    """The share of log loss that the other way spares."""
    return 1.0 - other_loss / usual_loss if usual_loss > 0 else 0.0


def _loss(earlier: list[Earlier], seasonal: bool, model: str) -> float:
    """Log loss over all these origins together."""
    return sum(_log_loss(e.risks(seasonal)[model], e.lost) for e in earlier)


def _apart(earlier: list[Earlier], seasonal: bool, model: str) -> Apart | None:
    """The attribute whose segments are fitted apart: the best of those that clearly save, at all origins together.

    Half of that has to show at a first glance, at the latest origin and with the company's k, which costs little.
    """
    if not earlier or not _knows_enough(earlier):
        return None
    latest = earlier[0]
    names = [name for name in latest.parts if len(_large(latest, name, seasonal))]
    glances = [_by(name, [latest], seasonal, model, latest.timing(seasonal)) for name in names]
    found = [_by(glance.by, earlier, seasonal, model) for glance in glances if glance.saved > CLEARLY / 2]
    best = max(found, key=lambda apart: apart.saved, default=None)
    return best if best and best.saved > CLEARLY else None


def _by(name: str, earlier: list[Earlier], seasonal: bool, model: str, near: Timing | None = None) -> Apart:
    """These origins with the segments fitted apart that were large enough then, against all fitted as one."""
    split: list[Earlier] = []
    for e in earlier:
        whole = e.timing(seasonal)
        near = by_segment(whole, e.parts[name], _large(e, name, seasonal), near)
        split.append(replace(e, timings={whole.clock.seasonal: near}))
    own = _model(split, seasonal)
    saved = _saved(_loss(earlier, seasonal, model), _loss(split, seasonal, own))
    return Apart(name, _large(earlier[0], name, seasonal), own, split, saved)


def _large(e: Earlier, name: str, seasonal: bool) -> Array:
    return large_segments(e.timing(seasonal), e.parts[name])


def _knows_enough(earlier: list[Earlier]) -> bool:
    """Whether enough accounts were lost, and kept, to learn from."""
    lost = np.concatenate([e.lost for e in earlier])
    return bool(min(np.count_nonzero(lost), np.count_nonzero(~lost)) >= FEWEST_OUTCOMES)


def _log_loss(p: Array, lost: Array) -> float:
    p = np.clip(p, CERTAIN, 1.0 - CERTAIN)
    return float(-np.sum(np.where(lost, np.log(p), np.log1p(-p))))


def _log_odds(p: Array) -> Array:
    return logit(np.clip(p, CERTAIN, 1.0 - CERTAIN))


def _evidence(known: History, end: int) -> Array:
    """(accounts, 3): change of pace, months with an order of the last six, lines per order."""
    code, day = known.order_days()
    first = day[np.flatnonzero(np.r_[True, code[1:] != code[:-1]])]
    year = known.orders_between(end - YEAR, end)
    usual = year * 3 * MONTH / np.minimum(end - first + 1, YEAR)
    pace = np.log1p(known.orders_between(end - 3 * MONTH, end)) - np.log1p(usual)
    months = sum((known.orders_between(end - MONTH * (i + 1), end - MONTH * i) > 0).astype(float) for i in range(6))
    lines = np.log1p(known.lines_between(end - YEAR, end) / np.maximum(year, 1))
    return np.stack([pace, months, lines], axis=1)


# --- the correction ---------------------------------------------------------------------------------


def _with_models(said: dict[str, Array], evidence: Array) -> Array:
    return np.column_stack([*(_log_odds(said[model]) for model in MODELS), evidence])


def _blended(blend: Blend, said: dict[str, Array], model: str, evidence: Array) -> Array:
    """Corrected risks, shifted as one so that their mean stays that of the model.

    Earlier origins lie in other seasons: they teach who is at risk, not how many.
    """
    log_odds = blend.logit(_log_odds(said[model]), _with_models(said, evidence))
    mean = said[model].mean()
    shift = brentq(lambda c: expit(log_odds + c).mean() - mean, -30.0, 30.0)
    return expit(log_odds + shift)


def _learn(earlier: list[Earlier], seasonal: bool, model: str) -> Blend | None:
    """The correction that would have helped at earlier origins; None without enough of either outcome."""
    if not earlier or not _knows_enough(earlier):
        return None
    said = [e.risks(seasonal) for e in earlier]
    evidence = np.concatenate([_with_models(s, e.evidence) for s, e in zip(said, earlier, strict=True)])
    offset = np.concatenate([_log_odds(s[model]) for s in said])
    lost = np.concatenate([e.lost for e in earlier])
    mean, spread = evidence.mean(axis=0), evidence.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    w = _ridge(offset, (evidence - mean) / spread, lost)
    return Blend(float(w[0]), w[1:], mean, spread, len(lost))


def _ridge(offset: Array, evidence: Array, outcome: Array) -> Array:
    """Logistic regression around `offset` by Newton's method: intercept, then penalised coefficients.

    A step that leads uphill is halved: where the model is sure and wrong, whole ones overshoot further each time.
    """
    design = np.column_stack([np.ones(len(outcome)), evidence])
    penalty = np.r_[0.0, np.full(evidence.shape[1], RIDGE)]

    def loss(w: Array) -> float:
        log_odds = offset + design @ w
        return float(np.logaddexp(0.0, log_odds).sum() - outcome @ log_odds + w @ (penalty * w) / 2.0)

    w = np.zeros(design.shape[1])
    for _ in range(50):
        p = expit(offset + design @ w)
        gradient = design.T @ (p - outcome) + penalty * w
        curvature = (design * (p * (1.0 - p))[:, None]).T @ design + np.diag(penalty)
        step, here = np.linalg.solve(curvature, gradient), loss(w)
        while loss(w - step) > here + 1e-9 * abs(here):
            step /= 2.0
        w = w - step
        if np.abs(step).max() < 1e-9:
            break
    return w
