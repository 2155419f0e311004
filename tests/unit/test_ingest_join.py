"""Order lines that find date and customer in a table of headers; every expected row is worked out by hand."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kam_core.errors import KamError
from kam_core.ingest import Mapping, guess, prepare
from kam_core.policy import Policy
from kam_core.uploads import headers
from kam_core.uploads.upload import Upload
from kam_core.uploads.workspace import Workspace
from kam_core.warehouse.engine import workbench
from tests.jobs import run

# O2 is said twice with the same words, O3 twice with other ones; no line names O5.
HEADS = """Order ID,Order Date,Customer,Region,Amount
O1,2025-01-10,A,North,30
O2,2025-02-10,B,South,5
O2,2025-02-10,B,South ,5
O3,2025-03-10,C,South,1
O3,2025-03-11,C,South,1
O4,2025-02-31,D,North,7
O5,2025-05-10,E,North,9
"""
# Lines of the file: 2 and 3 are O1, 4 is O2, 5 is O3, 6 is O4, 7 names none, 8 one that is not there.
LINES = """Order ID,Product,Amount
O1,Bolt,10
O1,Nut,20
O2,Bolt,5
O3,Bolt,1
O4,Nut,7
,Nut,3
O9,Nut,4
"""
MAPPING = """
[orders]
files = ["lines.csv"]
order_date = "Order Date"
account_id = "Customer"
amount = "Amount"
order_id = "Order ID"
region = "Region"
[orders.join]
file = "heads.csv"
key = "Order ID"
"""
WHERE = "heads.csv, column Order ID"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "heads.csv").write_text(HEADS)
    (tmp_path / "lines.csv").write_text(LINES)
    return tmp_path


def load(folder: Path, mapping: str = MAPPING):
    con = workbench()
    staged = prepare(con, [folder], Mapping.parse(mapping))
    taken = con.execute("select source_line, order_date::varchar, account_id, region, amount::int from staged.orders"
                        " order by source_line").fetchall()
    refused = con.execute("select line, column_name, value, reason from staged.refused order by line").fetchall()
    return staged, taken, refused


def test_lines_take_date_and_customer_from_their_header(folder: Path):
    staged, taken, refused = load(folder)
    assert taken == [
        (2, "2025-01-10", "A", "North", 10), (3, "2025-01-10", "A", "North", 20), (4, "2025-02-10", "B", "South", 5)
    ]
    assert refused == [
        (5, "order_id", "O3", f"stands on several rows that differ in {WHERE}"),
        (6, "order_date", "2025-02-31", "is not a date"),
        (7, "order_id", None, "is missing"),
        (8, "order_id", "O9", f"is not in {WHERE}"),
    ]
    counts = staged.counts["orders"]
    assert (counts.rows_read, counts.taken, counts.refused, counts.left_out_by_reason) == (7, 3, 4, {})
    assert ("Order Date, Customer, Region come from heads.csv, by Order ID = Order ID: 5 of 7 rows stand there; "
            "1 of its keys stand on several rows that differ; 1 of its keys have no row here"
            ) in staged.files[0].assumptions
    assert staged.warnings == []  # the header is no file that was left out


def test_lines_of_the_header_that_do_not_fit_are_told(folder: Path):
    """Where the header of O9 stands on such a line, its order is refused, and that is why."""
    (folder / "heads.csv").write_text(HEADS + "O9,2025-06-10,F\n")
    staged, _, refused = load(folder)
    assert refused[-1] == (8, "order_id", "O9", f"is not in {WHERE}")
    assert any("; 1 of its lines have too many or too few fields and are not read" in note
               for note in staged.files[0].assumptions)


def test_what_the_lines_say_themselves_comes_first(folder: Path):
    """Both have an Amount: 10 + 20 + 5 are the lines' own, the header's 30 is not taken again for each."""
    _, taken, _ = load(folder)
    assert sum(row[4] for row in taken) == 35


def test_keys_and_what_the_header_adds_can_be_corrected_cell_by_cell(folder: Path):
    cells = '[orders.cells.8]\n"Order ID" = "O5"\n[orders.cells.6]\n"Order Date" = "2025-02-28"\nAmount = "8"'
    _, taken, refused = load(folder, MAPPING + cells)
    assert taken[3:] == [(6, "2025-02-28", "D", "North", 8), (8, "2025-05-10", "E", "North", 4)]
    assert [line for line, *_ in refused] == [5, 7]


def test_a_differing_column_that_is_not_asked_for_does_no_harm(folder: Path):
    """The two rows of O3 differ in their day alone: with a day of their own, its lines are sound."""
    (folder / "lines.csv").write_text("Order ID,Order Date,Amount\nO3,2025-03-12,1\n")
    _, taken, refused = load(folder)
    assert (taken, refused) == ([(2, "2025-03-12", "C", "South", 1)], [])


def test_numbers_of_a_parquet_header_match_the_texts_of_a_csv(tmp_path: Path):
    pq.write_table(pa.table({"no": pa.array([1.0, 2.0]), "day": ["2025-01-10", "2025-02-10"], "who": ["A", "B"]}),
                   tmp_path / "heads.parquet")
    (tmp_path / "lines.csv").write_text("order,sum\n2,5\n 1 ,10\n")
    _, taken, refused = load(tmp_path, """
        [orders]
        files = ["lines.csv"]
        order_date = "day"
        account_id = "concat('C-', who)"
        amount = "sum"
        region = "'all'"
        [orders.join]
        file = "heads.parquet"
        key = "order"
        their_key = "no"
        """)
    assert refused == []
    assert taken == [(2, "2025-02-10", "C-B", "all", 5), (3, "2025-01-10", "C-A", "all", 10)]


def test_rows_are_chosen_by_what_the_header_says(folder: Path):
    staged, taken, _ = load(folder, MAPPING + '[orders.where]\nRegion = ["South"]\n')
    assert [line for line, *_ in taken] == [4]
    assert staged.counts["orders"].left_out_by_reason == {"Region = North": 3, "Region is empty": 2}


@pytest.mark.parametrize(("join", "said"), [
    ("[orders.join]\nfile = 'heads.csv'", "join needs the column by which"),
    ("[orders.join]\nkey = 'Order ID'\nheader = 'heads.csv'", "line 6: join has no 'header'"),
    ("[orders.join]\nkey = 3", "key must be text in quotes"),
    ("[orders.join]\nkey = 'Order ID'\n[orders.join.format]\nencodng = 'utf-8'", "format has no 'encodng'"),
    ("[orders.join]\nkey = 'Order'\nfile = 'heads.csv'", "did you mean 'Order ID'?"),
    ("[orders.join]\nkey = 'Order ID'\ntheir_key = 'No'\nfile = 'heads.csv'", "no column 'No'"),
    ("[orders.join]\nkey = 'Order ID'\nfile = 'head.csv'", "no file is named head.csv; name one of heads.csv"),
    ("[orders.join]\nkey = 'Order ID'\nfile = '*.csv'", "several files are named *.csv"),
])
def test_a_join_that_cannot_be_is_said_with_what_to_correct(folder: Path, join: str, said: str):
    with pytest.raises(KamError) as error:
        load(folder, f"[orders]\nfiles = ['lines.csv']\namount = 'Amount'\n{join}")
    assert said in str(error.value)


def test_a_mapping_with_a_join_is_the_same_after_writing_it():
    text = MAPPING + '[orders.join.format]\nencoding = "cp1252"\n[orders.join.format.dates]\nDay = "day/month"\n'
    parsed = Mapping.parse(text)
    assert parsed.tables[0].join and parsed.tables[0].join.their_key == "Order ID"
    assert Mapping.parse(parsed.to_toml()) == parsed


# --- found by itself

GOOD_HEADS = "Order ID,Order Date,Customer,Amount\nO1,2025-01-10,A,30\nO2,2025-02-10,B,5\n"
GOOD_LINES = "Order ID,Product,Amount\nO1,Bolt,10\nO1,Nut,20\nO2,Bolt,5\n"


def test_lines_and_headers_are_recognised_and_the_headers_amounts_are_not_counted_again(tmp_path: Path):
    (tmp_path / "h.csv").write_text(GOOD_HEADS)
    (tmp_path / "l.csv").write_text(GOOD_LINES)
    mapping = guess([tmp_path])
    (orders,) = mapping.tables
    assert orders.join and (orders.files, orders.join.file, orders.join.key) == (("l.csv",), "h.csv", "Order ID")
    assert orders.columns == {"order_date": "Order Date", "account_id": "Customer", "amount": "Amount",
                              "order_id": "Order ID", "product": "Product"}
    assert mapping.left_out == (
        "h.csv: no table of its own, its columns go to the lines of l.csv by Order ID; 100% of the first keys stand "
        "there",)
    con = workbench()
    prepare(con, [tmp_path], mapping)
    assert con.execute("select count(*), sum(amount)::int from staged.orders").fetchall() == [(3, 35)]


@pytest.mark.parametrize(("heads", "lines"), [
    (GOOD_HEADS.replace("O1", "P1").replace("O2", "P2"), GOOD_LINES),  # no key in common
    (GOOD_HEADS + "O1,2025-01-11,A,1\nO2,2025-01-11,A,1\n", GOOD_LINES),  # no header: its keys repeat
    (GOOD_HEADS.replace("Customer", "Shelf"), GOOD_LINES),  # it has no customer
    (GOOD_HEADS, GOOD_LINES.replace("Amount", "Weight")),  # lines without an amount
])
def test_what_is_no_pair_of_lines_and_headers_is_not_joined(tmp_path: Path, heads: str, lines: str):
    (tmp_path / "h.csv").write_text(heads)
    (tmp_path / "l.csv").write_text(lines)
    alone = Mapping.parse("[orders]\namount = 'x'")
    with contextlib.suppress(KamError):  # where nothing at all is complete
        alone = guess([tmp_path])
    assert all(table.join is None for table in alone.tables)


# --- on the upload page


@pytest.fixture
def upload(tmp_path: Path) -> Iterator[Upload]:
    workspace = Workspace.create(tmp_path)
    yield Upload(workspace, Policy())
    workspace.close()


def dropped(upload: Upload, remembered: dict | None = None, **files: str) -> None:
    for name, text in files.items():
        upload.add(f"{name}.csv", io.BytesIO(text.encode()))
    run(lambda job: upload.look(job, {}, remembered or {}))


def test_dropped_lines_find_a_header_that_comes_later_and_lose_it_again(upload: Upload):
    dropped(upload, lines=GOOD_LINES)
    lines = upload.sheets["lines.csv"]
    assert (lines.table, lines.missing, lines.header) == ("orders", ["order_date", "account_id"], None)
    dropped(upload, heads=GOOD_HEADS)
    heads = upload.sheets["heads.csv"]
    assert lines.header and (lines.header.sheet, lines.header.key, lines.header.sure) == (heads, "Order ID", "likely")
    assert (lines.missing, heads.table, upload.lines_of(heads)) == ([], None, [lines])
    assert "100%" in str(lines.header.why[1])
    assert run(upload.check_rows).counts == {"orders": {"read": 3, "taken": 3, "refused": 0, "left_out": 0}}
    upload.remove(upload.paths[1])
    run(lambda job: upload.look(job, {}, {}))
    assert (lines.header, lines.missing) == (None, ["order_date", "account_id"])


def test_the_header_and_its_keys_can_be_chosen_and_are_remembered(upload: Upload, tmp_path: Path):
    other = GOOD_HEADS.replace("Order ID", "Vorgang")
    dropped(upload, lines=GOOD_LINES, heads=other)
    lines, heads = upload.sheets["lines.csv"], upload.sheets["heads.csv"]
    assert lines.header is None
    headers.take(lines, heads, "Order ID", "Vorgang")
    assert lines.header and (lines.header.sure, lines.missing) == ("certain", [])
    assert run(upload.check_rows).counts["orders"]["taken"] == 3
    headers.take(lines, None)
    assert (lines.header, lines.missing) == (None, ["order_date", "account_id"])
    headers.take(lines, heads, "Order ID", "Vorgang")
    kept = lines.to_remember()
    again = Upload(Workspace.create(tmp_path), Policy())
    dropped(again, {headers.shape(lines.look): kept}, lines=GOOD_LINES, heads=other)
    taken = again.sheets["lines.csv"]
    assert taken.remembered and taken.header and taken.header.their_key == "Vorgang" and not taken.missing
    again.workspace.close()


def test_a_bad_day_of_the_header_is_shown_at_the_line_and_mended_there(upload: Upload):
    dropped(upload, lines=GOOD_LINES, heads=GOOD_HEADS.replace("2025-02-10", "2025-02-31"))
    (refusal,) = run(upload.check_rows).refused
    assert (refusal.sheet, refusal.line, refusal.heading, refusal.value) == (
        "lines.csv", 4, "Order Date", "2025-02-31")
    upload.mend("lines.csv", 4, "Order Date", "2025-02-28")
    run(lambda job: upload.look(job, {}, {}))
    assert run(upload.check_rows).counts["orders"]["taken"] == 3


def test_nothing_is_decided_anew_where_neither_lines_nor_header_are_new(upload: Upload):
    dropped(upload, lines=GOOD_LINES, heads=GOOD_HEADS)
    lines = upload.sheets["lines.csv"]
    headers.take(lines, None)
    dropped(upload, notes="a,b\n1,2\n")
    assert lines.header is None


def test_a_formula_stays_where_a_header_is_found(upload: Upload):
    dropped(upload, lines="Order ID,Net,Tax\nO1,10,1\nO1,20,2\nO2,5,1\n")
    lines = upload.sheets["lines.csv"]
    lines.take("orders")
    lines.pair("amount", "Net + Tax")
    dropped(upload, heads=GOOD_HEADS.replace("Amount", "Weight"))
    assert lines.header and (lines.columns["amount"], lines.missing) == ("Net + Tax", [])
    assert run(upload.check_rows).parties[0].amount == 33  # of A: 10 + 1 + 20 + 2


def test_a_header_that_is_taken_away_is_forgotten_at_once(upload: Upload):
    """The page is drawn before the files that are left have been looked at again."""
    dropped(upload, lines=GOOD_LINES, heads=GOOD_HEADS)
    upload.remove(upload.paths[1])
    lines = upload.sheets["lines.csv"]
    assert (lines.header, lines.missing) == (None, ["order_date", "account_id"])


def test_a_header_chosen_without_keys_is_matched_by_what_both_have_in_common(upload: Upload):
    dropped(upload, lines="Row,Ref,Amount\n1,A1,10\n2,A1,20\n3,A2,5\n",
            heads="Row,Ref,Day,Customer\n7,A1,2025-01-01,X\n8,A2,2025-01-02,Y\n")
    lines = upload.sheets["lines.csv"]
    headers.take(lines, None)
    headers.take(lines, upload.sheets["heads.csv"])
    assert lines.header and (lines.header.key, lines.header.their_key) == ("Ref", "Ref")


@pytest.mark.parametrize(("lines", "heads"), [
    (GOOD_LINES, GOOD_HEADS),
    (GOOD_LINES.replace("Order ID", "order id"), GOOD_HEADS.replace("Order ID", "ORDER ID")),  # headings still alike
])
def test_what_is_remembered_is_what_it_was_the_first_time(upload: Upload, tmp_path: Path, lines: str, heads: str):
    """The header has all that orders need: beside its lines it would count each order twice, 35 and 35."""
    dropped(upload, lines=GOOD_LINES, heads=GOOD_HEADS)
    first = upload.sheets["lines.csv"]
    first.pair("order_id", None)
    again = Upload(Workspace.create(tmp_path), Policy())
    dropped(again, {headers.shape(first.look): first.to_remember()}, lines=lines, heads=heads)
    taken = again.sheets["lines.csv"]
    assert taken.remembered and taken.header and taken.header.key in taken.look.headings
    assert again.sheets["heads.csv"].table is None
    assert sum(party.amount or 0 for party in run(again.check_rows).parties) == 35
    again.workspace.close()


# --- dates and marks of the header are told by the header

AMBIGUOUS = "Order ID,Order Date,Customer\nO1,03/01/2025,A\nO2,04/02/2025,B\n"
ALONE = "Order ID,Ship Day,Amount\nO1,2025-05-01,10\nO2,2025-05-02,5\n"
BY_DAY = MAPPING.replace('region = "Region"\n', "").replace('order_id = "Order ID"\n', "")


def days(taken: list) -> list[str]:
    return [day for _, day, *_ in taken]


@pytest.mark.parametrize(("proof", "expected"), [
    ("O3,02/28/2025,C", ["2025-03-01", "2025-04-02"]), ("O3,28/02/2025,C", ["2025-01-03", "2025-02-04"])])
def test_a_header_without_lines_still_tells_how_dates_are_written(tmp_path: Path, proof: str, expected: list[str]):
    """No line names O3: the upload page tells the order by it, and so must the load."""
    (tmp_path / "heads.csv").write_text(AMBIGUOUS + proof + "\n")
    (tmp_path / "lines.csv").write_text(ALONE)
    assert days(load(tmp_path, BY_DAY)[1]) == expected


def test_what_is_said_of_all_dates_of_a_file_holds_for_that_file_alone(tmp_path: Path):
    (tmp_path / "heads.csv").write_text(AMBIGUOUS)
    (tmp_path / "lines.csv").write_text(ALONE.replace("2025-05-", "2025.05."))
    said = BY_DAY + 'format.date = "%m/%d/%Y"\n[orders.format]\ndate = "%Y.%m.%d"\n'
    text = said.replace('amount = "Amount"', 'amount = "Amount"\ndue_on = "Ship Day"')
    _, taken, refused = load(tmp_path, text)
    assert (days(taken), refused) == (["2025-03-01", "2025-04-02"], [])


def test_a_header_with_a_decimal_comma_beside_lines_with_a_point(tmp_path: Path):
    """1,085 is read by the 12,50 that stands beside it in the header, not by the 10.50 of the lines."""
    (tmp_path / "heads.csv").write_text("Order ID;Order Date;Customer;Rate;Freight\nO1;2025-01-10;A;1,085;12,50\n")
    (tmp_path / "lines.csv").write_text("Order ID,Amount\nO1,10.50\nO1,\"1,000.00\"\n")
    _, taken, _ = load(tmp_path, BY_DAY.replace('amount = "Amount"', 'amount = "Amount * Rate"'))
    assert [row[4] for row in taken] == [11, 1085]  # 11.39 and 1,085.00


# --- what is no pair

ACCOUNTS = "Customer ID,Name,Date\nC1,Acme,2020-01-01\nC2,Beta,2021-01-01\n"


def test_the_day_of_a_customer_is_no_day_of_its_orders(tmp_path: Path, upload: Upload):
    """A list of accounts has a customer and a day, once for each customer: that is no header of orders."""
    lines = "Customer ID,Product,Amount\nC1,Bolt,10\nC2,Nut,4\n"
    (tmp_path / "a.csv").write_text(ACCOUNTS)
    (tmp_path / "l.csv").write_text(lines)
    assert [(entry.table, entry.join) for entry in guess([tmp_path]).tables] == [("accounts", None)]
    dropped(upload, accounts=ACCOUNTS, lines=lines)
    assert upload.sheets["lines.csv"].header is None and upload.sheets["accounts.csv"].table == "accounts"


def test_a_whole_table_of_its_own_is_no_lines_of_orders(tmp_path: Path):
    """Deals have an amount and no order date; by their number they would find one."""
    (tmp_path / "deals.csv").write_text(
        "opportunity_id,account_id,amount,stage,created_at\nP1,C1,10,Won,2024-01-01\nP2,C2,20,Lost,2024-01-02\n")
    (tmp_path / "calls.csv").write_text("opportunity_id,customer,date\nP1,C1,2024-03-01\nP2,C2,2024-03-02\n")
    assert "orders" not in [entry.table for entry in guess([tmp_path]).tables]
