"""Read the sheets of a workbook into CSV files, in a process of its own with limits on memory and time.

The readers of workbooks are native code: a file made to hurt can only end that process, never the server. What would
need more memory than the limit, by its size or by a stray cell in the last corner, is refused before or there.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kam_core.errors import KamError
from kam_core.ingest.watch import NOBODY, Watch

MEMORY = 3 * 1024**3  # bytes of address space for reading one workbook
SECONDS = 300  # of processor time
MAX_CELLS = 40_000_000
MAX_TEXTS = 1024**3  # unpacked bytes of a workbook's shared texts, which must be held at once
CELL = re.compile(rb"""\sr=["']([A-Z]{1,3})(\d{1,7})["']""")
EMPTY_FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
                           rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>")
REPEATED = re.compile(rb"<table:(table-row|table-cell|covered-table-cell|table)\b([^>]*?)(/?)>|</table:(table-row)>")


@dataclass(frozen=True)
class Sheet:
    """One filled sheet: its name, the CSV file with a record for each row, and how many rows and columns it has."""

    name: str
    path: Path
    rows: int
    columns: int
    visible: bool
    empty_formulas: int = 0


def read_sheets(path: Path, name: str, scratch: Path, watch: Watch = NOBODY) -> list[Sheet]:
    """All sheets with anything in them, in their order; KamError if unreadable."""
    empty_formulas = _check_extent(path, name)
    folder = scratch / f"book{len(list(scratch.iterdir()))}"
    folder.mkdir()
    found = json.loads(_run(path, folder, name, watch))
    sheets = [Sheet(s["name"], folder / s["file"], s["rows"], s["columns"], s["visible"],
                    empty_formulas.get(place, 0)) for place, s in enumerate(found) if s["rows"]]
    if not sheets:
        raise KamError(f"{name}: its sheets are empty; formulas must be saved with their values")
    return sheets


def _run(path: Path, folder: Path, name: str, watch: Watch) -> str:
    """Run the reader; its last line of output. It is ended where the watch says so."""
    script = Path(__file__).with_name("workbook.py")
    command = [sys.executable, "-I", "-S", "-c", _START, str(script), str(path), str(folder), str(MEMORY), str(SECONDS)]
    # Its error output goes to a file: a pipe that nobody empties would fill and hold it up.
    with (folder / "errors").open("w+b") as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        try:
            while True:
                try:
                    output, _ = process.communicate(timeout=0.2)
                    break
                except subprocess.TimeoutExpired:
                    watch.step("reading.step.workbook", _share(folder / "errors"))
        except BaseException:
            process.kill()
            process.wait()
            raise
        errors.seek(0)
        said = errors.read().decode("utf-8", "replace")
    if process.returncode:
        raise KamError(f"{name}: {_meaning(said, process.returncode)}")
    return output.decode().splitlines()[-1]


# The path of installed packages is handed over by hand: -I and -S keep everything else of the environment out.
_START = f"import sys, runpy; sys.path[:0] = {[p for p in sys.path if p]!r}; del sys.argv[0]; " \
         "runpy.run_path(sys.argv[0], run_name='__main__')"


def _share(errors: Path) -> float:
    """How far the reader says it is: its last "row 20000 of 100000"."""
    told = re.findall(r"row (\d+) of (\d+)", errors.read_text("utf-8", "replace")[-200:])
    return int(told[-1][0]) / max(int(told[-1][1]), 1) if told else 0.0


def _meaning(said: str, code: int) -> str:
    """What went wrong, in words: calamine raises a class per format, each with a message of its own."""
    lower = said.lower()
    if "password" in lower or "encrypt" in lower:
        return "is protected by a password; save it without one"
    if code < 0 or "memoryerror" in lower or "memory allocation" in lower:
        return (f"needs more than {MEMORY // 1024**3} GB of memory or {SECONDS} seconds to read; "
                "delete stray cells far from the table, or save it as CSV")
    return "is damaged, cut short or not a workbook; open it in a spreadsheet program and save it again"


def _check_extent(path: Path, name: str) -> dict[int, int]:
    """Refuse sheets whose used area could not be held in memory: one stray cell in the last corner is enough.

    Returns how many formulas have no value, by the place of the sheet.
    """
    empty_formulas: dict[int, int] = {}
    if not zipfile.is_zipfile(path):
        return empty_formulas  # an old .xls has 65,536 × 256 cells at most
    try:
        with zipfile.ZipFile(path) as archive:
            _check_texts(archive, name)
            members = archive.namelist()
            sheets = sorted((m for m in members if "worksheets/" in m and m.endswith((".xml", ".bin"))),
                            key=lambda m: int(re.sub(r"\D", "", m.rsplit("/", 1)[1]) or 0))
            for place, member in enumerate(sheets):
                if member.endswith(".bin"):
                    rows, columns = _binary_extent(archive, member)
                else:
                    rows, columns, empty_formulas[place] = _extent(archive, member)
                _check_cells(name, rows, columns)
            if "content.xml" in members:
                _check_cells(name, _open_document_cells(archive), 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError):
        raise KamError(f"{name}: is damaged or cut short; open it in a spreadsheet program and save it again") from None
    return empty_formulas


def _check_texts(archive: zipfile.ZipFile, name: str) -> None:
    texts = sum(m.file_size for m in archive.infolist() if "sharedstrings" in m.filename.lower())
    if texts > MAX_TEXTS:
        raise KamError(f"{name}: its texts take {texts:,} bytes, more than {MAX_TEXTS:,}; save it as CSV")


def _check_cells(name: str, rows: int, columns: int) -> None:
    if rows * columns > MAX_CELLS:
        area = f"{rows:,} rows × {columns:,} columns" if columns > 1 else f"{rows:,} cells"
        raise KamError(f"{name}: a sheet's used area is {area}; "
                       "delete stray cells far from the table, or save it as CSV")


def _chunks(archive: zipfile.ZipFile, member: str, overlap: int) -> Iterator[tuple[bytes, int]]:
    """A member's bytes in pieces that overlap, so that nothing is cut apart; with how much of it was seen before."""
    tail = b""
    with archive.open(member) as file:
        while chunk := file.read(1 << 20):
            yield tail + chunk, len(tail)
            tail = (tail + chunk)[-overlap:]


def _extent(archive: zipfile.ZipFile, member: str) -> tuple[int, int, int]:
    """The last row and column that a sheet's cells name ("AB12" is row 12, column 28), and formulas without values."""
    columns, rows, formulas = {b"A"}, 1, 0
    for chunk, seen in _chunks(archive, member, 500):
        found = CELL.findall(chunk)
        columns.update(column for column, _ in found)
        rows = max(rows, max((int(row) for _, row in found), default=1))
        formulas += sum(1 for match in EMPTY_FORMULA.finditer(chunk) if match.end() > seen)
    return rows, max(_column_number(column) for column in columns), formulas


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _binary_extent(archive: zipfile.ZipFile, member: str) -> tuple[int, int]:
    """The last row and column of an .xlsb sheet: records of (type, length, content), rows of type 0, cells 1 to 11."""
    rows, columns = 1, 1
    with archive.open(member) as file:
        while (kind := _varint(file, 2)) is not None:
            size = _varint(file, 4) or 0
            head = file.read(min(size, 4))
            if kind == 0:
                rows = max(rows, int.from_bytes(head, "little") + 1)
            elif 1 <= kind <= 11:
                columns = max(columns, int.from_bytes(head, "little") + 1)
            while size > 4:
                left = len(file.read(min(size - 4, 1 << 20)))
                if not left:
                    break
                size -= left
    return rows, columns


def _varint(file: object, most: int) -> int | None:
    """A number of up to `most` bytes, seven bits each, the lowest first; None at the end."""
    number = 0
    for place in range(most):
        byte = file.read(1)  # type: ignore[attr-defined]
        if not byte:
            return None
        number |= (byte[0] & 0x7F) << (7 * place)
        if byte[0] < 0x80:
            break
    return number


def _open_document_cells(archive: zipfile.ZipFile) -> int:
    """How many cells the largest sheet of an .ods unfolds to: cells and rows say how often they are repeated.

    Blank repeats at the ends of rows and sheets, which every file has, are not counted: readers drop them.
    """
    most = total = row = waiting = blank_rows = 0
    times, filled = 1, False
    for chunk, seen in _chunks(archive, "content.xml", 1000):
        for match in REPEATED.finditer(chunk):
            if match.end() <= seen:
                continue
            kind, attributes, closed, ends = match.groups()
            if kind == b"table":
                most, total, blank_rows = max(most, total), 0, 0
            elif kind == b"table-row":
                row, waiting, filled, times = 0, 0, False, _repeats(attributes, b"rows")
            elif kind is not None:
                count = _repeats(attributes, b"columns")
                if closed or not attributes.strip():
                    waiting += count
                else:
                    row, waiting, filled = row + waiting + count, 0, True
            if (kind == b"table-row" and closed) or ends:
                if filled:
                    total, blank_rows = total + (blank_rows + times) * max(row, 1), 0
                else:
                    blank_rows += times
    return max(most, total)


def _repeats(attributes: bytes, what: bytes) -> int:
    found = re.search(rb'number-' + what + rb'-repeated="(\d{1,9})"', attributes)
    return int(found.group(1)) if found else 1
