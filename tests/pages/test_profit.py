"""The profit page, through app.py: the test for fake big accounts, with prices that can be moved."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import APP, shown
from tests.unit.test_profit import ORDERS, POLICY, SERVED, TICKETS  # noqa: F401 (the same hand-computed company)

PAGE = "pages/portfolio/profit.py"


@pytest.fixture
def profit(publish: Callable[..., None]) -> AppTest:
    """Five accounts, the largest fifth of which is one: anna, who keeps 3,450.68 of 10,000."""
    publish(orders=ORDERS, activities=SERVED, tickets=TICKETS)
    return AppTest.from_file(APP, default_timeout=60).run().switch_page(PAGE).run()


def test_profit_after_cost_to_serve(profit: AppTest):
    # 3,450.68 + 2,000 + 800 + 450 − 600 = 6,100.68 of 27,000 revenue.
    assert profit.title[0].value == "Who earns, and who only looks big?"
    assert "<b>¥6.1K</b>" in shown(profit)
    assert "22.6% of revenue" in shown(profit)
    assert "1 accounts lose −¥600" in shown(profit)
    assert "No account in this field." in [c.value for c in profit.caption]


def test_a_dearer_visit_makes_a_fake_big_account_at_once(profit: AppTest):
    profit.slider(key="slider_visit").set_value(2000).run()  # anna keeps 1,950.68, less than carl's 2,000
    assert profit.query_params["visit"] == "2000"
    assert profit.dataframe[0].value["account"].tolist() == ["anna"]
    # carl's 2,000 against 3,950.68 before visits: the price of 1,950.68 would turn it back.
    assert profit.dataframe[0].value["turned"].tolist() == ["A visit −2.5%, to ¥1.95K"]
    profit.button(key="as_policy").click().run()
    assert "visit" not in profit.query_params


def test_the_field_is_a_choice_of_the_address(profit: AppTest):
    profit.segmented_control(key="field").set_value("quiet_earner").run()
    assert profit.query_params["field"] == "quiet_earner"
    assert not profit.dataframe  # anna alone is big and earns most


def test_without_cost_it_says_what_still_works(publish: Callable[..., None]):
    publish(orders=[{k: v for k, v in line.items() if k != "cost"} for line in ORDERS], tickets=TICKETS)
    app = AppTest.from_file(APP, default_timeout=60).run().switch_page(PAGE).run()
    assert "No cost is loaded" in app.markdown[0].value
    assert "Revenue after service" in shown(app)
