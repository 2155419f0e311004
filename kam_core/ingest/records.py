"""The records of a text file, read strictly and mended where quotes are astray, each with the line it starts on."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

MAX_CELL = 10 * 1024 * 1024  # characters
MAX_RECORD_LINES = 1_000
LOST_LINES = 10  # a quote never closed that takes in more lines than this is no cell but a hole in the file
csv.field_size_limit(MAX_CELL)


@dataclass(frozen=True)
class Marks:
    """What parts and wraps the fields. `delimiter` ", " is a comma with a blank, " " is any run of blanks, or each of
    them where `single`; no quote is ""; `escape` is what stands before a quote inside quotes where it is not doubled,
    else ""; `doubled` is a mark that stands twice where it is meant once, though it is no quote here."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    doubled: str = ""
    single: bool = False

    @property
    def one(self) -> str:
        """The delimiter as one character."""
        return self.delimiter[0]

    @property
    def is_plain(self) -> bool:
        """True for what DuckDB reads as we do."""
        return len(self.delimiter) == 1 and self.delimiter != " " and not (self.escape or self.doubled)

    def reader(self, lines: Iterable[str], strict: bool = True) -> Iterator[list[str]]:
        close = self.delimiter in (", ", " ") and not self.single
        if not self.quote:
            return csv.reader(lines, delimiter=self.one, quoting=csv.QUOTE_NONE, skipinitialspace=close)
        return csv.reader(lines, delimiter=self.one, quotechar=self.quote, strict=strict, skipinitialspace=close)


class Record(NamedTuple):
    """One record: its number, the line it starts on, how many lines it takes, its fields, its text, and whether quotes
    had to be mended."""

    number: int
    line: int
    lines: int
    fields: list[str]
    text: str
    mended: bool = False


class Swallowed(Exception):
    """A quote opened on `line` and never closed takes in `lines` lines."""

    def __init__(self, line: int, lines: int) -> None:
        super().__init__(line, lines)
        self.line, self.lines = line, lines


class _Lines:
    """Lines of a file that can be given back; `taken` are those of the record being read."""

    def __init__(self, lines: Iterable[str], marks: Marks) -> None:
        self.lines, self.strip = iter(lines), marks.delimiter == " " and not marks.single
        # Escaped quotes are doubled, which readers know; the escape before any other letter is a letter.
        self.written = {marks.escape + marks.quote: marks.quote * 2} if marks.escape else {}
        self.written |= {marks.doubled * 2: marks.doubled} if marks.doubled else {}
        self.given_back: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) > MAX_RECORD_LINES:
            raise csv.Error("too many lines")
        line = self.given_back.popleft() if self.given_back else next(self.lines)
        for written, meant in self.written.items():
            line = line.replace(written, meant)
        self.number += 1
        self.taken.append(line)
        return line.strip(" \r\n") + "\n" if self.strip else line

    @property
    def text(self) -> str:
        return "".join(self.taken).rstrip("\r\n")

    def give_back(self) -> None:
        """All lines of the record but its first will be read again."""
        self.given_back.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        del self.taken[1:]


def records(lines: Iterable[str], marks: Marks, width: int | None = None) -> Iterator[Record]:
    """Read records; with a `width` known, quotes astray are mended where that gives so many fields.

    Raises Swallowed for a quote that is opened and never closed, unless it is on one of the last lines.
    """
    source = _Lines(lines, marks)
    reader = marks.reader(source)
    number = 0
    while True:
        number += 1
        source.taken = []
        start = source.number + 1
        fields: list[str] | None
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            fields = None
        if fields is not None and (len(source.taken) == 1 or width is None or len(fields) == width):
            yield Record(number, start, len(source.taken), fields, source.text)
            continue
        if fields is None and len(source.taken) > LOST_LINES:
            raise Swallowed(start, len(source.taken))
        first = source.taken[0].rstrip("\r\n")
        mended = _mended(first, marks, width)
        if fields is not None and (width is None or len(mended) != width):
            yield Record(number, start, len(source.taken), fields, source.text)
            continue
        source.give_back()
        reader = marks.reader(source)
        yield Record(number, start, 1, mended, first, True)


def _mended(line: str, marks: Marks, width: int | None) -> list[str]:
    """The fields of a line whose quotes are astray: closed only before a delimiter, else taken as letters, or closed by
    the second of two before a delimiter; the way that gives `width` fields wins."""
    ways = [_fields(line, marks, inside, odd) for inside, odd in ((True, False), (False, False), (True, True))]
    ways.append(line.split(marks.one))
    fitting = [fields for fields in ways if len(fields) == width]
    return fitting[0] if fitting else ways[1]


def _fields(line: str, marks: Marks, inside: bool, odd: bool) -> list[str]:
    """Split a line; a field that opens a quote runs to the next quote before a delimiter, or, where quotes may not
    stand `inside` and one does, is taken as it is up to the next delimiter. `odd`: 48"", is 48" and closed."""
    fields, place, quote, one = [], 0, marks.quote, marks.one
    while place <= len(line):
        opens = quote and line.startswith(quote, place)
        end = _closing(line, place + 1, marks, inside, odd) if opens else -1
        if end >= 0:
            fields.append(line[place + 1:end].replace(quote * 2, quote))
            place = end + 2
        else:
            stop = line.find(one, place)
            stop = len(line) if stop < 0 else stop
            fields.append(line[place:stop])
            place = stop + 1
    return fields


def _closing(line: str, place: int, marks: Marks, inside: bool, odd: bool) -> int:
    """Where a quoted field ends, or -1 where it does not."""
    while (found := line.find(marks.quote, place)) >= 0:
        after = line[found + 1:found + 2]
        if after in ("", marks.one):
            return found
        if after != marks.quote and not inside:
            return -1
        if odd and after == marks.quote and line[found + 2:found + 3] in ("", marks.one):
            return found + 1
        place = found + (2 if after == marks.quote else 1)
    return -1
