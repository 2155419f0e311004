"""The SQL box of the explore page: one select over this upload, its result as a table, a chart and a download."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from kam_core.errors import KamError
from kam_core.explore import query
from kam_core.explore.query import MOST_ROWS, NAME, Refused
from kam_core.explore.source import Source, quote, shown
from kam_core.explore.suggest import suggest
from kam_core.text import numbers
from kam_core.text.i18n import join
from kam_core.ui import explore_ask, session
from kam_core.ui import explore_state as state
from kam_core.ui import explore_tables as tables
from kam_core.ui import explore_words as say
from kam_core.ui.explore_state import Exploring
from kam_core.ui.session import words
from kam_core.warehouse.engine import TooLong

SECONDS = 10
STATE = "_sql"  # the statement that was run last


def box(found: Exploring) -> None:
    """The box, what may be written in it, and the answer."""
    if not session.person().may("sql"):
        st.info(words("explore.sql.not_allowed"))
        return
    with st.container(border=True, key="card_sql", gap="xsmall"):
        st.caption(say.plain(_said(found)))
        if found.filters:
            st.info(words("explore.sql.unfiltered", rows=numbers.full(found.held.rows, session.lang(), "count")))
        key = f"sql_text_{found.held.name}"
        st.session_state.setdefault(key, st.session_state.get(STATE) or _example(found))
        with st.form("sql_form", border=False, enter_to_submit=False):
            text = st.text_area(
                words("page.explore.look.sql"), key=key, height=130, max_chars=query.LONGEST,
                label_visibility="collapsed",
            )  # fmt: skip
            if st.form_submit_button(words("explore.sql.run"), type="primary"):
                st.session_state[STATE] = text
        with st.expander(words("explore.sql.columns")):
            st.code("\n".join(f"{quote(c.name)}  {c.type}" for c in found.source.columns)[:20_000], language=None)
        if st.session_state.get(STATE):
            _answer(found, st.session_state[STATE])


def _said(found: Exploring) -> str:
    space = session.workspace()
    others = [f"{t.name} ({shown(t.title)})" for t in space.tables] if space else []
    said = words("explore.sql.about", name=NAME, seconds=SECONDS, most=numbers.full(MOST_ROWS, session.lang(), "count"))
    return said + (" " + words("explore.sql.others", tables=join(session.lang(), others)) if len(others) > 1 else "")


def _example(found: Exploring) -> str:
    """A statement to begin with, over the first name and the first measure."""
    ask = next((a for a in found.suggested if a.x is not None and not a.grain and a.y is not None), None)
    if ask is None or ask.x is None or ask.y is None:
        return f"select *\nfrom {NAME}\nlimit 100"
    x, y = quote(ask.x), quote(ask.y)
    return f"select {x}, sum({y}) as total\nfrom {NAME}\ngroup by {x}\norder by total desc"


def run(found: Exploring, sql: str) -> Source:
    """The checked statement as a table of its own; Refused or KamError where it cannot be."""
    space = session.workspace()
    assert space
    others = [held.name for held in space.tables]
    return query.ask(space.reader(SECONDS), found.held.name, found.source.columns, sql, others)


def _answer(found: Exploring, sql: str) -> None:
    try:
        source = run(found, sql)
        frame = tables.read(source, (), "", None)
    except Refused as refused:
        _refused(sql, refused)
        return
    except KamError as error:
        _failed(sql, error)
        return
    n = len(frame)
    said = "explore.sql.capped" if n == MOST_ROWS else "explore.sql.rows"
    st.caption(words(said, n=numbers.full(n, session.lang(), "count")))
    result = _result(found, source, sql)
    tables.show_rows(result, frame, "sql_rows")
    tables.downloads("sql", lambda: tables.read(source, (), "", None, named=False), n)
    _chart(result, n)


def _result(found: Exploring, source: Source, sql: str) -> Exploring:
    """The result, explored like any table."""
    key = f"{found.key}\n{sql}"
    profiles = state.profile(key, source)
    columns = tuple((c.name, c.type) for c in source.columns)
    held = replace(found.held, path=found.held.path / str(hash(key)), columns=columns)
    suggested = tuple(suggest(profiles))
    return Exploring(held, source, profiles, suggested, (), suggested[0] if suggested else None)


def _chart(result: Exploring, n: int) -> None:
    if not result.suggested or n < 2:
        return
    questions = say.unique([say.question(ask) for ask in result.suggested])
    place = st.selectbox(
        words("explore.sql.draw"), range(len(questions)), format_func=lambda i: questions[i], key="sql_ask"
    )
    explore_ask.answered(result, result.suggested[place or 0], "sql", clickable=False)


def _refused(sql: str, refused: Refused) -> None:
    said = words(f"explore.sql.refused.{refused.key}", **_plain(refused.values))
    st.error(said)
    place = query.where(sql, refused.place)
    if place:
        line, column, text = place
        st.caption(words("explore.sql.at", line=line, column=column))
        st.code(f"{text}\n{' ' * (column - 1)}^", language=None)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {k: say.plain(shown(v, 160)) if isinstance(v, str) else v for k, v in values.items()}


def _failed(sql: str, error: KamError) -> None:
    if isinstance(error, TooLong):
        st.error(words("explore.sql.too_long", seconds=SECONDS))
        return
    said, line = query.engine_error(error)
    st.error(words("explore.sql.engine", said=say.plain(said)))
    lines = sql.splitlines()
    if line and line <= len(lines):
        st.caption(words("explore.sql.at_line", line=line))
        st.code(lines[line - 1], language=None)
