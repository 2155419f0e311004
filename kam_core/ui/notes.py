"""Notes on an account: what the next person should know, with who wrote it and when."""

from __future__ import annotations

import html
from uuid import uuid4

import streamlit as st

from kam_core.errors import KamError
from kam_core.state import Saved
from kam_core.text import numbers
from kam_core.ui import cards, session
from kam_core.ui.session import words

LONGEST = 2000


def card() -> None:
    """The notes of the account that is open. Everybody who may see the account reads them; authors delete their own."""
    account = str(st.session_state["account"])
    with cards.card("notes", words("page.account.notes")):
        try:
            _write(account)
            found = session.state().saved("note", session.person().key, about=account)
        except KamError as error:
            st.warning(words("saved.unavailable", why=str(error)))
            return
        if not found:
            st.caption(words("page.account.no_notes"))
        for note in sorted(found, key=lambda n: n.id, reverse=True):
            _shown(note)


def _write(account: str) -> None:
    if session.person().acting_for is not None:
        return
    with st.form("note", border=False, clear_on_submit=True):
        text = st.text_area(
            words("page.account.note"), key="note_text", max_chars=LONGEST, height=68, label_visibility="collapsed",
            placeholder=words("page.account.note"),
        )  # fmt: skip
        pressed = st.form_submit_button(words("page.account.add_note"))
    if pressed and text.strip():
        session.state().save(
            "note", uuid4().hex, session.person().key, {"text": text.strip()}, shared=True, about=account
        )


def _shown(note: Saved) -> None:
    who = session.person()
    author = words("saved.mine") if note.owner == who.key else note.owner
    when = numbers.moment(note.created_at.astimezone(), session.lang())
    with st.container(horizontal=True, key=f"note_{note.id}", wrap=False):
        st.html(
            f'<div class="kam-note"><span>{html.escape(author)} · {html.escape(when)}</span>'
            f"<p>{html.escape(note.body['text'])}</p></div>"
        )
        if note.owner == who.key and who.acting_for is None:
            st.button("✕", key=f"drop_note_{note.id}", help=words("saved.delete"), type="tertiary", on_click=_drop,
                      args=(note,))  # fmt: skip


def _drop(note: Saved) -> None:
    session.state().delete(note.kind, note.name, note.owner)
