"""The overview through app.py: its title and known figures, in both languages, filtered, and with nothing loaded."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import ACCOUNTS, APP, ORDERS, filter_of, shown
from tests.tiny import Rows, order


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


def links(app: AppTest) -> list[str]:
    return [link.proto.label for link in app.get("page_link")]


def test_half_a_year_is_not_compared_with(publish: Callable[..., None]):
    """Orders begin on 1 July 2025: of 1 January to 10 March 2025 nothing is known, so nothing grew and nobody left."""
    publish(orders=[
        order("2025-07-01", "a", 100), order("2026-01-10", "b", -40), order("2026-03-10", "a", 300),
    ])  # fmt: skip
    app = AppTest.from_file(APP, default_timeout=60).run()
    said = [label for label in links(app) if "not said" in label]
    assert said == ["Revenue is **¥260**. What changed is not said: the year before is loaded only from 1 Jul 2025."]
    assert not any("bought nothing" in label or "rose" in label for label in links(app))
    text = shown(app)
    retention = text[text.index('data-measure="nrr"') :]
    assert ">n/a</b>" in retention[:300] and "loaded only from 1 Jul 2025" in retention[:600]
    assert "2 accounts, 3 order lines" in text  # though no file of accounts is loaded


def test_who_returned_all_it_bought_is_not_said_to_have_bought_nothing(publish: Callable[..., None]):
    publish(orders=[*ORDERS, order("2026-03-01", "2", -450, order_id="r")], accounts=ACCOUNTS)  # 400 − 450 against 800
    app = AppTest.from_file(APP, default_timeout=60).run()
    fall = [label.replace("\u2060", "") for label in links(app) if "白塔银行** " in label]
    assert fall == [
        ":orange[▼] **白塔银行** returned as much as it bought, or more: −¥50 net; a year before it was ¥800."
    ]


DEALS: Rows = [
    {"opportunity_id": str(n), "account_id": "1", "stage": stage, "manager_id": "m", "amount": amount,
     "created_on": "2026-01-05", "closed_on": closed}
    for n, (stage, amount, closed) in enumerate([
        ("Won", 10, "2026-02-01"), ("Lost", 5, "2026-02-02"), ("Lost", 5, "2026-02-03"),
        ("Engaging", None, None), ("Prospecting", None, None),
    ])
]  # fmt: skip


def test_deals_alone_say_that_orders_are_missing(publish: Callable[..., None]):
    accounts = [{**row, "manager_id": None} for row in ACCOUNTS]
    publish(opportunities=DEALS, accounts=accounts, managers=[{"manager_id": "m", "name": "Juan Luo"}])
    app = AppTest.from_file(APP, default_timeout=60).run()
    text = shown(app)
    assert "¥0" not in text and text.count("no orders loaded") >= 3
    assert "No orders loaded" in text and "3 accounts" in text
    assert [e.value for e in app.markdown if "not loaded" in e.value] == ["**Orders not loaded**"] * 2
    assert "No orders are loaded, so there is no revenue to compare." in links(app)
    app.switch_page("pages/portfolio/tiers.py").run()
    assert any("Orders not loaded" in e.value for e in app.markdown)
    assert not any("filters" in e.value for e in app.subheader)
    app.switch_page("pages/people/managers.py").run()
    assert shown(app).count("no visits loaded") == 2 and "n/a a week" not in shown(app)
    (table,) = (d.value for d in app.dataframe)
    assert table["manager"].tolist() == ["Juan Luo"]
    assert table["win_rate"].tolist() == pytest.approx([0.333], abs=1e-6)  # one of three, as words round it
    assert table["closed_n"].tolist() == [3]
    assert table["revenue"].isna().all() and table["growth"].isna().all()
    app.switch_page("pages/pipeline/funnel.py").run()
    text = shown(app)
    assert "no amount loaded for the open deals" in text
    assert any("The bars count 5 deals" in e.value for e in app.caption)


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
