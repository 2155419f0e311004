"""The public business sets as a person brings them to the upload page: files, corrections by hand, what comes of it.

`tests/unit/test_business_sets.py` holds them to it, `tests/reading_table.py` writes them down in docs/reading.md.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kam_core.policy import Policy
from kam_core.uploads import headers
from kam_core.uploads.upload import Upload
from kam_core.uploads.workspace import Workspace
from tests.jobs import run


@dataclass(frozen=True)
class Correction:
    """One thing chosen or written by hand on the page: `what` is a column of ours, "table", or "header" (the sheet from
    which rows take what they lack)."""

    sheet: str
    what: str
    value: str

    def __str__(self) -> str:
        return f"{self.sheet}: {self.what} = {self.value or 'none'}"


@dataclass(frozen=True)
class BusinessSet:
    """`files` are patterns below the folder of the data; `rows`: our table → (taken, refused), as on the page."""

    name: str
    files: tuple[str, ...]
    rows: dict[str, tuple[int, int]]
    corrections: tuple[Correction, ...] = ()
    remark: str = ""


SETS = (
    BusinessSet(
        "adventureworks_resellers", ("adventureworks_resellers/pipe_utf8/*.csv",),
        {"accounts": (701, 0), "orders": (57_851, 0), "managers": (18, 0), "targets": (809, 0)},
        (Correction("Sales.csv", "header", "Salesperson.csv"), Correction("Sales.csv", "manager_id", "EmployeeID")),
        "sales name people by EmployeeKey, targets by EmployeeID; Salesperson.csv has both",
    ),
    BusinessSet(
        "amazing_mart_eu", ("amazing_mart_eu/*.xlsx",), {"orders": (8_047, 0), "targets": (144, 0)},
        (Correction("AmazingMartEU2.xlsx/SalesTargets", "table", "targets"),
         Correction("AmazingMartEU2.xlsx/SalesTargets", "manager_id", "Category")),
        "dates and customers of the order lines come from the sheet of orders, by Order ID; targets are by category",
    ),
    BusinessSet(
        "btyd: CDNOW log", ("btyd/cdnow_sample_elog.csv",), {"orders": (6_919, 0)},
    ),
    BusinessSet(
        "btyd: grocery log", ("btyd/grocery_elog.csv",), {"orders": (10_483, 0)},
        (Correction("grocery_elog.csv", "table", "orders"), Correction("grocery_elog.csv", "amount", "1")),
        "it has no amounts: each purchase counts as 1, so sums of money are numbers of purchases",
    ),
    BusinessSet(
        "btyd: customer days", ("btyd/online_retail_ii_customer_days.parquet",), {"orders": (37_990, 0)},
        (Correction("online_retail_ii_customer_days.parquet", "amount", "gross + returns"),),
    ),
    BusinessSet(
        "cdnow: whole cohort", ("cdnow/CDNOW_master.txt",), {"orders": (69_659, 0)},
    ),
    BusinessSet(
        "cdnow: sample", ("cdnow/CDNOW_sample.txt",), {"orders": (6_919, 0)}, (),
        "it has no headings: the columns are told by what stands in them",
    ),
    BusinessSet(
        "crm_maven", ("crm_maven/*.csv",), {"accounts": (85, 0), "opportunities": (8_800, 0), "managers": (35, 0)},
    ),
    BusinessSet(
        "ibm_telco_churn", ("ibm_telco_churn/*.xlsx",), {"accounts": (7_043, 0)}, (),
        "a list of customers, without orders: churn and charges are explored",
    ),
    BusinessSet(
        "ms_financial_sample", ("ms_financial_sample/*.xlsx",), {"orders": (700, 0)},
        (Correction("Financial Sample.xlsx/Sheet1", "account_id", "Country"),),
        "it names no customer: countries stand for them",
    ),
    BusinessSet(
        "northwind", ("northwind/clean_orders_denormalised/*.csv",),
        {"accounts": (91, 0), "orders": (2_155, 0), "managers": (9, 0)},
        (Correction("suppliers.csv", "table", ""),
         Correction("employees.csv", "name", "concat(FirstName, ' ', LastName)")),
        "suppliers are no customers",
    ),
    BusinessSet(
        "superstore_en: csv", ("superstore_en/*.csv",), {"orders": (9_994, 0)},
    ),
    BusinessSet(
        "superstore_en: workbook", ("superstore_en/*.xlsx",), {"orders": (9_994, 0)},
    ),
    BusinessSet(
        "support_tickets", ("support_tickets/*.csv",), {"tickets": (8_469, 0)},
        (Correction("customer_support_tickets.csv", "opened_at", "FirstResponseTime"),),
        "it does not say when a ticket was opened",
    ),
    BusinessSet(
        "uci_online_retail", ("uci_online_retail/*.parquet",), {"orders": (417_534, 107_927)}, (),
        "rows without a customer are refused, and said so",
    ),
    BusinessSet(
        "uci_wholesale_customers", ("uci_wholesale_customers/*.csv",), {}, (),
        "explored only: each row is a customer, but no column says which one, or when",
    ),
    BusinessSet(
        "zh_small_crm", ("zh_small_crm/*.csv",), {"accounts": (29, 0), "orders": (124, 0), "targets": (50, 0)},
        (Correction("targets.csv", "table", "targets"),
         Correction("targets.csv", "manager_id", "concat(地区, ' ', 产品类别)")),
        "targets are by region and category, and stand under these names",
    ),
)  # fmt: skip


@contextmanager
def brought(one: BusinessSet, data: Path) -> Iterator[Upload]:
    """The upload as the page has it after the corrections, its rows checked."""
    with tempfile.TemporaryDirectory() as folder:
        upload = Upload(Workspace.create(Path(folder)), Policy())
        for path in sorted(p for pattern in one.files for p in data.glob(pattern)):
            with path.open("rb") as content:
                upload.add(path.name, content)
        run(lambda job: upload.look(job, {}, {}), 300)
        for correction in one.corrections:
            _correct(upload, correction)
        if upload.is_mapped:
            run(upload.check_rows, 300)
        yield upload
        upload.workspace.close()


def _correct(upload: Upload, correction: Correction) -> None:
    sheet = upload.sheets[correction.sheet]
    if correction.what == "table":
        sheet.take(correction.value or None)
    elif correction.what == "header":
        headers.take(sheet, upload.sheets[correction.value])
    else:
        sheet.pair(correction.what, correction.value)
