"""The pages about deals through app.py: known figures, the empty state, both languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import ACCOUNTS, APP, ORDERS, shown
from tests.tiny import Rows

PAGES = {name: f"pages/pipeline/{name}.py" for name in ("funnel", "movement", "forecast")}


def step(name: str, stage: str, day: str, amount: float, close: str) -> dict[str, object]:
    return {"opportunity_id": name, "stage": stage, "entered_on": day, "amount": amount, "expected_close": close}


# As of 10 March 2026: a is a lead of 500, b was won with 300 on 1 March, c of 200 was lost, late should have closed.
HISTORY: Rows = [
    step("a", "Lead", "2026-01-05", 400, "2026-03-20"), step("a", "Lead", "2026-03-05", 500, "2026-03-25"),
    step("b", "Lead", "2026-01-05", 300, "2026-03-01"), step("b", "Proposal", "2026-01-25", 300, "2026-03-01"),
    step("b", "Won", "2026-03-01", 300, "2026-03-01"),
    step("c", "Lead", "2026-01-10", 200, "2026-03-10"), step("c", "Lost", "2026-03-06", 200, "2026-03-06"),
    step("late", "Proposal", "2026-01-10", 70, "2026-02-10"),
]  # fmt: skip


def deal(name: str, account: str, **more: object) -> dict[str, object]:
    last = [h for h in HISTORY if h["opportunity_id"] == name][-1]
    first = next(h for h in HISTORY if h["opportunity_id"] == name)
    return {
        "opportunity_id": name, "account_id": account, "stage": last["stage"], "amount": last["amount"],
        "created_on": first["entered_on"], "expected_close": last["expected_close"], "manager_id": "m", **more,
    }  # fmt: skip


DEALS: Rows = [
    deal("a", "1"), deal("b", "2", closed_on="2026-03-01"), deal("late", "3"),
    deal("c", "1", closed_on="2026-03-06", lost_reason="price", competitor="Rival"),
]  # fmt: skip


@pytest.fixture
def served(publish: Callable[..., None]) -> AppTest:
    publish(
        orders=ORDERS, accounts=ACCOUNTS, managers=[{"manager_id": "m", "name": "罗娟 Juan Luo"}],
        opportunities=DEALS, stage_history=HISTORY,
    )  # fmt: skip
    return AppTest.from_file(APP, default_timeout=60)


def test_the_funnel_and_the_deals_that_stand_too_long(served: AppTest):
    page = served.run().switch_page(PAGES["funnel"]).run()
    text = shown(page)
    assert page.title[0].value == "What is coming?"
    assert "<b>¥570</b>" in text  # open: 500 + 70
    assert "<b>50%</b>" in text  # one won, one lost
    table = page.dataframe(key="deals_table").value
    # b was won after 55 days: a (64 days) and late (59) are older, late is past its date.
    assert set(table["opportunity_id"]) == {"a", "late"}


def test_a_mark_of_the_funnel_lists_its_deals(served: AppTest):
    served.query_params["mark"] = "reached:Won"
    page = served.run().switch_page(PAGES["funnel"]).run()
    page.session_state["mark"] = "reached:Won"
    page.session_state["_touched"] = True
    page.run()
    assert page.dataframe(key="deals_table").value["opportunity_id"].tolist() == ["b"]


def test_what_moved_in_a_week(served: AppTest):
    page = served.run().switch_page(PAGES["movement"]).run()
    assert page.title[0].value == "What moved in the pipeline?"
    # From 3 to 10 March: a grew by 100, c was lost.
    moved = page.dataframe(key="moved_table").value.set_index("opportunity_id")
    assert moved["amount"].to_dict() == {"c": -200, "a": 100}
    assert moved["step"].to_dict() == {"c": "Lost", "a": "Grew"}


def test_the_forecast_says_what_is_won_and_where_it_cannot_say_more(served: AppTest):
    page = served.run().switch_page(PAGES["forecast"]).run()
    text = shown(page)
    assert page.title[0].value == "Will we reach the target?"
    assert "<b>¥300</b>" in text
    # 300 won by deals in the year to 10 March; orders of it: 9999 + 1000 + 500 + 400 + 250 + 30 = 12,179, so 2%.
    assert any("Recorded deals brought **2% of revenue**" in m.value for m in page.markdown)
    assert "deals bring only 2% of revenue" in text
    assert any("too short for bounds" in c.value for c in page.caption)
    assert page.dataframe(key="late_table").value["opportunity_id"].tolist() == ["late"]


@pytest.mark.parametrize("name", PAGES)
def test_without_deals_a_page_offers_the_template(name: str, app: AppTest):
    page = app.run().switch_page(PAGES[name]).run()
    assert not page.exception
    assert any("Opportunities not loaded" in m.value for m in page.markdown)


@pytest.mark.parametrize("name", PAGES)
def test_in_chinese(name: str, served: AppTest):
    page = served.run().switch_page(PAGES[name]).run()
    page.segmented_control(key="lang").set_value("zh").run()
    assert not page.exception and not page.error
    assert page.title[0].value in ("后面有多少单？", "商机有什么变动？", "目标能完成吗？")


def test_the_lifecycle_of_the_accounts(served: AppTest):
    page = served.run().switch_page("pages/pipeline/lifecycle.py").run()
    assert not page.exception and not page.error
    assert page.title[0].value == "Where is each relationship?"
    page.session_state["mark"] = "new"
    page.session_state["_touched"] = True
    page.run()
    # 3 ordered first on 10 March 2026, the last day; 1 and 2 more than six months ago.
    assert page.dataframe(key="lives_table").value["account_id"].tolist() == ["3"]
    page.segmented_control(key="lang").set_value("zh").run()
    assert page.title[0].value == "每段客户关系走到哪一步？"
