"""The audit page: who signed in, loaded, took back, changed the policy, exported, looked as somebody else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.state import ACTIONS, Event
from kam_core.text.i18n import has
from kam_core.ui import cards, session, states
from kam_core.ui.cards import Table
from kam_core.ui.session import words

SHOWN = 1000
DAYS = (1, 7, 30, 90, 0)  # 0: all that is kept
UNITS = {"at": "moment", "person": "", "acting_for": "", "action": "", "what": "", "rows": "count"}


def page() -> None:
    """Search the log; only for those who may."""
    st.title(words("page.audit.title"), anchor=False)
    if not session.person().may("audit"):
        states.no_right(words("page.audit.title"))
        return
    days = session.facts().policy.get("audit.keep_days", 730)
    st.html(f'<p class="kam-sentence">{words("page.audit.sentence", days=int(days))}</p>')
    found = _search()
    table = Table(_frame(found), UNITS)
    with cards.card("audit", words("page.audit.question"), table if found else None):
        if not found:
            st.caption(words("page.audit.nothing"))
            return
        if len(found) == SHOWN:
            st.caption(words("page.audit.more", n=SHOWN))
        cards.show("audit_table", table, words("page.audit.question"), height=min(620, 36 * (len(found) + 1) + 2))


def _search() -> list[Event]:
    state = session.state()
    with st.container(horizontal=True, vertical_alignment="bottom", key="audit_search"):
        text = st.text_input(words("page.audit.search"), key="audit_text", width=260)
        person = st.selectbox(
            words("page.audit.person"), state.people(), index=None, key="audit_person", width=220,
            placeholder=words("filter.all"), filter_mode="contains", format_func=_person,
        )  # fmt: skip
        action = st.selectbox(
            words("page.audit.action"), ACTIONS, index=None, key="audit_action", width=200,
            placeholder=words("filter.all"), format_func=action_name,
        )  # fmt: skip
        days = st.selectbox(
            words("page.audit.since"), DAYS, index=2, key="audit_days", width=160,
            format_func=lambda n: words("page.audit.days", n=n) if n else words("page.audit.all_kept"),
        )  # fmt: skip
    since = date.today() - timedelta(days=days) if days else None
    return state.events(text, person or "", action or "", since, limit=SHOWN)


def action_name(action: str) -> str:
    """An action as people say it; one of a later version as it is written."""
    return words(f"audit.{action}") if has(f"audit.{action}") else action


def _person(key: str) -> str:
    return words("page.audit.local") if key == "local" else key


def _frame(found: list[Event]) -> pd.DataFrame:
    rows = [
        (e.at.astimezone().replace(tzinfo=None), _person(e.person), e.acting_for or "", action_name(e.action),
         said(e.what), e.rows)
        for e in found
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(UNITS))
    return frame.astype({"rows": "Int64"})


def said(what: dict[str, Any]) -> str:
    """What an entry is about, in one line: its values, lists and tables of counts written out."""
    return " · ".join(text for value in what.values() if (text := _plain(value)))


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(inner) for inner in value)
    return "" if value is None else str(value)
