"""The one call of the build: ordinary companies, and those too small or too odd for a model."""

from typing import Any

import numpy as np
import pytest

from kam_core.errors import KamError
from kam_core.models import btyd
from kam_core.models.rhythm import SILENCE_RULE
from kam_core.models.score import score
from kam_core.models.value import lifetime_value, value_interval

END = "2026-06-30"
NEEDS_A_MODEL = ("p_alive", "churn_risk", "expected_orders", "spend_per_order", "expected_value")


def company(accounts: int, seed: int = 1) -> tuple[Any, Any, Any]:
    """Orders of two years by accounts with own rates; a third stop for good on some day."""
    rng = np.random.default_rng(seed)
    ids, days, amounts = [], [], []
    for account in range(accounts):
        day, stop = float(rng.integers(0, 300)), 730 if rng.random() < 2 / 3 else rng.integers(300, 730)
        gap = rng.gamma(4, 8)
        while day <= stop:
            ids.append(f"A{account:04}")
            days.append(int(day))
            amounts.append(rng.gamma(3, 100))
            day += max(rng.gamma(2, gap / 2), 1)
    return np.array(ids), np.datetime64("2024-07-01") + np.array(days), np.array(amounts)


def test_an_ordinary_company() -> None:
    ids, days, amounts = company(400)
    s = score(ids, days, amounts, END)
    t = s.table
    assert {len(column) for column in t.values()} == {400}
    for name in NEEDS_A_MODEL:
        assert np.all(np.isfinite(t[name])), name
    assert np.all((t["churn_risk"] >= 0) & (t["churn_risk"] <= 1)) and np.all((t["p_alive"] >= 0) & (t["p_alive"] <= 1))
    assert t["expected_value"] == pytest.approx(t["expected_orders"] * t["spend_per_order"])
    stopped = t["silence_days"] > 240
    assert t["churn_risk"][stopped].mean() > 0.8 > 0.3 > t["churn_risk"][t["silence_days"] < 30].mean()
    # Gaps are Gamma(2), steadier than chance: BG/CNBD-k with k = 2 is the model they come from.
    assert s.facts["model"] == "season + bg/cnbd-k + blend" and s.facts["as_of"] == END
    assert s.facts["risk_timing"]["k"] == 2
    assert s.fit is not None and s.fit.model == "mbg/cnbd-k" and s.spend_fit is not None
    assert s.statement.startswith("BG/CNBD-2 on 400 accounts")


def test_scores_carry_what_lifetime_value_needs() -> None:
    s = score(*company(150), END)
    assert s.fit is not None and s.spend_fit is not None and s.summary is not None and s.z_bar is not None
    x, t_x, T = s.summary[1:4]
    expected = lifetime_value(s.fit, s.table["spend_per_order"], x, t_x, T, 12, 0.01, 0.3)
    assert np.all(expected >= 0)
    spread = btyd.covariance(s.fit, x, t_x, T)
    few = slice(0, 40)
    found = value_interval(s.fit, s.spend_fit, x[few], t_x[few], T[few], s.z_bar[few], spread, 12, 0.01, 0.3, draws=100)
    assert found.total_low < expected[few].sum() < found.total_high


def test_order_of_rows_and_later_rows_do_not_matter() -> None:
    ids, days, amounts = company(120)
    mixed = np.random.default_rng(2).permutation(len(ids))
    plain, shuffled = (
        score(ids, days, amounts, "2026-01-01"),
        score(ids[mixed], days[mixed], amounts[mixed], "2026-01-01"),
    )
    cut = days <= np.datetime64("2026-01-01")
    known = score(ids[cut], days[cut], amounts[cut], "2026-01-01")
    for name in ("account", "churn_risk", "expected_value"):
        assert np.array_equal(plain.table[name], shuffled.table[name]), name
        assert np.array_equal(plain.table[name], known.table[name]), name


def by_rule(ids: Any, days: Any, amounts: Any) -> dict[str, Any]:
    s = score(ids, days, amounts, END)
    assert s.facts["model"] == SILENCE_RULE
    assert s.statement.startswith("Too little history for a churn model")
    assert all(np.all(np.isnan(s.table[name])) for name in NEEDS_A_MODEL)
    return s.table


def test_one_account_is_told_by_the_plain_rule() -> None:
    # Orders on 1 and 11 January, silence of 170 days since: 17 own gaps.
    t = by_rule(["A", "A"], ["2026-01-01", "2026-01-11"], [10, 20])
    assert list(t["rule_band"]) == ["high"] and t["overdue"][0] == 17 and t["revenue_365"][0] == 30


def test_no_repeat_orders() -> None:
    t = by_rule(np.arange(500), np.full(500, "2026-01-01"), np.ones(500))
    assert set(t["rule_band"]) == {"unknown"}


def test_all_orders_on_one_day() -> None:
    t = by_rule(np.repeat(np.arange(50), 10), np.full(500, END), np.ones(500))
    assert list(t["orders"]) == [1] * 50 and set(t["silence_days"]) == {0}


def test_ten_thousand_orders_of_one_account_among_others() -> None:
    ids, days, amounts = company(200)
    every_day = np.datetime64("1999-02-12") + np.arange(10_000)  # the last is 29 June 2026
    s = score(np.r_[ids, np.full(10_000, "Z")], np.r_[days, every_day], np.r_[amounts, np.full(10_000, 5.0)], END)
    z = {name: column[-1] for name, column in s.table.items()}
    assert z["orders"] == 10_000 and z["silence_days"] == 1 and z["mean_gap_days"] == 1
    assert z["churn_risk"] < 0.05
    assert 100 < z["expected_orders"] < 260  # 180 days at an order a day, more or less with the season


def test_dates_in_the_future_are_left_out() -> None:
    ids, days, amounts = company(100)
    s = score(
        np.r_[ids, ["A0000", "new"]], np.r_[days, [np.datetime64("2031-01-01")] * 2], np.r_[amounts, [9e9, 9e9]], END
    )
    assert "new" not in s.table["account"]
    assert s.table["revenue_365"].max() < 1e6 and s.table["silence_days"].min() >= 0


def test_negative_totals_and_missing_amounts() -> None:
    ids, days, amounts = company(100)
    returned = np.r_[amounts, [-1e6, np.nan]]
    s = score(np.r_[ids, ["A0000", "A0001"]], np.r_[days, [np.datetime64("2026-06-01")] * 2], returned, END)
    assert s.table["revenue_365"][0] < 0
    for name in NEEDS_A_MODEL:
        assert np.all(np.isfinite(s.table[name])) and np.all(s.table[name] >= 0), name


def test_only_returns_is_one_clear_sentence() -> None:
    with pytest.raises(KamError, match="No order has an amount above zero"):
        score(["A"], ["2026-01-01"], [-5], END)


def test_nothing_before_the_end_and_no_horizon() -> None:
    with pytest.raises(KamError, match="on or before 2020-01-01"):
        score(["A"], ["2026-01-01"], [5], "2020-01-01")
    with pytest.raises(KamError, match="horizon of 0 days"):
        score(["A"], ["2026-01-01"], [5], END, horizon_days=0)
