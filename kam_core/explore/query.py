"""The SQL box: one select over the upload's own tables, checked on its syntax tree before the engine runs it.

The engine's sandbox (read-only, no files, bounded time and memory) stands behind this; what is refused here is what
would be harmless and yet tell of the machine: settings, catalogues, environment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from kam_core.errors import KamError
from kam_core.explore.source import Column, Reader, Source, described, quote
from kam_core.warehouse.engine import QueryError

NAME = "data"  # how the table that is open is called in the box, whatever file it came from
MOST_ROWS = 10_000
LONGEST = 20_000  # characters of a statement
TABLE_FUNCTIONS = {"range", "generate_series", "unnest", "repeat_row"}
FORBIDDEN = re.compile(
    r"^(current_setting|getenv|getvariable|current_database|current_catalog|current_schemas?|current_query.*|"
    r"current_connection_id|current_transaction_id|txid_current|write_log|sleep.*|nextval|currval|in_search_path|"
    r"json_(de)?serialize_.*|json_execute.*|parse_duckdb_log_message|pg_.*|duckdb_.*|pragma_.*|read_.*|glob|"
    r"session_user|user|current_user|current_role|has_.*_privilege|.*_scan|query|query_table|version|"
    r"set_config|inet_.*|add_parquet_key|which_secret|enable_.*|disable_.*|error|get_block_size|write_.*|format_type|"
    r"to_reg.*|obj_description|col_description|shobj_description|stats|variant_.*|checkpoint|force_checkpoint)$"
)


class Refused(KamError):
    """A statement that is not run. `key`: which text says why; `values`: of its braces; `place`: character, from 0."""

    def __init__(self, key: str, place: int | None = None, **values: object) -> None:
        super().__init__(key)
        self.key, self.place, self.values = key, place, values


def ask(reader: Reader, table: str, columns: Iterable[Column], sql: str, others: Iterable[str] = ()) -> Source:
    """What a statement gives, as a table to explore in turn: at most MOST_ROWS rows.

    `table` is what `data` stands for; `others`: tables of the same upload that may be named too. Refused where the
    statement cannot or must not be run; the engine's errors are those of the reader.
    """
    bare = _without_end(sql)
    if not bare.strip():
        raise Refused("empty")
    if len(bare) > LONGEST:
        raise Refused("long", most=LONGEST)
    _check(reader, bare, {NAME, *others})
    names = ", ".join(f"{c.sql} as {quote(c.name)}" for c in columns)
    relation = (
        f"(with {quote(NAME)} as not materialized (select {names} from {quote(table)})"
        f" select * from (\n{bare}\n) as answer limit {MOST_ROWS})"
    )
    _check(reader, relation[1:-1], {NAME, table, *others})  # exactly what will be run
    found = described(reader, f"select * from {relation}")
    return Source(reader, relation, tuple(Column(name, kind) for name, kind in found))


def _without_end(sql: str) -> str:
    """Without a last semicolon and what is said after it."""
    return re.sub(r";\s*(--[^\n]*)?\s*\Z", "", sql.strip())


def _check(reader: Reader, sql: str, tables: set[str]) -> None:
    tree = _tree(reader, sql)
    common = {entry["key"].lower() for node in _nodes(tree) for entry in _common_tables(node)}
    if common:  # a name of the catalogue, given to a part of the statement, must not open the catalogue elsewhere
        common -= {name for (name,) in reader.rows("select lower(view_name) from duckdb_views() where internal")}
    for node in _nodes(tree):
        _check_node(node, {t.lower() for t in tables} | common)


def _tree(reader: Reader, sql: str) -> Any:
    try:
        ((text,),) = reader.rows("select json_serialize_sql(cast($sql as varchar))", {"sql": sql})
        found = json.loads(text)
    except RecursionError:
        raise Refused("deep") from None
    if found["error"]:
        if found["error_type"] == "parser":
            place = found.get("position")
            raise Refused("syntax", int(place) if place is not None else None, said=_plain(found["error_message"]))
        raise Refused("not_select")
    if len(found["statements"]) != 1:
        raise Refused("several")
    return found["statements"][0]


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """All objects of the tree; with a stack, as a tree may be deeper than Python's."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _common_tables(node: dict[str, Any]) -> list[dict[str, Any]]:
    found = node.get("cte_map")
    return found["map"] if isinstance(found, dict) else []


def _check_node(node: dict[str, Any], tables: set[str]) -> None:
    kind, place = node.get("type"), _place(node)
    if kind == "BASE_TABLE":
        qualified = node.get("schema_name") or node.get("catalog_name")
        if qualified or str(node.get("table_name", "")).lower() not in tables:
            raise Refused("table", place, name=_plain(".".join(node.get("qualified_name", {}).get("path", []))))
    elif kind == "TABLE_FUNCTION":
        name = str(node["function"].get("function_name", "")).lower()
        if name not in TABLE_FUNCTIONS:
            raise Refused("function", place, name=_plain(name))
    elif kind == "SHOW_REF" and not (node.get("query") or str(node.get("table_name", "")).strip('"').lower() in tables):
        raise Refused("not_select")
    elif node.get("class") == "FUNCTION" and FORBIDDEN.match(str(node.get("function_name", "")).lower()):
        raise Refused("function", place, name=_plain(str(node["function_name"])))
    elif node.get("class") == "PARAMETER":
        raise Refused("parameter", place)


def _place(node: dict[str, Any]) -> int | None:
    place = node.get("query_location")
    return place if isinstance(place, int) and place < LONGEST * 2 else None


def _plain(text: str) -> str:
    return " ".join(text.split())[:200]


def where(sql: str, place: int | None) -> tuple[int, int, str] | None:
    """The line and column (from 1) of a character of the statement, and that line; None where it is not known."""
    if place is None or place > len(sql):
        return None
    before = sql[:place]
    line = before.count("\n")
    return line + 1, place - (before.rfind("\n") + 1) + 1, sql.splitlines()[line] if sql.splitlines() else ""


ENGINE_PLACE = re.compile(r"LINE (\d+): ([^\n]*)\n( *)\^")


def engine_error(error: KamError) -> tuple[str, int | None]:
    """What the engine says of a statement in the box, in one line, and the line of the statement it is about."""
    message = error.said if isinstance(error, QueryError) else str(error)
    found = ENGINE_PLACE.search(message)
    line = int(found.group(1)) - 1 if found else 0  # one line stands before the statement
    said = re.sub(r"^\w[\w ]*Error: ", "", message.split("\n\nLINE")[0].replace("\n", " "))
    said = re.sub(r"(/[^\s/'\"]+){2,}", "…", said)  # a folder of the machine
    return _plain(said), line if line > 0 else None
