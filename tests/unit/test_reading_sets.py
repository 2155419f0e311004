"""The public sets, read cell for cell: against the answers that come with them, and by eye where there are none."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path

import duckdb
import pytest

from kam_core.ingest.examine import examine, read_text, read_typed

SPECTRUM = ["comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines", "newlines_crlf",
            "quotes_and_newlines", "simple", "simple_crlf", "utf8"]
TEST_DATA = ["empty-field", "header-simple", "leading-space", "one-column", "quotes-empty", "quotes-with-comma",
             "quotes-with-escaped-quote", "quotes-with-newline", "quotes-with-space", "simple-crlf", "simple-lf",
             "trailing-newline", "trailing-newline-one-field", "trailing-space", "utf8"]


def cells(path: Path, sheet: str | None = None, **chosen: object) -> list[list[str]]:
    """All rows of a file as text, its headings first; blanks as ""."""
    id = f"{path.name}/{sheet}" if sheet else path.name
    examined = examine([path], {id: chosen})
    look = next(s for s in examined.sheets if s.id == id)
    con = duckdb.connect()
    read_text(con, look, "t")
    rows = con.execute('select * exclude ("_line") from t order by "_line"').fetchall()
    examined.close()
    return [look.headings, *([cell or "" for cell in row] for row in rows)]


def typed(path: Path, sheet: str | None = None, **chosen: object) -> tuple[dict[str, str], list[tuple], list[tuple]]:
    """(heading → type, typed rows with their lines, cells that do not fit)."""
    id = f"{path.name}/{sheet}" if sheet else path.name
    examined = examine([path], {id: chosen})
    look = next(s for s in examined.sheets if s.id == id)
    con = duckdb.connect()
    read_text(con, look, "t_text")
    columns = read_typed(con, "t_text", "t", look)
    rows = con.execute('select * from t order by "_line"').fetchall()
    bad = con.execute("select line, column_name, value from t_bad order by all").fetchall()
    examined.close()
    return {c.name: c.type for c in columns}, rows, bad


@pytest.mark.parametrize("name", SPECTRUM)
def test_csv_spectrum_cell_for_cell(shared_data: Path, name: str) -> None:
    folder = shared_data / "dirty_csv" / "csv_spectrum"
    answers = json.loads((folder / "json" / f"{name}.json").read_text("utf-8"))
    found = cells(folder / "csvs" / f"{name}.csv")
    if b"\r" not in (folder / "csvs" / f"{name}.csv").read_bytes():  # some copies of the set have lost them
        answers = [{k: v.replace("\r\n", "\n") for k, v in row.items()} for row in answers]
    assert [dict(zip(found[0], row, strict=True)) for row in found[1:]] == answers


@pytest.mark.parametrize("name", TEST_DATA)
def test_csv_test_data_cell_for_cell(shared_data: Path, name: str) -> None:
    folder = shared_data / "dirty_csv" / "csv_test_data"
    answers = json.loads((folder / "json" / f"{name}.json").read_text("utf-8"))
    found = cells(folder / "csv" / f"{name}.csv")
    rows = [list(row.values()) for row in answers] if isinstance(answers[0], dict) else answers[1:]
    assert found[1:] == rows


def test_pollock_clean_versions_cell_for_cell(shared_data: Path) -> None:
    files = sorted((shared_data / "dirty_csv" / "pollock_polluted_sample" / "clean").glob("*.csv"))
    read = 0
    for path in files:
        with path.open(encoding="utf-8", newline="") as file:
            expected = list(csv.reader(file))
        if expected:
            found = cells(path)
            assert found[0 if "no_header" not in path.name else 1:] == expected, path.name
            read += 1
    assert (len(files), read) == (34, 33)  # file_no_payload.csv has not a byte


# What is beyond a reader: a row with a separator too few (nobody can say where it was), a row of words between blanks
# that could be read in two ways, and a file of not a byte. All other rows are right, and these are refused.
BEYOND = {"file_field_delimiter_0x20", "row_less_sep_row1_col3", "row_less_sep_row40_col3", "file_no_payload"}


def test_pollock_polluted_versions_equal_the_clean_ones(shared_data: Path) -> None:
    folder = shared_data / "dirty_csv" / "pollock_polluted_sample"
    solved = 0
    for path in sorted((folder / "csv").glob("*.csv")):
        if path.stem in BEYOND:
            continue
        with (folder / "clean" / path.name).open(encoding="utf-8", newline="") as file:
            expected = list(csv.reader(file))
        found = cells(path)
        headings = 0 if "no_header" in path.name else 1  # their heading rows are joined as "DATE DATE"
        assert found[1:] == expected[headings:], path.name
        solved += 1
    assert solved == 30


@pytest.mark.parametrize(("name", "rows", "left_out"), [
    ("file_multitable_less", 83, {"reading.left_out.second": 83}),
    ("file_multitable_more", 83, {"reading.left_out.second": 83}),
    ("file_multitable_same", 83, {"reading.left_out.headings": 1, "reading.left_out.repeated": 82}),
])
def test_headings_that_come_again_are_left_out_and_counted(shared_data: Path, name: str, rows: int,
                                                          left_out: dict[str, int]) -> None:
    """Each file is 83 rows and then, with headings of its own, 82 of them once more."""
    examined = examine([shared_data / "dirty_csv" / "pollock_polluted_sample" / "csv" / f"{name}.csv"])
    read = read_text(duckdb.connect(), examined.sheets[0], "t")
    assert (read.rows, read.left_out) == (rows, left_out)
    examined.close()


@pytest.mark.parametrize(("name", "line", "reason"), [
    ("row_less_sep_row1_col3", 2, "too few fields (8 instead of 9)"),
    ("row_less_sep_row40_col3", 41, "too few fields (8 instead of 9)"),
    ("file_field_delimiter_0x20", 13, "too many fields (14 instead of 9)"),  # of "Rod 8 Wt.", 8 may be the price
])
def test_rows_that_do_not_fit_are_told_with_their_line(shared_data: Path, name: str, line: int, reason: str) -> None:
    folder = shared_data / "dirty_csv" / "pollock_polluted_sample"
    examined = examine([folder / "csv" / f"{name}.csv"])
    con = duckdb.connect()
    read = read_text(con, examined.sheets[0], "t")
    assert (read.rows, read.left_out) == (82, {"reading.left_out.ragged": 1})
    assert con.execute("select line, reason from t_left").fetchall() == [(line, reason)]
    examined.close()
    with (folder / "clean" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.reader(file))
    del expected[line - 1]
    assert cells(folder / "csv" / f"{name}.csv") == expected


@pytest.mark.parametrize(("name", "encoding"), [
    ("uriage_cp932", "cp932"), ("uriage_utf16le", "utf-16"), ("uriage_utf8", "utf-8"),
    ("uriage_utf8_bom", "utf-8-sig")])
def test_the_same_rows_in_four_encodings(shared_data: Path, name: str, encoding: str) -> None:
    path = shared_data / "ja_encodings" / f"{name}.csv"
    expected = [line.split(",") for line in (shared_data / "ja_encodings" / "uriage_utf8.csv").read_text("utf-8")
                .splitlines()]
    assert cells(path) == expected
    examined = examine([path])
    assert examined.sheets[0].format["encoding"] == encoding
    examined.close()


XLSX = {  # each looked at in a spreadsheet program: sheet, heading row, headings, rows, and one row
    "2x3000": ("Sheet1", 1, ["Col1", "Col2"], 2999, ["1", "A"]),
    "basic": ("Sheet 1", 3, ["a", "b", "c", "d"], 3, None),
    "collapsed_cells": ("My Sheet", 3, ["X", "Y"], 1, ["foo", "bar"]),
    "google_sheets": ("Sheet1", 1, ["ABC", "HELLO", "WORLD"], 2, ["123", "500,60", "ABC"]),
    "header_only": ("Sheet1", 1, ["Header1", "Header2", "Header3", "Header4"], 0, None),
    "non_sequential": ("Sheet1", 1, ["test", "wait for it", "test (2)"], 1, ["this", "will", "break"]),
    "normalize_names_1": ("Sheet 1", 1, ["A", "B", "C"], 2, ["123", "TEST1", "text1"]),
    "phonetic": ("Sheet1", 1, ["test", "phonetic", "test (2)"], 1, ["foo", "課きく\u3000毛こ", "bar"]),
    "sparse": ("Sheet1", 465, None, 1, None),
    "time_data_with_blanks": ("Sheet1", 1, ["time_column"], 24, ["00:26:00"]),
    "two_sheets": ("My Sheet", 3, ["X", "Y"], 1, ["foo", "bar"]),
    "gdal/inlineStr": ("inlineStr", 1, None, 1, None),
    "gdal/with_xml_prefix": ("sheet", 1, ["Col1", "Col2"], 1, ["foo", "bar"]),
    "gdal/row_without_r_attribute": ("Result 1", 1, ["ID", "NAME"], 1, ["1", "TEST123"]),
    "gdal/cells_with_inline_formatting": ("Feuil1", 1, ["header 1", "Header 2", "header 3"], 2,
                                          ["1", "text 2", "text 3"]),
    "gdal/datetime": ("Sheet1", 1, ["time"], 10, ["2020-04-07 09:58:00"]),
    "gdal/test_missing_row1_data": ("Sheet1", 1, None, 4, None),
}


@pytest.mark.parametrize("name", XLSX)
def test_dirty_workbooks_one_by_one(shared_data: Path, name: str) -> None:
    sheet, header, headings, rows, first = XLSX[name]
    path = shared_data / "dirty_xlsx" / "duckdb_excel" / f"{name}.xlsx"
    examined = examine([path])
    look = examined.sheet(f"{path.name}/{sheet}")
    found = cells(path, sheet)
    assert (look.format["header_row"], len(found) - 1) == (header, rows)
    assert headings is None or found[0] == headings
    assert first is None or found[1] == first
    examined.close()


def test_messy_orders_say_what_is_doubtful(shared_data: Path) -> None:
    path = shared_data / "messy_small_xlsx" / "raw_customer_orders.xlsx"
    examined = examine([path])
    said = {(a.key, a.column): a for a in examined.sheets[0].assumptions}
    assert (said["dates", "order_Date"].value, said["dates", "order_Date"].sure) == ("day/month", "ask")
    assert said["dates", "order_Date"].choices == ("day/month", "month/day")
    examined.close()
    types, rows, bad = typed(path, "Sheet1", dates={"order_Date": "month/day"})
    assert types["order_Date"] == "DATE" and types["amount $"].startswith(("DECIMAL", "BIGINT"))
    assert [row[2] for row in rows][:2] == [dt.date(2024, 1, 5), dt.date(2024, 1, 6)]
    assert [row[3] for row in rows][:2] == [120, 85]
    assert bad == []


def test_sales_data_raw_has_rows_shifted_by_a_comma(shared_data: Path) -> None:
    """`$1,000` without quotes became two cells: the row's product is "000"; the stray column is kept and shows it."""
    types, rows, _ = typed(shared_data / "messy_small_xlsx" / "sales-data-raw.xlsx", "Sales_data")
    assert list(types)[-1] == "Column1"
    assert rows[0][:7] == (1001, dt.date(2023, 1, 5), "Alice Smith", 1, "000", "Laptop", "North")


def test_what_has_no_account_is_explored_as_it_stands(shared_data: Path) -> None:
    types, rows, bad = typed(shared_data / "uci_wholesale_customers" / "Wholesale customers data.csv")
    assert set(types.values()) == {"BIGINT"} and len(rows) == 440 and not bad
    assert sum(row[2] for row in rows) == 5_280_131  # Fresh, the published total
    path = shared_data / "amazing_mart_eu" / "AmazingMartEU2.xlsx"
    types, rows, bad = typed(path, "OrderBreakdown")
    assert (len(rows), bad, types["Sales"]) == (8_047, [], "BIGINT")
    answers = json.loads((shared_data / "amazing_mart_eu" / "ANSWERS.json").read_text("utf-8"))
    assert sum(row[3] for row in rows) == answers["revenue_total"]
