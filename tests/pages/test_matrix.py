"""The matrix page through app.py, on the rows of conftest."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import APP, ORDERS, shown

PAGE = "pages/portfolio/matrix.py"


@pytest.fixture
def matrix(app: AppTest) -> AppTest:
    return app.run().switch_page(PAGE).run()


def test_the_overlap_is_named(matrix: AppTest):
    assert matrix.title[0].value == "Which region and industry stand where?"
    # 1750 + 400 + 30 = 2180 in both arms; the largest cell is East · Energy with 1750.
    assert "The regions add up to ¥2.18K" in shown(matrix)
    assert "most money in East · Energy, where ¥1.75K is in both totals" in shown(matrix)


def test_a_ratio_has_no_share(matrix: AppTest):
    assert matrix.segmented_control(key="show").options == ["Value", "Growth", "Share"]
    matrix.selectbox(key="measure").set_value("gross_margin").run()
    assert matrix.segmented_control(key="show").options == ["Value", "Growth"]
    assert "Gross margin: where is it won and lost?" in shown(matrix)


def test_behind_a_cell_stand_its_managers_and_accounts(app: AppTest):
    app.run().switch_page(PAGE).run()
    app.session_state["cell"] = "East|Energy"
    app.session_state["_touched"] = True
    app.run()
    assert "Who manages East · Energy?" in shown(app)
    managers = app.dataframe(key="cell_manager_table").value
    assert managers[["manager", "revenue"]].values.tolist() == [["Juan Luo", 1750]]
    assert app.dataframe(key="cell_account_table").value["account"].tolist() == ["Haihe Power"]
    app.button(key="cell_clear").click().run()
    assert any("Click a cell" in c.value for c in app.caption)


def test_without_regions_it_says_what_to_load(publish):
    publish(orders=ORDERS)
    app = AppTest.from_file(APP, default_timeout=60).run().switch_page(PAGE).run()
    assert any("Accounts not loaded" in m.value for m in app.markdown)


def test_in_chinese(matrix: AppTest):
    matrix.segmented_control(key="lang").set_value("zh").run()
    assert matrix.title[0].value == "各大区、各行业处在什么位置？"
    assert "两位总监各计全额，公司只计一次" in shown(matrix)
