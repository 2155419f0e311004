"""The pages on keeping customers through app.py: on a few rows without a model, and on the small demo with one."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from kam_core.demo import generate
from kam_core.metrics import query
from kam_core.metrics.measures import MEASURES
from kam_core.policy import Policy
from kam_core.text import numbers
from kam_core.ui import session
from kam_core.warehouse import load
from kam_core.warehouse.engine import Reader
from kam_core.warehouse.snapshots import Store
from tests import habits
from tests.pages.conftest import APP, shown
from tests.tiny import everything

PAGES = {
    "churn": "Who is about to leave, and whom to call first?",
    "trust": "How good is the churn list?",
    "retention": "Do we keep our customers?",
    "value": "What is a relationship worth over its life?",
    "whatif": "What would less churn bring?",
    "winback": "Whom to win back?",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse folder with the small demo company."""
    folder = tmp_path_factory.mktemp("small")
    load.fill(Store(folder), lambda con: generate(con, "small"), Policy(), lambda _words, _share: None)
    return folder


def money(value: float) -> str:
    return numbers.short(value, "en", "money", "CNY")


def rows_of(chart: Any) -> list[dict[str, Any]]:
    """The rows written into a chart's specification."""
    data = chart.datasets[0].data.data if chart.datasets else chart.data.data
    return pa.ipc.open_stream(data).read_all().to_pylist()  # type: ignore[no-any-return]


def open_page(name: str) -> AppTest:
    return AppTest.from_file(APP, default_timeout=60).run().switch_page(f"pages/retention/{name}.py").run()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_page_draws_on_the_demo_in_both_languages(small, name, lang, monkeypatch):
    monkeypatch.setenv("KAM_WAREHOUSE", str(small))
    monkeypatch.setattr(session, "default_lang", lambda: lang)
    page = open_page(name)
    assert not page.exception and not page.error
    assert (page.title[0].value == PAGES[name]) == (lang == "en")
    assert "nan" not in shown(page).lower().split()


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "The model is fitted by segment (large enough: 2); at earlier dates this lowered its error "),
        ("zh", "模型按客户类型分别拟合（数量足够的有 2 个）；在过去的日期上，误差（对数损失）"),
    ],
)
def test_a_model_by_segment_says_so_where_the_risk_is_shown_and_graded(publish, lang, said, monkeypatch):
    publish(**habits.tables())
    monkeypatch.setattr(session, "default_lang", lambda: lang)
    for name in ("churn", "trust"):
        page = open_page(name)
        assert not page.exception
        assert any(said in caption.value for caption in page.caption), name


def test_a_model_of_the_whole_company_says_nothing_of_segments(small, monkeypatch):
    monkeypatch.setenv("KAM_WAREHOUSE", str(small))
    assert not any("fitted by" in caption.value for name in ("churn", "trust") for caption in open_page(name).caption)


def test_the_list_says_why_in_words_with_figures(small, monkeypatch):
    monkeypatch.setenv("KAM_WAREHOUSE", str(small))
    page = open_page("churn")
    table = page.dataframe(key="risk_table").value
    assert table["value_at_risk"].is_monotonic_decreasing
    assert table["rhythm"].str.contains(r"every .* days, now \d+").any()
    assert table["why"].str.contains("not visited for .* days, due every").any()


def test_a_part_of_the_value_at_risk_is_the_list_of_its_accounts(small, monkeypatch):
    """A part chosen in the address; its band and its reason narrow it further, and one button takes both off."""
    monkeypatch.setenv("KAM_WAREHOUSE", str(small))
    whole = open_page("churn").dataframe(key="risk_table").value
    page = AppTest.from_file(APP, default_timeout=60).run().switch_page("pages/retention/churn.py")
    page.query_params["part"] = "region:East"
    page.query_params["by"] = "industry"
    page.run()
    assert "East: which accounts, and why?" in shown(page)
    east = page.dataframe(key="risk_table").value
    assert east.account_id.tolist() == whole[whole.region == "East"].account_id.tolist()
    assert f"{len(east)} of {len(east)} accounts" in " ".join(c.value for c in page.caption)
    page.segmented_control(key="band").set_value("high").run()
    assert page.dataframe(key="risk_table").value.account_id.tolist() == east[east.band == "High"].account_id.tolist()
    page.query_params["cause"] = "no_visit"
    page.run()
    assert "East · No visit: which accounts at high or medium risk?" in shown(page)
    page.button(key="unmark_cause").click().run()
    assert "Which accounts, and why?" in shown(page)
    assert not {"part", "cause"} & set(page.query_params)


@pytest.mark.parametrize("part", ["region:Nowhere", "name:East", "region"])
def test_a_part_that_is_not_there_chooses_nothing(small, monkeypatch, part):
    monkeypatch.setenv("KAM_WAREHOUSE", str(small))
    page = AppTest.from_file(APP, default_timeout=60).run().switch_page("pages/retention/churn.py")
    page.query_params["part"] = part
    page.run()
    assert not page.error and not page.exception
    assert "Which accounts, and why?" in shown(page)


def test_the_account_page_says_the_same_of_risk_and_value(small, monkeypatch):
    monkeypatch.setenv("KAM_WAREHOUSE", str(small))
    row = open_page("churn").dataframe(key="risk_table").value.iloc[0]
    worth = open_page("value").dataframe(key="value_accounts_table").value.set_index("account")
    page = AppTest.from_file(APP, default_timeout=60).run().switch_page("pages/portfolio/account.py")
    page.query_params["account"] = row.account_id
    page.run()
    said = unescape(shown(page))
    assert "Is it at risk, and what is it worth?" in said
    assert f"{money(row.value_at_risk)} of {money(row.expected_revenue)}" in said
    assert any(row.next_step in m.value and row.why.split("; ")[0].lower() in m.value.lower() for m in page.markdown)
    assert row.account not in worth.index or f"{money(worth.expected_value[row.account])} (" in said


def test_measures_of_retention_in_the_matrix_tie_out_with_the_company(small, monkeypatch):
    monkeypatch.setenv("KAM_WAREHOUSE", str(small))
    page = AppTest.from_file(APP, default_timeout=60).run().switch_page("pages/portfolio/matrix.py").run()
    reader = Reader(Store(small).current().path)
    view = everything("this_year")
    for key in ("nrr", "logo_churn", "value_at_risk"):
        page.selectbox(key="measure").set_value(key).run()
        assert not page.exception
        spec = next(c.proto for c in page.get("vega_lite_chart") if "grid_chart" in c.proto.id)
        cells = {(r["region"], r["industry"]): r for r in rows_of(spec)}
        whole = query.measure(reader, view, [key])[key].iloc[0]
        unit = MEASURES[key].unit
        assert cells[None, None]["value_text"] == numbers.full(whole, "en", unit, "CNY")
        by_region = query.measure(reader, view, [key], by=["region"]).set_index("region")[key]
        assert {r for r, i in cells if i is None and r} == set(by_region.dropna().index)
        for region, value in by_region.dropna().items():
            assert cells[region, None]["value_text"] == numbers.full(value, "en", unit, "CNY")
    single = query.measure(reader, view, ["value_at_risk"], by=["region", "industry"]).value_at_risk
    assert single.sum() == pytest.approx(whole)
    reader.close()


@pytest.mark.parametrize("name", PAGES)
def test_without_enough_orders_each_page_says_so(app: AppTest, name):
    page = app.run().switch_page(f"pages/retention/{name}.py").run()
    assert not page.exception and not page.error
    assert page.title[0].value == PAGES[name]


def test_the_plain_rule_is_named_where_no_model_can_be_fitted(app: AppTest):
    page = app.run().switch_page("pages/retention/churn.py").run()
    assert any("too few for a churn model" in c.value for c in page.caption)


def test_an_untested_list_says_what_a_test_needs(app: AppTest):
    page = app.run().switch_page("pages/retention/trust.py").run()
    assert "cannot be tested on these orders yet" in page.subheader[0].value


def test_a_larger_share_of_churn_avoided_saves_in_proportion(small, monkeypatch):
    monkeypatch.setenv("KAM_WAREHOUSE", str(small))
    page = open_page("whatif")
    before = next(c.value for c in page.caption if "Margin at risk" in c.value)
    page.slider(key="whatif_reduction").set_value(50).run()
    after = next(c.value for c in page.caption if "Margin at risk" in c.value)
    assert "5% churn avoided" in before and "50% churn avoided" in after
