"""What a load does to the rows: merge, append, replace, by key and by content, and what it says about it."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kam_core.errors import KamError
from kam_core.ingest import Mapping
from kam_core.policy import Company, Policy, Retention
from kam_core.warehouse.engine import Reader
from kam_core.warehouse.load import LoadReport, fill, load, rebuild
from kam_core.warehouse.snapshots import Store

DAY_1, DAY_2 = date(2026, 3, 2), date(2026, 3, 9)
ORDERS = """order_date,account_id,amount,order_id,line_no,product
2025-02-10,A1,100.00,O1,1,pump
2025-01-05,A2,50.00,O2,1,valve
2025-03-20,A1,30.00,O3,1,pump
"""


class Warehouse:
    """A store and a folder of files, with the calls that the tests repeat."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder / "warehouse")

    def load(self, table: str, text: str, mode: str = "merge", **options: Any) -> LoadReport:
        path = self.folder / f"{table}.csv"
        path.write_text(text, encoding="utf-8")
        return load(self.store, [path], as_table=table, mode=mode, today=options.pop("today", DAY_1), **options)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        current = self.store.current()
        assert current is not None
        reader = Reader(current.path)
        try:
            return reader.rows(sql)
        finally:
            reader.close()

    def column(self, sql: str) -> list[Any]:
        return [row[0] for row in self.rows(sql)]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path)


def counts(report: LoadReport, table: str) -> tuple[int, ...]:
    """added, updated, unchanged, removed, refused"""
    return tuple(report.tables[table][c] for c in ("added", "updated", "unchanged", "removed", "refused"))


def test_a_first_load_takes_all_rows_sorted_by_date(warehouse: Warehouse) -> None:
    report = warehouse.load("orders", ORDERS)
    assert counts(report, "orders") == (3, 0, 0, 0, 0)
    assert warehouse.column("select order_id from raw.orders order by rowid") == ["O2", "O1", "O3"]
    assert report.snapshot == warehouse.store.current()
    assert warehouse.store.verify() == []
    assert warehouse.rows("select count(*) from raw.tickets") == [(0,)]  # a table never loaded exists and is empty


def test_the_same_file_twice_changes_nothing(warehouse: Warehouse) -> None:
    first = warehouse.load("orders", ORDERS)
    again = warehouse.load("orders", ORDERS)
    assert counts(again, "orders") == (0, 0, 3, 0, 0)
    assert again.snapshot is None
    assert not again.changed
    assert warehouse.store.list() == [first.snapshot]


def test_a_merge_updates_known_keys_adds_new_ones_and_removes_none(warehouse: Warehouse) -> None:
    warehouse.load("orders", ORDERS)
    report = warehouse.load(
        "orders",
        "order_date,account_id,amount,order_id,line_no,product\n"
        "2025-02-10,A1,100.00,O1,1,pump\n"  # as before
        "2025-01-05,A2,55.00,O2,1,valve\n"  # another amount
        "2025-02-11,A3,7.00,O4,1,valve\n",  # new
    )
    assert counts(report, "orders") == (1, 1, 1, 0, 0)
    assert warehouse.rows("select order_id, amount from raw.orders order by rowid") == [
        ("O2", 55), ("O1", 100), ("O4", 7), ("O3", 30),
    ]  # fmt: skip
    # an unchanged row keeps the source it came from, the others name the new file
    assert warehouse.rows("select order_id, source_id, source_line from raw.orders order by order_id") == [
        ("O1", 1, 2), ("O2", 2, 3), ("O3", 1, 4), ("O4", 2, 4),
    ]  # fmt: skip
    assert warehouse.rows("select source_id, name from meta.files order by 1") == [(1, "orders.csv"), (2, "orders.csv")]


def test_an_update_leaves_columns_that_the_file_does_not_have(warehouse: Warehouse) -> None:
    warehouse.load("accounts", "account_id,name,region,city\nA1,Acme,East,Berlin\nA2,Bolt,West,Paris\n")
    report = warehouse.load("accounts", "account_id,name,region\nA1,Acme,North\nA2,Bolt,West\n")
    assert counts(report, "accounts") == (0, 1, 1, 0, 0)
    assert warehouse.rows("select account_id, region, city from raw.accounts order by 1") == [
        ("A1", "North", "Berlin"), ("A2", "West", "Paris"),
    ]  # fmt: skip


def test_an_empty_cell_of_a_column_that_the_file_has_empties_it(warehouse: Warehouse) -> None:
    warehouse.load("accounts", "account_id,name,region\nA1,Acme,East\n")
    report = warehouse.load("accounts", "account_id,name,region\nA1,Acme,\nA2,Bolt,West\n")
    assert counts(report, "accounts") == (1, 1, 0, 0, 0)
    assert warehouse.rows("select region from raw.accounts order by account_id") == [(None,), ("West",)]


KEYLESS = "account_id,date,kind\nA1,2025-01-01,visit\nA1,2025-01-01,visit\nA2,2025-01-01,call\n"


def test_rows_without_a_key_are_matched_by_content_and_count(warehouse: Warehouse) -> None:
    assert counts(warehouse.load("activities", KEYLESS), "activities") == (3, 0, 0, 0, 0)
    assert counts(warehouse.load("activities", KEYLESS), "activities") == (0, 0, 3, 0, 0)
    # three equal visits where there were two: one is new; the call and its single row stay
    more = "account_id,date,kind\n" + "A1,2025-01-01,visit\n" * 3
    assert counts(warehouse.load("activities", more), "activities") == (1, 0, 2, 0, 0)
    # fewer than before: max(3, 1) = 3
    fewer = warehouse.load("activities", "account_id,date,kind\nA1,2025-01-01,visit\n")
    assert counts(fewer, "activities") == (0, 0, 1, 0, 0)
    assert warehouse.rows("select kind, count(*) from raw.activities group by 1 order by 1") == [
        ("call", 1),
        ("visit", 3),
    ]


def test_a_key_with_a_missing_part_is_no_key(warehouse: Warehouse) -> None:
    lines = "order_date,account_id,amount,order_id,line_no\n2025-01-05,A1,10.00,O1,\n2025-01-05,A1,10.00,O1,\n"
    assert counts(warehouse.load("orders", lines), "orders") == (2, 0, 0, 0, 0)
    # same order, no line number, another amount: no update, for nothing tells which line it is
    other = "order_date,account_id,amount,order_id,line_no\n2025-01-05,A1,12.00,O1,\n2025-01-05,A1,10.00,O1,1\n"
    assert counts(warehouse.load("orders", other), "orders") == (2, 0, 0, 0, 0)
    assert warehouse.rows("select line_no, amount from raw.orders order by all") == [
        (1, 10), (None, 10), (None, 10), (None, 12),
    ]  # fmt: skip


def test_append_adds_and_refuses_known_keys_with_other_content(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load("orders", ORDERS)
    text = (
        "order_date,account_id,amount,order_id,line_no,product\n"
        "2025-02-10,A1,100.00,O1,1,pump\n"  # as before
        "2025-01-05,A2,99.00,O2,1,valve\n"  # known, other amount
        "2025-04-01,A3,7.00,O4,1,valve\n"
    )
    report = warehouse.load("orders", text, "append", rejects=tmp_path / "refused.csv")
    assert counts(report, "orders") == (1, 0, 1, 0, 1)
    assert warehouse.column("select amount from raw.orders order by order_id") == [100, 50, 30, 7]
    reason = "is loaded already with other content, and an append only adds"
    assert report.refused_examples == [
        {"table_name": "orders", "file": "orders.csv", "line": 3, "column_name": "order_id, line_no", "value": "O2, 1",
         "reason": reason},
    ]  # fmt: skip
    assert warehouse.rows("select line, value, reason from meta.refused") == [(3, "O2, 1", reason)]


def test_replace_takes_the_file_as_the_whole_table(warehouse: Warehouse) -> None:
    warehouse.load("orders", ORDERS)
    warehouse.load("accounts", "account_id,name\nA1,Acme\n")
    text = (
        "order_date,account_id,amount,order_id,line_no,product\n"
        "2025-02-10,A1,100.00,O1,1,pump\n"  # unchanged
        "2025-01-05,A2,55.00,O2,1,valve\n"  # updated; O3 is gone
        "2025-01-02,A3,7.00,O4,1,valve\n"
    )
    report = warehouse.load("orders", text, "replace")
    assert counts(report, "orders") == (1, 1, 1, 1, 0)
    assert warehouse.rows("select order_id, amount from raw.orders order by rowid") == [
        ("O4", 7),
        ("O2", 55),
        ("O1", 100),
    ]
    assert warehouse.rows("select count(*) from raw.accounts") == [(1,)]
    again = warehouse.load("orders", text, "replace")
    assert counts(again, "orders") == (0, 0, 3, 0, 0)
    assert again.snapshot is None


def test_replace_counts_rows_without_a_key_too(warehouse: Warehouse) -> None:
    warehouse.load("activities", KEYLESS)
    # of two equal visits one stays, the call goes, a meeting comes
    report = warehouse.load(
        "activities", "account_id,date,kind\nA1,2025-01-01,visit\nA3,2025-01-01,meeting\n", "replace"
    )
    assert counts(report, "activities") == (1, 0, 1, 2, 0)
    assert warehouse.column("select kind from raw.activities order by 1") == ["meeting", "visit"]


def test_a_replace_by_a_file_without_a_column_empties_the_column(warehouse: Warehouse) -> None:
    warehouse.load("accounts", "account_id,name,city\nA1,Acme,Berlin\n")
    report = warehouse.load("accounts", "account_id,name\nA1,Acme\n", "replace")
    assert counts(report, "accounts") == (0, 1, 0, 0, 0)
    assert warehouse.column("select city from raw.accounts") == [None]


def test_a_dry_run_counts_but_publishes_nothing(warehouse: Warehouse) -> None:
    report = warehouse.load("orders", ORDERS, dry_run=True)
    assert counts(report, "orders") == (3, 0, 0, 0, 0)
    assert report.changed
    assert report.snapshot is None
    assert warehouse.store.current() is None


def test_refused_rows_are_kept_counted_and_written_safely(warehouse: Warehouse, tmp_path: Path) -> None:
    rejects = tmp_path / "refused.csv"
    text = "order_date,account_id,amount\n2025-01-05,A1,10.00\n2025-01-06,A1,=1+1\n2025-01-07,,5\nsoon,A2,5\n"
    report = warehouse.load("orders", text, rejects=rejects)
    assert counts(report, "orders") == (1, 0, 0, 0, 3)
    assert rejects.read_bytes().startswith(b"\xef\xbb\xbf")  # so that Excel reads it as UTF-8
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["file"], r["line"], r["column"], r["value"]) for r in rows] == [
        ("orders.csv", "3", "amount", "'=1+1"), ("orders.csv", "4", "account_id", ""),
        ("orders.csv", "5", "order_date", "soon"),
    ]  # fmt: skip
    assert warehouse.rows("select line, column_name, value from meta.refused order by line") == [
        (3, "amount", "=1+1"), (4, "account_id", None), (5, "order_date", "soon"),
    ]  # fmt: skip


def test_a_load_that_takes_no_row_is_refused(warehouse: Warehouse) -> None:
    warehouse.load("orders", ORDERS)
    before = warehouse.store.current()
    columns = "order_date,account_id,amount"
    mapping = Mapping.parse("[orders]\n" + "\n".join(f'{c} = "{c}"' for c in columns.split(",")))
    with pytest.raises(KamError, match=r"every row of orders.csv was refused .* line 2: order_date soon is not a date"):
        warehouse.load("orders", f"{columns}\nsoon,A1,10.00\n", "replace", mapping=mapping)
    assert warehouse.store.current() == before
    assert warehouse.store.verify() == []


def test_rejects_that_cannot_be_written_stop_the_load(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(KamError, match="cannot write the refused rows"):
        warehouse.load("orders", ORDERS, rejects=tmp_path / "no such folder" / "refused.csv")
    assert warehouse.store.current() is None


def test_an_unknown_mode_is_said(warehouse: Warehouse) -> None:
    with pytest.raises(KamError, match="merge, append, replace"):
        warehouse.load("orders", ORDERS, "overwrite")


def test_meta_is_carried_forward_and_numbers_of_files_are_never_given_twice(warehouse: Warehouse) -> None:
    first = warehouse.load("orders", ORDERS).snapshot
    second = warehouse.load("accounts", "account_id,name\nA1,Acme\n").snapshot
    assert first is not None
    assert second is not None
    assert warehouse.rows("select load_id, table_name, rows_read, added from meta.loads order by 1") == [
        (first.id, "orders", 3, 3), (second.id, "accounts", 1, 1),
    ]  # fmt: skip
    assert warehouse.rows("select value from meta.manifest where key = 'id'") == [(second.id,)]
    assert second.manifest.tables["orders"] == {"rows": 3}
    assert second.manifest.files[0]["name"] == "accounts.csv"
    warehouse.store.undo()
    assert warehouse.rows("select load_id from meta.loads") == [(first.id,)]
    third = warehouse.load("partners", "partner_id,name\nP1,Parts\n").snapshot
    assert third is not None
    assert warehouse.rows("select source_id, table_name from meta.files order by 1") == [(1, "orders"), (3, "partners")]
    assert warehouse.store.verify() == []


def test_pages_can_query_a_snapshot_that_was_gone_back_to(warehouse: Warehouse) -> None:
    warehouse.load("orders", ORDERS)
    warehouse.load("accounts", "account_id,name\nA1,Acme\n")
    warehouse.store.undo()
    # A1 in February, A2 in January, A1 in March: the views must not depend on the name of the file
    assert warehouse.rows("select count(*), sum(amount) from core.orders") == [(3, 180)]


def test_changed_months_are_said(warehouse: Warehouse) -> None:
    warehouse.load("orders", ORDERS)
    text = ORDERS.replace("A1,100.00,O1", "A1,110.00,O1")
    report = warehouse.load("orders", text)
    # only February changed: 110 / 100 - 1 = 10 %
    assert report.notes == ["orders: revenue of months already loaded changed by +10.0% (2025-02: 100.00 → 110.00)"]


def test_a_small_change_and_a_growing_last_month_are_no_news(warehouse: Warehouse) -> None:
    warehouse.load("orders", ORDERS)
    # 100.00 → 100.50 is 0.5 %, below alerts.total_change = 1 %
    assert warehouse.load("orders", ORDERS.replace("A1,100.00,O1", "A1,100.50,O1")).notes == []
    assert (
        warehouse.load("orders", "order_date,account_id,amount,order_id,line_no\n2025-03-25,A1,500,O9,1\n").notes == []
    )
    late = warehouse.load("orders", "order_date,account_id,amount,order_id,line_no\n2025-01-25,A1,50,O8,1\n").notes
    assert late == ["orders: revenue of months already loaded changed by +100.0% (2025-01: 50.00 → 100.00)"]


def test_a_changed_policy_alone_makes_a_snapshot(warehouse: Warehouse) -> None:
    warehouse.load("orders", ORDERS)
    other = Policy(company=Company(fiscal_year_start=4))
    report = warehouse.load("orders", ORDERS, policy=other)
    assert not report.changed
    assert report.snapshot is not None
    assert rebuild(warehouse.store, other) is None
    back = rebuild(warehouse.store, Policy())
    assert back is not None
    assert back.manifest.kind == "policy"
    assert warehouse.column("select order_id from raw.orders order by rowid") == ["O2", "O1", "O3"]
    assert warehouse.store.verify() == []


def test_retention_follows_the_policy(warehouse: Warehouse) -> None:
    policy = Policy(retention=Retention(keep_last=2, keep_monthly=False))
    for amount in (1, 2, 3):
        warehouse.load("orders", f"order_date,account_id,amount\n2025-01-05,A1,{amount}\n", policy=policy)
    assert len(warehouse.store.list()) == 2


def test_a_load_never_adds_to_the_demo(warehouse: Warehouse) -> None:
    def put(con: Any) -> None:
        con.execute("create table raw.managers as select 'M1' as manager_id, 'Ann' as name, null::varchar as email,"
                    " null::varchar as region, null::varchar as industry, null::varchar as team,"
                    " null::varchar as manager_of, null::date as hired_on, null::date as left_on,"
                    " 0 as source_id, 1::bigint as source_line")  # fmt: skip

    demo = fill(warehouse.store, put, Policy())
    assert demo.manifest.kind == "demo"
    assert warehouse.column("select name from raw.managers") == ["Ann"]
    assert demo.manifest.tables["managers"]["added"] == 1, "all of a demo is added: nothing was before"
    assert warehouse.column("select table_name from meta.loads") == ["managers"]
    assert warehouse.store.verify() == []
    report = warehouse.load("orders", ORDERS)
    assert counts(report, "orders") == (3, 0, 0, 0, 0)
    assert warehouse.column("select name from raw.managers") == []
    assert warehouse.store.undo().manifest.demo
    assert warehouse.column("select name from raw.managers") == ["Ann"]


def test_a_second_load_while_one_runs_is_refused(warehouse: Warehouse) -> None:
    with warehouse.store.writing(), pytest.raises(KamError, match="another load is running"):
        warehouse.load("orders", ORDERS)


def test_data_built_by_another_version_are_rebuilt_with_nothing_lost(tmp_path, monkeypatch):
    store = Store(tmp_path / "warehouse")
    path = tmp_path / "orders.csv"
    path.write_text("order_date,account_id,amount,order_id\n2025-02-10,Haihe,120,2\n", encoding="utf-8")
    first = load(store, [path], policy=Policy()).snapshot
    assert rebuild(store, Policy()) is None
    monkeypatch.setattr("kam_core.warehouse.version.built_by", lambda: "a newer version")
    second = rebuild(store, Policy())
    assert second.manifest.built_by == "a newer version" != first.manifest.built_by
    assert second.manifest.tables["orders"]["rows"] == 1
