"""The accounts page and one account, through app.py."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import ACCOUNTS, APP, ORDERS, filter_of, shown
from tests.tiny import order

PAGE = "pages/portfolio/accounts.py"


@pytest.fixture
def accounts(app: AppTest) -> AppTest:
    return app.run().switch_page(PAGE).run()


def test_one_row_an_account_largest_first(accounts: AppTest):
    table = accounts.dataframe[0].value
    assert accounts.title[0].value == "Which accounts, and how are they going?"
    assert table["account"].tolist() == ["Haihe Power", "白塔银行", "Lanjiang Steel"]
    assert table["revenue"].tolist() == [1750, 400, 30]
    assert table["growth"].tolist()[:2] == [0.25, -0.5]  # 1750 / 1400 − 1, 400 / 800 − 1
    assert table["days_silent"].tolist() == [1, 27, 0]  # 9 Mar, 11 Feb, 10 Mar, as of 10 Mar


def test_a_step_of_the_bridge_lists_its_accounts_alone_the_largest_loss_first(publish):
    """1: 1750 of 1400, grew. 2: 400 of 800, −400. 3: 30 of 1030, −1000."""
    publish(orders=[*ORDERS, order("2025-02-01", "3", 1030)], accounts=ACCOUNTS)
    app = AppTest.from_file(APP, default_timeout=60).run()
    (link,) = [link.proto for link in app.get("page_link") if "shrank" in link.proto.label]
    assert "**¥1.4K** away" in link.label and "moved=contraction" in link.query_string
    app.query_params["moved"] = "contraction"
    app.switch_page(PAGE).run()
    table = app.dataframe[0].value
    assert table["account"].tolist() == ["Lanjiang Steel", "白塔银行"]
    assert table["change"].tolist() == [-1000, -400]
    app.button(key="unmark_moved").click().run()
    assert len(app.dataframe[0].value) == 3
    assert "moved" not in app.query_params


def test_search_finds_by_name_and_number(accounts: AppTest):
    accounts.text_input(key="search").set_value("steel lan").run()
    assert accounts.dataframe[0].value["account"].tolist() == ["Lanjiang Steel"]


def test_filters_hold_over_pages(app: AppTest):
    app.run()
    filter_of(app, "region").set_value(["North"]).run()
    app.switch_page(PAGE).run()
    assert app.dataframe[0].value["account"].tolist() == ["白塔银行"]


def test_nothing_matches_says_what_to_do(app: AppTest):
    app.run()
    filter_of(app, "region").set_value(["North"]).run()
    filter_of(app, "industry").set_value(["Steel"]).run()
    app.switch_page(PAGE).run()
    assert app.subheader[0].value == "Nothing matches these filters"
    app.button(key="reset").click().run()
    assert len(app.dataframe[0].value) == 3


def test_by_group_children_count_with_their_parent_and_the_address_says_so(publish):
    """Lanjiang Steel (30) belongs to Haihe Power (1750): one row of 1780; a link has the same."""
    accounts = [{**a, "parent_account_id": "1"} if a["account_id"] == "3" else a for a in ACCOUNTS]
    publish(orders=ORDERS, accounts=accounts)
    page = AppTest.from_file(APP, default_timeout=60).run().switch_page(PAGE).run()
    assert page.dataframe[0].value["revenue"].tolist() == [1750, 400, 30]
    page.toggle(key="pick_group").set_value(True).run()
    assert page.query_params["group"] in ("1", ["1"])
    assert page.dataframe[0].value[["account", "revenue"]].values.tolist() == [["Haihe Power", 1780], ["白塔银行", 400]]
    assert any("2 groups" in c.value for c in page.caption)
    assert "All accounts, counted by group" in shown(page)
    for other in ("tiers", "potential"):
        page.switch_page(f"pages/portfolio/{other}.py").run()
        assert not page.exception and not page.error
        assert page.toggle(key="pick_group").value


def test_without_parents_there_is_nothing_to_switch(accounts: AppTest):
    assert not accounts.toggle
