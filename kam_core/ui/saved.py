"""Things kept under a name: views of the sidebar, drafts of the policy, plans of a handover."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import streamlit as st

from kam_core.errors import KamError
from kam_core.state import Saved
from kam_core.text import numbers
from kam_core.ui import address, session, states
from kam_core.ui.session import words

Body = dict[str, Any]
LANGUAGE = "lang"  # a view is opened in the language of who opens it
OPENED, SAID = "_shelf_opened", "_shelf_said"  # what a click did, for the run that follows it


# --- views


def views(page: str) -> None:
    """The sidebar's button: keep what is being looked at, and open what was kept."""
    if st.button(words("saved.view_button"), key="views", type="tertiary"):
        body = {"page": page, "params": {k: v for k, v in address.here(page).items() if k != LANGUAGE}}
        states.dialog(words("saved.view_title"), shelf, "view", body, _open_view, _doubt)


def go() -> None:
    """Go where the view leads that was opened in the last run."""
    st.session_state.pop(OPENED, None)
    body = st.session_state.pop("_open_view", None)
    path = st.session_state["_paths"].get((body or {}).get("page") or "overview")
    if body and path:
        params = dict(body["params"])
        if session.lang() != session.default_lang():
            params[LANGUAGE] = [session.lang()]
        st.switch_page(path, query_params=params)


def _open_view(body: Body) -> None:
    st.session_state["_open_view"] = body


def _doubt(body: Body) -> str:
    """What is to be said of a view before it is opened: that its page or a part of its filter is not to be had."""
    if (body["page"] or "overview") not in st.session_state["_paths"]:
        return words("saved.no_page")
    names = session.names()
    hidden = any(v not in names.get(key, {}) for key in address.LISTS for v in body["params"].get(key, []))
    return words("saved.partly") if hidden else ""


# --- the shelf: what was kept of one kind, and a place for one more


def button(kind: str, body: Callable[[], Body], open_: Callable[[Body], None]) -> None:
    """A button that opens the shelf of a kind; `body` is what would be kept now."""
    if st.button(words(f"saved.{kind}_button"), key=f"shelf_{kind}"):
        states.dialog(words(f"saved.{kind}_title"), shelf, kind, body(), open_)


def shelf(
    kind: str, body: Body, open_: Callable[[Body], None], doubt: Callable[[Body], str] = lambda _body: ""
) -> None:
    """Keep `body` under a name, open what was kept, delete one's own. `doubt` says what to know before opening one."""
    if st.session_state.get(OPENED):
        st.rerun()  # what was opened is on the page, not in this dialog
    try:
        if session.person().acting_for is None:  # who looks as somebody else changes nothing of theirs
            _keep(kind, body)
        found = session.state().saved(kind, session.person().key)
    except KamError as error:
        st.warning(words("saved.unavailable", why=str(error)))
        return
    if not found:
        st.caption(words(f"saved.{kind}_none"))
    for one in found:
        _row(one, open_, doubt(one.body))


def _keep(kind: str, body: Body) -> None:
    with st.form(f"keep_{kind}", border=False, clear_on_submit=True, enter_to_submit=True):
        st.text_input(words("saved.name"), max_chars=120, key=f"keep_{kind}_name")
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.checkbox(words("saved.share"), key=f"keep_{kind}_shared", help=words("saved.share_help"))
            st.form_submit_button(words("saved.keep"), type="primary", on_click=_save, args=(kind, body))
    said = st.session_state.pop(SAID, "")
    if said:
        st.caption(said)


def _save(kind: str, body: Body) -> None:
    name = str(st.session_state[f"keep_{kind}_name"])
    if not name.strip():
        st.session_state[SAID] = words("saved.needs_name")
        return
    shared = bool(st.session_state[f"keep_{kind}_shared"])
    _tried(lambda: session.state().save(kind, name, session.person().key, body, shared))


def _row(one: Saved, open_: Callable[[Body], None], doubt: str) -> None:
    mine = one.owner == session.person().key and session.person().acting_for is None
    with st.container(horizontal=True, vertical_alignment="center", key=f"kept_{one.id}", wrap=False):
        st.html(f'<div class="kam-kept"><b>{html.escape(one.name)}</b><span>{html.escape(_about(one))}</span></div>')
        st.button(words("saved.open"), key=f"open_{one.id}", on_click=_open, args=(one.body, open_))
        if mine:
            st.button("✕", key=f"drop_{one.id}", help=words("saved.delete"), type="tertiary", on_click=_delete,
                      args=(one,))  # fmt: skip
    if doubt:
        st.caption(doubt)


def _open(body: Body, open_: Callable[[Body], None]) -> None:
    st.session_state[OPENED] = True
    open_(body)


def _delete(one: Saved) -> None:
    _tried(lambda: session.state().delete(one.kind, one.name, one.owner))


def _tried(change: Callable[[], object]) -> None:
    try:
        change()
        st.session_state[SAID] = words("saved.done")
    except KamError as error:
        st.session_state[SAID] = words("saved.unavailable", why=str(error))


def _about(one: Saved) -> str:
    """Whose it is, whether others see it, and of when it is."""
    owner = words("saved.mine") if one.owner == session.person().key else one.owner
    shared = words("saved.shared") if one.shared else words("saved.own")
    return " · ".join((owner, shared, numbers.moment(one.changed_at.astimezone(), session.lang())))
