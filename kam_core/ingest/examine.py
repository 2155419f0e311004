"""Look at files before anything is loaded: what was found, what was assumed and how sure that is, and a preview.

`examine` looks, `read_text` reads all rows as text, `read_typed` gives each column its type. Whatever was assumed
stands in the `format` of a sheet; a changed format given to `examine` again is what will be read.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from kam_core.errors import KamError
from kam_core.ingest.assumptions import Assumption, Why
from kam_core.ingest.dialect import normal_headings
from kam_core.ingest.files import Found, Source, collect
from kam_core.ingest.grid import Connection, Grid, Relation, drop, first_rows, grids, most_rows, quoted_name
from kam_core.ingest.looks import Column, look_at_columns
from kam_core.ingest.propose import Known, Pairing, Proposal, propose
from kam_core.ingest.records import Marks, records
from kam_core.ingest.typed import ColumnRead, type_table
from kam_core.ingest.watch import Cancellation, Cancelled, Progress, Watch
from kam_core.text.i18n import t

__all__ = ["Assumption", "ColumnRead", "Examined", "Pairing", "Problem", "Proposal", "Read", "SheetLook", "examine",
           "guess_table", "quoted_name", "read_text", "read_typed", "shape"]
PREVIEW_ROWS = 100
RAW_LINES = 30
RAW_CHARS = 2_000


@dataclass(frozen=True)
class Problem:
    """Why a file (or a part of it) cannot be read, in a sentence that names the file and never a folder."""

    file: str
    why: Why

    def sentence(self, lang: str) -> str:
        return t(lang, self.why[0], **self.why[1])

    def __str__(self) -> str:
        return self.sentence("en")


@dataclass
class SheetLook:
    """One table found in a file: the format in force, what of it the user `chose`, and the first rows as text."""

    id: str
    name: str
    file: str
    sheet: str | None
    kind: str  # text, workbook, parquet
    format: dict[str, Any]
    chosen: dict[str, Any]
    assumptions: list[Assumption]
    headings: list[str]
    raw: list[str]
    rows: list[list[str]]
    row_count: int | None
    columns: list[Column] = field(repr=False)
    places: list[int] = field(repr=False)  # which columns of the file they are: blank ones without heading are none
    sample: list[list[str]] = field(repr=False)
    folder: tempfile.TemporaryDirectory = field(repr=False)  # held, so that what was unpacked there stays
    grid: Grid = field(repr=False)


@dataclass
class Examined:
    """All sheets found and all that could not be read. Unpacked files live as long as it does; `close` removes them."""

    sheets: list[SheetLook]
    problems: list[Problem]
    found: Found = field(repr=False)
    folder: tempfile.TemporaryDirectory = field(repr=False)

    def sheet(self, id: str) -> SheetLook:
        return next(s for s in self.sheets if s.id == id)

    def close(self) -> None:
        self.folder.cleanup()


@dataclass(frozen=True)
class Read:
    """How many rows were read, how many lines were left out by which reason (a text key), and how many of those read
    were put right: quotes or separators were astray."""

    rows: int
    left_out: dict[str, int]
    mended: int = 0


def examine(paths: list[Path], formats: dict[str, dict[str, Any]] | None = None, progress: Progress | None = None,
            cancelled: Cancelled | None = None, before: Examined | None = None,
            scratch: Path | None = None) -> Examined:
    """Look at files; `formats` (sheet id → changed entries) says what the user corrected.

    What has to be unpacked lies in a folder below `scratch`, or in the system's place for such things.

    With `before` given nothing is unpacked or parsed again that was so before. Files that cannot be read end in
    `problems`, never in an exception; only a cancellation raises.
    """
    watch = Watch(progress, cancelled)
    folder = before.folder if before else tempfile.TemporaryDirectory(prefix="kam-look-", dir=scratch)
    found = before.found if before else Found([], Path(folder.name), [], [])
    examined = Examined([], list(before.problems) if before else [], found, folder)
    if before is None:
        for path in paths:
            _collect(examined, Path(path))
    for place, source in enumerate(found.sources):
        watch.step("reading.step.look", place / len(found.sources))
        _look_at(examined, source, formats or {}, watch)
    return examined


def _collect(examined: Examined, path: Path) -> None:
    found = examined.found
    try:
        if not path.exists():
            raise KamError(f"{path.name}: there is no such file; choose it again")
        collect(found, path)
    except KamError as error:
        examined.problems.append(_problem(path.name, error))
    examined.problems += [_problem(name, error) for name, error in found.refused or []]
    examined.problems += [_problem(path.name, KamError(sentence)) for sentence in found.warnings]
    found.warnings.clear()
    found.refused = []


def _problem(file: str, error: KamError) -> Problem:
    return Problem(file, ("reading.problem.other", {"message": str(error)}))


def _look_at(examined: Examined, source: Source, formats: dict[str, dict[str, Any]], watch: Watch) -> None:
    try:
        # A text file is one sheet: what is chosen for it, its encoding too, holds before anything is read.
        first = formats.get(source.name, {}) if source.kind == "text" else {}
        for grid in grids(source, examined.found.scratch, first, watch):
            id = f"{source.name}/{grid.sheet}" if grid.sheet else source.name
            chosen = dict(formats.get(id, {}))
            if chosen and source.kind != "text":
                again = grids(source, examined.found.scratch, chosen, watch)
                grid = next(g for g in again if g.sheet == grid.sheet)
            examined.sheets.append(_look(id, grid, chosen, examined.folder))
    except Cancellation:
        raise
    except KamError as error:
        if not any(p.file == source.name for p in examined.problems):
            examined.problems.append(_problem(source.name, error))


def _look(id: str, grid: Grid, chosen: dict[str, Any], folder: tempfile.TemporaryDirectory) -> SheetLook:
    names = normal_headings(grid.headings)
    sample = [list(row) for row in first_rows(grid)]
    if grid.layout and len(sample) < most_rows(grid):
        sample = sample[:len(sample) - grid.layout.notes]
    stray = [i for i, h in enumerate(grid.headings) if not h and not any(row[i].strip() for row in sample)]
    places = [i for i in range(len(names)) if i not in stray]
    names, sample = [names[i] for i in places], [[row[i] for i in places] for row in sample]
    columns = look_at_columns(names, sample, chosen, grid.types)
    assumptions = [*grid.assumptions, *(said for column in columns for said in column.said)]
    format = _in_force(assumptions) | chosen
    return SheetLook(id, grid.name, grid.source.name, grid.sheet, grid.source.kind, format, chosen, assumptions,
                     names, _raw(grid), sample[:PREVIEW_ROWS], None, columns, places, sample, folder, grid)


def _in_force(assumptions: list[Assumption]) -> dict[str, Any]:
    """The entries of the format that the assumptions stand for."""
    format: dict[str, Any] = {}
    for one in assumptions:
        if one.choices and one.column is None:
            format[one.key] = one.value
        elif one.choices:
            format.setdefault(one.key, {})[one.column] = one.value
    return format


def _raw(grid: Grid) -> list[str]:
    """The first lines of the file as they stand; of a sheet, the cells of its first rows with bars between them."""
    if grid.path is None:
        return [" | ".join(row) for row in grid.sample[:RAW_LINES]]
    with grid.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        if not grid.sheet:
            return [line.rstrip("\r\n")[:RAW_CHARS] for line in islice(file, RAW_LINES)]
        return [" | ".join(r.fields)[:RAW_CHARS] for r in islice(records(file, Marks()), RAW_LINES)]


def shape(sheet: SheetLook) -> str:
    """A short name of a file's shape, the same for every file with the same headings in the same order."""
    text = "\x1f".join(h.casefold() for h in sheet.headings)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_text(con: Connection, sheet: SheetLook, table: str, progress: Progress | None = None,
              cancelled: Cancelled | None = None) -> Read:
    """Fill `table` with all rows as VARCHAR, columns named by the headings, and `_line`, the file's line or row; and
    `<table>_left(line, text, reason)` with the lines that do not fit."""
    relation = sheet.grid.load(con, "look", Watch(progress, cancelled))
    try:
        places = [f"c{i}" for i in sheet.places]
        columns = ", ".join(f"{c}::varchar as {quoted_name(h)}" for c, h in zip(places, sheet.headings, strict=True))
        con.execute(f'create or replace table {quoted_name(table)} as select {columns}, file_line as "_line" '
                    f"from {relation.name}")
        _write_left(con, table + "_left", relation)
        ragged = {"reading.left_out.ragged": len(relation.ragged)} if relation.ragged else {}
        stray = _stray_cells(con, relation, sheet)
        return Read(relation.rows - len(relation.ragged), ragged | relation.left_out | stray, relation.mended)
    finally:
        drop(con, relation)


def _stray_cells(con: Connection, relation: Relation, sheet: SheetLook) -> dict[str, int]:
    """Cells in columns that have no heading and seemed blank: they are not read, and that is said."""
    stray = [f"count(c{i})" for i in range(len(sheet.grid.headings)) if i not in sheet.places]
    cells = con.execute(f"select {' + '.join(stray)} from {relation.name}").fetchall()[0][0] if stray else 0
    return {"reading.left_out.stray": cells} if cells else {}


def _write_left(con: Connection, table: str, relation: Relation) -> None:
    """The lines that do not fit the table, as `<table>_left(line, text, reason)`."""
    con.execute(f"create or replace table {quoted_name(table)}(line bigint, text varchar, reason varchar)")
    if relation.ragged:
        lines, texts, reasons = zip(*relation.ragged, strict=True)
        con.execute(f"insert into {quoted_name(table)} select unnest(?::bigint[]), unnest(?::varchar[]), "
                    "unnest(?::varchar[])", [list(lines), list(texts), list(reasons)])


def read_typed(con: Connection, text_table: str, table: str, sheet: SheetLook, progress: Progress | None = None,
               cancelled: Cancelled | None = None) -> list[ColumnRead]:
    """Copy a text table with the type that each column's values have; cells that do not fit become NULL and are
    listed in `<table>_bad(line, column_name, value, reason)`."""
    return type_table(con, text_table, table, sheet.columns, sheet.chosen, Watch(progress, cancelled))


def guess_table(sheet: SheetLook, known: Known | None = None) -> list[Proposal]:
    """The tables that a sheet could be, the likeliest first; `known` holds ids and names we have: {"accounts": {…}}."""
    return propose(sheet.grid, sheet.columns, sheet.sample, known)
