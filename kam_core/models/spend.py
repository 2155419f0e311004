"""Spend per order: gamma-gamma (Fader, Hardie & Lee 2005, J. Marketing Research 42; Fader & Hardie 2013).

Orders of an account are Gamma(p, nu) in size, nu is Gamma(q, v) over accounts. Fitted on accounts with repeat orders:
x of them, of mean z̄ > 0. It assumes that order size and order frequency are unrelated, so corr(x, z̄) is reported
with the fit.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize  # type: ignore[import-untyped]
from scipy.special import gammaln, psi  # type: ignore[import-untyped]

from kam_core.errors import KamError
from kam_core.models.btyd import FEWEST_REPEAT_BUYERS, Array, Numbers

# q stays above 1, where the mean order of an unknown account is finite.
BOUNDS = ((1e-4, 1e6), (1.01, 1e6), (1e-6, 1e12))


@dataclass(frozen=True)
class SpendFit:
    """p, q, v (in money), the log-likelihood, how many accounts it rests on and corr(x, z̄) among them."""

    p: float
    q: float
    v: float
    loglik: float = float("nan")
    accounts: int = 0
    correlation: float = float("nan")


def loglik(spend: SpendFit, x: Numbers, z_bar: Numbers) -> Array:
    """Log-likelihood of each account's mean order z̄ over x orders (Fader & Hardie 2013, eq. 1a)."""
    x, z = np.asarray(x, dtype=float), np.asarray(z_bar, dtype=float)
    p, q, v = spend.p, spend.q, spend.v
    shape = gammaln(p * x + q) - gammaln(p * x) - gammaln(q)
    return shape + q * np.log(v) + (p * x - 1) * np.log(z) + p * x * np.log(x) - (p * x + q) * np.log(v + x * z)


def fit(x: Numbers, z_bar: Numbers) -> SpendFit:
    """Fit by maximum likelihood on the accounts with x > 0 and z̄ > 0; KamError where fewer than 40 have both."""
    x, z = np.asarray(x, dtype=float), np.asarray(z_bar, dtype=float)
    usable = (x > 0) & (z > 0)
    x, z = x[usable], z[usable]
    if len(x) < FEWEST_REPEAT_BUYERS:
        raise KamError(
            f"Too little history for a model of spend: {len(x)} accounts have repeat orders with a positive mean, "
            f"{FEWEST_REPEAT_BUYERS} are needed; use the mean order of all accounts until there are more."
        )
    start = np.log([2.0, 3.0, np.median(z)])
    options = {"maxiter": 500, "ftol": 1e-12, "gtol": 1e-8}
    repeats, place = np.unique(x, return_inverse=True)  # the gamma functions depend on x alone: once for each value
    found = minimize(
        _objective, start, (repeats, place, z), jac=True, method="L-BFGS-B", bounds=np.log(BOUNDS), options=options
    )
    p, q, v = (float(value) for value in np.exp(found.x))
    return SpendFit(p, q, v, float(-found.fun * len(x)), len(x), correlation(x, z))


def _objective(theta: Array, repeats: Array, place: Array, z: Array) -> tuple[float, Array]:
    """Minus the mean log-likelihood and its gradient in ln(p, q, v); x = repeats[place]."""
    p, q, v = np.exp(theta)
    x, psi_all = repeats[place], psi(p * repeats + q)[place]
    log_sum, log_spent = np.log(v + x * z), np.log(x * z)
    shape = (gammaln(p * repeats + q) - gammaln(p * repeats))[place] - gammaln(q)
    total = shape + q * np.log(v) + p * x * log_spent - np.log(z) - (p * x + q) * log_sum
    d_p = np.mean(x * (psi_all - psi(p * repeats)[place] + log_spent - log_sum))
    d_q = np.mean(psi_all - psi(q) + np.log(v) - log_sum)
    d_v = np.mean(q / v - (p * x + q) / (v + x * z))
    return float(-np.mean(total)), -np.array([d_p * p, d_q * q, d_v * v])


def correlation(x: Numbers, z_bar: Numbers) -> float:
    """corr(x, z̄), which the model takes to be about 0; not a number where one of them never varies."""
    x, z = np.asarray(x, dtype=float), np.asarray(z_bar, dtype=float)
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(z) == 0:
        return float("nan")
    return float(np.corrcoef(x, z)[0, 1])


def expected_spend(spend: SpendFit, x: Numbers, z_bar: Numbers) -> Array:
    """Expected money per order, p (v + x z̄)/(px + q - 1); without repeat orders the mean of all, pv/(q-1).

    A mean below zero (more returned than bought) counts as zero, not as the mean of all.
    """
    x, z = np.asarray(x, dtype=float), np.asarray(z_bar, dtype=float)
    total = np.where(x > 0, x * np.maximum(z, 0.0), 0.0)
    return spend.p * (spend.v + total) / (spend.p * x + spend.q - 1.0)
