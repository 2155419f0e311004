"""Histories, own rhythm and the season's clock, by hand."""

from typing import Any

import numpy as np
import pytest

from kam_core.errors import KamError
from kam_core.models import history, season
from kam_core.models.btyd import as_days
from kam_core.models.rhythm import overdue, rhythm, silence_rule

DAY = int(as_days("2026-06-30"))


def test_rows_of_a_day_are_one_order_and_returns_are_none() -> None:
    # A: 100 + 50 - 30 on 1 June (an order of net 120, 3 + 1 lines), -20 on 5 June (a return). B: 10 on 2 June.
    h = history.read(
        ["B", "A", "A", "A", "A"],
        ["2026-06-02", "2026-06-01", "2026-06-01", "2026-06-05", "2026-06-01"],
        [10, 100, 50, -20, -30],
        [2, 3, 1, 9, 9],
    )
    assert list(h.accounts) == ["A", "B"]
    assert list(h.code) == [0, 0, 1]
    assert list(h.net) == [120, -20, 10]
    assert list(h.is_order) == [True, False, True]
    assert list(h.lines) == [4, 0, 2]
    assert list(h.orders_between(DAY - 365, DAY)) == [1, 1]
    assert list(h.revenue_between(DAY - 365, DAY)) == [100, 10]


def test_until_drops_later_rows_and_accounts_not_yet_known() -> None:
    h = history.read(["A", "B", "B"], ["2026-06-10", "2026-06-01", "2026-06-20"], [5, -7, 9]).until(DAY - 15)
    assert list(h.accounts) == ["A"]  # B only returned by 15 June: it has no order yet
    assert list(h.net) == [5]


def test_history_refuses_what_cannot_be_read() -> None:
    with pytest.raises(KamError, match="2 accounts, 1 dates"):
        history.read(["A", "B"], ["2026-06-10"], [5])
    with pytest.raises(KamError, match="No order has an amount above zero"):
        history.read(["A"], ["2026-06-10"], [-5])


@pytest.mark.parametrize("ids", [[7, 5, 7], [7_000_000_000, 5, 7_000_000_000], ["7", "5", "7"]])
def test_accounts_of_any_kind(ids: Any) -> None:
    h = history.read(ids, ["2026-06-01", "2026-06-02", "2026-06-03"], [1, 2, 3])
    assert list(h.accounts) == sorted(set(ids))
    assert sorted(h.revenue_between(DAY - 365, DAY)) == [2, 4]


def test_rhythm_by_hand() -> None:
    # A orders on days 0, 10, 20, 60: gaps 10, 10, 40, mean 20, median 10; 40 days of silence: 2 gaps. B orders once.
    start = DAY - 100
    h = history.read([1, 1, 1, 1, 2], (start + np.array([0, 10, 20, 60, 90])).astype("datetime64[D]"), np.ones(5))
    own = rhythm(h, DAY)
    assert list(own.orders) == [4, 1]
    assert own.mean_gap[0] == 20 and own.median_gap[0] == 10 and own.silence[0] == 40
    assert np.isnan(own.mean_gap[1]) and np.isnan(own.median_gap[1])
    assert overdue(own)[0] == 2
    assert list(silence_rule(own)) == ["medium", "unknown"]


def test_median_gap_of_an_even_number_of_gaps() -> None:
    h = history.read([1, 1, 1], (DAY - np.array([50, 40, 10])).astype("datetime64[D]"), np.ones(3))
    assert rhythm(h, DAY).median_gap[0] == 20  # gaps 10 and 30


def seasonal_days(busy: int, quiet: int) -> np.ndarray:
    """Two years of order days: `busy` a day in the first half of each 365 days before DAY, `quiet` in the second."""
    lags = np.arange(730)
    return np.repeat(DAY - lags, np.where(lags % 365 >= 183, busy, quiet))


def test_seasonal_horizon_by_hand() -> None:
    # Last year: lags 183 … 364 hold 3 a day (182 · 3 = 546), lags 0 … 182 one a day (183). The same window last year,
    # 90 days from lag 364 down, holds 270 of 729 order days: s = 270 / (729 · 90/365) = 1.502.
    assert season.horizon_factor(seasonal_days(3, 1), DAY, 90) == pytest.approx(270 / (729 * 90 / 365))
    assert season.horizon_factor(seasonal_days(2, 2), DAY, 90) == pytest.approx(1.0)


def test_less_than_a_year_has_no_season() -> None:
    days = seasonal_days(3, 1)
    assert season.horizon_factor(days[days > DAY - 300], DAY, 90) == 1.0
    clock = season.clock(days[days > DAY - 300], DAY)
    assert not clock.seasonal
    assert clock.weeks(np.array([DAY - 14, DAY, DAY + 28])) == pytest.approx([-2, 0, 4])


def test_clock_runs_fast_in_busy_weeks_and_keeps_the_year() -> None:
    clock = season.clock(seasonal_days(3, 1), DAY)
    assert clock.seasonal
    assert clock.weeks(DAY - 365) == pytest.approx(-365 / 7)
    assert clock.weeks(DAY + 365) == pytest.approx(365 / 7)
    assert clock.weeks(DAY - 730) == pytest.approx(-730 / 7)
    # In mid-season a day counts 3 · 365/729 = 1.502 days, out of season a third of that.
    assert (clock.weeks(DAY + 100) - clock.weeks(DAY + 50)) * 7 / 50 == pytest.approx(3 * 365 / 729, rel=1e-6)
    assert (clock.weeks(DAY - 50) - clock.weeks(DAY - 100)) * 7 / 50 == pytest.approx(365 / 729, rel=1e-6)


def test_too_few_orders_have_no_season() -> None:
    assert not season.clock(DAY - np.arange(0, 730, 2), DAY).seasonal  # 183 order days in the last year
