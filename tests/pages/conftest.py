"""The app without a browser, on a warehouse of a few rows written by hand."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Multiselect

from kam_core.policy import Policy
from kam_core.warehouse.build import build
from kam_core.warehouse.engine import workbench
from kam_core.warehouse.snapshots import Manifest, Store
from kam_core.warehouse.version import built_by
from tests.tiny import Rows, insert, order, raw_tables

APP = str(Path(__file__).resolve().parents[2] / "app.py")
META = {
    "loads": "load_id varchar, kind varchar, created_at timestamp, created_by varchar, table_name varchar,"
    " rows_read bigint, added bigint, updated bigint, unchanged bigint, refused bigint",
    "refused": "load_id varchar, table_name varchar, source_id integer, file varchar, line bigint, column_name varchar,"
    " value varchar, reason varchar",
}

ACCOUNTS: Rows = [
    {"account_id": "1", "name": "Haihe Power", "region": "East", "industry": "Energy", "manager_id": "m"},
    {"account_id": "2", "name": "白塔银行", "region": "North", "industry": "Banking", "manager_id": "m"},
    {"account_id": "3", "name": "Lanjiang Steel", "region": "East", "industry": "Steel", "manager_id": "m"},
]
# As of 10 Mar 2026, this year: 1: 1000 + 500 + 250 = 1750 (before 1400), 2: 400 (before 800), 3: 30 (none before).
# All: 1750 + 400 + 30 = 2180 against 2200, −0.9 %. The sale of 20 Mar 2025 lies after the day reached: not counted.
ORDERS: Rows = [
    order("2025-01-10", "1", 1400, order_id="a", cost=1000),
    order("2025-02-10", "2", 800, order_id="b", cost=600),
    order("2025-03-20", "2", 9999, order_id="c", cost=9000),
    order("2026-01-10", "1", 1000, order_id="d", cost=800),
    order("2026-02-10", "1", 500, order_id="e", cost=300),
    order("2026-02-11", "2", 400, order_id="f", cost=200),
    order("2026-03-09", "1", 250, order_id="g", cost=200),
    order("2026-03-10", "3", 30, order_id="h", cost=20),
]


def filter_of(app: AppTest, field: str) -> Multiselect:
    """The sidebar's filter of that name."""
    return next(found for found in app.sidebar.multiselect if str(found.key).startswith(f"{field}_"))


@pytest.fixture(scope="session")
def file_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, Rows]], Path]:
    """The database that holds these rows, built once: most tests of a page begin with the same ones."""
    folder, built = tmp_path_factory.mktemp("built"), {}

    def make(tables: dict[str, Rows]) -> Path:
        said = repr(tables)
        if said not in built:
            built[said] = folder / f"{len(built)}.duckdb"
            write(built[said], tables)
        return built[said]

    return make


def write(path: Path, tables: dict[str, Rows]) -> None:
    con = workbench(path)
    raw_tables(con)
    for name, columns in META.items():
        con.execute(f"create table meta.{name} ({columns})")
    for name, rows in tables.items():
        insert(con, name, rows)
    build(con, Policy())
    con.close()


@pytest.fixture
def publish(
    file_of: Callable[[dict[str, Rows]], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """`publish(orders=…, accounts=…)` serves these rows; without a call there is no data."""
    monkeypatch.setenv("KAM_WAREHOUSE", str(tmp_path))

    def copy(path: Path, tables: dict[str, Rows]) -> Manifest:
        shutil.copyfile(file_of(tables), path)
        return Manifest(kind="load", built_by=built_by())

    def make(**tables: Rows) -> None:
        Store(tmp_path).publish(lambda path: copy(path, tables))

    return make


@pytest.fixture
def app(publish: Callable[..., None]) -> AppTest:
    """The app on the rows above, not yet run."""
    publish(orders=ORDERS, accounts=ACCOUNTS, managers=[{"manager_id": "m", "name": "罗娟 Juan Luo"}])
    return AppTest.from_file(APP, default_timeout=60)


def shown(app: AppTest) -> str:
    """All HTML of the page: sentence, figures, questions."""
    assert not app.exception
    return "\n".join(element.proto.body for element in app.get("html"))
