"""The simulated forecast against worlds whose rules are known."""

from __future__ import annotations

import numpy as np
import pytest

from kam_core.models import pipeline as m


def world(days: int = 900, a_day: int = 4, share: float = 0.5, seed: int = 3) -> m.States:
    """Every day some deals of 100 begin, are open 40 days at one stage, and are won with a fixed share."""
    chance = np.random.default_rng(seed)
    begun = np.repeat(np.arange(days), a_day)
    n = len(begun)
    won = chance.random(n) < share
    amount = np.full(n, 100.0)
    return m.States(
        deal=np.arange(n), start=begun, end=begun + 40, place=np.ones(n, dtype=int), amount=amount,
        close=begun + 40, begun=begun, closed=begun + 40, won=won, last_amount=amount,
    )  # fmt: skip


def test_how_deals_fared_is_counted_by_stage_and_expected_close():
    states = world(days=3, a_day=1, share=1.1)
    # On day 2 three deals are open; within 39 days those of days 0 and 1 close (day 40 and 41), as expected.
    found = m.fares(states, 2, 39, strata=8)
    # Stage 1 is entries 4 to 7: two close in the second half of the days left, one in the month after.
    assert found.deals.tolist() == [0, 0, 0, 0, 0, 2, 1, 0]
    assert found.won.tolist() == [0, 0, 0, 0, 0, 1, 0, 0]
    assert (found.growth, found.new_deals) == (1.0, 0.0)


def test_a_sure_world_leaves_no_doubt():
    states = world(share=1.1)
    past = m.known_on(600, [m.fares(states, day, 20, 8) for day in range(100, 600, 30)])
    rows = states.open_on(600)
    outlook = m.simulate(m.stratum(states.place[rows], states.close[rows] - 620, 20), states.amount[rows], past)
    # Of the deals open on day 600 those begun on days 561 to 580 close by day 620: 20 days of 4 deals of 100.
    assert outlook.mean == outlook.low == outlook.high == 20 * 4 * 100


def test_the_interval_holds_as_often_as_it_says():
    states = world()
    past = [m.fares(states, day, 20, 8) for day in range(90, 840, 30)]
    graded = [g for end in range(400, 860, 5) if (g := m.grade(states, end - 60, end, past))]
    held = np.mean([g.held for g in graded])
    # 80 of 100 by design; the days overlap, so that chance alone moves the share by about ten points.
    assert 0.65 <= held <= 0.95
    # Half of the 80 deals of 100 that close in time, on average.
    assert np.mean([g.outlook.mean for g in graded]) == pytest.approx(20 * 4 * 100 * 0.5, rel=0.1)


def test_few_earlier_days_say_nothing():
    states = world()
    past = [m.fares(states, day, 20, 8) for day in (100, 130, 160)]
    assert m.known_on(600, past) == []
    assert m.grade(states, 580, 620, past) is None
