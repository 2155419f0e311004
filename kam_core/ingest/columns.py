"""What to select for each column of ours: their column or expression, repaired and cast, and the rows to take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from kam_core.errors import KamError
from kam_core.ingest import casts, expressions
from kam_core.ingest.grid import Connection, Operand, Relation, quoted
from kam_core.ingest.mapping import TableMapping
from kam_core.schema import TABLES, Column, Table


@dataclass
class Typed:
    """A column of ours ready to select: how it is cast, and what stood in the file, as text, for refusals."""

    column: Column
    cast: casts.Cast
    raw: str


def with_trimmed(con: Connection, relation: Relation, mapping: TableMapping,
                  nodes: dict[str, expressions.Node]) -> Relation:
    """Mark the text columns that hold no outer blanks: looking once is far cheaper than trimming each time."""
    table = TABLES[mapping.table]
    used = [h for n, node in nodes.items() if table.column(n).kind == "text" for h in expressions.headings_in(node)]
    used += [str(expressions.find_heading(h, list(relation.columns))) for h in mapping.where]
    texts = [h for h in dict.fromkeys(used) if relation.columns[h].type == "VARCHAR"]
    if not texts:
        return relation
    blank = quoted(f"^[{casts.BLANKS}]|[{casts.BLANKS}]$")
    asked = ", ".join(f"count(*) filter (where regexp_matches({relation.columns[h].sql}, {blank}))" for h in texts)
    counts = con.execute(f"select {asked} from {relation.name}").fetchall()[0]
    columns = {h: replace(relation.columns[h], trimmed=not n) for h, n in zip(texts, counts, strict=True)}
    return replace(relation, columns=relation.columns | columns)


def rows_to_take(con: Connection, mapping: TableMapping, relation: Relation) -> tuple[str, dict[str, int]]:
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


def typed_columns(con: Connection, table: Table, mapping: TableMapping, nodes: dict[str, expressions.Node],
                  relation: Relation, notes: list[str], format: dict[str, Any], shown: casts.Shown) -> list[Typed]:
    """Plan the cast of every mapped column, in the order of the schema; `format` and `shown` as `casts.plan` has them.
    """
    order = [c for c in table.columns if c.name in nodes]
    arithmetic = {c.name for c in order if expressions.is_numeric(nodes[c.name])}
    values = [casts.Value(c.name, _kind(c), _text_operand(c, mapping, nodes[c.name], relation),
                          _label(mapping.columns[c.name], nodes[c.name]), c.name == "period")
              for c in order if c.name not in arithmetic]
    parts = list(dict.fromkeys(h for name in arithmetic for h in expressions.headings_in(nodes[name])))
    values += [casts.Value(f"heading {h}", "ratio", relation.columns[h], h) for h in parts]
    plans = casts.plan(con, relation.name, values, format, shown)
    for cast in plans.values():
        notes += [note for note in cast.notes if note not in notes]
    numbers = {h: plans[f"heading {h}"].sql for h in parts}
    result = []
    for column in order:
        raw = _raw(nodes[column.name], relation)
        if column.name in arithmetic:
            sql = _arithmetic_cast(column, _number(nodes[column.name], numbers))
            prepared = {name: text for h in expressions.headings_in(nodes[column.name])
                        for name, text in plans[f"heading {h}"].prepared.items()}
            result.append(Typed(column, casts.Cast(sql, "cannot be calculated", f"({raw}) is not null", prepared), raw))
        else:
            result.append(Typed(column, plans[column.name], raw))
    return result


def _label(text: str, node: expressions.Node) -> str:
    return node.name if isinstance(node, expressions.Heading) else text


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
