"""Guess a mapping: which table a file is by its headings and its name, and which column is which by their names.

The same files always give the same guess, and what is not clear is left out with the reason, never forced.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from kam_core.errors import KamError
from kam_core.ingest.assumptions import LIKELY
from kam_core.ingest.exports import EXPORTS
from kam_core.ingest.files import Found, opened
from kam_core.ingest.grid import Grid, grids
from kam_core.ingest.mapping import Join, Mapping, TableMapping
from kam_core.ingest.partner import Part, partner
from kam_core.schema import ORDERS, TABLES, Column, Table

NAME_BONUS = 4  # a file named as a table weighs as much as four columns

YES_OR_NO = {"yes", "no", "y", "n", "true", "false", "是", "否"}
CONTENT = {
    "date": re.compile(r".*\d.*"), "timestamp": re.compile(r".*\d.*"),
    **{kind: re.compile(r"[^\d]{0,4}[\d０-９][\d０-９.,，． '’\u00a0]*(e[+-]?\d+)?[^\d]{0,4}", re.I)
       for kind in ("money", "quantity", "ratio", "int")},
}


@dataclass(frozen=True)
class Candidate:
    """One table that a grid could be: the columns found, those required and not found, and a score."""

    table: Table
    columns: dict[str, str]
    missing: tuple[str, ...]
    named: bool

    @property
    def score(self) -> int:
        return len(self.columns) + NAME_BONUS * self.named


def guess(paths: list[Path], as_table: str | None = None) -> Mapping:
    """Guess how `paths` map to the data model; KamError where no file fits any table."""
    with opened([Path(p) for p in paths]) as found:
        return guess_sources(found, as_table)


def guess_sources(found: Found, as_table: str | None = None) -> Mapping:
    """Guess the mapping of files already found; those that fit no table are named in `left_out`."""
    there = [grid for source in found.sources for grid in grids(source, found.scratch)]
    joins = _joins(there, as_table) if as_table in (None, "orders") else {}
    headers = {id(header) for header, _, _ in joins.values()}
    entries, left_out = [], []
    for grid in there:
        if id(grid) in joins:
            _, entry, sentence = joins[id(grid)]
            entries.append(entry)
            left_out.append(sentence)
        elif id(grid) not in headers:
            guessed = _entry(grid, as_table)
            (left_out if isinstance(guessed, str) else entries).append(guessed)  # type: ignore[arg-type]
    if not entries:
        raise KamError("; ".join(left_out[:5]) + "; write a mapping file that says which column is which")
    return Mapping(tuple(_merged(entries)), tuple(left_out))


def _joins(there: list[Grid], as_table: str | None) -> dict[int, tuple[Grid, TableMapping, str]]:
    """Order lines (by the id of their grid) that find date and customer in a header: the header, the mapping of the
    lines, and what to say of it. What is a whole table by itself is that, unless it is told to be orders."""
    found = {id(grid): candidate(grid, ORDERS) for grid in there}
    parts = {id(grid): Part(grid.name, grid.headings, grid.sample, found[id(grid)].columns, found[id(grid)].missing)
             for grid in there}
    joins = {}
    for grid in there:
        match = partner(parts[id(grid)], parts.values())
        if match is None or match.sure != LIKELY or (as_table is None and _is_complete(grid)):
            continue
        header = next(g for g in there if parts[id(g)] is match.part)
        join = Join(match.key, match.their_key, _glob_escaped(header.source.name), _sheet_of(header))
        columns = found[id(grid)].columns | match.columns
        ordered = {c.name: columns[c.name] for c in ORDERS.columns if c.name in columns}
        entry = TableMapping("orders", ordered, (_glob_escaped(grid.source.name),), _sheet_of(grid), join=join)
        sentence = (f"{header.name}: no table of its own, its columns go to the lines of {grid.name} by {match.key}; "
                    f"{match.share:.0%} of the first keys stand there")
        joins[id(grid)] = header, entry, sentence
    return joins


def _is_complete(grid: Grid) -> bool:
    return any(not candidate(grid, table).missing for table in TABLES.values())


def _merged(entries: list[TableMapping]) -> list[TableMapping]:
    """Files that fill one table by the same columns share one entry."""
    merged: dict[str, TableMapping] = {}
    for entry in sorted(entries, key=lambda e: list(TABLES).index(e.table)):
        key = repr((entry.table, entry.columns, entry.format, entry.join))
        files = (*merged[key].files, *entry.files) if key in merged else entry.files
        merged[key] = replace(entry, files=files)
    return list(merged.values())


def _entry(grid: Grid, as_table: str | None) -> TableMapping | str:
    """The mapping of a grid to its best table, or a sentence on why there is none."""
    tables = [TABLES[as_table]] if as_table else list(TABLES.values())
    candidates = sorted((candidate(grid, t) for t in tables), key=lambda c: -c.score)
    fitting = [c for c in candidates if not c.missing]
    if not fitting:
        return _why_left_out(grid, candidates, bool(as_table))
    best = fitting[0]
    rivals = [c.table.name for c in fitting if c.score == best.score]
    if len(rivals) > 1:
        return f"{grid.name}: left out, it could be {' or '.join(rivals)}; say which with --as or a mapping"
    return TableMapping(best.table.name, best.columns, (_glob_escaped(grid.source.name),), _sheet_of(grid))


def _sheet_of(grid: Grid) -> dict[str, Any]:
    """The format that names a grid's sheet, where its file has several."""
    return {"sheet": grid.sheet} if grid.sheet and len(grid.source.cache["sheets"]) > 1 else {}


def _glob_escaped(name: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", name)


def _why_left_out(grid: Grid, candidates: list[Candidate], told: bool) -> str:
    named = [c for c in candidates if c.named]
    likely = named[0] if named else candidates[0] if told or len(candidates[0].columns) >= 3 else None
    if likely is None:
        return f"{grid.name}: left out, its headings fit no table"
    return f"{grid.name}: left out, as {likely.table.name} it would need a column for {', '.join(likely.missing)}"


def candidate(grid: Grid, table: Table) -> Candidate:
    columns = _columns(grid, table)
    found = set(columns)
    if table.name == "orders" and {"quantity", "unit_price"} <= found:
        found.add("amount")
    missing = tuple(c for c in table.required if c not in found)
    return Candidate(table, columns, missing, _is_named(grid, table))


def _columns(grid: Grid, table: Table) -> dict[str, str]:
    """Pair columns with headings, closest names first, each heading once; then let required names share one.

    (A list of accounts may have nothing but names: then the name is the id as well.)
    """
    headings = {h: normal(h) for h in grid.headings if h}
    pairs = sorted((rank, place, column.name, heading)
                   for place, column in enumerate(table.columns) for heading, key in headings.items()
                   if (rank := _rank(table, column, key)) is not None and _content_fits(grid, heading, column))
    result: dict[str, str] = {}
    for shared in (False, True):
        for _, _, column_name, heading in pairs:
            free = heading not in result.values() or (shared and table.column(column_name).required
                                                      and table.column(column_name).kind == "text")
            if column_name not in result and free:
                result[column_name] = heading
    return {c.name: result[c.name] for c in table.columns if c.name in result}


def _rank(table: Table, column: Column, key: str) -> int | None:
    """0 for the column's own name, else the place among its synonyms (closest first), None for no match."""
    names = [normal(name) for name in (column.name, *column.synonyms, *EXPORTS.get((table.name, column.name), ()))]
    return names.index(key) if key in names else None


def normal(heading: str) -> str:
    """A heading without case, width, blanks, marks, units and what stands in brackets: `Unit Price (¥)` → unitprice."""
    narrow = unicodedata.normalize("NFKC", heading).casefold()
    outside = re.sub(r"[(\[{【].*?[)\]}】]", "", narrow) or narrow
    return re.sub(r"[\W_]+", "", outside)


def _content_fits(grid: Grid, heading: str, column: Column) -> bool:
    """True unless most sampled values cannot be what the column needs: a `date` full of words is none, nor is yes or no
    the name of anybody."""
    pattern = CONTENT.get(column.kind)
    if pattern is None and not column.name.endswith("_id"):
        return True
    index = grid.headings.index(heading)
    values = [row[index].strip() for row in grid.sample if index < len(row) and row[index].strip()]
    if pattern is None:
        return not values or not {v.casefold() for v in values} <= YES_OR_NO
    return not values or sum(1 for v in values if pattern.fullmatch(v)) >= 0.5 * len(values)


def _is_named(grid: Grid, table: Table) -> bool:
    """True where the file's or the sheet's name is the table's or one of its synonyms, perhaps with a number."""
    names = {normal(name) for name in (table.name, *table.synonyms)}
    stem = PurePosixPath(grid.source.name).stem
    return any(re.sub(r"\d+", "", normal(n)) in names for n in (stem, grid.sheet or "") if n)
