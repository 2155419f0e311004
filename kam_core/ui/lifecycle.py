"""The cards of the lifecycle page: how many accounts stand where, how they passed there, and which they are."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts.funnel import parts
from kam_core.charts.matrix import heat_matrix
from kam_core.charts.parts import Spec
from kam_core.text import numbers
from kam_core.text.sentence import own_script
from kam_core.ui import address, cards, deals, drill, session
from kam_core.ui.cards import Table
from kam_core.ui.deals import count
from kam_core.ui.session import money, money_full, words
from kam_core.view import NONE, Period, View, add_months

STATES = ("prospect", "target", "new", "active", "at_risk", "lost", "won_back")
COLUMNS = {
    "account": "", "state": "", "state_on": "date", "state_before": "", "revenue": "money", "tier": "", "region": "",
    "industry": "", "manager": "", "account_id": "",
}  # fmt: skip


def standing() -> View:
    """The view for what stands as of a day, whatever the period: kept figures then serve every period."""
    return session.view().over(Period())


def _since() -> str:
    """The earlier day that is compared with: a year back, unless another was chosen; never before the first order."""
    calendar = session.calendar()
    try:
        chosen = date.fromisoformat(st.session_state.get("since") or "")
    except ValueError:
        chosen = add_months(calendar.as_of, -12)
    return min(max(chosen, calendar.first_day), calendar.as_of).isoformat()


def states() -> None:
    """Accounts and revenue by state; a click lists them."""
    spec, alt, table = _states(_since())
    with cards.card("states", words("page.lifecycle.states"), table):
        cards.marks("states_chart", spec, alt, "mark", "part")
        st.caption(words("page.lifecycle.states_note"))


@session.kept
def _states(since: str) -> tuple[Spec, str, Table]:
    frame = session.report(standing(), "lifecycle", since=since)
    now = frame.groupby("state")[["accounts", "revenue"]].sum()
    then = frame.groupby("state_before").accounts.sum()
    rows = [_state_row(s, now, int(then.get(s, 0))) for s in STATES]
    said = {"name": words("column.state"), "value": words("chart.accounts"), "note": words("page.lifecycle.then")}
    table = pd.DataFrame([{c: r[c] for c in ("state", "accounts_now", "accounts_then", "revenue")} for r in rows])
    units = {"state": "", "accounts_now": "count", "accounts_then": "count", "revenue": "money"}
    alt = words("page.lifecycle.alt", states="; ".join(f"{r['name']} {r['label']}" for r in rows))
    return parts(session.colours(), rows, said, 40 * len(rows)), alt, Table(table, units)


def _state_row(state: str, now: pd.DataFrame, then: int) -> dict[str, Any]:
    known = state in now.index
    n, revenue = (int(now.accounts[state]), float(now.revenue[state])) if known else (0, 0.0)
    name = words(f"state.{state}")
    return {
        "key": state, "name": name, "state": name, "value": n, "accounts_now": n, "accounts_then": then,
        "revenue": revenue, "label": f"{count(n)} · {money(revenue)}",
        "value_text": f"{count(n)} · {money_full(revenue)}", "note_text": count(then),
    }  # fmt: skip


def moves() -> None:
    """Of the accounts in each state on the earlier day, the share in each state now; a click lists them."""
    since = _since()
    spec, alt, table = _moves(since)
    with cards.card("moves", words("page.lifecycle.moves"), table):
        _day_choice(since)
        with st.container(key="matrix_scroll"):
            cards.marks("moves_chart", spec, alt, "mark", "region", "industry")
        st.caption(words("page.lifecycle.moves_note"))


def _day_choice(since: str) -> None:
    st.session_state["pick_since"] = date.fromisoformat(since)

    def take() -> None:
        picked = st.session_state["pick_since"]
        st.session_state["since"] = picked.isoformat() if picked else ""
        address.touched()

    st.date_input(
        words("page.lifecycle.since"), key="pick_since", on_change=take, width=170, format="YYYY-MM-DD",
        max_value=session.calendar().as_of, min_value=session.calendar().first_day,
    )  # fmt: skip


@session.kept
def _moves(since: str) -> tuple[Spec, str, Table]:
    frame = session.report(standing(), "lifecycle", since=since)
    lang = session.lang()
    before = [s for s in (*STATES, NONE) if s in {_key(r.state_before) for r in deals.rows(frame)}]
    now = [s for s in STATES if s in set(frame.state)]
    found = {(_key(r.state_before), r.state): r for r in deals.rows(frame)}
    rows = []
    for a in before:
        for b in now:
            row = found.get((a, b))
            rate, n = (float(row.rate), int(row.accounts)) if row is not None else (0.0, 0)
            rows.append({
                "column": words(f"state.{b}"), "line": _name(a), "total": False,
                "region": a, "industry": b, "value": n, "label": numbers.percent(rate, lang) if n else "",
                "growth": 0 if a == b else -rate if b in ("at_risk", "lost", "prospect") else rate,
                "name": f"{_name(a)} → {words(f'state.{b}')}", "value_text": count(n),
                "growth_text": numbers.percent(rate, lang),
                "before_text": money_full(row.revenue if row is not None else 0),
            })  # fmt: skip
    said = {
        "name": words("column.state"), "value": words("chart.accounts"), "before": words("column.revenue"),
        "growth": words("page.lifecycle.rate"),
    }  # fmt: skip
    spec = heat_matrix(
        session.colours(), rows, said, [words(f"state.{s}") for s in now], [_name(s) for s in before],
        height=30 * len(before) + 20,
    )  # fmt: skip
    table = frame.assign(
        state=[words(f"state.{s}") if isinstance(s, str) else "" for s in frame.state],
        state_before=[_name(_key(s)) for s in frame.state_before],
    )
    units = {"state_before": "", "state": "", "accounts": "count", "rate": "percent", "revenue": "money"}
    return spec, words("page.lifecycle.moves_alt"), Table(table[list(units)], units)


def _key(state: Any) -> str:
    return state if isinstance(state, str) else NONE


def _name(state: str) -> str:
    return words("page.lifecycle.not_there") if state == NONE else words(f"state.{state}")


def listing() -> None:
    """The accounts behind the mark that was clicked; without one, those at risk, or where nobody is those active."""
    known = session.report(standing(), "lifecycle", since=_since()).state
    mark = st.session_state.get("mark") or ("at_risk" if (known == "at_risk").any() else "active")
    before, _, state = mark.rpartition(":")
    if state not in STATES or before not in ("", NONE, *STATES):  # an address that somebody typed
        before, state = "", "at_risk"
    chosen = {"state_before": before} if before else {}
    frame = session.report(standing(), "lifecycle_accounts", since=_since(), state=state, limit=deals.LISTED, **chosen)
    n = f"{count(len(frame))}{'+' if len(frame) == deals.LISTED else ''}"
    name = f"{_name(before)} → {words(f'state.{state}')}" if before else words(f"state.{state}")
    table = _table(frame)
    with cards.card("lives", words("page.lifecycle.list", name=name, n=n), table):
        if frame.empty:
            st.caption(words("page.lifecycle.none"))
            return
        ids = frame.account_id.tolist()
        cards.show(
            "lives_table", table, words("page.lifecycle.states"), height=420,
            on_select=lambda: drill.ticked("lives_table", "account", ids), selection_mode="single-row",
        )  # fmt: skip


def _table(frame: pd.DataFrame) -> Table:
    lang, found = session.lang(), frame.copy()
    found["account"] = [own_script(n, lang) for n in found["name"]]
    found["manager"] = [own_script(n, lang) if isinstance(n, str) else None for n in found["manager_name"]]
    for column in ("state", "state_before"):
        found[column] = [words(f"state.{s}") if isinstance(s, str) else None for s in found[column]]
    kept = {c: unit for c, unit in COLUMNS.items() if found[c].notna().any()}
    return Table(found[list(kept)], kept)
