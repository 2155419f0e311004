"""What reading sees in a file, how sure it is, and that what the user chooses instead is what is read and loaded."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter

from kam_core.ingest import Mapping, TableMapping, prepare
from kam_core.ingest.examine import SheetLook, examine, guess_table, read_text, read_typed, shape
from kam_core.text.i18n import t


def look(path: Path, **chosen: Any) -> SheetLook:
    examined = examine([path], {path.name: chosen})
    assert not examined.problems, [str(p) for p in examined.problems]
    return examined.sheets[0]


def look_at(folder: Path, text: str, encoding: str = "utf-8", name: str = "f.csv", **chosen: Any) -> SheetLook:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return look(path, **chosen)


def loaded(sheet: SheetLook) -> tuple[dict[str, str], list[tuple], list[tuple], dict[str, int]]:
    """(heading → type, rows with their lines, cells that do not fit, lines left out by reason)."""
    con = duckdb.connect()
    read = read_text(con, sheet, "t_text")
    columns = read_typed(con, "t_text", "t", sheet)
    return ({c.name: c.type for c in columns}, con.execute('select * from t order by "_line"').fetchall(),
            con.execute("select line, column_name, value from t_bad order by all").fetchall(), read.left_out)


def said(sheet: SheetLook) -> dict[tuple[str, str | None], tuple[Any, str]]:
    return {(a.key, a.column): (a.value, a.sure) for a in sheet.assumptions}


# Encodings

TEXTS = {
    "gb18030": "日期,客户名称,销售额\n2024-01-05,北京华科贸易有限公司,10\n2024-01-06,上海电子科技公司,20\n",
    "big5": "日期,客戶名稱,銷售額\n2024-01-05,台北貿易有限公司,10\n2024-01-06,高雄電子科技公司,20\n",
    "cp932": "日付,顧客名,売上\n2024-01-05,東京商事株式会社,10\n2024-01-06,大阪の店,20\n",
    "euc_jp": "日付,顧客名,売上\n2024-01-05,ありがとうございます,10\n2024-01-06,カタカナの会社,20\n",
    "cp949": "날짜,고객명,매출액\n2024-01-05,서울전자주식회사,10\n2024-01-06,부산무역회사,20\n",
    "cp1252": "date,name,sales\n2024-01-05,Café Müller,10\n2024-01-06,señor Ibáñez,20\n",
    "cp1251": "дата,клиент,сумма\n2024-01-05,Москва,10\n2024-01-06,Завод,20\n",
    "cp437": "date,name,sales\n2024-01-05,Café Müller,10\n2024-01-06,señor,20\n",
    "utf-16-le": "日期,客户名称,销售额\n2024-01-05,北京华科贸易有限公司,10\n2024-01-06,上海电子科技公司,20\n",
    "utf-16-be": "日期,客户名称,销售额\n2024-01-05,北京华科贸易有限公司,10\n2024-01-06,上海电子科技公司,20\n",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_each_encoding_is_told_by_its_letters(tmp_path: Path, encoding: str) -> None:
    text = TEXTS[encoding]
    sheet = look_at(tmp_path, text, encoding)
    assert sheet.format["encoding"] == encoding
    assert [sheet.headings, *sheet.rows] == [line.split(",") for line in text.splitlines()]


def test_the_encoding_may_be_chosen_and_what_else_could_be_is_offered(tmp_path: Path) -> None:
    sheet = look_at(tmp_path, TEXTS["cp1252"], "cp1252")
    one = next(a for a in sheet.assumptions if a.key == "encoding")
    assert one.sure == "likely" and "cp1250" in one.choices and "Müller" in one.examples[0]
    assert look(tmp_path / "f.csv", encoding="cp1250").rows[1][1] == "seńor Ibáńez"


# The table in the file

def test_titles_above_totals_within_and_notes_below(tmp_path: Path) -> None:
    sheet = look_at(tmp_path, "Sales report 2024,,,\nprinted 1 March,,,\n,,,\nDay,Customer,City,Sales\n"
                    "2024-01-05,A,Rome,10\n2024-01-06,B,Oslo,20\nSubtotal,,,30\n2024-01-07,C,Bonn,5\n"
                    "Grand total,,,35\n,,,\nSource: ERP,,,\n")
    assert sheet.headings == ["Day", "Customer", "City", "Sales"]
    assert said(sheet)["header_row", None] == (4, "certain")
    assert said(sheet)["totals", None] == ("leave out", "likely")
    types, rows, bad, out = loaded(sheet)
    assert [row[3] for row in rows] == [10, 20, 5] and [row[-1] for row in rows] == [5, 6, 8]
    assert types["Day"] == "DATE" and not bad
    assert out == {"reading.left_out.totals": 2, "reading.left_out.below": 1}
    kept = look(tmp_path / "f.csv", totals="keep", below="keep")
    assert [row[-1] for row in loaded(kept)[1]] == [5, 6, 7, 8, 9, 11]


def test_chinese_totals_and_a_customer_called_total(tmp_path: Path) -> None:
    sheet = look_at(tmp_path, "日期,客户,金额\n2024-01-05,道达尔 Total,10\n2024-01-06,Total,20\n2024-01-07,B,1\n"
                    "2024-01-08,C,1\n2024-01-09,D,1\n2024-01-10,E,1\n2024-01-11,F,1\n2024-01-12,G,1\n2024-01-13,H,1\n"
                    "合计,,37\n")
    _, rows, _, out = loaded(sheet)
    assert len(rows) == 9 and rows[1][1] == "Total" and out == {"reading.left_out.totals": 1}


def test_two_heading_rows_are_joined(tmp_path: Path) -> None:
    sheet = look_at(tmp_path, ",2023,,2024,\nCustomer,Q1,Q2,Q1,Q2\nA,1,2,3,4\nB,5,6,7,8\n")
    assert sheet.headings == ["Customer", "2023 Q1", "2023 Q2", "2024 Q1", "2024 Q2"]
    assert len(sheet.rows) == 2 and said(sheet)["header_rows", None] == (2, "likely")


def test_no_headings_are_asked_about_and_may_be_said(tmp_path: Path) -> None:
    text = "2024-01-05,A,10\n2024-01-06,B,20\n2024-01-07,C,30\n"
    sheet = look_at(tmp_path, text)
    assert said(sheet)["header_row", None] == (0, "ask")
    assert sheet.headings == ["column 1", "column 2", "column 3"] and len(loaded(sheet)[1]) == 3
    assert look(tmp_path / "f.csv", header_row=1).headings == ["2024-01-05", "A", "10"]


def test_years_as_headings_are_headings(tmp_path: Path) -> None:
    assert look_at(tmp_path, "Customer,2022,2023\nA,1,2\nB,3,4\n").headings == ["Customer", "2022", "2023"]


def test_duplicate_blank_and_stray_columns(tmp_path: Path) -> None:
    sheet = look_at(tmp_path, "id,Amount,amount,,\n1,2,3,x,\n4,5,6,y,\n")
    assert sheet.headings == ["id", "Amount", "amount (2)", "column 4"]  # the last has neither heading nor values
    assert loaded(sheet)[1][0][:4] == (1, 2, 3, "x")


def test_short_rows_are_refused_where_few_and_padded_where_usual(tmp_path: Path) -> None:
    few = look_at(tmp_path, "a,b,c\n" + "1,2,3\n" * 20 + "1,2\n")
    assert said(few)["short_rows", None] == ("refuse", "likely")
    assert loaded(few)[3] == {"reading.left_out.ragged": 1}
    many = look_at(tmp_path, "a,b,c\n1,2,3\n1,2\n1\n", name="g.csv")
    assert said(many)["short_rows", None] == ("pad", "likely") and len(loaded(many)[1]) == 3
    assert len(loaded(look(tmp_path / "g.csv", short_rows="refuse"))[1]) == 1


def test_quotes_astray_are_mended_and_counted(tmp_path: Path) -> None:
    sheet = look_at(tmp_path, 'a,b,c\n1,"Hey, I missed " it",3\n2,5" disk,4\n3,"open,5\n4,ok,6\n')
    con = duckdb.connect()
    read = read_text(con, sheet, "t")
    assert con.execute("select b from t order by a").fetchall() == [
        ('Hey, I missed " it',), ('5" disk',), ('"open',), ("ok",)]
    assert (read.rows, read.mended) == (4, 2)


# Columns

def test_a_day_over_twelve_decides_wherever_it_stands(tmp_path: Path) -> None:
    days = ["1/2/2024"] * 4_000 + ["13/2/2024"]
    sheet = look_at(tmp_path, "day,n\n" + "".join(f"{d},1\n" for d in days))
    assert said(sheet)["dates", "day"] == ("day/month", "certain")
    assert loaded(sheet)[1][0][0] == dt.date(2024, 2, 1)


def test_ambiguous_dates_are_asked_about_with_examples_and_follow_the_choice(tmp_path: Path) -> None:
    text = "day,amount\n1/2/2024,5\n3/4/2024,6\n"
    sheet = look_at(tmp_path, text)
    one = next(a for a in sheet.assumptions if a.key == "dates")
    assert (one.value, one.sure, one.choices) == ("day/month", "ask", ("day/month", "month/day"))
    assert one.examples == ("1/2/2024", "3/4/2024")
    assert loaded(look(tmp_path / "f.csv", dates={"day": "month/day"}))[1][0][0] == dt.date(2024, 1, 2)


def test_decimal_marks_by_column(tmp_path: Path) -> None:
    sheet = look_at(tmp_path, "a;b;c\n1.234,50;1,5;1.234\n2.000,25;2,25;5.678\n", name="f.txt")
    assert said(sheet)["decimals", "a"] == (",", "certain")
    assert said(sheet)["decimals", "c"] == (",", "likely")  # as the other columns: thousands
    assert loaded(sheet)[1][0][:3] == (Decimal("1234.50"), Decimal("1.50"), 1234)
    chosen = look(tmp_path / "f.txt", decimals={"c": "."})
    assert loaded(chosen)[1][0][2] == Decimal("1.2340")


def test_dates_turned_round_by_a_spreadsheet_are_flagged_and_can_be_turned_back(tmp_path: Path) -> None:
    """5 April 2024 in d/m/y opened with American settings became 4 May; 25/04/2024 could not and stayed text."""
    path = tmp_path / "swapped.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet, day = book.add_worksheet("S"), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["day", "n"])
        for row, value in enumerate([dt.date(2024, 5, 4), "25/04/2024", dt.date(2024, 12, 1), "13/01/2024"], 1):
            if isinstance(value, dt.date):
                sheet.write_datetime(row, 0, dt.datetime.combine(value, dt.time()), day)
            else:
                sheet.write(row, 0, value)
            sheet.write(row, 1, row)
    examined = examine([path])
    one = next(a for a in examined.sheets[0].assumptions if a.key == "swapped")
    assert (one.value, one.sure, one.choices) == ("keep", "ask", ("keep", "swap"))
    assert [r[0] for r in loaded(examined.sheets[0])[1]] == [
        dt.date(2024, 5, 4), dt.date(2024, 4, 25), dt.date(2024, 12, 1), dt.date(2024, 1, 13)]
    again = examine([path], {"swapped.xlsx/S": {"swapped": {"day": "swap"}}}, before=examined)
    assert [r[0] for r in loaded(again.sheets[0])[1]] == [
        dt.date(2024, 4, 5), dt.date(2024, 4, 25), dt.date(2024, 1, 12), dt.date(2024, 1, 13)]
    examined.close()


def test_types_of_all_kinds_and_cells_that_do_not_fit(tmp_path: Path) -> None:
    sheet = look_at(tmp_path, "code,whole,money,precise,ok,when,note,share\n"
                    "007,1,¥1.50,0.12345,yes,2024-01-05 10:30:00,a,10%\n008,2,¥2.25,1.5,no,2024-01-06 11:00:00,b,20%\n"
                    "009,3,¥3.00,2,yes,2024-01-07 00:00:00,c,30%\n010,n/a,ten,3,no,2024-01-08 09:15:00,d,5%\n"
                    "011,5,¥4.00,3,no,2024-01-08 09:15:00,d,5%\n012,6,¥4.00,3,no,2024-01-08 09:15:00,d,5%\n")
    types, rows, bad, _ = loaded(sheet)
    assert types == {"code": "VARCHAR", "whole": "BIGINT", "money": "DECIMAL(18,2)", "precise": "DOUBLE",
                     "ok": "BOOLEAN", "when": "TIMESTAMP", "note": "VARCHAR", "share": "DECIMAL(18,2)"}
    assert rows[0][:6] == ("007", 1, Decimal("1.50"), 0.12345, True, dt.datetime(2024, 1, 5, 10, 30))
    assert rows[3][1:3] == (None, None) and rows[0][7] == Decimal("0.10")
    assert bad == [(5, "money", "ten")]  # "n/a" says that there is none


def test_a_column_is_what_all_its_rows_are_not_its_first_thousands(tmp_path: Path) -> None:
    lines = "".join(f"{i},{i},{i}\n" for i in range(12_000)) + "1,0.125,C4711\n"
    types, rows, bad, _ = loaded(look_at(tmp_path, "a,b,c\n" + lines))
    assert types == {"a": "BIGINT", "b": "DECIMAL(18,4)", "c": "VARCHAR"}
    assert rows[-1][:3] == (1, Decimal("0.1250"), "C4711") and not bad


def test_numbers_are_exact_whatever_way_they_are_read(tmp_path: Path) -> None:
    """More rows than are read one by one: shapes and distinct texts give what single casts give."""
    texts = ["1,234.50", "(12.25)", "-3", "€5.00", "1.2万", "7%", "n/a", "2e3", "1234567.89", " 8 "]
    days = ["5-Jan-24", "06-Feb-2024", "2024-03-07", "8/3/2024", "13/4/2024"]
    lines = "".join(f'"{texts[i % 10]}";{days[i % 5]}\n' for i in range(20_000))
    _, rows, bad, _ = loaded(look_at(tmp_path, "n;d\n" + lines))
    expected = [Decimal(v) if v else None for v in (
        "1234.50", "-12.25", "-3", "5", "12000", "0.07", None, "2000", "1234567.89", "8")]
    assert {(i % 10, row[0]) for i, row in enumerate(rows)} == set(enumerate(expected))
    assert {(i % 5, row[1]) for i, row in enumerate(rows)} == set(enumerate(
        [dt.date(2024, 1, 5), dt.date(2024, 2, 6), dt.date(2024, 3, 7), dt.date(2024, 3, 8), dt.date(2024, 4, 13)]))
    assert not bad


# Workbooks and several files at once

def test_open_document_and_binary_names_are_workbooks(tmp_path: Path) -> None:
    cell = '<table:table-cell office:value-type="{}"{}><text:p>{}</text:p></table:table-cell>'
    rows = "".join(f"<table:table-row>{''.join(cells)}</table:table-row>" for cells in (
        [cell.format("string", "", "day"), cell.format("string", "", "n")],
        [cell.format("date", ' office:date-value="2024-01-05"', "05/01/24"),
         cell.format("float", ' office:value="7"', "7")]))
    content = ('<?xml version="1.0"?><office:document-content '
               'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
               'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
               'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
               f'<table:table table:name="T">{rows}</table:table></office:spreadsheet></office:body>'
               '</office:document-content>')
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<m/>")
    sheet = examine([tmp_path / "a.ods"]).sheets[0]
    assert (sheet.id, sheet.headings) == ("a.ods/T", ["day", "n"])
    assert loaded(sheet)[1] == [(dt.date(2024, 1, 5), 7, 2)]


def test_formulas_without_values_are_said(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet("S")
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_row(1, 0, [1, 2])
        sheet.write_formula(2, 0, "=A2+1", value=2)
        sheet.write_formula(2, 1, "=B2+1", value="")
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(tmp_path / "f.xlsx", "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"<f>B2+1</f><v></v>", b"<f>B2+1</f>")
                            .replace(b' t="str"', b""))
    one = next(a for a in examine([tmp_path / "f.xlsx"]).sheets[0].assumptions if a.key == "formulas")
    assert one.value == 1 and "1 formulas" in one.sentence("en")


def test_several_files_sheets_and_archives_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n", "utf-8")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("in/c.csv", "u;v\n3;4\n")
    with xlsxwriter.Workbook(tmp_path / "d.xlsx") as book:
        for name in ("one", "two"):
            book.add_worksheet(name).write_row(0, 0, ["k", "l"])
    examined = examine([tmp_path / "a.csv", tmp_path / "b.zip", tmp_path / "d.xlsx"])
    assert [s.id for s in examined.sheets] == ["a.csv", "b.zip/in/c.csv", "d.xlsx/one", "d.xlsx/two"]
    examined.close()


# What is chosen is what is loaded

def test_what_is_corrected_on_screen_is_what_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("Report\nDay;Who;Sum\n1/2/2024;A;1.234\n3/4/2024;B;2.000\nTotal;;3.234\n", "utf-8")
    chosen = {"dates": {"Day": "month/day"}, "decimals": {"Sum": ","}, "header_row": 2}
    sheet = look(path, **chosen)
    assert [row[:3] for row in loaded(sheet)[1]] == [(dt.date(2024, 1, 2), "A", 1234), (dt.date(2024, 3, 4), "B", 2000)]
    columns = {"order_date": "Day", "account_id": "Who", "amount": "Sum"}
    mapping = Mapping((TableMapping("orders", columns, ("orders.csv",), sheet.format),))
    assert Mapping.parse(mapping.to_toml()) == mapping  # the format survives being written down
    con = duckdb.connect()
    staged = prepare(con, [path], mapping, today=dt.date(2026, 6, 30))
    assert con.execute("select order_date, account_id, amount from staged.orders order by 1").fetchall() == [
        (dt.date(2024, 1, 2), "A", Decimal("1234.00")), (dt.date(2024, 3, 4), "B", Decimal("2000.00"))]
    counts = staged.counts["orders"]
    assert (counts.rows_read, counts.taken, counts.left_out_by_reason) == (3, 2, {"rows of totals and subtotals": 1})


# Proposals

EXPORT_HEADINGS = {
    "SAP": ("orders", "Sales Document,Document Date,Sold-to Party,Material,Order Quantity,Net Value,Document Currency"),
    "SAP technical": ("orders", "VBELN,AUDAT,KUNNR,MATNR,KWMENG,NETWR,WAERK"),
    "Oracle": ("orders", "Order Number,Ordered Date,Customer Number,Item Description,Ordered Quantity,Extended Amount"),
    "用友": ("orders", "单据日期,单据编号,客户简称,存货名称,主数量,价税合计,业务员"),
    "金蝶": ("orders", "业务日期,单据编号,购货单位,物料名称,实发数量,价税合计,部门"),
    "Salesforce deals": ("opportunities", "Opportunity ID,Opportunity Name,Account Name,Stage,Amount,Close Date,"
                                          "Opportunity Owner"),
    "Salesforce accounts": ("accounts", "Account ID,Account Name,Industry,Account Owner,Billing City,Annual Revenue"),
    "HubSpot deals": ("opportunities", "Record ID,Deal Name,Deal Stage,Amount,Close Date,Deal owner,"
                                       "Associated Company"),
    "纷享销客": ("opportunities", "商机名称,客户名称,销售阶段,预计成交金额,预计成交日期,负责人,创建时间"),
}
EXPORT_VALUES = {"date": "2024-01-05", "amount": "1250.50", "quantity": "3"}


@pytest.mark.parametrize("system", EXPORT_HEADINGS)
def test_common_exports_are_recognised(tmp_path: Path, system: str) -> None:
    table, headings = EXPORT_HEADINGS[system]
    def value(heading: str) -> str:
        kinds = {"date": ("date", "日期", "时间", "audat"), "amount": ("amount", "net", "金额", "合计", "revenue"),
                 "quantity": ("quantity", "数量", "kwmeng")}
        return next((EXPORT_VALUES[k] for k, marks in kinds.items() if any(m in heading.lower() for m in marks)),
                    f"{heading}-x")
    line = ",".join(value(h) for h in headings.split(","))
    best = guess_table(look_at(tmp_path, f"{headings}\n{line}\n"))[0]
    assert (best.table, best.missing) == (table, ())
    assert len(best.pairs) >= len(headings.split(",")) - 2


def test_our_accounts_are_recognised_by_their_ids_whatever_the_heading(tmp_path: Path) -> None:
    sheet = look_at(tmp_path, "Ref,When,Billed\nA1,2024-01-05,10.50\nA2,2024-01-06,20.25\nZ9,2024-01-07,5.00\n")
    orders = next(p for p in guess_table(sheet, {"accounts": {"A1", "A2", "A3"}}) if p.table == "orders")
    pair = {p.column: p for p in orders.pairs}
    assert (pair["account_id"].heading, pair["account_id"].sure) == ("Ref", "certain")  # 2 of 3 are ours
    assert pair["account_id"].why == ("reading.why.our_accounts", {"share": "67%"})
    assert (pair["order_date"].heading, pair["order_date"].sure) == ("When", "ask")  # the only date there is
    assert orders.missing == () and pair["amount"].heading == "Billed"


def test_a_shape_is_the_headings(tmp_path: Path) -> None:
    one = look_at(tmp_path, "a,b\n1,2\n", name="1.csv")
    other = look_at(tmp_path, "A;B\n3;4\n5;6\n", name="2.csv")
    assert shape(one) == shape(other) != shape(look_at(tmp_path, "b,a\n1,2\n", name="3.csv"))


def test_every_sentence_is_there_in_both_languages(tmp_path: Path) -> None:
    sheet = look_at(tmp_path, "Report\nDay;Who;Sum\n1/2/2024;A;1.234\n3/4/2024;B;2.000\nTotal;;3.234\n")
    for one in sheet.assumptions:
        assert one.sentence("en") != one.sentence("zh")
    for proposal in guess_table(sheet):
        assert all(t(lang, p.why[0], **p.why[1]) for p in proposal.pairs for lang in ("en", "zh"))


@pytest.mark.parametrize(("number", "found"), [
    ("SO{order}", True),  # three lines each, of one customer
    ("{count}", False),  # how many invoices there were: the same for many customers
])
def test_a_number_that_repeats_is_one_of_orders_where_its_rows_are_one_customers(
        tmp_path: Path, number: str, found: bool) -> None:
    lines = [number.format(order=i // 3, count=i % 4) + f",2025-01-{i // 3 + 1:02d},C{i // 3 % 5},{i}.50\n"
             for i in range(30)]
    orders = guess_table(look_at(tmp_path, "Sales Invoice No.,Order Date,Customer,Sales\n" + "".join(lines)))[0]
    assert orders.table == "orders"
    assert [p.heading for p in orders.pairs if p.column == "order_id"] == ["Sales Invoice No."] * found
