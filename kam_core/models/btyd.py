"""Buy-till-you-die models of accounts that leave without saying so: BG/NBD, MBG/NBD and (M)BG/CNBD-k.

An account orders with gaps that are Erlang-k of its own rate (k = 1: exponential, larger k: steadier) and after each
order leaves for good with its own probability. Rates are Gamma(r, alpha) over accounts, leaving probabilities Beta(a,
b). BG cannot leave before its first repeat order; MBG (m = 1) may leave right after the first order of all.

Fader, Hardie & Lee (2005), Marketing Science 24(2), "BG/NBD"; Batislam, Denizel & Filiztekin (2007), IJRM 24,
"MBG/NBD"; Platzer & Reutterer (2017), "(M)BG/CNBD-k". Time is in weeks. Symbols: x repeat orders, t_x time of the last
one, T age at the forecast origin, litt = sum of ln(gap); A = r + kx, u = (T - t_x)/(alpha + T).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import OptimizeResult, minimize  # type: ignore[import-untyped]
from scipy.special import betainc, expit, gammaln, psi  # type: ignore[import-untyped]

from kam_core.errors import KamError

Array = npt.NDArray[Any]
Numbers = npt.ArrayLike

DAYS_PER_WEEK = 7.0
# Weeks; only a clock that stands still (season.py) can bring two order days closer than this.
SHORTEST_GAP = 0.1 / DAYS_PER_WEEK
LARGEST_K = 12
# Of very many accounts, this many choose k and a good start; all of them then fit the parameters.
FIRST_LOOK = 20_000
# Ten repeat buyers for each of the four parameters; below that the likelihood is so flat that its maximum says little.
FEWEST_REPEAT_BUYERS = 40
MODELS = ("bg/nbd", "mbg/nbd", "bg/cnbd-k", "mbg/cnbd-k")
# r, alpha, a, b stay inside these: at either end the model is already its own limit (nobody leaves, everybody is
# alike).
PARAMETER_BOUNDS = (1e-4, 1e4)


class Summary(NamedTuple):
    """One entry per account, sorted by account: repeat orders, last order and age in weeks, sum of ln(gap in weeks)."""

    account: Array
    x: Array
    t_x: Array
    T: Array
    litt: Array

    def __getitem__(self, key: Any) -> Any:
        """By name as well as by position, so that it reads like a table."""
        return getattr(self, key) if isinstance(key, str) else tuple.__getitem__(self, key)

    def rows(self, chosen: Array) -> "Summary":
        """The same with the accounts at these places."""
        return Summary(*(column[chosen] for column in self))


@dataclass(frozen=True)
class Fit:
    """A fitted model: name, Erlang k, four parameters (alpha in weeks), log-likelihood, what it was fitted on."""

    model: str
    k: int
    r: float
    alpha: float
    a: float
    b: float
    loglik: float = float("nan")
    accounts: int = 0
    repeat_buyers: int = 0

    @property
    def theta(self) -> Array:
        """ln(r, alpha, a, b)."""
        return np.log([self.r, self.alpha, self.a, self.b])

    @property
    def m(self) -> int:
        """1 where an account may leave right after its first order (MBG), else 0."""
        return int(self.model.startswith("mbg"))


# --- from order days to the four numbers of each account ------------------------------------------


def summarise(account_ids: Numbers, dates: Numbers, end: Any) -> Summary:
    """Sum up order dates (any order, repeated days count once) as of the day `end`; later dates are left out.

    Accounts whose first order is later than `end` do not appear. Raises KamError when no order remains.
    """
    accounts, code = np.unique(np.asarray(account_ids), return_inverse=True)
    day = as_days(dates)
    last = as_days(end)
    if len(code) != len(day):
        raise KamError(f"Orders have {len(code)} accounts but {len(day)} dates: give one date for each account entry.")
    code, day = _distinct_days(code[day <= last], day[day <= last])
    if not len(day):
        raise KamError(
            f"No order is dated on or before {np.datetime64(int(last), 'D')}: take a later date or load earlier orders."
        )
    return summarise_times(accounts, code, day, int(last), DAYS_PER_WEEK)


def as_days(dates: Any) -> Array:
    """Dates (datetime64, date, ISO text, pandas) as whole days since 1970."""
    return np.asarray(dates, dtype="datetime64[D]").astype(np.int64)


def _distinct_days(code: Array, day: Array) -> tuple[Array, Array]:
    """Sort by account and day, each pair once."""
    if not len(day):
        return code, day
    first, span = int(day.min()), int(day.max() - day.min()) + 1
    key = code.astype(np.int64) * span + (day - first)
    if np.any(key[1:] <= key[:-1]):
        key = np.unique(key)
    return key // span, key % span + first


def summarise_times(accounts: Array, code: Array, time: Array, end: float, per_week: float) -> Summary:
    """Sum up order times of any clock, `per_week` of its units a week, sorted by account code and time, each once."""
    starts = np.flatnonzero(np.r_[True, code[1:] != code[:-1]])
    ends = np.r_[starts[1:], len(code)] - 1
    log_gap = np.zeros(len(time))
    log_gap[1:] = np.log(np.maximum(np.diff(time) / per_week, SHORTEST_GAP))
    log_gap[starts] = 0.0
    return Summary(
        account=accounts[code[starts]],
        x=(ends - starts).astype(np.int64),
        t_x=(time[ends] - time[starts]) / per_week,
        T=(end - time[starts]) / per_week,
        litt=np.add.reduceat(log_gap, starts),
    )


# --- the likelihood -------------------------------------------------------------------------------


def loglik(fit: Fit, x: Numbers, t_x: Numbers, T: Numbers, litt: Numbers) -> Array:
    """Log-likelihood of each account (Platzer & Reutterer 2017; k = 1: Fader et al. 2005, eq. 6), in weeks."""
    x, t_x, T, litt = _floats(x, t_x, T, litt)
    A = fit.r + fit.k * x
    log_rate = gammaln(A) - gammaln(fit.r) + fit.r * np.log(fit.alpha) - A * np.log(fit.alpha + T)
    log_stay = _log_beta(fit.a, fit.b + x + fit.m) - _log_beta(fit.a, fit.b)
    log_end = np.logaddexp(_log_s1(fit, x, t_x, T), np.log(phase_terms(fit, x, t_x, T).sum(axis=0)))
    return (fit.k - 1) * litt - x * gammaln(fit.k) + log_rate + log_stay + log_end


def _floats(*values: Numbers) -> list[Array]:
    return list(np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in values)))


def _log_beta(a: Any, b: Any) -> Any:
    return gammaln(a) + gammaln(b) - gammaln(a + b)


def _log_s1(fit: Fit, x: Array, t_x: Array, T: Array) -> Array:
    """ln S1, the weight of "left right after the last order" against S2; minus infinity where BG does not allow it."""
    c = fit.b + x - 1 + fit.m
    grown = (fit.r + fit.k * x) * np.log((fit.alpha + T) / (fit.alpha + t_x))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((x > 0) | (fit.m == 1), np.log(fit.a) - np.log(c) + grown, -np.inf)


def phase_terms(fit: Fit, x: Array, t_x: Array, T: Array) -> Array:
    """(A)_j u^j / j! for j < k, shape (k, ...): "still here, j hidden events since the last order"; their sum is S2."""
    A = fit.r + fit.k * x
    u = np.maximum(T - t_x, 0.0) / (fit.alpha + T)
    terms = np.ones((fit.k, *x.shape))
    for j in range(1, fit.k):
        terms[j] = terms[j - 1] * (A + j - 1) * u / j
    return terms


@dataclass(frozen=True)
class _Rows:
    """Distinct (x, t_x, T) and their counts; each of the three as values and index: most work depends on one alone."""

    weight: Array
    x: Array
    x_of: Array
    t_x: Array
    t_x_of: Array
    T: Array
    T_of: Array
    total_litt: float

    @property
    def accounts(self) -> float:
        return float(self.weight.sum())


def _collapse(x: Array, t_x: Array, T: Array, litt: Array) -> _Rows:
    """Each distinct (x, t_x, T) once: accounts alike in all three differ in litt alone, which only adds."""
    (xs, ix), (txs, itx), (Ts, iT) = (np.unique(v, return_inverse=True) for v in (x, t_x, T))
    key, weight = np.unique((ix * len(txs) + itx) * len(Ts) + iT, return_counts=True)
    rest, T_of = np.divmod(key, len(Ts))
    x_of, t_x_of = np.divmod(rest, len(txs))
    return _Rows(weight.astype(float), xs, x_of, txs, t_x_of, Ts, T_of, float(litt.sum()))


def _loglik_and_gradient(theta: Array, rows: _Rows, k: int, m: int) -> tuple[float, Array]:
    """Total log-likelihood and its gradient in theta = ln(r, alpha, a, b)."""
    r, alpha, a, b = np.exp(theta)
    w, x, A_by_x = rows.weight, rows.x, r + k * rows.x
    A = A_by_x[rows.x_of]
    end_T, end_tx = (alpha + rows.T)[rows.T_of], (alpha + rows.t_x)[rows.t_x_of]
    log_T = np.log(alpha + rows.T)[rows.T_of]
    log_grown = log_T - np.log(alpha + rows.t_x)[rows.t_x_of]
    u = 1.0 - (end_tx / end_T)
    s2, ds2_dA, u_ds2_du = _s2_and_slopes(A, u, k)
    may_leave = (x > 0) | (m == 1)
    c = np.where(may_leave, b + x - 1 + m, 1.0)
    log_s1 = np.where(may_leave, np.log(a / c), -np.inf)[rows.x_of] + A * log_grown
    log_s2 = np.log(s2)
    left = expit(log_s1 - log_s2)
    stays = (1.0 - left) / s2

    weight_by_x = np.bincount(rows.x_of, weights=w, minlength=len(x))
    left_by_x = np.bincount(rows.x_of, weights=w * left, minlength=len(x))
    by_x = gammaln(A_by_x) + gammaln(b + x + m) - gammaln(a + b + x + m) - x * gammaln(k)
    n = weight_by_x.sum()
    total = (
        (k - 1) * rows.total_litt
        + weight_by_x @ by_x
        + n * (r * theta[1] - gammaln(r) - gammaln(b) + gammaln(a + b))
        + w @ (np.logaddexp(log_s1, log_s2) - A * log_T)
    )
    d_r = weight_by_x @ psi(A_by_x) + n * (theta[1] - psi(r)) + w @ (left * log_grown + stays * ds2_dA - log_T)
    # d ln S1/d alpha = A (1/(alpha+T) - 1/(alpha+t_x)), and du/d alpha = -u/(alpha+T).
    d_alpha = n * r / alpha + w @ (left * A * (1 / end_T - 1 / end_tx) - (A + stays * u_ds2_du) / end_T)
    psi_all = psi(a + b + x + m)
    d_a = n * psi(a + b) - weight_by_x @ psi_all + left_by_x.sum() / a
    d_b = weight_by_x @ (psi(b + x + m) - psi_all) + n * (psi(a + b) - psi(b)) - left_by_x @ (may_leave / c)
    return float(total), np.array([d_r * r, d_alpha * alpha, d_a * a, d_b * b])


def _s2_and_slopes(A: Array, u: Array, k: int) -> tuple[Array, Array, Array]:
    """S2, dS2/dA and u dS2/du."""
    term, s2 = np.ones_like(u), np.ones_like(u)
    harmonic, by_A, by_u = np.zeros_like(u), np.zeros_like(u), np.zeros_like(u)
    for j in range(1, k):
        harmonic += 1.0 / (A + (j - 1))
        term = term * ((A + (j - 1)) * u / j)
        s2 += term
        by_A += term * harmonic
        by_u += j * term
    return s2, by_A, by_u


# --- the fit --------------------------------------------------------------------------------------


def fit(
    x: Numbers,
    t_x: Numbers,
    T: Numbers,
    litt: Numbers | None = None,
    model: str = "mbg/cnbd-k",
    k: int | None = None,
    near: Fit | None = None,
) -> Fit:
    """Fit a model by maximum likelihood; arrays of one entry per account, in weeks.

    For the CNBD-k models k is found by likelihood from 1 to 12, stopping after two falls, unless given. `near`, a fit
    to similar data, is where the search begins when k is known. Raises KamError for an unknown model, for missing litt
    with CNBD-k, and where fewer than 40 accounts ordered again: four parameters need more.
    """
    if model not in MODELS:
        raise KamError(f"Unknown model '{model}': choose one of {', '.join(MODELS)}.")
    searched = model.endswith("cnbd-k")
    if searched and litt is None:
        raise KamError(f"The model '{model}' needs litt, the sum of ln(gap) of each account: take it from summarise().")
    x, t_x, T, litt = (v.ravel() for v in _floats(x, t_x, T, 0.0 if litt is None else litt))
    _refuse_thin(x)
    if near is None and np.count_nonzero(x) > 4 * FIRST_LOOK:
        few = slice(None, None, len(x) // FIRST_LOOK)
        near = fit(x[few], t_x[few], T[few], litt[few], model, k)
        k = near.k
    rows = _collapse(x, t_x, T, litt)
    if searched and k is None:
        return _fit_best_k(rows, model)
    order = k if searched and k else 1
    return _fit_k(rows, model, order, near.theta, is_near=True) if near else _fit_k(rows, model, order, _start(rows))


def _refuse_thin(x: Array) -> None:
    repeat_buyers = int(np.count_nonzero(x > 0))
    if repeat_buyers < FEWEST_REPEAT_BUYERS:
        raise KamError(
            f"Too little history for a churn model: {repeat_buyers} of {len(x)} accounts ordered on a second day, "
            f"{FEWEST_REPEAT_BUYERS} are needed; use silence against the own mean gap until there are more."
        )


def _start(rows: _Rows) -> Array:
    """ln(r, alpha, a, b) to begin with: as many orders a week as seen, and half leave in the end."""
    rate = (rows.weight @ rows.x[rows.x_of]) / max(rows.weight @ rows.T[rows.T_of], 1e-9)
    return np.log([1.0, 1.0 / max(2.0 * rate, 1e-3), 0.5, 1.5])


def _fit_k(rows: _Rows, model: str, k: int, start: Array, is_near: bool = False) -> Fit:
    """The maximum for one k; `is_near` says that the start lies close to it."""
    m = int(model.startswith("mbg"))

    def objective(theta: Array) -> tuple[float, Array]:
        total, gradient = _loglik_and_gradient(theta, rows, k, m)
        return -total / rows.accounts, -gradient / rows.accounts

    found = (_search_near(objective, start) if is_near else None) or _search(objective, start)
    r, alpha, a, b = (float(v) for v in np.exp(found.x))
    repeat_buyers = int(rows.weight[rows.x[rows.x_of] > 0].sum())
    return Fit(model, k, r, alpha, a, b, float(-found.fun * rows.accounts), int(rows.accounts), repeat_buyers)


Objective = Callable[[Array], tuple[float, Array]]


def _search(objective: Objective, start: Array) -> OptimizeResult:
    """The minimum within the bounds, from anywhere."""
    low, high = np.log(PARAMETER_BOUNDS)
    options = {"maxiter": 200, "ftol": 1e-11, "gtol": 1e-7}
    inside = np.clip(start, low, high)
    return minimize(objective, inside, jac=True, method="L-BFGS-B", bounds=[(low, high)] * 4, options=options)


def _search_near(objective: Objective, start: Array) -> OptimizeResult | None:
    """The minimum in half the steps where the start is nearly it: its curvature there is where the search begins.

    None where that fails or leads out of the bounds.
    """
    low, high = np.log(PARAMETER_BOUNDS)
    if np.any((start <= low) | (start >= high)):
        return None
    step, slope = 1e-3, objective(start)[1]
    bend = np.array([(objective(start + h)[1] - slope) / step for h in step * np.eye(4)])
    curvature, directions = np.linalg.eigh((bend + bend.T) / 2.0)
    guess = (directions / np.maximum(np.abs(curvature), 1e-3)) @ directions.T
    options = {"hess_inv0": (guess + guess.T) / 2.0, "gtol": 1e-6, "maxiter": 50}
    with np.errstate(all="ignore"):  # a step too far is one that fails
        found = minimize(objective, start, jac=True, method="BFGS", options=options)
    is_flat = np.abs(found.jac).max() < 1e-5  # also where rounding ends the search a step early
    return found if is_flat and np.all((found.x > low) & (found.x < high)) else None


def _fit_best_k(rows: _Rows, model: str) -> Fit:
    """The k with the largest likelihood, from 1 up to two falls; each start is the last fit, rescaled."""
    best = last = _fit_k(rows, model, 1, _start(rows))
    falls = 0
    for k in range(2, LARGEST_K + 1):
        start = np.log([last.r, last.alpha * (k - 1) / k, last.a, last.b])
        tried = _fit_k(rows, model, k, start, is_near=True)
        falls = falls + 1 if tried.loglik < last.loglik else 0
        best = max(best, tried, key=lambda found: found.loglik)
        if falls == 2:
            break
        last = tried
    return best


def covariance(fit: Fit, x: Numbers, t_x: Numbers, T: Numbers) -> Array:
    """Covariance (4 × 4) of ln(r, alpha, a, b), from the curvature of the likelihood on the data of the fit.

    Directions that the data leaves open (a curvature near zero) get a variance of at most 1 in logs.
    """
    x, t_x, T = (v.ravel() for v in _floats(x, t_x, T))
    rows = _collapse(x, t_x, T, np.zeros(1))
    step = 1e-4
    slopes = [
        (
            _loglik_and_gradient(fit.theta + h, rows, fit.k, fit.m)[1]
            - _loglik_and_gradient(fit.theta - h, rows, fit.k, fit.m)[1]
        )
        / (2.0 * step)
        for h in step * np.eye(4)
    ]
    curvature, directions = np.linalg.eigh(-(np.array(slopes) + np.array(slopes).T) / 2.0)
    return (directions / np.maximum(curvature, 1.0)) @ directions.T


# --- what a fit says about an account -------------------------------------------------------------


def p_alive(fit: Fit, x: Numbers, t_x: Numbers, T: Numbers) -> Array:
    """P(alive at T) = 1 / (1 + S1/S2): two ways to be silent since t_x. BG at x = 0 gives 1: context, no score."""
    x, t_x, T = _floats(x, t_x, T)
    return expit(np.log(phase_terms(fit, x, t_x, T).sum(axis=0)) - _log_s1(fit, x, t_x, T))


def p_no_order(fit: Fit, x: Numbers, t_x: Numbers, T: Numbers, weeks: Numbers) -> Array:
    """P(no order in the next `weeks`), the churn risk: 1 - P(alive) · Σ_j w_j I_z(k-j, A+j), z = t/(alpha+T+t)."""
    x, t_x, T, t = _floats(x, t_x, T, weeks)
    terms = phase_terms(fit, x, t_x, T)
    phase = terms / terms.sum(axis=0)
    z, A = _z(fit, T, t), fit.r + fit.k * x
    orders_if_alive = sum(phase[j] * betainc(fit.k - j, A + j, z) for j in range(fit.k))
    return np.clip(1.0 - p_alive(fit, x, t_x, T) * orders_if_alive, 0.0, 1.0)


def _z(fit: Fit, T: Array, t: Array) -> Array:
    t = np.maximum(t, 0.0)
    return t / (fit.alpha + T + t)


def expected_orders(fit: Fit, x: Numbers, t_x: Numbers, T: Numbers, weeks: Numbers) -> Array:
    """Expected orders in the next `weeks`, exact for every k (BTYDplus approximates for k > 1).

    P(alive) · Σ_j w_j Σ_n I_z(kn-j, A+j) · B(a, b+x+m+n-1)/B(a, b+x+m): given j hidden events since the last order,
    the hidden events to come are negative binomial(A+j, z), every k-th one is an order, and each order is survived or
    not.
    """
    x, t_x, T, t = _floats(x, t_x, T, weeks)
    shape = x.shape
    x, t_x, T, t = (v.ravel() for v in (x, t_x, T, t))
    terms = phase_terms(fit, x, t_x, T)
    phase = terms / terms.sum(axis=0)
    z = _z(fit, T, t)
    mean = np.zeros(len(x))
    for j in range(fit.k):
        mean += phase[j] * _mean_orders(fit, x, j, z)
    return (p_alive(fit, x, t_x, T) * mean).reshape(shape)


def expected_orders_of_new(fit: Fit, weeks: Numbers) -> Array:
    """Expected repeat orders of a new account in its first `weeks`: the same series at x = t_x = T = 0."""
    return expected_orders(fit, 0.0, 0.0, 0.0, weeks)


LARGEST_BLOCK = 1 << 17  # elements of a work array: a megabyte, so that a block stays in the processor's cache


def _mean_orders(fit: Fit, x: Array, j: int, z: Array) -> Array:
    """Expected orders of an account alive in phase j, summed in blocks of rows that need about as many terms."""
    steps = _steps(fit.r + fit.k * x + j, z)
    order = np.argsort(steps, kind="stable")
    mean = np.empty(len(x))
    begin = 0
    while begin < len(order):
        widest = int(steps[order[min(begin + LARGEST_BLOCK // int(steps[order[begin]]), len(order) - 1)]])
        rows = order[begin : begin + max(LARGEST_BLOCK // widest, 1)]
        mean[rows] = _mean_orders_of_block(fit, x[rows], j, z[rows], int(steps[rows[-1]]))
        begin += len(rows)
    return mean


def _steps(shape: Array, z: Array) -> Array:
    """Hidden events that leave out less than 1e-12 of a negative binomial(shape, z): mean, spread, slow tail."""
    with np.errstate(divide="ignore"):
        tail = np.where(z > 0, -32.0 / np.log(np.where(z > 0, z, 0.5)), 0.0)
    mean = shape * z / (1.0 - z)
    return (mean + 8.0 * np.sqrt(mean / (1.0 - z)) + tail + 8.0).astype(np.int64)


def _mean_orders_of_block(fit: Fit, x: Array, j: int, z: Array, steps: int) -> Array:
    """Σ_i P(i hidden events) · Σ_{n ≤ (i+j)/k} B(a, β+n-1)/B(a, β), β = b+x+m; in logs: nothing underflows."""
    i = np.arange(1.0, steps)
    shape = (fit.r + fit.k * x + j)[:, None]
    log_p = np.empty((len(x), steps))
    log_p[:, 0] = shape[:, 0] * np.log1p(-z)
    with np.errstate(divide="ignore"):
        np.log((shape + (i - 1)) * (z[:, None] / i), out=log_p[:, 1:])
    p = np.exp(np.cumsum(log_p, axis=1))
    n = np.arange(1.0, (steps - 1 + j) // fit.k)
    beta = (fit.b + x + fit.m)[:, None]
    survived = np.zeros((len(x), len(n) + 2))
    survived[:, 1] = 1.0
    np.cumprod((beta + (n - 1)) / (fit.a + beta + (n - 1)), axis=1, out=survived[:, 2:])
    orders = np.cumsum(survived, axis=1)
    return np.einsum("ri,ri->r", p, orders[:, (np.arange(steps) + j) // fit.k])
