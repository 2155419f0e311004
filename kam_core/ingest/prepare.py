"""Files in, checked and typed tables out: `staged.<table>` and `staged.refused`, every row in one or the other."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kam_core.errors import KamError
from kam_core.ingest import casts, expressions
from kam_core.ingest.files import Found, Source, opened
from kam_core.ingest.grid import Connection, Grid, Operand, Relation, grids, quoted
from kam_core.ingest.guess import guess_sources
from kam_core.ingest.mapping import Mapping, TableMapping
from kam_core.schema import TABLES, Column, Table

ABSURD = 1_000_000_000_000
WON = ("won", "closed won", "win", "赢单", "成交", "已成交", "中标", "已赢单")
LOST = ("lost", "closed lost", "lose", "输单", "丢单", "失败", "流失", "已输单", "未中标")
OPEN = ("open", "in progress", "进行中", "跟进中")
GRANULARITIES = {"month": ("month", "monthly", "m", "月", "月度"),
                 "quarter": ("quarter", "quarterly", "q", "季", "季度"),
                 "year": ("year", "yearly", "annual", "y", "年", "年度")}


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
    """One grid to be read into one table by one mapping."""

    mapping: TableMapping
    grid: Grid


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
        _refuse_duplicates(con, TABLES[table], staged)
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
            jobs.append(Job(entry, _grid_for(entry, source, found)))
            used.add(source.name)
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


def _grid_for(entry: TableMapping, source: Source, found: Found) -> Grid:
    """The sheet that the mapping names, or else the first that has every column it reads."""
    candidates = grids(source, found.scratch, entry.format)
    wanted = entry.format.get("sheet")
    if wanted is not None and source.kind == "workbook":
        for grid in candidates:
            if wanted in (grid.sheet, None) or grid.sheet is None:
                return grid
        there = ", ".join(str(g.sheet) for g in candidates)
        raise KamError(f"{source.name}: has no sheet {wanted!r} with anything in it; it has {there}")
    for grid in candidates:
        try:
            _parsed(entry, grid)
        except KamError:
            continue
        return grid
    return candidates[0]


def _parsed(entry: TableMapping, grid: Grid) -> dict[str, expressions.Node]:
    headings = [h for h in grid.headings if h]
    for heading in entry.where:
        if expressions.find_heading(heading, headings) is None:
            raise expressions.unknown_heading(heading, headings, f"{grid.name}: [{entry.table}.where]")
    return {column: expressions.parse(text, headings, f"{grid.name}: [{entry.table}] {column}")
            for column, text in entry.columns.items()}


def _create(con: Connection, tables: set[str]) -> None:
    con.execute("create schema if not exists staged")
    con.execute("""create or replace table staged.refused(table_name varchar, source_id integer, line bigint,
                   column_name varchar, value varchar, reason varchar)""")
    for table in tables:
        columns = ", ".join(f"{c.name} {c.sql_type}" for c in TABLES[table].stored)
        con.execute(f"create or replace table staged.{table}({columns}, source_id integer, source_line bigint)")


@dataclass
class Typed:
    """A column of ours ready to select: how it is cast, and what stood in the file, as text, for refusals."""

    column: Column
    cast: casts.Cast
    raw: str


def _stage(con: Connection, job: Job, source_id: int, staged: Staged, today: dt.date) -> None:
    """Read one grid, cast it, and put each row into its table or among the refused."""
    table, grid = TABLES[job.mapping.table], job.grid
    nodes = _parsed(job.mapping, grid)
    _check_required(table, nodes, grid)
    relation = _with_trimmed(con, grid.load(con, f"grid_{source_id}"), job.mapping, nodes)
    where, left_out = _where(con, job.mapping, relation)
    notes = list(grid.notes)
    typed = _typed(con, table, job.mapping, nodes, relation, notes)
    taken, refused = _insert(con, table, typed, relation, where, source_id, today)
    refused += _insert_ragged(con, table, relation, source_id)
    _add_counts(staged, table.name, relation.rows, taken, refused, left_out)
    source = grid.source
    staged.files.append(SourceFile(source_id, source.path, source.name, _sha256(source), source.size, table.name,
                                   grid.sheet, relation.rows, sum(left_out.values()), notes, dict(job.mapping.format)))
    staged.warnings += _remarks(con, table, source_id, grid, today, notes)
    for leftover in (f"table if exists {relation.name}_text", f"table if exists {relation.name}_lines"):
        con.execute(f"drop {leftover}")


def _sha256(source: Source) -> str:
    if "sha256" not in source.cache:
        source.cache["sha256"] = source.sha256()
    return source.cache["sha256"]


def _check_required(table: Table, nodes: dict[str, expressions.Node], grid: Grid) -> None:
    mapped = set(nodes)
    if table.name == "orders" and {"quantity", "unit_price"} <= mapped:
        mapped.add("amount")
    missing = [c for c in table.required if c not in mapped]
    if missing:
        headings = ", ".join(h for h in grid.headings[:40] if h)
        raise KamError(f"{grid.name}: {table.name} needs {', '.join(missing)}; "
                       f"say in a mapping which column that is; the columns are: {headings}")


def _add_counts(staged: Staged, table: str, read: int, taken: int, refused: int, left_out: dict[str, int]) -> None:
    counts = staged.counts.setdefault(table, Counts())
    counts.rows_read += read
    counts.taken += taken
    counts.refused += refused
    for reason, rows in left_out.items():
        counts.left_out_by_reason[reason] = counts.left_out_by_reason.get(reason, 0) + rows


def _with_trimmed(con: Connection, relation: Relation, mapping: TableMapping,
                  nodes: dict[str, expressions.Node]) -> Relation:
    """Mark the text columns that hold no outer blanks: looking once is far cheaper than trimming each time."""
    table = TABLES[mapping.table]
    used = [h for n, node in nodes.items() if table.column(n).kind == "text" for h in expressions.headings_in(node)]
    used += [str(expressions.find_heading(h, list(relation.columns))) for h in mapping.where]
    texts = [h for h in dict.fromkeys(used) if relation.columns[h].type == "VARCHAR"]
    if not texts:
        return relation
    blank = f"[{casts.BLANKS}]"
    asked = ", ".join(f"count(*) filter (where regexp_matches({relation.columns[h].sql}, {quoted(f'^{blank}|{blank}$')}))"
                      for h in texts)
    counts = con.execute(f"select {asked} from {relation.name}").fetchall()[0]
    columns = {h: replace(relation.columns[h], trimmed=not n) for h, n in zip(texts, counts, strict=True)}
    return replace(relation, columns=relation.columns | columns)


def _where(con: Connection, mapping: TableMapping, relation: Relation) -> tuple[str, dict[str, int]]:
    """SQL for the rows to take, and how many are left out by which value; a row counts for its first reason."""
    taken, left_out = "true", {}
    for heading, wanted in mapping.where.items():
        name = expressions.find_heading(heading, list(relation.columns))
        text = casts.text_of(relation.columns[str(name)])
        inside = f"coalesce({text} in ({', '.join(quoted(w) for w in wanted)}), {'true' if '' in wanted else 'false'})"
        rows = con.execute(f"""select {text}, count(*) from {relation.name} where {taken} and not {inside}
                               group by 1 order by 2 desc, 1""").fetchall()
        for value, count in rows[:20]:
            left_out[f"{name} = {value}" if value is not None else f"{name} is empty"] = count
        if rows[20:]:
            left_out[f"{name} = {len(rows) - 20} other values"] = sum(count for _, count in rows[20:])
        taken += f" and {inside}"
    return taken, left_out


def _typed(con: Connection, table: Table, mapping: TableMapping, nodes: dict[str, expressions.Node], relation: Relation,
           notes: list[str]) -> list[Typed]:
    """Plan the cast of every mapped column, in the order of the schema."""
    order = [c for c in table.columns if c.name in nodes]
    arithmetic = {c.name for c in order if expressions.is_numeric(nodes[c.name])}
    values = [casts.Value(c.name, _kind(c), _text_operand(c, mapping, nodes[c.name], relation),
                          mapping.columns[c.name], c.name == "period") for c in order if c.name not in arithmetic]
    parts = list(dict.fromkeys(h for name in arithmetic for h in expressions.headings_in(nodes[name])))
    values += [casts.Value(f"heading {h}", "ratio", relation.columns[h], h) for h in parts]
    plans = casts.plan(con, relation.name, values, mapping.format)
    for cast in plans.values():
        notes += [note for note in cast.notes if note not in notes]
    numbers = {h: plans[f"heading {h}"].sql for h in parts}
    result = []
    for column in order:
        raw = _raw(nodes[column.name], relation)
        if column.name in arithmetic:
            sql = _arithmetic_cast(column, _number(nodes[column.name], numbers))
            result.append(Typed(column, casts.Cast(sql, "cannot be calculated", f"({raw}) is not null"), raw))
        else:
            result.append(Typed(column, plans[column.name], raw))
    return result


def _kind(column: Column) -> str:
    """Unit prices are kept exact beyond the cent while amounts are derived from them."""
    return "ratio" if column.name == "unit_price" else column.kind


def _arithmetic_cast(column: Column, number: str) -> str:
    if column.kind == "int":
        return f"case when {number} = trunc({number}) then try_cast({number} as bigint) end"
    return f"try_cast({number} as {'decimal(18,6)' if column.name == 'unit_price' else column.sql_type})"


def _text_operand(column: Column, mapping: TableMapping, node: expressions.Node, relation: Relation) -> Operand:
    """The operand of a column that is no arithmetic: their column itself, or SQL that builds a text; then repaired."""
    if isinstance(node, expressions.Heading):
        operand = relation.columns[node.name]
    else:
        operand = Operand(_text(node, relation), "VARCHAR")
    repairs = mapping.values.get(column.name)
    if not repairs:
        return operand
    text = casts.text_of(operand)
    cases = " ".join(f"when {quoted(theirs)} then {quoted(ours)}" for theirs, ours in repairs.items())
    return Operand(f"case {text} {cases} else {text} end", "VARCHAR")


def _text(node: expressions.Node, relation: Relation) -> str:
    if isinstance(node, expressions.Heading):
        return casts.text_of(relation.columns[node.name])
    if isinstance(node, expressions.Text):
        return quoted(node.value)
    if isinstance(node, expressions.Call):
        return f"{node.function}({', '.join(_text(a, relation) for a in node.arguments)})"
    if isinstance(node, expressions.Number):
        return quoted(node.text)
    raise KamError("arithmetic cannot stand inside concat; concat joins columns and 'texts'")


def _number(node: expressions.Node, numbers: dict[str, str]) -> str:
    """SQL of an arithmetic expression in decimals: products are brought back to 6 decimals, divisions guarded."""
    if isinstance(node, expressions.Heading):
        return f"({numbers[node.name]})"
    if isinstance(node, expressions.Number):
        return f"{node.text}::decimal(18,6)"
    if isinstance(node, expressions.Call):
        if node.function != "coalesce":
            raise KamError("concat cannot stand inside arithmetic")
        return f"coalesce({', '.join(_number(a, numbers) for a in node.arguments)})"
    if isinstance(node, expressions.Text):
        raise KamError(f"the text {node.value!r} cannot stand inside arithmetic; write a number without quotes")
    left, right = _number(node.left, numbers), _number(node.right, numbers)
    if node.operator == "/":
        return f"try_cast({left}::double / nullif({right}, 0)::double as decimal(28,6))"
    return f"try(try_cast(({left})::decimal(28,6) {node.operator} {right} as decimal(28,6)))"


def _raw(node: expressions.Node, relation: Relation) -> str:
    """What stood in the file, as text: one cell, or those an expression reads, missing where all are."""
    texts = [casts.text_of(relation.columns[h]) for h in expressions.headings_in(node)]
    if len(texts) == 1:
        return texts[0]
    return f"nullif(concat_ws(' | ', {', '.join(texts)}), '')" if texts else "null"


def _insert(con: Connection, table: Table, typed: list[Typed], relation: Relation, where: str, source_id: int,
            today: dt.date) -> tuple[int, int]:
    """Insert the sound rows in one pass; only where some are missing, look again for what was wrong with them."""
    derived = _derived(table, {t.column.name for t in typed})
    reasons = _reasons(table, typed, derived, today, relation.rows - len(relation.ragged))
    wrong = " or ".join(f"coalesce({condition}, false)" for _, condition, _ in reasons) or "false"
    names = {t.column.name for t in typed} | set(derived)
    columns = ", ".join(c.name if c.name in names else f"null::{c.sql_type}" for c in table.stored)
    wanted = con.execute(f"select count(*) from {relation.name} where {where}").fetchall()[0][0]
    taken = con.execute(f"""
        insert into staged.{table.name} select {columns}, {source_id}, line
        from ({_rows_sql(typed, derived, relation, where, with_raw=False)}) where not ({wrong})""").fetchall()[0][0]
    if taken < wanted:
        _insert_refused(con, table, reasons, _rows_sql(typed, derived, relation, where, with_raw=True), source_id,
                        {t.column.name for t in typed})
    return taken, wanted - taken


def _rows_sql(typed: list[Typed], derived: dict[str, str], relation: Relation, where: str, with_raw: bool) -> str:
    """SQL of the rows with every mapped column typed, `has_…` (something stood there), perhaps `raw_…`, and `line`.

    A derived column takes the place of a mapped one, or stands beside them.
    """
    parts = [f"{t.cast.sql} as {t.column.name}, {t.cast.present} as has_{t.column.name}" for t in typed]
    parts += [f"{t.raw} as raw_{t.column.name}" for t in typed if with_raw or t.column.name == "period"]
    mapped = {t.column.name for t in typed}
    replaced = ", ".join(f"{sql} as {name}" for name, sql in derived.items() if name in mapped)
    added = "".join(f", {sql} as {name}" for name, sql in derived.items() if name not in mapped)
    return (f"select * {f'replace ({replaced})' if replaced else ''}{added} "
            f"from (select {', '.join(parts)}, line from {relation.name} where {where})")


def _derived(table: Table, mapped: set[str]) -> dict[str, str]:
    """Columns that follow from others of the row: column → SQL over the typed columns."""
    if table.name == "orders" and {"quantity", "unit_price"} <= mapped:
        return _derived_amounts(mapped)
    if table.name == "opportunities":
        return {"outcome": _outcome(given="outcome" in mapped)}
    if table.name == "targets":
        return _target_period(given="granularity" in mapped)
    return {}


def _derived_amounts(mapped: set[str]) -> dict[str, str]:
    """amount = quantity × unit_price × (1 − discount) where absent; with a discount, list_amount is that before it."""
    full = "try(quantity::decimal(28,4) * unit_price)"  # a wide factor first: DuckDB keeps 18 digits for narrow ones
    factor = "(1 - coalesce(discount, 0))::decimal(10,6)"
    net = f"try(cast({full} as decimal(28,8)) * {factor})" if "discount" in mapped else full
    amount = f"try_cast({net} as decimal(18,2))"
    derived = {"amount": f"coalesce(amount, {amount})" if "amount" in mapped else amount}
    if "discount" in mapped and "list_amount" not in mapped:
        derived["list_amount"] = f"try_cast({full} as decimal(18,2))"
    return derived


def _outcome(given: bool) -> str:
    """won, lost or open by the words of the outcome or else of the stage; other words in an outcome are refused."""
    word = "lower(coalesce(outcome, stage))" if given else "lower(stage)"
    rest = f"if(outcome is null or {_among(word, OPEN)}, 'open', null)" if given else "'open'"
    return f"case when {_among(word, WON)} then 'won' when {_among(word, LOST)} then 'lost' else {rest} end"


def _target_period(given: bool) -> dict[str, str]:
    """Granularity as given, else as the period is written (2024Q1, 2024), else month; the period's first day."""
    shown = (f"case when regexp_matches(lower(raw_period), '{casts.SHAPES['quarter']}') then 'quarter' "
             f"when regexp_matches(raw_period, '{casts.SHAPES['year']}') then 'year' else 'month' end")
    words = " ".join(f"when {_among('lower(granularity)', w)} then '{name}'" for name, w in GRANULARITIES.items())
    granularity = f"case when granularity is null then {shown} {words} end" if given else shown
    return {"granularity": granularity, "period": f"date_trunc(coalesce({granularity}, 'month'), period)::date"}


def _among(text: str, words: tuple[str, ...]) -> str:
    return f"{text} in ({', '.join(quoted(w) for w in words)})"


Reason = tuple[str, str, str]  # (column, SQL that is true where it is wrong, what to say)


def _reasons(table: Table, typed: list[Typed], derived: dict[str, str], today: dt.date, rows: int) -> list[Reason]:
    """All that can be wrong with a row, in the order in which its first reason is told.

    What the look at the whole column has shown to be right of all `rows` is not asked of each again.
    """
    reasons: list[Reason] = []
    for item in typed:
        name, kind, cast = item.column.name, item.column.kind, item.cast
        if kind != "text" and name not in derived and not cast.sound:
            reasons.append((name, f"has_{name} and {name} is null", cast.reason))
        if item.column.required and name not in derived and not (cast.sound and cast.filled == rows):
            reasons.append((name, f"{name} is null", "is missing"))
        if kind in casts.DATES:
            reasons += _date_reasons(name, cast, today)
        if kind == "money" and not (cast.sound and (not cast.filled or max(-cast.lowest, cast.highest) < ABSURD)):
            reasons.append((name, f"abs({name}) >= {ABSURD}", "is 10^12 or more, which no amount here can be"))
    return reasons + _derived_reasons(table, {t.column.name: t for t in typed}, derived)


def _date_reasons(name: str, cast: casts.Cast, today: dt.date) -> list[Reason]:
    earliest = dt.date(1900 if name == "birthday" else 1970, 1, 1)
    latest = today.replace(year=today.year + 10, day=min(today.day, 28))
    if cast.sound and (not cast.filled or (str(cast.lowest) >= str(earliest) and str(cast.highest) <= str(latest))):
        return []
    return [(name, f"{name} < '{earliest}'", f"is before {earliest}, which cannot be"),
            (name, f"{name} > '{latest}'", "is more than 10 years ahead, which cannot be")]


def _derived_reasons(table: Table, typed: dict[str, Typed], derived: dict[str, str]) -> list[Reason]:
    reasons: list[Reason] = []
    if "amount" in derived:
        if "amount" in typed:
            reasons.append(("amount", "has_amount and amount is null", typed["amount"].cast.reason))
        reasons.append(("amount", "amount is null", "is missing, and quantity × unit price gives none"))
    if "outcome" in derived and "outcome" in typed:
        reasons.append(("outcome", "outcome is null", "is not open, won or lost"))
    if "granularity" in derived:
        reasons.append(("granularity", "granularity is null", "is not month, quarter or year"))
        reasons.append(("period", "has_period and period is null", typed["period"].cast.reason))
        reasons.append(("period", "period is null", "is missing"))
    return reasons


def _insert_refused(con: Connection, table: Table, reasons: list[Reason], rows: str, source_id: int,
                    mapped: set[str]) -> None:
    """Write one row per refused row: its first wrong column, what stood there and why it cannot be."""
    def case(results: list[str]) -> str:
        return "case " + " ".join(f"when {c} then {r}" for (_, c, _), r in zip(reasons, results, strict=True)) + " end"
    column = case([quoted(name) for name, _, _ in reasons])
    value = case([f"raw_{name}" if name in mapped else "null" for name, _, _ in reasons])
    reason = case([quoted(text) for _, _, text in reasons])
    con.execute(f"""
        insert into staged.refused select * from (
            select {quoted(table.name)}, {source_id}, line, {column}, {value}, {reason} as reason from ({rows}))
        where reason is not null""")


def _insert_ragged(con: Connection, table: Table, relation: Relation, source_id: int) -> int:
    """Refuse the lines that do not have the file's number of fields."""
    for line, text, reason in relation.ragged:
        con.execute("insert into staged.refused values (?, ?, ?, null, ?, ?)",
                    [table.name, source_id, line, text, reason])
    return len(relation.ragged)


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


# Duplicates inside a load

def _refuse_duplicates(con: Connection, table: Table, staged: Staged) -> None:
    """Refuse the second and later rows of a complete key: the same content again, or other content."""
    if not table.key:
        return
    complete = " and ".join(f"{k} is not null" for k in table.key)
    con.execute(f"""create or replace temp table repeated as
        select hash({', '.join(table.key)}) as h from staged.{table.name} where {complete} group by h having count(*) > 1""")
    if con.execute("select count(*) from repeated").fetchall()[0][0]:
        _move_duplicates(con, table, complete, staged)
    con.execute("drop table repeated")


def _move_duplicates(con: Connection, table: Table, complete: str, staged: Staged) -> None:
    key, content = ", ".join(table.key), ", ".join(c.name for c in table.stored)
    con.execute(f"""
        create or replace temp table duplicates as
        select rowid as id, source_id, source_line, concat_ws(' / ', {key}) as value,
            first(source_line) over w as line_before, first(source_id) over w as source_before,
            row({content}) is not distinct from first(row({content})) over w as same
        from staged.{table.name} where {complete} and hash({key}) in (select h from repeated)
        window w as (partition by {key} order by source_id, source_line)
        qualify row_number() over w > 1""")
    files = " ".join(f"when {f.source_id} then {quoted(' of ' + f.name)}" for f in staged.files)
    con.execute(f"""
        insert into staged.refused
        select '{table.name}', source_id, source_line, '{", ".join(table.key)}', value,
            if(same, 'duplicate of line ', 'same key as line ') || line_before
            || if(source_before = source_id, '', case source_before {files} end) || if(same, '', ' with other content')
        from duplicates""")
    moved = con.execute(f"delete from staged.{table.name} where rowid in (select id from duplicates)").fetchall()[0][0]
    con.execute("drop table duplicates")
    staged.counts[table.name].taken -= moved
    staged.counts[table.name].refused += moved
