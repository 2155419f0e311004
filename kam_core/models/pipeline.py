"""What open deals will bring by a day: simulated from how the deals that stood alike on earlier days went on.

No single probability tells how far a total may miss, as whole months go better or worse together. So every simulated
future takes one earlier day and lets today's deals fare as the deals of that day did: per stage, and by when they were
expected to close; plus the deals that were not yet known then.
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
CLOSES, MONTH = 4, 30


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

    def among(self, chosen: np.ndarray) -> States:
        """Only the deals for which `chosen` is true."""
        number = np.cumsum(chosen) - 1
        rows = chosen[self.deal]
        entries = (self.start, self.end, self.place, self.amount, self.close)
        deals = (self.begun, self.closed, self.won, self.last_amount)
        return States(number[self.deal[rows]], *(e[rows] for e in entries), *(d[chosen] for d in deals))

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


def stratum(place: np.ndarray, late: np.ndarray, days: int) -> np.ndarray:
    """`CLOSES` for each stage, by how many days after the end the deal is expected to close (below 0: before it):
    in the first half of the days that are left, in the second, in the month after, later.
    """
    return CLOSES * place + np.digitize(late, [-days / 2, 0.5, MONTH])


def fares(states: States, day: int, days: int, strata: int) -> Fares:
    """How what was open on a day had fared `days` later; amounts in currency, days as whole numbers."""
    rows = states.open_on(day)
    deal, kind = states.deal[rows], stratum(states.place[rows], states.close[rows] - day - days, days)
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
    """What deals of these strata and amounts will bring, if they fare as those of the days of `past` did."""
    chance, source = np.random.default_rng(seed), np.arange(draws) % len(past)
    size, spread = (amount.mean(), amount.std()) if len(amount) else (0.0, 0.0)
    shares, new_deals, new_sizes = _tendencies(past, (spread / size) ** 2 if size > 0 else 0.0)
    total = np.empty(draws)
    for n, one in enumerate(past):
        mine = source == n
        brought = _brought(amount * one.growth, shares[n][kind], int(mine.sum()), chance)
        new = chance.poisson(new_deals[n] * len(amount), int(mine.sum()))
        noise = spread * new_sizes[n] * np.sqrt(new) * chance.standard_normal(len(new))
        total[mine] = brought + np.maximum(new * size * new_sizes[n] + noise, 0)
    low, high = np.quantile(total, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Outlook(float(total.mean()), float(low), float(high))


def _tendencies(past: Sequence[Fares], variation: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per day: the shares won, the number and size of new deals, without the luck of that day's own few deals, which
    the simulation adds anew. `variation`: squared coefficient of variation of amounts.
    """
    deals, won = np.array([f.deals for f in past], dtype=float), np.array([f.won for f in past])
    seen, winners = deals.sum(axis=0), (deals * won).sum(axis=0)
    # A stratum that no day had takes the share of all deals.
    overall = np.where(seen > 0, winners / np.maximum(seen, 1), winners.sum() / max(seen.sum(), 1))
    shares = np.where(deals > 0, won, overall)
    luck = np.where(deals > 0, overall * (1 - overall) / np.maximum(deals, 1), 0).mean(axis=0)
    open_deals = np.maximum(deals.sum(axis=1), 1)
    new_deals, sizes = np.array([f.new_deals for f in past]), np.array([f.new_size for f in past])
    found = np.maximum(new_deals * open_deals, 1)
    return (
        np.clip(_without_luck(shares, overall, luck), 0, 1),
        np.maximum(_without_luck(new_deals, new_deals.mean(), (new_deals / open_deals).mean()), 0),
        np.maximum(_without_luck(sizes, sizes.mean(), (variation * sizes**2 / found).mean()), 0),
    )


def _without_luck(values: np.ndarray, mean: np.ndarray | float, luck: np.ndarray | float) -> np.ndarray:
    """Values drawn to their mean until they vary by no more than luck (a variance) leaves unexplained."""
    varied = ((values - mean) ** 2).mean(axis=0)
    kept = np.sqrt(np.clip(1 - luck / np.maximum(varied, 1e-12), 0, 1))
    return np.asarray(mean + kept * (values - mean))


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
    outlook = simulate(
        stratum(states.place[rows], states.close[rows] - ends, past[0].days), states.amount[rows], known, draws
    )
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
