"""The tiers page through app.py, on the rows of conftest."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from kam_core import policy
from kam_core.ui import simulator
from tests.pages.conftest import shown

PAGE = "pages/portfolio/tiers.py"


@pytest.fixture
def tiers(app: AppTest) -> AppTest:
    return app.run().switch_page(PAGE).run()


def test_the_page_names_its_questions_and_the_rules(tiers: AppTest):
    assert tiers.title[0].value == "Who is key?"
    assert "How few accounts make 80% of the revenue?" in shown(tiers)
    rules = next(m.value for m in tiers.markdown if "before which less than 80% is reached" in m.value)
    assert "first order less than 12 months ago, or fewer than 3 orders" in rules
    assert "S 12; A 5; B 1.5; C 0.4; N 1" in rules


def test_who_moved_since_a_year_ago(tiers: AppTest):
    # On 28 Feb 2025 accounts 1 and 2 had one order each: N. Account 3 ordered first on 10 Mar 2026: entered as N.
    table = tiers.dataframe(key="moves_table").value.set_index("account_id")
    assert table.loc["3", "to_tier"] == "N" and table.loc["3", "from_tier"] == "–"
    assert table.loc["1", "from_tier"] == table.loc["2", "from_tier"] == "N"


def test_untouched_sliders_change_nothing_and_a_moved_one_does(tiers: AppTest):
    assert any("Nothing changes" in m.value for m in tiers.markdown)
    tiers.slider(key="try_new_orders").set_value(20).run()  # now all three are new
    changed = next(m.value for m in tiers.markdown if "change class" in m.value)
    assert changed.startswith("**2 accounts (66.7%) change class")  # 3 was new before


def test_the_draft_is_a_policy_that_loads(tiers: AppTest, tmp_path, monkeypatch):
    shipped = policy.Policy()
    monkeypatch.setattr(simulator, "_policy", lambda: shipped)
    monkeypatch.setattr(simulator, "words", lambda key, **_: key)
    rules = {key: getattr(shipped.tiers, key) for key in simulator.RULES} | {"a_below": 0.7}
    weights = {part: getattr(shipped.score, part) for part in simulator.tiers.PARTS} | {"margin": 0.5}
    text = simulator._drafted(rules, weights)
    assert b"# tiers.a_below: 0.8 -> 0.7" in text
    assert tomllib.loads(text.decode())["score"]["margin"] == 0.5
    (tmp_path / "draft.toml").write_bytes(text)
    expected = replace(shipped, tiers=replace(shipped.tiers, a_below=0.7), score=replace(shipped.score, margin=0.5))
    assert policy.load(tmp_path / "draft.toml") == expected


def test_in_chinese(tiers: AppTest):
    tiers.segmented_control(key="lang").set_value("zh").run()
    assert tiers.title[0].value == "谁是大客户？"
    assert "多少客户撑起了 80% 的销售额？" in shown(tiers)
