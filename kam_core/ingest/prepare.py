"""Files in, checked and typed tables out: `staged.<table>` and `staged.refused`, every row in one or the other."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from kam_core.errors import KamError
from kam_core.ingest import expressions, looks
from kam_core.ingest.cells import with_cells
from kam_core.ingest.columns import rows_to_take, typed_columns, with_trimmed
from kam_core.ingest.dialect import normal_headings
from kam_core.ingest.files import Found, Source, opened
from kam_core.ingest.grid import Connection, Grid, Relation, drop, first_rows, grids
from kam_core.ingest.guess import guess_sources
from kam_core.ingest.join import Header, drop_header, header_of, with_header
from kam_core.ingest.mapping import Mapping, TableMapping, by_column
from kam_core.ingest.rows import insert_ragged, insert_rows, refuse_duplicates
from kam_core.schema import TABLES, Table
from kam_core.text.i18n import t


@dataclass
class SourceFile:
    """One file (or sheet) that filled one table, with what was read, left out and assumed."""

    source_id: int
    path: Path
    name: str
    sha256: str
    bytes: int
    table: str
    sheet: str | None
    rows_read: int
    rows_left_out: int
    assumptions: list[str]
    format: dict[str, Any]


@dataclass
class Counts:
    """Rows of one table: read = taken + refused + all that was left out, by reason."""

    rows_read: int = 0
    taken: int = 0
    refused: int = 0
    left_out_by_reason: dict[str, int] = field(default_factory=dict)


@dataclass
class Staged:
    """The outcome of `prepare`: what was read and how; the rows themselves are in the connection's schema `staged`."""

    mapping: Mapping
    files: list[SourceFile] = field(default_factory=list)
    counts: dict[str, Counts] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Job:
    """One grid to be read into one table by one mapping, perhaps with the header that its rows belong to."""

    mapping: TableMapping
    grid: Grid
    header: Header | None = None

    @property
    def headings(self) -> list[str]:
        """All headings that the mapping can name: those of the grid, then those of the header."""
        return [*self.own, *(self.header.headings(self.own) if self.header else [])]

    @property
    def own(self) -> list[str]:
        return normal_headings(self.grid.headings)

    def parsed(self) -> dict[str, expressions.Node]:
        """Our columns, each as the expression that fills it; KamError where a heading is not there."""
        entry, grid, headings = self.mapping, self.grid, self.headings
        for heading in entry.where:
            if expressions.find_heading(heading, headings) is None:
                raise expressions.unknown_heading(heading, headings, f"{grid.name}: [{entry.table}.where]")
        return {column: expressions.parse(text, headings, f"{grid.name}: [{entry.table}] {column}")
                for column, text in entry.columns.items()}


    @property
    def format(self) -> dict[str, Any]:
        """How cells are written, said of each column. What is said of a whole file holds for its own columns alone;
        what is said of one by its heading holds wherever that stands."""
        entry, added = self.mapping, self.header.headings(self.own) if self.header else []
        theirs = by_column(self.header.join.format if self.header else {}, added)
        ours = by_column(entry.format, [h for h in (*self.own, *entry.columns.values()) if h not in added])
        named = {key: {expressions.find_heading(h, self.headings) or h: said for h, said in
                       entry.format.get(key, {}).items()} for key in ours}
        return {key: theirs[key] | ours[key] | named[key] for key in ours}

    def shown(self) -> dict[str, dict[str, str]]:
        """What the first rows show of all columns: those of the header by what stands there, with or without a row
        here, and those that nothing is made of as well."""
        own = looks.shown(self.own, [list(row) for row in first_rows(self.grid)])
        if self.header is None:
            return own
        grid, added = self.header.grid, self.header.headings(self.own)
        theirs = looks.shown(normal_headings(grid.headings), [list(row) for row in first_rows(grid)])
        return {key: own[key] | {h: said for h, said in theirs[key].items() if h in added} for key in own}


def prepare(con: Connection, paths: list[Path], mapping: Mapping | None = None, as_table: str | None = None,
            policy: Any = None, today: dt.date | None = None) -> Staged:
    """Read `paths` into `staged.<table>` and `staged.refused` of a writable connection.

    Without a mapping one is guessed. `today` bounds plausible dates. KamError where nothing can be read or mapped.
    """
    check_table(as_table)
    with opened([Path(p) for p in paths]) as found:
        if mapping is None:
            mapping = guess_sources(found, as_table)
        staged = Staged(mapping, warnings=[*found.warnings, *mapping.left_out])
        jobs = _jobs(found, mapping, as_table, staged.warnings)
        _create(con, {job.mapping.table for job in jobs})
        for number, job in enumerate(jobs, 1):
            _stage(con, job, number, staged, today or dt.date.today())
    for table in staged.counts:
        moved = refuse_duplicates(con, TABLES[table], {f.source_id: f.name for f in staged.files})
        staged.counts[table].taken -= moved
        staged.counts[table].refused += moved
    return staged


def check_table(as_table: str | None) -> None:
    if as_table is not None and as_table not in TABLES:
        raise KamError(f"there is no table {as_table!r}; the tables are {', '.join(TABLES)}")


def _jobs(found: Found, mapping: Mapping, as_table: str | None, warnings: list[str]) -> list[Job]:
    """Pair each table mapping with the grids it takes; sentences on files and mappings without a partner."""
    jobs, used = [], set()
    for entry in mapping.tables:
        if as_table is not None and entry.table != as_table:
            continue
        sources = [s for s in found.sources if entry.takes(s.name)]
        if not sources:
            warnings.append(f"{entry.table}: no file here is named {' or '.join(entry.files)}; none was loaded")
        for source in sources:
            job = _job(entry, source, found)
            jobs.append(job)
            used |= {source.name, job.header.grid.source.name if job.header else source.name}
    if not jobs:
        names = ", ".join(s.name for s in found.sources[:10])
        named = ", ".join(f for e in mapping.tables for f in e.files)
        wanted = f"table {as_table}" if as_table else named or "any table"
        help = "; ".join(mapping.left_out[:3]) or "correct `files` in the mapping"
        raise KamError(f"none of the files ({names}) is one for {wanted}; {help}")
    said = " ".join(warnings)
    warnings += [f"{s.name}: left out, the mapping does not name it" for s in found.sources
                 if s.name not in used and s.name not in said]
    return jobs


def _job(entry: TableMapping, source: Source, found: Found) -> Job:
    """The sheet that the mapping names, or else the first that has every column it reads."""
    candidates = grids(source, found.scratch, entry.format)
    wanted = entry.format.get("sheet")
    if wanted is not None and source.kind == "workbook":
        for grid in candidates:
            if grid.sheet == wanted:
                return Job(entry, grid, header_of(entry, grid, found))
        there = ", ".join(str(g.sheet) for g in candidates)
        raise KamError(f"{source.name}: has no sheet {wanted!r} with anything in it; it has {there}")
    for grid in candidates:
        try:
            job = Job(entry, grid, header_of(entry, grid, found))
            job.parsed()
        except KamError:
            continue
        return job
    return Job(entry, candidates[0], header_of(entry, candidates[0], found))


def _create(con: Connection, tables: set[str]) -> None:
    con.execute("create schema if not exists staged")
    con.execute("""create or replace table staged.refused(table_name varchar, source_id integer, line bigint,
                   column_name varchar, value varchar, reason varchar)""")
    for table in tables:
        columns = ", ".join(f"{c.name} {c.sql_type}" for c in TABLES[table].stored)
        con.execute(f"create or replace table staged.{table}({columns}, source_id integer, source_line bigint)")


def _stage(con: Connection, job: Job, source_id: int, staged: Staged, today: dt.date) -> None:
    """Read one grid, cast it, and put each row into its table or among the refused."""
    table, grid = TABLES[job.mapping.table], job.grid
    nodes = job.parsed()
    _check_required(table, nodes, job)
    loaded = grid.load(con, f"grid_{source_id}")
    notes = list(grid.notes)
    relation = with_trimmed(con, _completed(con, job, loaded, nodes, source_id, notes), job.mapping, nodes)
    where, left_out = rows_to_take(con, job.mapping, relation)
    typed = typed_columns(con, table, job.mapping, nodes, relation, notes, job.format, cache(job.shown))
    taken, refused = insert_rows(con, table, typed, relation, where, source_id, today)
    refused += insert_ragged(con, table, relation, source_id)
    left_out |= {t("en", reason): rows for reason, rows in loaded.left_out.items()}
    rows_read = relation.rows + sum(loaded.left_out.values())
    if loaded.mended:
        notes.append(f"{loaded.mended:,} rows had quotes or separators astray and were put right")
    _add_counts(staged, table.name, rows_read, taken, refused, left_out)
    source = grid.source
    staged.files.append(SourceFile(source_id, source.path, source.name, _sha256(source), source.size, table.name,
                                   grid.sheet, rows_read, sum(left_out.values()), notes, dict(job.mapping.format)))
    staged.warnings += _remarks(con, table, source_id, grid, today, notes)
    for lookup in {item.cast.lookup for item in typed if item.cast.lookup}:
        con.execute(f"drop table {lookup.table}")
    if job.header:
        drop_header(con, source_id)
    drop(con, loaded)


def _completed(con: Connection, job: Job, loaded: Relation, nodes: dict[str, expressions.Node], number: int,
               notes: list[str]) -> Relation:
    """The rows as they were corrected, with what their header adds: a corrected key finds its header, and what the
    header adds to a row can be corrected as well."""
    cells, where = job.mapping.cells, f"{job.grid.name}: [{job.mapping.table}.cells]"
    if job.header is None:
        return with_cells(con, loaded, cells, where)
    own = list(loaded.columns)
    before, after = ({line: kept for line, texts in cells.items() if (kept := {
        h: text for h, text in texts.items() if (expressions.find_heading(h, own) is not None) == is_own})}
        for is_own in (True, False))
    used = {h for node in nodes.values() for h in expressions.headings_in(node)}
    named = [*job.mapping.where, *(h for texts in after.values() for h in texts)]
    used |= {str(expressions.find_heading(h, job.headings)) for h in named}
    key = next((column for column, node in nodes.items() if node == expressions.Heading(job.header.key)), None)
    joined, sentence = with_header(con, with_cells(con, loaded, before, where), job.header, used, key, number)
    notes.append(sentence)
    return with_cells(con, joined, after, where)


def _sha256(source: Source) -> str:
    if "sha256" not in source.cache:
        source.cache["sha256"] = source.sha256()
    return source.cache["sha256"]


def _check_required(table: Table, nodes: dict[str, expressions.Node], job: Job) -> None:
    mapped = set(nodes)
    if table.name == "orders" and {"quantity", "unit_price"} <= mapped:
        mapped.add("amount")
    missing = [c for c in table.required if c not in mapped]
    if missing:
        headings = ", ".join(h for h in job.headings[:40] if h)
        raise KamError(f"{job.grid.name}: {table.name} needs {', '.join(missing)}; "
                       f"say in a mapping which column that is; the columns are: {headings}")


def _add_counts(staged: Staged, table: str, read: int, taken: int, refused: int, left_out: dict[str, int]) -> None:
    counts = staged.counts.setdefault(table, Counts())
    counts.rows_read += read
    counts.taken += taken
    counts.refused += refused
    for reason, rows in left_out.items():
        counts.left_out_by_reason[reason] = counts.left_out_by_reason.get(reason, 0) + rows


def _remarks(con: Connection, table: Table, source_id: int, grid: Grid, today: dt.date, notes: list[str]) -> list[str]:
    """Sentences on rows that were taken but deserve a look: orders of the future (warnings), returns (a note)."""
    if table.name != "orders":
        return []
    future, negative = con.execute(
        f"select count(*) filter (where order_date > ?), count(*) filter (where amount < 0) from staged.orders "
        f"where source_id = {source_id}", [today + dt.timedelta(days=1)]).fetchall()[0]
    if negative:
        notes.append(f"{negative:,} rows have a negative amount and count as returns or credit notes")
    return [f"{grid.name}: {future:,} orders are dated after today ({today}); they were taken"] if future else []
