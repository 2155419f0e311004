"""Who takes over which account: a plan that balances hours and keeps region and industry, and what came of past ones.

Solved as a small integer program by HiGHS (scipy.optimize.milp). Accounts that are alike to the plan (same region,
industry and hours) are one variable per manager, so that hundreds of accounts take a fraction of a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp  # type: ignore[import-untyped]
from scipy.sparse import coo_array  # type: ignore[import-untyped]

from kam_core.errors import KamError

# Knowing the industry is worth a colleague being busier by this share of the mean hours; never more than that.
INDUSTRY_WORTH = 0.25
# An account without a tier asks for no hours. Counting it for this many spreads those too, and outweighs nothing.
LEAST_HOURS = 0.05
MOST_CANDIDATES = 30  # receivers considered for an account: as many of those who know its industry, and of the others
TANGENTS = 24  # lines that stand for the square of a manager's hours
SECONDS = 10.0


@dataclass(frozen=True)
class Receivers:
    """Managers who can take accounts over: their hours now, and the regions and industries they know."""

    frame: pd.DataFrame  # manager_id, manager_name, hours
    regions: dict[str, set[Any]]
    industries: dict[str, set[Any]]


def receivers(holdings: pd.DataFrame, leaving: set[str]) -> Receivers:
    """From the report `holdings`: all who hold accounts, have not left and are not leaving."""
    here = holdings[holdings.left_on.isna() & ~holdings.manager_id.isin(list(leaving))]
    if here.empty:
        raise KamError("nobody is left to take the accounts over: every manager in view has left or is leaving")
    sums = {"manager_name": ("manager_name", "first"), "hours": ("hours", "sum")}
    frame = here.groupby("manager_id", as_index=False).agg(**sums)
    frame["hours"] = frame["hours"].astype(float)
    regions: dict[str, set[Any]] = {}
    industries: dict[str, set[Any]] = {}
    row: Any
    for row in here.itertuples():
        # Where a manager's own region is loaded, that is it; else the regions of the accounts held.
        own = _key(row.manager_region) or _key(row.region)
        regions.setdefault(row.manager_id, set()).add(own)
        industries.setdefault(row.manager_id, set()).update((_key(row.industry), _key(row.manager_industry)))
    return Receivers(frame, regions, industries)


def propose(accounts: pd.DataFrame, to: Receivers, industry_worth: float = INDUSTRY_WORTH) -> pd.Series:
    """The new manager of each account (columns region, industry, hours), in the order and index of `accounts`.

    The region is kept wherever anybody works in it. Among those, the sum of squared hours is made least, which is the
    evenest load, with an industry that nobody of the less busy knows worth `industry_worth` of the mean hours.
    """
    if accounts.empty:
        return pd.Series([], index=accounts.index, dtype=object)
    fields = pd.DataFrame({"region": accounts.region.map(_key), "industry": accounts.industry.map(_key)})
    alike = fields.assign(hours=accounts.hours.astype(float)).groupby(["region", "industry", "hours"], sort=False)
    groups: list[Any] = list(alike.indices.items())
    classes = [(key, members, _candidates(key[0], key[1], to)) for key, members in groups]
    counts = _solved(classes, to, industry_worth)
    found = np.empty(len(accounts), dtype=object)
    for (_, members, _), row in zip(classes, counts, strict=True):
        found[members] = np.repeat(list(row), list(row.values()))
    return pd.Series(found, index=accounts.index)


def _key(value: Any) -> str:
    """A region or industry; "" where none is given, which is like no other."""
    return value if isinstance(value, str) else ""


def _candidates(region: Any, industry: Any, to: Receivers) -> list[int]:
    """Rows of receivers: those of the region, or everybody where nobody works there; the least busy of each kind."""
    ids, hours = to.frame.manager_id.tolist(), to.frame.hours.to_numpy()
    there = [n for n, m in enumerate(ids) if region in to.regions[m]] or range(len(ids))
    by_hours = sorted(there, key=lambda n: (hours[n], ids[n]))
    knowing = [n for n in by_hours if industry in to.industries[ids[n]]]
    others = [n for n in by_hours if industry not in to.industries[ids[n]]]
    return knowing[:MOST_CANDIDATES] + others[:MOST_CANDIDATES]


def _solved(classes: list[Any], to: Receivers, industry_worth: float) -> list[dict[str, int]]:
    """For each class of accounts: manager → how many of it."""
    ids, base = to.frame.manager_id.tolist(), to.frame.hours.to_numpy()
    pairs = [(c, m) for c, (_, _, candidates) in enumerate(classes) for m in candidates]
    hours = np.array([max(float(key[2]), LEAST_HOURS) for key, _, _ in classes])
    size = np.array([len(members) for _, members, _ in classes])
    used = sorted({m for _, m in pairs})
    place = {m: len(pairs) + n for n, m in enumerate(used)}
    mean = max(float(base[used].mean() + (hours * size).sum() / len(used)), LEAST_HOURS)
    cost = [
        hours[c] * industry_worth * (classes[c][0][1] not in to.industries[ids[m]]) for c, m in pairs
    ] + [1.0] * len(used)
    result = milp(
        np.array(cost),
        integrality=np.array([1] * len(pairs) + [0] * len(used)),
        bounds=Bounds(0, np.array([float(size[c]) for c, _ in pairs] + [np.inf] * len(used))),
        constraints=[_each_once(pairs, size, len(cost)), _squares(pairs, hours, size, base, used, place, mean)],
        options={"time_limit": SECONDS, "mip_rel_gap": 1e-4},
    )
    if result.x is None:
        raise KamError(f"no plan was found in {SECONDS:.0f} seconds: hand over fewer managers at a time")
    rows: list[dict[str, int]] = [{} for _ in classes]
    for (c, m), n in zip(pairs, np.rint(result.x).astype(int), strict=False):
        if n:
            rows[c][ids[m]] = int(n)
    return rows


def _each_once(pairs: list[tuple[int, int]], size: np.ndarray, width: int) -> LinearConstraint:
    rows, columns = [c for c, _ in pairs], range(len(pairs))
    taken = coo_array((np.ones(len(pairs)), (rows, columns)), shape=(len(size), width))
    return LinearConstraint(taken.tocsr(), size, size)


def _squares(
    pairs: list[tuple[int, int]], hours: np.ndarray, size: np.ndarray, base: np.ndarray, used: list[int],
    place: dict[int, int], mean: float,
) -> LinearConstraint:
    """cost ≥ every tangent of what the squares grow by, (hours² − base²) / (2 mean).

    The tangent at x is (x Σ hours taken − (x − base)² / 2) / mean.
    """
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    least: list[float] = []
    taken: dict[int, list[int]] = {}
    for column, (_, m) in enumerate(pairs):
        taken.setdefault(m, []).append(column)
    total = float((hours * size).sum())
    for m in used:
        level = max(mean, base[m]) + hours.max()
        for x in np.linspace(base[m], min(level, base[m] + total), TANGENTS):
            row = len(least)
            rows += [row] * (len(taken[m]) + 1)
            columns += [place[m], *taken[m]]
            values += [1.0, *(-x / mean * hours[pairs[column][0]] for column in taken[m])]
            least.append(-((x - base[m]) ** 2) / 2 / mean)
    shape = (len(least), len(pairs) + len(used))
    return LinearConstraint(coo_array((values, (rows, columns)), shape=shape).tocsr(), np.array(least), np.inf)


def workload(accounts: pd.DataFrame, to: Receivers, new: pd.Series) -> pd.DataFrame:
    """Per receiver: hours and accounts before and after the plan `new`. Columns manager_id, manager_name,
    hours_before, hours_after, accounts_taken; those who take nothing are in it too.
    """
    moved = accounts.assign(manager_id=new.to_numpy(), hours=accounts.hours.astype(float))
    taken = moved.groupby("manager_id").agg(taken=("hours", "sum"), accounts_taken=("hours", "size"))
    frame = to.frame.rename(columns={"hours": "hours_before"}).set_index("manager_id").join(taken)
    frame = frame.fillna({"taken": 0.0, "accounts_taken": 0}).reset_index()
    frame["hours_after"] = frame.hours_before + frame.taken
    frame["accounts_taken"] = frame.accounts_taken.astype(int)
    return frame[["manager_id", "manager_name", "hours_before", "hours_after", "accounts_taken"]]


def kept(accounts: pd.DataFrame, to: Receivers, new: pd.Series) -> dict[str, float]:
    """The shares of accounts whose new manager works in their region and knows their industry."""
    rows = list(zip(accounts.region.map(_key), accounts.industry.map(_key), new, strict=True))
    n = max(len(rows), 1)
    return {
        "region": sum(r in to.regions.get(m, ()) for r, _, m in rows) / n,
        "industry": sum(i in to.industries.get(m, ()) for _, i, m in rows) / n,
    }


def effect(pairs: pd.DataFrame, level: float = 0.8, draws: int = 2000, seed: int = 1) -> dict[str, float]:
    """Revenue kept by accounts handed over, and by their matches; the difference's interval by resampling the pairs.

    `pairs` is the report `handover_pairs`. An association: managers choose which accounts they hand over.
    """
    values = pairs[["after", "before", "other_after", "other_before"]].astype(float).to_numpy()
    if len(values) < 2:
        return {"pairs": float(len(values)), "handed": np.nan, "stayed": np.nan, "low": np.nan, "high": np.nan}
    sums = values.sum(axis=0)
    picked = np.random.default_rng(seed).integers(0, len(values), (draws, len(values)))
    drawn = values[picked].sum(axis=1)
    differences = drawn[:, 0] / drawn[:, 1] - drawn[:, 2] / drawn[:, 3]
    low, high = np.quantile(differences, [(1 - level) / 2, (1 + level) / 2])
    return {
        "pairs": float(len(values)), "handed": sums[0] / sums[1], "stayed": sums[2] / sums[3],
        "low": float(low), "high": float(high),
    }
