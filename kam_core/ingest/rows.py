"""Put typed rows into `staged.<table>` and what is wrong into `staged.refused`: each row into one of the two."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa

from kam_core.ingest.casts import with_prepared
from kam_core.ingest.columns import Typed
from kam_core.ingest.grid import Connection, Relation, quoted
from kam_core.ingest.rules import Reason, derived_columns, reasons_to_refuse
from kam_core.schema import Table


def insert_rows(con: Connection, table: Table, typed: list[Typed], relation: Relation, where: str, source_id: int,
            today: dt.date) -> tuple[int, int]:
    """Insert the sound rows in one pass; only where some are missing, look again for what was wrong with them."""
    derived = derived_columns(table, {t.column.name for t in typed})
    reasons = [(fault.column or "", fault.flag, fault.reason) for fault in relation.faults]
    reasons += reasons_to_refuse(table, typed, derived, today, relation.rows - len(relation.ragged))
    wrong = " or ".join(f"coalesce({condition}, false)" for _, condition, _ in reasons) or "false"
    names = {t.column.name for t in typed} | set(derived)
    columns = ", ".join(c.name if c.name in names else f"null::{c.sql_type}" for c in table.stored)
    wanted = con.execute(f"select count(*) from {relation.name} where {where}").fetchall()[0][0]
    # Kept aside where rows must be checked: a filter over casts would be pushed below them and cast again and again.
    kept_aside = "materialized" if reasons else "not materialized"
    taken = con.execute(f"""
        insert into staged.{table.name}
        with cast_rows as {kept_aside} ({_rows_sql(typed, derived, relation, where, with_raw=False)})
        select {columns}, {source_id}, file_line from cast_rows where not ({wrong})""").fetchall()[0][0]
    if taken < wanted:
        values = [fault.value for fault in relation.faults]
        values += [f"raw_{name}" if name in {t.column.name for t in typed} else "null"
                   for name, _, _ in reasons[len(values):]]
        _insert_refused(con, table, reasons, values, _rows_sql(typed, derived, relation, where, with_raw=True),
                        source_id)
    return taken, wanted - taken


def _rows_sql(typed: list[Typed], derived: dict[str, str], relation: Relation, where: str, with_raw: bool) -> str:
    """SQL of the rows with every mapped column typed, `has_…` (something stood there), perhaps `raw_…`, `file_line`.

    A derived column takes the place of a mapped one, or stands beside them.
    """
    parts = [f"{t.cast.sql} as {t.column.name}, {t.cast.present} as has_{t.column.name}" for t in typed]
    parts += [f"{t.raw} as raw_{t.column.name}" for t in typed if with_raw or t.column.name == "period"]
    parts += dict.fromkeys(name for fault in relation.faults for name in (fault.flag, fault.value))
    prepared = {name: sql for t in typed for name, sql in t.cast.prepared.items()}
    lookups = list(dict.fromkeys(t.cast.lookup for t in typed if t.cast.lookup))
    source = with_prepared(f"(select * from {relation.name} where {where})", prepared, lookups)
    mapped = {t.column.name for t in typed}
    replaced = ", ".join(f"{sql} as {name}" for name, sql in derived.items() if name in mapped)
    added = "".join(f", {sql} as {name}" for name, sql in derived.items() if name not in mapped)
    return (f"select * {f'replace ({replaced})' if replaced else ''}{added} "
            f"from (select {', '.join(parts)}, file_line from {source})")


def _insert_refused(con: Connection, table: Table, reasons: list[Reason], values: list[str], rows: str,
                    source_id: int) -> None:
    """Write one row per refused row: its first wrong column, what stood there and why it cannot be."""
    def case(results: list[str]) -> str:
        return "case " + " ".join(f"when {c} then {r}" for (_, c, _), r in zip(reasons, results, strict=True)) + " end"
    column = case([quoted(name) if name else "null" for name, _, _ in reasons])
    value = case(values)
    reason = case([quoted(text) for _, _, text in reasons])
    con.execute(f"""
        insert into staged.refused select * from (
            select {quoted(table.name)}, {source_id}, file_line, {column}, {value}, {reason} as reason from ({rows}))
        where reason is not null""")


def insert_ragged(con: Connection, table: Table, relation: Relation, source_id: int) -> int:
    """Refuse the lines that do not have the file's number of fields."""
    if relation.ragged:
        lines, texts, reasons = zip(*relation.ragged, strict=True)
        con.register("ragged", pa.table({"line": lines, "text": texts, "reason": reasons}))
        con.execute(f"insert into staged.refused "
                    f"select '{table.name}', {source_id}, line, null, text, reason from ragged")
        con.unregister("ragged")
    return len(relation.ragged)


def refuse_duplicates(con: Connection, table: Table, files: dict[int, str]) -> int:
    """Refuse the second and later rows of a complete key: the same content again, or other content; returns how many.

    `files`: source_id → name, to say in which file the first one stands.
    """
    moved = 0
    if not table.key:
        return moved
    complete = " and ".join(f"{k} is not null" for k in table.key)
    con.execute(f"""
        create or replace temp table repeated as select hash({', '.join(table.key)}) as h
        from staged.{table.name} where {complete} group by h having count(*) > 1""")
    if con.execute("select count(*) from repeated").fetchall()[0][0]:
        moved = _move_duplicates(con, table, complete, files)
    con.execute("drop table repeated")
    return moved


def _move_duplicates(con: Connection, table: Table, complete: str, files: dict[int, str]) -> int:
    key, content = ", ".join(table.key), ", ".join(c.name for c in table.stored)
    con.execute(f"""
        create or replace temp table duplicates as
        select rowid as id, source_id, source_line, concat_ws(' / ', {key}) as value,
            first(source_line) over w as line_before, first(source_id) over w as source_before,
            row({content}) is not distinct from first(row({content})) over w as same
        from staged.{table.name} where {complete} and hash({key}) in (select h from repeated)
        window w as (partition by {key} order by source_id, source_line)
        qualify row_number() over w > 1""")
    other_file = " ".join(f"when {source_id} then {quoted(' of ' + name)}" for source_id, name in files.items())
    con.execute(f"""
        insert into staged.refused
        select '{table.name}', source_id, source_line, '{", ".join(table.key)}', value,
            if(same, 'duplicate of line ', 'same key as line ') || line_before
            || if(source_before = source_id, '', case source_before {other_file} end)
            || if(same, '', ' with other content')
        from duplicates""")
    moved = con.execute(f"delete from staged.{table.name} where rowid in (select id from duplicates)").fetchall()[0][0]
    con.execute("drop table duplicates")
    return moved
