"""The audit page through app.py: entries, the search, and that it is the steward's alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from kam_core.access.person import Person
from kam_core.access.scope import Scope
from kam_core.state import State
from kam_core.ui import session

BOSS = Person("boss@example.com", roles=("executive",), scope=Scope.everything())


@pytest.fixture
def log(app: AppTest, tmp_path: Path) -> State:
    state = State(tmp_path / "state.sqlite")
    state.record("ann@example.com", "sign_in", {"roles": ["steward"]})
    state.record("ann@example.com", "export", {"what": "Who is key?", "file": "tiers.csv", "filter": "East"}, rows=12)
    state.record("ann@example.com", "load", {"id": "1", "files": ["a.csv", "b.csv"], "orders": {"added": 3}}, rows=3)
    return state


def entries(app: AppTest) -> list[tuple[str, str]]:
    frame = app.dataframe[0].value
    return list(zip(frame["action"], frame["what"], strict=True))


def test_entries_latest_first_and_found(app: AppTest, log: State):
    app.run().switch_page("pages/data/audit.py").run()
    assert app.title[0].value == "Who did what?"
    assert entries(app) == [
        ("loaded", "1 · a.csv, b.csv · added: 3"),
        ("exported", "Who is key? · tiers.csv · East"),
        ("signed in", "steward"),
    ]
    app.text_input(key="audit_text").input("tiers.csv").run()
    assert [action for action, _ in entries(app)] == ["exported"]
    app.text_input(key="audit_text").input("").run()
    app.selectbox(key="audit_action").select("load").run()
    assert [action for action, _ in entries(app)] == ["loaded"]
    app.text_input(key="audit_text").input("nowhere").run()
    assert not app.dataframe
    assert "Nothing was recorded that fits" in " ".join(c.value for c in app.caption)


def test_in_chinese(app: AppTest, log: State):
    app.switch_page("pages/data/audit.py")
    app.query_params["lang"] = "zh"
    app.run()
    assert app.title[0].value == "谁做了什么？"
    assert [action for action, _ in entries(app)] == ["导入数据", "导出", "登录"]


def test_only_for_the_steward(app: AppTest, log: State, monkeypatch: pytest.MonkeyPatch):
    """An executive sees every figure and not who did what."""
    monkeypatch.setattr(session, "person", lambda: BOSS)
    app.run().switch_page("pages/data/audit.py").run()
    assert app.title[0].value == "This page is not for your role"
    assert not app.dataframe
    assert "Audit log" not in [link.proto.label for link in app.get("page_link")]
