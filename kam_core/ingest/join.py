"""Order lines whose date and customer stand elsewhere: each row takes what it lacks from the header with its key."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kam_core.errors import KamError
from kam_core.ingest import casts, expressions
from kam_core.ingest.dialect import normal_headings
from kam_core.ingest.files import Found, Source
from kam_core.ingest.grid import Connection, Fault, Grid, Operand, Relation, drop, grids
from kam_core.ingest.mapping import Join, TableMapping, is_named


@dataclass(frozen=True)
class Header:
    """The grid whose rows are looked up, and by which columns."""

    grid: Grid
    join: Join
    key: str  # the rows' heading as their file writes it
    their_key: str

    def headings(self, own: list[str]) -> list[str]:
        """What the header adds to the columns that the rows have themselves."""
        return expressions.added(own, normal_headings(self.grid.headings))


def header_of(entry: TableMapping, grid: Grid, found: Found) -> Header | None:
    """The header that a mapping names for a grid; KamError where it or its key is not there."""
    if entry.join is None:
        return None
    where = f"{grid.name}: [{entry.table}.join]"
    header = _grid(entry.join, _source(entry.join, grid.source, found, where), found, where)
    keys = []
    for name, wanted, one in (("key", entry.join.key, grid), ("their_key", entry.join.their_key, header)):
        headings = normal_headings(one.headings)
        heading = expressions.find_heading(wanted, headings)
        if heading is None:
            raise expressions.unknown_heading(wanted, headings, f"{where} {name} in {one.name}")
        keys.append(heading)
    return Header(header, entry.join, *keys)


def _source(join: Join, own: Source, found: Found, where: str) -> Source:
    sources = [s for s in found.sources if is_named(s.name, join.file)] if join.file else [own]
    if len(sources) != 1:
        there = ", ".join(s.name for s in sources or found.sources[:10])
        raise KamError(f"{where}: {'several files are' if sources else 'no file is'} named {join.file}; "
                       f"name one of {there}")
    return sources[0]


def _grid(join: Join, source: Source, found: Found, where: str) -> Grid:
    candidates = grids(source, found.scratch, join.format)
    sheet = join.format.get("sheet")
    named = [g for g in candidates if sheet is None or source.kind != "workbook" or g.sheet == sheet]
    if not named:
        there = ", ".join(str(g.sheet) for g in candidates)
        raise KamError(f"{where}: {source.name} has no sheet {sheet!r} with anything in it; it has {there}")
    return named[0]


def with_header(con: Connection, relation: Relation, header: Header, used: set[str], column: str | None,
                number: int) -> tuple[Relation, str]:
    """The rows with those columns of the header that are `used`, as relation `joined_<number>`, and a sentence on what
    was found.

    DuckDB looks the keys up, on disk where they are many; once, since the rows are then looked at ten times. A row
    whose key has no header, or several that say different things, has a fault; `column` is ours that the key fills.
    """
    name = f"joined_{number}"
    loaded = header.grid.load(con, f"header_{number}")
    taken = {h: f"j{i}" for i, h in enumerate(h for h in header.headings(list(relation.columns)) if h in used)}
    columns = "".join(f", {_value(loaded.columns[h])} as {place}" for h, place in taken.items())
    firsts = "".join(f", any_value({place}) as {place}" for place in taken.values())
    con.execute(f"""
        create or replace temp table {name}_keys as
        with said as (select distinct {casts.text_of(loaded.columns[header.their_key])} as key{columns}
                      from {loaded.name})
        select key{firsts}, count(*) > 1 as several from said where key is not null group by key""")
    drop(con, loaded)
    key = casts.text_of(relation.columns[header.key])
    con.execute(f"""
        create or replace temp table {name} as
        select r.*{''.join(f', h.{place}' for place in taken.values())}, {key} as join_key, {key} is null as no_key,
            h.key is null as no_header, coalesce(h.several, false) as several_headers
        from {relation.name} as r left join {name}_keys as h on h.key = {key}""")
    operands = {h: Operand(place, loaded.columns[h].type, trimmed=True) for h, place in taken.items()}
    where = f"{header.grid.name}, column {header.their_key}"
    faults = (Fault(column, "no_key", "join_key", "is missing"),
              Fault(column, "no_header", "join_key", f"is not in {where}"),
              Fault(column, "several_headers", "join_key", f"stands on several rows that differ in {where}"))
    joined = replace(relation, name=name, columns=relation.columns | operands, faults=faults)
    return joined, _told(con, name, header, list(taken), len(loaded.ragged))


def _value(operand: Operand) -> str:
    """SQL of what the header says; blanks around it make no difference between two rows."""
    return casts.text_of(operand) if operand.type == "VARCHAR" else operand.sql


def _told(con: Connection, name: str, header: Header, taken: list[str], unread: int) -> str:
    """What came of it: how many rows found their header, how many headers no row names, which differ, and how many of
    the header's lines are `unread`, as they do not fit."""
    rows, found = con.execute(f"select count(*), count(*) filter (not no_header) from {name}").fetchall()[0]
    several, unused = con.execute(f"""
        select count(*) filter (h.several), count(*) filter (r.join_key is null) from {name}_keys as h
        left join (select distinct join_key from {name}) as r on r.join_key = h.key""").fetchall()[0]
    sentence = (f"{', '.join(taken)} come from {header.grid.name}, by {header.key} = {header.their_key}: "
                f"{found:,} of {rows:,} rows stand there")
    sentence += f"; {several:,} of its keys stand on several rows that differ" if several else ""
    sentence += f"; {unread:,} of its lines have too many or too few fields and are not read" if unread else ""
    return sentence + (f"; {unused:,} of its keys have no row here" if unused else "")


def drop_header(con: Connection, number: int) -> None:
    """Free what `with_header` put into the connection."""
    con.execute(f"drop table if exists joined_{number}")
    con.execute(f"drop table if exists joined_{number}_keys")
