"""The interval of a forecast: what deals will bring until a period ends, simulated from how earlier ones fared."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from kam_core.models import pipeline as models

FEW_PARTS = 40
OPEN = ["open_places", "open_amounts", "open_late"]


def simulated(frame: pd.DataFrame, fares: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The report `forecast` with `expected`, `low`, `high` (what is won by the end of the period, in the reporting
    currency) and `learned_from` (earlier days) in place of its open deals; missing where the past says too little.
    """
    rows: Any = frame.itertuples()
    draws = 1000 if len(frame) <= FEW_PARTS else 250  # for hundreds of managers a page should not wait
    past = _past(fares, int(frame["days_left"].iloc[0]), as_of) if len(frame) else []  # one period, the same for all
    found = [_outlook(row, past, draws) for row in rows]
    names = ["expected", "low", "high", "learned_from"]
    made = pd.DataFrame(found, columns=names, index=frame.index).astype(dict.fromkeys(names, "float"))
    return pd.concat([frame.drop(columns=OPEN), made], axis="columns")


def _outlook(row: Any, past: list[models.Fares], draws: int) -> tuple[float | None, ...]:
    amounts = row.open_amounts
    if not past or not isinstance(amounts, (list, np.ndarray)):
        return None, None, None, len(past) or None
    places, late = np.asarray(row.open_places, dtype=int), np.asarray(row.open_late, dtype=float)
    strata = models.stratum(places, late, int(row.days_left))
    outlook = models.simulate(strata, np.asarray(amounts, dtype=float), past, draws)
    won = float(row.won)
    return won + outlook.mean, won + outlook.low, won + outlook.high, len(past)


def _past(fares: pd.DataFrame, days_left: int, as_of: date) -> list[models.Fares]:
    """The latest earlier days from which as many days had gone by the as-of date as are left now."""
    rows: Any = fares[fares["days_left"] == days_left].drop_duplicates("day")
    found = [
        models.Fares(
            r.day.toordinal(), days_left, np.asarray(r.deals), np.asarray(r.won), r.growth, r.new_deals, r.new_size
        )
        for r in rows.itertuples()
    ]
    return models.known_on(as_of.toordinal(), found)
