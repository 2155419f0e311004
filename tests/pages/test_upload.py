"""The pages of uploads and of the history of loads through app.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from kam_core.access.person import Person
from kam_core.access.scope import Scope
from kam_core.ui import session
from tests.pages.conftest import APP, shown

ORDERS = "Order Date,Customer,Sales\n2026-01-31,1,77\n2026-02-31,2,23\n"
MANAGER = Person("ann@example.com", "Ann", ("account_manager",), Scope.everything())


def dropped(app: AppTest, name: str, text: str) -> AppTest:
    """The upload page with a file on it; a run begins the work, the next ones take in what was done."""
    app.run().switch_page("pages/data/upload.py").run()
    app.file_uploader[0].upload(name, text.encode(), "text/csv").run()
    for _ in range(40):
        if "_job" in app.session_state:
            app.run()
    return app


def said(app: AppTest) -> str:
    assert not app.exception
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.warning, *app.info, *app.error))


def test_the_page_before_a_file_is_dropped(app: AppTest):
    app.run().switch_page("pages/data/upload.py").run()
    assert app.title[0].value == "What is in this file?"
    assert len(app.get("download_button")) == 26  # 13 tables, in English and in Chinese
    assert "Only you see what you drop here" in shown(app)


def test_a_dropped_file_is_understood_mapped_and_checked(app: AppTest):
    dropped(app, "sales.csv", ORDERS)
    assert "**2 rows, 3 columns.**" in said(app)
    assert "drop_0" not in app.session_state  # it would hold the file in memory for as long as it is being read
    assert [box.value for box in app.selectbox if box.label == "Amount *"] == ["Sales"]
    assert "of 2 rows, **1 can be taken** and **1 are refused**" in said(app)
    assert "Order date: is not a date" in said(app)


def test_a_file_without_a_date_is_only_explored(app: AppTest):
    dropped(app, "words.csv", "Word,Meaning\nS,strategic\nA,important\n")
    assert "Not every table has to be one of ours" in said(app)


HEADS = "Order ID,Order Date,Customer\nO1,2026-01-31,Haihe\nO2,2026-02-28,Lanjiang\n"
LINES = "Order ID,Product,Price\nO1,Bolt,10\nO1,Nut,20\nO2,Bolt,5\n"


def test_order_lines_say_where_their_date_comes_from_and_it_can_be_changed(app: AppTest):
    app.run().switch_page("pages/data/upload.py").run()
    app.file_uploader[0].upload("heads.csv", HEADS.encode(), "text/csv").run()
    dropped(app, "lines.csv", LINES.replace("Price", "Sales"))
    app.selectbox(key="upload_sheet").set_value("lines.csv").run()
    boxes = {box.label: box for box in app.selectbox}
    assert boxes["Missing columns come from"].value == "heads.csv"
    assert [boxes[f"Matching column in {name}"].value for name in ("lines.csv", "heads.csv")] == ["Order ID"] * 2
    assert boxes["Order date *"].value == "Order Date"
    assert "100% of the first values of Order ID are found in heads.csv" in said(app)
    assert "of 3 rows, **3 can be taken** and **0 are refused**" in said(app)
    boxes["Missing columns come from"].select("(no other table)").run()
    assert "Still missing: **Order date**, **Account no.**" in said(app)
    app.selectbox(key="upload_sheet").set_value("heads.csv").run()
    assert "It can be explored as it is. For a table of Orders no column here is: Amount" in said(app)


def test_in_chinese(app: AppTest):
    app.switch_page("pages/data/upload.py")
    app.query_params["lang"] = "zh"
    app.run()
    assert app.title[0].value == "这份文件里有什么？"
    app.switch_page("pages/data/history.py").run()
    assert app.title[0].value == "导入过什么，谁导入的？"


def test_a_file_can_be_brought_before_anything_is_loaded(publish: Callable[..., None]):
    """`publish` is not called: there is no data at all."""
    app = AppTest.from_file(APP, default_timeout=60)
    dropped(app, "sales.csv", ORDERS)
    assert "**1 can be taken**" in said(app)


def test_only_a_steward_publishes(app: AppTest, monkeypatch: pytest.MonkeyPatch):
    dropped(app, "sales.csv", ORDERS)
    assert [button.key for button in app.button if button.key == "propose"] == ["propose"]
    monkeypatch.setattr(session, "person", lambda: MANAGER)
    app.run()
    assert [button.key for button in app.button if button.key == "propose"] == []
    assert "for data stewards" in said(app)


def test_the_history_names_each_load(app: AppTest):
    app.run().switch_page("pages/data/history.py").run()
    frame = app.dataframe[0].value
    assert frame["kind"].tolist() == ["Load"] and frame["state"].tolist() == ["in the data"]
    assert "is no longer kept" in said(app)  # the first load of all has nothing before it
    assert [button.key for button in app.button if button.key == "undo"] == []


def test_the_history_before_anything_is_loaded(publish: Callable[..., None]):
    app = AppTest.from_file(APP, default_timeout=60).run()
    app.switch_page("pages/data/history.py").run()
    assert "Nothing has been loaded yet." in said(app)
