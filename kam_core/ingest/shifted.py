"""Rows with a separator too many, or with other separators: put right where what the columns hold leaves one way."""

from __future__ import annotations

import re

from kam_core.ingest.dialect import Layout
from kam_core.ingest.records import Marks, Record

MOSTLY = 0.9
ENOUGH = 5  # values from which a column's kind is told
PROOF = 2  # cells of a kind that a row needs, so that it can be said to be right
SEPARATORS = " ;,\t|"  # what may part the fields of a single row
FITS = {"date": re.compile(r"\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}日?([ T]\d.*)?"),
        "number": re.compile(r"[^\w\s]{0,4} ?\d[\d.,'’ ]*[^\w\s]{0,4}")}
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


def put_right(record: Record, kinds: Kinds, marks: Marks) -> list[str] | None:
    """The fields of a record that has too many or too few; None where it does not say which. What stands between
    blanks is sooner several words of a cell than a separator too many; where columns are lined up by them, it is open.
    """
    if marks.delimiter == " " and not marks.single:
        return None
    fields = unshifted(record.fields, kinds) if marks.delimiter != " " else None
    return fields or parted(record.text, kinds, marks)


def unshifted(fields: list[str], kinds: Kinds) -> list[str] | None:
    """The row without the one blank field that is too many; None where no way, or more than one, puts it right, or
    where a cell may have been cut in two instead, as by the comma in Acme, Inc."""
    if len(fields) != len(kinds) + 1:
        return None
    cut = [i for i, field in enumerate(fields[1:]) if field[:1] == " " and field.strip()]
    if any(_fits((*fields[:i], fields[i] + fields[i + 1], *fields[i + 2:]), kinds) for i in cut):
        return None
    return _only({tuple(fields[:i] + fields[i + 1:]) for i, field in enumerate(fields) if not field.strip()}, kinds)


def parted(text: str, kinds: Kinds, marks: Marks) -> list[str] | None:
    """The row by another separator than the file's, which then stands in quotes alone; between blanks, a cell may be
    several words, in a file of blanks as well. None where no way, or more than one, fits."""
    width, ways = len(kinds), set[tuple[str, ...]]()
    for one in SEPARATORS:
        if text.count(one) < width - 1:
            continue
        cells = _cells(text, one, marks.quote)
        if one != marks.one and any(marks.one in cell for cell, is_quoted in cells if not is_quoted):
            continue
        words, more = [cell for cell, _ in cells], len(cells) - width
        if not more:
            ways.add(tuple(words))
        elif more > 0 and one == " ":
            ways |= {(*words[:i], " ".join(words[i:i + more + 1]), *words[i + more + 1:]) for i in range(width)
                     if not any(is_quoted for _, is_quoted in cells[i:i + more + 1])}
    return _only(ways, kinds)


def _cells(text: str, one: str, quote: str) -> list[tuple[str, bool]]:
    """The fields of a line, and whether each stands in quotes."""
    mark, q = re.escape(one), re.escape(quote) or "(?!)"
    found = re.finditer(rf"(?:^|{mark})(?:{q}((?:[^{q}]|{q}{q})*){q}(?={mark}|$)|([^{mark}]*))", text)
    return [(m[2], False) if m[1] is None else (m[1].replace(quote * 2, quote), True) for m in found]


def _only(ways: set[tuple[str, ...]], kinds: Kinds) -> list[str] | None:
    fitting = [way for way in ways if _fits(way, kinds)]
    return list(fitting[0]) if len(fitting) == 1 else None


def _fits(fields: tuple[str, ...], kinds: Kinds) -> bool:
    told = [FITS[kind].fullmatch(field.strip()) is not None for field, kind in zip(fields, kinds, strict=True)
            if kind and field.strip()]
    return all(told) and len(told) >= PROOF
