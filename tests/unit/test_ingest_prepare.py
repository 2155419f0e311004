"""Files in, checked tables out: every row is taken, refused with its line, or left out by a reason that is counted."""

import datetime as dt
import io
import zipfile
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from kam_core.errors import KamError
from kam_core.ingest import Mapping, guess, prepare
from kam_core.schema import TABLES

MAPPINGS = Path(__file__).resolve().parents[1] / "mappings"
TEMPLATES = Path(__file__).resolve().parents[2] / "data" / "templates"
TODAY = dt.date(2026, 6, 30)


def stage(*paths, mapping=None, as_table=None):
    """(connection, Staged) of a load; a mapping may be given as its text."""
    con = duckdb.connect()
    mapping = Mapping.parse(mapping) if isinstance(mapping, str) else mapping
    return con, prepare(con, list(paths), mapping, as_table, today=TODAY)


def refused(con):
    return con.execute(
        "select line, column_name, value, reason from staged.refused order by source_id, line"
    ).fetchall()


def write(folder, name, text, encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


ORDERS = "order_date,account_id,amount,order_id,line_no\n"


def test_staged_tables_have_the_columns_of_the_schema(tmp_path):
    con, staged = stage(write(tmp_path, "orders.csv", ORDERS + "2024-01-05,A1,10.50,O1,1\n"))
    described = con.execute("describe staged.orders").fetchall()
    assert [row[0] for row in described] == [c.name for c in TABLES["orders"].stored] + ["source_id", "source_line"]
    assert con.execute(
        "select order_date, account_id, amount, line_no, source_id, source_line from staged.orders"
    ).fetchall() == [(dt.date(2024, 1, 5), "A1", Decimal("10.50"), 1, 1, 2)]
    assert staged.files[0].rows_read == 1 and len(staged.files[0].sha256) == 64


def test_every_row_ends_taken_or_refused_with_its_line(tmp_path):
    text = ORDERS + (
        "2024-01-05,A1,10,O1,1\n2024-02-30,A1,10,O2,1\n2024-01-06,,5,O3,1\n2024-01-07,A2,ten,O4,1\n"
        "1969-12-31,A2,5,O5,1\n2036-07-01,A2,5,O6,1\n2024-01-08,A2,1000000000000,O7,1\n2024-01-09,A2,5\n"
    )
    con, staged = stage(write(tmp_path, "orders.csv", text))
    assert [(line, column, value) for line, column, value, _ in refused(con)] == [
        (3, "order_date", "2024-02-30"),
        (4, "account_id", None),
        (5, "amount", "ten"),
        (6, "order_date", "1969-12-31"),
        (7, "order_date", "2036-07-01"),
        (8, "amount", "1000000000000"),
        (9, None, "2024-01-09,A2,5"),
    ]
    assert refused(con)[-1][3] == "too few fields (3 instead of 5)"
    counts = staged.counts["orders"]
    assert (counts.rows_read, counts.taken, counts.refused) == (8, 1, 7)


def test_lines_are_true_where_records_hold_newlines_and_lines_are_blank(tmp_path):
    text = (
        'Export of June\n\norder_date,account_id,amount,product\n2024-01-05,A1,1,"two\nlines"\n\n'
        "2024-01-06,A1,x,p\n2024-01-07,A1,3,p,q\n2024-01-08,A1,4,p\n"
    )
    con, _ = stage(write(tmp_path, "orders.csv", text))
    assert con.execute("select amount, source_line from staged.orders order by 2").fetchall() == [
        (Decimal("1.00"), 4),
        (Decimal("4.00"), 9),
    ]
    assert [row[0] for row in refused(con)] == [7, 8]


def test_duplicates_of_a_key(tmp_path):
    text = ORDERS + (
        "2024-01-05,A1,10,O1,1\n2024-01-05,A1,10,O1,1\n2024-01-05,A1,11,O1,1\n"
        "2024-01-05,A1,10,O2,\n2024-01-05,A1,10,O2,\n"
    )
    con, staged = stage(write(tmp_path, "orders.csv", text))
    assert [(row[0], row[3]) for row in refused(con)] == [
        (3, "duplicate of line 2"),
        (4, "same key as line 2 with other content"),
    ]
    assert staged.counts["orders"].taken == 3  # rows with half a key are kept as they are


def test_amount_from_quantity_price_and_discount(tmp_path):
    text = (
        "order_date,account_id,quantity,unit_price,discount\n2024-01-05,A1,3,19.995,10%\n2024-01-05,A1,2,5,\n"
        "2024-01-05,A1,,5,\n"
    )
    con, _ = stage(write(tmp_path, "orders.csv", text))
    # 3 × 19.995 = 59.985 → list 59.99 (half up); × 0.9 = 53.9865 → 53.99. 2 × 5 = 10, no discount.
    assert con.execute("select amount, list_amount from staged.orders").fetchall() == [
        (Decimal("53.99"), Decimal("59.99")),
        (Decimal("10.00"), Decimal("10.00")),
    ]
    assert refused(con)[0][:2] == (4, "amount")


def test_where_leaves_out_by_reason_and_values_are_repaired(tmp_path):
    path = write(
        tmp_path,
        "s.csv",
        "Day,Cust,Sum,Status,Area\n2024-01-05,A,1,Shipped,N\n2024-01-05,A,2,Cancelled,N\n"
        "2024-01-05,A,4,,S\n2024-01-05,B,8,Resolved,S\n",
    )
    con, staged = stage(
        path,
        mapping="""
        [orders]
        files = ["s.csv"]
        order_date = "Day"
        account_id = "Cust"
        amount = "Sum * 2"
        region = "Area"
        [orders.where]
        "Status" = ["Shipped", "Resolved"]
        [orders.values.region]
        "N" = "North" """,
    )
    assert con.execute("select amount, region from staged.orders").fetchall() == [
        (Decimal("2.00"), "North"),
        (Decimal("16.00"), "S"),
    ]
    assert staged.counts["orders"].left_out_by_reason == {"Status = Cancelled": 1, "Status is empty": 1}
    assert staged.files[0].rows_left_out == 2


def test_expressions_divide_join_and_fall_back(tmp_path):
    path = write(tmp_path, "s.csv", "Day,First Name,Last,A,B,Note\n2024-01-05,Ann,Lee,6,4,\n2024-01-06,Bo,Ma,6,0,x\n")
    con, _ = stage(
        path,
        mapping="""
        [orders]
        order_date = "Day"
        account_id = "concat(`First Name`, ' ', Last)"
        amount = "(A - 1.5) / B + -1"
        product = "coalesce(Note, 'none')" """,
    )
    # (6 − 1.5) / 4 − 1 = 0.125 → 0.13; a division by zero gives nothing
    assert con.execute("select account_id, amount, product from staged.orders").fetchall() == [
        ("Ann Lee", Decimal("0.13"), "none")
    ]
    assert refused(con) == [(3, "amount", "6 | 0", "cannot be calculated")]


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ('[order]\namount = "x"', "line 1: there is no table 'order'"),
        ('[orders]\namont = "x"', "line 2: orders has no column 'amont'"),
        ("[orders]\namount = 3", "line 2: amount must name"),
        ('[orders]\namount = "x"\n[orders.format]\nencodng = "utf-8"', "line 4: format has no 'encodng'"),
        ('[orders]\namount = "x"\n[orders.format]\ndelimiter = "||"', "line 4: delimiter must be one character"),
        ("[orders\n", "not valid TOML"),
    ],
)
def test_mapping_errors_name_the_line(mapping, says):
    with pytest.raises(KamError, match=says.replace("[", r"\[")):
        Mapping.parse(mapping, "m.toml")


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("Summ", "did you mean 'Sum'"),
        ("Nothing", "the columns are: Day, Cust, Sum"),
        ("Sum * (2", r"'\)' is missing"),
        ("drop(Sum)", "there is no function 'drop'"),
        ("Sum; drop table x", "cannot read ';"),
        ("Sum * 'a'", "cannot stand inside"),
        ("Sum *", "breaks off"),
        ("Sum Sum", "cannot read 'Sum'"),
    ],
)
def test_expression_errors_say_what_to_do(tmp_path, amount, says):
    path = write(tmp_path, "s.csv", "Day,Cust,Sum\n2024-01-05,A,1\n")
    with pytest.raises(KamError, match=says):
        stage(path, mapping=f'[orders]\norder_date = "Day"\naccount_id = "Cust"\namount = "{amount}"')


def test_a_heading_that_looks_like_an_attack_is_only_a_name(tmp_path):
    path = write(tmp_path, "s.csv", "Day,\"Cust'); drop table x; --\",Sum\n2024-01-05,O'Hara,1\n")
    con, _ = stage(
        path,
        mapping="""
        [orders]
        order_date = "Day"
        account_id = "Cust'); drop table x; --"
        amount = "Sum"
        [orders.values.account_id]
        "O'Hara" = "O''Neil" """,
    )
    assert con.execute("select account_id from staged.orders").fetchall() == [("O''Neil",)]


def test_mapping_round_trips_through_toml():
    mapping = Mapping.load(MAPPINGS / "adventureworks.toml")
    assert Mapping.parse(mapping.to_toml()) == mapping


def test_targets_periods_and_outcomes(tmp_path):
    targets = write(
        tmp_path, "targets.csv", "manager_id,period,target_amount\nM1,2024-01,100\nM1,2024Q2,300\nM1,2025,900\n"
    )
    text = "opportunity_id,account_id,stage,amount\nD1,A,Closed Won,1\nD2,,输单,2\nD3,A,Proposal,3\n"
    deals = write(tmp_path, "opportunities.csv", text)
    con, _ = stage(targets, deals)
    assert con.execute("select period, granularity from staged.targets").fetchall() == [
        (dt.date(2024, 1, 1), "month"),
        (dt.date(2024, 4, 1), "quarter"),
        (dt.date(2025, 1, 1), "year"),
    ]
    assert con.execute("select account_id, outcome from staged.opportunities").fetchall() == [
        ("A", "won"),
        (None, "lost"),
        ("A", "open"),
    ]


def test_a_date_of_the_future_is_taken_with_a_warning(tmp_path):
    _, staged = stage(write(tmp_path, "orders.csv", ORDERS + "2026-07-02,A1,10,O1,1\n"))
    assert staged.counts["orders"].taken == 1
    assert "1 orders are dated after today" in staged.warnings[0]


@pytest.mark.parametrize("table", sorted(TABLES))
def test_templates_load_without_a_question(table):
    con, staged = stage(TEMPLATES / f"{table}.csv")
    assert (staged.counts[table].taken, refused(con)) == (2, [])
    assert not staged.warnings
    assert set(staged.mapping.tables[0].columns) == {c.name for c in TABLES[table].stored}


def test_a_discount_in_points_is_refused_rather_than_guessed(tmp_path):
    text = "order_date,account_id,quantity,unit_price,discount\n2024-01-05,A1,1,5,10\n2024-01-05,A1,1,5,0.1\n"
    con, _ = stage(write(tmp_path, "orders.csv", text))
    assert con.execute("select amount from staged.orders").fetchall() == [(Decimal("4.50"),)]
    assert refused(con) == [(2, "discount", "10", "is above 100%; write 0.1 or 10%")]


def test_parquet_goes_through_the_same_rules(tmp_path):
    path = tmp_path / "orders.parquet"
    duckdb.sql(f"""copy (select * from (values (date '2024-01-05', 7::double, 10.505::double, 1), (null, 8, 2, 2),
        (date '1950-01-01', 9, 3, 3)) t(order_date, account_id, amount, line)) to '{path}' (format parquet)""")
    con, staged = stage(path)
    assert con.execute("select account_id, amount, line_no, source_line from staged.orders").fetchall() == [
        ("7", Decimal("10.51"), 1, 1)
    ]
    assert [row[:2] for row in refused(con)] == [(2, "order_date"), (3, "order_date")]
    assert staged.counts["orders"].rows_read == 3


def test_two_files_of_one_table_share_its_key(tmp_path):
    write(tmp_path, "orders_1.csv", ORDERS + "2024-01-05,A1,10,O1,1\n")
    write(tmp_path, "orders_2.csv", ORDERS + "2024-01-06,A1,10,O2,1\n2024-01-05,A1,10,O1,1\n")
    con, staged = stage(tmp_path)
    assert staged.counts["orders"].taken == 2 and len(staged.files) == 2 and len(staged.mapping.tables) == 1
    assert refused(con) == [(3, "order_id, line_no", "O1 / 1", "duplicate of line 2 of orders_1.csv")]


def test_nothing_is_left_in_the_connection_but_the_staged_tables(tmp_path):
    con, _ = stage(write(tmp_path, "orders.csv", ORDERS + "2024-01-05,A1,10,O1,1\n"))
    names = con.execute("select table_name from information_schema.tables order by 1").fetchall()
    assert names == [("orders",), ("refused",)]


def test_delimiters_and_quotes(tmp_path):
    for number, mark in enumerate(";\t|,"):
        folder = tmp_path / str(number)
        folder.mkdir()
        rows = [
            ["order_date", "account_id", "amount", "product"],
            ["2024-01-05", "A1", '"1,5"', '"a ""b"" c"'],
            ["2024-01-06", "A1", '"2,5"', "x"],
        ]
        con, _ = stage(write(folder, "orders.txt", "\r\n".join(mark.join(row) for row in rows) + "\r\n\r\n"))
        assert con.execute("select amount, product from staged.orders").fetchall() == [
            (Decimal("1.50"), 'a "b" c'),
            (Decimal("2.50"), "x"),
        ]


# Encodings

CHINESE = "订单日期,客户ID,金额,产品\n2024-01-05,北京华科,10,台式机\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "gbk"])
def test_chinese_in_every_common_encoding(tmp_path, encoding):
    con, _ = stage(write(tmp_path, "订单.csv", CHINESE, encoding))
    assert con.execute("select account_id, product from staged.orders").fetchall() == [("北京华科", "台式机")]


@pytest.mark.parametrize("encoding", ["cp1252", "cp437"])
def test_western_letters_are_not_read_as_chinese(tmp_path, encoding):
    text = ORDERS.replace("order_id", "product") + "2024-01-05,Café Müller,10,Citroën,1\n2024-01-05,naïve,10,año,2\n"
    con, _ = stage(write(tmp_path, "orders.csv", text, encoding))
    assert con.execute("select account_id, product from staged.orders").fetchall() == [
        ("Café Müller", "Citroën"),
        ("naïve", "año"),
    ]


def test_broken_utf8_is_refused_with_its_line(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_bytes((ORDERS + "2024-01-05,北京,1,é,1\n").encode() + b"2024-01-05,\xff\xe5,1,O,1\n")
    with pytest.raises(KamError, match="line 3 has a byte that is not UTF-8"):
        stage(path)


@pytest.mark.parametrize("name", ["uriage_cp932", "uriage_utf16le", "uriage_utf8", "uriage_utf8_bom"])
def test_the_same_japanese_rows_in_four_encodings(shared_data, name):
    mapping = '[orders]\norder_date = "日付"\naccount_id = "店舗"\namount = "売上"\nproduct_line = "商品分類"'
    con, _ = stage(shared_data / "ja_encodings" / f"{name}.csv", mapping=mapping)
    # 128000 + 94500 + 76300 + 152800 + 88100 = 539700
    assert con.execute("select sum(amount), count(distinct account_id) from staged.orders").fetchone() == (
        Decimal("539700.00"),
        3,
    )
    assert con.execute("select account_id, product_line from staged.orders limit 1").fetchone() == ("新宿店", "飲料")


# Hostile files


def packed(name, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


HOSTILE = {
    "empty.csv": (b"", "is empty"),
    "blank.csv": (b"\n\n\n", "is empty"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is not text but a picture"),
    "random.csv": (bytes(range(256)) * 20, "is not text but binary data"),
    "book.csv": (packed("a", "b"), "is not text but a zip"),
    "text.xlsx": (b"a,b\n1,2\n", "rename it to .csv"),
    "cut.xlsx": (packed("xl/workbook.xml", "<x/>" * 1000)[:60], "damaged"),
    "none.xlsx": (packed("readme", "x"), "damaged"),
    "locked.xlsx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password"),
    "broken.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "damaged"),
    "broken.parquet": (b"PAR1" + b"abc" * 50, "damaged parquet"),
    "no.parquet": (b"hello", "not a parquet file"),
    "no.zip": (b"PK\x03\x04 cut", "not a whole zip"),
    "bomb.zip": (packed("a.csv", b"0" * 100 * 1024 * 1024), "no plausible data file"),
    "pictures.zip": (packed("a.png", b"x"), "holds no file that can be read"),
    "wide.csv": ((",".join(f"c{i}" for i in range(10_000)) + "\n").encode() * 2, "has 10,000 columns"),
    "what.csv": (b"colour,shape\nred,round\n", "fit no table"),
    "program.exe": (b"MZ\x90", "cannot read .exe"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_files_are_refused_in_one_line(tmp_path, name):
    content, says = HOSTILE[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(KamError, match=says) as error:
        stage(tmp_path / name)
    assert name in str(error.value) and "\n" not in str(error.value)


def test_a_quote_that_swallows_the_rest_is_refused_with_its_line(tmp_path):
    text = "".join(f"2024-01-05,A{i},{i},{chr(34) if i == 5 else ''}O{i},1\n" for i in range(5_000))
    with pytest.raises(KamError, match="line 7 opens a quote that swallows"):
        stage(write(tmp_path, "orders.csv", ORDERS + text))


def test_a_stray_cell_in_the_last_corner_is_refused(tmp_path):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    book = xlsxwriter.Workbook(tmp_path / "corner.xlsx")
    sheet = book.add_worksheet()
    sheet.write(0, 0, "account_id")
    sheet.write(1_048_575, 16_383, "z")
    book.close()
    with pytest.raises(KamError, match="1,048,576 rows × 16,384 columns"):
        stage(tmp_path / "corner.xlsx")


def test_folders_and_patterns_without_files_are_refused(tmp_path):
    for path, says in (
        (tmp_path, "holds no file that can be read"),
        (tmp_path / "x.csv", "no such file"),
        (tmp_path / "*.csv", "no file has such a name"),
    ):
        with pytest.raises(KamError, match=says):
            stage(path)


def test_zip_members_and_sheets_are_read(tmp_path):
    (tmp_path / "all.zip").write_bytes(packed("2024/orders.csv", ORDERS + "2024-01-05,A1,10,O1,1\n"))
    _, staged = stage(tmp_path / "all.zip")
    assert staged.files[0].name == "all.zip/2024/orders.csv" and staged.counts["orders"].taken == 1


def test_workbook_cells_are_read_as_they_are(tmp_path):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    book = xlsxwriter.Workbook(tmp_path / "book.xlsx")
    sheet = book.add_worksheet("客户")
    for row, cells in enumerate([["Our customers", ""], ["客户编号", "客户名称"], ["00123", "华科"], [45, "贸易"]]):
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell)
    book.add_worksheet("notes").write(0, 0, "nothing")
    book.close()
    con, _ = stage(tmp_path / "book.xlsx")
    assert con.execute("select account_id, name, source_line from staged.accounts").fetchall() == [
        ("00123", "华科", 3),
        ("45", "贸易", 4),
    ]


# Real files, against an independent few lines of pandas or published figures


def test_adventureworks_equals_pandas(shared_data):
    folder = shared_data / "adventureworks_resellers" / "pipe_utf8"
    con, staged = stage(folder, mapping=Mapping.load(MAPPINGS / "adventureworks.toml"))
    regions = pd.read_csv(folder / "Region.csv", sep="|")
    sales = pd.read_csv(folder / "Sales.csv", sep="|").merge(regions, on="SalesTerritoryKey")
    expected = sales.groupby([sales.OrderDate.str[:4], "Region", "EmployeeKey"]).Sales.sum().round(2)
    found = con.execute("""
        select year(order_date)::varchar, region, manager_id::int, sum(amount) from staged.orders
        group by all""").fetchall()
    assert {row[:3]: float(row[3]) for row in found} == expected.to_dict()
    assert {t: c.taken for t, c in staged.counts.items()} == {
        "orders": 57_851,
        "accounts": 701,
        "managers": 18,
        "targets": 809,
    }
    strangers = "select count(*) from staged.targets where manager_id not in (select manager_id from staged.managers)"
    assert con.execute(strangers).fetchone() == (0,)


def test_uci_reports_lines_without_customer_and_keeps_returns(shared_data):
    con, staged = stage(shared_data / "uci_online_retail", mapping=Mapping.load(MAPPINGS / "uci.toml"))
    frame = pd.read_parquet(next((shared_data / "uci_online_retail").glob("*.parquet")))
    known = frame[frame["Customer ID"].notna()]
    counts = staged.counts["orders"]
    assert (counts.rows_read, counts.taken, counts.refused) == (len(frame), len(known), len(frame) - len(known))
    total = con.execute("select sum(amount) from staged.orders").fetchone()[0]
    assert float(total) == pytest.approx((known.Quantity * known.Price).round(2).sum(), abs=0.005)
    assert "count as returns" in staged.files[0].assumptions[0]


def test_chinese_set_loads_by_guess_and_says_what_is_left_out(shared_data):
    con, staged = stage(shared_data / "zh_small_crm")
    assert {t: (c.taken, c.refused) for t, c in staged.counts.items()} == {"accounts": (29, 0), "orders": (124, 0)}
    frame = pd.read_csv(shared_data / "zh_small_crm" / "sales_data.csv")
    assert float(con.execute("select sum(amount) from staged.orders").fetchone()[0]) == frame["销售额"].sum()
    assert any("targets.csv" in w and "manager_id" in w for w in staged.warnings)


def test_crm_maven_with_its_repairs(shared_data):
    con, staged = stage(shared_data / "crm_maven", mapping=Mapping.load(MAPPINGS / "crm_maven.toml"))
    # ANSWERS.json: 85 accounts, 35 agents, 8,800 deals, 1,425 without account, 4,238 won for 10,005,534
    assert {t: c.taken for t, c in staged.counts.items()} == {"accounts": 85, "managers": 35, "opportunities": 8_800}
    won = con.execute("select count(*), sum(amount) from staged.opportunities where outcome = 'won'").fetchone()
    assert won == (4_238, Decimal("10005534.00"))
    assert con.execute("select count(*) from staged.opportunities where account_id is null").fetchone() == (1_425,)
    assert con.execute("select count(*) from staged.opportunities where product_line = 'GTXPro'").fetchone() == (0,)
    acme = con.execute(
        "select annual_revenue, industry from staged.accounts where name = 'Acme Corporation'"
    ).fetchone()
    assert acme == (Decimal("1100040000.00"), "technology")  # 1100.04 millions


def test_superstore_csv_and_workbook_agree(shared_data):
    con, staged = stage(
        shared_data / "superstore_en" / "Sample - Superstore.csv", mapping=Mapping.load(MAPPINGS / "superstore.toml")
    )
    assert staged.counts["orders"].taken == 9_994
    assert "Order Date: dates are month/day/year" in staged.files[0].assumptions
    other, _ = stage(shared_data / "superstore_en" / "SampleSuperstore.xlsx")
    days = "select order_date, count(*) from staged.orders group by 1 order by 1"
    assert con.execute(days).fetchall() == other.execute(days).fetchall()


def test_a_messy_workbook_loads(shared_data):
    path = shared_data / "messy_small_xlsx" / "raw_customer_orders.xlsx"
    con, staged = stage(path)
    assert staged.counts["orders"].taken + staged.counts["orders"].refused == staged.counts["orders"].rows_read == 5
    # "01/5/24" may be two dates, and no day over 12 tells: the order is assumed, and said
    assert con.execute("select order_date, amount from staged.orders order by source_line limit 1").fetchone() == (
        dt.date(2024, 5, 1),
        Decimal("120.00"),
    )
    assert any("day/month/year is assumed" in sentence for sentence in staged.files[0].assumptions)


def test_a_guess_is_the_same_each_time(shared_data):
    assert guess([shared_data / "zh_small_crm"]) == guess([shared_data / "zh_small_crm"])


@pytest.mark.parametrize(("shipped", "day"), [("02/28/2024", "2024-03-04"), ("28/02/2024", "2024-04-03")])
def test_a_column_that_nothing_is_made_of_tells_how_the_others_are_written(tmp_path, shipped, day):
    """Order dates alone leave it open; the upload page tells it by the date beside them, and so must a load."""
    text = f"Order Date,Shipped,Customer,Amount\n03/04/2024,{shipped},A1,10\n"
    con, _ = stage(write(tmp_path, "sales.csv", text))
    assert con.execute("select order_date::varchar from staged.orders").fetchall() == [(day,)]


def test_what_is_said_of_one_column_goes_before_what_is_said_of_all(tmp_path):
    text = "Order Date,Due,Customer,Amount\n2024.04.03,04/05/2024,A1,10\n"
    mapping = """[orders]
        order_date = "order date"
        due_on = "Due"
        account_id = "Customer"
        amount = "Amount"
        [orders.format]
        date = "%Y.%d.%m"
        [orders.format.dates]
        due = "month/day"
        """
    con, _ = stage(write(tmp_path, "sales.csv", text), mapping=mapping)
    assert con.execute("select order_date::varchar, due_on::varchar from staged.orders").fetchall() == [
        ("2024-03-04", "2024-04-05")]
