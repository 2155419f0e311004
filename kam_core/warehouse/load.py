"""Loads files into the warehouse: all of them, checked and merged, as one new snapshot, or nothing.

A load lets `ingest` stage the rows of the files beside a new file, merges them into the raw tables of the served
snapshot, builds the marts and publishes. What it did is written into the file (`meta.*`) and into its manifest.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from kam_core import ingest
from kam_core.errors import KamError
from kam_core.policy import Policy
from kam_core.schema import TABLES, Table
from kam_core.warehouse import engine, history, merge, version
from kam_core.warehouse.build import build
from kam_core.warehouse.snapshots import SCHEMA_VERSION, Draft, Manifest, Snapshot, Store

EXAMPLES = 20  # refused rows shown in a report; all of them are in meta.refused and in the file of --rejects
Counts = dict[str, dict[str, int]]  # table → read, added, updated, unchanged, removed, refused, left_out, rows
Progress = Callable[[str, float], None]

META = {
    "manifest": "key varchar, value varchar",
    "files": "source_id integer, load_id varchar, name varchar, sha256 varchar, bytes bigint, table_name varchar,"
    " sheet varchar, loaded_at timestamp, rows_read bigint",
    "refused": "load_id varchar, table_name varchar, source_id integer, file varchar, line bigint, column_name varchar,"
    " value varchar, reason varchar",
    "loads": "load_id varchar, kind varchar, created_at timestamp, created_by varchar, table_name varchar,"
    " rows_read bigint, added bigint, updated bigint, unchanged bigint, refused bigint",
}
REFUSED_COLUMNS = ("table_name", "file", "line", "column_name", "value", "reason")


@dataclass(frozen=True)
class LoadReport:
    """What a load did, or would have done. `snapshot` is None when nothing changed and after a dry run."""

    mode: str
    dry_run: bool
    changed: bool
    tables: Counts  # of the tables that the files fill
    files: list[dict[str, Any]]
    notes: list[str]  # sentences: what was derived, and what changed in what was loaded before
    warnings: list[str]  # sentences from reading the files
    refused_examples: list[dict[str, Any]]
    mapping: str  # as TOML
    snapshot: Snapshot | None = None

    def to_dict(self) -> dict[str, Any]:
        """For `--json`: all of it, the snapshot as its id."""
        return {**asdict(replace(self, snapshot=None)), "snapshot": self.snapshot.id if self.snapshot else None}


def load(
    store: Store,
    paths: Sequence[Path],
    mapping: ingest.Mapping | None = None,
    as_table: str | None = None,
    mode: str = "merge",
    policy: Policy | None = None,
    dry_run: bool = False,
    rejects: Path | None = None,
    progress: Progress | None = None,
    wait_seconds: float = 0,
    today: date | None = None,
    by: str = "",
) -> LoadReport:
    """Read files and folders into a new snapshot. KamError, and nothing changed, when that cannot be done.

    `mode`: "merge" updates rows with a known key and adds the others; "append" refuses a known key with other
    content; "replace" takes the files as the whole of their tables. `today` dates what changes between loads. `by`
    names who loads.
    """
    if mode not in merge.MODES:
        raise KamError(f"a load can {', '.join(merge.MODES)}, not {mode!r}")
    policy = policy or Policy()
    with store.writing(wait_seconds, by) as draft:
        with _opened(draft, _own_data(draft.parent), policy, progress) as work:
            staged = work.stage(paths, mapping, as_table)
            tables = work.merge(staged, mode)
            if rejects:
                work.write_refused(rejects)
            if not sum(counts.taken for counts in staged.counts.values()):
                raise KamError(work.nothing_taken())
            changed = any(merge.changes(counts) for counts in tables.values())
            report = LoadReport(
                mode, dry_run, changed, tables, work.files, [], list(staged.warnings),
                work.refused_examples(), staged.mapping.to_toml(),
            )  # fmt: skip
            if not changed and not work.must_rebuild:
                return report
            work.keep_the_rest()
            notes = work.tell_history(today or draft.started_at.astimezone().date()) + work.changed_totals(tables)
            report = replace(report, notes=notes)
            manifest = work.finish("load", tables, notes)
        if dry_run:
            return report
        return replace(report, snapshot=store.commit(draft, manifest, policy.retention))


def fill(store: Store, put: Callable[[Any], object], policy: Policy, progress: Progress | None = None) -> Snapshot:
    """A demo snapshot of just what `put(con)` creates in the schema raw; tables that it leaves out are empty."""
    with store.writing() as draft:
        with _opened(draft, None, policy, progress) as work:
            work.say("inventing a company", 0.0)
            put(work.con)
            for table in TABLES.values():
                work.con.execute(f"create table if not exists raw.{table.name} ({merge.ddl(table)})")
            manifest = replace(work.finish("demo", work.all_added(), []), demo=True)
        return store.commit(draft, manifest, policy.retention)


def rebuild(store: Store, policy: Policy, progress: Progress | None = None) -> Snapshot | None:
    """The same data under a changed policy or a newer version of the product; None where both are the same."""
    with store.writing() as draft:
        if draft.parent is None or is_current(draft.parent, policy):
            return None
        with _opened(draft, draft.parent, policy, progress) as work:
            work.keep_the_rest()
            work.carry_history()
            manifest = replace(work.finish("policy", {}, []), demo=draft.parent.manifest.demo)
        return store.commit(draft, manifest, policy.retention)


def is_current(snapshot: Snapshot, policy: Policy) -> bool:
    """Whether a snapshot was built under this policy and by this version of the product."""
    return version.is_current(snapshot.manifest.built_by, snapshot.manifest.policy_sha256, policy.sha256)


def _own_data(parent: Snapshot | None) -> Snapshot | None:
    """What a load adds to: never the demo, whose figures are invented. `undo` brings the demo back."""
    return None if parent is None or parent.manifest.demo else parent


@contextmanager
def _opened(draft: Draft, base: Snapshot | None, policy: Policy, progress: Progress | None) -> Iterator[_Work]:
    with closing(engine.workbench(draft.path)) as con:
        yield _Work(con, draft, base, policy, progress or (lambda _words, _share: None))


class _Work:
    """A new file in the making. Its connection also holds `prev`, the snapshot that it starts from, and `scratch`."""

    def __init__(self, con: Any, draft: Draft, base: Snapshot | None, policy: Policy, say: Progress) -> None:
        self.con, self.draft, self.base, self.policy, self.say = con, draft, base, policy, say
        self.files: list[dict[str, Any]] = []
        self.shift = draft.parent.manifest.last_source_id if draft.parent else 0  # a load numbers its files from 1
        self._old: dict[str, str] = {}
        # Staged rows go to a file of their own: the new one would keep the holes that they leave.
        con.execute(f"attach {engine.literal(draft.path.with_suffix('.scratch'))} as scratch")
        con.execute(f"attach {engine.literal(base.path)} as prev (read_only)" if base else "attach ':memory:' as prev")
        self._before = _columns(con, "prev")
        con.execute("create schema raw; create schema meta; create schema scratch.old")
        for name, columns in META.items():
            con.execute(f"create table meta.{name} ({columns})")
            if base and name != "manifest":
                con.execute(f"insert into meta.{name} by name select * from prev.meta.{name}")

    @property
    def must_rebuild(self) -> bool:
        return self.base is not None and not is_current(self.base, self.policy)

    # --- rows

    def stage(self, paths: Sequence[Path], mapping: ingest.Mapping | None, as_table: str | None) -> ingest.Staged:
        """Read the files into the schema scratch.staged."""
        self.say("reading", 0.0)
        self.con.execute("use scratch")
        staged = ingest.prepare(self.con, list(paths), mapping, as_table, self.policy)
        self.con.execute(f'use "{self.draft.id}"')
        self.files = [_file(f, self.shift) for f in staged.files]
        self.con.execute("create table scratch.old.file (source_id integer, name varchar)")
        for file in self.files:
            self.con.execute("insert into scratch.old.file values (?, ?)", [file["source_id"], file["name"]])
        return staged

    def merge(self, staged: ingest.Staged, mode: str) -> Counts:
        """Create the raw tables that the files change; returns the counts of all that the files fill."""
        result = {}
        for name, table in TABLES.items():
            if name not in staged.counts:
                continue
            self.say(f"merging {name}", 0.4)
            read, new = staged.counts[name], f"scratch.staged.{name}"
            merged = merge.merge(self.con, table, self.old(table), new, mode, self._given(staged, table), self.shift)
            if merged["refused"]:
                self._refuse_known_keys(table, new)
            merged["refused"] += read.refused
            result[name] = {"read": read.rows_read, **merged, "left_out": sum(read.left_out_by_reason.values())}
        return result

    def keep_the_rest(self) -> None:
        """Carry over the tables that were not created, once it is known that there will be a new snapshot."""
        created = _columns(self.con, self.draft.id)
        for name, table in TABLES.items():
            if name not in created:
                merge.keep(self.con, table, self.old(table))

    def old(self, table: Table) -> str:
        """The relation of the rows loaded before, with the columns of today.

        It is a copy where a snapshot of an older version lacks columns, and for histories, whose told rows (see
        `history`) are not matched with those of a file.
        """
        if table.name not in self._old:
            known = self._before.get(table.name, [])
            as_it_is = known == [*(c.name for c in table.stored), *merge.SOURCE] and table.name not in history.SUBJECT
            self._old[table.name] = f"prev.raw.{table.name}" if as_it_is else self._copy_before(table, known)
        return self._old[table.name]

    def _copy_before(self, table: Table, known: list[str]) -> str:
        copy = f"scratch.old.{table.name}"
        self.con.execute(f"create table {copy} ({merge.ddl(table)})")
        columns = ", ".join([*(f'"{c.name}"' for c in table.stored if c.name in known), *merge.SOURCE])
        if known:
            loaded = "where source_line is not null" if table.name in history.SUBJECT else ""
            self.con.execute(f"insert into {copy} by name select {columns} from prev.raw.{table.name} {loaded}")
        return copy

    def _given(self, staged: ingest.Staged, table: Table) -> set[str]:
        """The columns that the files have: those mapped, and those that reading derived from others."""
        mapped = {column for t in staged.mapping.tables if t.table == table.name for column in t.columns}
        others = [c.name for c in table.stored if c.name not in mapped]
        if not others:
            return mapped
        counts = ", ".join(f'count("{name}")' for name in others)
        found = self.con.execute(f"select {counts} from scratch.staged.{table.name}").fetchone()
        return mapped | {name for name, count in zip(others, found, strict=True) if count}

    def _refuse_known_keys(self, table: Table, new: str) -> None:
        key = ", ".join(f'n."{k}"' for k in table.key)
        self.con.execute(
            f"insert into scratch.staged.refused (table_name, source_id, line, column_name, value, reason)"
            f" select $table, n.source_id, n.source_line, $columns, concat_ws(', ', {key}),"
            f" 'is loaded already with other content, and an append only adds'"
            f" from pair as p inner join {new} as n on n.rowid = p.new_row where p.changed",
            {"table": table.name, "columns": ", ".join(table.key)},
        )

    def all_added(self) -> Counts:
        """The counts where nothing was before and nothing was read from a file: every row was added."""
        found = {t: self.con.execute(f"select count(*) from raw.{t}").fetchone()[0] for t in TABLES}
        none = dict.fromkeys(("updated", "unchanged", "removed", "refused", "left_out"), 0)
        return {table: {"read": rows, "added": rows, **none} for table, rows in found.items() if rows}

    # --- what a load tells

    def carry_history(self) -> None:
        for table in history.SUBJECT:
            if table in self._before:
                history.carry(self.con, table, f"prev.raw.{table}")

    def tell_history(self, today: date) -> list[str]:
        """Bring the histories that successive loads tell up to date; sentences about what was added."""
        self.carry_history()
        return history.tell(self.con, self.old(TABLES["opportunities"]), self.old(TABLES["accounts"]), today)

    def changed_totals(self, tables: Counts) -> list[str]:
        """A sentence when months loaded before have another revenue now, by more than the policy's share.

        The last month loaded is still running: that lines are added to it is no news.
        """
        counts = tables.get("orders")
        if not counts:
            return []
        rows = self.con.execute(
            f"""
            with
            before as (
                select date_trunc('month', order_date) as month, sum(amount) as amount
                from {self.old(TABLES["orders"])} group by month
            ),
            after as (
                select date_trunc('month', order_date) as month, sum(amount) as amount from raw.orders group by month
            )
            select strftime(b.month, '%Y-%m'), b.amount, coalesce(a.amount, 0) as now
            from before as b left join after as a on a.month = b.month
            where (b.month < (select max(month) from before) or $corrected)
              and abs(now - b.amount) > $share * abs(b.amount)
            order by abs(now - b.amount) desc, b.month
            """,
            {"corrected": bool(counts["updated"] or counts["removed"]), "share": self.policy.alerts.total_change},
        ).fetchall()
        return [_changed_sentence(rows)] if rows else []

    def refused_examples(self, limit: int = EXAMPLES) -> list[dict[str, Any]]:
        """The first refused rows, with the names of their files."""
        rows = self.con.execute(f"{self._refused()} limit {limit}").fetchall()
        return [dict(zip(REFUSED_COLUMNS, row, strict=True)) for row in rows]

    def write_refused(self, path: Path) -> None:
        """All refused rows as CSV for a spreadsheet, where a text that looks like a formula stays a text."""
        cursor = self.con.execute(self._refused())
        try:
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(name.removesuffix("_name") for name in REFUSED_COLUMNS)
                while rows := cursor.fetchmany(10_000):
                    writer.writerows([_harmless(cell) for cell in row] for row in rows)
        except OSError as error:
            raise KamError(f"cannot write the refused rows to {path}, nothing was loaded: {error.strerror}") from error

    def _refused(self) -> str:
        return (
            f"select r.table_name, f.name, r.line, r.column_name, r.value, r.reason from scratch.staged.refused as r"
            f" left join scratch.old.file as f on f.source_id = r.source_id + {self.shift} order by r.source_id, r.line"
        )

    def nothing_taken(self) -> str:
        """Why a load without a single row is refused."""
        names = ", ".join(dict.fromkeys(f["name"] for f in self.files))
        first = next(iter(self.refused_examples(1)), None)
        if first is None:
            return f"nothing to load: no row of {names} was taken"
        wrong = (
            f"{first['file']}, line {first['line']}: {first['column_name']} {first['value'] or ''} {first['reason']}"
        )
        return f"nothing to load: every row of {names} was refused or left out, the first refused is {wrong}"

    # --- the end

    def finish(self, kind: str, tables: Counts, notes: list[str]) -> Manifest:
        """Build the marts and write the meta tables; returns the manifest of the file, which is then complete."""
        build(self.con, self.policy, lambda words, share: self.say(words, 0.5 + share / 2))
        rows = {t: self.con.execute(f"select count(*) from raw.{t}").fetchone()[0] for t in TABLES}
        counts = {t: {**tables.get(t, {}), "rows": n} for t, n in rows.items() if n or t in tables}
        last_source_id = max([self.shift, *(f["source_id"] for f in self.files)])
        manifest = Manifest(kind, self.policy.sha256, self.files, counts, notes, version.built_by(), last_source_id)
        self._write_meta(manifest, tables)
        self.con.execute("detach prev")
        self.con.execute("detach scratch")
        self.con.execute("checkpoint")  # a disk that is full now says so; closing the connection would not
        return manifest

    def _write_meta(self, manifest: Manifest, tables: Counts) -> None:
        load_id, at, by = self.draft.id, self.draft.started_at.replace(tzinfo=None, microsecond=0), self.draft.by
        facts = {
            "id": load_id, "kind": manifest.kind, "created_at": self.draft.started_at.isoformat(timespec="seconds"),
            "created_by": by, "parent": self.draft.parent.id if self.draft.parent else None,
            "policy_sha256": manifest.policy_sha256, "schema_version": str(SCHEMA_VERSION),
            "files": json.dumps(manifest.files, ensure_ascii=False), "tables": json.dumps(manifest.tables),
            "notes": json.dumps(manifest.notes, ensure_ascii=False),
        }  # fmt: skip
        for fact in facts.items():
            self.con.execute("insert into meta.manifest values (?, ?)", list(fact))
        for f in self.files:
            self.con.execute(
                "insert into meta.files values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    f["source_id"],
                    load_id,
                    f["name"],
                    f["sha256"],
                    f["bytes"],
                    f["table"],
                    f["sheet"],
                    at,
                    f["rows_read"],
                ],
            )
        for table, n in tables.items() or [(None, dict.fromkeys(("read", "added", "updated", "unchanged", "refused")))]:
            self.con.execute(
                "insert into meta.loads values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [load_id, manifest.kind, at, by, table]
                + [n[c] for c in ("read", "added", "updated", "unchanged", "refused")],
            )
        if self.files:
            self.con.execute(
                f"insert into meta.refused select $load_id, r.table_name, r.source_id + {self.shift}, f.name, r.line,"
                f" r.column_name, r.value, r.reason from scratch.staged.refused as r"
                f" left join scratch.old.file as f on f.source_id = r.source_id + {self.shift}",
                {"load_id": load_id},
            )


def _file(f: ingest.SourceFile, shift: int) -> dict[str, Any]:
    return {
        "source_id": f.source_id + shift, "name": f.name, "sha256": f.sha256, "bytes": f.bytes, "table": f.table,
        "sheet": f.sheet, "rows_read": f.rows_read, "rows_left_out": f.rows_left_out, "assumptions": f.assumptions,
    }  # fmt: skip


def _columns(con: Any, database: str) -> dict[str, list[str]]:
    """The raw tables of an attached database and their columns, in order."""
    rows = con.execute(
        "select table_name, list(column_name order by column_index) from duckdb_columns()"
        " where database_name = $database and schema_name = 'raw' group by table_name",
        {"database": database},
    ).fetchall()
    return dict(rows)


def _changed_sentence(rows: list[tuple[str, Decimal, Decimal]]) -> str:
    """`rows`: month, revenue before and now, the largest change first."""
    before, now = sum(r[1] for r in rows), sum(r[2] for r in rows)
    change = f" by {(now - before) / abs(before):+.1%}" if before else ""
    shown = "; ".join(f"{month}: {was:,.2f} → {now:,.2f}" for month, was, now in rows[:3])
    more = f"; and {len(rows) - 3} more months" if len(rows) > 3 else ""
    return f"orders: revenue of months already loaded changed{change} ({shown}{more})"


def _harmless(cell: Any) -> Any:
    """A cell that a spreadsheet would run as a formula gets a leading apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
