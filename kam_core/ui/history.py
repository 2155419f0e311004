"""What was loaded, when and by whom, and the way back: with the figures before and after, before it is done."""

from __future__ import annotations

import html
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.errors import KamError
from kam_core.text import numbers
from kam_core.text.i18n import join
from kam_core.ui import cards, session, upload_next
from kam_core.ui import upload_state as work
from kam_core.ui.cards import Table
from kam_core.ui.session import words
from kam_core.ui.upload_words import safe
from kam_core.uploads import publish
from kam_core.uploads.job import Job
from kam_core.uploads.publish import Return
from kam_core.warehouse.snapshots import Snapshot

UNITS = {"loaded_at": "moment", "added": "count", "updated": "count", "refused": "count"}


def title() -> None:
    st.title(words("page.history.title"), anchor=False)
    st.html(f'<p class="kam-sentence">{html.escape(words("page.history.sentence"))}</p>')


def loads() -> None:
    """Every state that is kept, newest first; a ticked one opens what it changed."""
    kept = session.store().list()
    if not kept:
        st.info(words("page.history.nothing"))
        return
    table = Table(_frame(kept), UNITS)
    with cards.card("loads", words("page.history.loads"), table):
        cards.show(
            "history_table", table, words("page.history.loads"), height=min(380, 35 * (len(kept) + 1) + 3),
            on_select="rerun", selection_mode="single-row",
        )  # fmt: skip


def _frame(kept: list[Snapshot]) -> pd.DataFrame:
    return pd.DataFrame([_row(snapshot, _state(snapshot)) for snapshot in kept])


def _state(snapshot: Snapshot) -> str:
    """Whether what was loaded is in the data now: a company's own data never stand on the demo's."""
    store = session.store()
    current = store.current()
    if snapshot.manifest.demo and current and not current.manifest.demo:
        return words("page.history.replaced")
    inside = (snapshot.manifest.equals or snapshot.id) in store.lineage()
    return words("page.history.inside" if inside else "page.history.gone")


def _row(snapshot: Snapshot, state: str) -> dict[str, Any]:
    manifest = snapshot.manifest
    own = {} if manifest.kind in ("undo", "policy") else manifest.tables
    return {
        "loaded_at": snapshot.created_at.astimezone().replace(tzinfo=None),
        "kind": words(f"kind.{manifest.kind}"),
        "created_by": manifest.created_by,
        "files": _files(snapshot),
        **{key: sum(n.get(key) or 0 for n in own.values()) for key in ("added", "updated", "refused")},
        "state": state,
    }


def _files(snapshot: Snapshot) -> str:
    if snapshot.manifest.kind == "undo":
        return words("page.history.went_back", when=_when(snapshot.manifest.equals))
    names = list(dict.fromkeys(str(file["name"]) for file in snapshot.manifest.files))
    return join(session.lang(), names[:5]) + (" …" if len(names) > 5 else "")


def _when(id: str | None) -> str:
    found = next((s for s in session.store().list() if s.id == id), None)
    return numbers.moment(found.created_at.astimezone() if found else None, session.lang())


def one() -> None:
    """The ticked load: its tables, and the way back to before it."""
    kept = session.store().list()
    rows = st.session_state.get("history_table", {}).get("selection", {}).get("rows", [])
    if not kept:
        return
    chosen = kept[rows[0]] if rows and rows[0] < len(kept) else kept[0]
    with cards.card("one_load", _title(chosen)):
        if chosen.manifest.tables and chosen.manifest.kind not in ("undo", "policy"):
            cards.show("one_table", upload_next.counts_table(_own(chosen)), _title(chosen))
        for note in chosen.manifest.notes if chosen.manifest.kind != "undo" else []:
            st.caption(safe(note))
        _way_back(chosen)


def _own(snapshot: Snapshot) -> dict[str, dict[str, int]]:
    return {name: n for name, n in snapshot.manifest.tables.items() if "added" in n} or snapshot.manifest.tables


def _title(snapshot: Snapshot) -> str:
    when = numbers.moment(snapshot.created_at.astimezone(), session.lang())
    return words("page.history.one", kind=words(f"kind.{snapshot.manifest.kind}"), when=when)


# --- undoing


def _way_back(chosen: Snapshot) -> None:
    """Only where the load is in the data now and the state before it is kept."""
    if work.just_done("undo"):
        st.success(words("page.history.done"))
    if not session.person().may("undo"):
        st.caption(words("page.history.not_yours"))
        return
    store = session.store()
    if (chosen.manifest.equals or chosen.id) not in store.lineage():
        st.caption(words("page.history.is_gone"))
        return
    target = _before(chosen)
    if target is None:
        st.caption(words("page.history.first"))
        return
    try:
        found = publish.returning(store, target, session.scope())
    except KamError as error:
        st.warning(safe(str(error)))
        return
    _what_goes(chosen, found)
    upload_next.figures_table("undo_figures", found.now, found.then)
    st.button(
        words("page.history.undo"), key="undo", type="primary", on_click=_undo, args=(found,),
        disabled=work.running() is not None,
    )  # fmt: skip


def _before(chosen: Snapshot) -> str | None:
    """The kept state that the data had before this load."""
    line, kept = session.store().lineage(), {s.id for s in session.store().list()}
    place = line.index(chosen.manifest.equals or chosen.id)
    return next((id for id in line[place + 1 : place + 2] if id in kept), None)


def _what_goes(chosen: Snapshot, found: Return) -> None:
    """A warning where more goes than the load that was chosen."""
    later = [s for s in found.gone if s.id != (chosen.manifest.equals or chosen.id)]
    back = words("page.history.back_to", when=numbers.moment(found.target.created_at.astimezone(), session.lang()))
    st.markdown(back)
    if later or len(found.lost) > 0:
        names = "".join(f"\n- {_title(s)}: {safe(_files(s))}" for s in later)
        st.warning(words("page.history.later", n=len(later) + len(found.lost)) + names)


def _undo(found: Return) -> None:
    person, store, state, keep_days = session.person(), session.store(), session.state(), work.rules().audit.keep_days

    def run(_job: Job) -> Any:
        done = store.undo(found.target.id, work.signed(person))
        work.put_down(state, person, "undo", store, done, keep_days)
        return done

    work.start("undo", run)
