"""The private folder of one session's uploads: its files, its tables, and the sandbox in which they are queried.

    <temporary folder>/kam-uploads-…/LOCK     held open by a living server, so that leftovers of a dead one are known
    <temporary folder>/kam-uploads-…/<session>/files    what was dropped
    <temporary folder>/kam-uploads-…/<session>/t1.duckdb    one finished file per table
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from kam_core.errors import KamError
from kam_core.warehouse.engine import UploadReader, workbench
from kam_core.warehouse.snapshots import try_lock

PREFIX = "kam-uploads-"
GRACE = 120.0  # seconds that an upload outlives its connection: a laptop may come back that soon, nobody else can
WRITER_GB = 1.0  # memory of the connection that reads a file into a table


@dataclass(frozen=True)
class Held:
    """A table of an upload: `name` for SQL (t1; its raw texts are in t1_text, its odd cells in t1_bad)."""

    name: str
    title: str  # as people know it: orders.xlsx · January
    sheet: str  # the id of the sheet that it was read from
    columns: tuple[tuple[str, str], ...]  # name and type, in the order of the file
    rows: int
    path: Path = field(repr=False)


class Workspace:
    """One session's folder. Tables are finished files, so that a question never waits for the next table."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: dict[str, Held] = {}
        self._readers: dict[int, UploadReader] = {}
        self._numbers = 0
        self._lock = threading.RLock()
        self._leaving: threading.Timer | None = None
        self.stop_work: Callable[[], object] = lambda: None  # ends what is being done with it

    @classmethod
    def create(cls, root: Path | None = None) -> Workspace:
        """A new empty folder that only this server's user can enter."""
        folder = Path(tempfile.mkdtemp(dir=root or _root()))  # made with mode 0700
        (folder / "files").mkdir(mode=0o700)
        return cls(folder)

    @property
    def is_open(self) -> bool:
        return self.folder.is_dir()

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def tables(self) -> list[Held]:
        """The tables that can be queried, in the order in which they came."""
        with self._lock:
            return sorted(self._held.values(), key=lambda held: int(held.name[1:]))

    def table(self, name: str) -> Held:
        found = next((held for held in self.tables if held.name == name), None)
        if found is None:
            raise KamError(f"there is no table {name!r} in this upload")
        return found

    @contextlib.contextmanager
    def writing(self, sheet: str, title: str) -> Iterator[tuple[Any, str]]:
        """A connection and the name of the table to create in it; what a sheet had before is replaced at the end."""
        with self._lock:
            known = next((held for held in self._held.values() if held.sheet == sheet), None)
            self._numbers += 1
            path = self.folder / f"table{self._numbers}.duckdb"
            name = known.name if known else f"t{self._free()}"
        con = workbench(path, WRITER_GB)
        try:
            yield con, name
            held = _described(con, Held(name, title, sheet, (), 0, path))
        except BaseException:
            con.close()
            _remove(path)
            raise
        con.close()
        self._adopt(held, known)

    def forget(self, sheet: str) -> None:
        """Take a sheet's table away."""
        with self._lock:
            for held in [h for h in self._held.values() if h.sheet == sheet]:
                del self._held[held.name]
                self._close_readers()
                _remove(held.path)

    def reader(self, seconds: int = 60) -> UploadReader:
        """Queries over all tables: read-only, sandboxed, bounded in memory and time. Shared by the session's threads.

        It serves until a table is added or changed: ask for it anew in each run.
        """
        with self._lock:
            if seconds not in self._readers:
                files = [held.path for held in self._held.values()]
                self._readers[seconds] = UploadReader(files, self.folder / "spill", seconds)
            return self._readers[seconds]

    # --- its end

    def leave(self) -> None:
        """The connection is gone: delete everything, unless the same session is back within the grace."""
        with self._lock:
            self.stay()
            self._leaving = threading.Timer(GRACE, self.close)
            self._leaving.daemon = True
            self._leaving.start()

    def stay(self) -> None:
        with self._lock:
            if self._leaving:
                self._leaving.cancel()
                self._leaving = None

    def close(self) -> None:
        """End the work, and delete the folder and all that is in it."""
        self.stop_work()
        with self._lock:
            self._close_readers()
            self._held.clear()
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- inside

    def _free(self) -> int:
        return next(n for n in range(1, 100_000) if f"t{n}" not in self._held)

    def _adopt(self, held: Held, known: Held | None) -> None:
        with self._lock:
            if not self.is_open:  # closed while the table was being read
                return
            if known is None and held.name in self._held:  # another was finished first
                raise KamError("two tables were read at the same time: read this one again")
            self._held[held.name] = held
            self._close_readers()
            if known:
                _remove(known.path)

    def _close_readers(self) -> None:
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()


def _described(con: Any, held: Held) -> Held:
    columns = con.execute(
        "select column_name, data_type from duckdb_columns() where table_name = ? order by column_index", [held.name]
    ).fetchall()
    (rows,) = con.execute(f"select count(*) from {held.name}").fetchone()
    return replace(held, columns=tuple((name, kind) for name, kind in columns if name != "_line"), rows=rows)


def _remove(path: Path) -> None:
    for leftover in (path, path.with_name(path.name + ".wal")):
        with contextlib.suppress(OSError):
            leftover.unlink(missing_ok=True)


# --- the folder of this server, and those of dead ones

_mine: tuple[Path, IO[str]] | None = None
_making = threading.Lock()


def _root() -> Path:
    """This server's folder, made with the first upload; its lock is held until the process ends, however it ends."""
    global _mine
    with _making:
        if _mine is None or not _mine[0].is_dir():
            sweep()
            folder = Path(tempfile.mkdtemp(prefix=PREFIX))
            file = (folder / "LOCK").open("w", encoding="ascii")
            try_lock(file)
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            _mine = folder, file
        return _mine[0]


def sweep(base: Path | None = None) -> list[Path]:
    """Delete what servers that were killed left behind; returns the folders. Those of living servers stay."""
    gone = []
    for folder in (base or Path(tempfile.gettempdir())).glob(PREFIX + "*"):
        if folder.is_symlink() or not _is_ours(folder) or not _is_abandoned(folder):
            continue
        shutil.rmtree(folder, ignore_errors=True)
        gone.append(folder)
    return gone


def _is_ours(folder: Path) -> bool:
    return os.name == "nt" or folder.stat().st_uid == os.getuid()


def _is_abandoned(folder: Path) -> bool:
    try:
        with (folder / "LOCK").open("r+", encoding="ascii") as file:
            return try_lock(file)
    except OSError:
        return False  # being made just now, or not to be read
