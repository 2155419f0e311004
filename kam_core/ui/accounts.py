"""The accounts page: one row an account, and one account opened."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from kam_core.text import numbers
from kam_core.text.sentence import name_of, own_script
from kam_core.ui import address, cards, session
from kam_core.ui.cards import Table
from kam_core.ui.session import words
from kam_core.view import View

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
LINES = {
    "order_date": "date",
    "order_id": "",
    "product_line": "",
    "product": "",
    "quantity": "count",
    "amount": "money",
    "list_amount": "money",
    "cost": "money",
    "file": "",
    "line": "count",
}


def listing() -> None:
    """Search, sort, a row an account; ticking a row opens it."""
    found = _searched(_accounts(), st.session_state.get("search", ""))
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
            words("page.accounts.count", n=numbers.full(len(found), session.lang(), "count"))
            + f" · {words('page.accounts.hint')}"
        )
        cards.downloads("accounts", words("table.accounts"), Table(found, LIST))
    cards.show(
        "account_table",
        Table(found, LIST),
        words("page.accounts.table_alt"),
        height=680,
        on_select=lambda: _open(found),
        selection_mode="single-row",
    )


def _accounts() -> pd.DataFrame:
    return _listed(session.snapshot().id, session.view(), session.lang())  # type: ignore[union-attr]


@st.cache_data(max_entries=60, show_spinner=False, hash_funcs={View: repr})
def _listed(version: str, view: View, lang: str) -> pd.DataFrame:
    """The report in the columns and words of the page."""
    frame = session.report(view, "accounts")
    frame = frame.rename(
        columns={
            "name": "account",
            "manager_name": "manager",
            "last_order_on": "last_order",
            "days_since_order": "days_silent",
        }
    )
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


def _open(found: pd.DataFrame) -> None:
    rows = st.session_state["account_table"]["selection"]["rows"]
    if rows:
        st.session_state["account"] = found.iloc[rows[0]]["account_id"]
        address.touched()


# --- one account


def opened() -> bool:
    """Whether an account of this person's scope is open."""
    chosen = st.session_state.get("account")
    return chosen is not None and not _one(chosen).empty


def close() -> None:
    st.session_state["account"] = None
    address.touched()


def account() -> None:
    """One account: who it is, its figures, its months, the order lines behind them."""
    lang = session.lang()
    row = _one(st.session_state["account"]).iloc[0]
    st.button(f"← {words('action.back_to_list')}", on_click=close, type="tertiary", key="back")
    st.title(own_script(row["name"], lang), anchor=False)
    st.html(f'<p class="kam-sentence">{_facts(row)}</p>')


def _facts(row: Any) -> str:
    lang, names = session.lang(), session.names()
    said = [
        f"{words('column.tier')} {row.tier}" if isinstance(row.tier, str) else words("tier.none"),
        *(name_of(d, row[d], lang, names) for d in ("region", "industry", "segment") if isinstance(row[d], str)),
        own_script(row.manager_name, lang) if isinstance(row.manager_name, str) else words("column.unassigned"),
        str(row.account_id),
    ]
    if pd.notna(row.last_order_on):
        said.append(
            words("page.account.silence", date=numbers.day(row.last_order_on, lang), days=int(row.days_since_order))
        )
    return " · ".join(said)


def view() -> View:
    """The view of the open account alone: the other filters would only hide parts of it."""
    return session.everything().over(session.view().period).keep(account=st.session_state["account"])


def _one(account_id: str) -> pd.DataFrame:
    return session.report(session.everything().over(session.view().period).keep(account=account_id), "accounts")


def order_lines() -> None:
    """The order lines of the period with the file and line they came from."""
    frame = session.report(session.view(), "account_orders", limit=2000)
    known = [c for c in LINES if frame[c].notna().any() and (c != "line" or frame["file"].notna().any())]
    table = Table(frame[known], LINES)
    with cards.card("lines", words("page.account.lines"), table):
        if frame.empty:
            st.caption(words("page.account.no_orders"))
        else:
            cards.show("line_table", table, words("page.account.lines"), height=330)
