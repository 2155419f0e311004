"""Give the columns of a text table their types, by what all their values are, and list the cells that do not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kam_core.ingest import casts
from kam_core.ingest.assumptions import Said, Why, said
from kam_core.ingest.grid import Connection, Operand, quoted, quoted_name
from kam_core.ingest.looks import DATE, NUMBER, YES_NO, Column
from kam_core.ingest.watch import NOBODY, Watch

MOST_BAD = 0.2  # a column with more cells that do not fit stays text
WIDER = {"int": "money", "money": "quantity", "quantity": "float"}


@dataclass(frozen=True)
class ColumnRead:
    """One typed column: its DuckDB type, how many cells did not fit, and what was assumed to read it."""

    name: str
    type: str
    bad_cells: int
    notes: tuple[Why, ...] = ()


def type_table(con: Connection, text_table: str, table: str, columns: list[Column], format: dict[str, Any],
               watch: Watch = NOBODY) -> list[ColumnRead]:
    """Fill `table` with typed columns and `_line`, and `<table>_bad(line, column_name, value, reason)`."""
    source = quoted_name(text_table)
    kinds = {c.heading: _kind(c) for c in columns}
    plans: dict[str, casts.Cast] = {}
    stale = list(kinds)
    notes: dict[str, list[Said]] = {}
    for _ in range(5):  # whole numbers may turn out to have decimals, and a column not to be what its sample was
        plans |= _plan(con, text_table, source, {h: kinds[h] for h in stale if kinds[h] != "text"}, format)
        _create(con, source, table, list(kinds), plans, watch)
        stale, bad = _misfits(con, source, table, kinds, plans, notes)
        if not stale:
            break
        for heading in stale:
            plans.pop(heading, None)
    _list_bad(con, source, table, {h: plans[h] for h in bad})
    types = {row[0]: row[1] for row in con.execute(f"describe {quoted_name(table)}").fetchall()}
    for cast in plans.values():
        if cast.lookup:
            con.execute(f"drop table if exists {cast.lookup.table}")
    return [ColumnRead(h, types[h], bad.get(h, 0), tuple(
        note.why for note in [*(plans[h].notes if h in plans else []), *notes.get(h, [])])) for h in kinds]


def _kind(column: Column) -> str:
    if column.type == NUMBER:
        return "int" if not column.decimals else "money" if column.decimals <= 2 else \
            "quantity" if column.decimals <= 4 else "float"
    return {DATE: "timestamp" if column.timed else "date", YES_NO: "bool"}.get(column.type, "text")


def _plan(con: Connection, relation: str, source: str, kinds: dict[str, str],
          format: dict[str, Any]) -> dict[str, casts.Cast]:
    values = [casts.Value(h, kind, Operand(quoted_name(h), "VARCHAR"), h) for h, kind in kinds.items()]
    return casts.plan(con, source, values, format)


def _create(con: Connection, source: str, table: str, headings: list[str], plans: dict[str, casts.Cast],
            watch: Watch) -> None:
    selected = [f"{plans[h].sql if h in plans else quoted_name(h)} as {quoted_name(h)}" for h in headings]
    columns = ", ".join([*selected, '"_line"'])
    watch.run(con, f"create or replace table {quoted_name(table)} as select {columns} from {_prepared(source, plans)}",
              "reading.step.type")


def _prepared(source: str, plans: dict[str, casts.Cast]) -> str:
    prepared = {name: sql for cast in plans.values() for name, sql in cast.prepared.items()}
    return casts.with_prepared(source, prepared, [c.lookup for c in plans.values() if c.lookup])


def _misfits(con: Connection, source: str, table: str, kinds: dict[str, str], plans: dict[str, casts.Cast],
             notes: dict[str, list[Said]]) -> tuple[list[str], dict[str, int]]:
    """Columns to be cast anew by a wider kind (changed in `kinds`): numbers with more decimals, or simply text; and
    how many cells of the others do not fit."""
    checked = [h for h in plans if not plans[h].sound or plans[h].rounded]
    if not checked:
        return [], {}
    there = con.execute(f"select {', '.join(f'count(*) filter (where {plans[h].present})' for h in checked)} "
                        f"from {_prepared(source, plans)}").fetchall()[0]
    typed = con.execute(f"select {', '.join(f'count({quoted_name(h)})' for h in checked)} "
                        f"from {quoted_name(table)}").fetchall()[0]
    changed, bad = [], {}
    for heading, filled, good in zip(checked, there, typed, strict=True):
        kind = kinds[heading]
        finer = plans[heading].rounded and kind != "float"
        if finer or (kind in WIDER and good < filled and _reads_as_double(con, source, heading, table)):
            kinds[heading] = WIDER[kind]
        elif good < (1 - MOST_BAD) * filled or (kind == "int" and good < filled and _has_codes(con, source, heading)):
            notes.setdefault(heading, []).append(said("reading.note.text", column=heading, bad=filled - good))
            kinds[heading] = "text"
        else:
            if good < filled:
                bad[heading] = filled - good
            continue
        changed.append(heading)
    return changed, bad


def _reads_as_double(con: Connection, source: str, heading: str, table: str) -> bool:
    """True where a cell that did not fit is a number all the same: one with decimals, or a very large one."""
    name = quoted_name(heading)
    found = con.execute(f"select bool_or(try_cast(s.{name} as double) is not null) from {source} as s "
                        f'join {quoted_name(table)} as t using ("_line") where t.{name} is null').fetchall()[0][0]
    return bool(found)


def _has_codes(con: Connection, source: str, heading: str) -> bool:
    """True where codes such as C4711 stand among whole numbers: then all of them are codes, and none is lost."""
    code = r"[A-Za-z]{1,4}[-_ ]?\d+|\d+[-_ ]?[A-Za-z]{1,4}"
    found = con.execute(f"select bool_or(regexp_full_match({quoted_name(heading)}, {quoted(code)})) "
                        f"from {source}").fetchall()[0][0]
    return bool(found)


def _list_bad(con: Connection, source: str, table: str, plans: dict[str, casts.Cast]) -> None:
    """List the cells that do not fit as `<table>_bad(line, column_name, value, reason)`."""
    bad = quoted_name(table + "_bad")
    con.execute(f"create or replace table {bad}(line bigint, column_name varchar, value varchar, reason varchar)")
    for heading, cast in plans.items():
        con.execute(f"""
            insert into {bad} select "_line", {quoted(heading)}, {quoted_name(heading)}, {quoted(cast.reason)}
            from {_prepared(source, {heading: cast})} where {cast.present} and ({cast.sql}) is null""")
