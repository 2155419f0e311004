"""The explore page: which table of this session's upload is looked at, which of its rows, and in which way."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from kam_core.explore.filters import Filter
from kam_core.explore.profile import Profile
from kam_core.explore.source import shown
from kam_core.text import numbers
from kam_core.ui import address, session, states
from kam_core.ui import explore_state as state
from kam_core.ui import explore_words as say
from kam_core.ui.explore_state import Exploring
from kam_core.ui.session import words

LISTED = 200  # values of a column that can be ticked
CHIP = 60  # characters of a filter


def exploring() -> Exploring | None:
    """What is explored; None where nothing was uploaded yet."""
    space = session.workspace()
    return state.current(space) if space and space.tables else None


def title(found: Exploring | None) -> None:
    """The title, and what is being looked at."""
    st.title(words("page.explore.title"), anchor=False)
    if found is None:
        return
    said = words(
        "page.explore.sentence",
        name=shown(found.held.title, 80),
        rows=numbers.full(found.held.rows, session.lang(), "count"),
        columns=len(found.source.columns),
    )
    private = words("page.explore.private")
    st.html(f'<p class="kam-sentence">{html.escape(said)}<span>{html.escape(private)}</span></p>')


def nothing() -> None:
    """Nothing was uploaded in this session."""
    with st.container(border=True, key="no_upload"):
        st.subheader(words("page.explore.nothing_title"), anchor=False)
        st.write(words("page.explore.nothing_why"))
        if states.UPLOAD in st.session_state.get("_paths", {}).values():
            st.page_link(states.UPLOAD, label=words("page.explore.nothing_do"), query_params=address.chosen())


def bar(found: Exploring) -> None:
    """Which table, which rows of it, and how to look at them."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="explore_bar", gap="small"):
        _tables(found)
        _looks()
    with st.container(horizontal=True, vertical_alignment="center", key="explore_chips", gap="xsmall"):
        _chips(found)


def _tables(found: Exploring) -> None:
    space = session.workspace()
    tables = {held.name: held.title for held in space.tables} if space else {}
    if len(tables) < 2:
        return
    titles = dict(zip(tables, say.unique([shown(t, 60) for t in tables.values()]), strict=True))

    def chosen() -> None:
        st.session_state["table"], st.session_state["ask"] = st.session_state["explore_table"], ""
        st.session_state["filters"] = ""
        address.touched()

    st.session_state["explore_table"] = found.held.name
    st.selectbox(words("page.explore.table"), list(tables), format_func=titles.__getitem__, key="explore_table",
                 on_change=chosen, width=320)  # fmt: skip


def _looks() -> None:
    st.session_state["explore_look"] = state.look()
    looks = [look for look in state.LOOKS if look != "sql" or session.person().may("sql")]
    st.segmented_control(
        words("page.explore.look.label"), looks, key="explore_look", required=True, label_visibility="collapsed",
        format_func=lambda look: words(f"page.explore.look.{look}"),
        on_change=lambda: state.go(st.session_state["explore_look"]),
    )  # fmt: skip


# --- filters


def _chips(found: Exploring) -> None:
    """The filters in force, each with the button that takes it off."""
    columns = found.source.columns
    names = say.columns(found)
    for place, filter_ in enumerate(found.filters):
        label = say.chip(filter_, names, found.profile(filter_.column).kind)
        st.button(
            f"{say.plain(shown(label, CHIP))} ✕", key=f"chip_{place}",
            on_click=lambda gone=filter_: state.keep(columns, [f for f in found.filters if f != gone]),
        )  # fmt: skip
    if st.button(words("page.explore.add_filter"), key="add_filter", type="tertiary"):
        states.dialog(words("page.explore.add_filter"), _add_filter, found)
    if found.filters:
        st.button(words("filter.reset"), key="no_filters", type="tertiary", on_click=lambda: state.keep(columns, []))
        n = state.count(found.key, found.source, found.filters)
        left, whole = (numbers.full(v, session.lang(), "count") for v in (n, found.held.rows))
        st.caption(words("page.explore.rows_left", n=left, of=whole))
        if state.look() != "rows":
            see = words("page.explore.see_rows")
            st.button(see, key="see_rows", type="tertiary", on_click=lambda: state.go("rows"))


def _add_filter(found: Exploring) -> None:
    """Choose a column, then which of its values."""
    names = say.columns(found)
    order = {"name": 0, "yes_no": 1, "date": 2}
    columns = [p.name for p in sorted(found.profiles, key=lambda p: order.get(p.kind, 3))]
    name = st.selectbox(words("page.explore.column"), columns, format_func=names.__getitem__, key="filter_column")
    profile = found.profile(name)
    kinds = _kinds_of(profile)
    kind = st.segmented_control(
        words("page.explore.filter.label"), kinds, key=f"filter_kind_{profile.column.family}", required=True,
        default=kinds[0], format_func=lambda k: words(f"page.explore.filter.{k}"), label_visibility="collapsed",
    )  # fmt: skip
    values = _values(found, profile, kind or kinds[0])
    if st.button(words("page.explore.apply"), type="primary", key="filter_apply", disabled=values is None):
        state.keep(found.source.columns, [*found.filters, Filter(name, kind or kinds[0], values or ())])
        st.rerun()


def _kinds_of(profile: Profile) -> list[str]:
    first = ["between"] if profile.column.family in ("number", "date") and profile.known else []
    text = ["contains"] if profile.column.family == "text" else []
    return [*first, "is", "not", *text, "missing", "present"]


def _values(found: Exploring, profile: Profile, kind: str) -> tuple[str | None, ...] | None:
    """What the reader chose; None where that is nothing yet."""
    if kind in ("missing", "present"):
        return ()
    if kind == "contains":
        text = st.text_input(words("page.explore.filter.contains"), key="filter_text", max_chars=200)
        return (text,) if text else None
    if kind == "between":
        return _days(profile) if profile.column.family == "date" else _limits(profile)
    known = state.values(found.key, found.source, profile.name)
    options: list[Any] = [text for text, _ in known]
    shown = say.unique([f"{say.value(v)} · {numbers.full(n, session.lang(), 'count')}" for v, n in known])
    places = st.multiselect(
        words("page.explore.values"), range(len(options)), format_func=lambda n: shown[n], key="filter_values",
        placeholder=words("page.explore.choose"),
    )  # fmt: skip
    if len(known) == LISTED:
        st.caption(words("page.explore.only_first", n=LISTED))
    return tuple(options[n] for n in places) or None


def _days(profile: Profile) -> tuple[str | None, ...] | None:
    first, last = state.day(profile.least), state.day(profile.most)
    chosen = st.date_input(
        words("page.explore.days"), (first, last), min_value=first, max_value=last, format="YYYY-MM-DD",
        key=f"filter_days_{profile.name[:40]}",
    )  # fmt: skip
    ends: Sequence[date] = chosen if isinstance(chosen, tuple) else ()
    return tuple(d.isoformat() for d in ends) if len(ends) == 2 else None


def _limits(profile: Profile) -> tuple[str | None, ...] | None:
    low, high = st.columns(2)
    percent = profile.kind == "percent"
    ends = [
        place.number_input(words(f"page.explore.{name}"), value=None, key=f"filter_{name}",
                           placeholder=say.full(end, "percent" if percent else "number"))
        for place, name, end in ((low, "least", profile.least), (high, "most", profile.most))
    ]  # fmt: skip
    if percent:
        st.caption(words("page.explore.fractions"))
    return tuple(repr(e) if e is not None else None for e in ends) if any(e is not None for e in ends) else None
