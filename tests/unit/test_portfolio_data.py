"""Tiers and concentration of the public data sets against an independent computation in pandas."""

import math
from pathlib import Path

import pandas as pd
import pytest

from kam_core.ingest import Mapping
from kam_core.metrics import reports
from kam_core.policy import Policy
from kam_core.warehouse.engine import Reader
from kam_core.warehouse.load import load
from kam_core.warehouse.snapshots import Store
from tests.tiny import everything

pytestmark = pytest.mark.data
MAPPING = Path(__file__).parents[1] / "mappings" / "adventureworks.toml"


def classes(values: pd.Series) -> dict[str, int]:
    """Class counts by the rule of the definition, one account at a time: the share of those strictly larger."""
    positive = values[values > 0]
    total = round(positive.sum(), 2)
    counted = {"A": 0, "B": 0, "C": int((values <= 0).sum())}
    for value in positive:
        before = round(positive[positive > value].sum(), 2)
        counted["A" if before < 0.80 * total else "B" if before < 0.95 * total else "C"] += 1
    return counted


def compare(reader: Reader, year: pd.Series, bought: pd.Series) -> None:
    """`year`: each account's sum of the last 12 months; `bought`: whether any of it was a purchase."""
    view = everything("last_12_months")
    tiers = reports.report(reader, view, "tiers")
    wanted = classes(year[bought])
    found = tiers["class"].value_counts().to_dict()
    assert {k: found.get(k, 0) for k in "ABC"} == wanted
    positive = year.clip(lower=0).sort_values(ascending=False)
    row = reports.report(reader, view, "concentration", by="account").iloc[0]
    assert row["hhi"] == pytest.approx(1e4 * ((positive / positive.sum()) ** 2).sum(), rel=1e-9)
    assert row["top_10_share"] == pytest.approx(positive.head(10).sum() / positive.sum(), rel=1e-9)
    largest = reports.report(reader, view, "largest", by="account", limit=10)
    assert largest["revenue"].tolist() == pytest.approx(positive.head(10).tolist(), abs=0.005)
    assert largest["owner_id"].tolist() == positive.head(10).index.tolist()
    pareto = reports.report(reader, view, "pareto")
    fifth = math.floor(0.2 * len(pareto))
    share = pareto["revenue_share"].iloc[fifth - 1]
    assert share == pytest.approx(positive.head(fifth).sum() / positive.sum(), rel=1e-9)


@pytest.fixture(scope="module")
def adventureworks(tmp_path_factory, shared_data):
    store = Store(tmp_path_factory.mktemp("adventureworks"))
    folder = shared_data / "adventureworks_resellers" / "pipe_utf8"
    reader = Reader(load(store, [folder], Mapping.load(MAPPING), policy=Policy()).snapshot.path)
    yield reader, pd.read_csv(folder / "Sales.csv", sep="|", parse_dates=["OrderDate"])
    reader.close()


def test_adventureworks(adventureworks):
    reader, sales = adventureworks
    last = sales["OrderDate"].max()
    year = sales[sales["OrderDate"] > last - pd.DateOffset(years=1)]
    sums = year.groupby(year["ResellerKey"].astype(str))["Sales"].sum().round(2)
    compare(reader, sums, sums > 0)


def test_two_resellers_with_one_name_stay_two_accounts(adventureworks, shared_data):
    reader, sales = adventureworks
    resellers = pd.read_csv(shared_data / "adventureworks_resellers" / "pipe_utf8" / "Reseller.csv", sep="|")
    twins = resellers[
        resellers["Reseller"].duplicated(keep=False) & resellers["ResellerKey"].isin(sales["ResellerKey"])
    ]
    frame = reports.report(reader, everything(), "pareto").set_index("account_id")
    wanted = sales.groupby(sales["ResellerKey"].astype(str))["Sales"].sum().round(2)
    assert len(twins) >= 2
    for key in twins["ResellerKey"].astype(str):
        assert frame.loc[key, "revenue"] == pytest.approx(wanted[key], abs=0.005)


def test_adventureworks_matrix_and_migration_tie_out(adventureworks):
    reader, sales = adventureworks
    frame = reports.report(reader, everything(), "matrix")
    for kind in ("cell", "region", "industry", "total"):
        assert round(math.fsum(frame[frame["kind"] == kind]["revenue"]), 2) == round(sales["Sales"].sum(), 2)
    bands = reports.report(reader, everything(), "tier_migration")
    days = {"from_tier": bands["since"].iloc[0], "to_tier": bands["until"].iloc[0]}
    for side, day in days.items():
        counted = reader.rows(f"select tier, count(*) from mart.account_tier where as_of = '{day:%Y-%m-%d}' group by 1")
        assert bands.groupby(side)["accounts"].sum().to_dict() == dict(counted)


def test_online_retail(built, shared_data):
    path = shared_data / "btyd" / "online_retail_ii_customer_days.parquet"

    def fill(con):
        con.execute(
            "insert into raw.orders by name select cast(CustomerID as varchar) as account_id,"
            f" cast(date as date) as order_date, gross + returns as amount, 1 as source_id, 1 as source_line"
            f" from '{path}'"
        )

    days = pd.read_parquet(path)
    days["amount"] = (days["gross"] + days["returns"]).round(2)
    last = pd.to_datetime(days["date"]).max()
    year = days[pd.to_datetime(days["date"]) > last - pd.DateOffset(years=1)]
    groups = year.groupby(year["CustomerID"].astype(str))["amount"]
    compare(built(Policy(), fill=fill), groups.sum().round(2), groups.max() > 0)
