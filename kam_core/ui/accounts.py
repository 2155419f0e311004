"""The accounts page: one row an account."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from kam_core.text import numbers
from kam_core.text.sentence import own_script
from kam_core.ui import cards, drill, groups, session
from kam_core.ui.cards import Table
from kam_core.ui.session import words
from kam_core.view import View

CAUSES = ("new", "won_back", "expansion", "contraction", "lost")  # the steps of the revenue bridge
LIST = {
    "account": "",
    "tier": "",
    "region": "",
    "industry": "",
    "manager": "",
    "revenue": "money",
    "revenue_before": "money",
    "change": "money",
    "growth": "percent",
    "trend": "trend",
    "last_order": "date",
    "days_silent": "count",
    "orders": "count",
    "gross_margin": "percent",
    "account_id": "",
}


def listing() -> None:
    """Search, sort, a row an account; ticking a row opens it."""
    found = _found()
    if moved():
        with st.container(horizontal=True, vertical_alignment="center", key="moved_note"):
            st.caption(words(f"page.accounts.moved_{moved()}", n=numbers.full(len(found), session.lang(), "count")))
            cards.unmark("moved")
    with st.container(horizontal=True, vertical_alignment="bottom", key="list_head"):
        st.text_input(
            words("filter.search"),
            key="search",
            placeholder=words("filter.search_placeholder"),
            width=280,
            label_visibility="collapsed",
            live=True,
        )
        st.caption(
            groups.counted(numbers.full(len(found), session.lang(), "count"))
            + f" · {words('page.accounts.hint')}"
        )
        cards.downloads("accounts", words("table.accounts"), Table(found, LIST))
    cards.show(
        "account_table",
        Table(found, LIST),
        words("page.accounts.table_alt"),
        height=680,
        on_select=_ticked,
        selection_mode="single-row",
    )


def _ticked() -> None:
    """Callback. It asks for the list again: what it held would stay in memory as long as the session."""
    drill.ticked("account_table", "account", _found().account_id.tolist())


def _found() -> pd.DataFrame:
    return _searched(_accounts(), st.session_state.get("search", ""))


def moved() -> str:
    """The step of the revenue bridge whose accounts alone are listed, the largest change first; "" for all accounts."""
    chosen = str(st.session_state.get("moved") or "")
    return chosen if chosen in CAUSES and not session.no_comparison() else ""


def _accounts() -> pd.DataFrame:
    return _listed(str(session.snapshot().path), session.view(), session.lang(), moved())  # type: ignore[union-attr]


@session.cached(max_entries=60, show_spinner=False, hash_funcs={View: repr})
def _listed(version: str, view: View, lang: str, cause: str) -> pd.DataFrame:
    """The report in the columns and words of the page; with a cause, the accounts behind that step of the bridge."""
    frame = session.report(view, "accounts")
    if cause:
        behind = session.report(view, "bridge_accounts", cause=cause)
        frame = frame.set_index("account_id").reindex(behind.account_id).reset_index()
    frame = frame.rename(
        columns={
            "name": "account",
            "manager_name": "manager",
            "last_order_on": "last_order",
            "days_since_order": "days_silent",
        }
    )
    if session.no_comparison():
        frame = frame.assign(revenue_before=math.nan, change=math.nan, growth=math.nan)
    for column in ("account", "manager"):
        frame[column] = [own_script(v, lang) if isinstance(v, str) else v for v in frame[column]]
    return frame[list(LIST)]


def _searched(frame: pd.DataFrame, text: str) -> pd.DataFrame:
    words_ = text.lower().split()
    if not words_:
        return frame
    hay = (frame.account + " " + frame.account_id).str.lower()
    keep = pd.Series(True, index=frame.index)
    for word in words_:
        keep &= hay.str.contains(word, regex=False)
    return frame[keep]
