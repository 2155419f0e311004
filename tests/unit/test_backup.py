"""One file holds the whole installation, is written while others work, and is refused when a byte of it differs."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
from pathlib import Path

import pytest

from kam_core import backup
from kam_core.__main__ import main
from kam_core.backup import Installation
from kam_core.errors import KamError
from kam_core.state import State
from kam_core.warehouse.load import load
from kam_core.warehouse.snapshots import Store

ORDERS = "order_date,account_id,amount,order_id\n"


def load_one(place: Installation, number: int) -> None:
    file = place.warehouse.parent / f"orders{number}.csv"
    file.write_text(f"{ORDERS}2025-01-0{number},A{number},{number}00.00,O{number}\n")
    load(Store(place.warehouse), [file], as_table="orders")


def empty(folder: Path) -> Installation:
    folder.mkdir()
    return Installation(
        folder / "warehouse", folder / "warehouse/state.sqlite", folder / "policy.toml", folder / "users.toml"
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with two loads, a saved view, an entry in the log, a policy and users."""
    found = empty(tmp_path_factory.mktemp("from") / "place")
    load_one(found, 1)
    load_one(found, 2)
    found.state.save("view", "East", "ann", {"page": "tiers"})
    found.state.record("ann", "load", {})
    found.settings["policy.toml"].write_text('[company]\nname = "Backed up"\n')
    found.settings["users.toml"].write_text('mode = "single"\n')
    return found


@pytest.fixture(scope="module")
def file(place: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("to") / "backup.tar"
    backup.write(place, path)
    return path


def test_lists_every_part_with_its_checksum(place: Installation, file: Path):
    listed = backup.verify(file)["files"]
    assert [s.id for s in Store(place.warehouse).list()] == sorted(
        (name[20:-7] for name in listed if name.endswith(".duckdb")), reverse=True
    )
    assert {"warehouse/CURRENT", "state.sqlite", "policy.toml", "users.toml"} < set(listed)
    assert file.stat().st_mode & 0o077 == 0, "others may read it"


def test_comes_back_in_an_empty_place_as_it_was(place: Installation, file: Path, tmp_path: Path):
    there = empty(tmp_path / "there")
    _, aside = backup.restore(there, file)
    assert aside is None
    store = Store(there.warehouse)
    assert store.current() is not None
    assert [s.manifest for s in store.list()] == [s.manifest for s in Store(place.warehouse).list()]
    assert store.verify() == []
    assert [s.name for s in there.state.saved("view", "ann")] == ["East"]
    assert [e.person for e in there.state.events()] == ["ann"]
    assert {name: path.read_text() for name, path in there.settings.items()} == {
        name: path.read_text() for name, path in place.settings.items()
    }
    load_one(there, 3)  # and the next load works
    assert store.verify() == []


def test_is_not_put_over_data_unless_told(place: Installation, file: Path, tmp_path: Path):
    there = empty(tmp_path / "there")
    load_one(there, 4)
    there.state.save("view", "Mine", "bob", {})
    there.settings["policy.toml"].write_text('[company]\nname = "Former"\n')
    before = Store(there.warehouse).current()
    with pytest.raises(KamError, match="holds data already"):
        backup.restore(there, file)
    assert Store(there.warehouse).current() == before
    _, aside = backup.restore(there, file, instead=True)
    assert aside is not None
    assert before is not None
    assert [s.id for s in Store(there.warehouse).list()] == [s.id for s in Store(place.warehouse).list()]
    assert (aside / "snapshots" / f"{before.id}.duckdb").exists()
    assert "Former" in (aside / "policy.toml").read_text()
    assert [s.name for s in State(aside / "state.sqlite").saved("view", "bob")] == ["Mine"]
    assert there.state.saved("view", "bob") == []


def test_every_damage_is_refused_and_changes_nothing(file: Path, tmp_path: Path):
    """A byte turned in the name and in the middle of each entry, its end cut off, a file that is no backup at all."""
    whole = file.read_bytes()
    with tarfile.open(file) as archive:
        places = [at for m in archive for at in (m.offset + 3, m.offset_data + m.size // 2)]
    damaged = [whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :] for at in places]
    damaged += [whole[: len(whole) // 2], whole[:-20000], b"", b"no backup"]
    bad = tmp_path / "bad.tar"
    for n, content in enumerate(damaged):
        bad.write_bytes(content)
        there = empty(tmp_path / f"there{n}")
        with pytest.raises(KamError):
            backup.restore(there, bad)
        assert not Store(there.warehouse).list()
        assert not there.state.path.exists()
        assert list(there.warehouse.glob("restoring-*")) == []


def test_damaged_data_are_not_backed_up_as_if_they_were_whole(tmp_path: Path):
    there = empty(tmp_path / "there")
    load_one(there, 5)
    current = Store(there.warehouse).current()
    assert current is not None
    content = bytearray(current.path.read_bytes())
    content[len(content) // 2] ^= 255
    current.path.write_bytes(content)
    with pytest.raises(KamError, match="is damaged, no backup was written"):
        backup.write(there, tmp_path / "b.tar")
    assert list(tmp_path.glob("b.tar*")) == []


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "warehouse/../../evil", "warehouse/snapshots/evil.duckdb", "evil.py"]
)
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path):
    bad = tmp_path / "bad.tar"
    with tarfile.open(bad, "w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"evil"))
    with pytest.raises(KamError, match="has no place in one"):
        backup.restore(empty(tmp_path / "there"), bad)
    assert [path.name for path in tmp_path.rglob("*evil*")] == []


def test_a_link_is_refused(tmp_path: Path):
    bad = tmp_path / "bad.tar"
    with tarfile.open(bad, "w") as archive:
        entry = tarfile.TarInfo("policy.toml")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    with pytest.raises(KamError, match="has no place in one"):
        backup.verify(bad)


def test_the_commands_say_what_they_did(place: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                        monkeypatch: pytest.MonkeyPatch):  # fmt: skip
    monkeypatch.setenv("KAM_USERS", str(place.settings["users.toml"]))
    file, policy = tmp_path / "b.tar", str(tmp_path / "policy.toml")
    here = ["--warehouse", str(place.warehouse), "--policy", str(place.settings["policy.toml"])]
    assert main(["backup", str(file), *here]) == 0
    assert "every one read again" in capsys.readouterr().out
    assert main(["backup", str(tmp_path / "nowhere" / "b.tar"), *here]) == 1
    there = ["--warehouse", str(tmp_path / "there"), "--policy", policy]
    assert main(["restore", str(file), *there]) == 0
    assert main(["restore", str(file), *there]) == 1
    assert "holds data already" in capsys.readouterr().err
    assert main(["restore", str(file), *there, "--replace"]) == 0
    capsys.readouterr()
    assert main(["audit", "--json", *there]) == 0
    actions = [event["action"] for event in json.loads(capsys.readouterr().out)]
    assert actions == ["restore", "load"], "the log is that of the backup, and says that it was restored"
    with sqlite3.connect(tmp_path / "there" / "state.sqlite") as con:
        assert con.execute("pragma integrity_check").fetchone() == ("ok",)
