"""What the upload page works with: this session's upload, the work that runs for it, and what is remembered of it."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from kam_core import ledger, policy
from kam_core.access.person import LOCAL, Person
from kam_core.access.scope import Scope
from kam_core.errors import KamError, numbered
from kam_core.metrics.reports import report
from kam_core.state import State
from kam_core.text.sentence import own_script
from kam_core.ui import session
from kam_core.ui.session import words
from kam_core.uploads import turns
from kam_core.uploads.job import Job, Stopped
from kam_core.uploads.match import Account
from kam_core.uploads.upload import Known, Sheet, Upload, shape
from kam_core.view import Filters, View
from kam_core.warehouse.snapshots import Snapshot, Store

LOG = logging.getLogger("kam")
SHORT = 1.2  # seconds that a run waits for its work: what is done by then needs no progress
MANY = 200_000  # rows from which on a check takes more than a second
MOMENT = 4.0  # seconds
LASTING = ("publish", "undo")  # go on to their end, also when whoever began them is gone; what is read does not
KEY_TIERS = ("S", "A")


def upload() -> Upload:
    """This session's upload, begun with the first file."""
    found = session.upload()
    if found is None:
        found = Upload(session.open_workspace(), rules())
        st.session_state["_upload"] = found
    return found


def rules() -> policy.Policy:
    """The policy by which an upload is loaded: KAM_POLICY, or data/policy.toml."""
    path = os.environ.get("KAM_POLICY")
    return policy.load(Path(path) if path else None)


# --- work


def start(kind: str, work: Callable[[Job], Any]) -> None:
    """Begin work; only one thing is done at a time, and of large uploads one in the whole server."""
    own = session.upload()
    job = Job(turns.in_turn(work, turns.weight(own.paths) if own else 0))
    if own and kind not in LASTING:
        own.workspace.stop_work = job.stop
    st.session_state["_job"], st.session_state["_job_kind"] = job, kind
    st.session_state.pop("_job_problem", None)


def running() -> Job | None:
    found: Job | None = st.session_state.get("_job")
    return found


def settle() -> None:
    """Take in what was finished, and begin what follows: a dropped file is read, then its rows are checked."""
    for _ in range(3):
        job = running()
        if job and not job.wait(SHORT):
            return
        if job:
            _finished(job)
        own = session.upload()
        if own is None or not own.paths or st.session_state.get("_halted"):
            return
        if not own.is_read:
            start("look", _looking(own))
        elif own.is_mapped and own.check is None and not is_check_put_off(own):
            start("check", own.check_rows)
        else:
            return


def is_check_put_off(own: Upload) -> bool:
    """Of a large upload the rows are checked a moment later: who goes on to explore it at once has all cores."""
    if own.check or not own.is_mapped or sum(sheet.rows or 0 for sheet in own.sheets.values()) < MANY:
        return False
    return time.monotonic() < st.session_state.setdefault("_check_from", time.monotonic() + MOMENT)


def _looking(upload: Upload) -> Callable[[Job], None]:
    known, remembered = _known(), _remembered()
    return lambda job: upload.look(job, known, remembered)


def _finished(job: Job) -> None:
    kind = st.session_state.pop("_job_kind")
    st.session_state.pop("_job")
    if job.error is None:
        st.session_state[f"_{kind}"] = job.result
        st.session_state["_just_done"] = kind
        return
    st.session_state["_halted"] = kind in ("look", "check")
    stopped = isinstance(job.error, Stopped)
    said = words("upload.stopped") if stopped else str(job.error) if isinstance(job.error, KamError) else None
    st.session_state["_job_problem"] = said or words("upload.failed", number=numbered("upload", job.error))


def just_done(kind: str) -> bool:
    """Whether this kind of work was finished since the last run; asked once."""
    if st.session_state.get("_just_done") != kind:
        return False
    del st.session_state["_just_done"]
    return True


def result(kind: str) -> Any:
    """What the last work of a kind gave; None where there was none."""
    return st.session_state.get(f"_{kind}")


def changed() -> None:
    """Callback of whatever changes how the upload is read: results of the former reading no longer hold."""
    for key in ("_halted", "_job_problem", "_propose", "_match", "_denied", "_check_from"):
        st.session_state.pop(key, None)


def signed(person: Person) -> str:
    """How a load names who did it; the one user of one machine is named by the system."""
    return person.name or (person.key if person != LOCAL else "")


def put_down(state: State, person: Person, action: str, store: Store, done: Snapshot, keep_days: int) -> None:
    """Into the audit log. What is done is done: where the log cannot be written, the server's log says so."""
    try:
        ledger.published(state, person.key, action, store, done, keep_days)
    except KamError as error:
        LOG.error("not in the audit log: %s", error)


# --- what the company knows


def _company_view() -> View:
    return View(session.scope(), Filters())


def _known() -> Known:
    """Numbers and names of our accounts, by which a column of them is recognised."""
    accounts = company_accounts()
    return {"accounts": {a.id for a in accounts} | {a.name for a in accounts}} if accounts else {}


def company_accounts() -> list[Account]:
    """Our accounts as far as the person may see them; none where nothing is loaded yet."""
    if session.snapshot() is None or not session.is_readable():
        return []
    return _accounts(str(session.snapshot().path), session.scope())  # type: ignore[union-attr]


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={Scope: repr})
def _accounts(version: str, scope: Scope) -> list[Account]:
    frame = report(session.reader(), View(scope, Filters()), "accounts").astype(object)
    frame = frame.where(frame.notna(), None)
    about = ("name", "industry", "region", "segment", "manager_id")
    return [
        Account(
            row["account_id"], row["name"], row["tier"], row["manager_name"], row["revenue"], row["tier"] in KEY_TIERS,
            {key: str(row[key]) for key in about if row[key]},
        )
        for row in frame.to_dict("records")
    ]  # fmt: skip


def shown_name(account: Account) -> str:
    return own_script(account.name, session.lang())


# --- what is remembered of files of the same shape


def _remembered() -> dict[str, dict[str, Any]]:
    """Shape of a file → the mapping that this person made for it."""
    try:
        own = session.person().key
        return {saved.name: saved.body for saved in session.state().saved("mapping", own) if saved.owner == own}
    except KamError:
        return {}  # what cannot be remembered is asked again


def remember(sheet: Sheet) -> None:
    """Keep the mapping of a sheet for the next file with the same headings."""
    try:
        session.state().save("mapping", shape(sheet.look), session.person().key, sheet.to_remember())
    except KamError:
        return
