"""Spend per order and lifetime value: published figures, slopes, hand-computed sums, intervals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kam_core.errors import KamError
from kam_core.models import btyd, spend, value
from kam_core.models.btyd import Fit
from kam_core.models.spend import SpendFit

SPEND = SpendFit(6.25, 3.744, 15.44)
FIT = Fit("mbg/cnbd-k", 2, 1.3, 2.8, 0.42, 0.79)


def test_gamma_gamma_on_cdnow(shared_data: Path) -> None:
    path = shared_data / "btyd" / "cdnow_sample_elog.csv"
    orders = pd.read_csv(path, dtype={"cust": str}, parse_dates=["date"])
    days = orders[orders["date"] <= "1997-09-30"].groupby(["cust", "date"])["sales"].sum().reset_index()
    repeats = days[days["date"] > days.groupby("cust")["date"].transform("min")].groupby("cust")["sales"]
    fit = spend.fit(repeats.size(), repeats.mean())
    assert fit.accounts == 946
    assert [fit.p, fit.q, fit.v] == pytest.approx([6.25, 3.744, 15.44], rel=1e-3)
    assert fit.loglik == pytest.approx(-4055.918, abs=0.01)
    assert fit.correlation == pytest.approx(0.114, abs=1e-3)  # the value that lifetimes' documentation prints, 0.1139
    assert spend.expected_spend(fit, 0, 0) == pytest.approx(6.25 * 15.44 / 2.744, rel=1e-3)  # pv/(q-1) = 35.17


def test_expected_spend_by_hand() -> None:
    # p (v + x z)/(p x + q - 1): 6.25 (15.44 + 2·30)/(12.5 + 2.744) = 471.5/15.244; a negative mean counts as 0.
    found = spend.expected_spend(SPEND, [2, 2, 0], [30, -500, 0])
    assert found == pytest.approx([471.5 / 15.244, 6.25 * 15.44 / 15.244, 6.25 * 15.44 / 2.744])


def test_spend_gradient_is_the_slope_of_the_likelihood() -> None:
    repeats, place, z = np.array([1.0, 4.0]), np.array([0, 1, 1]), np.array([20.0, 35.0, 9.0])
    theta = np.log([2.0, 3.0, 15.0])
    minus, gradient = spend._objective(theta, repeats, place, z)
    assert -minus == pytest.approx(spend.loglik(SpendFit(2, 3, 15), repeats[place], z).mean())
    for i, step in enumerate(1e-6 * np.eye(3)):
        up, down = (spend._objective(theta + s, repeats, place, z)[0] for s in (step, -step))
        assert gradient[i] == pytest.approx((up - down) / 2e-6, rel=1e-5)


def test_too_few_repeat_orders_are_refused() -> None:
    with pytest.raises(KamError, match="2 accounts have repeat orders with a positive mean, 40 are needed"):
        spend.fit([1, 1, 0, 2], [10, 20, 30, -5])


def test_lifetime_value_by_hand() -> None:
    # Two months: margin · spend · (E(1)/1.01 + (E(2) - E(1))/1.01²).
    one, two = (btyd.expected_orders(FIT, 3, 12, 14, n * value.WEEKS_PER_MONTH) for n in (1, 2))
    expected = 0.3 * 50 * (one / 1.01 + (two - one) / 1.01**2)
    assert value.lifetime_value(FIT, 50.0, 3, 12, 14, 2, 0.01, 0.3) == pytest.approx(expected)


def test_long_values_are_interpolated_closely() -> None:
    x, t_x, T = np.array([0, 0, 1, 5, 26]), np.array([0, 0, 3, 20, 30]), np.array([0, 300, 10, 39, 31])
    times = value.WEEKS_PER_MONTH * np.arange(1, 37)
    for fit, error in ((Fit("bg/nbd", 1, 0.24, 4.4, 0.79, 2.4), 1e-6), (FIT, 1e-3)):
        exact = np.stack([btyd.expected_orders(fit, x, t_x, T, t) for t in times])
        assert value.expected_orders_at(fit, x, t_x, T, times) == pytest.approx(exact, rel=error)


def test_value_of_a_new_account() -> None:
    orders = btyd.expected_orders_of_new(FIT, 12 * value.WEEKS_PER_MONTH)
    assert value.value_of_new(FIT, SPEND, 12, margin=0.4) == pytest.approx(0.4 * orders * 6.25 * 15.44 / 2.744)


def test_odd_questions_are_refused() -> None:
    with pytest.raises(KamError, match="over 0 months"):
        value.lifetime_value(FIT, 50.0, 3, 12, 14, 0)
    with pytest.raises(KamError, match="discount of -100%"):
        value.lifetime_value(FIT, 50.0, 3, 12, 14, 12, -1.0)


def test_interval_surrounds_the_expected_value() -> None:
    rng = np.random.default_rng(7)
    x = rng.integers(1, 30, 400)
    T = np.full(400, 104.0)
    t_x = T - rng.integers(0, 20, 400)
    no_doubt = np.zeros((4, 4))
    z = np.full(400, 35.0)
    point = value.lifetime_value(FIT, spend.expected_spend(SPEND, x, z), x, t_x, T, 12, 0.01, 0.3)
    found = value.value_interval(FIT, SPEND, x, t_x, T, z, no_doubt, 12, 0.01, 0.3, level=0.98, draws=300)
    assert found.total_low < point.sum() < found.total_high
    assert (found.total_low + found.total_high) / 2 == pytest.approx(point.sum(), rel=0.03)
    # The sum of 400 accounts is far more certain than each of them.
    assert found.total_high / found.total_low < 1.25
    assert np.median(found.high / np.maximum(found.low, 1e-9)) > 2
    assert np.mean((found.low <= point) & (point <= found.high)) > 0.97


def test_doubt_about_parameters_comes_from_the_likelihood() -> None:
    rng = np.random.default_rng(3)
    n = 3000
    T = rng.integers(20, 100, n).astype(float)
    x = rng.poisson(rng.gamma(1.3, 0.05, n) * T)
    t_x = np.where(x > 0, T * rng.beta(np.maximum(x, 1), 1), 0.0)
    fit = btyd.fit(x, t_x, T, model="mbg/nbd")
    spread = btyd.covariance(fit, x, t_x, T)
    assert spread == pytest.approx(spread.T)
    assert 0.005 < np.sqrt(spread[0, 0]) < 0.2  # r is known to some per cent from 3,000 accounts
    half = btyd.covariance(fit, np.tile(x, 4), np.tile(t_x, 4), np.tile(T, 4))
    assert np.sqrt(half[0, 0] / spread[0, 0]) == pytest.approx(0.5, rel=0.05)  # four times the data, half the doubt
