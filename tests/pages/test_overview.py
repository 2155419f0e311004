"""The overview through app.py: its title and known figures, in both languages, filtered, and with nothing loaded."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from tests.pages.conftest import ACCOUNTS, APP, ORDERS, filter_of, shown
from tests.tiny import order


def test_title_sentence_and_figures(app: AppTest):
    app.run()
    text = shown(app)
    assert app.title[0].value == "How are our key accounts doing?"
    assert "All accounts · 1 Jan–10 Mar 2026, against the same days of the year before (1 Jan–10 Mar 2025)" in text
    assert "¥2,180" in text  # the whole value, for hover
    assert "<b>¥2.18K</b>" in text
    assert "−0.9%" in text  # 2180 / 2200 − 1 = −0.909 %
    assert "no targets loaded" in text  # attainment says why it has no value


def test_chinese(app: AppTest):
    app.query_params["lang"] = "zh"
    app.run()
    text = shown(app)
    assert app.title[0].value == "大客户经营得怎么样？"
    assert "全部客户 · 2026年1月1日–3月10日，与上年同期（2025年1月1日–3月10日）相比" in text
    assert "<b>¥2,180</b>" in text
    assert "尚未导入目标" in text


def test_the_language_switch_changes_the_words_and_the_address(app: AppTest):
    app.run()
    app.get("button_group")[0].set_value("zh").run()
    assert app.title[0].value == "大客户经营得怎么样？"
    assert app.query_params["lang"] == "zh"


def test_a_filter_narrows_the_figures_and_stands_in_the_address(app: AppTest):
    app.run()
    filter_of(app, "region").set_value(["East"]).run()
    text = shown(app)
    assert "Accounts in East" in text
    assert "<b>¥1.78K</b>" in text  # 1750 + 30
    assert app.query_params["region"] == "East"


def test_a_link_with_filters_opens_what_it_says(app: AppTest):
    app.query_params["region"] = "North"
    app.query_params["period"] = "2026-02"
    app.run()
    assert "Accounts in North · Feb 2026" in shown(app)
    assert "<b>¥400</b>" in shown(app)


def test_an_unknown_filter_value_in_a_link_is_passed_over(app: AppTest):
    app.query_params["region"] = "Atlantis"
    app.query_params["period"] = "yesterday"
    app.run()
    assert "All accounts · 1 Jan–10 Mar 2026" in shown(app)


def test_no_warehouse_says_how_to_begin(publish: Callable[..., None]):
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert app.title[0].value == "There is no data yet"
    assert "One table is enough to begin" in app.info[0].value
    assert "python -m kam_core demo" in app.caption[0].value
    app.button(key="bring").click().run()
    assert app.title[0].value == "What is in this file?"


def test_new_data_shows_at_the_next_action(app: AppTest, publish: Callable[..., None]):
    app.run()
    publish(orders=[*ORDERS, order("2026-03-10", "2", 1000, order_id="i")], accounts=ACCOUNTS)
    app.run()
    assert "<b>¥3.18K</b>" in shown(app)  # 2180 + 1000


def test_orders_alone_are_enough(publish: Callable[..., None]):
    """No regions, no industries, no costs, no targets: the page says what to load instead of failing."""
    publish(orders=[order("2026-01-05", "only", 10), order("2026-02-05", "only", 20)])
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert "<b>¥30</b>" in shown(app)
    assert "no cost loaded" in shown(app)
    assert any("Accounts not loaded" in element.value for element in app.markdown)


def test_data_of_another_version_are_not_misread(publish, monkeypatch):
    publish(orders=ORDERS, accounts=ACCOUNTS)
    monkeypatch.setattr("kam_core.ui.session.built_by", lambda: "a newer version")
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert app.title[0].value == "The data need to be built anew"
    assert "python -m kam_core rebuild" in app.info[0].value


def test_coming_back_from_a_click_takes_its_filter_off_even_if_the_browser_asks_with_it_once_more(app: AppTest):
    app.run()
    app.session_state["_drill"] = {"page": "", "before": {}, "passed": {"region": ["East"]}}
    app.session_state["_page"] = "accounts"  # where the click led
    for _ in range(2):  # the second time it has not yet heard of the new address
        app.query_params["region"] = "East"
        app.run()
        assert app.title[0].value == "How are our key accounts doing?"
        assert app.session_state["region"] == []
        assert app.query_params == {}
    app.run()  # it has: from now on East in the address means East
    app.query_params["region"] = "East"
    app.run()
    assert app.session_state["region"] == ["East"]
