"""The upload page: drop files, see what was understood, correct it."""

from __future__ import annotations

import html
import time
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from kam_core.schema import TABLES
from kam_core.text import numbers
from kam_core.text.i18n import LANGUAGES, has
from kam_core.ui import cards, session, states
from kam_core.ui import upload_state as work
from kam_core.ui.session import words
from kam_core.ui.upload_told import in_words
from kam_core.ui.upload_words import clean, safe
from kam_core.uploads.job import Job
from kam_core.uploads.upload import Assumption, Sheet, Upload

KINDS = ["csv", "tsv", "txt", "xlsx", "xlsm", "xls", "ods", "parquet", "zip"]
LONGEST_CELL = 200  # characters of a cell in a preview
TICK = 0.3  # seconds between two looks at how far the work is
MARKS = {"certain": ":blue[●]", "likely": ":gray[◐]", "ask": ":orange[**?**]"}
TOLD = ("mixed", "formulas")  # no choice: what was found is the news
SURE = ("ask", "likely", "certain")


def title() -> None:
    st.title(words("page.upload.title"), anchor=False)
    st.html(f'<p class="kam-sentence">{html.escape(words("page.upload.sentence"))}</p>')


def drop() -> None:
    """Where files are dropped; what was dropped before stays."""
    number = st.session_state.setdefault("_drops", 0)
    st.html(_dropzone())
    dropped = st.file_uploader(
        words("page.upload.drop"), KINDS, accept_multiple_files=True, key=f"drop_{number}",
        help=words("page.upload.drop_help"), label_visibility="collapsed",
    )  # fmt: skip
    if dropped:
        for file in dropped:
            work.upload().add(file.name, file)
            _out_of_memory(file)
        work.changed()
        del st.session_state[f"drop_{number}"]  # it holds the bytes, and a run may last as long as the reading
        st.session_state["_drops"] = number + 1  # an empty uploader for the next files
        st.rerun()


def _out_of_memory(file: Any) -> None:
    """Streamlit holds a dropped file in memory until the session ends; it is on disk now."""
    file.close()
    context = get_script_run_ctx()
    manager = context.uploaded_file_mgr if context else None
    if context and isinstance(manager, MemoryUploadedFileManager):
        manager.remove_file(context.session_id, file.file_id)


def _dropzone() -> str:
    """Streamlit's own words of the place to drop are English and cannot be set: ours stand in their place."""
    zone = '[data-testid="stFileUploaderDropzone"]'
    button, text = (html.escape(words(f"page.upload.{key}")).replace('"', "'") for key in ("choose", "drop_text"))
    return (
        f"<style>{zone} button > * {{ display: none; }} {zone} button::after {{ content: \"{button}\"; }}"
        f" {zone}Instructions > * {{ display: none; }} {zone}Instructions::after {{ content: \"{text}\"; }}</style>"
    ).replace(f"{zone}Instructions", '[data-testid="stFileUploaderDropzoneInstructions"]')


def files() -> None:
    """The files that are here, each with the way to take it back."""
    upload = session.upload()
    if upload is None or not upload.paths:
        return
    with st.container(horizontal=True, gap="xsmall", key="upload_files"):
        for number, path in enumerate(upload.paths):
            st.button(
                f"{safe(path.name)} ✕", key=f"remove_{number}_{path.name}", help=words("page.upload.remove"),
                on_click=_remove, args=(upload, number), disabled=work.running() is not None,
            )  # fmt: skip


def _remove(upload: Upload, number: int) -> None:
    upload.remove(upload.paths[number])
    work.changed()


def progress() -> DeltaGenerator | None:
    """What is being done, with the way to stop it; returns the place that `follow` keeps up to date."""
    problem = st.session_state.get("_job_problem")
    if problem:
        st.warning(safe(in_words(problem)))
        if st.session_state.get("_halted"):
            st.button(words("action.again"), key="again", on_click=work.changed)
    job = work.running()
    if job is None:
        return st.empty() if _is_check_put_off() else None
    with st.container(horizontal=True, vertical_alignment="center", key="upload_progress"):
        place = st.empty()
        _told(place, job)
        st.button(words("action.stop"), key="stop", on_click=job.stop)
    return place


def follow(place: DeltaGenerator | None) -> None:
    """With the whole page drawn, tell the progress until the work is done, then draw the page anew.

    By staying in this run, not by a fragment's timer: a last tick of a timer may arrive when the work's end has led to
    another page, and Streamlit then takes that page for the old one and empties it. A click ends the staying.
    """
    if place is None:
        return
    job = work.running()
    while job and not job.wait(TICK):
        _told(place, job)
    while job is None and _is_check_put_off():
        place.caption(words("page.upload.check_soon"))
        time.sleep(TICK)
    st.rerun()


def _is_check_put_off() -> bool:
    own = session.upload()
    return own is not None and work.is_check_put_off(own)


def _told(place: DeltaGenerator, job: Job) -> None:
    place.progress(job.share, words(job.step) if has(job.step) else words("upload.step.read"))


def problems() -> None:
    """Files that could not be read, each with its reason."""
    upload = session.upload()
    for problem in upload.problems if upload else []:
        st.error(safe(in_words(problem.sentence(session.lang()))))


def sheet() -> Sheet | None:
    """The sheet that is looked at, chosen where there are several."""
    upload = session.upload()
    if upload is None or not upload.sheets:
        return None
    ids = list(upload.sheets)
    if len(ids) == 1:
        return upload.sheets[ids[0]]
    chosen = st.selectbox(
        words("page.upload.sheet", n=len(ids)), ids, key="upload_sheet",
        format_func=lambda id: _sheet_name(upload.sheets[id]), filter_mode="contains",
    )  # fmt: skip
    return upload.sheets[chosen]


def _sheet_name(sheet: Sheet) -> str:
    table = words(f"table.{sheet.table}") if sheet.table else words("page.upload.only_explore")
    return f"{sheet.look.name} → {table}"


# --- what was understood


def understood(sheet: Sheet) -> None:
    """What was assumed and how sure that is, beside the rows that come of it and the raw text."""
    with cards.card("understood", words("page.upload.understood", sheet=sheet.look.name)):
        st.markdown(_summary(sheet))
        left, right = st.columns([2, 3], gap="medium")
        with left, st.container(key="assumptions", gap="small"):
            _assumptions(sheet)
        with right:
            _preview(sheet)


def _summary(sheet: Sheet) -> str:
    lang = session.lang()
    n = numbers.full(sheet.rows, lang, "count") if sheet.rows is not None else words("upload.not_counted")
    said = [words("page.upload.summary", rows=n, columns=len(sheet.look.headings))]
    said += [
        words("page.upload.left_out", n=numbers.full(count, lang, "count"), why=safe(_left_out(why)))
        for why, count in sheet.left_out.items()
    ]
    return " ".join(said)


def _assumptions(sheet: Sheet) -> None:
    """What is open stands first; what is certain can be looked up, and changed all the same."""
    placed = sorted(enumerate(sheet.look.assumptions), key=lambda one: SURE.index(one[1].sure))
    certain = [one for one in placed if one[1].sure == "certain"]
    for number, assumption in placed[: len(placed) - len(certain)]:
        _assumption(sheet, assumption, number)
    if certain:
        with st.expander(words("page.upload.certain", n=len(certain)), expanded=len(certain) == len(placed) <= 4):
            for number, assumption in certain:
                _assumption(sheet, assumption, number)


def _left_out(why: str) -> str:
    return words(why) if has(why) else why


def _assumption(sheet: Sheet, assumption: Assumption, number: int) -> None:
    """One thing taken for true: in words, with its control where it can be another."""
    label = words(f"upload.assumed.{assumption.key}") if has(f"upload.assumed.{assumption.key}") else assumption.key
    if assumption.column:
        label = f"{short(assumption.column)} · {label}"
    why = assumption.sentence(session.lang())
    if assumption.examples and assumption.key not in TOLD:
        why += " " + words("upload.examples", examples=", ".join(short(e, 40) for e in assumption.examples[:4]))
    choices = list(assumption.choices)
    if len(choices) < 2:
        is_told = assumption.key in TOLD
        value = safe(why) if is_told else f"**{safe(_value(assumption, assumption.value))}**"
        sentence = f"{MARKS[assumption.sure]} {safe(label)}{words('app.colon')}{value}"
        st.markdown(sentence, help=None if is_told else safe(why))
        return
    if assumption.value not in choices:
        choices.insert(0, assumption.value)
    key = f"assumed_{sheet.look.id}_{number}_{assumption.key}_{assumption.column}_{assumption.value!r}"
    box = st.container(border=assumption.sure == "ask", gap=None, key=f"box_{number}")
    with box:
        st.selectbox(
            f"{MARKS[assumption.sure]} {safe(label)}", choices, choices.index(assumption.value), key=key,
            format_func=lambda value: _value(assumption, value), help=None if assumption.sure == "ask" else safe(why),
            on_change=_corrected, args=(sheet, assumption, key), disabled=work.running() is not None,
        )  # fmt: skip
        if assumption.sure == "ask":
            st.caption(safe(why))


def _corrected(sheet: Sheet, assumption: Assumption, key: str) -> None:
    work.upload().correct(sheet.look.id, assumption.key, assumption.column, st.session_state[key])
    work.changed()


def _value(assumption: Assumption, value: Any) -> str:
    """A value of the format as people say it."""
    if isinstance(value, bool):
        return words("app.yes") if value else words("app.no")
    if has(f"upload.value.{value}"):
        return words(f"upload.value.{value}")
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value) or "–"
    return {",": ", ,", "\t": "Tab", ";": ";", "|": "|", " ": "␣", None: "–", "": "–"}.get(value, str(value))


def _preview(sheet: Sheet) -> None:
    table, raw = st.tabs([words("page.upload.as_table"), words("page.upload.as_file")])
    with table:
        st.dataframe(
            pd.DataFrame(
                [[clean(cell, LONGEST_CELL) for cell in row] for row in sheet.look.rows[:50]],
                columns=_unlike([clean(heading, LONGEST_CELL) for heading in sheet.look.headings]),
            ),
            hide_index=True, height=min(330, 35 * (len(sheet.look.rows) + 1) + 3), key="preview", placeholder="",
            alt=words("page.upload.understood", sheet=sheet.look.name),
        )  # fmt: skip
    with raw:
        st.code("\n".join(clean(line, 500) for line in sheet.look.raw), language=None, height=330, line_numbers=True)


def short(text: str, longest: int = 60) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _unlike(headings: list[str]) -> list[str]:
    """Headings that became alike get a number, as a table's columns must differ."""
    return [h if headings.index(h) == n else f"{h} ({n + 1})" for n, h in enumerate(headings)]


# --- templates


def templates() -> None:
    """An empty file with the right headings for every table, in both languages; they load without a question."""
    with st.expander(words("page.upload.templates")):
        st.caption(words("page.upload.templates_why"))
        for lang in LANGUAGES:
            with st.container(horizontal=True, gap="xsmall", key=f"templates_{lang}"):
                for table in TABLES:
                    states.template(table, lang)
