"""A company of two habits, drawn from known parameters: who orders weekly, and who half-yearly but more at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tiny import Rows, order

SEGMENTS = ("连锁门店", "学校 'A'")
DAYS, FIRST = 900, 18_000
END = FIRST + DAYS
# r, alpha (weeks), a, b: an order a week on average, and one in half a year; the weekly ones leave sooner.
WEEKLY, HALF_YEARLY = (4.0, 4.0, 1.0, 2.0), (4.0, 104.0, 0.3, 4.0)


def drawn(accounts: int, parameters: tuple[float, ...], rng: Any) -> tuple[Any, Any]:
    """Account and day of orders from a BG/NBD: own rate, own chance to leave after each repeat order."""
    r, alpha, a, b = parameters
    begun, rate = rng.integers(0, DAYS, accounts), rng.gamma(r, 1 / alpha, accounts) / 7
    most = rng.geometric(rng.beta(a, b, accounts))
    who, day = list(range(accounts)), list(begun)
    for account in range(accounts):
        later = begun[account] + np.cumsum(rng.exponential(1 / rate[account], min(most[account], 5_000)))
        later = later[later < DAYS]
        who += [account] * len(later)
        day += list(later)
    return np.array(who), FIRST + np.array(day).astype(int)


def two_habits(each: int = 400, seed: int = 1) -> tuple[Any, Any, Any, Any]:
    """Account, date, amount and segment of orders: weekly buyers (0), then half-yearly ones (1) of larger orders."""
    rng = np.random.default_rng(seed)
    (who, day), (other, late) = drawn(each, WEEKLY, rng), drawn(each, HALF_YEARLY, rng)
    segment = np.r_[np.zeros(len(who), dtype=int), np.ones(len(other), dtype=int)]
    amount = rng.gamma(3.0, 100.0, len(segment)) * np.where(segment == 1, 20, 1)
    return np.r_[who, other + each], np.r_[day, late].astype("datetime64[D]"), amount, segment


def tables() -> dict[str, Rows]:
    """The same as rows of the data model: a segment each, with a Chinese name; regions that say nothing."""
    account, day, amount, segment = two_habits()
    accounts = [
        {"account_id": f"a{a:03}", "name": f"a{a:03}", "segment": SEGMENTS[s], "region": ("East", "North")[a % 2]}
        for a, s in dict(zip(account, segment, strict=True)).items()
    ]
    orders = [order(str(d), f"a{a:03}", float(m)) for a, d, m in zip(account, day, amount, strict=True)]
    return {"accounts": accounts, "orders": orders}
