"""What was loaded, when and by whom, and the way back: with the figures before and after, before it is done."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
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
from kam_core.ui.upload_told import in_words
from kam_core.ui.upload_words import safe
from kam_core.uploads import publish
from kam_core.uploads.job import Job
from kam_core.uploads.publish import Return
from kam_core.warehouse.snapshots import Snapshot

COUNTS = ("added", "updated", "refused")
UNITS = {"loaded_at": "moment", **dict.fromkeys(COUNTS, "count")}


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
    frame = pd.DataFrame([_row(snapshot, _state(snapshot)) for snapshot in kept])
    return frame.astype(dict.fromkeys(COUNTS, "Int64"))


def _state(snapshot: Snapshot) -> str:
    """Whether what was loaded is in the data now, and whether an undo holds."""
    if _is_replaced(snapshot):
        return words("page.history.replaced")
    if snapshot.manifest.kind == "undo":
        return words("page.history.undone" if _is_undone(snapshot) else "page.history.in_force")
    return words("page.history.inside" if snapshot.id in session.store().lineage() else "page.history.gone")


def _row(snapshot: Snapshot, state: str) -> dict[str, Any]:
    manifest = snapshot.manifest
    own = {} if manifest.kind in ("undo", "policy") else manifest.tables
    return {
        "loaded_at": snapshot.created_at.astimezone().replace(tzinfo=None),
        "kind": words(f"kind.{manifest.kind}"),
        "created_by": manifest.created_by,
        "files": _files(snapshot),
        **{key: _sum(n.get(key) for n in own.values()) for key in COUNTS},
        "state": state,
    }


def _sum(counts: Iterable[int | None]) -> int | None:
    """None where nothing was counted: of an undo, and of a demo of an earlier version."""
    known = [n for n in counts if n is not None]
    return sum(known) if known else None


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
            st.caption(safe(in_words(note)))
        taken = [s for s in kept if s.id in chosen.manifest.takes_back]
        if taken:
            st.markdown(words("page.history.took") + _list(taken))
        _way_back(chosen)


def _own(snapshot: Snapshot) -> dict[str, dict[str, int]]:
    return {name: n for name, n in snapshot.manifest.tables.items() if "added" in n} or snapshot.manifest.tables


def _title(snapshot: Snapshot) -> str:
    return words("page.history.one", name=_name(snapshot))


def _name(snapshot: Snapshot) -> str:
    when = numbers.moment(snapshot.created_at.astimezone(), session.lang())
    return words("page.history.name", kind=words(f"kind.{snapshot.manifest.kind}"), when=when)


# --- undoing


def _way_back(chosen: Snapshot) -> None:
    """The button that takes back what this step did, or, where that was taken back, brings it again."""
    if work.just_done("undo"):
        st.success(words("page.history.done"))
    if not session.person().may("undo"):
        st.caption(words("page.history.not_yours"))
        return
    way, to = _way(chosen)
    if to is None:
        st.caption(words(f"page.history.{way}"))
        return
    try:
        found = publish.returning(session.store(), to, session.scope())
    except KamError as error:
        st.warning(safe(str(error)))
        return
    _what_changes(chosen, way, found)
    upload_next.figures_table("undo_figures", found.now, found.then)
    st.button(
        words(f"page.history.{way}"), key="undo", type="primary", on_click=_undo, args=(found,),
        disabled=work.running() is not None,
    )  # fmt: skip


def _way(chosen: Snapshot) -> tuple[str, str | None]:
    """What can be done about a step, and the state that this leads to; or why nothing can, and None.

    A load that was taken back leads to its own state; any other step leads to the state that was served before it.
    """
    store, manifest = session.store(), chosen.manifest
    if _is_replaced(chosen):
        return "is_replaced", None
    if manifest.kind != "undo" and chosen.id not in store.lineage():
        return "again", chosen.id
    if manifest.parent is None:
        return "first", None
    if manifest.parent not in {kept.id for kept in store.list()}:
        return "not_kept", None
    if _is_undone(chosen):
        return "is_undone", None
    return ("undo_undo" if manifest.kind == "undo" else "undo"), manifest.parent


def _is_replaced(snapshot: Snapshot) -> bool:
    """A company's own data never stand on the demo's."""
    current = session.store().current()
    return bool(snapshot.manifest.demo and current and not current.manifest.demo)


def _is_undone(undo: Snapshot) -> bool:
    """Whether the data hold again exactly what they held before this undo."""
    store = session.store()
    return undo.manifest.kind == "undo" and store.lineage(undo.manifest.parent) == store.lineage()


def _what_changes(chosen: Snapshot, way: str, found: Return) -> None:
    """The state that is served again, and what goes and comes besides the step that was chosen."""
    when = numbers.moment(found.target.created_at.astimezone(), session.lang())
    st.markdown(words("page.history.again_to" if way == "again" else "page.history.back_to", when=when))
    back = [s for s in found.back if s.id != chosen.id]
    if back:
        st.markdown(words("page.history.comes") + _list(back))
    later = [s for s in found.gone if s.id != chosen.id]
    n = len(later) + len(found.lost)
    if n:
        said = "page.history.later" if way == "undo" else "page.history.goes"
        st.warning(words(said, n=n) + _list(later))


def _list(steps: Sequence[Snapshot]) -> str:
    return "".join(f"\n- {_name(s)}{words('app.colon')}{safe(_files(s))}" for s in steps)


def _undo(found: Return) -> None:
    person, store, state, keep_days = session.person(), session.store(), session.state(), work.rules().audit.keep_days

    def run(_job: Job) -> Any:
        done = store.undo(found.target.id, work.signed(person))
        work.put_down(state, person, "undo", store, done, keep_days)
        return done

    work.start("undo", run)
