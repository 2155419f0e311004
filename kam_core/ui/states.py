"""Pages with nothing to show say what is missing, why, and what to do."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import Any, Literal

import streamlit as st

from kam_core.errors import DamagedData, KamError, numbered
from kam_core.schema import TABLES
from kam_core.text import numbers
from kam_core.text.i18n import t
from kam_core.text.sentence import what
from kam_core.ui import address, session
from kam_core.ui.session import words

UPLOAD = "pages/data/upload.py"


def no_warehouse() -> None:
    """Nothing is loaded yet: how to begin, with the template of the one table that is needed."""
    st.title(words("empty.no_warehouse_title"), anchor=False)
    st.write(words("empty.no_warehouse_why"))
    st.info(words("empty.no_warehouse_do"))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="begin"):
        if st.button(words("empty.no_warehouse_bring"), type="primary", key="bring"):
            st.switch_page(UPLOAD, query_params=address.chosen())
        template("orders")
    st.caption(words("empty.no_warehouse_commands"))


def lost() -> None:
    """There were data, and none of them can be read."""
    st.title(words("empty.lost_title"), anchor=False)
    st.write(words("empty.lost_why"))
    st.info(words("empty.lost_do"))


def older_data() -> None:
    """On top of every page while an earlier load is served, because the last one cannot be read."""
    found = session.snapshot()
    if found and found.fallback_reason:
        loaded = numbers.moment(found.created_at.astimezone(), session.lang())
        st.warning(words("empty.older_data", loaded=loaded))


def other_version() -> None:
    """The product was updated after the data were built: one command builds them anew."""
    st.title(words("empty.other_version_title"), anchor=False)
    st.write(words("empty.other_version_why"))
    st.info(words("empty.other_version_do"))


def no_rows(table: str = "orders") -> None:
    """Nothing to show: the table that the page is made of is not loaded, or the filters or the period leave nothing."""
    view = session.view()
    with st.container(border=True, key="no_rows"):
        if not session.facts().has(table):
            _not_loaded(table, words("empty.page_needs", table=words(f"table.{table}")))
            return
        if not view.filters.items():
            st.subheader(words("empty.no_period_title"), anchor=False)
            st.write(words("empty.no_period_do"))
            return
        st.subheader(words("empty.no_rows_title"), anchor=False)
        st.write(words("empty.no_rows_why", what=what(view, session.lang(), session.names())))
        st.write(words("empty.no_rows_do"))
        st.button(words("filter.reset"), on_click=reset, type="primary", key="reset")


def nothing_to_hand_over() -> None:
    """Nobody has left with accounts still held, or the one chosen holds none in view."""
    with st.container(border=True, key="no_handover"):
        st.subheader(words("empty.no_handover_title"), anchor=False)
        st.write(words("empty.no_handover_do"))


def no_right(page: str) -> None:
    """A page that is not for everybody, opened by its address."""
    st.title(words("empty.no_right_title"), anchor=False)
    st.write(words("empty.no_right_why", what=page))
    st.write(words("empty.no_right_do"))


def not_loaded(table: str, shows: str) -> None:
    """An optional table is absent: what it would show, or which question it would answer, and its template."""
    _not_loaded(table, _wanted(shows))


def no_places(question: str) -> None:
    """Regions and industries are not known, or there is nothing to divide among them."""
    if session.facts().has("orders") and session.facts().has("accounts"):
        _missing(words("empty.no_places_title"), "accounts", _wanted(question))
    else:
        not_loaded("accounts" if session.facts().has("orders") else "orders", question)


def _wanted(shows: str) -> str:
    return words("empty.would_answer" if shows.endswith(("?", "？")) else "empty.not_loaded_why", what=shows)


def _not_loaded(table: str, why: str) -> None:
    _missing(words("empty.not_loaded_title", table=words(f"table.{table}")), table, why)


def _missing(title: str, table: str, why: str) -> None:
    st.markdown(f"**{title}**")
    st.caption(words("empty.not_loaded_do", why=why))
    template(table, place=why)


def template(table: str, lang: str | None = None, place: str = "") -> None:
    """A file with the right headings, ready to be filled; in the reader's language or in `lang`. `place` tells it apart
    from another one on the page.
    """
    lang = lang or session.lang()
    name = t(lang, f"table.{table}")
    st.download_button(
        t(lang, "action.template", table=name), _headings(table, lang), f"{table if lang == 'en' else name}.csv",
        "text/csv", key=f"template_{table}_{lang}{place}", on_click="ignore",
    )  # fmt: skip


@contextmanager
def guarded(where: str) -> Iterator[None]:
    """What goes wrong inside is told plainly; data that turn out to be damaged give way to the load before.

    A part that is drawn alone (a fragment, a dialog) needs its own: nothing around it is running then.
    """
    try:
        yield
    except Exception as error:  # anything: the reader gets a plain sentence, the log the rest
        if isinstance(error, DamagedData) and session.gave_way():
            numbered(where, error)
            st.rerun()
        failed(error, where)


def dialog(title: str, draw: Callable[..., None], *args: Any, width: Literal["small", "medium"] = "small") -> None:
    """Open what `draw` draws over the page."""
    @wraps(draw)
    def alone() -> None:
        with guarded(title):
            draw(*args)

    st.dialog(title, width=width)(alone)()


def failed(error: Exception, where: str) -> None:
    """What could not be done, in its own words where it has any; else without its machinery, which is in the log."""
    if isinstance(error, KamError):
        st.error(str(error))
        return
    number = numbered(where, error)
    st.error(f"{words('error.title')}. {words('error.do', time=f'{datetime.now():%Y-%m-%d %H:%M}', number=number)}")


def reset() -> None:
    """Take all filters away; period and language stay."""
    for key in (*address.LISTS, *address.PLACE):
        st.session_state[key] = [] if key in address.LISTS else None
    address.touched()


def _headings(table: str, lang: str) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(column.heading(lang) for column in TABLES[table].stored)
    return out.getvalue().encode("utf-8-sig")
