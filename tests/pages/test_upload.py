"""The pages of uploads and of the history of loads through app.py."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from kam_core.access.person import Person
from kam_core.access.scope import Scope
from kam_core.policy import Policy
from kam_core.schema import TABLES
from kam_core.ui import history, session
from kam_core.warehouse import merge
from kam_core.warehouse.load import fill, load
from tests.pages.conftest import ACCOUNTS, APP, shown
from tests.pages.conftest import ORDERS as ORDERS_OF_THREE
from tests.tiny import insert, order

ORDERS = "Order Date,Customer,Sales\n2026-01-31,1,77\n2026-02-31,2,23\n"
MANAGER = Person("ann@example.com", "Ann", ("account_manager",), Scope.everything())


def dropped(app: AppTest, name: str, text: str) -> AppTest:
    """The upload page with a file on it; a run begins the work, the next ones take in what was done."""
    app.run().switch_page("pages/data/upload.py").run()
    app.file_uploader[0].upload(name, text.encode(), "text/csv").run()
    return worked(app)


def worked(app: AppTest) -> AppTest:
    """With all work done that was begun."""
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


def test_the_mark_names_the_files_whose_figures_are_shown(app: AppTest):
    """A file that fills no table is not among them."""
    dropped(app, "sales.csv", ORDERS)
    app.file_uploader[0].upload("other.csv", b"Left,Right\nup,down\n", "text/csv").run()
    worked(app)
    app.button(key="dashboard").click().run()
    worked(app)
    assert app.title[0].value == "How are our key accounts doing?"
    assert "**This is your upload sales.csv, not the company's data.**" in said(app)


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
    assert "Nothing was before it: this is the first load" in said(app)
    assert [button.key for button in app.button if button.key == "undo"] == []


def revenue(app: AppTest) -> str:
    """This year's revenue on the overview."""
    app.switch_page("pages/home/overview.py").run()
    return re.findall(r"<b[^>]*>(.*?)</b>", shown(app))[0]


def taken_back(app: AppTest) -> AppTest:
    """The history, with the newest step taken back by its button."""
    app.switch_page("pages/data/history.py").run()
    app.button(key="undo").click().run()
    worked(app)
    assert "Done. The data are as they were before." in " ".join(element.value for element in app.success)
    return app


def test_an_undo_is_a_step_that_is_taken_back_as_any_other(app: AppTest, publish: Callable[..., None]):
    publish(orders=[order("2026-03-10", "1", 77)], accounts=ACCOUNTS)  # all that is in the later state
    app.run()
    assert revenue(app) == "¥77"
    assert revenue(taken_back(app)) == "¥2.18K"
    app.switch_page("pages/data/history.py").run()
    states = app.dataframe[0].value
    assert pd.isna(states["added"][0])  # an undo counts nothing
    assert list(zip(states["kind"], states["state"], strict=True)) == [
        ("Undo", "in force"), ("Load", "taken back"), ("Load", "in the data"),
    ]  # fmt: skip
    assert app.button(key="undo").label == "Take this undo back"
    assert "Taken out of the data:\n- Load of" in said(app) and "Back in the data then:\n- Load of" in said(app)
    assert revenue(taken_back(app)) == "¥77"
    app.switch_page("pages/data/history.py").run()
    assert app.dataframe[0].value["state"].tolist() == ["in force", "undone", "in the data", "in the data"]
    assert revenue(taken_back(app)) == "¥2.18K"  # and so on, as often as one likes


def test_what_can_be_done_about_each_step(publish: Callable[..., None]):
    for amount in (1, 2, 3):
        publish(orders=[order("2026-03-10", "1", amount)], accounts=ACCOUNTS)
    store = session.store()
    third, second, first = store.list()
    assert [history._way(s) for s in (third, second, first)] == [
        ("undo", second.id), ("undo", first.id), ("first", None),
    ]  # fmt: skip
    back = store.undo(first.id)
    assert history._way(back) == ("undo_undo", third.id)
    assert history._way(second) == ("again", second.id)  # a load that was taken back leads to its own state
    store.undo(second.id)
    assert history._way(back) == ("undo_undo", third.id)  # the third is not in the data yet
    store.undo(third.id)
    assert history._way(back) == ("is_undone", None)
    assert history._way(third) == ("undo", second.id)


def test_a_step_whose_state_before_is_gone_says_so(publish: Callable[..., None]):
    for amount in (1, 2):
        publish(orders=[order("2026-03-10", "1", amount)], accounts=ACCOUNTS)
    store = session.store()
    second, first = store.list()
    first.path.unlink()
    assert history._way(second) == ("not_kept", None)


def test_the_demo_comes_back_by_undoing_the_first_load_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KAM_WAREHOUSE", str(tmp_path / "warehouse"))
    store, file = session.store(), tmp_path / "orders.csv"
    demo = fill(store, lambda _con: None, Policy())
    file.write_text("order_date,account_id,amount\n2025-01-05,A1,7\n", encoding="utf-8")
    own = load(store, [file], as_table="orders", policy=Policy()).snapshot
    assert own and (history._way(demo), history._way(own)) == (("is_replaced", None), ("undo", demo.id))


def test_the_history_of_the_demo_counts_its_rows(publish: Callable[..., None]):
    def put(con: Any) -> None:
        con.execute(f"create table raw.orders ({merge.ddl(TABLES['orders'])})")
        insert(con, "orders", ORDERS_OF_THREE)

    fill(session.store(), put, Policy())
    app = AppTest.from_file(APP, default_timeout=60).run()
    app.switch_page("pages/data/history.py").run()
    assert app.dataframe[0].value["added"].tolist() == [8]
    assert app.dataframe[1].value.set_index("table")["added"].to_dict() == {"Orders": 8}


def test_the_history_before_anything_is_loaded(publish: Callable[..., None]):
    app = AppTest.from_file(APP, default_timeout=60).run()
    app.switch_page("pages/data/history.py").run()
    assert "Nothing has been loaded yet." in said(app)
