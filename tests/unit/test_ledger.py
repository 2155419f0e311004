"""What the command line writes into the audit log: loads, undos, the policy that changed with them, exports."""

from __future__ import annotations

from pathlib import Path

import pytest

from kam_core.__main__ import main
from kam_core.state import State
from kam_core.warehouse.snapshots import user

ORDERS = "order_date,account_id,amount,order_id,region\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One line loaded, another one under a changed policy, that load taken back; then two questions asked."""
    folder = tmp_path_factory.mktemp("ledger")
    for n in (1, 2):
        (folder / f"o{n}.csv").write_text(f"{ORDERS}2025-01-0{n},A{n},100,O{n},East\n")
    (folder / "policy.toml").write_text("")
    here = ["--warehouse", str(folder / "w"), "--policy", str(folder / "policy.toml")]
    assert main(["load", str(folder / "o1.csv"), "--as", "orders", *here]) == 0
    (folder / "policy.toml").write_text("[tiers]\na_below = 0.7\n")
    assert main(["load", str(folder / "o2.csv"), "--as", "orders", *here]) == 0
    assert main(["load", str(folder / "o2.csv"), "--as", "orders", *here]) == 0  # changes nothing: no entry
    assert main(["undo", *here]) == 0
    assert main(["metric", "revenue", "--by", "region", "--format", "csv", "--region", "East", *here]) == 0
    assert main(["metric", "revenue", *here]) == 0  # a table on the screen: no entry
    return folder


def test_who_did_what(place: Path):
    events = State(place / "w" / "state.sqlite").events()
    assert [event.action for event in reversed(events)] == ["load", "load", "policy", "undo", "policy", "export"]
    assert {event.person for event in events} == {user()}
    first, second, changed, undone, back, export = reversed(events)
    assert (first.rows, first.what["files"], first.what["orders"]) == (1, ["o1.csv"], {"added": 1})
    assert changed.what["changed"] == {"tiers.a_below": "0.8 → 0.7"}
    assert undone.what["taken back"] == [second.what["id"]]
    assert undone.what["went back to"] == first.what["id"]
    assert back.what["changed"] == {"tiers.a_below": "0.7 → 0.8"}, "the undo serves what the former policy made"
    assert (export.rows, export.what) == (1, {"what": ["revenue"], "format": "csv", "region": ["East"]})


def test_the_figures_are_told_also_where_the_log_cannot_be_written(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("KAM_STATE", str(place / "o1.csv" / "no" / "folder"))
    assert main(["metric", "revenue", "--format", "json", "--warehouse", str(place / "w")]) == 0
    said = capsys.readouterr()
    assert '"revenue": 100' in said.out
    assert said.err.startswith("not in the audit log: ")
