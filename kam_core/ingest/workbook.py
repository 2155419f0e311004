"""Turn a workbook's sheets into CSV files: a program of its own, so that a hostile file can only end this process.

Run by `sheets.py` as a script, with limits on memory and time: it imports nothing of the product. Each sheet becomes
`<n>.csv` with one record for each of its rows, blank ones too, every cell quoted; the last line of stdout is a JSON
list of {name, file, rows, columns, visible}.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

try:
    import resource
except ImportError:  # Windows has no such limits: there the reader's patience alone ends the process
    resource = None  # type: ignore[assignment]

TELL_EVERY = 20_000


def main(source: str, target: str, memory: int, seconds: int) -> None:
    if resource:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    with open(source, "rb") as file:  # told by its content: many an .xls is an .xlsx
        workbook = CalamineWorkbook.from_filelike(file)
    sheets = []
    for number, sheet in enumerate(workbook.sheets_metadata):
        if sheet.typ != SheetTypeEnum.WorkSheet:
            continue
        rows, columns = write(workbook.get_sheet_by_name(sheet.name), Path(target) / f"{number}.csv")
        sheets.append({"name": sheet.name, "file": f"{number}.csv", "rows": rows, "columns": columns,
                       "visible": sheet.visible == SheetVisibleEnum.Visible})
    print(json.dumps(sheets))


def write(sheet: Any, path: Path) -> tuple[int, int]:
    """One record a row from the sheet's first row on; how many rows there are to the last filled one, and columns."""
    start = sheet.start
    if start is None:
        return 0, 0
    before = [""] * start[1]
    last = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for number, row in enumerate(sheet.iter_rows(), 1):
            texts = before + [text(cell) for cell in row]
            out.writerow(texts)
            if any(texts):
                last = number
            if number % TELL_EVERY == 0:
                print(f"row {number} of {sheet.total_height}", file=sys.stderr, flush=True)
    return last, len(before) + sheet.width


def text(cell: Any) -> str:
    """A cell as text: whole numbers without a point, dates as ISO, so that casts see one way of writing."""
    if isinstance(cell, str):
        return "" if cell.isspace() else cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ")
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    return str(cell)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
