"""All accounts' order days under both models, BG/NBD and BG/CNBD-k, on the season's clock or the plain calendar."""

from dataclasses import dataclass

from kam_core.models import btyd
from kam_core.models.btyd import Array, Fit, Summary
from kam_core.models.history import History
from kam_core.models.season import Clock, calendar, clock

MODELS = ("bg/nbd", "bg/cnbd-k")


@dataclass(frozen=True)
class Timing:
    """One clock at one origin: summaries and horizon in its weeks, and by model the fit and P(no order)."""

    clock: Clock
    weeks: float
    summary: Summary
    fits: dict[str, Fit]
    risks: dict[str, Array]

    def expected_orders(self, model: str) -> Array:
        """Expected order days in the horizon."""
        s = self.summary
        return btyd.expected_orders(self.fits[model], s.x, s.t_x, s.T, self.weeks)


def timings(
    known: History, end: int, horizon_days: int, near: "dict[bool, Timing] | None" = None
) -> dict[bool, Timing]:
    """Timing by clock: the plain calendar (False), and the season's clock (True) where a year of orders shows one.

    `near` are the timings of another origin: their parameters are where the search begins, their k is kept.
    """
    season = clock(known.order_days()[1], end)
    clocks = [calendar(end), season] if season.seasonal else [calendar(end)]
    return {c.seasonal: _timing(known, end, horizon_days, c, near[c.seasonal] if near else None) for c in clocks}


def _timing(known: History, end: int, horizon_days: int, clock: Clock, near: Timing | None) -> Timing:
    code, day = known.order_days()
    s = btyd.summarise_times(known.accounts, code, clock.weeks(day), 0.0, 1.0)
    weeks = float(clock.weeks(end + horizon_days))
    fits = {}
    for model in MODELS:
        start = near.fits[model] if near else None
        fits[model] = btyd.fit(s.x, s.t_x, s.T, s.litt, model, k=start.k if start else None, near=start)
    risks = {model: btyd.p_no_order(fit, s.x, s.t_x, s.T, weeks) for model, fit in fits.items()}
    return Timing(clock, weeks, s, fits, risks)
