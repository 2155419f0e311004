"""The table of what reading makes of every file of a folder: `python -m tests.reading_table ../shared/data`.

Writes docs/reading.md: what was detected, what had to be corrected by hand, rows in, rows refused or left out.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from kam_core.ingest.examine import SheetLook, examine, read_text, read_typed
from kam_core.text.i18n import t
from kam_core.uploads.upload import Sheet
from kam_core.warehouse.engine import workbench
from tests.business_sets import SETS, brought

NOT_DATA = {".json", ".md"}  # answers and descriptions beside the data
OUT = Path(__file__).resolve().parents[1] / "docs" / "reading.md"
# File, or file/sheet → what had to be corrected by hand, in the words of the format.
EXCEL = "dirty_xlsx/duckdb_excel"
CORRECTIONS: dict[str, dict] = {
    "dirty_csv/csvkit_examples/no_header_row.csv": {"header_row": 0},
    "dirty_csv/csvkit_examples/no_header_row2.csv": {"header_row": 0},
    f"{EXCEL}/columns_letter.xlsx/Sheet1": {"header_row": 0},
    f"{EXCEL}/gdal/not_all_columns_present.xlsx/foo": {"header_row": 0},
}


@dataclass(frozen=True)
class Line:
    """One sheet or one refused file."""

    file: str
    detected: str
    corrected: str
    rows: int | None
    out: str


def lines_of(path: Path, name: str) -> list[Line]:
    """What becomes of one file: a line for each of its sheets, and for each reason to refuse."""
    folder = name.removesuffix(path.name)
    corrected = {key.removeprefix(folder): said for key, said in CORRECTIONS.items() if key.startswith(folder)}
    examined = examine([path], corrected)
    try:
        refused = [Line(name, f"refused: {problem}", "", None, "") for problem in examined.problems]
        return [_line(sheet, name) for sheet in examined.sheets] + refused
    finally:
        examined.close()


def _line(sheet: SheetLook, name: str) -> Line:
    con = workbench()
    read = read_text(con, sheet, "t_text")
    columns = read_typed(con, "t_text", "t", sheet)
    bad = sum(c.bad_cells for c in columns)
    out = [f"{rows:,} {t('en', reason)}" for reason, rows in read.left_out.items()]
    out += [f"{bad:,} cells that do not fit"] if bad else []
    con.close()
    shown = f"{name} [{sheet.sheet}]" if sheet.sheet else name
    return Line(shown, _detected(sheet), str(sheet.chosen or ""), read.rows, ", ".join(out))


def _detected(sheet: SheetLook) -> str:
    parts = [f"{len(sheet.headings)} columns"]
    for one in sheet.assumptions:
        usual = one.key in ("encoding", "delimiter", "header_row") and one.value in ("utf-8", ",", 1) \
            and one.sure == "certain"
        if not usual:
            doubt = "" if one.sure == "certain" else f" ({one.sure})"
            shown = "tab" if one.value == "\t" else one.value
            parts.append(f"{one.key}{' of ' + one.column if one.column else ''}: {shown}{doubt}")
    return "; ".join(parts)


def table(folder: Path) -> list[Line]:
    """A line for each file of the folder, those apart that describe the others."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() not in NOT_DATA)
    return [line for path in files for line in lines_of(path, path.relative_to(folder).as_posix())]


@dataclass(frozen=True)
class Brought:
    """One business set as it was mapped."""

    name: str
    mapped: str
    corrected: str
    rows: str
    refused: str
    remark: str


def business(data: Path) -> list[Brought]:
    """A line for each business set, brought as a person would."""
    result = []
    for one in SETS:
        with brought(one, data) as upload:
            counts = upload.check.counts if upload.check else {}
            mapped = [f"{sheet.look.id} → {sheet.table}" + _with_header(sheet) for sheet in upload.sheets.values()
                      if sheet.is_mapped]
            rows = sum(n["read"] for n in counts.values()) or sum(s.rows or 0 for s in upload.sheets.values())
            refused = sum(n["refused"] for n in counts.values())
            result.append(Brought(one.name, "; ".join(mapped) or "explored only",
                                  "; ".join(str(c) for c in one.corrections), f"{rows:,}", f"{refused:,}", one.remark))
    return result


def _with_header(sheet: Sheet) -> str:
    return f" (with {sheet.header.sheet.look.id} by {sheet.header.key})" if sheet.header else ""


def cell(value: object) -> str:
    return str("" if value is None else value).replace("|", "\\|").replace("\n", " ")


def business_markdown(sets: list[Brought]) -> str:
    head = ["", "## The business sets: understood, mapped and charted", "",
            "As the upload page has them after the corrections by hand, two at most; each draws its first chart by "
            "itself, and its", "totals are right (`tests/unit/test_business_sets.py`). Rows are those of the mapped "
            "tables.", "",
            "| set | mapped to | corrected by hand | rows in | refused | remark |", "|---|---|---|---:|---:|---|"]
    return "\n".join([*head, *(f"| {cell(x.name)} | {cell(x.mapped)} | {cell(x.corrected)} | {x.rows} | {x.refused} | "
                               f"{cell(x.remark)} |" for x in sets)]) + "\n"


def as_markdown(lines: list[Line]) -> str:
    head = ["# What reading makes of each file of the public data sets", "",
            "Made by `python -m tests.reading_table ../shared/data`; nothing below is edited by hand. A thing assumed",
            "is followed by how sure it is where it is not certain; `ask` is put to the user as a question.", "",
            f"{len(lines)} tables and files; {sum(1 for x in lines if x.rows is None)} refused; "
            f"{sum(1 for x in lines if x.corrected)} corrected by hand.", "",
            "| file | detected | corrected by hand | rows in | left out or refused |", "|---|---|---|---:|---|"]
    return "\n".join([*head, *(f"| {cell(x.file)} | {cell(x.detected)} | {cell(x.corrected)} | {cell(x.rows)} | "
                               f"{cell(x.out)} |" for x in lines)]) + "\n"


if __name__ == "__main__":
    data = Path(sys.argv[1])
    OUT.write_text(as_markdown(table(data)) + business_markdown(business(data)), encoding="utf-8")
    print(f"written to docs/{OUT.name}", file=sys.stderr)
