"""The one place that opens DuckDB: workbenches that write a new snapshot, readers that query a finished one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from kam_core.errors import KamError

_QUIET = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


def _memory_gb(share: float, most: float) -> str:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):  # Windows
        total = 8.0
    return f"{max(1.0, min(most, total * share)):.1f}GB"


def workbench(path: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A connection that may write: to a new file at `path`, or in memory. The caller closes it."""
    config: dict[str, Any] = {**_QUIET, "memory_limit": _memory_gb(0.5, 4.0), "preserve_insertion_order": "true"}
    if path is not None:
        config["temp_directory"] = str(path.with_suffix(".tmp"))
    return duckdb.connect(str(path) if path else ":memory:", config=config)


class Reader:
    """Reads one finished snapshot, sandboxed: no writing, no files, no other database, bounded memory and time.

    Safe to share between threads: every query runs on a cursor of its own.
    """

    def __init__(self, path: Path, max_seconds: int = 60) -> None:
        config: dict[str, Any] = {
            **_QUIET,
            "enable_external_access": "false",
            "memory_limit": _memory_gb(0.25, 2.0),
            "max_execution_time": str(max_seconds * 1000),
            "lock_configuration": "true",
        }
        try:
            self._connection = duckdb.connect(str(path), read_only=True, config=config)
        except duckdb.Error as error:
            raise KamError(f"{path.name} cannot be read as a warehouse file: {error}") from None

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query, as tuples."""
        cursor = self._connection.cursor()
        try:
            return cursor.execute(sql, params or {}).fetchall()
        finally:
            cursor.close()

    def frame(self, sql: str, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """All rows of a query; DECIMAL columns arrive as floats, dates as timestamps."""
        cursor = self._connection.cursor()
        try:
            table = cursor.sql(sql, params=params or {}).to_arrow_table()
        finally:
            cursor.close()
        return _plain(table)

    def close(self) -> None:
        self._connection.close()


def _plain(table: pa.Table) -> pd.DataFrame:
    """Arrow to pandas, money as float64: exact to the cent below 90 trillion, and what charts and tables take."""
    fields = [pa.field(f.name, pa.float64()) if pa.types.is_decimal(f.type) else f for f in table.schema]
    return table.cast(pa.schema(fields)).to_pandas(date_as_object=False)
