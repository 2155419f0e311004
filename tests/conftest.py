"""Fixtures shared by all tests: tiny warehouses written by hand, and the public data sets where they are."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import run
from kam_core.demo import generate
from kam_core.policy import Policy
from kam_core.warehouse.build import build
from kam_core.warehouse.engine import Reader, workbench
from tests.tiny import MARKUP, Rows, insert, raw_tables

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


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, dict[str, Any]]]:
    """The small demo company, and what is planted in it, as demo_truths.json says it."""
    path = tmp_path_factory.mktemp("demo") / "small.duckdb"
    con = workbench(path)
    raw_tables(con)
    con.execute("drop schema raw cascade")
    truths = json.loads(json.dumps(generate(con, "small"), default=str))
    build(con, Policy())
    con.close()
    reader = Reader(path)
    yield reader, truths
    reader.close()


@pytest.fixture(scope="session")
def hostile_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two accounts, one of them named with markup, loaded by the command line."""
    folder = tmp_path_factory.mktemp("hostile")
    names = f'account_id,name,region,industry\nA1,"{MARKUP}",East,Energy\nA2,Plain,West,Steel\n'
    (folder / "accounts.csv").write_text(names)
    lines = [f"2025-{month:02d}-05,A{1 + month % 2},{month}00.00,O{month}" for month in range(1, 13)]
    (folder / "orders.csv").write_text("order_date,account_id,amount,order_id\n" + "\n".join(lines) + "\n")
    command = [sys.executable, "-m", "kam_core", "load", str(folder / "accounts.csv"), str(folder / "orders.csv")]
    done = subprocess.run([*command, "--warehouse", str(folder / "w")], cwd=run.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "w"
