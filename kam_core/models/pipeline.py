"""What open deals will bring by a day: simulated from how the deals that stood alike on earlier days went on.

No single probability tells how far a total may miss, as whole months go better or worse together. So every simulated
future takes one earlier day and lets today's deals fare as the deals of that day did: per stage, and by whether they
were expected to close in time; plus the deals that were not yet known then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NEVER = 10**7
FEWEST_DAYS = 6  # earlier days below which nothing is said
MOST_DAYS = 24  # two years of them
MANY = 500  # deals from which on their sum is drawn as a normal, instead of deal by deal
LEVEL = 0.8


@dataclass(frozen=True)
class States:
    """How deals stood, one entry a state: deal number, days `start` ≤ day < `end`, stage, amount, expected close.

    Per deal: the day it was begun, was closed (`NEVER` while open), whether it was won, its last amount.
    """

    deal: np.ndarray
    start: np.ndarray
    end: np.ndarray
    place: np.ndarray
    amount: np.ndarray
    close: np.ndarray
    begun: np.ndarray
    closed: np.ndarray
    won: np.ndarray
    last_amount: np.ndarray

    def open_on(self, day: int) -> np.ndarray:
        """The entries that hold on a day."""
        return np.flatnonzero((self.start <= day) & (day < self.end))


@dataclass(frozen=True)
class Fares:
    """How the deals open on one day fared until `days` later, by stratum: deals, the share won, their last amount over
    that day's; and the deals won meanwhile that were not known: their number per open deal and their size."""

    day: int
    days: int
    deals: np.ndarray
    won: np.ndarray
    growth: float
    new_deals: float
    new_size: float


@dataclass(frozen=True)
class Grade:
    """A forecast made for an earlier period with as many days left, beside what was won in those days, and before."""

    asked: int
    outlook: Outlook
    won_before: float
    won_after: float

    @property
    def held(self) -> bool:
        return self.outlook.low <= self.won_after <= self.outlook.high


@dataclass(frozen=True)
class Outlook:
    """What will be won: mean and the bounds between which it lies in `LEVEL` of all futures."""

    mean: float
    low: float
    high: float


def stratum(place: np.ndarray, close: np.ndarray, until: int) -> np.ndarray:
    """Two for each stage: expected to close by then, or not."""
    return 2 * place + (close <= until)


def fares(states: States, day: int, days: int, strata: int) -> Fares:
    """How what was open on a day had fared `days` later; amounts in currency, days as whole numbers."""
    rows = states.open_on(day)
    deal, kind = states.deal[rows], stratum(states.place[rows], states.close[rows], day + days)
    is_won = states.won[deal] & (states.closed[deal] <= day + days)
    counted = np.bincount(kind, minlength=strata)
    won = np.bincount(kind, weights=is_won, minlength=strata)
    amount, last = states.amount[rows], states.last_amount[deal]
    is_new = (states.begun > day) & states.won & (states.closed <= day + days)
    size = amount.mean() if len(rows) else 0.0
    return Fares(
        day, days, counted, won / np.maximum(counted, 1),
        float(last[is_won].sum() / max(amount[is_won].sum(), 1e-9)) if is_won.any() else 1.0,
        float(is_new.sum() / max(len(rows), 1)),
        float(states.last_amount[is_new].mean() / size) if is_new.any() and size > 0 else 0.0,
    )  # fmt: skip


def simulate(kind: np.ndarray, amount: np.ndarray, past: Sequence[Fares], draws: int = 1000, seed: int = 1) -> Outlook:
    """What deals of these strata and amounts will bring, if they fare as those of the days of `past` did.

    A stratum that a day did not have takes the share won over all days; one that none had, that of all deals.
    """
    chance, source = np.random.default_rng(seed), np.arange(draws) % len(past)
    seen = np.sum([f.deals for f in past], axis=0)
    won = np.sum([f.deals * f.won for f in past], axis=0)
    overall = np.where(seen > 0, won / np.maximum(seen, 1), won.sum() / max(seen.sum(), 1))
    total = np.empty(draws)
    size, spread = (amount.mean(), amount.std()) if len(amount) else (0.0, 0.0)
    for n, one in enumerate(past):
        mine = source == n
        share = np.where(one.deals > 0, one.won, overall)[kind]
        brought = _brought(amount * one.growth, share, int(mine.sum()), chance)
        new = chance.poisson(one.new_deals * len(amount), int(mine.sum()))
        noise = spread * one.new_size * np.sqrt(new) * chance.standard_normal(len(new))
        total[mine] = brought + np.maximum(new * size * one.new_size + noise, 0)
    low, high = np.quantile(total, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Outlook(float(total.mean()), float(low), float(high))


def known_on(day: int, past: Sequence[Fares]) -> list[Fares]:
    """The latest days whose outcome was known on a day; none where they are too few to say anything."""
    found = sorted((f for f in past if f.day + f.days <= day), key=lambda f: -f.day)[:MOST_DAYS]
    return found if len(found) >= FEWEST_DAYS else []


def grade(states: States, begins: int, ends: int, past: Sequence[Fares], draws: int = 400) -> Grade | None:
    """The forecast of an earlier period (`begins` to `ends`, both in it), made with as many days left as `past` has."""
    asked = ends - past[0].days
    known = known_on(asked, past)
    if not known:
        return None
    rows = states.open_on(asked)
    outlook = simulate(stratum(states.place[rows], states.close[rows], ends), states.amount[rows], known, draws)
    before, after = (
        float(states.last_amount[states.won & (states.closed >= a) & (states.closed <= b)].sum())
        for a, b in ((begins, asked), (asked + 1, ends))
    )
    return Grade(asked, outlook, before, after)


def _brought(amount: np.ndarray, share: np.ndarray, draws: int, chance: np.random.Generator) -> np.ndarray:
    """Sums of the amounts won, each deal won with its share."""
    if len(amount) > MANY:
        spread = np.sqrt((amount**2 * share * (1 - share)).sum())
        return np.asarray(np.maximum((amount * share).sum() + spread * chance.standard_normal(draws), 0))
    return np.asarray((chance.random((draws, len(amount))) < share) @ amount)
