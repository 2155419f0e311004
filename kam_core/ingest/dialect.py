"""Tell a text file's delimiter, its heading row and its headings, the same way each time."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kam_core.errors import KamError

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
MAX_COLUMNS = 2_000
SAMPLE_CHARS = 512 * 1024
SAMPLE_ROWS = 300

VALUE = re.compile(r"[¥$€£]?\s*[(+-]?[¥$€£]?\s*\d[\d.,:/\-\sT年月日]*%?\)?Z?")


@dataclass(frozen=True)
class Dialect:
    """How to read a text file: `first_line` is the file line where its first record after the headings starts."""

    delimiter: str
    headings: tuple[str, ...]
    header_line: int
    first_line: int
    sample: tuple[tuple[str, ...], ...]  # up to SAMPLE_ROWS records below the headings


def sniff(path: Path, name: str, delimiter: str | None = None, header_row: int | None = None) -> Dialect:
    """Read the dialect off the first half megabyte of a UTF-8 file; what the caller names is taken as given."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        text = file.read(SAMPLE_CHARS)
    csv.field_size_limit(10 * 1024 * 1024)
    delimiter = delimiter or _delimiter(text)
    records = _records(text, delimiter)
    if len(text) == SAMPLE_CHARS and len(records) > 1:
        records.pop()  # cut off by the end of the sample
    if not any(any(cell.strip() for cell in row) for _, _, row in records):
        raise KamError(f"{name}: holds nothing but blank lines; export it again")
    index = _header_index([row for _, _, row in records], [start for start, _, _ in records], header_row, name)
    start, end, heading_row = records[index]
    body = [row for _, _, row in records[index + 1:] if any(cell.strip() for cell in row)]
    width = _width(heading_row, body)
    if width > MAX_COLUMNS:
        raise KamError(f"{name}: has {width:,} columns, more than {MAX_COLUMNS:,}; export only the columns needed")
    return Dialect(delimiter, headings(list(heading_row) + [""] * (width - len(heading_row))), start, end + 1,
                   tuple(tuple(row) for row in body))


def _records(text: str, delimiter: str) -> list[tuple[int, int, list[str]]]:
    """(first line, last line, cells) of the first records."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    records, line = [], 0
    try:
        for row in islice(reader, SAMPLE_ROWS):
            records.append((line + 1, reader.line_num, row))
            line = reader.line_num
    except csv.Error:
        pass  # what was read so far tells the dialect
    return records


def _delimiter(text: str) -> str:
    """The delimiter that cuts most records into the same number of fields, and the most of them."""
    def score(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for _, _, row in _records(text, delimiter) if any(row)]
        counts = Counter(w for w in widths if w > 1)
        if not counts:
            return (0.0, 0)
        width, hits = max(counts.items(), key=lambda item: (item[1], item[0]))
        return (round(hits / len(widths), 1), width)
    return max(DELIMITERS, key=score)


def _width(heading_row: list[str], body: list[list[str]]) -> int:
    """Fields per record: the headings', unless most records carry one more, empty one (a trailing delimiter)."""
    width = len(heading_row)
    usual = Counter(len(row) for row in body).most_common(1)
    more = usual[0][0] if usual else 0
    trailing = [cell for row in body if len(row) == more for cell in row[width:]]
    return more if more > width and not any(trailing) else width


def _header_index(rows: list[list[str]], lines: list[int], header_row: int | None, name: str) -> int:
    if header_row is None:
        return header_index(rows)
    if header_row not in lines:
        raise KamError(f"{name}: header_row = {header_row}, but no record starts on that line; count lines from 1")
    return lines.index(header_row)


def header_index(rows: list[list[str]]) -> int:
    """Where the headings are: the first row nearly as full as the rows usually are and made of words, not values.

    Rows above it (a title, a date, blank lines) have fewer cells. Without such a row, the first that is not blank.
    """
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    if not any(filled):
        return 0
    usual = Counter(n for n in filled if n).most_common(1)[0][0]
    for index, row in enumerate(rows[:50]):
        cells = [cell.strip() for cell in row if cell.strip()]
        if len(cells) >= max(1, 0.6 * usual) and not any(VALUE.fullmatch(cell) for cell in cells):
            return index
    return next(i for i, n in enumerate(filled) if n)


def headings(row: list[str]) -> tuple[str, ...]:
    """Headings without outer blanks, each its own: a second `OrderID` becomes `OrderID (2)`; blank ones stay blank."""
    seen: Counter[str] = Counter()
    result = []
    for cell in row:
        heading = " ".join(cell.replace("\ufeff", "").split())
        seen[heading] += 1
        result.append(f"{heading} ({seen[heading]})" if heading and seen[heading] > 1 else heading)
    return tuple(result)


def normal_headings(names: tuple[str, ...]) -> list[str]:
    """Headings as column names: none blank, none twice however it is written, none is `_line`."""
    taken: set[str] = {"_line"}
    result = []
    for place, name in enumerate(names, 1):
        base = name or f"column {place}"
        choices = (base, *(f"{base} ({i})" for i in range(2, len(names) + 3)))
        free = next(name for name in choices if name.casefold() not in taken)
        taken.add(free.casefold())
        result.append(free)
    return result
