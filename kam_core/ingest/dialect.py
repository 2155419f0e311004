"""Tell a text file's marks, its heading rows, what stands above and below the table, and which rows are totals."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kam_core.errors import KamError
from kam_core.ingest.assumptions import ASK, CERTAIN, LIKELY, Assumption, Why, chosen
from kam_core.ingest.records import Marks, Record, Swallowed, records

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", ", ": "comma and blank", "^": "caret",
              " ": "blanks"}
MAX_COLUMNS = 2_000
SAMPLE_CHARS = 512 * 1024
SAMPLE_ROWS = 300
TAIL_CHARS = 64 * 1024
HARDLY = 0.5  # what cuts fewer records evenly hardly parts the fields
HEADER_AMONG = 50  # a heading row is looked for among so many rows
LEAVE_OUT, KEEP = "leave out", "keep"
REFUSE, PAD = "refuse", "pad"
NO_FORMAT: dict[str, Any] = {}

VALUE = re.compile(r"[¥￥$€£]?\s*[(+-]?[¥￥$€£]?\s*\d[\d.,:/\-\sT年月日万亿]*(?:[ap]m)?%?\)?Z?", re.I)
YEAR = re.compile(r"(19|20)\d\d(年|[-/]\d{1,2}|年\d{1,2}月|q[1-4])?|\d{1,2}月|q[1-4]", re.I)
UNIT = re.compile(r"[(（\[]?(usd|eur|gbp|rmb|cny|元|万元|千元|美元|pcs|units?|件|台|个|%|kg)[)）\]]?", re.I)
TOTAL = (r"(?i)\s*((grand|sub|net|overall|running|page|report)[ -]?)?(total|sum)s?( amount| sales)?\s*[:：]?\s*"
         r"|.*\b(sub-?|grand )?total\s*[:：]?\s*|\s*total (of|for)\b.*"
         r"|.*(合计|小计|总计|总和|累计|汇总|合計|小計|総計|總計)\s*[:：]?\s*|합계|소계|총계|summe|gesamt|totale?")
TOTAL_COLUMNS = 6  # the word stands in one of the first columns


@dataclass(frozen=True)
class Totals:
    """How rows of totals are told: the word in one of `columns` (places), and one of `usual` (places) blank."""

    columns: tuple[int, ...]
    usual: tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """How to read a text file: `first_line` is the file line where its first record after the headings starts."""

    marks: Marks
    headings: tuple[str, ...]
    header_line: int  # 0 where there are no headings
    first_line: int
    skip: int  # physical lines above the first record
    sample: tuple[tuple[str, ...], ...]  # up to SAMPLE_ROWS records below the headings
    pad: bool = False
    totals: Totals | None = None
    notes: int = 0  # how many records at the end stand below the table and are no part of it
    assumptions: tuple[Assumption, ...] = ()

    @property
    def width(self) -> int:
        return len(self.headings)


def layout(path: Path, name: str, format: dict[str, Any] = NO_FORMAT, tidy: bool = False) -> Layout:
    """Read the layout off the first half megabyte and the end of a UTF-8 file; what `format` names is taken as given.

    `tidy` files were written by us from a sheet: comma, quotes, a record a row.
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        text = file.read(SAMPLE_CHARS)
    marks, said = (Marks(), []) if tidy else _marks(text, format)
    found = _sample(text, marks)
    if not any(any(cell.strip() for cell in r.fields) for r in found):
        raise KamError(f"{name}: holds nothing but blank lines; export it again")
    rows = [r.fields for r in found]
    places = [r.number if tidy else r.line for r in found]
    index, count, header = _header(rows, places, name, format)
    said.append(header)
    if count > 1:
        why: Why = ("reading.why.header_rows", {"rows": count})
        said.append(Assumption("header_rows", None, count, LIKELY, why, (1, 2, 3)))
    head = [rows[index + i] for i in range(count)] if count else []
    rest = found[index + count:]
    body = [r for r in rest if any(cell.strip() for cell in r.fields)]
    width = _width(head, [r.fields for r in body])
    if width > MAX_COLUMNS:
        raise KamError(f"{name}: has {width:,} columns, more than {MAX_COLUMNS:,}; keep only the columns needed")
    names = headings(_joined(head, width)) if head else tuple(f"column {place}" for place in range(1, width + 1))
    last = index + count - 1  # of the heading rows
    skip = found[last].line + found[last].lines - 1 if count else found[index].line - 1
    first_line = (places[last] + 1 if count else places[index]) if tidy else skip + 1
    cells = [(r.fields + [""] * width)[:width] for r in body]
    result = Layout(marks, names, places[last] if count else 0, first_line, skip, tuple(tuple(row) for row in cells),
                    assumptions=tuple(said))
    return _ends(_padding(result, body, format), path, body, cells, format, tidy)


# What parts the fields

def _marks(text: str, format: dict[str, Any]) -> tuple[Marks, list[Assumption]]:
    """The delimiter, the quote and its escape, each as told or as they cut the records most evenly."""
    said = []
    if "delimiter" in format:
        delimiter = format["delimiter"]
        said.append(chosen("delimiter", delimiter, tuple(DELIMITERS)))
        quote = _quote(text, delimiter)
    else:
        scores = {d: _score(text, Marks(d, _quote(text, d))) for d in DELIMITERS}
        delimiter = max((d for d in DELIMITERS if d != " "), key=lambda d: scores[d])
        if scores[delimiter][1] < 2:  # blanks stand in any text: only where nothing else parts the fields
            delimiter = " " if scores[" "][0] >= 0.9 else ","
        elif scores[delimiter][0] < min(HARDLY, scores[" "][0]) and _is_parted_by_blanks(text, delimiter):
            delimiter = " "
        rivals = [d for d in DELIMITERS if d not in (delimiter, " ", ", ") and delimiter != ", "
                  and scores[d][0] >= scores[delimiter][0] and scores[d][1] > 1]
        sure = ASK if rivals or 0 < scores[delimiter][0] < HARDLY else LIKELY if scores[delimiter][0] < 0.9 else CERTAIN
        said.append(Assumption("delimiter", None, delimiter, sure, ("reading.why.delimiter", {
            "share": f"{scores[delimiter][0]:.0%}", "fields": max(scores[delimiter][1], 1)}), tuple(DELIMITERS)))
        quote = _quote(text, delimiter)
    if "quote" in format:
        quote = format["quote"]
        said.append(chosen("quote", quote, ('"', "'", "")))
    elif quote != '"':
        said.append(Assumption("quote", None, quote, LIKELY, ("reading.why.quote", {}), ('"', "'", "")))
    escape = format.get("escape", _escape(text, delimiter, quote))
    return Marks(delimiter, quote, escape, _doubled(text, quote), delimiter == " " and not _has_runs(text)), said


def _is_parted_by_blanks(text: str, other: str) -> bool:
    """True where the first line, that of the headings, is several words, and the other delimiter is not in it."""
    first = text.lstrip().partition("\n")[0]
    return other not in first and len(first.split()) >= 3


def _has_runs(text: str) -> bool:
    """True where several blanks stand between fields, as in columns that are lined up."""
    lines = [re.sub(r'"[^"]*"', "", line).rstrip() for line in text.splitlines()[:SAMPLE_ROWS]]
    return sum("  " in line for line in lines) > 0.1 * len(lines)


def _score(text: str, marks: Marks) -> tuple[float, int]:
    """The share of records with the usual number of fields, and that number."""
    widths = [len(r.fields) for r in _sample(text, marks) if any(r.fields)]
    counts = Counter(w for w in widths if w > 1)
    if not counts:
        return (0.0, 0)
    width, hits = max(counts.items(), key=lambda item: (item[1], item[0]))
    return (round(hits / len(widths), 1), width)


def _quote(text: str, delimiter: str) -> str:
    """An apostrophe where fields open and close with it and hardly any with a quotation mark."""
    mark = re.escape(delimiter[0])
    counts = {q: len(re.findall(rf"(?:^|{mark} ?){q}[^{q}\n]*{q}(?={mark}|\r?$)", text, re.M)) for q in ('"', "'")}
    return "'" if counts["'"] > 2 and counts["'"] > 5 * counts['"'] else '"'


def _escape(text: str, delimiter: str, quote: str) -> str:
    """A backslash, or a quotation mark where apostrophes are the quotes, that stands before quotes within a field. Not
    where more of them stand there without, as in Men's: then none needs it."""
    bare = len(re.findall(rf"(?<=[^\W_]){re.escape(quote)}(?=[^\W_])", text)) if quote else 0
    for char in "\\" + ('"' if quote == "'" else ""):
        inside = rf"{re.escape(char)}{quote}[^{re.escape(delimiter[0])}\r\n]"  # before a delimiter it may be a path
        if quote and len(re.findall(inside, text)) > bare and quote * 3 not in text:
            return char
    return ""


def _doubled(text: str, quote: str) -> str:
    """A quotation mark where apostrophes are the quotes and it stands doubled each time, as in 48"": it is meant once.
    """
    runs = re.findall('"+', text) if quote == "'" else []
    return '"' if len(runs) > 1 and not any(len(run) % 2 for run in runs) else ""


def _sample(text: str, marks: Marks) -> list[Record]:
    """The first records, from the first that is not blank."""
    found: list[Record] = []
    try:
        for record in records(io.StringIO(text, newline=""), marks):
            if found or any(cell.strip() for cell in record.fields):
                found.append(record)
            if len(found) == SAMPLE_ROWS:
                break
    except (Swallowed, csv.Error):
        pass  # what was read so far tells the layout; reading the whole file will name the line
    if len(text) >= SAMPLE_CHARS - 1 and len(found) > 1:
        found.pop()  # cut off by the end of the sample
    return found


# The headings

def _header(rows: list[list[str]], places: list[int], name: str, format: dict[str, Any]) -> tuple[int, int, Assumption]:
    """(index of the first heading row, how many heading rows there are, what was assumed)."""
    choices = tuple([0, *(p for p, row in zip(places[:12], rows, strict=False) if any(c.strip() for c in row))])
    wanted = format.get("header_row")
    if wanted is None:
        index, sure, why = find_header(rows)
        count = _header_rows(rows, index) if sure != "none" else 0
        start = index - (count - 1) if count > 1 and _is_group_row(rows, index) else index
        sure = ASK if sure == "none" else sure
    elif wanted == 0:
        index = next(i for i, row in enumerate(rows) if any(c.strip() for c in row))
        start, count, sure, why = index, 0, CERTAIN, ("reading.why.chosen", {})
    else:
        if wanted not in places:
            raise KamError(f"{name}: header_row = {wanted}, but no record starts on that line; count lines from 1")
        start = places.index(wanted)
        count, sure, why = 1, CERTAIN, ("reading.why.chosen", {})
    if count and "header_rows" in format:
        last = start + count - 1 if wanted is None else start
        count = max(1, min(format["header_rows"], 3, len(rows) - start))
        start = min(start, last)
    return start, count, Assumption("header_row", None, places[start] if count else 0, sure, why, choices)


def find_header(rows: list[list[str]]) -> tuple[int, str, Why]:
    """(index, how sure, why) of the heading row: the first nearly as full as rows usually are whose cells over columns
    of values are words. "none" where the first full row is made like those below it.

    Rows above it (a title, a date, blank lines) have fewer cells.
    """
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    if not any(filled):
        return 0, LIKELY, ("reading.why.header_first", {})
    usual = Counter(n for n in filled if n).most_common(1)[0][0]
    first_filled = next(i for i, n in enumerate(filled) if n)
    values = _value_columns(rows)
    for index, row in enumerate(rows[:HEADER_AMONG]):
        cells = [cell.strip() for cell in row if cell.strip()]
        if len(cells) < max(1, 0.6 * usual) or not cells:
            continue
        wrong = [c for c in cells if VALUE.fullmatch(c)]
        over = [row[i].strip() for i in values if i < len(row)]
        if not wrong or _is_series(wrong):
            words = sum(1 for cell in over if cell and not VALUE.fullmatch(cell))
            above = ("reading.why.header_below", {"line": index + 1}) if index else ("reading.why.header_words", {})
            if words or wrong:
                return index, CERTAIN if words else LIKELY, above
            doubt = values and len(rows) > 1
            return index, LIKELY if not doubt else ASK, above if index else ("reading.why.header_first", {})
        if len(rows) - index > 1 and sum(1 for c in over if VALUE.fullmatch(c)) >= max(1, 0.5 * len(values)):
            return index, "none", ("reading.why.header_none", {"example": ", ".join(wrong[:3])})
    return first_filled, LIKELY, ("reading.why.header_first", {})


def _value_columns(rows: list[list[str]]) -> list[int]:
    """Places of columns most of whose cells are numbers or dates."""
    width = max((len(row) for row in rows), default=0)
    found = []
    for place in range(min(width, MAX_COLUMNS)):
        cells = [c for row in rows if place < len(row) and (c := row[place].strip())]
        if len(cells) > 1 and sum(1 for c in cells if VALUE.fullmatch(c)) >= 0.6 * len(cells):
            found.append(place)
    return found


def _is_series(cells: list[str]) -> bool:
    """True for headings that are years or months, or 1, 2, 3 …: values in form, yet names of columns."""
    if all(YEAR.fullmatch(c) for c in cells):
        return len(set(cells)) == len(cells)
    return len(cells) > 3 and all(c.isdigit() for c in cells) and \
        [int(c) for c in cells] == list(range(int(cells[0]), int(cells[0]) + len(cells)))


def _header_rows(rows: list[list[str]], index: int) -> int:
    """Heading rows: two where a row of groups stands above, or where the row below repeats it or names units."""
    if _is_group_row(rows, index):
        return 2
    count = 1
    values = _value_columns(rows[index + 1:])
    while count < 3 and index + count < len(rows) - 1:
        row, above = rows[index + count], rows[index]
        cells = [c.strip() for c in row]
        over = [cells[i] for i in values if i < len(cells) and cells[i]]
        is_unit_row = len(over) >= 2 and not any(VALUE.fullmatch(c) for c in cells if c) and \
            any(UNIT.fullmatch(c) for c in over)
        if [c.strip() for c in above] == cells or is_unit_row:
            count += 1
        else:
            break
    return count


def _is_group_row(rows: list[list[str]], index: int) -> bool:
    """True where the row above the headings has two or more cells, with gaps to the right that they reach over."""
    if index == 0:
        return False
    above, row = rows[index - 1], rows[index]
    cells = [i for i, c in enumerate(above) if c.strip()]
    gaps = any(not above[i].strip() and row[i].strip() for i in range(min(len(above), len(row))))
    longest = max((len(above[i].strip()) for i in cells), default=0)
    return len(cells) >= 2 and gaps and longest <= 30 and all(i < len(row) and row[i].strip() for i in cells)


def _joined(head: list[list[str]], width: int) -> list[str]:
    """Heading rows as one: words of each joined, a group's word carried to the right over its gaps, repeats once."""
    if len(head) == 1:
        return (list(head[0]) + [""] * width)[:width]
    names = [""] * width
    for level, row in enumerate(head):
        carried = ""
        for place in range(width):
            cell = row[place].strip() if place < len(row) else ""
            carried = cell or (carried if level < len(head) - 1 and level == 0 else "")
            if carried and carried not in names[place].split(" "):
                names[place] = f"{names[place]} {carried}".strip()
    return names


def _width(head: list[list[str]], body: list[list[str]]) -> int:
    """Fields per record: the headings', unless most records carry one more, empty one (a trailing delimiter)."""
    usual = Counter(len(row) for row in body).most_common(1)
    more = usual[0][0] if usual else 0
    if not head:
        return more
    width = max(len(row) for row in head)
    trailing = [cell for row in body if len(row) == more for cell in row[width:]]
    return more if more > width and not any(trailing) else width


# Short rows, totals, and what stands below

def _padding(found: Layout, body: list[Record], format: dict[str, Any]) -> Layout:
    """Rows with too few fields are refused where they are few, filled up with blanks where they are usual."""
    short = [r for r in body if len(r.fields) < found.width]
    if "short_rows" in format:
        said = chosen("short_rows", format["short_rows"], (REFUSE, PAD))
        return replace(found, pad=format["short_rows"] == PAD, assumptions=(*found.assumptions, said))
    if not short:
        return found
    pad = len(short) > 0.2 * len(body) and found.width > 1
    said = Assumption("short_rows", None, PAD if pad else REFUSE, LIKELY, (
        "reading.why.short_pad" if pad else "reading.why.short_refuse", {"rows": len(short), "of": len(body)}),
        (REFUSE, PAD), tuple(found.marks.one.join(r.fields)[:120] for r in short[:3]))
    return replace(found, pad=pad, assumptions=(*found.assumptions, said))


def _ends(found: Layout, path: Path, body: list[Record], cells: list[list[str]], format: dict[str, Any],
          tidy: bool) -> Layout:
    """Look for rows of totals in the sample and at the end, and for notes below the table."""
    end = _tail(path, found, tidy)
    said = list(found.assumptions)
    first = range(min(found.width, TOTAL_COLUMNS))
    plain = [row for row in cells if not _has_total_word(row, first) and sum(1 for c in row if c.strip()) > 1]
    usual = _usually_filled(plain)
    totals = _totals_rule(found, usual)
    rows = [*cells, *((r.fields + [""] * found.width)[:found.width] for r in end)]
    examples = [row for row in rows if is_total(row, totals)]
    if examples and totals:
        wanted = format.get("totals", LEAVE_OUT)
        said.append(Assumption("totals", None, wanted, CERTAIN if "totals" in format else LIKELY,
                               ("reading.why.totals", {"example": _first_cells(examples[0])}), (LEAVE_OUT, KEEP),
                               tuple(dict.fromkeys(_first_cells(row) for row in examples))[:3]))
    elif "totals" in format:
        said.append(chosen("totals", format["totals"], (LEAVE_OUT, KEEP)))
    keeps_totals = format.get("totals") == KEEP
    notes = _below(found, end, totals, len(usual))
    kept = len(notes)
    if notes:
        wanted = format.get("below", LEAVE_OUT)
        said.append(Assumption("below", None, wanted, CERTAIN if "below" in format else LIKELY,
                               ("reading.why.below", {"example": notes[0]}), (LEAVE_OUT, KEEP), tuple(notes[:3])))
        kept = kept if wanted == LEAVE_OUT else 0
    return replace(found, totals=None if keeps_totals else totals, notes=kept, assumptions=tuple(said))


def _usually_filled(cells: list[list[str]]) -> list[int]:
    """Places of columns filled in nine of ten rows."""
    if not cells:
        return []
    return [i for i in range(len(cells[0])) if sum(1 for row in cells if row[i].strip()) >= 0.9 * len(cells)]


def _totals_rule(found: Layout, usual: list[int]) -> Totals | None:
    if found.width < 2 or not usual:
        return None
    return Totals(tuple(range(min(found.width, TOTAL_COLUMNS))), tuple(usual))


def is_total(row: list[str], rule: Totals | None) -> bool:
    """True for a row of totals: the word stands there, a number too, and a cell that is usually filled is blank."""
    if rule is None or not _has_total_word(row, rule.columns):
        return False
    return any(not row[i].strip() for i in rule.usual) and any(VALUE.fullmatch(c.strip()) for c in row if c.strip())


def _has_total_word(row: list[str], columns: Iterable[int]) -> bool:
    return any(re.fullmatch(TOTAL, row[i].strip()) for i in columns if len(row[i]) <= 60)


def _first_cells(row: list[str]) -> str:
    return " · ".join(c.strip()[:40] for c in row if c.strip())[:100]


def _tail(path: Path, found: Layout, tidy: bool) -> list[Record]:
    """The last records of the file (their lines counted from 1 at the start of the piece read)."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - TAIL_CHARS, 0))
        text = file.read().decode("utf-8-sig" if size <= TAIL_CHARS else "utf-8", errors="replace")
    if size > TAIL_CHARS:
        text = text.partition("\n")[2]
    try:
        last = list(records(io.StringIO(text, newline=""), found.marks, found.width))
    except (Swallowed, csv.Error):
        return []
    if size <= TAIL_CHARS:  # the whole file: only what is below the headings
        last = [r for n, r in enumerate(last, 1) if (n if tidy else r.line) >= found.first_line]
    return last[-60:]


def _below(found: Layout, end: list[Record], totals: Totals | None, usual: int) -> list[str]:
    """The texts of the records at the end that are below the table: single cells, where the table's rows are wide."""
    notes: list[str] = []
    for record in reversed(end):
        filled = [c.strip() for c in record.fields if c.strip()]
        if not filled:
            continue
        is_note = usual >= 3 and len(filled) == 1 and record.fields[0].strip() and not VALUE.fullmatch(filled[0])
        if not is_note or is_total((record.fields + [""] * found.width)[:found.width], totals):
            return notes[::-1]
        notes.append(filled[0][:100])
    return []  # nothing but notes: then they are the table


def headings(row: list[str]) -> tuple[str, ...]:
    """Headings without outer blanks, each its own however it is written: a second `OrderID` becomes `OrderID (2)`;
    blank ones stay blank. (`_line` is the name of a column of ours.)"""
    taken = {"_line"}
    result = []
    for cell in row:
        heading = " ".join(cell.replace("\ufeff", "").split())
        result.append(_free(heading, taken, len(row)) if heading else "")
    return tuple(result)


def normal_headings(names: tuple[str, ...]) -> list[str]:
    """Headings as names of columns: those that are blank are called by their place."""
    taken = {name.casefold() for name in names}
    return [name or _free(f"column {place}", taken, len(names)) for place, name in enumerate(names, 1)]


def _free(name: str, taken: set[str], most: int) -> str:
    """The name, with a number where it is taken; then it is taken."""
    free = next(n for n in (name, *(f"{name} ({i})" for i in range(2, most + 3))) if n.casefold() not in taken)
    taken.add(free.casefold())
    return free
