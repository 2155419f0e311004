"""How text becomes dates, numbers and truth values: every expectation is worked out by hand."""

import datetime as dt
from decimal import Decimal

import duckdb
import pytest

from kam_core.ingest.casts import Value, plan, with_prepared
from kam_core.ingest.grid import Operand


def cast(kind, values, format=None, allow_years=False, others=None):
    """Cast a column of texts: (values, sentences, reason). `others`: another column of the same kind beside it."""
    con = duckdb.connect()
    columns = {"c0": values} | ({"c1": others} if others else {})
    con.execute(f"create table t({', '.join(f'{c} varchar' for c in columns)})")
    con.executemany(
        f"insert into t values ({', '.join('?' for _ in columns)})", list(zip(*columns.values(), strict=True))
    )
    plans = plan(con, "t", [Value(c, kind, Operand(c, "VARCHAR"), c, allow_years) for c in columns], format or {})
    rows = con.execute(f"select {plans['c0'].sql} from {with_prepared('t', plans['c0'].prepared)}").fetchall()
    return [row[0] for row in rows], plans["c0"].notes, plans["c0"].reason


def money(*values, **options):
    return [None if v is None else str(v) for v in cast("money", list(values), **options)[0]]


def dates(*values, **options):
    return [None if v is None else v.isoformat() for v in cast("date", list(values), **options)[0]]


def test_plain_numbers():
    assert money("12", "-3.5", " 4 ", "", None, "0.005") == ["12.00", "-3.50", "4.00", None, None, "0.01"]


def test_currency_signs_thousands_and_negatives():
    assert money("¥1,234.50", "$ 120.00", "€5", "(500)", "500-", "-£7.25", "1,234,567 元", "RMB 30", "CNY12.5") == [
        "1234.50",
        "120.00",
        "5.00",
        "-500.00",
        "-500.00",
        "-7.25",
        "1234567.00",
        "30.00",
        "12.50",
    ]


def test_full_width_percent_and_chinese_units():
    # 12.5% = 0.125 rounds to 0.13 in money; 1.2万 = 12,000; 3亿 = 300,000,000
    assert money("１，２３４．５０", "12.5%", "1.2万", "3亿", "5千") == [
        "1234.50",
        "0.13",
        "12000.00",
        "300000000.00",
        "5000.00",
    ]


def test_decimal_comma_is_decided_once_for_the_column():
    values, notes, _ = cast("money", ["1.234,50", "7,25", "1.000"])
    assert [str(v) for v in values] == ["1234.50", "7.25", "1000.00"]
    assert notes == ["c0: the decimal mark is ','"]


def test_spaces_and_apostrophes_as_thousands_marks():
    assert money("1 234 567.5", "1'234.00", "1\u00a0234.5") == ["1234567.50", "1234.00", "1234.50"]


def test_a_wrongly_grouped_number_is_no_number():
    assert money("1,234.50", "2.5", "12,34") == ["1234.50", "2.50", None]


def test_ambiguous_thousands_are_said():
    values, notes, _ = cast("money", ["1,234", "5,678"])
    assert [str(v) for v in values] == ["1234.00", "5678.00"]
    assert "could be read in two ways" in notes[0]


def test_an_ambiguous_column_follows_its_neighbour():
    values, notes, _ = cast("money", ["1.234", "5.678"], others=["1,5", "2,5"])
    assert [str(v) for v in values] == ["1234.00", "5678.00"]
    assert "as in other columns" in notes[0]


def test_words_for_nothing_are_missing_and_other_words_fail():
    assert money("N/A", "-", "null", "abc", "12") == [None, None, None, None, "12.00"]


def test_the_mapping_can_name_the_decimal_mark():
    assert money("1.234", "2.500", format={"decimal": ","}) == ["1234.00", "2500.00"]
    assert money("1.234", "2.500", format={"thousands": "."}) == ["1234.00", "2500.00"]


def test_whole_numbers():
    values, _, reason = cast("int", ["1", "2.0", "2.5", "x"])
    assert values == [1, 2, None, None]
    assert "is not a whole number" in reason


def test_truth_values():
    assert cast("bool", ["Y", "no", "TRUE", "0", "是", "否", "maybe", ""])[0] == [
        True,
        False,
        True,
        False,
        True,
        False,
        None,
        None,
    ]


def test_iso_dates_and_times():
    assert dates("2024-01-05", "2024/1/6", "2024-01-07 23:59:00", "2024-01-08T01:00:00+08:00") == [
        "2024-01-05",
        "2024-01-06",
        "2024-01-07",
        "2024-01-08",
    ]


def test_chinese_dotted_compact_and_serial_dates():
    # Excel's day 45000 is 2023-03-15: day 1 is 1900-01-01, and Excel counts a 29 February 1900 that never was.
    values, notes, _ = cast(
        "date", ["2025年3月5日", "2025.3.5", "20250305", "45000", "２０２５-０３-０５", "2025-03-05"]
    )
    assert values == [dt.date(2025, 3, 5)] * 3 + [dt.date(2023, 3, 15)] + [dt.date(2025, 3, 5)] * 2
    assert "Excel" in notes[0]


def test_months_and_quarters():
    assert dates("2024-01", "2024年2月", "202403", "2024Q2", "Q3 2024", "2024-Q4") == [
        "2024-01-01",
        "2024-02-01",
        "2024-03-01",
        "2024-04-01",
        "2024-07-01",
        "2024-10-01",
    ]
    assert dates("2024", "2024-01") == [None, "2024-01-01"]
    assert dates("2024", "2024-01", allow_years=True) == ["2024-01-01", "2024-01-01"]


def test_day_first_is_told_by_a_day_over_twelve():
    values, notes, _ = cast("date", ["13/02/2024", "1/2/2024", "3/4/24"])
    assert values == [dt.date(2024, 2, 13), dt.date(2024, 2, 1), dt.date(2024, 4, 3)]
    assert notes == ["c0: dates are day/month/year"]


def test_month_first_is_told_by_a_day_over_twelve():
    assert dates("11/8/2016", "11/28/2016", "1/2/2017 14:30", "1/3/2017 2:30 PM") == [
        "2016-11-08",
        "2016-11-28",
        "2017-01-02",
        "2017-01-03",
    ]


def test_ambiguous_order_is_assumed_and_said():
    values, notes, _ = cast("date", ["5/1/2025", "6/2/2025"])
    assert values == [dt.date(2025, 1, 5), dt.date(2025, 2, 6)]
    assert "day/month/year is assumed" in notes[0]


def test_an_ambiguous_order_follows_the_other_dates_of_the_file():
    values, _, _ = cast("date", ["5/1/2025", "6/2/2025"], others=["5/31/2025", "6/2/2025"])
    assert values == [dt.date(2025, 5, 1), dt.date(2025, 6, 2)]


def test_a_mixed_column_takes_the_majority_and_refuses_the_rest():
    values, notes, _ = cast("date", ["13/02/2024", "14/02/2024", "02/15/2024"])
    assert values == [dt.date(2024, 2, 13), dt.date(2024, 2, 14), None]
    assert "1 are written the other way" in notes[0]


def test_named_months():
    assert dates("5-Jan-2024", "Jan 6, 2024", "7 January 2024", "January 2024") == [
        "2024-01-05",
        "2024-01-06",
        "2024-01-07",
        "2024-01-01",
    ]


def test_impossible_days_fail():
    assert dates("2024-02-30", "2024-13-01", "31/02/2024", "soon") == [None] * 4


def test_an_explicit_pattern_is_strict():
    assert dates("05-01-2024", "2024-01-05", format={"date": "%d-%m-%Y"}) == ["2024-01-05", None]


@pytest.mark.parametrize(
    ("kind", "type", "value", "expected"),
    [
        ("money", "DOUBLE", "12.345", Decimal("12.35")),
        ("text", "DOUBLE", "13085.0", "13085"),
        ("text", "BIGINT", "7", "7"),
        ("date", "TIMESTAMP", "timestamp '2024-01-05 10:00:00'", dt.date(2024, 1, 5)),
        ("int", "DOUBLE", "2.5", None),
    ],
)
def test_typed_columns_go_through_the_same_rules(kind, type, value, expected):
    con = duckdb.connect()
    con.execute(f"create table t as select {value}::{type} as c0")
    planned = plan(con, "t", [Value("c0", kind, Operand("c0", type), "c0")], {})["c0"]
    assert con.execute(f"select {planned.sql} from t").fetchone()[0] == expected
