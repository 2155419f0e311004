"""Rows with a separator too many, and headings that come again; what stands where is worked out by hand."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from kam_core.ingest.examine import examine, read_text
from kam_core.ingest.records import Marks
from kam_core.ingest.shifted import parted, unshifted

HEAD = "Day,Who,Sum,Note\n"
SOUND = [f"2025-01-{day:02d},C{day},{day}.50,\n" for day in range(1, 13)]


def read(folder: Path, text: str):
    """(rows with their lines, lines left out by reason, lines that do not fit)."""
    (folder / "o.csv").write_text(text, encoding="utf-8")
    examined, con = examine([folder / "o.csv"]), duckdb.connect()
    left_out = read_text(con, examined.sheets[0], "t").left_out
    rows = con.execute('select * from t order by "_line"').fetchall()
    left = con.execute("select line, reason from t_left").fetchall()
    examined.close()
    return rows, left_out, left


@pytest.mark.parametrize("row", [",2025-02-01,X,7.25,\n", "2025-02-01,,X,7.25,\n", "2025-02-01,X,,7.25,\n"])
def test_a_row_with_one_separator_too_many_is_put_right(tmp_path: Path, row: str):
    """Without it DuckDB takes the row as it begins, and lets the blank at its end go."""
    rows, left_out, left = read(tmp_path, HEAD + "".join([*SOUND[:6], row, *SOUND[6:]]))
    assert (len(rows), left_out, left) == (13, {}, [])
    assert rows[6] == ("2025-02-01", "X", "7.25", None, 8)


def test_a_row_that_does_not_say_what_is_too_many_is_refused(tmp_path: Path):
    """With a date and a number it says so, with a date alone it does not."""
    odd = ",2025-02-01,,7.25,\n"
    rows, _, left = read(tmp_path, HEAD + "".join([*SOUND, odd]))
    assert (rows[-1], left) == (("2025-02-01", None, "7.25", None, 14), [])
    rows, left_out, left = read(tmp_path, HEAD + "".join([*SOUND, "2025-02-01,X,,,\n", ",2025-02-02,Y,1.00,\n"]))
    assert left == [(14, "too many fields (5 instead of 4)")]
    assert left_out == {"reading.left_out.ragged": 1} and rows[-1] == ("2025-02-02", "Y", "1.00", None, 15)


def test_cells_that_are_merely_wrong_are_left_where_they_are(tmp_path: Path):
    rows, left_out, left = read(tmp_path, HEAD + "".join([*SOUND, "soon,X,many,\n"]))
    assert (rows[-1], left_out, left) == (("soon", "X", "many", None, 14), {}, [])


@pytest.mark.parametrize(("fields", "kinds", "put_right"), [
    (["", "2025-01-01", "a", "5"], ["date", None, "number"], ["2025-01-01", "a", "5"]),
    (["2025-01-01", "", "5", ""], ["date", None, "number"], ["2025-01-01", "", "5"]),  # 5 is the number
    (["2025-01-01", "5", "", "x", ""], ["date", "number", None, None], None),  # the third, or the last
    (["2025-01-01", "a", "b", "5"], ["date", None, "number"], None),  # no blank: something was cut in two
    (["", "x", "y"], [None, None], None),  # nothing tells
    (["", "2025-01-01", "a"], ["date", None], None),  # one cell alone is no proof
    (["2025-01-01", "5", "Acme", " Inc", "Berlin", ""], ["date", "number", None, None, None], None),  # Acme, Inc
    (["", "", "2025-01-01", "a", "5"], ["date", None, "number"], None),  # two too many
])
def test_what_can_be_put_right(fields: list[str], kinds: list[str | None], put_right: list[str] | None):
    assert unshifted(fields, kinds) == put_right


@pytest.mark.parametrize(("text", "put_right"), [
    ("2025-01-01;a;5", ["2025-01-01", "a", "5"]),
    ("2025-01-01 a 5", ["2025-01-01", "a", "5"]),
    ("2025-01-01 Acme Ltd 5", ["2025-01-01", "Acme Ltd", "5"]),
    ('2025-01-01 "Acme  ""Ltd""" 5', ["2025-01-01", 'Acme  "Ltd"', "5"]),
    ("2025-01-01 Unit 7 5", None),  # 5, or 7 5
    ("2025-01-01 a b", None),  # no number
    ("2025-01-01|a", None),  # too few
    ('2025-01-01 "a, b" 5', ["2025-01-01", "a, b", "5"]),
])
def test_a_row_by_another_separator(text: str, put_right: list[str] | None):
    assert parted(text, ["date", None, "number"], Marks()) == put_right


def test_a_row_that_breaks_off_is_not_read_by_its_blanks():
    """12 and Unit 5 are its first two fields, the third is missing: 5 is no number of its own."""
    assert parted("12, Unit 5", ["number", None, "number"], Marks()) is None
    assert parted("12 Unit 5", ["number", None, "number"], Marks()) == ["12", "Unit", "5"]


def test_a_gap_in_columns_that_are_lined_up_is_refused(tmp_path: Path):
    """By single blanks the row without a day would have a blank one, by runs of them it has three fields."""
    sound = "".join(f"{n:05d}  2025010{n}  {n}  {n}.50\n" for n in range(1, 10))
    _, _, left = read(tmp_path, "who  day  number  sum\n" + sound + "00010  1 1.50\n")
    assert left == [(11, "too few fields (3 instead of 4)")]


def test_headings_of_each_printed_page_are_left_out(tmp_path: Path):
    pages = [HEAD + "".join(SOUND).replace("2025", year) for year in ("2023", "2024", "2025")]
    rows, left_out, _ = read(tmp_path, "".join(pages))
    assert (len(rows), left_out) == (36, {"reading.left_out.headings": 2})
    assert [row[-1] for row in rows[11:14]] == [13, 15, 16]  # their own lines of the file


def test_headings_of_several_lines_take_no_row_with_them(tmp_path: Path):
    """Where they end with a carriage return too, as lines and as marks within a cell."""
    rows, left_out, _ = read(tmp_path, '"a\n\r one\r",b\nx,y\nz,w\n')
    assert ([row[:2] for row in rows], left_out) == ([("x", "y"), ("z", "w")], {})


def test_the_same_table_once_more_is_not_read_twice(tmp_path: Path):
    """Two exports in one file: of the second, 11 of 12 rows are known; then comes a page of other rows, which stay."""
    page, changed = HEAD + "".join(SOUND), HEAD + "".join(SOUND).replace("C7,7.50", "C7,8.50")
    rows, left_out, _ = read(tmp_path, page + changed + page.replace("2025", "2024"))
    assert left_out == {"reading.left_out.headings": 2, "reading.left_out.repeated": 12}
    assert (len(rows), {row[0][:4] for row in rows[:12]}, {row[0][:4] for row in rows[12:]}) == (24, {"2025"}, {"2024"})


def test_texts_alone_shifted_by_a_blank_at_the_end_are_refused(tmp_path: Path):
    """A comma in a name, and the last cell blank: four columns and nothing that tells where the fifth came from."""
    sound = [f"A{n},Name {n},Town {n},\"x, y\"\n" for n in range(10)]
    rows, left_out, left = read(tmp_path, "Id,Name,City,Note\n" + "".join([*sound, "A10,Acme, Inc,Berlin,\n"]))
    assert (len(rows), left_out) == (10, {"reading.left_out.ragged": 1})
    assert left == [(12, "too many fields (5 instead of 4)")]


def test_a_second_table_below_is_no_part_of_the_first(tmp_path: Path):
    rows, left_out, left = read(tmp_path, HEAD + "".join(SOUND) + "Day,Who,Sum,Note,Colour\n" + "1,2,3,4,5\n" * 3)
    assert (len(rows), left_out, left) == (12, {"reading.left_out.second": 4}, [])


def test_in_a_table_of_texts_the_headings_again_may_be_a_row(tmp_path: Path):
    rows, left_out, _ = read(tmp_path, "a,b\n" + "x,y\n" * 6 + "a,b\n")
    assert (len(rows), left_out) == (7, {})


def test_a_row_that_says_one_heading_is_a_row(tmp_path: Path):
    rows, left_out, _ = read(tmp_path, HEAD + "".join(SOUND) + "2025-02-01,Who,1.00,Note\n")
    assert (len(rows), left_out) == (13, {})
