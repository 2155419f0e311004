"""Every public business set, brought as a person would: understood, mapped and charted with at most two corrections.

Totals are worked out apart from the product: by the answers that come with a set, published figures, or pandas.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kam_core.explore import shape, source
from kam_core.explore.profile import profile
from kam_core.explore.suggest import suggest
from kam_core.ingest import prepare
from kam_core.uploads.upload import Upload
from kam_core.warehouse.engine import workbench
from tests.business_sets import SETS, BusinessSet, brought

CENTS = 0.005  # an amount is kept to the cent: a sum may be off by half a cent a row
Found = list[tuple[Any, ...]]


def test_no_set_takes_more_than_two_corrections():
    assert len(SETS) == 17
    assert max(len(one.corrections) for one in SETS) == 2
    assert [one.name for one in SETS if not one.rows] == ["uci_wholesale_customers"]


@pytest.mark.parametrize("one", SETS, ids=lambda one: one.name)
def test_a_set_is_mapped_charted_and_adds_up(one: BusinessSet, shared_data: Path):
    with brought(one, shared_data) as upload:
        counts = upload.check.counts if upload.check else {}
        assert {table: (n["taken"], n["refused"]) for table, n in counts.items()} == one.rows
        _has_a_first_chart(upload)
        if one.rows:
            con = workbench()
            prepare(con, upload.paths, upload.mapping())
            for sql, expected, off in TOTALS[one.name](shared_data):
                found = con.execute(sql).fetchall()
                assert _plain(found) == pytest.approx(expected, abs=off), sql


def _plain(found: Found) -> Any:
    """One figure as it is, two columns as a dict."""
    if len(found) == 1 and len(found[0]) == 1:
        return float(found[0][0])
    return {str(name): float(value) for name, value in found}


def _has_a_first_chart(upload: Upload) -> None:
    """The table that is explored first draws its first question from all of its rows."""
    reader = upload.workspace.reader()
    held = max(upload.workspace.tables, key=lambda table: table.rows)
    table = source.table(reader, held.name, held.columns)
    first = suggest(profile(table))[0]
    answer = shape.answer(table, first)
    assert answer.total["rows"] == held.rows and len(answer.part("cell")) > 1


def _answers(data: Path, name: str) -> dict[str, Any]:
    answers: dict[str, Any] = json.loads((data / name / "ANSWERS.json").read_text("utf-8"))
    return answers


Totals = list[tuple[str, Any, float]]
REVENUE = "select sum(amount) from staged.orders"
STRANGERS = "select count(*) from staged.orders where manager_id not in (select manager_id from staged.managers)"
WHO = "select count(distinct account_id) from staged.orders"


def _adventureworks(data: Path) -> Totals:
    folder = data / "adventureworks_resellers" / "pipe_utf8"
    sales = pd.read_csv(folder / "Sales.csv", sep="|")
    targets = pd.read_csv(folder / "Targets.csv", sep="|")
    return [
        (REVENUE, sales["Sales"].sum(), CENTS * len(sales)),
        ("select sum(target_amount) from staged.targets", targets["TargetAmount"].sum(), 0),
        (STRANGERS, 0, 0),
        ("select count(*) from staged.targets where manager_id not in (select manager_id from staged.managers)", 0, 0),
        ("select count(*) from staged.orders where account_id not in (select account_id from staged.accounts)", 0, 0),
    ]


def _amazing_mart(data: Path) -> Totals:
    answers = _answers(data, "amazing_mart_eu")
    by = "select {}, sum({}) from staged.{} group by 1"
    return [
        (REVENUE, answers["revenue_total"], 0),
        (WHO, answers["customers"], 0),
        ("select count(distinct order_id) from staged.orders", answers["orders"], 0),
        (by.format("strftime(order_date, '%Y-%m')", "amount", "orders"), answers["revenue_per_month"], 0),
        (by.format("region", "amount", "orders"), answers["revenue_by_region"], 0),
        (by.format("product_line", "amount", "orders"), answers["actual_by_category"], 0),
        (by.format("manager_id", "target_amount", "targets"), answers["targets_by_category"], 0),
        (by.format("year(period)", "target_amount", "targets"), answers["target_by_year"], 0),
    ]


def _cdnow_log(data: Path) -> Totals:
    return [(REVENUE, pd.read_csv(data / "btyd" / "cdnow_sample_elog.csv")["sales"].sum(), 1e-6), (WHO, 2_357, 0)]


def _grocery(data: Path) -> Totals:
    return [(REVENUE, 10_483, 0), (WHO, 1_525, 0),  # as the set's description counts them
            ("select count(*) from staged.orders where order_date between '2006-01-01' and '2007-12-30'", 10_483, 0)]


def _customer_days(data: Path) -> Totals:
    days = pd.read_parquet(data / "btyd" / "online_retail_ii_customer_days.parquet")
    return [(REVENUE, (days["gross"] + days["returns"]).sum(), CENTS * len(days)),
            (WHO, days["CustomerID"].nunique(), 0)]


def _cdnow(data: Path) -> Totals:
    names = ["who", "day", "cds", "value"]
    cohort = pd.read_csv(data / "cdnow" / "CDNOW_master.txt", sep=r"\s+", skiprows=1, names=names)
    return [(REVENUE, cohort["value"].sum(), 1e-4), (WHO, 23_570, 0)]  # the published number of customers


def _cdnow_sample(data: Path) -> Totals:
    return _cdnow_log(data)  # the same purchases, written in another way


def _crm_maven(data: Path) -> Totals:
    answers = _answers(data, "crm_maven")
    return [
        ("select sum(amount) from staged.opportunities where outcome = 'won'", answers["revenue_won_total"], 0),
        ("select stage, count(*) from staged.opportunities group by 1", answers["stage_counts"], 0),
        ("select count(*) from staged.opportunities where account_id is null", answers["deals_without_account"], 0),
        ("select count(*) from staged.managers", answers["agents_in_master"], 0),
    ]


def _telco(data: Path) -> Totals:
    customers = pd.read_excel(data / "ibm_telco_churn" / "Telco_customer_churn.xlsx", engine="calamine")
    return [("select count(distinct account_id) from staged.accounts", customers["CustomerID"].nunique(), 0)]


def _financial(data: Path) -> Totals:
    sample = pd.read_excel(data / "ms_financial_sample" / "Financial Sample.xlsx", engine="calamine")
    by_country = sample.groupby("Country")[" Sales"].sum().to_dict()
    return [("select account_id, sum(amount) from staged.orders group by 1", by_country, CENTS * len(sample)),
            (REVENUE, 118_726_350.26, CENTS * len(sample))]  # the published total


def _northwind(data: Path) -> Totals:
    lines = pd.read_csv(data / "northwind" / "clean_orders_denormalised" / "orders.csv")
    return [(REVENUE, (lines.UnitPrice * lines.Quantity * (1 - lines.Discount)).sum(), CENTS * len(lines)),
            ("select count(*) from staged.managers where name = 'Nancy Davolio'", 1, 0),
            (STRANGERS, 0, 0)]


def _superstore(data: Path) -> Totals:
    return [(REVENUE, 2_297_200.86, CENTS * 9_994), (WHO, 793, 0)]  # the published totals


def _tickets(data: Path) -> Totals:
    tickets = pd.read_csv(data / "support_tickets" / "customer_support_tickets.csv")
    by_priority = tickets["TicketPriority"].value_counts().to_dict()
    return [("select severity, count(*) from staged.tickets group by 1", by_priority, 0)]


def _online_retail(data: Path) -> Totals:
    lines = pd.read_parquet(data / "uci_online_retail" / "online_retail_II_year_2009-2010.parquet")
    known = lines[lines["Customer ID"].notna()]
    return [(REVENUE, (known["Quantity"] * known["Price"]).sum(), CENTS * len(known)),
            (WHO, known["Customer ID"].nunique(), 0)]


def _zh(data: Path) -> Totals:
    sales = pd.read_csv(data / "zh_small_crm" / "sales_data.csv")
    targets = pd.read_csv(data / "zh_small_crm" / "targets.csv")
    names = targets["地区"] + " " + targets["产品类别"]
    return [
        ("select region, sum(amount) from staged.orders group by 1", sales.groupby("地区")["销售额"].sum().to_dict(),
         1e-6),
        ("select manager_id, sum(target_amount) from staged.targets group by 1",
         targets.groupby(names)["销售目标"].sum().to_dict(), 0),
    ]


TOTALS: dict[str, Callable[[Path], Totals]] = {
    "adventureworks_resellers": _adventureworks, "amazing_mart_eu": _amazing_mart, "btyd: CDNOW log": _cdnow_log,
    "btyd: grocery log": _grocery, "btyd: customer days": _customer_days, "cdnow: whole cohort": _cdnow,
    "cdnow: sample": _cdnow_sample, "crm_maven": _crm_maven, "ibm_telco_churn": _telco,
    "ms_financial_sample": _financial, "northwind": _northwind, "superstore_en: csv": _superstore,
    "superstore_en: workbook": _superstore, "support_tickets": _tickets, "uci_online_retail": _online_retail,
    "zh_small_crm": _zh,
}
