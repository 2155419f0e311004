"""Which assumption would turn a verdict of the test for fake big accounts: the smallest relative change of one price.

Arrays of all accounts in, two arrays out; the report fake_big carries them as `turned_by` and `turned_at`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Prices are followed from nothing to 17 times today's in these steps (relative changes), straight in between.
STEPS = np.array([-1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0])
VERDICTS = ("fake_big", "true_big")
HELPERS = ["visit_cost", "call_cost", "meeting_cost", "care_cost"]
PRICES = {
    "visit": "visit_cost",
    "call": "call_cost",
    "meeting": "meeting_cost",
    "care": "care_cost",
    "ticket": "ticket_cost",
    "order_line": "order_line_cost",
    "late_payment_rate": "late_cost",
}


def finish(frame: pd.DataFrame, field: str, minimum_margin: float, has_cost: bool) -> pd.DataFrame:
    """The accounts of one field out of `frame`, which holds all, with `turned_by` and `turned_at`.

    `field` is a field's name, or "big" for fake and true big together.
    """
    wanted = VERDICTS if field == "big" else (field,)
    known = frame[frame["kept"].notna()]
    is_asked = (known["field"].isin(VERDICTS) & known["field"].isin(wanted)).to_numpy()
    least = minimum_margin * known["revenue"].to_numpy() if has_cost else None
    found: dict[str, Floats] = {
        price: _of_price(known["kept"].to_numpy(), known[column].to_numpy(), least, int(known["cut"].iloc[0]), is_asked)
        for price, column in PRICES.items()
        if is_asked.any() and known[column].sum() > 0
    }
    if least is not None and is_asked.any():
        found["minimum_margin"] = _of_margin(known[is_asked], least[is_asked])
    return _nearest(frame[frame["field"].isin(wanted)], known.index[is_asked], found).drop(columns=HELPERS)


def _of_price(kept: Floats, cost: Floats, least: Floats | None, cut: int, asked: Bools) -> Floats:
    """For each asked account the relative change of one price nearest to zero that turns its verdict; NaN if none does.

    A verdict turns where the account crosses what the last account of the top `cut` keeps, or its least margin.
    """
    above_level, above_least = (np.empty((asked.sum(), len(STEPS))) for _ in range(2))
    for n, step in enumerate(STEPS):
        now = kept - step * cost
        last_in, first_out = _levels(now, cut)
        # Who is in must fall behind the first outside, who is out must pass the last inside.
        above_level[:, n] = now[asked] - np.where(now[asked] >= last_in, first_out, last_in)
        above_least[:, n] = np.inf if least is None else now[asked] - least[asked]
    is_fake = (above_level < 0) | (above_least < 0)
    at_level, at_least = _crossing(above_level), _crossing(above_least)
    # From fake to true both conditions must hold, from true to fake one must fail.
    at = np.where(is_fake[:, :-1], np.fmax(at_level, at_least), np.fmin(at_level, at_least))
    at[is_fake[:, :-1] == is_fake[:, 1:]] = np.nan
    nearest = np.argmin(np.where(np.isnan(at), np.inf, np.abs(at)), axis=1)
    return at[np.arange(len(at)), nearest]


def _levels(kept: Floats, cut: int) -> tuple[float, float]:
    """What the last account of the top `cut` keeps, and the first one outside (minus infinity if there is none)."""
    if cut >= len(kept):
        return float(kept.min()), -np.inf
    ordered = np.partition(kept, (len(kept) - cut - 1, len(kept) - cut))
    return float(ordered[len(kept) - cut]), float(ordered[len(kept) - cut - 1])


def _crossing(above: Floats) -> Floats:
    """Where each row passes through zero between one step and the next; NaN where it does not."""
    here, there = above[:, :-1], above[:, 1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        at = STEPS[:-1] + np.diff(STEPS) * here / (here - there)
    return np.where((here < 0) != (there < 0), at, np.nan)


def _of_margin(asked: pd.DataFrame, least: Floats) -> Floats:
    """The relative change of the minimum margin; it decides only where the rank by profit is not in the way."""
    kept = asked["kept"].to_numpy()
    decides = (asked["profit_place"] <= asked["cut"]).to_numpy() & (least > 0)
    return np.where(decides, kept / np.where(decides, least, 1) - 1, np.nan)


def _nearest(frame: pd.DataFrame, index: pd.Index, found: dict[str, Floats]) -> pd.DataFrame:
    """The assumption with the smallest change, within what a price can take."""
    changes = pd.DataFrame(found, index=index, dtype=float)
    changes = changes.where((changes >= STEPS[0]) & (changes <= STEPS[-1])).dropna(how="all")
    by = changes.abs().idxmin(axis=1).astype(object) if len(changes) else pd.Series(dtype=object)
    at = pd.Series({i: changes.at[i, price] for i, price in by.items()}, dtype=float)
    return frame.assign(turned_by=by.reindex(frame.index), turned_at=at.reindex(frame.index)).reset_index(drop=True)
