"""What tables and tiles make of figures before they are shown."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from kam_core.metrics.measures import MEASURES
from kam_core.ui import cards


def test_tables_round_as_words_do_and_do_not_cut_off():
    frame = pd.DataFrame({
        "share": [0.845834, 1.0049999, -0.12345, math.nan], "risk": [0.9996, 0.5, 0.25, math.nan],
        "revenue": [99.5, -0.6, 3.0, math.nan], "growth": [0.25, -0.5, 0.333333, 1.0], "account": ["a", "b", "c", "d"],
    })  # fmt: skip
    units = {"share": "percent", "risk": "percent", "revenue": "money", "growth": "percent", "account": ""}
    shown = cards._rounded(frame, units)
    # 84.6 %, 100.5 %, −12.3 %: cut off after the third decimal, as the table does, they still read so.
    thousandths = [math.trunc(v * 1000) for v in shown["share"][:3]]
    assert thousandths == [846, 1005, -123] and math.isnan(shown["share"][3])
    assert math.trunc(shown["risk"][0] * 1000) == 999  # nobody is certainly lost
    assert shown["revenue"].tolist()[:3] == [100, -1, 3]
    assert shown["growth"].tolist()[:2] == [0.25, -0.5]
    assert frame["share"][0] == 0.845834  # what is downloaded keeps all its digits


@pytest.mark.parametrize(
    ("key", "now", "before", "said"),
    [
        ("sales_cycle_days", 71.61, 71.6, ("±0%", None)),  # 0.01 % is neither good nor bad
        ("win_rate", 0.5001, 0.5, ("±0 pp", None)),
        ("sales_cycle_days", 80, 100, ("−20%", True)),
        ("revenue", 80, 100, ("−20%", False)),
    ],
)
def test_a_change_that_rounds_to_nothing_is_neither_good_nor_bad(key, now, before, said):
    assert cards._change(MEASURES[key], now, before) == said
