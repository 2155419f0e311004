"""The SQLite file beside the snapshots: small, transactional, brought up to date by numbered migrations."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from kam_core.errors import KamError

MIGRATIONS = sorted((Path(__file__).parent / "migrations").glob("*.sql"))
KINDS = ("view", "note", "policy_draft", "handover_plan", "recipe", "mapping")
ACTIONS = (  # what the product records
    "sign_in", "sign_out", "sign_in_refused", "view_as", "view_as_end", "export", "demo", "load", "undo", "policy",
    "rebuild", "backup", "restore",
)
SMALLEST_FREE = 2**17  # bytes that SQLite needs beside the file even to read it
BUSY_SECONDS = 5.0  # how long one writer waits for another
LONGEST_NAME = 120
LARGEST_BODY = 1_000_000  # characters of JSON
FOUND = "id, kind, name, owner, about, shared, body, created_at, changed_at"


@dataclass(frozen=True)
class Saved:
    """One thing that somebody saved; only its owner can change or delete it."""

    id: int
    kind: str
    name: str
    owner: str
    about: str
    shared: bool
    body: dict[str, Any]
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class Event:
    """One entry of the audit log. Entries are in the order of their ids, even where the clock was moved back."""

    id: int
    at: datetime
    person: str
    acting_for: str | None
    action: str
    what: dict[str, Any]
    rows: int | None


def path_for(warehouse: Path) -> Path:
    """Where the state of an installation is: what KAM_STATE names, else a file beside the snapshots."""
    return Path(os.environ.get("KAM_STATE") or warehouse / "state.sqlite")


class State:
    """Safe to share between threads and processes: every call opens the file, does one transaction and closes it.

    Raises KamError, one plain sentence without a path, as readers see it, when the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    # --- what people save

    def save(
        self, kind: str, name: str, owner: str, body: dict[str, Any], shared: bool = False, about: str = ""
    ) -> Saved:
        """Keep `body` under a name; the owner's own of that kind and name is replaced. `about`: an account's id."""
        name, text = _name(name), _body(kind, body)
        with self._writing() as con:
            row = con.execute(
                "insert into saved (kind, name, owner, about, shared, body, created_at, changed_at)"
                " values (:kind, :name, :owner, :about, :shared, :body, :now, :now)"
                " on conflict (kind, owner, name) do update set"
                " about = excluded.about, shared = excluded.shared, body = excluded.body, changed_at = :now"
                f" returning {FOUND}",
                {"kind": kind, "name": name, "owner": owner, "about": about, "shared": int(shared), "body": text,
                 "now": _now()},
            ).fetchone()  # fmt: skip
        return _saved(row)

    def saved(self, kind: str, owner: str, about: str | None = None) -> list[Saved]:
        """The owner's own and what others share, by name; `about` keeps what concerns one account."""
        rows = self._read(
            f"select {FOUND} from saved where kind = :kind and (owner = :owner or shared)"
            " and (:about is null or about = :about) order by lower(name), id",
            {"kind": kind, "owner": owner, "about": about},
        )
        return [_saved(row) for row in rows]

    def delete(self, kind: str, name: str, owner: str) -> bool:
        """Delete the owner's own of that kind and name; False where there was none."""
        with self._writing() as con:
            sql = "delete from saved where kind = ? and name = ? and owner = ?"
            return con.execute(sql, (kind, name, owner)).rowcount > 0

    # --- what people did

    def record(
        self, person: str, action: str, what: dict[str, Any], rows: int | None = None, acting_for: str | None = None
    ) -> None:
        """Append one entry to the audit log; it can never be changed, and goes only by its age (`forget`)."""
        with self._writing() as con:
            con.execute(
                "insert into audit (at, person, acting_for, action, what, rows) values (?, ?, ?, ?, ?, ?)",
                (_now(), person, acting_for, action, json.dumps(what, ensure_ascii=False, default=str), rows),
            )

    def events(
        self, text: str = "", person: str = "", action: str = "", since: date | None = None,
        until: date | None = None, limit: int = 1000,
    ) -> list[Event]:  # fmt: skip
        """Entries of the audit log, latest first. `text` is looked for everywhere; days are UTC, `until` inclusive."""
        rows = self._read(
            "select id, at, person, acting_for, action, what, rows from audit where"
            " (:person = '' or person = :person or acting_for = :person) and (:action = '' or action = :action)"
            " and (:text = '' or instr(lower(person || ' ' || coalesce(acting_for, '') || ' ' || action || what),"
            " lower(:text)) > 0)"
            " and (:since is null or at >= :since) and (:until is null or at < :until)"
            " order by id desc limit :limit",
            {"text": text.strip(), "person": person, "action": action, "limit": limit,
             "since": _midnight(since), "until": _midnight(until + timedelta(days=1) if until else None)},
        )  # fmt: skip
        return [Event(r[0], datetime.fromisoformat(r[1]), r[2], r[3], r[4], json.loads(r[5]), r[6]) for r in rows]

    def people(self) -> list[str]:
        """Everybody who appears in the audit log."""
        return [row[0] for row in self._read("select distinct person from audit order by person", {})]

    def forget(self, keep_days: int) -> int:
        """Delete the oldest entries of the audit log, those of more than so many days before its last; how many.

        Before its last, not before today: a clock set to a wrong year must not empty the log.
        """
        with self._writing() as con:
            last = con.execute("select at from audit order by id desc limit 1").fetchone()
            if last is None:
                return 0
            oldest = min(datetime.fromisoformat(last[0]), datetime.now(UTC)) - timedelta(days=keep_days)
            first = con.execute("select min(id) from audit where at >= ?", (_written(oldest),)).fetchone()[0]
            con.execute("update audit_retention set first_kept = max(first_kept, ?)", (first,))
            return con.execute("delete from audit where id < ?", (first,)).rowcount

    # --- the file

    def copy_to(self, target: Path) -> None:
        """A consistent copy, also while others write."""
        with _plain_errors(self.path), closing(self._opened()) as con, closing(sqlite3.connect(target)) as copy:
            con.backup(copy)
            copy.execute("pragma journal_mode = delete")

    def replace_by(self, source: Path) -> None:
        """Take over the content of another file in one transaction, also while others read and write this one."""
        with _plain_errors(self.path), closing(sqlite3.connect(source)) as new, closing(self._opened()) as con:
            new.backup(con)
        with _plain_errors(self.path), closing(self._opened()) as con:
            con.execute("pragma journal_mode = wal")

    def _read(self, sql: str, values: dict[str, Any]) -> list[Any]:
        with _plain_errors(self.path), closing(self._opened()) as con:
            return con.execute(sql, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with _plain_errors(self.path), closing(self._opened()) as con:
            con.execute("begin immediate")
            yield con
            con.execute("commit")

    def _opened(self) -> sqlite3.Connection:
        """A connection to a file of today's shape, created where there is none."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        con = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            con.execute("pragma synchronous = full")  # what was acknowledged survives a loss of power
            if _version(con) != len(MIGRATIONS):
                _migrate(con, self.path)
        except BaseException:
            con.close()
            raise
        return con


def _version(con: sqlite3.Connection) -> int:
    version: int = con.execute("pragma user_version").fetchone()[0]
    return version


def _migrate(con: sqlite3.Connection, path: Path) -> None:
    """Bring the file to today's shape; two processes that start at once do it one after the other."""
    con.execute("pragma journal_mode = wal")
    con.execute("begin immediate")
    version = _version(con)
    if version > len(MIGRATIONS):
        raise KamError(f"{path.name} was written by a newer version of this product: update, or restore a backup")
    for number, migration in enumerate(MIGRATIONS[version:], version + 1):
        for statement in _statements(migration.read_text(encoding="utf-8")):
            con.execute(statement)
        con.execute(f"pragma user_version = {number}")
    con.execute("commit")


def _statements(script: str) -> Iterator[str]:
    """One statement after another; the body of a trigger belongs to its statement."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise KamError(_why(error, path)) from error
    except sqlite3.DatabaseError as error:
        raise KamError(f"{path.name} is damaged ({error}): restore it from a backup, or move it away") from error
    except OSError as error:
        raise KamError(f"{path.name} cannot be opened: {error.strerror or error}") from error


def _why(error: sqlite3.OperationalError, path: Path) -> str:
    words = str(error)
    if "full" in words or ("I/O" in words and shutil.disk_usage(path.parent).free < SMALLEST_FREE):
        return f"the disk of {path.name} is full, nothing was saved: free some space and try again"
    if "readonly" in words or "read-only" in words or "unable to open" in words:
        return f"no permission to write {path.name}, nothing was saved: allow it, or name another file in KAM_STATE"
    if "locked" in words:
        return f"{path.name} is in use for more than {BUSY_SECONDS:g} s, nothing was saved: try again"
    return f"{path.name} cannot be used, nothing was saved: {words}"


def _name(name: str) -> str:
    plain = " ".join(name.split())
    if not 0 < len(plain) <= LONGEST_NAME:
        raise KamError(f"a name has 1 to {LONGEST_NAME} characters")
    return plain


def _body(kind: str, body: dict[str, Any]) -> str:
    if kind not in KINDS:
        raise ValueError(f"nothing of the kind {kind!r} is kept; known: {', '.join(KINDS)}")
    text = json.dumps(body, ensure_ascii=False, default=str)
    if len(text) > LARGEST_BODY:
        raise KamError(f"this is too large to be saved: {len(text):,} characters, {LARGEST_BODY:,} are allowed")
    return text


def _saved(row: tuple[Any, ...]) -> Saved:
    id_, kind, name, owner, about, shared, body, created, changed = row
    return Saved(
        id_, kind, name, owner, about, bool(shared), json.loads(body), datetime.fromisoformat(created),
        datetime.fromisoformat(changed),
    )  # fmt: skip


def _now() -> str:
    return _written(datetime.now(UTC))


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _midnight(day: date | None) -> str | None:
    return _written(datetime.combine(day, time(), UTC)) if day else None
