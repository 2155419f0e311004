"""Attempts to see more than one may: by address, by text, by what others left in the caches, by looking as others."""

from __future__ import annotations

import time

import pytest
import streamlit as st

from kam_core.__main__ import main
from kam_core.state import State
from kam_core.ui import session
from tests.access.conftest import CEO, DESK, LEFT, MANAGER, PATHS, SCOPES, signed_in, spellings, visit
from tests.access.test_matrix import INJECTED

BANNER = "You are looking as"


@pytest.fixture(scope="module", autouse=True)
def _caches():
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def state(served, tmp_path, monkeypatch):
    monkeypatch.setenv("KAM_STATE", str(tmp_path / "state.sqlite"))
    return State(tmp_path / "state.sqlite")


def _everything(company) -> set[str]:
    return company.words("true")


def _html(app) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


# --- addresses


def test_an_account_of_somebody_else_looks_as_one_that_does_not_exist(served, sent, sessions):
    """A00001 is held by M006, A99999 by nobody: byte for byte the same answer."""
    app, answers = sessions(MANAGER), []
    for account in ("A00001", "A99999"):
        visit(app, "overview")
        sent.parts.clear()
        visit(app, "account", account=account)
        assert app.title[0].value and not app.exception
        answers.append([part.replace(account.encode(), b"account") for part in sent.parts])
    assert [part for part in answers[0] if part not in answers[1]] == []
    assert [part for part in answers[1] if part not in answers[0]] == []
    sent.parts.clear()
    visit(app, "account", account="A00002")  # of M004
    assert sent.found(served.secrets(MANAGER) - {"A00002"}) == set()


def test_values_of_others_in_an_address_are_passed_over(served, sessions):
    app = visit(sessions(MANAGER), "accounts", region=["North", "Nowhere"], manager=["M001"], account="A00001")
    assert not app.exception
    assert app.session_state["manager"] == []
    own = {r for (r,) in served.reader.rows(f"select distinct region from raw.accounts where {SCOPES[MANAGER]}")}
    assert set(app.session_state["region"]) == {"North"} & own


@pytest.fixture(scope="module")
def nobody(company):
    """A session without a sign-in."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("KAM_WAREHOUSE", str(company.folder))
        patched.setenv("KAM_USERS", str(company.users))
        app = signed_in(MANAGER)
        app.user = {"is_logged_in": False}
        yield app.run()


@pytest.mark.parametrize("page", PATHS)
def test_without_a_sign_in_no_address_shows_anything(served, sent, nobody, page):
    app = nobody
    sent.parts.clear()
    visit(app, page, account="A00001", region="East")
    assert [title.value for title in app.title] == ["Please sign in"]
    assert sent.found(_everything(served) - {"A00001"}) == set()
    assert not app.multiselect and not app.selectbox


# --- text


def test_sql_in_every_option_of_a_command(served, capsys):
    """Filters of what is not there leave nothing; what is not a period, a measure or a setting is refused."""
    base = ["--warehouse", str(served.folder), "--as-user", MANAGER, "--format", "json"]
    for option in ("region", "industry", "tier", "manager", "segment", "account", "product-line", "partner"):
        assert main(["report", "accounts", f"--{option}={INJECTED}", *base]) == 0
        listed = capsys.readouterr().out
        assert listed == "[]\n" or option in ("product-line", "partner", "manager"), option
        assert not {word for word in served.secrets(MANAGER) if word in listed}
    report = ["report", "accounts"]
    wrong = [["metric", INJECTED], ["metric", "revenue", f"--by={INJECTED}"], ["report", INJECTED]]
    for command in [*wrong, [*report, f"--period={INJECTED}"], [*report, "--set", f"{INJECTED}=1"]]:
        assert main([*command, *base]) == 1
    assert main(["report", "churn_risk", "--set", f"band={INJECTED}", *base]) == 0
    assert main(["report", "accounts", "--warehouse", str(served.folder), "--as-user", INJECTED]) == 1


# --- caches and sessions


@pytest.mark.parametrize("page", ["overview", "managers"])
def test_what_was_kept_for_who_sees_all_is_not_shown_to_who_does_not(served, sent, page):
    st.cache_data.clear()
    visit(signed_in(CEO).run(), page)
    assert sent.found(served.secrets(MANAGER))
    app = signed_in(MANAGER).run()
    sent.parts.clear()
    visit(app, page)
    assert not app.exception
    assert sent.found(served.secrets(MANAGER)) == set()


def test_a_session_that_changes_hands_keeps_nothing(served, sent):
    app = visit(signed_in(DESK).run(), "accounts", region="North")
    app.session_state["_list"] = ["A00001"]
    app.user = app.user | {"email": MANAGER}
    sent.parts.clear()
    visit(app, "account", account="A00001")
    assert "_list" not in app.session_state
    assert sent.found(served.secrets(MANAGER) - {"A00001"}) == set()


def test_what_is_signed_in_ends_after_the_hours_of_the_users_file(served):
    """12 hours by default: at 11 one is in, at 13 no more, in the very session that was open."""
    app = visit(signed_in(MANAGER).run(), "accounts")
    app.user = app.user | {"iat": time.time() - 11 * 3600}
    assert app.run().title[0].value != "Please sign in again"
    app.user = app.user | {"iat": time.time() - 13 * 3600}
    app.run()
    assert app.title[0].value == "Please sign in again"
    assert "_view" not in app.session_state and "_person" not in app.session_state


def test_a_part_of_a_page_that_runs_alone_ends_with_the_sign_in_too(served, sessions, monkeypatch):
    app = visit(sessions(MANAGER), "accounts")
    monkeypatch.setattr(st, "session_state", {key: app.session_state[key] for key in ("_person", "_until")})
    monkeypatch.setattr(st, "rerun", _raise)
    assert session.person().key == MANAGER
    st.session_state["_until"] = time.time() - 1
    with pytest.raises(RuntimeError, match="all of it again"):
        session.person()


def _raise() -> None:
    raise RuntimeError("all of it again")


def test_nobody_is_let_in_by_what_the_session_holds(served, sessions):
    app = sessions(MANAGER)
    app.session_state["_view_as"] = CEO
    app.run()
    assert app.session_state["_person"].key == MANAGER
    assert BANNER not in _html(app)


# --- looking as somebody else


def _about_to_look(email: str):
    """The steward's session with the dialog open and filled in; without a browser, each run opens it anew."""
    app = signed_in(DESK).run()
    app.button(key="view_as").click().run()
    app.selectbox(key="_view_as_choice").select(email)
    app.button(key="view_as").click().run()
    app.button(key="view_as").click()
    return app


def test_a_steward_looks_as_somebody_else_marked_and_recorded(served, state, sent):
    app = _about_to_look(MANAGER)
    app.button(key="view_as_begin").click().run()
    for page in ("overview", "accounts", "account", "status"):
        sent.parts.clear()
        visit(app, page, account="A00001")
        assert f"{BANNER} Xia Gao (Account manager)." in _html(app)
        assert sent.found(served.secrets(MANAGER) - {"A00001"}) == set()
    assert app.title[0].value == "This page is not for your role"  # the status page is not for account managers
    assert not app.session_state["_person"].may("load")
    app.button(key="view_as_end").click().run()
    assert BANNER not in _html(app)
    assert app.session_state["_person"].key == DESK
    events = [(e.person, e.acting_for, e.action, e.what.get("as")) for e in reversed(state.events())]
    assert (DESK, None, "view_as", MANAGER) in events
    assert (DESK, MANAGER, "view_as_end", MANAGER) in events


def test_a_look_that_cannot_be_recorded_does_not_begin(served, state, monkeypatch):
    app = _about_to_look(MANAGER)
    state.path.unlink()
    state.path.mkdir()  # no file can be opened there
    app.button(key="view_as_begin").click().run()
    assert app.session_state["_person"].key == DESK


@pytest.mark.parametrize(
    ("email", "title"),
    [(LEFT, "No accounts are assigned to you"), ("eve@elsewhere.example", "You do not have access yet")],
)
def test_known_without_a_role_and_not_known(served, sent, email, title):
    app = signed_in(email).run()
    for page in ("overview", "accounts", "status"):
        sent.parts.clear()
        visit(app, page)
        assert [t.value for t in app.title] == [title]
        assert sent.found(_everything(served)) == set()
    assert [button.label for button in app.button] == ["Sign in as somebody else"]


def test_a_users_file_that_is_wrong_shows_nothing_to_anybody(served, monkeypatch, tmp_path, sent):
    (tmp_path / "users.toml").write_text('mode = "oidc"\nmanager_table = true\n', encoding="utf-8")
    monkeypatch.setenv("KAM_USERS", str(tmp_path / "users.toml"))
    app = signed_in(CEO).run()
    assert [t.value for t in app.title] == ["This dashboard is not set up safely"]
    assert "users.toml, line 2: manager_table is not a setting" in _html(app)
    assert sent.found(_everything(served)) == set()


def test_the_audit_log_shows_who_was_not_let_in(served, state):
    """Every action that identity records is one that the log's page has words for."""
    signed_in("eve@elsewhere.example").run()
    app = visit(signed_in(DESK).run(), "audit")
    assert not app.exception and not app.error
    shown = app.dataframe[0].value.astype(str).to_numpy().tolist()
    assert any("eve@elsewhere.example" in row and "was not let in" in row for row in shown)
    assert any(DESK in row and "signed in" in row for row in shown)
    assert visit(signed_in(MANAGER).run(), "audit").title[0].value == "This page is not for your role"


# --- uploads


def test_an_upload_is_matched_against_the_accounts_of_the_scope_alone(served, sent):
    """Own and foreign accounts in one file: the foreign ones find nothing, not even a number for their name."""
    own, other = (
        served.reader.rows(f"select account_id, name from raw.accounts where {where} order by account_id limit 1")[0]
        for where in (SCOPES[MANAGER], "manager_id = 'M006'")
    )
    rows = "".join(f"2026-0{month}-05,{name},100\n" for month in (1, 2, 3) for _, name in (own, other))
    app = visit(signed_in(MANAGER).run(), "upload")
    app.file_uploader[0].upload("mine.csv", f"date,customer,amount\n{rows}".encode(), "text/csv").run()
    _settle(app)
    app.button(key="match").click().run()
    _settle(app)
    assert not app.exception
    assert sent.found(spellings(own[1])) == spellings(own[1])
    assert "**1** are ours" in "".join(said.value for said in app.markdown)
    assert sent.found(served.secrets(MANAGER) - spellings(other[1])) == set()


def _settle(app) -> None:
    """The work is done beside the runs, which take in what is ready."""
    for _ in range(60):
        if "_job" in app.session_state:
            time.sleep(0.1)
            app.run()
