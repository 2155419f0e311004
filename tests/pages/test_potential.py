"""The value × potential page, through app.py."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import ACCOUNTS, APP, ORDERS, shown

PAGE = "pages/portfolio/potential.py"
POTENTIAL = {"1": 4000, "2": 100, "3": None}


@pytest.fixture
def potential(publish: Callable[..., None]) -> AppTest:
    """1 bought 1750 of 4000, 2 bought 10,399 of a stated 100, 3 has no potential."""
    accounts = [{**a, "potential_annual_revenue": POTENTIAL[a["account_id"]]} for a in ACCOUNTS]
    publish(orders=ORDERS, accounts=accounts, managers=[{"manager_id": "m", "name": "Juan Luo"}])
    return AppTest.from_file(APP, default_timeout=60).run().switch_page(PAGE).run()


def test_share_of_wallet_and_what_is_wrong(potential: AppTest):
    said = re.sub(r"<[^>]+>", " ", shown(potential))
    assert potential.title[0].value == "Where would more effort pay?"
    assert "43.8%" in said  # 1750 / 4000, of the one account whose potential can be believed
    assert "¥2.25K" in said  # still to win
    assert "to be corrected" in said
    table = potential.dataframe[0].value
    assert table["account"].tolist()[0] == "Haihe Power"
    assert table.set_index("account_id").loc["2", "share_of_wallet"] == pytest.approx(103.99)


def test_weights_are_part_of_the_address(potential: AppTest):
    potential.slider(key="slider_w_risk").set_value(0).run()
    assert potential.query_params["w_risk"] == "0"


def test_without_a_potential_it_says_what_to_load(publish: Callable[..., None]):
    publish(orders=ORDERS, accounts=ACCOUNTS)
    app = AppTest.from_file(APP, default_timeout=60).run().switch_page(PAGE).run()
    assert app.subheader[0].value == "No account has a potential"
