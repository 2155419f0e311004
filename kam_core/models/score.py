"""Everything the build stores about each account's future, from its orders alone, in one call."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from kam_core.errors import KamError
from kam_core.models import btyd, history, spend
from kam_core.models.btyd import Array, Fit, Numbers, Summary, as_days
from kam_core.models.history import YEAR, History
from kam_core.models.rhythm import SILENCE_RULE, Rhythm, overdue, rhythm, silence_rule
from kam_core.models.risk import Outlook, outlook
from kam_core.models.season import horizon_factor
from kam_core.models.timing import Timing, joined


@dataclass(frozen=True)
class Scores:
    """`table`: one array per column, one entry per account; `facts`: how they came about; the rest: for lifetime value.

    Columns without a meaning for an account hold NaN (to be stored as null): risk, expectations and P(alive) where the
    data is too thin for a model, gaps where there was no second order. `statement` says in one sentence what was done.
    `fits` holds the timing of value by the places of the accounts that it is for: one fit, or one for each segment.
    """

    table: dict[str, Array]
    facts: dict[str, Any]
    statement: str
    summary: Summary | None = None
    z_bar: Array | None = None
    fit: Fit | None = None
    fits: tuple[tuple[Array, Fit], ...] = ()
    spend_fit: spend.SpendFit | None = None


def score(
    account_ids: Numbers,
    dates: Any,
    amounts: Numbers,
    end: Any,
    horizon_days: int = 180,
    key_share: float = 0.2,
    lines: Numbers | None = None,
    parts: Mapping[str, Array] | None = None,
) -> Scores:
    """Score accounts as of the day `end` from order rows (one per account, day and sign will do), no later rows.

    Columns: account, orders, first_day, last_day, silence_days, mean_gap_days, median_gap_days, overdue, rule_band,
    revenue_365, p_alive (context), churn_risk, expected_orders, spend_per_order, expected_value (both in the coming
    horizon, money of `amounts`). `parts` are attributes that accounts may be fitted by, as in history.read. Raises
    KamError where no order is left or the horizon is not positive; thin data falls back to the plain rule.
    """
    if horizon_days <= 0:
        raise KamError(
            f"A horizon of {horizon_days} days makes no sense: choose one day or more, the policy's default is 180."
        )
    last = int(as_days(end))
    known = history.read(account_ids, dates, amounts, lines, parts).until(last)
    own = rhythm(known, last)
    base = _base_columns(known, own, last)
    facts = {
        "as_of": str(np.datetime64(last, "D")),
        "data_from": str(np.datetime64(int(own.first_day.min()), "D")),
        "horizon_days": horizon_days,
        "accounts": len(known.accounts),
        "season": horizon_factor(known.order_days()[1], last, horizon_days),
    }
    try:
        return _by_model(known, own, outlook(known, last, horizon_days, key_share), base, facts)
    except KamError as thin:
        return _by_rule(base, facts, str(thin))


def _base_columns(known: History, own: Rhythm, end: int) -> dict[str, Array]:
    """What needs no model."""
    return {
        "account": known.accounts,
        "orders": own.orders,
        "first_day": own.first_day.astype("datetime64[D]"),
        "last_day": own.last_day.astype("datetime64[D]"),
        "silence_days": own.silence,
        "mean_gap_days": own.mean_gap,
        "median_gap_days": own.median_gap,
        "overdue": overdue(own),
        "rule_band": silence_rule(own),
        "revenue_365": known.revenue_between(end - YEAR, end),
    }


def _by_model(known: History, own: Rhythm, future: Outlook, base: dict[str, Array], facts: dict[str, Any]) -> Scores:
    """Risk from the outlook; value and P(alive) from MBG/CNBD-k on the calendar, since seasons cancel over a year.

    Its timing follows the segments of the outlook. Spend does not: earlier origins test who orders, not for how much.
    """
    s = btyd.summarise_times(known.accounts, *known.order_days(), future.end, btyd.DAYS_PER_WEEK)
    fit = _value_fit(s, future.timing)
    fits = _segment_fits(s, future.timing, fit) or ((np.arange(len(s.x)), fit),)
    z_bar = mean_repeat_order(known, own)
    spend_fit = _spend_fit(s, z_bar)
    per_order = _spend_per_order(known, s, z_bar, spend_fit)
    table = base | {
        "p_alive": joined((rows, btyd.p_alive(its, s.x[rows], s.t_x[rows], s.T[rows])) for rows, its in fits),
        "churn_risk": future.risk,
        "expected_orders": future.expected_orders,
        "spend_per_order": per_order,
        "expected_value": future.expected_orders * per_order,
    }
    facts = facts | _model_facts(future, own.first_day, fit, fits, spend_fit)
    return Scores(table, facts, _statement(future), s, z_bar, fit, fits, spend_fit)


def _value_fit(s: Summary, timing: Timing) -> Fit:
    return btyd.fit(*s[1:], model="mbg/cnbd-k", k=timing.fits["bg/cnbd-k"].k)


def _segment_fits(s: Summary, timing: Timing, company: Fit) -> tuple[tuple[Array, Fit], ...]:
    """Places and fit of each segment of the timing; those that it gives the company's fit get the company's here."""
    return tuple(
        (part.rows, company if part.timing.fits is timing.fits else _value_fit(s.rows(part.rows), part.timing))
        for part in timing.segments
    )


def mean_repeat_order(known: History, own: Rhythm) -> Array:
    """Net money after the first order day, returns deducted, per repeat order; 0 without a repeat order."""
    later = known.day > own.first_day[known.code]
    money = np.bincount(known.code[later], weights=known.net[later], minlength=len(known.accounts))
    return np.where(own.orders > 1, money / np.maximum(own.orders - 1, 1), 0.0)


def _spend_fit(s: Summary, z_bar: Array) -> spend.SpendFit | None:
    try:
        return spend.fit(s.x, z_bar)
    except KamError:
        return None


def _spend_per_order(known: History, s: Summary, z_bar: Array, spend_fit: spend.SpendFit | None) -> Array:
    """Gamma-gamma, or the plain mean order of all accounts where its data is too thin."""
    if spend_fit is not None:
        return spend.expected_spend(spend_fit, s.x, z_bar)
    return np.full(len(s.x), max(float(known.net.sum()), 0.0) / np.count_nonzero(known.is_order))


def _model_facts(
    future: Outlook, first_day: Array, fit: Fit, fits: tuple[tuple[Array, Fit], ...], spend_fit: spend.SpendFit | None
) -> dict[str, Any]:
    return {
        "model": " + ".join(future.steps),
        "risk_timing": asdict(future.timing.fits[future.model]),
        "earlier_origins": [str(np.datetime64(origin, "D")) for origin in future.earlier],
        "earlier_outcomes": future.blend.outcomes if future.blend else 0,
        "value_timing": asdict(fit),
        "value_spend": None if spend_fit is None else asdict(spend_fit),
        "fitted_by": future.by,
        "fitted_apart": future.fitted_apart,
        "fitted_saved": future.saved,
        "segments": [
            {
                "code": part.code,
                "accounts": len(part.rows),
                "data_from": str(np.datetime64(int(first_day[part.rows].min()), "D")),
                "risk_timing": asdict(part.timing.fits[future.model]),
                "value_timing": asdict(own),
            }
            for part, (_rows, own) in zip(future.timing.segments, fits, strict=False)
        ],
    }


def _statement(future: Outlook) -> str:
    fit = future.timing.fits[future.model]
    name = future.model.upper().replace("-K", f"-{fit.k}")
    if future.by:  # each has a k of its own
        name = future.model.upper()
    parts = [f"{name} on {fit.accounts:,} accounts, {fit.repeat_buyers:,} of them with repeat orders"]
    if future.by:
        parts.append(
            f"fitted apart for {future.fitted_apart} groups by {future.by}, which at earlier dates had"
            f" {future.saved:.1%} less log loss than one fit"
        )
    parts.append("with the season of the last year" if future.timing.clock.seasonal else "on the plain calendar")
    if future.blend:
        parts.append(f"corrected by what {len(future.earlier)} earlier dates showed")
    else:
        parts.append("not corrected by earlier dates (too few outcomes known)")
    return ", ".join(parts) + "."


def _by_rule(base: dict[str, Array], facts: dict[str, Any], why: str) -> Scores:
    nothing = np.full(len(base["account"]), np.nan)
    names = ("p_alive", "churn_risk", "expected_orders", "spend_per_order", "expected_value")
    return Scores(base | dict.fromkeys(names, nothing), facts | {"model": SILENCE_RULE}, why)
