"""Rows that cannot be taken: how many and why, each bad cell to be corrected where it stands."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from kam_core.text import numbers
from kam_core.ui import cards, session
from kam_core.ui import upload_state as work
from kam_core.ui.cards import Table
from kam_core.ui.session import words
from kam_core.ui.upload_reasons import in_words
from kam_core.ui.upload_told import in_words as told
from kam_core.ui.upload_words import labels, safe
from kam_core.uploads.upload import Check, Refusal, Sheet, Upload

SHOWN = 200  # rows of the repair table; the rest follows when these are corrected
CONTEXT = 6  # other columns of the row that are shown beside the bad cell


def rows(sheet: Sheet) -> None:
    """What a load would take and refuse of all mapped sheets, and the refused cells of this one."""
    upload = work.upload()
    check = upload.check
    if check is None:
        return
    with cards.card("rows", words("page.upload.rows")):
        for table, n in check.counts.items():
            st.markdown(_sentence(table, n))
        for note in check.notes:
            st.caption(safe(told(note)))
        if not check.reasons:
            st.markdown(words("page.upload.all_taken"))
            return
        _reasons(check)
        _repair(upload, sheet, [r for r in check.refused if r.sheet == sheet.look.id])
        _all_refused(upload, check)


def _sentence(table: str, n: dict[str, int]) -> str:
    said = {key: numbers.full(value, session.lang(), "count") for key, value in n.items()}
    text = words("page.upload.counts", table=words(f"table.{table}"), **said)
    return text + (words("page.upload.counts_left_out", n=said["left_out"]) if n["left_out"] else "")


def _reasons(check: Check) -> None:
    lang = session.lang()
    lines = [
        f"- **{numbers.full(n, lang, 'count')}** × {_column(table, column)}{words('app.colon')}{safe(in_words(reason))}"
        for table, column, reason, n in check.reasons[:8]
    ]
    if len(check.reasons) > 8:
        lines.append(f"- {words('page.upload.more_reasons', n=len(check.reasons) - 8)}")
    st.markdown("\n".join(lines))


def _column(table: str, column: str) -> str:
    return labels(table, column) or words("page.upload.row")


# --- correcting


def _repair(upload: Upload, sheet: Sheet, refused: list[Refusal]) -> None:
    """One line per bad cell: it is marked, what should stand there is written beside it."""
    cells = [r for r in refused if r.heading is not None and r.line is not None][:SHOWN]
    if not cells:
        if refused:
            st.caption(words("page.upload.not_to_mend"))
        return
    frame = _frame(upload, sheet, cells)
    key = f"repair_{sheet.look.id}_{id(upload.check)}"
    correct = words("column.correct_to")
    st.markdown(words("page.upload.repair", n=len(cells)))
    st.data_editor(
        frame.style.apply(_marked, axis=None, cells=cells), key=key, hide_index=True, num_rows="fixed",
        disabled=[c for c in frame.columns if c != correct], placeholder="",
        height=min(420, 35 * (len(frame) + 1) + 3),
        column_config={
            words("column.line"): st.column_config.NumberColumn(width=80, pinned=True, format="%d"),
            words("column.wrong"): st.column_config.TextColumn(width="large"),
            correct: st.column_config.TextColumn(correct, pinned=True, width=180),
        },
    )  # fmt: skip
    edits = st.session_state[key]["edited_rows"] if key in st.session_state else {}
    written = {place: row[correct] for place, row in edits.items() if row.get(correct) is not None}
    again = words("page.upload.check_again", n=len(written)) if written else words("page.upload.check")
    st.button(
        again, key="check_again", type="primary", on_click=_mend,
        args=(upload, sheet, cells, written), disabled=not written or work.running() is not None,
    )  # fmt: skip


def _mend(upload: Upload, sheet: Sheet, cells: list[Refusal], written: dict[Any, str]) -> None:
    for place, text in written.items():
        cell = cells[int(place)]
        assert cell.line is not None and cell.heading is not None
        upload.mend(sheet.look.id, cell.line, cell.heading, text)
    work.changed()


def _frame(upload: Upload, sheet: Sheet, cells: list[Refusal]) -> pd.DataFrame:
    """Line, the place for the right text, reason, then the row as the file has it, bad columns first."""
    whole = upload.rows_of(cells, sheet)
    bad = list(dict.fromkeys(c.heading for c in cells if c.heading))
    mapped = [h for h in sheet.columns.values() if h in sheet.look.headings and h not in bad]
    context = [*bad, *dict.fromkeys(mapped)][: max(CONTEXT, len(bad))]
    corrected = sheet.cells
    records = []
    for cell in cells:
        assert cell.line is not None and cell.heading is not None
        row: dict[str, Any] = {cell.heading: cell.value, **whole.get(cell.line, {}), **corrected.get(cell.line, {})}
        fixed = {
            words("column.line"): cell.line,
            words("column.correct_to"): None,
            words("column.wrong"): f"{cell.heading}{words('app.colon')}{in_words(cell.reason)}",
        }
        records.append(fixed | {_beside(heading, fixed): row.get(heading) for heading in context})
    frame = pd.DataFrame(records)
    return frame.astype({words("column.correct_to"): "str", words("column.line"): "int64"})


def _beside(heading: str, fixed: dict[str, Any]) -> str:
    return heading if heading not in fixed else f"{heading} "


def _marked(frame: pd.DataFrame, cells: list[Refusal]) -> pd.DataFrame:
    """The bad cells in the colour of what is bad, with a line under them, not by colour alone."""
    look = session.colours()
    styles = pd.DataFrame("", index=frame.index, columns=frame.columns)
    for place, cell in enumerate(cells):
        for name in (cell.heading, f"{cell.heading} "):
            if name in styles.columns:
                styles.loc[styles.index[place], name] = (
                    f"background-color: {look.bad}33; color: {look.bad_text}; font-weight: 700"
                )
    return styles


# --- what is refused, to take along


def _all_refused(upload: Upload, check: Check) -> None:
    table = refused_table(check)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        total = sum(n for *_, n in check.reasons)
        st.caption(words("page.upload.refused_files", n=numbers.full(len(table.frame), session.lang(), "count"),
                         of=numbers.full(total, session.lang(), "count")))  # fmt: skip
        cards.downloads("refused_rows", words("page.upload.rows"), table)


def refused_table(check: Check) -> Table:
    """Each refused row with where it stands and why."""
    frame = pd.DataFrame(
        [
            {
                "file": r.sheet, "line": r.line, "table": words(f"table.{r.table}"),
                "column": r.heading or _column(r.table, r.column), "value": r.value, "wrong": in_words(r.reason),
            }
            for r in check.refused
        ]
    )  # fmt: skip
    return Table(frame, {"line": "count"})
