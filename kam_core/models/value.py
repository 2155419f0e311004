"""Customer lifetime value over a stated number of periods: expected orders × expected margin per order, discounted.

Value = margin · E[M] · Σ_i (E(iΔ) - E((i-1)Δ)) / (1+d)^i (Fader, Hardie & Lee 2005, JMR 42). Use 12 to 36 months: the
undiscounted total over all time diverges for a ≤ 1.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BarycentricInterpolator  # type: ignore[import-untyped]

from kam_core.errors import KamError
from kam_core.models import btyd
from kam_core.models.btyd import PARAMETER_BOUNDS, Array, Fit, Numbers
from kam_core.models.spend import SpendFit, expected_spend

WEEKS_PER_MONTH = 365.25 / 12.0 / 7.0
# E(t) is smooth in ln(alpha + t): exact values at this many Chebyshev points give it everywhere to 1e-6 (k = 1), and to
# 1e-3 for the frequent and very regular, whose expected orders climb in steps.
NODES = 12


@dataclass(frozen=True)
class Interval:
    """Value between two quantiles of simulated futures: per account, and of all accounts together."""

    low: Array
    high: Array
    total_low: float
    total_high: float
    level: float


def lifetime_value(
    fit: Fit,
    spend: Numbers,
    x: Numbers,
    t_x: Numbers,
    T: Numbers,
    months: int,
    monthly_discount: float = 0.0,
    margin: Numbers = 1.0,
) -> Array:
    """Discounted value of each account over the next months; `spend` is money per order, `margin` the share kept.

    Raises KamError for a number of months below 1 or a discount of -100 % or less.
    """
    _refuse_odd(months, monthly_discount)
    times = WEEKS_PER_MONTH * np.arange(1, months + 1)
    orders = expected_orders_at(fit, x, t_x, T, times)
    discounts = (1.0 + monthly_discount) ** -np.arange(1.0, months + 1)
    return np.asarray(margin) * np.asarray(spend) * (discounts @ np.diff(orders, axis=0, prepend=0.0))


def _refuse_odd(months: int, monthly_discount: float) -> None:
    if months < 1:
        raise KamError(f"Lifetime value over {months} months makes no sense: choose 1 or more, 12 to 36 is usual.")
    if monthly_discount <= -1.0:
        raise KamError(f"A monthly discount of {monthly_discount:.0%} makes no sense: choose one above -100 %.")


def expected_orders_at(fit: Fit, x: Numbers, t_x: Numbers, T: Numbers, times: Array) -> Array:
    """Expected orders up to each time, shape (times, accounts); interpolated where there are more than twelve."""
    if len(times) <= NODES:
        return np.stack([btyd.expected_orders(fit, x, t_x, T, t) for t in times])
    low, high = np.log(fit.alpha), np.log(fit.alpha + times[-1])
    nodes = low + (high - low) * (1.0 + np.cos(np.linspace(np.pi, 0.0, NODES))) / 2.0
    exact = np.stack([btyd.expected_orders(fit, x, t_x, T, np.exp(node) - fit.alpha) for node in nodes])
    return BarycentricInterpolator(nodes, exact)(np.log(fit.alpha + times))


def value_interval(
    fit: Fit,
    spend_fit: SpendFit,
    x: Numbers,
    t_x: Numbers,
    T: Numbers,
    z_bar: Numbers,
    spread: Array,
    months: int,
    monthly_discount: float = 0.0,
    margin: float = 1.0,
    level: float = 0.8,
    draws: int = 200,
    seed: int = 1,
) -> Interval:
    """Interval of the lifetime value by parametric bootstrap, for any accounts; `spread` is from btyd.covariance.

    Each draw takes timing parameters from the normal around the fit (the curvature of its likelihood) and then plays
    every account's future: alive or not, own rate, own chance of leaving, own order size, orders month by month. The
    spend parameters are held.
    """
    _refuse_odd(months, monthly_discount)
    x, t_x, T, z = (np.asarray(v, dtype=float).ravel() for v in (x, t_x, T, z_bar))
    rng = np.random.default_rng(seed)
    discounts = (1.0 + monthly_discount) ** -np.arange(1.0, months + 1)
    values = np.empty((draws, len(x)), dtype=np.float32)
    for i, theta in enumerate(rng.multivariate_normal(fit.theta, spread, size=draws)):
        r, alpha, a, b = np.clip(np.exp(theta), *PARAMETER_BOUNDS)
        orders = _simulated_orders(Fit(fit.model, fit.k, r, alpha, a, b), x, t_x, T, discounts, rng)
        values[i] = margin * _simulated_spend(spend_fit, x, z, rng) * orders
    tails = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    low, high = np.quantile(values, tails, axis=0)
    total_low, total_high = np.quantile(values.sum(axis=1, dtype=float), tails)
    return Interval(low, high, float(total_low), float(total_high), level)


def _simulated_orders(fit: Fit, x: Array, t_x: Array, T: Array, discounts: Array, rng: np.random.Generator) -> Array:
    """One future: each account's orders, discounted by the month they fall into."""
    here = rng.random(len(x)) < btyd.p_alive(fit, x, t_x, T)
    phase = _simulated_phase(fit, x, t_x, T, rng)
    rate = rng.gamma(fit.r + fit.k * x + phase) / (fit.alpha + T)
    leaving = np.maximum(rng.beta(fit.a, fit.b + x + fit.m), 1e-12)
    # Orders until it leaves, the last one included: geometric, capped far above what any horizon can hold.
    most = np.where(here, rng.geometric(leaving), 0)
    hidden, before, worth = phase.astype(np.int64), np.zeros(len(x), dtype=np.int64), np.zeros(len(x))
    for discount in discounts:
        hidden = hidden + rng.poisson(rate * WEEKS_PER_MONTH)
        orders = np.minimum(hidden // fit.k, most)
        worth += discount * (orders - before)
        before = orders
    return worth


def _simulated_phase(fit: Fit, x: Array, t_x: Array, T: Array, rng: np.random.Generator) -> Array:
    """Hidden events since the last order, drawn from w_j."""
    terms = btyd.phase_terms(fit, x, t_x, T)
    cumulative = np.cumsum(terms / terms.sum(axis=0), axis=0)
    return (rng.random(len(x)) > cumulative[:-1]).sum(axis=0)


def _simulated_spend(spend: SpendFit, x: Array, z: Array, rng: np.random.Generator) -> Array:
    """Each account's own mean order: p/nu, nu ~ Gamma(px + q, v + x z̄)."""
    total = x * np.maximum(z, 0.0)
    return spend.p * (spend.v + total) / rng.gamma(spend.p * x + spend.q)


def value_of_new(
    fit: Fit, spend_fit: SpendFit, months: int, monthly_discount: float = 0.0, margin: float = 1.0
) -> float:
    """Expected value of an account in the months after its first order, that order not counted."""
    spend = expected_spend(spend_fit, 0.0, 0.0)
    return float(lifetime_value(fit, spend, 0.0, 0.0, 0.0, months, monthly_discount, margin))
