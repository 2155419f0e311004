"""What publishing an upload would change, tried on a copy, and the load itself; what an undo would bring back."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kam_core.access.scope import Scope
from kam_core.metrics import query
from kam_core.metrics.facts import Facts
from kam_core.uploads.job import Job
from kam_core.uploads.upload import Upload
from kam_core.view import Filters, Period, View
from kam_core.warehouse.engine import Reader
from kam_core.warehouse.load import LoadReport, load
from kam_core.warehouse.snapshots import Snapshot, Store
from kam_core.warehouse.version import built_by

KPIS = (
    "revenue", "orders", "active_accounts", "average_order_value", "gross_margin", "key_account_share", "nrr", "grr",
    "return_rate", "pipeline_amount",
)  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """The main figures of a state of the data, over its own running year, as the asker may see them."""

    as_of: date
    currency: str
    year: int
    values: dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """What a load did, or would do: counts per table, and the figures before and after (None: there was nothing)."""

    report: LoadReport
    parent: str | None  # the state that it was tried on: with another one served, the difference is no longer true
    replaces_demo: bool
    before: Figures | None
    after: Figures | None


def figures(snapshot: Snapshot, scope: Scope, year: int | None = None) -> Figures:
    """The figures of one state. With a `year` over that fiscal year, so that two states can be compared."""
    reader = Reader(snapshot.path)
    try:
        facts = Facts.read(reader)
        running = facts.calendar().year_start(facts.as_of).year
        period = Period("this_year" if year in (None, running) else str(year))
        found = query.measure(reader, View(scope, Filters(), period), KPIS)
        values = {key: None if found[key].isna().all() else float(found[key].iloc[0]) for key in KPIS}
        return Figures(facts.as_of, facts.currency, year or running, values)
    finally:
        reader.close()


def compare(before: Snapshot | None, after: Snapshot | None, scope: Scope) -> tuple[Figures | None, Figures | None]:
    """Both states over the year that the later one has reached."""
    now = figures(after, scope) if after else None
    if before is None or before.manifest.built_by != built_by():  # those of an earlier version cannot be read
        return None, now
    return figures(before, scope, now.year if now else None), now


def propose(job: Job, store: Store, upload: Upload, scope: Scope) -> Difference:
    """Load the upload into a copy of the company's data: what would change. The company's data stay as they are."""
    folder = upload.workspace.folder / "trial"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        trial = store.branch(folder)
        current = trial.current()
        report = load(
            trial, upload.paths, upload.mapping(), policy=upload.policy,
            progress=lambda _step, share: job.tell("upload.step.try", share * 0.9),
        )  # fmt: skip
        before, after = compare(current, report.snapshot or current, scope)
        return Difference(
            report, current.id if current else None, bool(current and current.manifest.demo), before, after
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(job: Job, store: Store, upload: Upload, by: str) -> LoadReport:
    """The load itself: all or nothing, as the command line does it."""
    return load(
        store, upload.paths, upload.mapping(), policy=upload.policy, by=by,
        progress=lambda _step, share: job.tell("upload.step.publish", share),
    )  # fmt: skip


# --- the way back


@dataclass(frozen=True)
class Return:
    """An undo before it is done: the state that comes back, the loads that go and come, the figures now and then."""

    target: Snapshot
    gone: Sequence[Snapshot]
    back: Sequence[Snapshot]  # loads taken back before, which are in the data again
    lost: Sequence[str]  # loads that go and are no longer kept, so that nothing else is known of them
    now: Figures
    then: Figures


def returning(store: Store, to: str | None, scope: Scope) -> Return:
    """What going back to a state would take away and bring back, the latest load first."""
    current = store.current()
    target, gone = store.undoing(to)
    assert current
    kept = {s.id: s for s in store.list()}
    line, now = store.lineage(), figures(current, scope)
    back = [kept[i] for i in store.lineage(target.id) if i in kept and i not in line]
    return Return(
        target, [kept[i] for i in gone if i in kept], back, [i for i in gone if i not in kept],
        now, figures(target, scope, now.year),
    )  # fmt: skip
