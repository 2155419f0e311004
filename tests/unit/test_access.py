"""Who sees what: own accounts, the arm directed, nothing for who left; and no query without its prelude."""

import ast
from pathlib import Path

import pytest

from kam_core.access.people import find, required
from kam_core.access.scope import Scope
from kam_core.access.users import Users
from kam_core.errors import KamError
from kam_core.metrics import query, reports
from kam_core.view import Period, View
from tests.tiny import order


@pytest.fixture(scope="module")
def reader(built):
    """Ann holds a (East, Energy); Bo directs the West: c, d; Cy directs Energy: a, c; Di, who held b, has left."""
    return built(
        managers=[
            {"manager_id": "m1", "name": "Ann", "email": "Ann@x.example"},
            {"manager_id": "m2", "name": "Bo", "email": "bo@x.example", "manager_of": "West"},
            {"manager_id": "m3", "name": "Cy", "email": "cy@x.example", "manager_of": "Energy"},
            {"manager_id": "m4", "name": "Di", "email": "di@x.example", "left_on": "2025-01-01"},
        ],
        accounts=[
            {"account_id": "acc-a", "name": "Alpha", "region": "East", "industry": "Energy", "manager_id": "m1"},
            {"account_id": "acc-b", "name": "Beta", "region": "East", "industry": "Retail", "manager_id": "m4"},
            {"account_id": "acc-c", "name": "Gamma", "region": "West", "industry": "Energy"},
            {"account_id": "acc-d", "name": "Delta", "region": "West", "industry": "Retail"},
        ],
        orders=[order("2025-03-01", f"acc-{a}", amount) for a, amount in zip("abcd", (1, 20, 300, 4000), strict=True)],
    )


@pytest.mark.parametrize(
    ("email", "revenue", "accounts"),
    [
        ("ann@x.example", 1, {"acc-a"}),
        ("bo@x.example", 4300, {"acc-c", "acc-d"}),
        ("cy@x.example", 301, {"acc-a", "acc-c"}),
        ("di@x.example", 0, set()),
    ],
)
def test_each_sees_own_accounts_and_the_arm_directed(reader, email, revenue, accounts):
    view = View(scope=required(reader, Users(), email).scope, period=Period("all"))
    assert query.measure(reader, view, ["revenue"])["revenue"].iloc[0] == revenue
    assert set(reports.report(reader, view, "accounts")["account_id"]) == accounts


def test_a_filter_narrows_a_scope_and_never_widens_it(reader):
    view = View(scope=required(reader, Users(), "ann@x.example").scope, period=Period("all"))
    assert query.measure(reader, view.keep(account="acc-d"), ["revenue"])["revenue"].iloc[0] == 0


def test_an_unknown_address_is_refused(reader):
    assert find(reader, Users(), "eve@x.example") is None
    with pytest.raises(KamError, match="nobody has the e-mail address 'eve"):
        required(reader, Users(), "eve@x.example")


@pytest.mark.parametrize("name", reports.names())
def test_no_report_shows_an_account_outside_the_scope(reader, name):
    """Every text and id in the answer to Ann: nothing of b, c, d, of their names or of their sums."""
    frame = reports.report(reader, View(scope=Scope((("manager_id", "m1"),)), period=Period("all")), name)
    seen = {str(value) for column in frame.columns for value in frame[column]}
    assert not seen & {"acc-b", "acc-c", "acc-d", "Beta", "Gamma", "Delta", "West", "Retail"}
    numbers = {float(v) for column in frame.select_dtypes("number") for v in frame[column].dropna()}
    assert not numbers & {20.0, 300.0, 4000.0, 4321.0}


def test_a_query_that_forgets_its_prelude_fails(reader):
    import duckdb

    with pytest.raises(duckdb.CatalogException):
        reader.rows("select * from account_month")


UI = Path(__file__).resolve().parents[2] / "kam_core" / "ui"
# What is kept for all without a scope: settings, open files, the menu, roles by address, and facts of the whole data.
WITHOUT_SCOPE = {"_store", "_reader", "_served", "_menu_known", "_settings", "_found", "_meta", "_facts"}


def _kept() -> dict[str, set[str]]:
    """Functions of the pages whose answers outlive a run for all sessions → their arguments."""
    found = {}
    for path in UI.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                caches = [text for d in node.decorator_list if "cache" in (text := ast.unparse(d))]
                if caches and "scope='session'" not in caches[0]:
                    found[node.name] = {arg.arg for arg in node.args.args}
    return found


def test_what_is_kept_for_all_is_kept_by_scope():
    """A view holds a scope. What explore keeps is of one session's own upload; its decorators say so by KEPT."""
    kept = {name: args for name, args in _kept().items() if name not in {"profile", "answer", "count", "values"}}
    assert {"_measure", "_report", "_names", "_made"} <= set(kept)
    assert {name for name, args in kept.items() if not args & {"view", "scope"}} <= WITHOUT_SCOPE
