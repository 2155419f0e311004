"""The one place that opens DuckDB: workbenches that write a new snapshot, readers that query a finished one."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from kam_core.errors import DamagedData, KamError

# It advises a relation instead, which binds a query twice, once to know its columns: a sixth of what our queries take.
warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")

_QUIET = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
_LEAN = {"allocator_background_threads": "true"}  # what a query used goes back to the system, 70 MB of a page's queries


def _memory_gb(share: float, most: float) -> str:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):  # Windows
        total = 8.0
    return f"{max(1.0, min(most, total * share)):.1f}GB"


def workbench(path: Path | None = None, most_gb: float = 4.0) -> duckdb.DuckDBPyConnection:
    """A connection that may write: to a new file at `path`, or in memory. The caller closes it."""
    config: dict[str, Any] = {**_QUIET, "memory_limit": _memory_gb(0.5, most_gb), "preserve_insertion_order": "true"}
    if path is not None:
        config["temp_directory"] = str(path.with_suffix(".tmp"))
    return duckdb.connect(str(path) if path else ":memory:", config=config)


class Reader:
    """Reads one finished snapshot, sandboxed: no writing, no files, no other database, bounded memory and time.

    Safe to share between threads: every query runs on a cursor of its own, and on one core. A second one would cost a
    quarter more processor time in all, and be missed by the other queries of the page, and by the browser.
    """

    def __init__(self, path: Path, max_seconds: int = 60) -> None:
        config: dict[str, Any] = {
            **_QUIET,
            **_LEAN,
            "enable_external_access": "false",
            "threads": "1",
            "memory_limit": _memory_gb(0.25, 2.0),
            "max_execution_time": str(max_seconds * 1000),
            "lock_configuration": "true",
        }
        try:
            self._connection = duckdb.connect(str(path), read_only=True, config=config)
        except duckdb.Error as error:
            kind = DamagedData if is_damage(error) else KamError
            raise kind(f"{path.name} cannot be read as a warehouse file: {error}") from None

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query, as tuples."""
        with self._cursor(sql) as cursor:
            return cursor.execute(sql, params or {}).fetchall()

    def frame(self, sql: str, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """All rows of a query; DECIMAL columns arrive as floats, dates as timestamps."""
        with self._cursor(sql) as cursor:
            table = cursor.execute(sql, params or {}).to_arrow_table()
        return _plain(table)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _cursor(self, _sql: str) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = self._connection.cursor()
        try:
            yield cursor
        except duckdb.Error as error:
            if is_damage(error):
                raise DamagedData(str(error).splitlines()[0]) from error
            raise
        finally:
            cursor.close()


def is_damage(error: duckdb.Error) -> bool:
    """Whether an error may speak of the file, whose every block carries a checksum, and not of the query."""
    return isinstance(error, (duckdb.IOException, duckdb.FatalException)) or "Corrupt database" in str(error)


class QueryError(KamError):
    """A query that the engine could not answer. `said`: all its words, with the line it stumbled over."""

    def __init__(self, said: str) -> None:
        super().__init__(said.splitlines()[0])
        self.said = said


class TooLong(KamError):
    """A query that was stopped at its time limit."""


class UploadReader(Reader):
    """Reads the finished tables of one upload, each a file of its own, as tightly as a warehouse is read.

    A statement may be written by a person, so it must be one `select`: the catalogue itself, which holds no data,
    lies in memory and could be changed otherwise.
    """

    def __init__(self, files: Sequence[Path], scratch: Path, max_seconds: int = 60) -> None:
        config: dict[str, Any] = {
            **_QUIET,
            **_LEAN,
            "memory_limit": _memory_gb(0.25, 1.0),
            "temp_directory": str(scratch),
            "max_execution_time": str(max_seconds * 1000),
        }
        self._connection = duckdb.connect(":memory:", config=config)
        for number, path in enumerate(files, 1):
            place = f"file{number}"
            self._connection.execute(f"attach {literal(path)} as {place} (read_only)")
            for (table,) in self._connection.execute(
                "select table_name from duckdb_tables() where database_name = ?", [place]
            ).fetchall():
                self._connection.execute(f'create view "{table}" as select * from {place}."{table}"')
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")

    @contextmanager
    def _cursor(self, sql: str) -> Iterator[duckdb.DuckDBPyConnection]:
        try:
            statements = self._connection.extract_statements(sql)
            if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
                raise KamError("only a single select can be run here")
            with super()._cursor(sql) as cursor:
                yield cursor
        except duckdb.InterruptException:
            raise TooLong("this took too long and was stopped: ask for less, or for fewer rows") from None
        except duckdb.Error as error:
            raise QueryError(str(error)) from None


def literal(path: Path) -> str:
    """A path as an SQL string literal."""
    return "'" + str(path).replace("'", "''") + "'"


def _plain(table: pa.Table) -> pd.DataFrame:
    """Arrow to pandas, money as float64: exact to the cent below 90 trillion, and what charts and tables take."""
    fields = [pa.field(f.name, pa.float64()) if pa.types.is_decimal(f.type) else f for f in table.schema]
    return table.cast(pa.schema(fields)).to_pandas(date_as_object=False)
