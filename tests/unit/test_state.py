"""What people save and what they did: kept, theirs alone, never rewritten, and the same after an upgrade."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kam_core.errors import KamError
from kam_core.state import State, path_for, store


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state.sqlite")


def names(state: State, owner: str, kind: str = "view", **more: str) -> list[str]:
    return [s.name for s in state.saved(kind, owner, **more)]


def test_own_and_shared_are_seen_and_only_own_is_deleted(state: State):
    state.save("view", "Mine", "ann", {"page": "tiers"})
    state.save("view", "Ours", "bob", {}, shared=True)
    state.save("view", "His", "bob", {})
    state.save("note", "Mine", "ann", {})
    assert names(state, "ann") == ["Mine", "Ours"]
    assert state.delete("view", "Ours", "ann") is False
    assert state.delete("view", "Ours", "bob") is True
    assert names(state, "ann") == ["Mine"]
    assert state.saved("view", "ann")[0].body == {"page": "tiers"}


def test_a_name_saved_again_replaces_ones_own_and_nobody_elses(state: State):
    state.save("view", "East", "bob", {"n": 1}, shared=True)
    state.save("view", " East\n ", "ann", {"n": 2})
    changed = state.save("view", "East", "ann", {"n": 3}, shared=True)
    assert [(s.owner, s.body["n"]) for s in state.saved("view", "ann")] == [("bob", 1), ("ann", 3)]
    assert changed.shared
    assert changed.changed_at >= changed.created_at


def test_what_concerns_one_account(state: State):
    state.save("note", "1", "ann", {"text": "call"}, shared=True, about="A1")
    state.save("note", "2", "ann", {"text": "visit"}, shared=True, about="A2")
    assert names(state, "bob", "note", about="A2") == ["2"]
    assert names(state, "bob", "note") == ["1", "2"]


@pytest.mark.parametrize("name", ["", " \n", "x" * 121])
def test_a_name_must_be_one(state: State, name: str):
    with pytest.raises(KamError, match="1 to 120 characters"):
        state.save("view", name, "ann", {})


def test_too_large_to_be_saved(state: State):
    with pytest.raises(KamError, match="too large"):
        state.save("view", "x", "ann", {"text": "x" * 1_000_001})


def test_the_log_is_read_latest_first_and_searched(state: State):
    state.record("ann", "export", {"name": "Tiers", "filter": "East"}, rows=12)
    state.record("boss", "view_as", {"as": "bob"}, acting_for="bob")
    state.record("ann", "load", {"files": ["Ostsee.csv"]})
    assert [e.action for e in state.events()] == ["load", "view_as", "export"]
    assert [e.action for e in state.events(text="ostsee")] == ["load"]
    assert [e.action for e in state.events(person="bob")] == ["view_as"]
    assert [(e.what["filter"], e.rows) for e in state.events(action="export")] == [("East", 12)]
    today = datetime.now(UTC).date()
    assert len(state.events(since=today, until=today)) == 3
    assert state.events(until=today - timedelta(days=1)) == []
    assert state.people() == ["ann", "boss"]
    assert [e.id for e in state.events(limit=1)] == [3]


@pytest.mark.parametrize(
    "attempt",
    [
        "update audit set person = 'nobody'",
        "delete from audit",
        "delete from audit where id = 1",
        "insert or replace into audit (id, at, person, action, what) values (1, '', '', '', '{}')",
        "replace into audit (id, at, person, action, what) values (1, '', '', '', '{}')",
        "delete from audit_retention",
        "insert into audit_retention values (99)",
    ],
)
def test_the_log_is_append_only(state: State, attempt: str):
    state.record("ann", "load", {})
    with closing(sqlite3.connect(state.path)) as con, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        con.execute(attempt)
    assert [(e.person, e.action) for e in state.events()] == [("ann", "load")]


def aged(state: State, *days: int) -> None:
    """An entry for each age; written past the product, which only ever writes the present."""
    with closing(sqlite3.connect(state.path)) as con, con:
        for n in days:
            at = (datetime.now(UTC) - timedelta(days=n)).isoformat(timespec="milliseconds")
            con.execute("insert into audit (at, person, action, what) values (?, 'ann', ?, '{}')", (at, f"{n} days"))


def test_retention_takes_the_oldest_and_no_more(state: State):
    state.forget(30)
    aged(state, 100, 40, 20, 0)
    assert state.forget(50) == 1
    assert [e.action for e in state.events()] == ["0 days", "20 days", "40 days"]
    assert state.forget(30) == 1
    assert state.forget(365) == 0
    with closing(sqlite3.connect(state.path)) as con, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        con.execute("update audit_retention set first_kept = 0")
    state.record("ann", "load", {})
    assert [e.id for e in state.events()] == [5, 4, 3], "an id is never given twice"


def test_a_clock_moved_back_changes_neither_order_nor_what_is_kept(state: State):
    """The second entry says it is 400 days old: an hour later the clock stood wrong."""
    state.record("ann", "first", {})
    aged(state, 400)
    state.record("ann", "third", {})
    assert [e.action for e in state.events()] == ["third", "400 days", "first"]
    assert state.forget(30) == 0


def test_a_clock_moved_ahead_does_not_empty_the_log(state: State, monkeypatch: pytest.MonkeyPatch):
    state.record("ann", "load", {})
    with monkeypatch.context() as wrong:
        wrong.setattr(store, "_now", lambda: "2199-01-01T00:00:00.000+00:00")
        state.record("ann", "undo", {})
    assert state.forget(30) == 0


def test_written_by_many_processes_at_once(state: State):
    """4 processes × 25 entries, none lost, and each process sees its own shape of the file."""
    code = (
        "import sys; from pathlib import Path; from kam_core.state import State\n"
        "for n in range(25): State(Path(sys.argv[1])).record(sys.argv[2], 'load', {'n': n})"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(state.path), f"p{n}"]) for n in range(4)]
    assert [process.wait() for process in running] == [0, 0, 0, 0]
    found = sorted((event.person, event.what["n"]) for event in state.events())
    assert found == [(f"p{process}", n) for process in range(4) for n in range(25)]


def test_an_older_file_is_brought_up_to_date_and_keeps_what_it_holds(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    state.save("view", "East", "ann", {"n": 1})
    state.record("ann", "load", {})
    added = tmp_path / "002_added.sql"
    added.write_text("alter table saved add column colour text not null default 'blue';\n")
    monkeypatch.setattr(store, "MIGRATIONS", [*store.MIGRATIONS, added])
    assert names(state, "ann") == ["East"]
    with closing(sqlite3.connect(state.path)) as con:
        assert con.execute("select colour from saved").fetchall() == [("blue",)]
        assert con.execute("pragma user_version").fetchone() == (2,)


def test_a_migration_that_fails_changes_nothing(state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    state.save("view", "East", "ann", {})
    broken = tmp_path / "002_broken.sql"
    broken.write_text("alter table saved add column colour text;\nalter table nowhere add column x;\n")
    with monkeypatch.context() as later:
        later.setattr(store, "MIGRATIONS", [*store.MIGRATIONS, broken])
        with pytest.raises(KamError, match="no such table"):
            state.saved("view", "ann")
    assert names(state, "ann") == ["East"]
    with closing(sqlite3.connect(state.path)) as con:
        assert "colour" not in [row[1] for row in con.execute("pragma table_info(saved)")]


def test_a_file_of_a_newer_version_is_left_alone(state: State):
    state.record("ann", "load", {})
    with closing(sqlite3.connect(state.path)) as con:
        con.execute("pragma user_version = 99")
    with pytest.raises(KamError, match="newer version"):
        state.events()


def test_what_cannot_be_written_is_said_in_one_sentence(tmp_path: Path):
    folder = tmp_path / "file"
    folder.write_text("in the way")
    with pytest.raises(KamError, match="cannot be opened"):
        State(folder / "state.sqlite").record("ann", "load", {})
    damaged = tmp_path / "state.sqlite"
    damaged.write_bytes(b"not a database" * 1000)
    with pytest.raises(KamError, match="damaged"):
        State(damaged).saved("view", "ann")


def test_a_copy_is_whole_and_is_taken_back(state: State, tmp_path: Path):
    state.save("view", "East", "ann", {})
    state.copy_to(tmp_path / "copy.sqlite")
    state.save("view", "West", "ann", {})
    state.replace_by(tmp_path / "copy.sqlite")
    assert names(state, "ann") == ["East"]


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("KAM_STATE", raising=False)
    assert path_for(tmp_path) == tmp_path / "state.sqlite"
    monkeypatch.setenv("KAM_STATE", str(tmp_path / "other"))
    assert path_for(tmp_path / "x") == tmp_path / "other"
