"""One rectangular table of a file, whatever the file's format: its headings, a sample, and its rows in DuckDB."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kam_core.errors import KamError
from kam_core.ingest import dialect as dialects
from kam_core.ingest.assumptions import ASK, Assumption, chosen
from kam_core.ingest.files import Source
from kam_core.ingest.records import Marks, Record, Swallowed, records
from kam_core.ingest.sheets import Sheet, read_sheets
from kam_core.ingest.shifted import ENOUGH, MOSTLY, kinds_of, put_right
from kam_core.ingest.text import Encoding, as_utf8, encoding_of
from kam_core.ingest.watch import NOBODY, Cancellation, Watch

Connection = Any  # a DuckDB connection, handed in: only kam_core.warehouse imports duckdb
SAMPLE_ROWS = 300
LOOKED_AT, LOOKED_AT_LEAST = 10_000, 100  # rows from which columns are told,
LOOKED_AT_CELLS = 400_000  # fewer of a wide file
MAX_LINE = 16 * 1024 * 1024
CHUNK_ROWS = 50_000  # what is held of a file at once,
CHUNK_CELLS = 400_000  # whatever its width,
CHUNK_CHARS = 64 * 1024**2  # and however long its cells
MOST_RAGGED = 100_000
LONGEST_TEXT = 200  # characters that are kept of a line that does not fit
LAYOUT_KEYS = ("encoding", "delimiter", "quote", "escape", "header_row", "header_rows", "short_rows", "totals", "below")
Ragged = tuple[int, str, str]  # (file line, text of the line, reason)
NO_FORMAT: dict[str, Any] = {}


@dataclass(frozen=True)
class Operand:
    """A column of a relation: its SQL name and its DuckDB type (VARCHAR for all that came as text)."""

    sql: str
    type: str
    trimmed: bool = False  # True where it is known that no value has blanks around it


@dataclass(frozen=True)
class Fault:
    """Why rows cannot be taken, whatever their columns say: `flag` is a column that is true of them, `value` one that
    holds what is to blame."""

    column: str | None  # ours that `value` fills, if any
    flag: str
    value: str
    reason: str


@dataclass(frozen=True)
class Relation:
    """A grid's rows in DuckDB: `name` has the operands of `columns` and `file_line`; `ragged` rows do not fit."""

    name: str
    columns: dict[str, Operand]
    rows: int
    ragged: list[Ragged]
    is_view: bool = True
    left_out: dict[str, int] = field(default_factory=dict)  # rows that are no rows of the table, by a text key
    mended: int = 0  # rows that were put right
    faults: tuple[Fault, ...] = ()  # what can be wrong with a row as a whole


@dataclass
class Grid:
    """A table found in a file. `load(connection, name)` puts its rows into DuckDB under temporary names."""

    source: Source
    sheet: str | None
    headings: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    load: Callable[..., Relation]  # (connection, name, watch)
    notes: list[str] = field(default_factory=list)
    assumptions: tuple[Assumption, ...] = ()
    path: Path | None = None  # the file as UTF-8
    layout: dialects.Layout | None = None
    types: dict[str, str] = field(default_factory=dict)  # heading → the Arrow type that the file gives it

    @property
    def name(self) -> str:
        return f"{self.source.name} [{self.sheet}]" if self.sheet else self.source.name


def grids(source: Source, scratch: Path, format: dict[str, Any] = NO_FORMAT, watch: Watch = NOBODY) -> list[Grid]:
    """The tables of a file: one for text and parquet, one per filled sheet of a workbook (cached by format)."""
    key = repr(sorted((k, v) for k, v in format.items() if k in LAYOUT_KEYS))
    if key not in source.cache:
        read = {"text": _text_grids, "workbook": _sheet_grids, "parquet": _parquet_grids}[source.kind]
        source.cache[key] = read(source, scratch, format, watch)
    return source.cache[key]


def most_rows(grid: Grid) -> int:
    """From how many rows its columns are told."""
    return max(min(LOOKED_AT, LOOKED_AT_CELLS // max(len(grid.headings), 1)), LOOKED_AT_LEAST)


def first_rows(grid: Grid) -> Iterator[tuple[str, ...]]:
    """Rows from which columns are told: many of a text file, for the day that decides may be in the thousandth."""
    if grid.path is None or grid.layout is None:
        yield from grid.sample
        return
    found = grid.layout
    with grid.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for _ in range(found.skip):
            file.readline()
        try:
            for record in islice(records(file, found.marks, found.width), most_rows(grid)):
                row = [*record.fields, *[""] * (found.width - len(record.fields))]
                if len(row) == found.width and any(c.strip() for c in row) and not dialects.is_total(row, found.totals):
                    yield tuple(row)
        except Swallowed:
            return  # reading the whole file will name the line


def quoted(text: str) -> str:
    """A text as an SQL string literal; DuckDB knows no escape but the doubled quote."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """A name as an SQL identifier, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


# Text

def _text_grids(source: Source, scratch: Path, format: dict[str, Any], watch: Watch) -> list[Grid]:
    said = _encoding(source, format)
    target = scratch / f"file{len(list(scratch.iterdir()))}.csv"
    path = as_utf8(source.path, source.name, said.value, target, watch)
    found = dialects.layout(path, source.name, format)
    notes = [f"read as {said.value}: {said.sentence('en')}", f"fields are separated by {_delimiter_name(found.marks)}"]
    return [_grid(source, None, path, found, notes, (said, *found.assumptions))]


def _encoding(source: Source, format: dict[str, Any]) -> Assumption:
    if "encoding" not in source.cache and "encoding" not in format:
        source.cache["encoding"] = encoding_of(source.path, source.name)
    known: Encoding | None = source.cache.get("encoding")
    if "encoding" in format:
        return chosen("encoding", format["encoding"], known.choices if known else ())
    assert known is not None
    return Assumption("encoding", None, known.codec, known.sure, known.why, known.choices, known.examples)


def _grid(source: Source, sheet: str | None, path: Path, found: dialects.Layout, notes: list[str],
          assumptions: tuple[Assumption, ...]) -> Grid:
    name = f"{source.name} [{sheet}]" if sheet else source.name
    place = "row" if sheet else "line"
    if not found.header_line:
        notes.append("there are no headings")
    elif found.header_line > 1:
        notes.append(f"the headings are on {place} {found.header_line}; what stands above is ignored")
    return Grid(source, sheet, found.headings, found.sample,
                lambda con, table, watch=NOBODY: _load_text(con, table, path, name, found, bool(sheet), watch),
                notes, assumptions, path, found)


def _delimiter_name(marks: Marks) -> str:
    return dialects.DELIMITERS.get(marks.delimiter, repr(marks.delimiter))


def _load_text(con: Connection, name: str, path: Path, file_name: str, found: dialects.Layout, tidy: bool,
               watch: Watch) -> Relation:
    """Read the file with the layout said in full, so that nothing is guessed: at once by DuckDB where every record is
    sound, else record by record, so that what is astray is mended or refused with its true line."""
    con.execute(f"drop table if exists {name}_text")
    ragged: list[Ragged] = []
    mended = 0
    rows = _read_at_once(con, name, path, found, tidy, watch) if found.marks.is_plain and not found.pad else None
    if rows is not None:
        source = f"select *, rowid + {found.first_line} as file_line from {name}_text"
    else:
        ragged, mended = _read_by_record(con, name, path, file_name, found, tidy, watch)
        source = f"select * from {name}_text"
    columns = [f"c{i}" for i in range(found.width)]
    filled = f"select * from ({source}) where coalesce({', '.join(columns)}) is not null"
    con.execute(f"create or replace temp view {name} as {filled}")
    left_out, ragged = _leave_out(con, name, filled, found, ragged)
    rows = con.execute(f"select count(*) from {name}").fetchall()[0][0]
    names = dialects.normal_headings(found.headings)
    operands = {heading: Operand(f"c{i}", "VARCHAR") for i, heading in enumerate(names)}
    return Relation(name, operands, rows + len(ragged), ragged, True, left_out, mended)


def _read_at_once(con: Connection, name: str, path: Path, found: dialects.Layout, tidy: bool,
                  watch: Watch) -> int | None:
    """The rows read by DuckDB; None where a record does not fit, or lines and records are not one for one.

    DuckDB lets a blank field too many at the end go: a row with a separator too many at its start looks whole, and
    every cell of it stands in the next column. So separators are counted, less those that stand in cells.
    """
    columns = {f"c{i}": "VARCHAR" for i in range(found.width)}
    try:
        watch.run(con, f"""
            create or replace temp table {name}_text as select * from read_csv({quoted(str(path))}, auto_detect = false,
                header = false, skip = {found.skip}, delim = {quoted(found.marks.delimiter)},
                quote = {quoted(found.marks.quote)}, escape = {quoted(found.marks.quote)}, columns = {columns!r},
                store_rejects = true, rejects_limit = 1, max_line_size = {MAX_LINE})""", "reading.step.read")
        rejected = con.execute("select count(*) from reject_errors").fetchall()[0][0]
    except Cancellation:
        raise
    except Exception:  # whatever DuckDB cannot read is read record by record, which names what is wrong
        return None
    rows: int = con.execute(f"select count(*) from {name}_text").fetchall()[0][0]
    if rejected or tidy:
        return None if rejected else rows
    lines, separators = _counted(path, found)
    more = separators - rows * (found.width - 1)
    return rows if lines == rows and (not more or more == _inside(con, name, found)) else None


def _inside(con: Connection, name: str, found: dialects.Layout) -> int:
    """Separators that stand in cells."""
    mark = quoted(found.marks.delimiter)
    each = [f"coalesce(sum(strlen(c{i}) - strlen(replace(c{i}, {mark}, ''))), 0)" for i in range(found.width)]
    return int(con.execute(f"select ({' + '.join(each)})::bigint from {name}_text").fetchall()[0][0])


def _read_by_record(con: Connection, name: str, path: Path, file_name: str, found: dialects.Layout, tidy: bool,
                    watch: Watch) -> tuple[list[Ragged], int]:
    """Fill `<name>_text` with the records that fit; returns those that do not, and how many were mended."""
    columns = [f"c{i}" for i in range(found.width)]
    texts = ", ".join(f"{c} varchar" for c in columns)
    con.execute(f"create or replace temp table {name}_text({texts}, file_line bigint)")
    ragged: list[Ragged] = []
    mended, chunk, lines = 0, [], []
    size, width, held, kinds = max(path.stat().st_size, 1), found.width, 0, kinds_of(found)
    with path.open("rb") as raw:
        file = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="")
        for _ in range(found.skip):
            file.readline()
        try:
            for record in records(file, found.marks, found.width):
                fields: list[str] | None = record.fields
                whole = "".join(record.fields)
                if not whole or whole.isspace():
                    continue
                held += len(whole)
                line = found.first_line + record.number - 1 if tidy else record.line + found.skip
                if len(record.fields) != width:
                    fields = put_right(record, kinds, found.marks)
                    mended += fields is not None
                    fields = fields or _filled_up(record.fields, found)
                if fields is None:
                    ragged.append(_ragged(line, record, found))
                    if len(ragged) > MOST_RAGGED:
                        raise KamError(f"{file_name}: more than {MOST_RAGGED:,} lines do not have {width} fields; "
                                       "choose another delimiter or heading row, or export it again")
                else:
                    mended += record.mended
                    chunk.append(fields)
                    lines.append(line)
                if len(chunk) >= CHUNK_ROWS or len(chunk) * width >= CHUNK_CELLS or held >= CHUNK_CHARS:
                    _append(con, name, columns, chunk, lines)
                    chunk, lines, held = [], [], 0
                    watch.step("reading.step.read", 0.3 + 0.7 * raw.tell() / size)
        except Swallowed as hole:
            line = hole.line + found.skip
            raise KamError(f"{file_name}: line {line} opens a quote that swallows {hole.lines:,} lines; "
                           "close it there and load again") from None
    _append(con, name, columns, chunk, lines)
    return ragged, mended


def _filled_up(fields: list[str], found: dialects.Layout) -> list[str] | None:
    """Fields that are too few, filled up where the layout allows it; None where they do not fit."""
    missing = found.width - len(fields)
    return fields + [""] * missing if missing > 0 and found.pad else None


def _ragged(line: int, record: Record, found: dialects.Layout) -> Ragged:
    many = "many" if len(record.fields) > found.width else "few"
    reason = f"too {many} fields ({len(record.fields)} instead of {found.width})"
    return line, record.text[:LONGEST_TEXT], reason


def _append(con: Connection, name: str, columns: list[str], chunk: list[list[str]], lines: list[int]) -> None:
    if not chunk:
        return
    arrays = {c: pa.array([cell or None for cell in cells], pa.string())
              for c, cells in zip(columns, zip(*chunk, strict=True), strict=True)}
    con.register(f"{name}_arrow", pa.table({**arrays, "file_line": pa.array(lines, pa.int64())}))
    con.execute(f"insert into {name}_text select * from {name}_arrow")
    con.unregister(f"{name}_arrow")


def _leave_out(con: Connection, name: str, filled: str, found: dialects.Layout,
               ragged: list[Ragged]) -> tuple[dict[str, int], list[Ragged]]:
    """Take totals and notes below the table out of the view; how many by reason (a text key), and what stays ragged."""
    left_out: dict[str, int] = {}
    again, second = _headings_again(con, name, found, ragged)
    repeated = _said_again(con, name, found.width, again)
    lines: list[int] = [*again, *repeated]
    if again:
        left_out["reading.left_out.headings"] = len(again)
    if repeated:
        left_out["reading.left_out.repeated"] = len(repeated)
    if second is not None:
        rows = con.execute(f"select file_line from {name} where file_line >= {second}").fetchall()
        beyond = [line for line, _, _ in ragged if line >= second]
        left_out["reading.left_out.second"] = len(rows) + len(beyond)
        ragged = [r for r in ragged if r[0] < second]
        lines += [row[0] for row in rows]
    elif found.notes:
        last = con.execute(f"select file_line from {name} order by file_line desc limit {found.notes}").fetchall()
        notes = sorted([*(row[0] for row in last), *(line for line, _, _ in ragged)])[-found.notes:]
        left_out["reading.left_out.below"] = len(notes)
        ragged = [r for r in ragged if r[0] not in notes]
        lines += notes
    if found.totals:
        rows = con.execute(f"select file_line from {name} where {_total_sql(found.totals, found.width)}").fetchall()
        totals = {row[0] for row in rows} - set(lines)
        if totals:
            left_out["reading.left_out.totals"] = len(totals)
            lines += totals
    if lines:
        con.execute(f"create or replace temp table {name}_out as select unnest(?::bigint[]) as line", [lines])
        con.execute(f"create or replace temp view {name} as select * from ({filled}) "
                    f"where file_line not in (select line from {name}_out)")
    return left_out, ragged


def _headings_again(con: Connection, name: str, found: dialects.Layout,
                    ragged: list[Ragged]) -> tuple[list[int], int | None]:
    """Lines that say the headings again, as at the top of each printed page; and the line where a second table begins:
    it says the first headings of the table and stops earlier, or goes on. In a table of texts alone such rows may be
    data."""
    named = [i for i, heading in enumerate(found.headings) if heading]
    if not found.header_line or len(named) < 2 or not any(kinds_of(found)):
        return [], None
    same = " and ".join(f"coalesce(trim(c{i}) = {quoted(found.headings[i])}, true)" for i in named)
    filled = f"list_count([{', '.join(f'c{i}' for i in named)}])"
    rows = con.execute(f"""
        select file_line, {filled} from {name} where c{named[0]} = {quoted(found.headings[named[0]])} and {same}
            and {filled} > 1 order by file_line""").fetchall()
    start = found.marks.one.join(found.headings) + found.marks.one
    others = [line for line, count in rows if count < len(named)]
    others += [line for line, text, _ in ragged if text.startswith(start[:LONGEST_TEXT])]
    second = min(others, default=None)
    return [line for line, count in rows if count == len(named) and (second is None or line < second)], second


def _said_again(con: Connection, name: str, width: int, again: list[int]) -> list[int]:
    """Lines below headings that came again, where nearly all of them stand above already: the same table once more, as
    two exports make it in one file. Read too, every amount would count twice."""
    if not again:
        return []
    row = f"hash({', '.join(f'c{i}' for i in range(width))})"
    return [line for line, in con.execute(f"""
        with heads as (select unnest(?::bigint[]) as head),
        rows as (select file_line, {row} as row, coalesce(head, 0) as head
                 from {name} as r asof left join heads as h on r.file_line > h.head
                 where file_line not in (select head from heads)),
        firsts as (select *, min(head) over (partition by row) < head as is_there from rows)
        select file_line from firsts
        qualify avg(is_there::int) over (partition by head) >= {MOSTLY}
            and count(*) over (partition by head) >= {ENOUGH}
        order by file_line""", [again]).fetchall()]


def _total_sql(rule: dialects.Totals, width: int) -> str:
    """As `dialects.is_total`; the cheap question comes first, the words are looked at only where it holds."""
    blank = " or ".join(f"c{i} is null" for i in rule.usual)
    word = " or ".join(f"(length(c{i}) <= 60 and regexp_full_match(c{i}, {quoted(dialects.TOTAL)}))"
                       for i in rule.columns)
    number = " or ".join(f"regexp_matches(c{i}, '^\\W*\\d')" for i in range(width))
    return f"case when {blank} then ({word}) and ({number}) else false end"


def drop(con: Connection, relation: Relation) -> None:
    """Free what `load` put into the connection."""
    kind = "view" if relation.is_view else "table"
    con.execute(f"drop {kind} if exists {relation.name}")
    for table in (f"{relation.name}_text", f"{relation.name}_out", "reject_errors", "reject_scans"):
        con.execute(f"drop table if exists {table}")


def _counted(path: Path, found: dialects.Layout) -> tuple[int, int]:
    """(lines, separators) of a file below its headings, the last line with or without a line end; blank lines at its
    end do not count."""
    lines, separators, tail, mark = 1 - found.skip, 0, b"", found.marks.delimiter
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        separators -= sum(file.readline().count(mark) for _ in range(found.skip))
    with path.open("rb") as file:
        while chunk := file.read(1 << 22):
            lines += chunk.count(b"\n")
            separators += chunk.count(mark.encode())
            tail = (tail + chunk)[-4096:]
    ends = tail.replace(b"\r", b"")
    return lines - (len(ends) - len(ends.rstrip(b"\n"))), separators


# Workbooks

def _sheet_grids(source: Source, scratch: Path, format: dict[str, Any], watch: Watch) -> list[Grid]:
    if "sheets" not in source.cache:
        source.cache["sheets"] = read_sheets(source.path, source.name, scratch, watch)
    return [_sheet_grid(source, sheet, format) for sheet in source.cache["sheets"]]


def _sheet_grid(source: Source, sheet: Sheet, format: dict[str, Any]) -> Grid:
    name = f"{source.name} [{sheet.name}]"
    wanted = format.get("header_row")
    if wanted is not None and not 0 <= wanted <= sheet.rows:
        raise KamError(f"{name}: header_row = {wanted}, but the sheet has {sheet.rows} rows")
    found = dialects.layout(sheet.path, name, format, tidy=True)
    said = found.assumptions
    notes = []
    if sheet.empty_formulas:
        notes.append(f"{sheet.empty_formulas:,} formulas have no value; open it in a spreadsheet program and save it")
        said += (Assumption("formulas", None, sheet.empty_formulas, ASK, (
            "reading.why.formulas", {"cells": sheet.empty_formulas})),)
    return _grid(source, sheet.name, sheet.path, found, notes, said)


# Parquet

def _parquet_grids(source: Source, scratch: Path, format: dict[str, Any], watch: Watch) -> list[Grid]:
    try:
        with pq.ParquetFile(source.path) as file:
            names = tuple(file.schema_arrow.names)
            types = {f.name: str(f.type) for f in file.schema_arrow}
            batch = next(file.iter_batches(batch_size=SAMPLE_ROWS), None)
    except (pa.ArrowException, OSError, StopIteration) as error:
        raise KamError(f"{source.name}: is a damaged parquet file ({str(error).splitlines()[0][:100]}); "
                       "export it again") from None
    if len(names) > dialects.MAX_COLUMNS:
        raise KamError(f"{source.name}: has {len(names):,} columns, more than {dialects.MAX_COLUMNS:,}; "
                       "export only what is needed")
    rows = batch.to_pylist() if batch is not None else []
    sample = tuple(tuple("" if row[n] is None else str(row[n]) for n in names) for row in rows)
    return [Grid(source, None, names, sample, lambda con, name, watch=NOBODY: _load_parquet(con, name, source),
                 types=types)]


def _load_parquet(con: Connection, name: str, source: Source) -> Relation:
    """Nothing is copied: the relation is a view on the file; a row's line is its number, counted from 1."""
    file = f"read_parquet({quoted(str(source.path))}, file_row_number = true)"
    try:
        described = con.execute(f"describe select * from {file}").fetchall()[:-1]
        columns = ", ".join(f"{quoted_name(row[0])} as c{i}" for i, row in enumerate(described))
        con.execute(f"""
            create or replace temp view {name} as select {columns}, file_row_number + 1 as file_line from {file}""")
        rows = con.execute(f"select count(*) from {name}").fetchall()[0][0]
    except Exception as error:  # whatever DuckDB cannot read, it names on its first line
        raise KamError(f"{source.name}: cannot be read ({str(error).splitlines()[0][:160]}); export it again") from None
    operands = {row[0]: Operand(f"c{i}", row[1]) for i, row in enumerate(described)}
    return Relation(name, operands, rows, [])

