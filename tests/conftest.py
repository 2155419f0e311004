"""Fixtures shared by all tests: tiny warehouses written by hand, and the public data sets where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kam_core.policy import Policy
from kam_core.warehouse.build import build
from kam_core.warehouse.engine import Reader, workbench
from tests.tiny import Rows, insert, raw_tables

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data sets; tests that need it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the public data sets (../shared/data) are not on this machine")
    return SHARED_DATA


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Reader]]:
    """`built(orders=[{…}], accounts=[…], policy=…)` → a reader of a warehouse that holds just these rows."""
    readers: list[Reader] = []
    folder = tmp_path_factory.mktemp("warehouses")

    def make(policy: Policy | None = None, fill: Callable[[Any], None] | None = None, **tables: Rows) -> Reader:
        path = folder / f"tiny{len(readers)}.duckdb"
        con = workbench(path)
        raw_tables(con)
        for name, rows in tables.items():
            insert(con, name, rows)
        if fill:
            fill(con)
        build(con, policy or Policy())
        con.close()
        readers.append(Reader(path))
        return readers[-1]

    yield make
    for reader in readers:
        reader.close()

