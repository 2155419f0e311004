"""An upload from the drop to the company's data and back, without a browser; figures worked out by hand."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kam_core.access.scope import Scope
from kam_core.errors import KamError
from kam_core.ingest import guess
from kam_core.policy import Policy
from kam_core.schema import TABLES
from kam_core.text.i18n import t
from kam_core.ui import states
from kam_core.uploads import publish
from kam_core.uploads.job import Job, Stopped
from kam_core.uploads.upload import Upload, safe_name
from kam_core.uploads.workspace import Workspace
from kam_core.warehouse.load import load
from kam_core.warehouse.snapshots import Store
from tests.jobs import run

TEMPLATES = Path(__file__).resolve().parents[2] / "data" / "templates"
# Revenue of 2026, as of 10 Feb: 100 + 200 = 300, of 2 accounts.
COMPANY = """order_date,account_id,amount,order_id,line_no,name
2026-01-10,A1,100,O1,1,Haihe Power
2026-02-10,A2,200,O2,1,Lanjiang Steel
"""
# O2 now says 250 (changed), O1 is as before, O3 is new; O4 has no date and O5 no number.
FILE = """order_date,account_id,amount,order_id,line_no,name
2026-01-10,A1,100,O1,1,Haihe Power
2026-02-10,A2,250,O2,1,Lanjiang Steel
2026-02-20,A3,40,O3,1,白塔银行
2026-02-31,A3,7,O4,1,白塔银行
2026-02-21,A1,ten,O5,1,Haihe Power
"""
EVERYTHING = Scope.everything()


@pytest.fixture
def upload(tmp_path: Path) -> Iterator[Upload]:
    workspace = Workspace.create(tmp_path)
    made = Upload(workspace, Policy())
    made.add("orders.csv", io.BytesIO(FILE.encode()))
    run(lambda job: made.look(job, {}, {}))
    yield made
    workspace.close()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "company.csv").write_text(COMPANY, encoding="utf-8")
    made = Store(tmp_path / "warehouse")
    load(made, [tmp_path / "company.csv"], as_table="orders", policy=Policy())
    return made


def test_a_dropped_file_becomes_a_table_and_a_proposal(upload: Upload):
    (sheet,) = upload.sheets.values()
    assert (sheet.held, sheet.rows, sheet.table, sheet.missing) == ("t1", 5, "orders", [])
    assert sheet.columns["order_date"] == "order_date" and upload.is_read
    assert upload.workspace.reader().rows("select count(*), count(order_id) from t1") == [(5, 5)]


def test_rows_that_cannot_be_taken_are_told_with_their_cells(upload: Upload):
    check = run(upload.check_rows)
    assert check.counts == {"orders": {"read": 5, "taken": 3, "refused": 2, "left_out": 0}}
    assert [(r.line, r.heading, r.value) for r in check.refused] == [
        (5, "order_date", "2026-02-31"), (6, "amount", "ten")
    ]
    assert sorted(column for _, column, _, n in check.reasons if n == 1) == ["amount", "order_date"]
    (sheet,) = upload.sheets.values()
    assert upload.rows_of(check.refused, sheet)[6]["name"] == "Haihe Power"


def test_corrected_cells_are_taken_and_explored(upload: Upload):
    (id,) = upload.sheets
    upload.mend(id, 5, "order_date", "2026-02-28")
    upload.mend(id, 6, "amount", "10")
    assert not upload.is_read and upload.check is None
    run(lambda job: upload.look(job, {}, {}))
    assert run(upload.check_rows).counts["orders"]["taken"] == 5
    # 100 + 250 + 40 + 7 + 10
    assert float(upload.workspace.reader().rows("select sum(amount) from t1")[0][0]) == 407


def test_the_accounts_that_a_file_names(upload: Upload):
    found = {p.id: (p.name, p.rows, p.amount) for p in run(upload.check_rows).parties}
    assert found == {
        "A1": ("Haihe Power", 1, 100.0), "A2": ("Lanjiang Steel", 1, 250.0), "A3": ("白塔银行", 1, 40.0)
    }  # fmt: skip


def test_a_mapping_made_for_this_shape_is_taken_again(upload: Upload):
    (sheet,) = upload.sheets.values()
    columns = {"order_date": "order_date", "account_id": "name", "amount": "amount"}
    sheet.propose({}, {"table": "orders", "columns": columns})
    assert sheet.remembered and sheet.columns["account_id"] == "name"
    sheet.propose({}, {"table": "orders", "columns": {"account_id": "gone"}})
    assert not sheet.remembered and sheet.columns["account_id"] == "account_id"


def test_a_column_can_be_filled_by_a_formula_and_one_that_cannot_be_read_changes_nothing(upload: Upload):
    (sheet,) = upload.sheets.values()
    sheet.pair("amount", "amount * 2")
    with pytest.raises(KamError, match="there is no column 'price'"):
        sheet.pair("amount", "price * 2")
    assert sheet.columns["amount"] == "amount * 2"
    run(upload.check_rows)
    assert sum(party.amount or 0 for party in upload.check.parties) == 780  # (100 + 250 + 40) * 2
    sheet.pair("amount", None)
    assert sheet.missing == ["amount"]


def test_confirmed_accounts_are_loaded_under_our_numbers(upload: Upload):
    upload.accounts = {"A3": "B7"}
    assert {p.id for p in run(upload.check_rows).parties} == {"A1", "A2", "B7"}


def test_figures_of_the_upload_alone(upload: Upload):
    snapshot = run(upload.build)
    assert publish.figures(snapshot, EVERYTHING).values["revenue"] == 390  # 100 + 250 + 40
    assert snapshot.path.is_relative_to(upload.workspace.folder)


def test_what_publishing_would_change_is_told_and_nothing_is_changed(upload: Upload, store: Store):
    before = store.current()
    found = run(lambda job: publish.propose(job, store, upload, EVERYTHING))
    counts = found.report.tables["orders"]
    assert (counts["added"], counts["updated"], counts["unchanged"], counts["refused"]) == (1, 1, 1, 2)
    assert (found.before.values["revenue"], found.after.values["revenue"]) == (300, 390)
    assert (found.before.values["active_accounts"], found.after.values["active_accounts"]) == (2, 3)
    assert store.current() == before and found.parent == before.id
    assert not (upload.workspace.folder / "trial").exists()


def test_published_and_taken_back_with_the_figures_before_and_after(upload: Upload, store: Store):
    first = store.current()
    report = run(lambda job: publish.publish(job, store, upload, "Ada"))
    assert report.snapshot and report.snapshot.manifest.created_by == "Ada"
    back = publish.returning(store, first.id, EVERYTHING)
    assert (back.now.values["revenue"], back.then.values["revenue"]) == (390, 300)
    assert [s.id for s in back.gone] == [report.snapshot.id] and not back.lost
    store.undo(first.id, "Bob")
    assert store.current().manifest.created_by == "Bob"
    assert publish.figures(store.current(), EVERYTHING).values["revenue"] == 300
    again = publish.returning(store, report.snapshot.id, EVERYTHING)
    assert (again.now.values["revenue"], again.then.values["revenue"]) == (300, 390)
    assert [s.id for s in again.back] == [report.snapshot.id] and not again.gone and not again.lost


def test_undoing_an_earlier_load_names_the_later_ones_that_go_with_it(upload: Upload, store: Store, tmp_path: Path):
    first = store.current()
    second = run(lambda job: publish.publish(job, store, upload, "Ada")).snapshot
    (tmp_path / "more.csv").write_text("order_date,account_id,amount,order_id,line_no\n2026-03-01,A1,5,O9,1\n")
    third = load(store, [tmp_path / "more.csv"], as_table="orders", policy=Policy()).snapshot
    assert [s.id for s in publish.returning(store, first.id, EVERYTHING).gone] == [third.id, second.id]


def test_a_stopped_load_changes_nothing(upload: Upload, store: Store):
    before = store.current()

    def stopped(job: Job) -> None:
        job.stop()
        publish.publish(job, store, upload, "Ada")

    with pytest.raises(Stopped):
        run(stopped)
    assert store.current() == before


def test_all_of_an_upload_lies_in_its_folder_and_goes_with_it(upload: Upload):
    """What a zip holds is unpacked there too."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("january.csv", FILE)
    packed.seek(0)
    upload.add("months.zip", packed)
    run(lambda job: upload.look(job, {}, {}))
    unpacked = upload.sheets["months.zip/january.csv"].look.grid.source.path
    assert unpacked.is_relative_to(upload.workspace.folder)
    upload.workspace.close()
    assert not unpacked.exists() and not upload.workspace.folder.exists()


def test_a_file_taken_back_leaves_nothing(upload: Upload):
    upload.remove(upload.paths[0])
    assert upload.sheets == {} and upload.workspace.tables == [] and list(upload.workspace.files.iterdir()) == []
    with pytest.raises(KamError):
        upload.mapping()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\orders.csv", "orders.csv"),
        ("a\x00b\u202ecsv.exe", "abcsv.exe"),
        ("订单 2026.xlsx", "订单 2026.xlsx"),
        ("..", "file"),
        ("", "file"),
        ("x" * 300 + ".csv", "x" * 116 + ".csv"),
    ],
)
def test_a_file_keeps_its_name_without_what_could_lead_elsewhere(name: str, kept: str):
    assert safe_name(name) == kept


def test_two_files_of_one_name_are_two_files(upload: Upload):
    again = upload.add("orders.csv", io.BytesIO(FILE.encode()))
    assert again.name == "orders (2).csv"
    run(lambda job: upload.look(job, {}, {}))
    assert [t.title for t in upload.workspace.tables] == ["orders.csv", "orders (2).csv"]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("table", list(TABLES))
def test_a_filled_template_loads_without_a_question(tmp_path: Path, table: str, lang: str):
    """The rows of data/templates below the headings that the page's template has, in either language."""
    template = next(csv.reader(io.StringIO(states._headings(table, lang).decode("utf-8-sig"))))
    with (TEMPLATES / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        headings, *rows = csv.reader(file)
    assert headings == [column.name for column in TABLES[table].stored]
    path = tmp_path / (f"{table}.csv" if lang == "en" else f"{t('zh', f'table.{table}')}.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([template, *rows])
    (mapping,) = guess([path]).tables
    assert mapping.table == table
    assert mapping.columns == dict(zip(headings, template, strict=True))
