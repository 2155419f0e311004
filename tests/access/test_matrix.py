"""Every role on every page, report, measure, export and command: nothing out of the scope reaches the client.

What is searched is what was sent: the bytes of every message with its tables and charts, and of every file.
"""

from __future__ import annotations

import argparse

import pandas as pd
import pytest
import streamlit as st

from kam_core.__main__ import _parser, main
from kam_core.access import people, users
from kam_core.access.scope import Scope
from kam_core.metrics import query, reports
from kam_core.metrics.measures import MEASURES
from kam_core.ui import address
from kam_core.ui.cards import Table
from kam_core.view import Period, View
from tests.access.conftest import CENTRAL, CEO, DESK, LEFT, MANAGER, PATHS, SCOPES, TELECOM, signed_in, visit

# Addresses that open more of a page than its first look, with what somebody out of its reach might write there.
ADDRESSES = {
    "account": {"account": "A00001"}, "accounts": {"manager": "M001", "region": "East"},
    "churn": {"by": "manager", "part": "manager:M001"},
    "concentration": {"by": "account"}, "forecast": {"by": "manager"}, "funnel": {"by": "manager"},
    "handover": {"leaving": "M010", "past": "1"}, "matrix": {"cell": "East:Energy"}, "profit": {"field": "whale"},
}  # fmt: skip
INJECTED = """'") or 1=1 union select account_id, name from mart.account -- %"""
NAMING = ("accounts", "managers", "churn_risk", "deals", "workload", "choices", "largest", "tiers")  # some reports
FOR_FEW = dict.fromkeys(("status", "history", "audit"), "This page is not for your role")
# Commands for whoever can read the warehouse's files, who sees all of it; they take no --as-user.
OPERATORS = {
    "demo", "load", "mapping", "undo", "verify", "rebuild", "backtest", "bench", "metrics", "backup", "restore",
}  # fmt: skip


def _injected(page: str) -> dict[str, str | list[str]]:
    """Every parameter that the page takes, and the account of somebody else's."""
    own = {key: INJECTED for key in (*address.OWN.get(page, {}), "period", "lang")}
    return {key: [INJECTED] for key in address.LISTS} | own | {"account": INJECTED}


@pytest.mark.parametrize("page", PATHS)
def test_a_page_shows_each_person_only_their_own(served, sent, sessions, page):
    """One after the other in one process, so that what is kept for one of them would be seen with the next.

    The director of an industry comes with SQL in every parameter of the address and types it into every field.
    """
    for email in SCOPES:
        app = sessions(email)
        sent.parts.clear()
        visit(app, page, **(_injected(page) if email == TELECOM else ADDRESSES.get(page, {})))
        assert not app.exception and not app.error, (email, page)
        fields = [field for field in app.text_input if email == TELECOM]
        for field in fields:
            field.set_value(INJECTED)
        assert not fields or not app.run().exception, (email, page)
        assert app.title[0].value == FOR_FEW.get(page, app.title[0].value)
        assert sent.found(served.secrets(email)) == set(), (email, page)


def test_the_collector_sees_what_is_sent(served, sent, sessions):
    """Own accounts are found in the list and in its file, so those of others would be."""
    app = visit(sessions(MANAGER), "accounts")
    assert not app.exception
    own = {row[0] for row in served.reader.rows(f"select account_id from raw.accounts where {SCOPES[MANAGER]}")}
    assert len(own) == 58
    assert sent.found(own) == own


def test_without_the_scope_check_the_pages_leak(served, sent, monkeypatch):
    """The proof that the test above can fail: the same pages with the check taken out."""
    monkeypatch.setattr(Scope, "condition", lambda self: ("true", {}))
    st.cache_data.clear()
    st.cache_resource.clear()
    app = signed_in(MANAGER).run()
    for page in ("accounts", "managers", "account"):
        sent.parts.clear()
        visit(app, page, **ADDRESSES.get(page, {}))
        assert sent.found(served.secrets(MANAGER)), page
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.mark.parametrize("page", ["account", "handover"])
def test_executives_see_accounts_and_not_who_works_there(served, sent, sessions, page):
    """A00001 has the contact K000001; the executive sees the account, and of its contacts the first letters."""
    names = {row[0] for row in served.reader.rows("select name from raw.contacts")}
    colleagues = "\n".join(row[0] for row in served.reader.rows("select name from raw.managers"))
    visit(sessions(CEO), page, account="A00001")
    assert sent.found({"A00001"}) if page == "account" else sent.found({"M010"})
    assert sent.found({name for name in names if name not in colleagues}) == set()
    sent.parts.clear()
    visit(sessions(DESK), page, account="A00001")
    first = served.reader.rows("select name from raw.contacts where account_id = 'A00001' order by contact_id")[0][0]
    if page == "account":
        assert sent.found({first.split(" ", 1)[1]}), "who works with the account sees the name"


def test_executives_see_what_was_loaded_and_no_raw_rows(served, sessions):
    app = visit(sessions(CEO), "status")
    assert not app.exception and not app.error
    shown = "".join(element.proto.body for element in app.get("html"))
    assert "What was loaded, and when?" in shown
    assert "Which rows were refused, and why?" not in shown
    app = visit(sessions(DESK), "status")
    assert "Which rows were refused, and why?" in "".join(element.proto.body for element in app.get("html"))


def test_files_mask_contacts_even_for_who_may_see_them():
    table = Table(pd.DataFrame({"name": ["何欣怡 Xinyi He", None], "value": [1, 2]}), {"name": "person"})
    assert table.masked().frame["name"].tolist()[0] == "何…"


# --- reports and measures


def _view(company, email: str, **filters: str) -> View:
    view = View(people.required(company.reader, users.load(company.users), email).scope, period=Period("all"))
    return view.keep(**filters) if filters else view


def _leaks(company, email: str, frame) -> set[str]:
    text = "\n".join(str(value) for column in frame for value in frame[column])
    return {word for word in company.secrets(email) if word in text}


@pytest.mark.parametrize("email", SCOPES)
def test_no_report_names_what_is_out_of_scope(served, email):
    for name in reports.names():
        settings = {"by": "manager"} if name in ("forecast", "funnel") else {}
        settings |= {"account": "A00001"} if "account" in reports.defaults(name) else {}
        frame = reports.report(served.reader, _view(served, email), name, **settings)
        assert _leaks(served, email, frame) == set(), name


def test_without_the_scope_check_reports_leak(served, monkeypatch):
    view = _view(served, MANAGER)
    monkeypatch.setattr(Scope, "condition", lambda self: ("true", {}))
    for name in NAMING:
        assert _leaks(served, MANAGER, reports.report(served.reader, view, name)), name


@pytest.mark.parametrize("email", SCOPES)
def test_no_measure_by_any_dimension_counts_what_is_out_of_scope(served, email):
    """Every measure by account adds up over accounts of the scope alone; by the others no hidden name appears."""
    own = {row[0] for row in served.reader.rows(f"select account_id from raw.accounts where {SCOPES[email]}")}
    for dimension in query.DIMENSIONS:
        keys = [key for key, measure in MEASURES.items() if dimension in query.dimensions_of(measure)]
        frame = query.measure(served.reader, _view(served, email), keys, [dimension])
        assert _leaks(served, email, frame[[dimension]]) == set(), dimension
        if dimension == "account":
            assert set(frame["account"]) & own
            assert set(frame["account"]) <= own
    mine = f"select account_id from raw.accounts where {SCOPES[email]}"
    sold = served.reader.rows(f"select sum(amount) from raw.orders where account_id in ({mine})")
    revenue = query.measure(served.reader, _view(served, email), ["revenue"])["revenue"].iloc[0]
    assert revenue == pytest.approx(float(sold[0][0]))


# --- the command line


def _commands() -> dict[str, argparse.ArgumentParser]:
    return next(dict(a.choices) for a in _parser()._actions if isinstance(a, argparse._SubParsersAction))


def test_every_command_answers_as_somebody_or_is_the_operators():
    takes = {name for name, command in _commands().items() if "--as-user" in command.format_help()}
    assert takes == set(_commands()) - OPERATORS


@pytest.fixture
def say(served, capsys):
    def run(*arguments: str) -> tuple[int, str]:
        code = main([*arguments, "--warehouse", str(served.folder)])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


def test_no_command_names_what_is_out_of_scope(served, say):
    secrets, said = served.secrets(MANAGER), []
    for name in NAMING:
        code, text = say("report", name, "--as-user", MANAGER, "--format", "json", "--contacts")
        assert code == 0, (name, text)
        said.append(text)
    for dimension in ("account", "manager", "partner", "region"):
        said.append(say("metric", "revenue", "--by", dimension, "--as-user", MANAGER, "--format", "csv")[1])
    assert {word for word in secrets if word in "\n".join(said)} == set()
    assert "A00" in said[-4]


def test_commands_about_the_data_themselves_need_the_right(say):
    assert say("check", "--as-user", MANAGER)[0] == 1
    assert say("snapshots", "--as-user", CENTRAL)[0] == 1
    assert say("check", "--as-user", DESK)[0] == 0
    assert say("snapshots", "--as-user", CEO)[0] == 0


def test_contacts_are_masked_on_the_command_line_unless_asked_for_and_allowed(served, say):
    name = served.reader.rows("select name from raw.contacts where account_id = 'A00001' order by contact_id")[0][0]
    ask = ("report", "account", "--account", "A00001", "--format", "json")
    assert name not in say(*ask)[1]
    assert name in say(*ask, "--contacts")[1]
    assert name not in say(*ask, "--contacts", "--as-user", CEO)[1]
    assert name in say(*ask, "--contacts", "--as-user", DESK)[1]


def test_who_has_left_gets_nothing_from_a_command(say):
    assert say("report", "accounts", "--as-user", LEFT, "--format", "json") == (0, "[]\n")
