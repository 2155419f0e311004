"""Rows with a separator too many: told by what the columns hold, and put right where that leaves one way only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from kam_core.ingest.dialect import Layout

MOSTLY = 0.9
ENOUGH = 5  # values from which a column's kind is told
PROOF = 2  # cells of a kind that a row needs, so that it can be said to be right
SUSPECTS = 100_000  # rows that are looked at in the file
FITS = {"date": re.compile(r"\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}日?([ T]\d.*)?"),
        "number": re.compile(r"[^\w\s]{0,4} ?\d[\d.,'’ ]*[^\w\s]{0,4}")}
ODD = {  # SQL: what stands in a column of the kind only where the row is shifted, or the cell is wrong
    "date": "not regexp_matches(c{i}, '[0-9]')",
    "number": "regexp_matches(c{i}, '[[:alpha:]:/]')",
}
Kinds = list[str | None]


def kinds_of(found: Layout) -> Kinds:
    """What each column of a file holds, by its first rows: date, number, or None for what cannot tell a shift."""
    return [_kind([row[i].strip() for row in found.sample if i < len(row) and row[i].strip()])
            for i in range(found.width)]


def _kind(values: list[str]) -> str | None:
    if len(values) < ENOUGH:
        return None
    return next((kind for kind, form in FITS.items()
                 if sum(1 for v in values if form.fullmatch(v)) >= MOSTLY * len(values)), None)


def is_shifted(con: Any, name: str, path: Path, found: Layout) -> bool:
    """Whether some rows have a field too many. DuckDB lets a blank one at the end go, so that a row with a separator
    too many at its start looks whole, and every cell of it stands in the next column."""
    kinds = kinds_of(found)
    odd = [ODD[kind].format(i=i) for i, kind in enumerate(kinds) if kind]
    odd += [f"c{i} is null" for i, kind in enumerate(kinds) if kind and
            sum(1 for row in found.sample if not row[i].strip()) <= (1 - MOSTLY) * len(found.sample)]
    if not odd:
        return False
    suspects = {row[0] for row in con.execute(f"""
        select rowid + {found.first_line} from {name}_text where {' or '.join(odd)} limit {SUSPECTS}
        """).fetchall()}
    last = max(suspects, default=0)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for number, line in enumerate(file, 1):
            if number in suspects and len(next(found.marks.reader([line], strict=False), [])) > found.width:
                return True
            if number >= last:
                return False
    return False


def unshifted(fields: list[str], kinds: Kinds) -> list[str] | None:
    """The row without the one blank field that is too many; None where no way, or more than one, puts it right."""
    if len(fields) != len(kinds) + 1:
        return None
    ways = {tuple(fields[:i] + fields[i + 1:]) for i, field in enumerate(fields) if not field.strip()}
    fitting = [way for way in ways if _fits(way, kinds)]
    return list(fitting[0]) if len(fitting) == 1 else None


def _fits(fields: tuple[str, ...], kinds: Kinds) -> bool:
    told = [FITS[kind].fullmatch(field.strip()) is not None for field, kind in zip(fields, kinds, strict=True)
            if kind and field.strip()]
    return all(told) and len(told) >= PROOF
