"""Read the sheets of a workbook: every cell as the text it stands for, so that "00123" keeps its zeros."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from kam_core.errors import KamError

MAX_CELLS = 40_000_000
CELL = re.compile(rb"""\sr=["']([A-Z]{1,3})(\d{1,7})["']""")


def read_sheets(path: Path, name: str) -> dict[str, list[list[str]]]:
    """All sheets with anything in them: name → rows of text cells from the first row; KamError if unreadable."""
    _check_extent(path, name)
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        sheets = {sheet: workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
                  for sheet in workbook.sheet_names}
    except Exception as error:  # calamine raises a class per format; each means the same to a user
        raise KamError(f"{name}: {_meaning(str(error))}") from None
    texts = {sheet: [[cell_text(cell) for cell in row] for row in rows] for sheet, rows in sheets.items()}
    filled = {sheet: rows for sheet, rows in texts.items() if any(any(row) for row in rows)}
    if not filled:
        raise KamError(f"{name}: its sheets are empty; formulas must be saved with their values")
    return filled


def _check_extent(path: Path, name: str) -> None:
    """Refuse sheets whose used area could not be held in memory: one stray cell in the last corner is enough."""
    if not zipfile.is_zipfile(path):
        return  # an old .xls has 65,536 × 256 cells at most
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if "worksheets/" in member and member.endswith(".xml"):
                rows, columns = _extent(archive, member)
                if rows * columns > MAX_CELLS:
                    raise KamError(f"{name}: a sheet's used area is {rows:,} rows × {columns:,} columns; "
                                   "delete stray cells far from the table, or save it as CSV")


def _extent(archive: zipfile.ZipFile, member: str) -> tuple[int, int]:
    """The last row and column that a sheet's cells name ("AB12" is row 12, column 28)."""
    columns, rows, tail = {b"A"}, 1, b""
    with archive.open(member) as file:
        while chunk := file.read(1 << 20):
            found = CELL.findall(tail + chunk)
            columns.update(column for column, _ in found)
            rows = max(rows, max((int(row) for _, row in found), default=1))
            tail = chunk[-20:]
    return rows, max(_column_number(column) for column in columns)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _meaning(message: str) -> str:
    if "password" in message.lower() or "encrypt" in message.lower():
        return "is protected by a password; save it without one"
    return f"is damaged, cut short or not a workbook ({message[:100].splitlines()[0]}); save it again in Excel"


def cell_text(cell: Any) -> str:
    """A cell as text: whole numbers without a point, dates as ISO, so that casts see one way of writing."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ")
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    return str(cell)
