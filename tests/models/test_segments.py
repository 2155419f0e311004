"""Models by segment: chosen where earlier dates clearly show less error, by what was known then, and not elsewhere."""

from typing import Any

import numpy as np
import pytest

from kam_core.models import backtest as bt
from kam_core.models import history
from kam_core.models.history import History
from kam_core.models.risk import outlook
from kam_core.models.score import Scores, score
from kam_core.models.timing import LARGE, REST, by_segment, joined, large_segments, timings
from tests.habits import END, FIRST, two_habits


def scored(rows: tuple[Any, ...], parts: dict[str, Any]) -> Scores:
    return score(*rows, np.datetime64(END, "D"), key_share=0.5, parts=parts)


def read(rows: tuple[Any, ...], **parts: Any) -> History:
    return history.read(*rows, parts=parts)


@pytest.fixture(scope="module")
def habits() -> tuple[Any, Any, Any, Any]:
    return two_habits()


# --- where habits differ ------------------------------------------------------------------------------


def test_segments_of_different_habits_get_parameters_of_their_own(habits: tuple[Any, ...]) -> None:
    *rows, segment = habits
    s = scored(tuple(rows), {"segment": segment})
    assert s.facts["model"].split(" + ")[1:] == ["bg/nbd", "by segment", "blend"]
    assert (s.facts["fitted_by"], s.facts["fitted_apart"]) == ("segment", 2)
    assert s.facts["fitted_saved"] > 0.1
    saved = f"{s.facts['fitted_saved']:.1%} less log loss"
    assert f"fitted apart for 2 groups by segment, which at earlier dates had {saved}" in s.statement
    found = {part["code"]: part for part in s.facts["segments"]}
    # Orders a week of one who never leaves, r / alpha: 1 and 1/26. The season's clock and few leavers blur r alone.
    for code, pace in ((0, 1.0), (1, 1 / 26)):
        for kind in ("risk_timing", "value_timing"):
            fit = found[code][kind]
            assert fit["r"] / fit["alpha"] == pytest.approx(pace, rel=0.2), (code, kind)
            assert (fit["accounts"], found[code]["accounts"]) == (400, 400)
    # The chance to leave after an order, a / (a + b): 1/3 and 0.07.
    left = {code: part["risk_timing"]["a"] / sum(part["risk_timing"][n] for n in "ab") for code, part in found.items()}
    assert left[0] == pytest.approx(1 / 3, abs=0.08) and left[1] == pytest.approx(0.07, abs=0.06)


def test_a_later_holdout_agrees(habits: tuple[Any, ...]) -> None:
    *rows, segment = habits
    origin = END - 180
    loss = {}
    for name, h in (("one", read(tuple(rows))), ("apart", read(tuple(rows), segment=segment))):
        replay = bt.replay(h, origin, 180, 1.0)
        assert ("by segment" in replay.steps) == (name == "apart")  # chosen by what was known at the origin
        p = np.clip(replay.scores["uncorrected"], 1e-4, 1 - 1e-4)
        loss[name] = -np.mean(np.where(replay.lost, np.log(p), np.log1p(-p)))
        loss[f"{name} expected"] = np.abs(replay.expected - replay.orders).mean()
    assert loss["apart"] < 0.93 * loss["one"]
    assert loss["apart expected"] < loss["one expected"]


def test_the_attribute_that_saves_most_is_taken(habits: tuple[Any, ...]) -> None:
    *rows, segment = habits
    rng = np.random.default_rng(3)
    blurred = np.where(rng.random(800) < 0.15, 1 - np.arange(800) // 400, np.arange(800) // 400)[rows[0]]
    s = scored(tuple(rows), {"segment": blurred, "industry": segment, "region": rng.integers(0, 4, 800)[rows[0]]})
    assert s.facts["fitted_by"] == "industry"


def test_p_alive_and_expectations_are_those_of_the_own_fit(habits: tuple[Any, ...]) -> None:
    *rows, segment = habits
    s = scored(tuple(rows), {"segment": segment})
    assert [len(places) for places, _ in s.fits] == [400, 400] and np.all(np.isfinite(s.table["p_alive"]))
    # Ten to twenty weeks without a second order: a weekly buyer is as good as gone, a half-yearly one is on its way.
    once = s.table["orders"] == 1
    quiet = once & (s.table["silence_days"] > 70) & (s.table["silence_days"] < 140)
    weekly, half_yearly = (s.table["p_alive"][places][quiet[places]] for places, _ in s.fits)
    assert weekly.max() < half_yearly.min()


# --- where they do not ----------------------------------------------------------------------------------


def test_labels_without_a_meaning_change_nothing(habits: tuple[Any, ...]) -> None:
    *rows, _ = habits
    plain = scored(tuple(rows), {})
    for seed in range(5):
        labels = np.random.default_rng(seed).integers(0, 3, 800)[rows[0]]
        s = scored(tuple(rows), {"segment": labels, "industry": np.zeros(len(labels), dtype=int)})
        assert s.facts["fitted_by"] == "" and s.facts["segments"] == []
        assert s.statement == plain.statement
        assert np.array_equal(s.table["churn_risk"], plain.table["churn_risk"])


def test_accounts_without_a_segment_and_segments_too_small_are_fitted_together(habits: tuple[Any, ...]) -> None:
    *rows, segment = habits
    account = rows[0]
    few = np.where((segment == 1) & (account % 2 == 0), -1, np.where(segment == 1, 1 + account % 40, 0))
    s = scored(tuple(rows), {"segment": few})  # of the half-yearly ones every other has none, the rest ten each
    assert {part["code"]: part["accounts"] for part in s.facts["segments"]} == {REST: 400, 0: 400}
    assert s.facts["fitted_apart"] == 1


def test_no_large_segment_leaves_the_company_as_one(habits: tuple[Any, ...]) -> None:
    *rows, _ = habits
    assert scored(tuple(rows), {"segment": rows[0]}).facts["fitted_by"] == ""
    assert scored(tuple(rows), {"segment": np.full(len(rows[0]), -1)}).facts["fitted_by"] == ""


def test_one_account_with_a_segment_is_told_by_the_plain_rule() -> None:
    s = score(["A", "A"], ["2026-01-01", "2026-01-11"], [10, 20], "2026-06-30", parts={"segment": np.array([0, 0])})
    assert "fitted_by" not in s.facts and list(s.table["rule_band"]) == ["high"]


# --- the pieces -----------------------------------------------------------------------------------------


def test_a_segment_is_large_by_its_repeat_buyers() -> None:
    # Code 0: LARGE accounts that ordered twice; code 1: one less of them, and many that ordered once.
    twice, once = np.arange(2 * LARGE - 1), 2 * LARGE - 1 + np.arange(50)
    account = np.r_[twice, twice, once]
    day = FIRST + np.r_[np.zeros(len(twice)), np.full(len(twice), 30) + twice % 25, np.zeros(50)].astype(int)
    h = read((account, day.astype("datetime64[D]"), np.ones(len(account))), segment=(account >= LARGE).astype(int))
    now = timings(h, FIRST + 100, 90)[False]
    assert list(large_segments(now, h.parts["segment"])) == [0]
    split = by_segment(now, h.parts["segment"], np.array([0]))
    assert [(part.code, len(part.rows)) for part in split.segments] == [(REST, LARGE + 49), (0, LARGE)]
    assert split.fits is now.fits and split.segments[1].timing.fits["bg/nbd"].accounts == LARGE


def test_others_too_few_for_a_fit_keep_that_of_the_company(habits: tuple[Any, ...]) -> None:
    *rows, _ = habits
    h = read(tuple(rows), segment=np.where(rows[0] < 780, 0, -1))
    now = timings(h, END, 180)[False]
    rest, _large = by_segment(now, h.parts["segment"], np.array([0])).segments
    assert rest.code == REST and rest.timing.fits is now.fits
    assert np.array_equal(rest.timing.risks["bg/nbd"], now.risks["bg/nbd"][780:])


def test_parts_go_where_their_accounts_stand() -> None:
    found = joined([(np.array([2, 0]), np.array([0.2, 0.0])), (np.array([1, 3]), np.array([0.1, 0.3]))])
    assert list(found) == [0.0, 0.1, 0.2, 0.3]


def test_codes_follow_their_accounts() -> None:
    h = history.read(
        ["b", "a", "c", "a"], ["2026-01-05", "2026-01-03", "2026-01-01", "2026-01-02"], [1, 1, 1, 1],
        parts={"segment": np.array([7, 5, -1, 5])},
    )  # fmt: skip
    assert list(h.parts["segment"]) == [5, 7, -1]
    assert list(h.until(20_457).parts["segment"]) == [5, -1]  # 4 January, a day before b's first order
    assert list(h.sample(2).parts["segment"]) == [5, -1]


def test_another_future_gives_the_same_scores_by_segment(habits: tuple[Any, ...]) -> None:
    account, day, amount, segment = (column.copy() for column in habits)
    origin = END - 180
    was = outlook(read((account, day, amount), segment=segment), origin, 180, 0.5)
    later = day.astype(int) > origin
    rng = np.random.default_rng(5)
    codes = np.arange(800) // 400
    account[later] = rng.permutation(account[later])
    day[later] = np.datetime64(origin, "D") + rng.integers(1, 181, later.sum())
    now = outlook(read((account, day, amount * np.where(later, 3, 1)), segment=codes[account]), origin, 180, 0.5)
    assert was.by == "segment" and was.steps == now.steps and was.saved == now.saved
    assert np.array_equal(was.risk, now.risk) and np.array_equal(was.expected_orders, now.expected_orders)
