"""The store of snapshots: what is served, after success, after damage and after going back."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from kam_core.errors import KamError
from kam_core.policy import Retention
from kam_core.warehouse import snapshots
from kam_core.warehouse.snapshots import Manifest, Snapshot, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "warehouse")


def publish(store: Store, rows: int = 1, retention: Retention | None = None) -> Snapshot:
    """A snapshot with that many orders."""

    def build(path: Path) -> Manifest:
        with duckdb.connect(str(path)) as con:
            con.execute("create schema raw; create schema meta")
            con.execute(f"create table raw.orders as select i from range({rows}) r(i)")
            con.execute("create table meta.manifest as select 'id' as key, $id as value", {"id": path.stem})
        return Manifest("load", tables={"orders": {"rows": rows}}, last_source_id=rows)

    return store.publish(build, retention)


def orders(store: Store) -> int:
    current = store.current()
    assert current is not None
    with duckdb.connect(str(current.path), read_only=True) as con:
        return con.execute("select count(*) from raw.orders").fetchall()[0][0]


def test_nothing_loaded_is_no_snapshot_and_no_problem(store: Store) -> None:
    assert store.current() is None
    assert store.list() == []
    assert store.verify() == []


def test_publish_serves_the_new_file_and_says_where_it_came_from(store: Store) -> None:
    first, second = publish(store, 1), publish(store, 2)
    assert store.current() == second
    assert orders(store) == 2
    assert store.list() == [second, first]
    assert second.manifest.parent == first.id
    assert second.manifest.file_sha256 == snapshots.sha256(second.path)
    assert second.created_at.tzinfo is not None
    assert store.verify() == []
    assert Store(store.folder).current() == second  # another process reads the same from the files alone


def test_ids_sort_by_age_even_when_the_clock_is_moved_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        year_now = 2026

        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(cls.year_now, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(snapshots, "datetime", Clock)
    first = publish(store)
    Clock.year_now = 2001
    second, third = publish(store), publish(store)
    assert [s.id for s in store.list()] == [third.id, second.id, first.id]
    assert sorted([third.id, first.id, second.id]) == [first.id, second.id, third.id]


def test_a_build_that_fails_changes_nothing_and_frees_the_lock(store: Store) -> None:
    first = publish(store)

    def fail(path: Path) -> Manifest:
        path.write_text("half")
        raise KamError("row 7 is wrong")

    with pytest.raises(KamError, match="row 7"):
        store.publish(fail)
    assert store.current() == first
    assert not (store.folder / "building").exists()
    publish(store)


def test_without_a_pointer_the_newest_is_served_and_said_so(store: Store) -> None:
    publish(store, 1)
    second = publish(store, 2)
    (store.folder / "CURRENT").unlink()
    current = store.current()
    assert current is not None
    assert current.id == second.id
    assert current.fallback_reason == "the pointer file CURRENT is missing"
    assert store.verify() == ["the pointer file CURRENT is missing"]


@pytest.mark.parametrize(
    "content",
    [b"", b"garbage", b"\xff\x00", b"../../etc/passwd", b"000099-20260101T000000Z", b"000000-20260101T000000Z"],
)
def test_a_damaged_pointer_falls_back(store: Store, content: bytes) -> None:
    publish(store, 1)
    second = publish(store, 2)
    (store.folder / "CURRENT").write_bytes(content)
    current = store.current()
    assert current is not None
    assert current.id == second.id
    assert current.fallback_reason
    third = publish(store, 3)  # the next load mends the pointer
    assert store.current() == third
    assert store.verify() == []


@pytest.mark.parametrize("damage", ["delete", "truncate", "manifest"])
def test_a_missing_or_cut_file_falls_back_to_the_one_before(store: Store, damage: str) -> None:
    first, second = publish(store, 1), publish(store, 2)
    if damage == "delete":
        second.path.unlink()
    elif damage == "truncate":
        os.truncate(second.path, 100)
    else:
        second.path.with_suffix(".json").write_text("{}")
    current = Store(store.folder).current()
    assert current is not None
    assert current.id == first.id
    assert second.id in (current.fallback_reason or "")
    assert Store(store.folder).verify() == [current.fallback_reason]


def test_verify_sees_a_single_changed_byte(store: Store) -> None:
    snapshot = publish(store)
    content = bytearray(snapshot.path.read_bytes())
    content[len(content) // 2] ^= 1
    snapshot.path.write_bytes(content)
    assert store.verify() == [
        f"snapshot {snapshot.id}: the file has changed since it was written (its SHA-256 differs)"
    ]


def test_verify_sees_counts_that_differ_from_the_manifest(store: Store) -> None:
    def build(path: Path) -> Manifest:
        with duckdb.connect(str(path)) as con:
            con.execute("create schema raw; create schema meta; create table raw.orders as select 1 as i")
            con.execute("create table meta.manifest as select 'id' as key, $id as value", {"id": path.stem})
        return Manifest("load", tables={"orders": {"rows": 2}})

    snapshot = store.publish(build)
    assert store.verify() == [f"snapshot {snapshot.id}: orders has 1 rows instead of 2"]


def test_a_load_that_died_before_the_switch_is_not_served_and_is_swept(store: Store) -> None:
    first = publish(store, 1)
    publish(store, 2)
    (store.folder / "CURRENT").write_text(first.id)  # as if killed between the manifest and the pointer
    (store.folder / "building").mkdir()
    (store.folder / "building" / "000003-20260101T000000Z.duckdb").write_bytes(b"half")
    assert [s.id for s in store.list()] == [first.id]
    third = publish(store, 3)
    assert [s.id for s in store.list()] == [third.id, first.id]
    assert orders(store) == 3
    assert third.manifest.parent == first.id
    assert not (store.folder / "building").exists()


def test_undo_is_a_new_snapshot_equal_to_the_old_one(store: Store) -> None:
    first, second = publish(store, 1), publish(store, 2)
    back = store.undo()
    assert store.current() == back
    assert orders(store) == 1
    assert back.id > second.id
    assert back.manifest.kind == "undo"
    assert back.manifest.equals == first.id
    assert back.manifest.takes_back == [second.id]
    assert back.manifest.parent == second.id
    assert back.manifest.last_source_id == 2  # numbers of files that were taken back are not given again
    assert store.verify() == []


def test_undo_twice_goes_back_twice_and_forward_by_name(store: Store) -> None:
    first, second, third = publish(store, 1), publish(store, 2), publish(store, 3)
    assert store.undo().manifest.equals == second.id
    back = store.undo()
    assert back.manifest.equals == first.id
    assert orders(store) == 1
    again = store.undo(third.id)
    assert again.manifest.equals == third.id
    assert again.manifest.takes_back == []
    assert orders(store) == 3


def test_a_load_after_an_undo_can_be_undone(store: Store) -> None:
    first, _ = publish(store, 1), publish(store, 2)
    back = store.undo()
    third = publish(store, 3)
    again = store.undo()
    assert again.manifest.equals == first.id
    assert again.manifest.takes_back == [third.id]
    assert again.manifest.parent == third.id
    assert third.manifest.parent == back.id


def test_the_loads_in_a_state_that_is_not_served(store: Store) -> None:
    first, second = publish(store, 1), publish(store, 2)
    back = store.undo()
    assert store.lineage() == store.lineage(back.id) == [first.id]
    assert store.lineage(second.id) == [second.id, first.id]


def test_nothing_to_undo_is_said(store: Store) -> None:
    with pytest.raises(KamError, match="nothing has been loaded"):
        store.undo()
    publish(store)
    with pytest.raises(KamError, match="no earlier snapshot"):
        store.undo()
    with pytest.raises(KamError, match="no snapshot 'x'"):
        store.undo("x")


def test_retention_keeps_the_last_ones_and_one_a_month(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        moment = datetime(2026, 1, 1, tzinfo=UTC)

        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return cls.moment

    monkeypatch.setattr(snapshots, "datetime", Clock)
    made = {}
    for month, day in [(1, 5), (1, 20), (2, 3), (2, 9), (3, 1), (3, 2), (3, 3)]:
        Clock.moment = datetime(2026, month, day, tzinfo=UTC)
        made[publish(store, 1, Retention(keep_last=2)).id] = (month, day)
    # the last two (3 and 2 March) and the last of January and of February
    assert [made[s.id] for s in store.list()] == [(3, 3), (3, 2), (2, 9), (1, 20)]
    assert len(list((store.folder / "snapshots").iterdir())) == 8
    publish(store, 1, Retention(keep_last=1, keep_monthly=False))
    assert len(store.list()) == 1


def test_a_snapshot_that_a_reader_holds_open_may_be_removed(store: Store) -> None:
    first = publish(store, 5)
    with duckdb.connect(str(first.path), read_only=True) as con:
        publish(store, 1, Retention(keep_last=1, keep_monthly=False))
        assert con.execute("select count(*) from raw.orders").fetchall() == [(5,)]


def test_a_second_writer_is_refused_at_once_and_told_who_holds_it(store: Store) -> None:
    with store.writing(), pytest.raises(KamError, match=rf"another load is running .*process {os.getpid()} on .*since"):
        publish(Store(store.folder))
    publish(store)


def test_the_lock_of_a_killed_process_does_not_block(store: Store) -> None:
    code = (
        "import os, sys; from pathlib import Path; from kam_core.warehouse.snapshots import Store\n"
        "with Store(Path(sys.argv[1])).writing() as draft:\n"
        "    draft.path.write_text('half'); print('held', flush=True); sys.stdin.read()"
    )
    root = Path(__file__).resolve().parents[2]
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(store.folder)],
        cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(KamError, match=f"process {holder.pid} "):
        publish(store)
    holder.kill()
    holder.communicate()
    assert publish(store) == store.current()
    assert not (store.folder / "building").exists()


@pytest.mark.skipif(os.name == "nt" or (hasattr(os, "geteuid") and os.geteuid() == 0), reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_one_clear_line(store: Store) -> None:
    publish(store)
    (store.folder / "snapshots").chmod(0o500)
    try:
        with pytest.raises(KamError, match="no permission to write into"):
            publish(store)
    finally:
        (store.folder / "snapshots").chmod(0o700)
    assert store.verify() == []


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, r"the disk of .*warehouse is full, nothing was changed"),
        (errno.EROFS, r"no permission to write into .*warehouse, nothing was changed"),
        (errno.EIO, r"cannot write into .*warehouse, nothing was changed"),
    ],
)
def test_a_disk_that_refuses_is_one_clear_line(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int, message: str
) -> None:
    first = publish(store)

    def refuse(path: Path) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(snapshots, "_flush", refuse)
    with pytest.raises(KamError, match=message):
        publish(store)
    monkeypatch.undo()
    assert store.current() == first
    assert store.verify() == []


def test_a_file_where_the_folder_should_be_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "warehouse").write_text("")
    with pytest.raises(KamError, match="warehouse"):
        publish(Store(tmp_path / "warehouse"))
