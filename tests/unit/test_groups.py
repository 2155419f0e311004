"""Groups in the place of accounts: children count with their parent, by one definition everywhere."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kam_core.__main__ import main
from kam_core.access.scope import Scope
from kam_core.errors import KamError
from kam_core.metrics import query
from kam_core.metrics.reports import report
from kam_core.view import Filters, Period, View
from kam_core.warehouse.engine import Reader
from tests.tiny import Rows, everything, order

# p with its children c (North) and d; s and t stand alone. Each has three orders and is older than a year.
ACCOUNTS: Rows = [
    {"account_id": "p", "name": "Parent", "region": "East", "industry": "Energy", "potential_annual_revenue": 1000},
    {"account_id": "c", "name": "Child", "region": "North", "industry": "Steel", "parent_account_id": "p",
     "potential_annual_revenue": 500},
    {"account_id": "d", "name": "Daughter", "region": "East", "industry": "Energy", "parent_account_id": "p"},
    {"account_id": "s", "name": "Single", "region": "East", "industry": "Energy", "potential_annual_revenue": 900},
    {"account_id": "t", "name": "Tiny", "region": "North", "industry": "Steel"},
]  # fmt: skip
# The 12 months to 2025-12-31: p 100, c 150, d 250, s 400, t 100: 1000. A year before: each 10.
NOW = {"p": 100, "c": 150, "d": 250, "s": 400, "t": 100}
ORDERS: Rows = [
    *(order("2024-06-01", a, 10, order_id=f"{a}0") for a in NOW),
    *(order("2025-06-01", a, v - 1, order_id=f"{a}1") for a, v in NOW.items()),
    *(order("2025-12-31", a, 1, order_id=f"{a}2") for a in NOW),
]
GROUPS = replace(everything("2025"), roll_up=True)


@pytest.fixture(scope="module")
def reader(built) -> Reader:
    return built(orders=ORDERS, accounts=ACCOUNTS)


def test_a_group_sums_up_its_accounts_under_its_parents_name(reader: Reader):
    frame = report(reader, GROUPS, "accounts")
    shown = frame[["account_id", "name", "region", "revenue", "revenue_before", "orders"]]
    assert shown.values.tolist() == [
        ["p", "Parent", "East", 500, 30, 6], ["s", "Single", "East", 400, 10, 2], ["t", "Tiny", "North", 100, 10, 2],
    ]  # fmt: skip


def test_a_groups_class_is_that_of_its_sum(reader: Reader):
    """By account s 400 lies before .8, d, c, p and t: 400, 650, 800 (not below .8), 900 or 950: A, A, A, B and B.
    By group p 500 and s 400 (before: 0 and .5) are A, t (before: .9) is B."""
    by_account = report(reader, everything("2025"), "tiers").set_index("account_id")["class"]
    assert by_account[["s", "d", "c"]].tolist() == ["A", "A", "A"]
    assert sorted(by_account[["p", "t"]]) == ["B", "B"]
    tiers = report(reader, GROUPS, "tiers")
    assert tiers[["account_id", "tier", "value"]].values.tolist() == [["p", "A", 500], ["s", "A", 400], ["t", "B", 100]]
    spread = report(reader, GROUPS, "tier_distribution")[["tier", "accounts", "revenue"]]
    assert spread.values.tolist() == [["A", 2, 900], ["B", 1, 100]]
    bands = report(reader, GROUPS, "tier_migration", since="2025-06-30")
    assert bands.accounts.sum() == 3 and bands.revenue.sum() == 1000


def test_a_filter_keeps_what_of_a_group_lies_in_it(reader: Reader):
    north = report(reader, replace(GROUPS, filters=Filters(region=("North",))), "accounts")
    assert north[["account_id", "name", "revenue"]].values.tolist() == [["p", "Parent", 150], ["t", "Tiny", 100]]
    key = report(reader, replace(GROUPS, filters=Filters(tier=("B",))), "accounts")
    assert key.account_id.tolist() == ["t"]  # the group's tier, not that of p or its children


def test_measures_count_groups_and_sum_to_the_same(reader: Reader):
    figures = ["revenue", "active_accounts", "nrr", "key_account_share"]
    alone, grouped = (query.measure(reader, v, figures).iloc[0] for v in (everything("2025"), GROUPS))
    assert alone.revenue == grouped.revenue == 1000
    assert (alone.active_accounts, grouped.active_accounts) == (5, 3)
    assert grouped.key_account_share == pytest.approx(0.9)  # p and s
    assert alone.nrr == grouped.nrr == 1000 / 50
    by = query.measure(reader, GROUPS, ["revenue"], by=["account"]).set_index("account").revenue.to_dict()
    assert by == {"p": 500, "s": 400, "t": 100}


def test_a_potential_is_a_groups_only_where_all_of_it_is_known(reader: Reader):
    frame = report(reader, GROUPS, "value_potential").set_index("account_id")
    assert frame.potential.isna()["p"]  # of d nobody knows
    assert frame.potential["s"] == 900
    north = report(reader, replace(GROUPS, filters=Filters(region=("North",))), "value_potential")
    assert north.set_index("account_id").potential["p"] == 500


def test_who_may_not_see_the_parent_sees_the_group_by_what_is_in_sight(reader: Reader):
    north = View(Scope((("region", "North"),)), Filters(), Period("2025"), roll_up=True)
    frame = report(reader, north, "accounts")
    assert frame[["account_id", "name", "revenue", "tier"]].values.tolist() == [
        ["c", "Child", 150, "A"], ["t", "Tiny", 100, "B"],  # the tier is that of the whole group
    ]  # fmt: skip


def test_the_accounts_of_a_group_add_up_to_it_from_whichever_of_them_one_asks(reader: Reader):
    for account in "pcd":
        frame = report(reader, everything("2025"), "group_accounts", of=account)
        shown = frame[["account_id", "group_name", "revenue", "revenue_before"]]
        assert shown.values.tolist() == [["d", "Parent", 250, 10], ["c", "Parent", 150, 10], ["p", "Parent", 100, 10]]
    assert report(reader, everything("2025"), "group_accounts", of="s").account_id.tolist() == ["s"]
    north = replace(everything("2025"), filters=Filters(region=("North",)))
    assert report(reader, north, "group_accounts", of="p").account_id.tolist() == ["c"]
    assert report(reader, View(Scope((("region", "North"),))), "group_accounts", of="p").empty  # p is out of sight


def test_with_bought_only_an_account_without_orders_in_the_period_is_left_out(built):
    orders = [order("2025-03-01", "p", 5), order("2024-03-01", "c", 7), order("2024-01-01", "s", 1)]
    reader = built(orders=orders, accounts=ACCOUNTS)
    everyone = report(reader, everything("2025"), "group_accounts", of="p")
    assert everyone[["account_id", "revenue", "change"]].values.tolist() == [["p", 5, 5], ["c", 0, -7], ["d", 0, 0]]
    assert report(reader, everything("2025"), "group_accounts", of="p", bought_only=True).account_id.tolist() == ["p"]


def test_a_group_of_which_one_account_is_in_view_names_that_one(reader: Reader):
    largest = report(reader, everything("2025"), "largest").set_index("owner_id")
    assert (largest.accounts["p"], largest.account_id.isna()["p"], largest.account_id["s"]) == (3, True, "s")
    north = report(reader, replace(everything("2025"), filters=Filters(region=("North",))), "largest")
    assert north[["owner_id", "accounts", "account_id"]].values.tolist() == [["p", 1, "c"], ["t", 1, "t"]]


def test_a_report_about_accounts_refuses_groups_in_one_line(reader: Reader):
    with pytest.raises(KamError, match=r"churn_risk counts accounts, not groups; by group there are .*pareto"):
        report(reader, GROUPS, "churn_risk")


def test_the_command_line_asks_by_group(tmp_path, capsys):
    (tmp_path / "accounts.csv").write_text(
        "account_id,name,parent_account_id\np,Parent,\nc,Child,p\ns,Single,\n", encoding="utf-8")
    (tmp_path / "orders.csv").write_text(
        "order_date,account_id,amount\n2025-01-01,p,30\n2025-01-02,c,30\n2025-01-03,s,40\n", encoding="utf-8")
    home = ["--warehouse", str(tmp_path / "w")]
    assert main(["load", str(tmp_path / "accounts.csv"), str(tmp_path / "orders.csv"), *home]) == 0
    capsys.readouterr()
    assert main(["report", "pareto", "--roll-up", "--format", "json", *home]) == 0
    assert [(r["account_id"], r["revenue"]) for r in json.loads(capsys.readouterr().out)] == [("p", 60), ("s", 40)]
    assert main(["metric", "active_accounts", "--roll-up", "--format", "json", *home]) == 0
    assert json.loads(capsys.readouterr().out) == [{"active_accounts": 2}]
