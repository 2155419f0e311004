"""The concentration page through app.py, on the rows of conftest."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import ACCOUNTS, APP, ORDERS, shown

PAGE = "pages/portfolio/concentration.py"


@pytest.fixture
def concentration(app: AppTest) -> AppTest:
    return app.run().switch_page(PAGE).run()


def test_the_figures_of_the_period(concentration: AppTest):
    assert concentration.title[0].value == "Do we hang on a few?"
    # Shares of 2180: 1750 .803, 400 .183, 30 .014. HHI: 6444 + 336.7 + 1.9 = 6783 (as if 1.47 equal ones).
    assert "<b>80.3%</b>" in shown(concentration)
    assert "<b>6,783</b>" in shown(concentration)
    # The curves look at years, so the page says which days each looks at.
    assert any(c.value.startswith("The figures above look at 1 Jan–10 Mar 2026; ") for c in concentration.caption)
    assert any(
        "Above 10% of revenue, the limit in the policy: Haihe Power (80.3%)" in c.value for c in concentration.caption
    )


def test_what_if_the_largest_left(concentration: AppTest):
    concentration.segmented_control(key="leave").set_value("1").run()
    # 1750 of 2180; margin 1750 − 1300 = 450 of 2180 − 1520 = 660.
    said = next(m.value for m in concentration.markdown if "lower" in m.value)
    assert "Revenue ¥1.75K lower (80.3%), margin ¥450 lower (68.2%)." in said
    assert "What if the largest group left?" in shown(concentration)


def test_counted_by_account(concentration: AppTest):
    concentration.segmented_control(key="by").set_value("account").run()
    assert "Which accounts are the largest?" in shown(concentration)


def grouped(publish: Callable[..., None], **address: str) -> AppTest:
    """The page at an address; 3 (30) belongs to 1 (1750), and 2 (400) stands alone."""
    publish(
        accounts=[{**a, "parent_account_id": "1"} if a["account_id"] == "3" else a for a in ACCOUNTS], orders=ORDERS
    )
    app = AppTest.from_file(APP, default_timeout=60).run().switch_page(PAGE)
    for key, value in address.items():
        app.query_params[key] = value
    return app.run()


def test_the_accounts_of_a_group_stand_below_its_bars(publish):
    app = grouped(publish, parent="1")
    assert "Which accounts make up Haihe Power? (2)" in shown(app)
    rows = app.dataframe(key="members_table").value
    assert rows[["account", "revenue", "revenue_before"]].values.tolist() == [
        ["Haihe Power", 1750, 1400], ["Lanjiang Steel", 30, 0],
    ]  # fmt: skip
    app.button(key="unmark_parent").click().run()
    assert "Which accounts make up" not in shown(app)


def test_as_of_an_earlier_day_a_group_is_who_bought_by_then(publish):
    """The 12 months to 31 January 2026 hold 1000 of account 1, and nothing of 3."""
    app = grouped(publish, parent="1", at="2026-01-31")
    rows = app.dataframe(key="members_table").value
    assert rows[["account", "revenue"]].values.tolist() == [["Haihe Power", 1000]]


@pytest.mark.parametrize("address", [{"parent": "nobody"}, {"parent": "1", "by": "account"}])
def test_no_list_without_a_group(publish, address):
    app = grouped(publish, **address)
    assert not app.error
    assert "Which accounts make up" not in shown(app)


def test_in_chinese(concentration: AppTest):
    concentration.segmented_control(key="lang").set_value("zh").run()
    assert concentration.title[0].value == "我们是否依赖少数客户？"
