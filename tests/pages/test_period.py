"""Which pages depend on the period: the others neither offer it nor claim it, and no page keeps it from the next."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from kam_core.demo import generate
from kam_core.policy import Policy
from kam_core.ui import session
from kam_core.warehouse import load
from kam_core.warehouse.snapshots import Store
from tests.pages.conftest import APP, filter_of, shown

PAGES = {
    "churn": "retention", "trust": "retention", "value": "retention", "whatif": "retention", "winback": "retention",
    "movement": "pipeline", "lifecycle": "pipeline", "coverage": "people", "handover": "people",
    "status": "data", "audit": "data",
}  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse folder with the small demo company."""
    folder = tmp_path_factory.mktemp("small")
    load.fill(Store(folder), lambda con: generate(con, "small"), Policy(), lambda _words, _share: None)
    return folder


def opened(name: str, **params: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60).switch_page(f"pages/{PAGES[name]}/{name}.py")
    for key, value in params.items():
        app.query_params[key] = value
    return app.run()


def drawn(app: AppTest) -> list[str]:
    """All that the page shows: HTML, charts, tables."""
    html = [element.proto.body for element in app.main.get("html")]
    charts = [re.sub(r'"id": ?"[^"]*"', "", str(element.proto)) for element in app.main.get("vega_lite_chart")]
    return [*html, *charts, *(frame.value.to_csv() for frame in app.main.dataframe)]


def periods(app: AppTest) -> list[object]:
    return [box for box in app.sidebar.selectbox if str(box.key).startswith("period_")]


def test_the_list_of_pages_is_whole():
    assert set(PAGES) | session.NOT_ABOUT_DATA == session.WITHOUT_PERIOD


@pytest.mark.parametrize("name", list(PAGES))
def test_a_page_without_the_period_shows_the_same_whatever_it_is(small, name: str, monkeypatch):
    monkeypatch.setenv("KAM_WAREHOUSE", str(small))
    usual, other = opened(name), opened(name, period="2025")
    assert len(drawn(usual)) > 1
    assert drawn(usual) == drawn(other)
    assert not periods(other)
    assert "the same days of the year before" not in shown(other)


def test_what_stands_on_a_day_says_so_in_both_languages(app: AppTest):
    app.switch_page("pages/people/coverage.py")
    app.query_params["period"], app.query_params["region"] = "2025", "East"
    app.run()
    assert "Accounts in East · as of 10 Mar 2026<span>" in shown(app)
    app.query_params["lang"] = "zh"
    app.run()
    assert "华东的客户 · 截至 2026年3月10日<span>" in shown(app)


def test_the_pipeline_between_two_days_names_them(small, monkeypatch):
    monkeypatch.setenv("KAM_WAREHOUSE", str(small))
    app = opened("movement", since="2026-10-01", until="2026-10-31")
    assert "All accounts · Oct 2026<span>" in shown(app)


def test_the_period_waits_for_the_next_page_that_has_one(app: AppTest):
    app.switch_page("pages/people/coverage.py")
    app.query_params["period"] = "2026-02"
    app.run()
    app.switch_page("pages/portfolio/matrix.py").run()
    assert [box.value for box in periods(app)] == ["2026-02"]
    assert "All accounts · Feb 2026, against" in shown(app)


@pytest.mark.parametrize("name", ["status", "audit"])
def test_pages_about_everything_loaded_and_done_have_no_filters(app: AppTest, name: str):
    app.query_params["region"] = "East"
    app.run()
    assert filter_of(app, "region").value == ["East"]
    app.switch_page(f"pages/data/{name}.py").run()
    assert not app.sidebar.multiselect
    assert "East" not in shown(app)
    app.switch_page("pages/portfolio/matrix.py").run()
    assert filter_of(app, "region").value == ["East"]
