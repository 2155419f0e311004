"""Which table of ours a sheet is, and which of its columns is which of ours."""

from __future__ import annotations

import streamlit as st

from kam_core.errors import KamError
from kam_core.schema import TABLES, Column
from kam_core.ui import cards, session
from kam_core.ui import upload_state as work
from kam_core.ui.session import words
from kam_core.ui.upload import MARKS, short
from kam_core.ui.upload_words import label, safe
from kam_core.uploads import headers
from kam_core.uploads.upload import Sheet

EXAMPLES = 3


def mapping(sheet: Sheet) -> None:
    """The table, then each column of ours with the one of theirs that fills it; nothing has to be mapped."""
    with cards.card("mapping", words("page.upload.mapping")):
        _table(sheet)
        if sheet.table is None:
            lines = work.upload().lines_of(sheet)
            names = ", ".join(safe(other.look.name) for other in lines)
            st.caption(words("page.upload.is_header", lines=names) if lines else _not_mapped(sheet))
            return
        if sheet.remembered:
            st.caption(words("page.upload.remembered"))
        if sheet.missing:
            names = ", ".join(f"**{label(TABLES[sheet.table].column(c))}**" for c in sheet.missing)
            st.warning(words("page.upload.missing", columns=names))
        if sheet.missing or sheet.header:
            _header(sheet)
        columns = TABLES[sheet.table].columns
        first = [c for c in columns if c.required or c.name in sheet.columns]
        _pairs(sheet, first)
        others = [c for c in columns if c not in first]
        if others:
            with st.expander(words("page.upload.more_columns", n=len(others))):
                if not (sheet.missing or sheet.header):
                    _header(sheet)
                _pairs(sheet, others)
        st.caption(words("page.upload.formula"))
        unused = [h for h in sheet.look.headings if h not in sheet.columns.values()]
        if unused:
            st.caption(words("page.upload.unused", columns=", ".join(safe(short(h, 40)) for h in unused[:20])))


def _not_mapped(sheet: Sheet) -> str:
    """That it need not be mapped, and what it would need to be the table that it is most like."""
    likely = next((p for p in sheet.proposals if p.missing), None)
    table, missing = (likely.table, likely.missing) if likely else ("orders", TABLES["orders"].required)
    columns = ", ".join(label(TABLES[table].column(c)) for c in missing)
    lacks = words("page.upload.lacks", table=words(f"table.{table}"), columns=columns)
    return f"{words('page.upload.not_mapped')} {lacks}"


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


def _header(sheet: Sheet) -> None:
    """Where rows, mostly order lines, take what they lack: another sheet, and the columns by which both are matched."""
    others = [other for other in work.upload().sheets.values() if other is not sheet]
    if not others:
        return
    now = sheet.header
    sheets, ours, theirs = st.columns(3, gap="medium")
    ids: list[str | None] = [None, *(other.look.id for other in others)]
    key = f"header_{sheet.look.id}"
    state = f"{now.sheet.look.id}_{now.key}_{now.their_key}" if now else ""
    with sheets:
        st.selectbox(
            words("page.upload.header"), ids, ids.index(now.sheet.look.id if now else None), key=f"{key}_{state}",
            format_func=lambda id: work.upload().sheets[id].look.name if id else words("page.upload.no_header"),
            on_change=_header_taken, args=(sheet, f"{key}_{state}", "sheet"), disabled=work.running() is not None,
            help=words("page.upload.header_help"), filter_mode="contains",
        )  # fmt: skip
    if now is None:
        return
    for place, name, part, heading in ((ours, "key", sheet, now.key), (theirs, "their_key", now.sheet, now.their_key)):
        with place:
            st.selectbox(
                words("page.upload.header_key", sheet=part.look.name), part.look.headings,
                part.look.headings.index(heading), key=f"{key}_{name}_{state}",
                on_change=_header_taken, args=(sheet, f"{key}_{name}_{state}", name),
                disabled=work.running() is not None, filter_mode="contains",
            )  # fmt: skip
    st.caption(f"{MARKS[now.sure]} {safe(words(now.why[0], **now.why[1]))}")


def _header_taken(sheet: Sheet, key: str, what: str) -> None:
    chosen, now = st.session_state[key], sheet.header
    if what == "sheet":
        headers.take(sheet, work.upload().sheets[chosen] if chosen else None)
    elif now:
        keys = {"key": now.key, "their_key": now.their_key, what: chosen}
        headers.take(sheet, now.sheet, **keys)
    _changed(sheet)


def _pairs(sheet: Sheet, columns: list[Column]) -> None:
    for start in range(0, len(columns), 2):  # a row at a time: on a narrow screen the required ones stay first
        for place, column in zip(st.columns(2, gap="medium"), columns[start:start + 2], strict=False):
            with place:
                _pair(sheet, column)


def _pair(sheet: Sheet, column: Column) -> None:
    """One column of ours: theirs, why it was taken, and what stands in it."""
    options: list[str | None] = [None, *sheet.headings]
    now = sheet.columns.get(column.name)
    if now is not None and now not in options:
        options.append(now)  # a formula
    key = f"column_{sheet.look.id}_{sheet.table}_{column.name}_{now}"
    why = _why(sheet, column, now)
    st.selectbox(
        f"{label(column)}{' *' if column.required else ''}", options, options.index(now), key=key,
        format_func=lambda heading: _said(sheet, heading),
        on_change=_paired, args=(sheet, column.name, key), help=why, disabled=work.running() is not None,
        filter_mode="contains", accept_new_options=True,
    )  # fmt: skip
    examples = _examples(sheet, now)
    if examples:
        st.caption(examples)


def _said(sheet: Sheet, heading: str | None) -> str:
    """A heading of theirs, and where it stands if not in the sheet itself."""
    if heading is None:
        return words("page.upload.no_column")
    if sheet.header and heading in sheet.headings and heading not in sheet.look.headings:
        return f"{short(heading, 40)} · {sheet.header.sheet.look.name}"
    return short(heading, 60)


def _paired(sheet: Sheet, column: str, key: str) -> None:
    try:
        sheet.pair(column, st.session_state[key])
    except KamError as error:
        st.session_state[key] = sheet.columns.get(column)
        st.toast(safe(str(error)))
        return
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
    if heading not in sheet.headings:
        return ""
    look = sheet.look if heading in sheet.look.headings or sheet.header is None else sheet.header.sheet.look
    place = look.headings.index(heading)
    values = dict.fromkeys(row[place].strip() for row in look.rows if place < len(row) and row[place].strip())
    shown = [safe(short(value, 24)) for value in list(values)[:EXAMPLES]]
    return words("upload.examples", examples=" · ".join(shown)) if shown else words("page.upload.empty_column")
