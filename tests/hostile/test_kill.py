"""A load that is killed at any moment leaves the last good snapshot served and the next load free to run."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from kam_core.warehouse.load import load
from kam_core.warehouse.snapshots import Store

ROOT = Path(__file__).resolve().parents[2]
KILLS = 20
LINES = 50  # order lines in each file
LOAD = """
import sys; from pathlib import Path
from kam_core.warehouse.load import load; from kam_core.warehouse.snapshots import Store
print("ready", flush=True)
sys.stdin.readline()
load(Store(Path(sys.argv[1])), [Path(sys.argv[2])], as_table="orders")
"""
# Publishes one snapshot and dies, as by SIGKILL, just before its nth step that reaches the disk.
PUBLISH = """
import os, sys; from pathlib import Path
import duckdb; from kam_core.warehouse import snapshots
left = int(sys.argv[2])
def dying(action):
    def run(*args, **options):
        global left
        left -= 1
        if left < 0: os._exit(9)
        return action(*args, **options)
    return run
def build(path):
    with duckdb.connect(str(path)) as con:
        con.execute("create schema raw; create schema meta; create table raw.orders as select 1 as i")
        con.execute("create table meta.manifest as select 'id' as key, $id as value", {"id": path.stem})
    return snapshots.Manifest("load", tables={"orders": {"rows": 1}})
for name in ("replace", "fsync", "mkdir", "unlink", "rmdir"):
    setattr(os, name, dying(getattr(os, name)))
snapshots.Store(Path(sys.argv[1])).publish(build, snapshots.Retention(keep_last=1, keep_monthly=False))
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def order_file(folder: Path, number: int) -> Path:
    """A file of `LINES` orders of its own."""
    path = folder / f"orders_{number}.csv"
    lines = [f"2025-{1 + i % 12:02d}-05,A{i % 7},{i}.50,O{number}-{i},1" for i in range(LINES)]
    path.write_text("order_date,account_id,amount,order_id,line_no\n" + "\n".join(lines) + "\n")
    return path


def orders(store: Store) -> int:
    current = store.current()
    assert current is not None
    assert current.fallback_reason is None
    with duckdb.connect(str(current.path), read_only=True) as con:
        return con.execute("select count(*) from raw.orders").fetchall()[0][0]


def seconds_of_a_load(store: Store, file: Path) -> float:
    """How long the machine takes for one just now; the load is served afterwards."""
    began = time.monotonic()
    assert load(store, [file], as_table="orders").snapshot == store.current()
    return time.monotonic() - began


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path: Path) -> None:
    store = Store(tmp_path / "warehouse")
    load(store, [order_file(tmp_path, 0)], as_table="orders")
    duration, moment, finished = seconds_of_a_load(store, order_file(tmp_path, 2 * KILLS + 1)), random.Random(1), 0
    for kill in range(KILLS):
        before = orders(store)
        process = start(LOAD, store.folder, order_file(tmp_path, 2 * kill + 1))
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("go\n")
        process.stdin.flush()
        time.sleep(duration * (kill + moment.random()) / KILLS)
        process.kill()
        process.communicate()
        assert Store(store.folder).verify() == []
        assert orders(Store(store.folder)) in (before, before + LINES), "a part of a load is served"
        finished += orders(store) > before
        before = orders(store)
        duration = seconds_of_a_load(store, order_file(tmp_path, 2 * kill + 2))
        assert orders(store) == before + LINES
        assert not (store.folder / "building").exists()
    assert finished < KILLS / 2, "most loads ended before they were killed: nothing was tested"


def test_killed_at_every_step_of_publishing(tmp_path: Path) -> None:
    store = Store(tmp_path / "warehouse")
    assert start(PUBLISH, store.folder, 1000).wait() == 0
    outcomes = []
    for step in range(1000):
        before = store.current()
        code = start(PUBLISH, store.folder, step).wait()
        after = Store(store.folder).current()
        assert after is not None
        assert after.fallback_reason is None
        assert Store(store.folder).verify() == []
        outcomes.append((code, after != before))
        if code == 0:
            break
    # killed before the switch: the old one; killed after it, in the tidying: the new one; at last it comes to its end
    assert set(outcomes) == {(9, False), (9, True), (0, True)}
    assert outcomes == sorted(outcomes, key=lambda o: (-o[0], o[1]))
    left = sorted(path.suffix for path in (store.folder / "snapshots").iterdir())
    assert left == [".duckdb", ".json"], "what the killed ones left was not swept"
