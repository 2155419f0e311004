"""Large tables as CSV: what a spreadsheet would run stays text, and everything comes back as it was."""

import csv
import io
from datetime import date

import pandas as pd

from kam_core.export import bulk

RISKY = ["=1+1", "+1", "-1", "@sum(a)", "\tx", "\rx", '=cmd|"/c calc"!A1']


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_text_that_looks_like_a_formula_is_prefixed_and_numbers_are_not():
    frame = pd.DataFrame({"=name": RISKY, "n": [-1.5, 2, None, 4, 5, 6, 7]})
    heading, *rows = read(bulk.csv(frame))
    assert heading == ["'=name", "n"]
    assert [row[0] for row in rows] == ["'" + text for text in RISKY]
    assert [row[1] for row in rows][:3] == ["-1.5", "2", ""]


def test_quotes_lines_and_chinese_come_back():
    texts = ['say "yes"', "two\nlines", "逗号，分号;", "a,b", "", "日期 📅"]
    frame = pd.DataFrame({'a "b", c': texts, "day": [date(2026, 1, d) for d in range(1, 7)]})
    content = bulk.csv(frame)
    assert content.startswith(b"\xef\xbb\xbf")
    heading, *rows = read(content)
    assert heading[0] == 'a "b", c'
    assert [row[0] for row in rows] == texts and rows[0][1] == "2026-01-01"


def test_an_empty_table_is_a_heading():
    assert read(bulk.csv(pd.DataFrame({"a": [], "b": []}))) == [["a", "b"]]
