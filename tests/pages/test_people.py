"""Managers, coverage and handover through app.py, on the rows that the reports are tested with."""

from __future__ import annotations

import io
from collections.abc import Callable

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from streamlit.testing.v1 import AppTest

from kam_core.ui import exports
from tests.pages.conftest import APP, filter_of, shown
from tests.tiny import Rows, order

MANAGERS: Rows = [
    {"manager_id": "m", "name": "罗娟 Juan Luo", "region": "East"},
    {"manager_id": "n", "name": "Ny", "region": "East"},
    {"manager_id": "q", "name": "Qi", "region": "West", "left_on": "2026-05-01"},
]
ACCOUNTS: Rows = [
    {"account_id": "1", "name": "One", "region": "East", "industry": "E", "manager_id": "m", "strategic": True},
    {"account_id": "3", "name": "Three", "region": "East", "industry": "F", "manager_id": "n"},
    {"account_id": "4", "name": "Four", "region": "West", "industry": "F", "manager_id": "q"},
    {"account_id": "5", "name": "Five", "region": "West", "industry": "G"},
]
ORDERS: Rows = [
    order("2025-01-10", "1", 1000), order("2026-03-10", "1", 600), order("2025-05-10", "3", 400),
    order("2025-11-10", "3", 1900), order("2026-05-10", "3", 800), order("2026-06-30", "3", 100),
    order("2026-06-01", "4", 300),
]  # fmt: skip
VISITS: Rows = [{"account_id": "1", "date": "2026-03-05", "kind": "visit"}]


@pytest.fixture
def app(publish: Callable[..., None]) -> AppTest:
    publish(orders=ORDERS, accounts=ACCOUNTS, managers=MANAGERS, activities=VISITS,
            targets=[{"manager_id": "m", "period": "2026-01-01", "target_amount": 2400, "granularity": "year"}])
    return AppTest.from_file(APP, default_timeout=60)


def at(app: AppTest, page: str) -> AppTest:
    return app.run().switch_page(f"pages/people/{page}.py").run()


def test_the_scoreboard_has_a_row_a_manager(app: AppTest):
    at(app, "managers")
    assert app.title[0].value == "How is each account manager doing?"
    table = app.dataframe[0].value.set_index("manager_id")
    assert table.revenue.to_dict() == {"n": 900, "m": 600, "q": 300}
    assert table.attainment["m"] == 0.5  # 600 of 6 months of 200
    assert table.manager["m"] == "Juan Luo"
    assert "1 accounts to hand over" in shown(app)


def test_figures_of_few_cases_are_grey(app: AppTest):
    """Everybody here has fewer than ten accounts: pace, growth and visits are grey, revenue, a sum, is not."""
    at(app, "managers")
    table = app.dataframe[0]
    columns = list(table.value.columns)
    rule = table.proto.arrow_data.styler.styles
    assert "opacity: .55" in rule
    for name, grey in {"pace": True, "growth": True, "visits_kept": True, "revenue": False, "manager": False}.items():
        cells = {f"_row{row}_col{columns.index(name)} " in f"{rule} ".replace(",", " ") for row in range(3)}
        assert cells == {grey}, name


def test_a_manager_chosen_opens_with_the_calls_of_the_week(app: AppTest):
    at(app, "managers")
    filter_of(app, "manager").set_value(["n"]).run()
    assert app.title[0].value == "Ny"
    # Three: not visited since 5 March, from which on visits are loaded: 117 days.
    assert any("not visited for 117 days, due every 45" in link.proto.label for link in app.get("page_link"))
    assert app.dataframe[1].value.account.tolist() == ["Three"]
    app.button(key="back_to_managers").click().run()
    assert app.title[0].value == "How is each account manager doing?"


def test_an_account_opened_by_a_link_leads_back_to_where_it_was(app: AppTest):
    at(app, "managers")
    filter_of(app, "manager").set_value(["m", "n"]).run()
    filter_of(app, "manager").set_value(["n"]).run()
    app.query_params["account"] = "3"
    app.query_params["manager"] = "n"
    app.switch_page("pages/portfolio/account.py").run()
    assert app.title[0].value == "Three"
    way_back = next(link for link in app.get("page_link") if link.proto.label.startswith("←"))
    assert way_back.proto.label == "← Managers"


def test_a_manager_chosen_by_hand_is_marked_in_the_plan(monkeypatch: pytest.MonkeyPatch):
    from kam_core.ui import handover

    state = {"plan": {"edited_rows": {1: {"new_manager": "Ny"}, 7: {"new_manager": "Mo"}}}}
    monkeypatch.setattr(handover.st, "session_state", state)
    assert handover._edited("plan", 3) == ["", "Ny", ""]
    assert handover._edited("another", 2) == ["", ""]


def test_coverage_counts_who_has_nobody(app: AppTest):
    at(app, "coverage")
    text = shown(app)
    assert app.title[0].value == "Is there time for every account?"
    # 12 (S) + 5 (A) of 18 hours; the new account of who left asks for 1.
    assert "<b>94.4%</b>" in text
    assert "of 18 h a month asked for" in text


def test_handover_proposes_and_writes_an_assignments_file(app: AppTest):
    at(app, "handover")
    assert app.title[0].value == "A manager leaves: who takes over?"
    # Ny, with 5 hours and the industry F, and not Juan Luo with 12; nobody else works in West.
    assert any("Nobody else works in West" in c.value for c in app.caption)
    plan = next(d.value for d in app.dataframe if "new_manager" in d.value)
    assert plan[["account", "new_manager"]].values.tolist() == [["Four", "Ny"]]


def test_a_link_opens_the_comparison_of_past_handovers(app: AppTest):
    at(app, "handover")
    assert not app.toggle(key="pick_past").value
    app.toggle(key="pick_past").set_value(True).run()
    assert app.query_params["past"] in ("1", ["1"])
    linked = AppTest.from_file(APP, default_timeout=60).run().switch_page("pages/people/handover.py")
    linked.query_params["past"] = "1"
    assert linked.run().toggle(key="pick_past").value
    linked.toggle(key="pick_past").set_value(False).run()
    assert "past" not in linked.query_params


def test_the_pack_is_asked_for_on_its_click_and_speaks_the_readers_language(
    publish: Callable[..., None], monkeypatch: pytest.MonkeyPatch
):
    """The click comes outside of the page's run, where neither the language nor the view can be asked for any more."""
    publish(
        orders=ORDERS, accounts=ACCOUNTS, managers=MANAGERS,
        contacts=[{"contact_id": "k", "account_id": "4", "name": "Wei Li", "role": "buyer"},
                  {"contact_id": "l", "account_id": "3", "name": "Bo Hu", "role": "buyer"}],
        activities=[{"account_id": "4", "contact_id": "k", "date": "2026-06-10", "kind": "visit"}],
    )  # fmt: skip
    files: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr(exports, "button", lambda _label, build, *_, key, **__: files.update({key: build}))
    app = at(AppTest.from_file(APP, default_timeout=60), "handover")
    app.segmented_control(key="lang").set_value("zh").run()
    assert not app.exception
    book = CalamineWorkbook.from_filelike(io.BytesIO(files["handover_pack"]()))
    assert book.sheet_names == ["客户", "商机", "合同", "联系人", "工单"]
    contacts = [row[:3] for row in book.get_sheet_by_name("联系人").to_python()]
    # Four was held by Qi, who left, and goes to Ny; the person met there is masked; account 3 stays with Ny.
    assert contacts == [["客户", "新客户经理", "联系人"], ["Four", "Ny", "W…"]]


def test_what_is_downloaded_can_be_loaded(publish: Callable[..., None]):
    from kam_core.export import tables
    from kam_core.ui import handover

    frame = handover.assignments(pd.DataFrame({"account_id": ["4"]}), pd.Series(["n"]), "2026-07-01")
    read = pd.read_csv(io.BytesIO(tables.csv(frame)), dtype=str)
    assert read.values.tolist()[0][:3] == ["4", "n", "2026-07-01"]
    assert list(read.columns) == ["account_id", "manager_id", "from_on", "to_on"]


@pytest.mark.parametrize("page", ["managers", "coverage", "handover"])
def test_orders_alone_are_enough(publish: Callable[..., None], page: str):
    publish(orders=[order("2026-01-05", "only", 10), order("2026-02-05", "only", 20)])
    app = at(AppTest.from_file(APP, default_timeout=60), page)
    assert not app.exception
    assert not app.error
    assert app.title


@pytest.mark.parametrize("page", ["managers", "coverage", "handover"])
def test_chinese(app: AppTest, page: str):
    at(app, page).segmented_control(key="lang").set_value("zh").run()
    assert not app.error
    assert app.title[0].value in ("每位客户经理做得怎么样？", "每个客户都有人顾得上吗？", "客户经理离任，谁来接手？")
