"""One rectangular table of a file, whatever the file's format: its headings, a sample, and its rows in DuckDB."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kam_core.errors import KamError
from kam_core.ingest import dialect as dialects
from kam_core.ingest.files import Source
from kam_core.ingest.sheets import read_sheets
from kam_core.ingest.text import as_utf8, encoding_of

Connection = Any  # a DuckDB connection, handed in: only kam_core.warehouse imports duckdb
SAMPLE_ROWS = 300
MAX_LINE = 16 * 1024 * 1024
LOST_LINES = 10  # a misfit that takes in more lines than this is no row but a hole in the file
NO_FORMAT: dict[str, Any] = {}


@dataclass(frozen=True)
class Operand:
    """A column of a relation: its SQL name and its DuckDB type (VARCHAR for all that came as text)."""

    sql: str
    type: str
    trimmed: bool = False  # True where it is known that no value has blanks around it


@dataclass(frozen=True)
class Relation:
    """A grid's rows in DuckDB: `name` has the operands of `columns` and `file_line`; `ragged` rows do not fit."""

    name: str
    columns: dict[str, Operand]
    rows: int
    ragged: list[tuple[int, str, str]]  # (file line, text of the line, reason)
    is_view: bool = True


@dataclass
class Grid:
    """A table found in a file. `load(connection, name)` puts its rows into DuckDB under temporary names."""

    source: Source
    sheet: str | None
    headings: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    load: Callable[[Connection, str], Relation]
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.source.name} [{self.sheet}]" if self.sheet else self.source.name


def grids(source: Source, scratch: Path, format: dict[str, Any] = NO_FORMAT) -> list[Grid]:
    """The tables of a file: one for text and parquet, one per filled sheet of a workbook (cached by format)."""
    key = repr(sorted((k, v) for k, v in format.items() if k in ("encoding", "delimiter", "header_row")))
    if key not in source.cache:
        read = {"text": _text_grids, "workbook": _sheet_grids, "parquet": _parquet_grids}[source.kind]
        source.cache[key] = read(source, scratch, format)
    return source.cache[key]


def quoted(text: str) -> str:
    """A text as an SQL string literal; DuckDB knows no escape but the doubled quote."""
    return "'" + text.replace("'", "''") + "'"


# Text

def _text_grids(source: Source, scratch: Path, format: dict[str, Any]) -> list[Grid]:
    if "encoding" in format:
        encoding, why = format["encoding"], "the mapping says so"
    else:
        encoding, why = encoding_of(source.path, source.name)
    target = scratch / f"utf8-{len(list(scratch.iterdir()))}.csv"
    path = as_utf8(source.path, source.name, encoding, target)
    dialect = dialects.sniff(path, source.name, format.get("delimiter"), format.get("header_row"))
    notes = [f"read as {encoding}: {why}", f"fields are separated by {_delimiter_name(dialect.delimiter)}"]
    if dialect.header_line > 1:
        notes.append(f"the headings are on line {dialect.header_line}; what stands above is ignored")
    grid = Grid(source, None, dialect.headings, dialect.sample,
                lambda con, name: _load_text(con, name, path, source.name, dialect), notes)
    return [grid]


def _delimiter_name(delimiter: str) -> str:
    return dialects.DELIMITERS.get(delimiter, repr(delimiter))


def _load_text(con: Connection, name: str, path: Path, file_name: str, dialect: dialects.Dialect) -> Relation:
    """Read the file with the dialect said in full, so that DuckDB guesses nothing; misfits end in `reject_errors`."""
    columns = {f"c{i}": "VARCHAR" for i in range(len(dialect.headings))}
    try:
        con.execute(f"""
            create or replace temp table {name}_text as select * from read_csv({quoted(str(path))}, auto_detect = false,
                header = false, skip = {dialect.first_line - 1}, delim = {quoted(dialect.delimiter)}, quote = '"',
                escape = '"', columns = {columns!r}, store_rejects = true, rejects_limit = 0,
                max_line_size = {MAX_LINE})""")
    except Exception as error:  # whatever DuckDB cannot read, it names on its first line
        raise KamError(f"{file_name}: cannot be read as {_delimiter_name(dialect.delimiter)}-separated text "
                       f"({str(error).splitlines()[0][:160]}); export it again") from None
    lines, ragged = _lines(con, name, path, file_name, dialect)
    if lines is None:
        source = f"select *, rowid + {dialect.first_line} as file_line from {name}_text"
    else:
        con.register(f"{name}_arrow", pa.table({"file_line": lines}))
        # Joined once: a positional join runs on one core, each time it is read.
        con.execute(f"""
            create or replace temp table {name}_lines as select * from {name}_text positional join {name}_arrow""")
        con.unregister(f"{name}_arrow")
        con.execute(f"drop table {name}_text")
        source = f"select * from {name}_lines"
    filled = f"coalesce({', '.join(columns)}) is not null"
    con.execute(f"create or replace temp view {name} as select * from ({source}) where {filled}")
    rows = con.execute(f"select count(*) from {name}").fetchall()[0][0]
    operands = {heading: Operand(f"c{i}", "VARCHAR") for i, heading in enumerate(dialect.headings) if heading}
    return Relation(name, operands, rows + len(ragged), ragged)


def drop(con: Connection, relation: Relation) -> None:
    """Free what `load` put into the connection."""
    kind = "view" if relation.is_view else "table"
    con.execute(f"drop {kind} if exists {relation.name}")
    for table in (f"{relation.name}_text", f"{relation.name}_lines", "reject_errors", "reject_scans"):
        con.execute(f"drop table if exists {table}")


REASONS = {"MISSING COLUMNS": "too few fields", "TOO MANY COLUMNS": "too many fields",
           "UNQUOTED VALUE": "a quote is not closed or stands inside a field",
           "LINE SIZE OVER MAXIMUM": "the line is too long", "INVALID ENCODING": "bytes that are not text"}


def _lines(con: Connection, name: str, path: Path, file_name: str,
           dialect: dialects.Dialect) -> tuple[np.ndarray | None, list]:
    """File lines of the rows that were taken (None: they follow one another) and the rows that do not fit."""
    taken = con.execute(f"select count(*) from {name}_text").fetchall()[0][0]
    rejects = con.execute("""
        select min(byte_position), any_value(csv_line), any_value(error_type), any_value(error_message)
        from reject_errors group by line_byte_position order by 1""").fetchall()
    last = _line_count(path)
    if not rejects and last - dialect.first_line + 1 == taken:
        return None, []
    starts, ends = _record_starts(path, dialect), _newlines(path)
    ragged = []
    for position, text, kind, message in rejects:
        line = int(np.searchsorted(ends, position - 1)) + 1
        place = int(np.searchsorted(starts, line, side="right"))
        start = int(starts[place - 1]) if place else line
        swallowed = (int(starts[place]) if place < len(starts) else last + 1) - start
        if kind == "UNQUOTED VALUE" and swallowed > LOST_LINES:
            raise KamError(f"{file_name}: line {start} opens a quote that swallows {swallowed:,} lines; "
                           "close it there and load again")
        found = message.split("Found:")[-1].strip() if "Found:" in message else ""
        expected = f" ({found} instead of {len(dialect.headings)})" if found.isdigit() else ""
        ragged.append((start, text.strip("\r\n")[:200], REASONS.get(kind, kind.lower()) + expected))
    kept = np.setdiff1d(starts, np.array([line for line, _, _ in ragged], dtype=np.int64))
    if len(kept) != taken:
        # Two readers disagree on where records end (stray quotes): count from the top rather than point at wrong lines.
        kept = np.arange(taken) + dialect.first_line
    return kept, ragged


def _line_count(path: Path) -> int:
    """Lines of a file, the last with or without a line end."""
    count, tail = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(1 << 22):
            count += chunk.count(b"\n")
            tail = chunk
    return count + (not tail.endswith(b"\n"))


def _newlines(path: Path) -> np.ndarray:
    """Byte positions of all line ends."""
    found, offset = [np.array([], dtype=np.int64)], 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 24):
            found.append(np.flatnonzero(np.frombuffer(chunk, dtype=np.uint8) == 10) + offset)
            offset += len(chunk)
    return np.concatenate(found)


def _record_starts(path: Path, dialect: dialects.Dialect) -> np.ndarray:
    """File line on which each record that is not blank starts, below the headings; ends at a quote never closed."""
    starts, line = [], 0
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=dialect.delimiter)
        try:
            for row in reader:
                if row and line + 1 >= dialect.first_line:
                    starts.append(line + 1)
                line = reader.line_num
        except csv.Error:
            pass
    return np.array(starts, dtype=np.int64)


# Workbooks

def _sheet_grids(source: Source, scratch: Path, format: dict[str, Any]) -> list[Grid]:
    if "sheets" not in source.cache:
        source.cache["sheets"] = read_sheets(source.path, source.name)
    sheets = source.cache["sheets"]
    return [_sheet_grid(source, sheet, rows, format.get("header_row"))
            for sheet, rows in sheets.items()]


def _sheet_grid(source: Source, sheet: str, rows: list[list[str]], header_row: int | None) -> Grid:
    index = dialects.header_index(rows[:SAMPLE_ROWS]) if header_row is None else header_row - 1
    if not 0 <= index < len(rows):
        raise KamError(f"{source.name} [{sheet}]: header_row = {header_row}, but the sheet has {len(rows)} rows")
    width = max((i + 1 for row in rows[index:] for i, cell in enumerate(row) if cell.strip()), default=0)
    if width > dialects.MAX_COLUMNS:
        raise KamError(f"{source.name} [{sheet}]: has {width:,} columns, more than {dialects.MAX_COLUMNS:,}; "
                       "keep only the columns needed")
    body = [(number, row) for number, row in enumerate(rows[index + 1:], index + 2) if any(c.strip() for c in row)]
    names = dialects.headings(rows[index][:width])
    notes = [f"the headings are on row {index + 1}; what stands above is ignored"] if index else []
    return Grid(source, sheet, names, tuple(tuple(row) for _, row in body[:SAMPLE_ROWS]),
                lambda con, name: _load_sheet(con, name, names, body), notes)


def _load_sheet(con: Connection, name: str, names: tuple[str, ...], body: list[tuple[int, list[str]]]) -> Relation:
    columns = {f"c{i}": pa.array([row[i] or None if i < len(row) else None for _, row in body], pa.string())
               for i in range(len(names))}
    con.register(f"{name}_arrow", pa.table({**columns, "file_line": pa.array([line for line, _ in body], pa.int64())}))
    con.execute(f"create or replace temp table {name} as select * from {name}_arrow")
    con.unregister(f"{name}_arrow")
    operands = {heading: Operand(f"c{i}", "VARCHAR") for i, heading in enumerate(names) if heading}
    return Relation(name, operands, len(body), [], is_view=False)


# Parquet

def _parquet_grids(source: Source, scratch: Path, format: dict[str, Any]) -> list[Grid]:
    try:
        with pq.ParquetFile(source.path) as file:
            names = tuple(file.schema_arrow.names)
            batch = next(file.iter_batches(batch_size=SAMPLE_ROWS), None)
    except (pa.ArrowException, OSError, StopIteration) as error:
        raise KamError(f"{source.name}: is a damaged parquet file ({str(error).splitlines()[0][:100]}); "
                       "export it again") from None
    if len(names) > dialects.MAX_COLUMNS:
        raise KamError(f"{source.name}: has {len(names):,} columns, more than {dialects.MAX_COLUMNS:,}; "
                       "export only what is needed")
    rows = batch.to_pylist() if batch is not None else []
    sample = tuple(tuple("" if row[n] is None else str(row[n]) for n in names) for row in rows)
    return [Grid(source, None, names, sample, lambda con, name: _load_parquet(con, name, source))]


def _load_parquet(con: Connection, name: str, source: Source) -> Relation:
    """Nothing is copied: the relation is a view on the file; a row's line is its number, counted from 1."""
    file = f"read_parquet({quoted(str(source.path))}, file_row_number = true)"
    try:
        described = con.execute(f"describe select * from {file}").fetchall()[:-1]
        columns = ", ".join(f"{_identifier(row[0])} as c{i}" for i, row in enumerate(described))
        con.execute(f"""
            create or replace temp view {name} as select {columns}, file_row_number + 1 as file_line from {file}""")
        rows = con.execute(f"select count(*) from {name}").fetchall()[0][0]
    except Exception as error:  # whatever DuckDB cannot read, it names on its first line
        raise KamError(f"{source.name}: cannot be read ({str(error).splitlines()[0][:160]}); export it again") from None
    operands = {row[0]: Operand(f"c{i}", row[1]) for i, row in enumerate(described)}
    return Relation(name, operands, rows, [])


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
