"""Tables as files: CSV that Excel opens right, XLSX with real numbers; text that looks like a formula stays text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd
import xlsxwriter

RISKY = ("=", "+", "-", "@", "\t", "\r")
FORMATS = {"money": "#,##0.00", "count": "#,##0", "percent": "0.0%", "date": "yyyy-mm-dd", "index": "#,##0"}
Units = dict[str, str]


def csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 with a byte-order mark, so that Excel reads Chinese; risky text is prefixed with an apostrophe."""
    return _flat(frame).map(_safe).to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def xlsx(frame: pd.DataFrame, title: str, units: Units | None = None) -> bytes:
    """One sheet with a frozen, filterable heading; numbers and dates are such. `units` by column: money, percent, …"""
    return book([(title, frame, units or {})])


def book(sheets: Sequence[tuple[str, pd.DataFrame, Units]]) -> bytes:
    """A workbook of several such sheets, each with its title, frame and units."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as made:
        bold = made.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        styles = {unit: made.add_format({"num_format": code}) for unit, code in FORMATS.items()}
        for title, frame, units in sheets:
            _fill(made.add_worksheet(_sheet_name(title)), _flat(frame), units, bold, styles)
    return out.getvalue()


def _fill(sheet: Any, flat: pd.DataFrame, units: Units, bold: Any, styles: dict[str, Any]) -> None:
    for place, column in enumerate(flat.columns):
        style = styles.get(units.get(str(column), ""))
        sheet.set_column(place, place, _width(flat[column], str(column)), style)
        sheet.write_string(0, place, str(column), bold)
        for line, value in enumerate(flat[column].tolist(), start=1):
            _write(sheet, line, place, value, style, styles["date"])
    sheet.freeze_panes(1, 0)
    if len(flat.columns):
        sheet.autofilter(0, 0, max(len(flat), 1), len(flat.columns) - 1)


def _write(sheet: Any, line: int, place: int, value: Any, style: Any, date_style: Any) -> None:
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return
    if isinstance(value, pd.Timestamp | datetime | date):
        sheet.write_datetime(line, place, pd.Timestamp(value).to_pydatetime(), date_style)
    elif isinstance(value, bool):
        sheet.write_boolean(line, place, value)
    elif isinstance(value, int | float):
        sheet.write_number(line, place, value, style)
    else:
        sheet.write_string(line, place, str(value))


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Without columns that hold lists, such as trends: a spreadsheet has no place for them."""
    lists = [
        c
        for c in frame.columns
        if frame[c].dtype == object and frame[c].map(lambda v: hasattr(v, "__len__") and not isinstance(v, str)).any()
    ]
    return frame.drop(columns=lists)


def _safe(value: Any) -> Any:
    return "'" + value if isinstance(value, str) and value.startswith(RISKY) else value


def _sheet_name(title: str) -> str:
    return "".join(c for c in title if c not in "[]:*?/\\'")[:31] or "Sheet1"


def _width(column: pd.Series, heading: str) -> int:
    longest = max([len(str(v)) + sum(ord(c) > 0x2E80 for c in str(v)) for v in column.head(200)], default=0)
    return min(48, max(10, longest + 2, len(heading) + sum(ord(c) > 0x2E80 for c in heading) + 2))
