"""Which table of ours a sheet is, and which of its columns is which of ours."""

from __future__ import annotations

import streamlit as st

from kam_core.schema import TABLES, Column
from kam_core.ui import cards, session
from kam_core.ui import upload_state as work
from kam_core.ui.session import words
from kam_core.ui.upload import MARKS, short
from kam_core.ui.upload_words import safe
from kam_core.uploads.upload import Sheet

EXAMPLES = 3


def mapping(sheet: Sheet) -> None:
    """The table, then each column of ours with the one of theirs that fills it; nothing has to be mapped."""
    with cards.card("mapping", words("page.upload.mapping")):
        _table(sheet)
        if sheet.table is None:
            st.caption(words("page.upload.not_mapped"))
            return
        if sheet.remembered:
            st.caption(words("page.upload.remembered"))
        if sheet.missing:
            names = ", ".join(f"**{label(TABLES[sheet.table].column(c))}**" for c in sheet.missing)
            st.warning(words("page.upload.missing", columns=names))
        columns = TABLES[sheet.table].columns
        first = [c for c in columns if c.required or c.name in sheet.columns]
        _pairs(sheet, first)
        others = [c for c in columns if c not in first]
        if others:
            with st.expander(words("page.upload.more_columns", n=len(others))):
                _pairs(sheet, others)
        unused = [h for h in sheet.look.headings if h not in sheet.columns.values()]
        if unused:
            st.caption(words("page.upload.unused", columns=", ".join(safe(short(h, 40)) for h in unused[:20])))


def _table(sheet: Sheet) -> None:
    likely = [p.table for p in sheet.proposals]
    options: list[str | None] = [*likely, *(t for t in TABLES if t not in likely), None]
    key = f"table_{sheet.look.id}"
    st.selectbox(
        words("page.upload.table"), options, options.index(sheet.table), key=f"{key}_{sheet.table}",
        format_func=lambda table: words(f"table.{table}") if table else words("page.upload.only_explore"),
        on_change=_taken, args=(sheet, f"{key}_{sheet.table}"), disabled=work.running() is not None, width=360,
        filter_mode="contains",
    )  # fmt: skip


def _taken(sheet: Sheet, key: str) -> None:
    sheet.take(st.session_state[key])
    _changed(sheet)


def _pairs(sheet: Sheet, columns: list[Column]) -> None:
    places = st.columns(2, gap="medium")
    for number, column in enumerate(columns):
        with places[number % 2]:
            _pair(sheet, column)


def _pair(sheet: Sheet, column: Column) -> None:
    """One column of ours: theirs, why it was taken, and what stands in it."""
    options: list[str | None] = [None, *sheet.look.headings]
    now = sheet.columns.get(column.name)
    if now is not None and now not in options:
        options.append(now)  # an expression of a mapping that was remembered
    key = f"column_{sheet.look.id}_{sheet.table}_{column.name}_{now}"
    why = _why(sheet, column, now)
    st.selectbox(
        f"{label(column)}{' *' if column.required else ''}", options, options.index(now), key=key,
        format_func=lambda heading: words("page.upload.no_column") if heading is None else short(heading, 60),
        on_change=_paired, args=(sheet, column.name, key), help=why, disabled=work.running() is not None,
        filter_mode="contains",
    )  # fmt: skip
    examples = _examples(sheet, now)
    if examples:
        st.caption(examples)


def _paired(sheet: Sheet, column: str, key: str) -> None:
    heading = st.session_state[key]
    if heading is None:
        sheet.columns.pop(column, None)
    else:
        sheet.columns[column] = heading
    _changed(sheet)


def _changed(sheet: Sheet) -> None:
    sheet.remembered = False
    upload = work.upload()
    upload.check = upload.own = None
    work.changed()
    work.remember(sheet)


def _why(sheet: Sheet, column: Column, heading: str | None) -> str | None:
    if heading is None:
        return None
    if sheet.remembered:
        return words("page.upload.why_remembered")
    for proposal in sheet.proposals:
        for pair in proposal.pairs if proposal.table == sheet.table else ():
            if (pair.column, pair.heading) == (column.name, heading):
                return f"{MARKS[pair.sure]} {safe(session.words(pair.why[0], **pair.why[1]))}"
    return words("page.upload.why_chosen")


def _examples(sheet: Sheet, heading: str | None) -> str:
    if heading not in sheet.look.headings:
        return ""
    place = sheet.look.headings.index(heading)
    values = dict.fromkeys(row[place].strip() for row in sheet.look.rows if place < len(row) and row[place].strip())
    shown = [safe(short(value, 24)) for value in list(values)[:EXAMPLES]]
    return words("upload.examples", examples=" · ".join(shown)) if shown else words("page.upload.empty_column")


def label(column: Column) -> str:
    """A column of ours as people call it: its name, in Chinese the first Chinese heading that it is known by."""
    name = column.heading(session.lang())
    return name if name != column.name else name.replace("_id", " no.").replace("_", " ").capitalize()
