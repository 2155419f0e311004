"""The private folder of an upload: a sandbox, deleted when the session ends, swept when a server was killed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kam_core.errors import KamError
from kam_core.uploads import workspace as module
from kam_core.uploads.workspace import Workspace, sweep


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with one table of three rows, read from the sheet `a.csv`."""
    made = Workspace.create(tmp_path)
    fill(made, "a.csv", "select unnest([1, 2, 3]) as n, 'x' as word, 1::bigint as \"_line\"")
    yield made
    made.close()


def fill(workspace: Workspace, sheet: str, select: str) -> None:
    with workspace.writing(sheet, sheet) as (con, name):
        con.execute(f"create table {name} as {select}")


def test_a_table_is_held_with_its_columns_and_rows(held: Workspace):
    (table,) = held.tables
    assert (table.name, table.title, table.rows) == ("t1", "a.csv", 3)
    assert table.columns == (("n", "INTEGER"), ("word", "VARCHAR"))
    assert held.reader().rows("select sum(n) from t1") == [(6,)]


def test_reading_a_sheet_again_replaces_its_table_and_keeps_its_name(held: Workspace):
    fill(held, "b.csv", "select 7 as m")
    fill(held, "a.csv", "select 40 as n")
    assert [(t.name, t.title) for t in held.tables] == [("t1", "a.csv"), ("t2", "b.csv")]
    assert held.reader().rows("select n, m from t1, t2") == [(40, 7)]
    assert len(list(held.folder.glob("*.duckdb"))) == 2


def test_a_table_that_failed_leaves_the_former_one(held: Workspace):
    with pytest.raises(Exception, match="does not exist"):
        fill(held, "a.csv", "select * from nowhere")
    assert held.reader().rows("select count(*) from t1") == [(3,)]
    assert len(list(held.folder.glob("*.duckdb"))) == 1


def test_questions_are_answered_while_the_next_table_is_written(held: Workspace):
    with held.writing("b.csv", "b.csv") as (con, name):
        con.execute(f"create table {name} as select 1 as m")
        assert held.reader().rows("select count(*) from t1") == [(3,)]
    assert held.reader().rows("select m from t2") == [(1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "create table mine as select 1",
        "drop view t1",
        "detach file1",
        "copy t1 to 'out.csv'",
        "set memory_limit = '64GB'",
        "pragma database_list",
        "attach 'other.duckdb'",
        "install httpfs",
        "select 1; select 2",
        "",
    ],
)
def test_only_one_select_is_run(held: Workspace, statement: str):
    with pytest.raises(KamError, match="only a single select"):
        held.reader().rows(statement)


@pytest.mark.parametrize("source", ["read_csv('/etc/hosts')", "read_text('/etc/hosts')", "glob('/*')", "'/etc/hosts'"])
def test_no_file_can_be_read(held: Workspace, source: str):
    with pytest.raises(KamError):
        held.reader().rows(f"select * from {source}")


def test_a_question_without_end_is_stopped(held: Workspace):
    with pytest.raises(KamError, match="took too long"):
        held.reader(seconds=1).rows("select count(*) from range(1000000) a, range(1000000) b where hash(a, b) % 7 = 0")


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_nobody_else_may_enter(held: Workspace):
    assert stat.S_IMODE(held.folder.stat().st_mode) == 0o700


def test_closing_deletes_everything(held: Workspace):
    held.reader().rows("select 1")
    held.close()
    assert not held.folder.exists() and not held.is_open and held.tables == []


def test_a_session_that_is_gone_is_deleted_after_its_grace(held: Workspace, monkeypatch: pytest.MonkeyPatch):
    closed = threading.Event()
    monkeypatch.setattr(module, "GRACE", 0.01)
    monkeypatch.setattr(Workspace, "close", lambda self: closed.set())
    held.leave()
    assert closed.wait(10)


def test_a_session_that_comes_back_keeps_its_upload(held: Workspace):
    held.leave()
    timer = held._leaving
    held.stay()
    assert timer and timer.finished.is_set() and held.is_open


def test_what_a_killed_server_left_is_swept_and_a_living_ones_is_kept(tmp_path: Path):
    script = (
        "import os, sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from kam_core.uploads.workspace import Workspace\n"
        "print(Workspace.create().folder, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        left = Path(server.stdout.readline().strip())
        assert left.is_dir() and sweep(tmp_path) == [] and left.is_dir()
        server.kill()
    assert sweep(tmp_path) == [left.parent] and not left.exists()
