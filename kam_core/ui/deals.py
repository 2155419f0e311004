"""What the pages about deals share: what is said where none are loaded, the list of deals, a mark that fills it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.text import numbers
from kam_core.text.sentence import name_of, own_script
from kam_core.ui import cards, drill, session, states
from kam_core.ui.cards import Table
from kam_core.ui.session import words
from kam_core.view import NONE

LISTED = 500  # rows of a list on the page; the command line has all
COLUMNS = {
    "account": "", "stage": "", "amount": "money", "expected_close": "date", "days_past_close": "count",
    "deal_age": "count", "manager": "", "product_line": "", "lost_reason": "", "competitor": "", "closed_on": "date",
    "created_on": "date", "opportunity_id": "",
}  # fmt: skip


def missing(page: str) -> bool:
    """Without deals a page says what it would show, and offers the template."""
    if session.facts().has("opportunities"):
        return False
    with st.container(border=True, key="no_deals"):
        states.not_loaded("opportunities", words(f"page.{page}.shows"))
    return True


def shown(dimension: str, value: Any) -> str:
    """A value as people call it."""
    key = NONE if value is None or value != value else str(value)
    return name_of(dimension, key, session.lang(), session.names())


def listing(key: str, question: str, frame: pd.DataFrame, columns: dict[str, str] = COLUMNS) -> None:
    """Deals, the largest first; a ticked one opens its account."""
    table = _table(frame, columns)
    with cards.card(key, question, table):
        if table.frame.empty:
            st.caption(words("page.deals.none"))
            return
        st.caption(words("page.deals.hint"))
        ids = [value if isinstance(value, str) else "" for value in frame["account_id"].head(LISTED)]
        cards.show(
            f"{key}_table", table, words("page.deals.alt"), height=min(420, 36 * (len(table.frame) + 1) + 2),
            on_select=lambda: _opened(f"{key}_table", ids), selection_mode="single-row",
        )  # fmt: skip


def _opened(key: str, ids: list[str]) -> None:
    """A deal without an account has nowhere to lead to."""
    rows = st.session_state[key]["selection"]["rows"]
    if rows and ids[rows[0]]:
        drill.ticked(key, "account", ids)


def _table(frame: pd.DataFrame, columns: dict[str, str]) -> Table:
    lang, found = session.lang(), frame.head(LISTED).rename(columns={"age": "deal_age"})
    found["account"] = [
        own_script(n, lang) if isinstance(n, str) else words("page.deals.no_account") for n in found["account_name"]
    ]
    found["manager"] = [own_script(n, lang) if isinstance(n, str) else None for n in found["manager_name"]]
    if "step" in columns:
        found["step"] = [words(f"step.{s}") for s in found["step"]]
    kept = {c: unit for c, unit in columns.items() if found[c].notna().any() or found.empty}
    return Table(found[list(kept)], kept)


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """A frame's rows, with columns as attributes."""
    yield from frame.itertuples()


def count(value: Any) -> str:
    return numbers.full(value, session.lang(), "count")
