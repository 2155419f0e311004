"""The public data sets, from files to figures, against a few independent lines of pandas."""

import json
from pathlib import Path

import pandas as pd
import pytest

from kam_core.ingest import Mapping
from kam_core.metrics import query, reports
from kam_core.policy import Policy
from kam_core.warehouse.engine import Reader
from kam_core.warehouse.load import load
from kam_core.warehouse.snapshots import Store
from tests.tiny import everything

MAPPINGS = Path(__file__).parents[1] / "mappings"
pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, shared_data):
    """`loaded(folder, mapping)` → (report of the load, reader of what it published)."""
    readers = []

    def run(folder: str, mapping: str | None = None):
        store = Store(tmp_path_factory.mktemp("warehouse"))
        chosen = Mapping.load(MAPPINGS / f"{mapping}.toml") if mapping else None
        report = load(store, [shared_data / folder], chosen, policy=Policy())
        readers.append(Reader(report.snapshot.path))
        return report, readers[-1]

    yield run
    for reader in readers:
        reader.close()


def by(reader, measure, dimension, period="all"):
    frame = query.measure(reader, everything(period), [measure], by=[dimension])
    return {k: round(v, 2) for k, v in zip(frame[dimension], frame[measure], strict=True) if v == v}


@pytest.fixture(scope="module")
def adventureworks(loaded):
    return loaded("adventureworks_resellers/pipe_utf8", "adventureworks")[1]


@pytest.fixture(scope="module")
def sales(shared_data):
    folder = shared_data / "adventureworks_resellers" / "pipe_utf8"
    frame = pd.read_csv(folder / "Sales.csv", sep="|", parse_dates=["OrderDate"])
    return frame.merge(pd.read_csv(folder / "Region.csv", sep="|"), on="SalesTerritoryKey")


def test_adventureworks_totals_per_year_region_and_salesperson(adventureworks, sales):
    years = sales.groupby(sales["OrderDate"].dt.year.astype(str))["Sales"].sum().round(2).to_dict()
    assert by(adventureworks, "revenue", "year") == years
    assert by(adventureworks, "revenue", "region") == sales.groupby("Region")["Sales"].sum().round(2).to_dict()
    people = sales.groupby(sales["EmployeeKey"].astype(str))["Sales"].sum().round(2).to_dict()
    assert by(adventureworks, "revenue", "manager") == people


def test_adventureworks_margin_orders_and_targets(adventureworks, sales, shared_data):
    frame = query.measure(adventureworks, everything("2019"), ["gross_margin", "orders", "active_accounts"])
    year = sales[sales["OrderDate"].dt.year == 2019]
    assert frame["gross_margin"].iloc[0] == pytest.approx(1 - year["Cost"].sum() / year["Sales"].sum(), abs=1e-9)
    assert frame["orders"].iloc[0] == year["SalesOrderNumber"].nunique()
    assert frame["active_accounts"].iloc[0] == year["ResellerKey"].nunique()
    folder = shared_data / "adventureworks_resellers" / "pipe_utf8"
    targets = pd.read_csv(folder / "Targets.csv", sep="|", parse_dates=["TargetMonth"])
    wanted = targets[targets["TargetMonth"].dt.year == 2019]["TargetAmount"].sum()
    assert query.measure(adventureworks, everything("2019"), ["target"])["target"].iloc[0] == wanted


def test_two_resellers_with_one_name_stay_two_accounts(adventureworks, shared_data):
    resellers = pd.read_csv(shared_data / "adventureworks_resellers" / "pipe_utf8" / "Reseller.csv", sep="|")
    assert resellers["Reseller"].duplicated().sum() == 2
    counted = adventureworks.rows("select count(*), count(distinct name) from mart.account")[0]
    assert counted == (len(resellers), len(resellers) - 2)


def test_uci_reports_what_it_refuses_and_counts_the_rest(loaded, shared_data):
    report, reader = loaded("uci_online_retail", "uci")
    frame = pd.read_parquet(shared_data / "uci_online_retail" / "online_retail_II_year_2009-2010.parquet")
    known = frame[frame["Customer ID"].notna()]
    counts = report.tables["orders"]
    assert counts["refused"] == len(frame) - len(known) == 107927
    assert {r["column_name"] for r in report.refused_examples} == {"account_id"}
    assert counts["added"] == len(known)
    # Each line's amount is rounded to the cent, as it is loaded.
    amounts = (known["Quantity"] * known["Price"]).round(2)
    days = pd.to_datetime(known["InvoiceDate"])
    wanted = amounts.groupby(days.dt.strftime("%Y-%m")).sum().round(2).to_dict()
    assert by(reader, "revenue", "month") == pytest.approx(wanted, abs=0.05)
    returned = -amounts[amounts < 0].sum() / amounts[amounts > 0].sum()
    rate = query.measure(reader, everything(), ["return_rate"])["return_rate"].iloc[0]
    assert rate == pytest.approx(returned, rel=1e-6)


def test_a_small_chinese_set_loads_by_guessed_mapping(loaded, shared_data):
    report, reader = loaded("zh_small_crm")
    frame = pd.read_csv(shared_data / "zh_small_crm" / "sales_data.csv")
    assert report.tables["orders"]["added"] == len(frame) == 124
    assert by(reader, "revenue", "year") == {"2024": round(frame["销售额"].sum(), 2)}
    assert by(reader, "revenue", "product_line") == frame.groupby("产品类别")["销售额"].sum().astype(float).to_dict()
    assert any("targets.csv" in warning for warning in report.warnings)
    # An account's region is the one with most of its revenue; accounts that order in several are reported.
    regions = frame.groupby(["客户ID", "地区"])["销售额"].sum().reset_index().sort_values("销售额")
    largest = regions.groupby("客户ID").last()["地区"].to_dict()
    assert dict(reader.rows("select account_id, region from mart.account where orders > 0")) == largest
    conflicts = reader.rows("select rows from meta.quality where check_name = 'conflicting_attribute'")
    assert conflicts[0][0] >= (regions.groupby("客户ID").size() > 1).sum() > 0


def test_crm_accounts_and_teams_load_with_their_parents(loaded, shared_data):
    report, reader = loaded("crm_maven", "crm_maven")
    accounts = pd.read_csv(shared_data / "crm_maven" / "accounts.csv")
    assert report.tables["accounts"]["added"] == len(accounts) == 85
    assert report.tables["managers"]["added"] == 35
    groups = reader.rows("select count(*) from mart.account where group_id <> account_id")[0][0]
    assert groups == accounts["subsidiary_of"].notna().sum()
    industries = {row[0] for row in reader.rows("select distinct industry from mart.account")}
    assert "technology" in industries
    assert "technolgy" not in industries


def test_crm_deals_without_a_value_are_kept_by_a_guessed_mapping(loaded, shared_data):
    report, reader = loaded("crm_maven")
    deals = pd.read_csv(shared_data / "crm_maven" / "sales_pipeline.csv")
    assert report.tables["opportunities"]["added"] == len(deals) == 8800
    counted = reader.rows(
        "select count(*) filter (amount is null), count(*) filter (account_id is null) from raw.opportunities"
    )
    assert counted[0] == (deals["close_value"].isna().sum(), deals["account"].isna().sum()) == (2089, 1425)


@pytest.fixture(scope="module")
def crm(loaded, shared_data):
    answers = json.loads((shared_data / "crm_maven" / "ANSWERS.json").read_text("utf-8"))
    report, reader = loaded("crm_maven", "crm_maven")
    return report, reader, answers


def test_crm_deals_by_stage_and_those_still_open(crm, shared_data):
    _, reader, answers = crm
    funnel = reports.report(reader, everything(), "funnel")
    assert dict(zip(funnel["stage"], funnel["deals"], strict=True)) == answers["stage_counts"]
    assert funnel["reached"].isna().all()  # only the current stage is known
    # Nobody knows when those being prospected began: they have no date.
    assert funnel["unknown"].iloc[0] == answers["rows"] - answers["stage_counts"]["Prospecting"]
    figures = query.measure(reader, everything(), ["open_deals", "win_rate", "won_amount", "sales_cycle_days"]).iloc[0]
    assert figures["open_deals"] == answers["open_pipeline_deals"]
    assert figures["win_rate"] == pytest.approx(answers["win_rate_overall_closed"], abs=1e-6)
    assert figures["won_amount"] == answers["revenue_won_total"]
    assert figures["sales_cycle_days"] == pytest.approx(answers["sales_cycle_days_closed"]["mean"], abs=1e-4)
    deals = pd.read_csv(shared_data / "crm_maven" / "sales_pipeline.csv", parse_dates=["engage_date", "close_date"])
    won = deals[deals["deal_stage"] == "Won"]
    assert funnel["days_of_won"].iloc[0] == (won["close_date"] - won["engage_date"]).dt.days.median()
    checks = {name: rows for name, rows in reader.rows("select check_name, rows from meta.quality")}
    assert checks["no_account"] == answers["deals_without_account"]
    assert checks["unknown_stage"] == answers["open_pipeline_deals"]  # the policy knows neither stage


def test_crm_win_rates_by_agent_manager_and_office(crm):
    _, reader, answers = crm
    frame = query.measure(reader, everything(), ["win_rate", "won_amount"], by=["manager"]).set_index("manager")
    assert set(frame.index) == set(answers["by_agent"])
    for name, wanted in answers["by_agent"].items():
        assert frame["win_rate"][name] == pytest.approx(wanted["win_rate_closed"], abs=1e-6)
        assert frame["won_amount"][name] == wanted["revenue_won"]
    for part, known in (("team", answers["by_manager"]), ("office", answers["by_office"])):
        frame = reports.report(reader, everything(), "funnel", by=part)
        counts = frame.pivot_table(index="part", columns="stage", values="deals", fill_value=0)
        assert set(counts.index) == set(known)
        for name, wanted in known.items():
            assert (counts["Won"][name], counts["Lost"][name]) == (wanted["won"], wanted["lost"])
            opened = (counts["Engaging"][name], counts["Prospecting"][name])
            assert opened == (wanted["engaging"], wanted["prospecting"])


def test_crm_revenue_per_quarter_and_repaired_product_name(crm):
    _, reader, answers = crm
    quarters = {k.replace("-", ""): v for k, v in by(reader, "won_amount", "quarter").items()}
    assert quarters == answers["revenue_by_quarter"]
    won = by(reader, "won_amount", "product_line")
    assert won == {k: v["revenue_won"] for k, v in answers["by_product_normalised"].items()}
