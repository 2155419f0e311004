"""Saved views and notes through app.py: kept, opened, shared within what each may see, deleted by their owner."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from kam_core.access.person import LOCAL, Person
from kam_core.access.scope import Scope
from kam_core.state import State
from kam_core.ui import session
from tests.pages.conftest import filter_of, shown

ANN = Person("ann@example.com", "Ann", ("account_manager",), Scope.everything())
EAST = Person("east@example.com", "Wei", ("regional_director",), Scope((("region", "East"),)))


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state.sqlite")


def by(monkeypatch: pytest.MonkeyPatch, who: Person) -> None:
    monkeypatch.setattr(session, "person", lambda: who)


def shelf(app: AppTest) -> str:
    """What the dialog of saved views says."""
    app.button(key="views").click().run()
    return shown(app) + " ".join(caption.value for caption in app.caption)


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


def test_a_view_is_saved_and_opens_again(app: AppTest, state: State):
    app.query_params["region"] = "East"
    app.run()
    app.button(key="views").click().run()
    app.text_input(key="keep_view_name").input("My East")
    press(app, "Save")
    (kept,) = state.saved("view", LOCAL.key)
    assert (kept.name, kept.shared) == ("My East", False)
    assert kept.body == {"page": "", "params": {"region": ["East"]}}
    filter_of(app, "region").set_value([]).run()
    assert "Accounts in East" not in shown(app)
    app.button(key="views").click().run()
    press(app, "Open")
    assert filter_of(app, "region").value == ["East"]
    assert "Accounts in East" in shown(app)


def test_a_view_needs_a_name(app: AppTest, state: State):
    app.run()
    app.button(key="views").click().run()
    press(app, "Save")
    assert state.saved("view", LOCAL.key) == []


def test_others_see_what_is_shared_within_their_own_scope(
    app: AppTest, state: State, monkeypatch: pytest.MonkeyPatch
):
    """North is shared by who sees everything; who directs East opens it and sees East: 1750 + 30 = 1,780."""
    north = {"page": "", "params": {"region": ["North"]}}
    state.save("view", "North", ANN.key, north, shared=True)
    state.save("view", "Secret", ANN.key, north)
    by(monkeypatch, EAST)
    app.run()
    said = shelf(app)
    assert "North" in said
    assert "ann@example.com" in said
    assert "Secret" not in said
    assert "Part of its filter lies outside of what you may see" in said
    assert not [b for b in app.button if b.label == "✕"], "only the owner deletes"
    press(app, "Open")
    assert "¥1,780" in shown(app)


def test_who_looks_as_somebody_else_changes_nothing_of_theirs(
    app: AppTest, state: State, monkeypatch: pytest.MonkeyPatch
):
    state.save("view", "Hers", ANN.key, {"page": "", "params": {}})
    looked = Person(ANN.key, ANN.name, ANN.roles, ANN.scope, acting_for="boss@example.com")
    by(monkeypatch, looked)
    app.run()
    assert "Hers" in shelf(app)
    assert "Save" not in [b.label for b in app.button]
    assert not [b for b in app.button if b.label == "✕"]


def test_the_owner_deletes(app: AppTest, state: State):
    state.save("view", "Old", LOCAL.key, {"page": "", "params": {}})
    app.run()
    app.button(key="views").click().run()
    press(app, "✕")
    assert state.saved("view", LOCAL.key) == []


def opened(app: AppTest, account: str) -> AppTest:
    app.switch_page("pages/portfolio/account.py")
    app.query_params["account"] = account
    return app.run()


def test_a_note_is_written_and_read_by_who_may_see_the_account(
    app: AppTest, state: State, monkeypatch: pytest.MonkeyPatch
):
    by(monkeypatch, ANN)
    opened(app, "2")
    app.text_area(key="note_text").input("Budget is decided in March <b>")
    press(app, "Add note")
    (note,) = state.saved("note", ANN.key, about="2")
    assert note.body == {"text": "Budget is decided in March <b>"}
    assert "Budget is decided in March &lt;b&gt;" in shown(app)
    by(monkeypatch, EAST)
    assert "Budget" not in shown(opened(app, "2")), "account 2 is in North"


def test_notes_of_others_are_read_not_deleted(app: AppTest, state: State, monkeypatch: pytest.MonkeyPatch):
    state.save("note", "n1", ANN.key, {"text": "Call Li first"}, shared=True, about="1")
    by(monkeypatch, EAST)
    page = shown(opened(app, "1"))
    assert "Call Li first" in page
    assert "ann@example.com" in page
    assert not [b for b in app.button if b.label == "✕"]


def test_a_plan_and_a_draft_are_kept(app: AppTest, state: State):
    """The draft of the policy: sliders stand again where they stood."""
    app.run().switch_page("pages/portfolio/tiers.py").run()
    app.slider(key="try_a_below").set_value(70).run()
    app.button(key="shelf_policy_draft").click().run()
    app.text_input(key="keep_policy_draft_name").input("Seventy")
    press(app, "Save")
    (draft,) = state.saved("policy_draft", LOCAL.key)
    assert draft.body["rules"]["a_below"] == 0.7
    app.slider(key="try_a_below").set_value(60).run()
    app.button(key="shelf_policy_draft").click().run()
    press(app, "Open")
    assert app.slider(key="try_a_below").value == 70
