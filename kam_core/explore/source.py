"""A table to explore: where it is read, its columns, and the one way in which a column's name gets into SQL."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

Params = dict[str, Any]
LONGEST = 48  # characters of a name or value on screen
NUMBERS = re.compile(r"^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL.*)$")
FLOATS = ("FLOAT", "DOUBLE")


class Reader(Protocol):
    def rows(self, sql: str, params: Params | None = None) -> list[tuple[Any, ...]]: ...
    def frame(self, sql: str, params: Params | None = None) -> pd.DataFrame: ...


def quote(name: str) -> str:
    """A name as an SQL identifier, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def shown(text: str, longest: int = LONGEST) -> str:
    """A name or value as one short line of text: what controls or turns the writing direction is left out."""
    kept = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else " " for c in text[:400])
    line = " ".join(kept.split()) or "–"
    return line if len(line) <= longest else line[: longest - 1] + "…"


@dataclass(frozen=True)
class Column:
    """A column of the table; `type` is its SQL type as the engine says it."""

    name: str
    type: str

    @property
    def family(self) -> str:
        """number, date, yes_no or text: whatever else there is, is looked at as text."""
        if NUMBERS.match(self.type):
            return "number"
        if self.type.startswith(("DATE", "TIMESTAMP")):
            return "date"
        return "yes_no" if self.type == "BOOLEAN" else "text"

    @property
    def has_time(self) -> bool:
        return self.type.startswith("TIMESTAMP")

    @property
    def sql(self) -> str:
        """The column as an expression in which missing is null: infinite numbers and dates say nothing either."""
        name = quote(self.name)
        if self.family == "date":
            plain = f"cast({name} as timestamp)" if self.has_time else name
            return f"case when isfinite({plain}) then {plain} end"
        if self.type in FLOATS:
            return f"case when isfinite({name}) then {name} end"
        if self.family == "text":
            return f"nullif({name if self.type == 'VARCHAR' else f'cast({name} as varchar)'}, '')"
        return name


@dataclass(frozen=True)
class Source:
    """A relation of a reader: a table, or a select in brackets. Columns named here are all that can be asked for."""

    reader: Reader
    relation: str
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """KeyError where the table has no such column: no other name ever reaches SQL."""
        return next((c for c in self.columns if c.name == name), None) or _missing(name)

    def has(self, name: str | None) -> bool:
        return name is None or any(c.name == name for c in self.columns)


def _missing(name: str) -> Column:
    raise KeyError(name)


def table(reader: Reader, name: str, columns: Iterable[tuple[str, str]] | None = None) -> Source:
    """A table by its name; its columns are asked for where they are not known."""
    relation = quote(name)
    found = columns if columns is not None else described(reader, f"select * from {relation}")
    return Source(reader, relation, tuple(Column(n, kind) for n, kind in found if n != "_line"))


def described(reader: Reader, select: str) -> list[tuple[str, str]]:
    """Names and types of what a select gives."""
    return [(str(n), str(kind)) for n, kind in reader.rows(f"select column_name, column_type from (describe {select})")]
