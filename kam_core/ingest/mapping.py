"""The mapping file: which of their columns is which of ours, how files are written, which rows to take."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from kam_core.errors import KamError
from kam_core.ingest.cells import Cells
from kam_core.schema import TABLES

FORMAT_KEYS = {"encoding": str, "delimiter": str, "date": str, "decimal": str, "thousands": str, "sheet": str,
               "header_row": int, "header_rows": int, "quote": str, "escape": str, "short_rows": str, "totals": str,
               "below": str, "dates": dict, "decimals": dict, "swapped": dict, "types": dict}


def by_column(format: dict[str, Any], headings: Iterable[str]) -> dict[str, dict[str, str]]:
    """What a format says of how cells are written, of each heading by itself: the order or the pattern of its dates,
    its decimal mark, and whether days and months are swapped."""
    mark = format.get("decimal")
    if mark is None and "thousands" in format:
        mark = "," if format["thousands"] == "." else "."
    said: dict[str, dict[str, str]] = {"dates": {}, "decimals": {}, "swapped": {}}
    for key, whole in (("dates", format.get("date")), ("decimals", mark), ("swapped", None)):
        each = {heading: format.get(key, {}).get(heading, whole) for heading in headings}
        said[key] = {heading: one for heading, one in each.items() if one}
    return said


@dataclass(frozen=True)
class Join:
    """Where rows find what their own file lacks: in the row of a header with the same key, as order lines do.

    The header is `file` (left out: their own file), read by `format`. `key` is the rows' heading, `their_key` the
    header's. The header's columns can then be named like those of the rows, which come first where both have one.
    """

    key: str
    their_key: str
    file: str = ""
    format: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TableMapping:
    """How some files fill one table. `columns`: ours → theirs or an expression; `where`: heading → values to take."""

    table: str
    columns: dict[str, str]
    files: tuple[str, ...] = ()
    format: dict[str, Any] = field(default_factory=dict)
    where: dict[str, tuple[str, ...]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    cells: Cells = field(default_factory=dict)  # file line → heading → what should have stood there
    join: Join | None = None

    def takes(self, name: str) -> bool:
        """True where the file `name` (relative to the folder loaded, with /) is one of `files`, or none is named."""
        return not self.files or any(is_named(name, glob) for glob in self.files)


def is_named(name: str, glob: str) -> bool:
    """True where a file's name, with or without its folders, fits a pattern, whatever the case."""
    return any(fnmatchcase(n.casefold(), glob.casefold()) for n in (name, PurePosixPath(name).name))


@dataclass(frozen=True)
class Mapping:
    """All table mappings of a load; `left_out` says in sentences what a guess could not place."""

    tables: tuple[TableMapping, ...]
    left_out: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Mapping:
        """Read a mapping file; KamError names the file, the line and the key that is wrong."""
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise KamError(f"{path}: cannot be read ({error}); give a mapping file in TOML, UTF-8") from None
        return cls.parse(text, str(path))

    @classmethod
    def parse(cls, text: str, name: str = "mapping") -> Mapping:
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise KamError(f"{name}: is not valid TOML: {error}") from None
        return cls(tuple(_Reader(text, name).tables(document)))

    def to_toml(self) -> str:
        """The mapping as a file to edit; what a guess left out stands above as comments."""
        names = [t.table for t in self.tables]
        parts = [f"# left out: {sentence}" for sentence in self.left_out]
        for table in self.tables:
            parts.append(_table_toml(table, several=names.count(table.table) > 1))
        return "\n\n".join(parts) + "\n"


class _Reader:
    """Checks a parsed mapping document, key by key, knowing the text so that errors can name the line."""

    def __init__(self, text: str, name: str) -> None:
        self.lines, self.name = text.splitlines(), name

    def error(self, message: str, key: str) -> KamError:
        pattern = re.compile(rf"""^\s*(\[+.*["'.\[]?)?["']?{re.escape(key)}["']?\s*(=|\]|\.)""")
        line = next((i for i, line in enumerate(self.lines, 1) if pattern.match(line)), None)
        return KamError(f"{self.name}{f', line {line}' if line else ''}: {message}")

    def tables(self, document: dict[str, Any]) -> Iterable[TableMapping]:
        if not document:
            raise KamError(f"{self.name}: is empty; it needs a table such as [orders]")
        for key, value in document.items():
            if key not in TABLES:
                raise self.error(f"there is no table {key!r}; the tables are {', '.join(TABLES)}", key)
            for one in value if isinstance(value, list) else [value]:
                if not isinstance(one, dict):
                    raise self.error(f"{key} must be a table: write [{key}]", key)
                yield self.table(key, one)

    def table(self, table: str, content: dict[str, Any]) -> TableMapping:
        columns, known = {}, {c.name for c in TABLES[table].columns}
        for key, value in content.items():
            if key in ("files", "format", "where", "values", "cells", "join"):
                continue
            if key not in known:
                there = ", ".join(c.name for c in TABLES[table].columns)
                raise self.error(f"{table} has no column {key!r}; it has {there}", key)
            if not isinstance(value, str) or not value.strip():
                raise self.error(f"{key} must name their column in quotes", key)
            columns[key] = value
        if not columns:
            raise self.error(f"[{table}] maps no column", table)
        return TableMapping(table, columns, self.files(content), self.format(content), self.where(content),
                            self.values(content, known), self.cells(content), self.join(content))

    def files(self, content: dict[str, Any]) -> tuple[str, ...]:
        files = content.get("files", [])
        files = [files] if isinstance(files, str) else files
        if not isinstance(files, list) or not all(isinstance(f, str) for f in files):
            raise self.error('files must be a list of names, such as ["Sales.csv"]', "files")
        return tuple(files)

    def format(self, content: dict[str, Any]) -> dict[str, Any]:
        format = self.section(content, "format")
        for key, value in format.items():
            if key not in FORMAT_KEYS:
                raise self.error(f"format has no {key!r}; it has {', '.join(FORMAT_KEYS)}", key)
            if type(value) is not FORMAT_KEYS[key]:
                kind = {int: "whole number", str: "text in quotes", dict: "table of its own"}[FORMAT_KEYS[key]]
                raise self.error(f"{key} must be a {kind}", key)
        for key in ("delimiter", "decimal", "thousands"):
            if key in format and len(format[key]) != 1 and format[key] != ", ":
                raise self.error(f"{key} must be one character", key)
        if format.get("decimal", ".") not in ".,":
            raise self.error('decimal must be "." or ","', "decimal")
        if "date" in format and "%" not in format["date"]:
            raise self.error('date must be a pattern such as "%d-%m-%Y"', "date")
        return format

    def where(self, content: dict[str, Any]) -> dict[str, tuple[str, ...]]:
        result = {}
        for heading, wanted in self.section(content, "where").items():
            wanted = wanted if isinstance(wanted, list) else [wanted]
            if not wanted or any(isinstance(w, (dict, list)) for w in wanted):
                raise self.error("where must list the values to take", heading)
            result[heading] = tuple(_scalar(w) for w in wanted)
        return result

    def values(self, content: dict[str, Any], known: set[str]) -> dict[str, dict[str, str]]:
        values = self.section(content, "values")
        for column, repairs in values.items():
            if column not in known:
                raise self.error(f"values: there is no column {column!r}", column)
            if not isinstance(repairs, dict):
                raise self.error('values must be pairs such as "technolgy" = "technology"', column)
        return {column: {k: _scalar(v) for k, v in repairs.items()} for column, repairs in values.items()}

    def cells(self, content: dict[str, Any]) -> Cells:
        found: Cells = {}
        for line, texts in self.section(content, "cells").items():
            if not line.isdigit() or not isinstance(texts, dict):
                raise self.error('cells are pairs below a line of the file: [orders.cells.12] "Day" = "2025-01-31"',
                                 line)
            found[int(line)] = {heading: _scalar(text) for heading, text in texts.items()}
        return found

    def join(self, content: dict[str, Any]) -> Join | None:
        join = self.section(content, "join")
        if not join:
            return None
        for key, value in join.items():
            if key not in ("file", "key", "their_key", "format"):
                raise self.error(f"join has no {key!r}; it has file, key, their_key and format", key)
            if key != "format" and (not isinstance(value, str) or not value.strip()):
                raise self.error(f"{key} must be text in quotes", key)
        if "key" not in join:
            raise self.error('join needs the column by which rows find their header: key = "Order ID"', "join")
        return Join(join["key"], join.get("their_key", join["key"]), join.get("file", ""), self.format(join))

    def section(self, content: dict[str, Any], key: str) -> dict[str, Any]:
        value = content.get(key, {})
        if not isinstance(value, dict):
            raise self.error(f"{key} must be a table of its own", key)
        return value


def _scalar(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _table_toml(table: TableMapping, several: bool) -> str:
    name = table.table
    lines = [f"[[{name}]]" if several else f"[{name}]"]
    if table.files:
        lines.append(f"files = {json.dumps(list(table.files), ensure_ascii=False)}")
    lines += [f"{ours} = {_quote(theirs)}" for ours, theirs in table.columns.items()]
    sections = [*_format_sections("format", table.format), ("where", table.where)]
    if table.join:
        said = {"file": table.join.file, "key": table.join.key, "their_key": table.join.their_key}
        sections.append(("join", {key: value for key, value in said.items() if value}))
        sections += _format_sections("join.format", table.join.format)
    sections += [(f"values.{column}", repairs) for column, repairs in table.values.items()]
    sections += [(f"cells.{line}", dict(texts)) for line, texts in sorted(table.cells.items())]
    for section, content in sections:
        if content:
            lines.append(f"[{name}.{section}]")
            lines += [f"{_key(key)} = {_toml_value(value)}" for key, value in content.items()]
    return "\n".join(lines)


def _format_sections(name: str, format: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    plain = {key: value for key, value in format.items() if not isinstance(value, dict)}
    return [(name, plain), *((f"{name}.{key}", value) for key, value in format.items() if isinstance(value, dict))]


def _toml_value(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_quote(v) for v in value) + "]"
    return str(value) if isinstance(value, int) else _quote(value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _quote(key)


def _quote(text: str) -> str:
    """A TOML basic string: JSON's escapes are a part of TOML's."""
    return json.dumps(text, ensure_ascii=False)
