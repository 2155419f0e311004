"""Snapshots: complete, immutable DuckDB files, one a load, and the pointer that says which one is served.

A load writes a new file aside, makes it durable, and switches the pointer in one atomic rename: readers are never
blocked, and a load that is killed at any moment leaves the pointer where it was.

    <folder>/CURRENT               the id of the snapshot that is served
    <folder>/LOCK                  held while a load runs (see `_locked`)
    <folder>/building/             half-written files; swept by the next load
    <folder>/snapshots/<id>.duckdb and <id>.json, its manifest
"""

from __future__ import annotations

import contextlib
import errno
import getpass
import hashlib
import json
import os
import re
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeVar

import duckdb

from kam_core.errors import KamError
from kam_core.policy import Retention

SCHEMA_VERSION = 1
_ID = re.compile(r"^(\d{6,})-\d{8}T\d{6}Z$")
T = TypeVar("T")
_LOCK_BYTE = 1 << 30  # far behind the text, so that Windows, whose locks are mandatory, lets others read who holds it


@dataclass(frozen=True)
class Manifest:
    """What a snapshot holds and where it came from; the fields below the line are filled by the store."""

    kind: str  # demo, load, undo or policy
    policy_sha256: str = ""
    files: list[dict[str, Any]] = field(default_factory=list)  # name, sha256, bytes, table, rows_read
    tables: dict[str, dict[str, int]] = field(default_factory=dict)  # read, added, updated, unchanged, refused, rows
    notes: list[str] = field(default_factory=list)
    built_by: str = ""  # the version of the marts, see version.py
    last_source_id: int = 0  # the highest number ever given to a file, so that none is given twice
    demo: bool = False  # the data are invented
    # --- filled by the store
    id: str = ""
    created_at: str = ""
    created_by: str = ""
    parent: str | None = None  # the snapshot that was served before
    equals: str | None = None  # undo: the snapshot whose file this is
    takes_back: list[str] = field(default_factory=list)  # undo: the loads that are no longer in the data
    file_sha256: str = ""
    bytes: int = 0
    schema_version: int = SCHEMA_VERSION

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """The manifest in a file; unknown keys (a newer version's) are passed over. ValueError when it is none."""
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or "kind" not in content:
            raise ValueError(f"{path.name} is not a manifest")
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in content.items() if key in known})


@dataclass(frozen=True)
class Snapshot:
    """One immutable file of data; `fallback_reason` says why it is served although the pointer names another."""

    id: str
    path: Path
    created_at: datetime
    manifest: Manifest
    fallback_reason: str | None = None


Texts = list[str]  # inside Store, `list` is its method
Snapshots = list[Snapshot]


@dataclass(frozen=True)
class Draft:
    """A snapshot being written: its future id, the path to write to, and the snapshot that it starts from."""

    id: str
    path: Path
    parent: Snapshot | None
    started_at: datetime
    by: str  # who writes it


class Store:
    """The folder of snapshots: one writer at a time, any number of readers, in any number of processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._snapshots = self.folder / "snapshots"
        self._building = self.folder / "building"
        self._pointer = self.folder / "CURRENT"
        self._manifests: dict[str, Manifest] = {}  # manifests never change, so each is read once
        self._damaged: dict[str, str] = {}  # what reading found, which a stat cannot tell

    # --- reading

    def current(self) -> Snapshot | None:
        """The snapshot to serve: the pointer's, else the newest whole one, else None. Costs a read and a stat."""
        problem = None
        for _ in range(2):  # a load that finishes between the read and the stat may have removed the one just read
            wanted, problem = self._wanted()
            problem = self._problem(wanted) if wanted else problem
            if wanted and not problem:
                return self._snapshot(wanted)
        for snapshot in self.list():
            return replace(snapshot, fallback_reason=problem)
        return None

    def list(self) -> Snapshots:
        """Every whole snapshot that was published, newest first."""
        return [self._snapshot(i) for i in self._published() if not self._problem(i)]

    def examine(self) -> Texts:
        """What is wrong inside the served snapshot (about 1 s a GB); a damaged one is not served again from here."""
        current = self.current()
        problems = _content_problems(current) if current else []
        if current and problems:
            self._damaged[current.id] = problems[0]
        return problems

    def verify(self) -> Texts:
        """What is wrong with the served snapshot and with the files of the others; empty when all is whole."""
        current = self.current()
        if current is None:
            wanted, problem = self._wanted()
            return [self._problem(wanted) or ""] if wanted else [problem] if self._pointer.exists() and problem else []
        problems = [current.fallback_reason] if current.fallback_reason else []
        for snapshot_id in self._published():
            problem = self._problem(snapshot_id)
            if problem and problem not in problems:
                problems.append(problem)
        return problems + _content_problems(current)

    # --- writing

    def publish(
        self, build: Callable[[Path], Manifest], retention: Retention | None = None, wait_seconds: float = 0
    ) -> Snapshot:
        """Runs `build` on the path of a new file and serves what it wrote. KamError when another load runs.

        `build` leaves a complete, closed DuckDB file at the path, whose stem is the id of the new snapshot.
        """
        with self.writing(wait_seconds) as draft:
            return self.commit(draft, build(draft.path), retention)

    @contextlib.contextmanager
    def writing(self, wait_seconds: float = 0, by: str = "") -> Iterator[Draft]:
        """Holds the writer's lock and gives a draft to write; without a `commit` inside, nothing is changed.

        `by` names who does it; without, it is who runs the process.
        """
        with _plain_errors(self.folder):
            self._snapshots.mkdir(parents=True, exist_ok=True)
            with _locked(self.folder / "LOCK", wait_seconds):
                self._sweep()
                self._building.mkdir(exist_ok=True)
                now = datetime.now(UTC)
                draft_id = self._next_id(now)
                try:
                    yield Draft(draft_id, self._building / f"{draft_id}.duckdb", self.current(), now, by or user())
                finally:
                    shutil.rmtree(self._building, ignore_errors=True)

    def commit(self, draft: Draft, manifest: Manifest, retention: Retention | None = None) -> Snapshot:
        """Makes the draft's file durable, then serves it: the switch of the pointer is the last step.

        Old snapshots are removed by the rule in `retention`; without one, none is.
        """
        if draft.path.with_name(draft.path.name + ".wal").exists():
            raise RuntimeError("the builder left its connection open: the file is not complete")
        _flush(draft.path)
        manifest = replace(
            manifest, id=draft.id, created_at=draft.started_at.isoformat(timespec="seconds"), created_by=draft.by,
            parent=draft.parent.id if draft.parent else None,
            file_sha256=sha256(draft.path), bytes=draft.path.stat().st_size,
        )  # fmt: skip
        os.replace(draft.path, self._file(draft.id))
        _write_durably(self._snapshots / f"{draft.id}.json", json.dumps(asdict(manifest), ensure_ascii=False, indent=1))
        _write_durably(self._pointer, draft.id + "\n")
        if retention:
            self._retain(retention)
        return self._snapshot(draft.id)

    def undo(self, to: str | None = None, by: str = "") -> Snapshot:
        """Serves an earlier state again, as a new snapshot: the one before the last load, or the one with id `to`."""
        with self.writing(by=by) as draft:
            target, taken_back = self.undoing(to)
            _link_or_copy(target.path, draft.path)
            assert draft.parent
            origin = target.manifest.equals or target.id
            return self.commit(draft, replace(
                target.manifest, kind="undo", equals=origin, notes=[f"went back to {origin}"], takes_back=taken_back,
                last_source_id=max(draft.parent.manifest.last_source_id, target.manifest.last_source_id),
            ))  # fmt: skip

    def replace_by(self, source: Path, aside: Path) -> None:
        """Serves the snapshots of another folder, on the same disk, in place of these, which go to `aside`."""
        with self.writing():
            coming = {path.name: path for path in (source / "snapshots").glob("*")}
            for name, path in coming.items():
                os.replace(path, self._snapshots / name)
            if coming:
                _write_durably(self._pointer, (source / "CURRENT").read_text(encoding="ascii"))
            former = [path for path in self._snapshots.iterdir() if coming and path.name not in coming]
            for path in former:
                (aside / "snapshots").mkdir(parents=True, exist_ok=True)
                _patiently(lambda path=path: os.replace(path, aside / "snapshots" / path.name))  # type: ignore[misc]
            self._manifests.clear()

    def undoing(self, to: str | None = None) -> tuple[Snapshot, Texts]:
        """What `undo` would do: the snapshot that is served again, and the ids of the loads that it takes back."""
        current = self.current()
        if current is None:
            raise KamError("nothing to undo: nothing has been loaded yet")
        target = self._undo_target(current, to)
        after = self._lineage(target.id)
        return target, [i for i in self._lineage(current.id) if i not in after]

    def branch(self, folder: Path) -> Store:
        """A store of its own in an empty folder that begins with what is served here: a place to try a load."""
        current = self.current()
        if current:
            (folder / "snapshots").mkdir(parents=True)
            for file in (current.path, current.path.with_suffix(".json")):
                _link_or_copy(file, folder / "snapshots" / file.name)
            (folder / "CURRENT").write_text(current.id + "\n", encoding="ascii")
        return Store(folder)

    def lineage(self, of: str | None = None) -> Texts:
        """The ids of the loads that are in the data served now, or in those of the snapshot `of`, newest first."""
        current = self.current()
        return self._lineage(of or (current.id if current else None))

    # --- inside

    def _wanted(self) -> tuple[str | None, str | None]:
        """The id in the pointer, or None and what is wrong with the pointer."""
        try:
            text = _patiently(lambda: self._pointer.read_text(encoding="ascii", errors="replace")).strip()
        except FileNotFoundError:
            return None, "the pointer file CURRENT is missing"
        except OSError as error:
            return None, f"the pointer file CURRENT cannot be read: {error.strerror}"
        return (text, None) if _ID.match(text) else (None, "the pointer file CURRENT is damaged")

    def _ids(self) -> Texts:
        """Ids of all snapshot files, whole or not, newest first."""
        try:
            names = [n.removesuffix(".duckdb") for n in os.listdir(self._snapshots) if n.endswith(".duckdb")]
        except FileNotFoundError:
            return []
        return sorted((n for n in names if _ID.match(n)), key=_sequence, reverse=True)

    def _published(self) -> Texts:
        """Ids of the snapshots up to the pointer's; a later one's load died before it switched the pointer."""
        wanted, ids = self._wanted()[0], self._ids()
        return ids[ids.index(wanted) :] if wanted in ids else ids

    def _file(self, snapshot_id: str) -> Path:
        return self._snapshots / f"{snapshot_id}.duckdb"

    def _manifest(self, snapshot_id: str) -> Manifest:
        if snapshot_id not in self._manifests:
            self._manifests[snapshot_id] = Manifest.read(self._snapshots / f"{snapshot_id}.json")
        return self._manifests[snapshot_id]

    def _snapshot(self, snapshot_id: str) -> Snapshot:
        manifest = self._manifest(snapshot_id)
        return Snapshot(snapshot_id, self._file(snapshot_id), datetime.fromisoformat(manifest.created_at), manifest)

    def _problem(self, snapshot_id: str) -> str | None:
        """Why a snapshot cannot be served, by what a stat can tell; `verify` looks inside."""
        if snapshot_id in self._damaged:
            return self._damaged[snapshot_id]
        try:
            size = self._file(snapshot_id).stat().st_size
            expected = self._manifest(snapshot_id).bytes
        except FileNotFoundError as error:
            return f"snapshot {snapshot_id}: {Path(error.filename).name} is missing"
        except (OSError, ValueError, TypeError):
            return f"snapshot {snapshot_id}: its manifest is damaged"
        return None if size == expected else f"snapshot {snapshot_id}: the file has {size} bytes instead of {expected}"

    def _next_id(self, now: datetime) -> str:
        """A number one higher than any before, so that ids sort by time even when the clock was moved back."""
        wanted, _ = self._wanted()
        latest = max((_sequence(i) for i in [*self._ids(), *filter(None, [wanted])]), default=0)
        return f"{latest + 1:06d}-{now:%Y%m%dT%H%M%SZ}"

    def _sweep(self) -> None:
        """Removes what a killed load left: half-written files, and a finished one that was never pointed to."""
        shutil.rmtree(self._building, ignore_errors=True)
        wanted, _ = self._wanted()
        if wanted and not self._problem(wanted):
            for snapshot_id in self._ids():
                if _sequence(snapshot_id) > _sequence(wanted):
                    self._remove(snapshot_id)
        for path in [*self._snapshots.glob("*.part"), *self._snapshots.glob("*.json")]:
            if path.suffix == ".part" or not path.with_suffix(".duckdb").exists():
                path.unlink(missing_ok=True)

    def _retain(self, retention: Retention) -> None:
        """Keeps the last ones and the last one of each month; the newest, which is served, is always among them."""
        kept_months: set[str] = set()
        for position, snapshot in enumerate(self.list()):
            month = snapshot.manifest.created_at[:7]
            if position >= retention.keep_last and not (retention.keep_monthly and month not in kept_months):
                self._remove(snapshot.id)
            kept_months.add(month)

    def _remove(self, snapshot_id: str) -> None:
        """Deletes a snapshot; where a reader still holds it open (Windows refuses then) a later load tries again."""
        try:
            self._file(snapshot_id).unlink(missing_ok=True)
        except OSError:
            return
        (self._snapshots / f"{snapshot_id}.json").unlink(missing_ok=True)
        self._manifests.pop(snapshot_id, None)

    def _undo_target(self, current: Snapshot, to: str | None) -> Snapshot:
        kept = {s.id: s for s in self.list()}
        if to is not None and to not in kept:
            raise KamError(f"there is no snapshot {to!r}; `snapshots` lists those that are kept")
        if to is not None:
            return kept[to]
        line = [i for i in self._lineage(current.id)[1:] if i in kept]
        if not line:
            raise KamError("nothing to undo: no earlier snapshot is kept")
        return kept[line[0]]

    def _lineage(self, snapshot_id: str | None) -> Texts:
        """The snapshots whose loads are in this one's data, newest first; an undo stands for the one it equals."""
        line: Texts = []
        while snapshot_id:
            try:
                manifest = self._manifest(snapshot_id)
            except (OSError, ValueError, TypeError):
                break
            line.append(manifest.equals or snapshot_id)
            if not manifest.equals:
                snapshot_id = manifest.parent
            elif manifest.equals in self._ids():
                snapshot_id = self._manifest(manifest.equals).parent
            else:
                break
        return line


def user() -> str:
    """The name of who runs this, as far as the system tells."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


def sha256(path: Path) -> str:
    """The SHA-256 of a file, read as a stream (about 1 s a GB)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sequence(snapshot_id: str) -> int:
    return int(snapshot_id.split("-")[0])


def _content_problems(snapshot: Snapshot) -> list[str]:
    """What is wrong inside a snapshot: its bytes, its meta data, its row counts."""
    if sha256(snapshot.path) != snapshot.manifest.file_sha256:
        return [f"snapshot {snapshot.id}: the file has changed since it was written (its SHA-256 differs)"]
    try:
        with duckdb.connect(":memory:") as con:
            con.execute(f"attach '{str(snapshot.path).replace(chr(39), chr(39) * 2)}' as kept (read_only)")
            return _meta_problems(con, snapshot) + _count_problems(con, snapshot)
    except duckdb.Error as error:
        return [f"snapshot {snapshot.id}: cannot be read: {str(error).splitlines()[0]}"]


def _meta_problems(con: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> list[str]:
    row = con.execute("select value from kept.meta.manifest where key = 'id'").fetchone()
    expected = snapshot.manifest.equals or snapshot.id
    return [] if row == (expected,) else [f"snapshot {snapshot.id}: its file says it is {row[0] if row else 'none'}"]


def _count_problems(con: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> list[str]:
    problems = []
    for table, counts in snapshot.manifest.tables.items():
        (rows,) = con.execute(f'select count(*) from kept.raw."{table}"').fetchone() or (0,)
        if rows != counts["rows"]:
            problems.append(f"snapshot {snapshot.id}: {table} has {rows} rows instead of {counts['rows']}")
    return problems


# --- files, on every system


@contextlib.contextmanager
def _plain_errors(folder: Path) -> Iterator[None]:
    """Turns what a full disk, a read-only folder or too little memory raise into one sentence."""
    try:
        yield
    except OSError as error:
        raise KamError(_plain_os_error(error, folder)) from error
    except duckdb.OutOfMemoryException as error:
        raise KamError("not enough memory for this load, nothing was changed: load fewer files at once") from error
    except duckdb.Error as error:
        if "Corrupt database" in str(error):
            raise KamError(
                "the data that this would be added to are damaged, nothing was changed: `verify` says which, `undo` or"
                " `restore` brings whole ones back"
            ) from error
        if not isinstance(error, (duckdb.IOException, duckdb.FatalException)):
            raise
        if not any(sign in str(error).lower() for sign in ("space", "too large", "quota")):
            raise KamError(f"cannot write below {folder}, nothing was changed: {str(error).splitlines()[0]}") from error
        raise KamError(_plain_os_error(OSError(errno.ENOSPC, ""), folder)) from error


def _plain_os_error(error: OSError, folder: Path) -> str:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return f"the disk of {folder} is full, nothing was changed: free some space and try again"
    if error.filename and folder not in Path(error.filename).parents:
        return f"cannot read {error.filename}, nothing was changed: {error.strerror}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"no permission to write into {folder}, nothing was changed: allow it, or name another --warehouse"
    return f"cannot write into {folder}, nothing was changed: {error.strerror or error}"


@contextlib.contextmanager
def _locked(path: Path, wait_seconds: float) -> Iterator[None]:
    """Holds the writer's lock: an operating system's lock on a file that also says who holds it.

    The system frees it when the process dies, however it dies, so no lock is ever stale. A lock file that exists or
    not would need a guess whether its process lives, which goes wrong with reused process ids and in containers.
    """
    with path.open("a+", encoding="utf-8") as file:
        deadline = time.monotonic() + wait_seconds
        while not try_lock(file):
            if time.monotonic() >= deadline:
                raise KamError(f"another load is running ({_holder(path)}): try again when it is done")
            time.sleep(0.1)
        try:
            file.truncate(0)
            since = datetime.now(UTC).isoformat(timespec="seconds")
            file.write(f"{user()}, process {os.getpid()} on {socket.gethostname()}, since {since}")
            file.flush()
            yield
        finally:
            _unlock(file)


def _holder(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace").strip()[:200] or "just started"
    return "by whom is unknown"


if sys.platform == "win32":
    import msvcrt

    def try_lock(file: IO[str]) -> bool:
        """Take the system's lock on an open file; False where another process holds it."""
        try:
            os.lseek(file.fileno(), _LOCK_BYTE, os.SEEK_SET)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: IO[str]) -> None:
        os.lseek(file.fileno(), _LOCK_BYTE, os.SEEK_SET)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(file: IO[str]) -> bool:
        """Take the system's lock on an open file; False where another process holds it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


def _patiently(action: Callable[[], T]) -> T:
    """Runs a file action again where Windows refuses it for the moment that another process holds the file."""
    for _ in range(20):
        try:
            return action()
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(0.05)
    return action()


def _write_durably(path: Path, text: str) -> None:
    """Replaces a small file in one step that survives a loss of power."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    _flush(part)
    _patiently(lambda: os.replace(part, path))
    _flush_folder(path.parent)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    if os.name != "nt":  # Windows writes names through by itself and cannot open a folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _link_or_copy(source: Path, target: Path) -> None:
    """The same bytes under a second name: snapshots never change, so a hard link does where the disk has them."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
