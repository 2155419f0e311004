"""Stages of deals and holders of accounts, told by successive loads."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kam_core.warehouse.engine import Reader
from kam_core.warehouse.load import load
from kam_core.warehouse.snapshots import Store

DAYS = [date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16)]
DEALS = "opportunity_id,account_id,stage,amount,created_on,expected_close,closed_on\n"
ACCOUNTS = "account_id,name,manager_id,created_on\n"


class Weekly:
    """Loads of one folder, each on a day of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, Store(folder / "warehouse")

    def load(self, day: date, table: str, text: str) -> list[str]:
        path = self.folder / f"{table}.csv"
        path.write_text(text)
        return load(self.store, [path], as_table=table, today=day).notes

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        current = self.store.current()
        assert current is not None
        reader = Reader(current.path)
        try:
            return reader.rows(sql)
        finally:
            reader.close()

    def stages(self) -> list[tuple[object, ...]]:
        return self.rows(
            "select opportunity_id, stage, cast(entered_on as varchar), amount from raw.stage_history order by all"
        )

    def holders(self) -> list[tuple[object, ...]]:
        return self.rows(
            "select account_id, manager_id, cast(from_on as varchar), cast(to_on as varchar)"
            " from raw.assignments order by 1, 3"
        )


@pytest.fixture
def weekly(tmp_path: Path) -> Weekly:
    return Weekly(tmp_path)


def test_each_change_of_a_deal_is_a_row(weekly: Weekly) -> None:
    first = DEALS + (
        "D1,A1,Lead,100,2026-01-10,2026-06-01,\n"
        "D2,A1,Lead,50,,,\n"  # created nobody knows when: first seen at the load
        "D3,A2,Won,70,2025-12-01,,2026-02-20\n"  # won when it was closed
    )
    notes = weekly.load(DAYS[0], "opportunities", first)
    assert notes == [
        "stage_history: 3 rows added from a deal's stage, amount or expected close, as this load shows them"
    ]
    assert weekly.stages() == [
        ("D1", "Lead", "2026-01-10", 100), ("D2", "Lead", "2026-03-02", 50), ("D3", "Won", "2026-02-20", 70),
    ]  # fmt: skip
    weekly.load(DAYS[1], "opportunities", DEALS + "D1,A1,Proposal,100,2026-01-10,2026-06-01,\nD2,A1,Lead,50,,,\n")
    weekly.load(DAYS[2], "opportunities", DEALS + "D1,A1,Proposal,80,2026-01-10,2026-06-01,\n")
    assert weekly.stages() == [
        ("D1", "Lead", "2026-01-10", 100), ("D1", "Proposal", "2026-03-09", 100), ("D1", "Proposal", "2026-03-16", 80),
        ("D2", "Lead", "2026-03-02", 50), ("D3", "Won", "2026-02-20", 70),
    ]  # fmt: skip


def test_two_changes_on_one_day_are_the_last_one(weekly: Weekly) -> None:
    weekly.load(DAYS[0], "opportunities", DEALS + "D1,A1,Lead,100,,,\n")
    weekly.load(DAYS[0], "opportunities", DEALS + "D1,A1,Lead,90,,,\n")
    assert weekly.stages() == [("D1", "Lead", "2026-03-02", 90)]


def test_a_loaded_history_takes_the_place_of_the_told_one(weekly: Weekly) -> None:
    weekly.load(DAYS[0], "opportunities", DEALS + "D1,A1,Proposal,100,2026-01-10,,\nD2,A1,Lead,50,2026-01-11,,\n")
    history = "opportunity_id,stage,entered_on,amount\nD1,Lead,2026-01-10,90\nD1,Proposal,2026-02-01,100\n"
    weekly.load(DAYS[1], "stage_history", history)
    loaded = [("D1", "Lead", "2026-01-10", 90), ("D1", "Proposal", "2026-02-01", 100), ("D2", "Lead", "2026-01-11", 50)]
    assert weekly.stages() == loaded
    # a deal whose history is loaded is not told any more; the other one is
    weekly.load(DAYS[2], "opportunities", DEALS + "D1,A1,Won,100,2026-01-10,,\nD2,A1,Proposal,50,2026-01-11,,\n")
    assert weekly.stages() == [*loaded, ("D2", "Proposal", "2026-03-16", 50)]


def test_a_change_of_manager_ends_one_stretch_and_begins_another(weekly: Weekly) -> None:
    weekly.load(DAYS[0], "accounts", ACCOUNTS + "A1,Acme,M1,2024-05-01\nA2,Bolt,M1,\nA3,Cork,,\n")
    assert weekly.holders() == [("A1", "M1", "2024-05-01", None), ("A2", "M1", "2026-03-02", None)]
    weekly.load(DAYS[1], "accounts", ACCOUNTS + "A1,Acme,M2,2024-05-01\nA2,Bolt,,\nA3,Cork,M3,\n")
    assert weekly.holders() == [
        ("A1", "M1", "2024-05-01", "2026-03-09"), ("A1", "M2", "2026-03-09", None),
        ("A2", "M1", "2026-03-02", "2026-03-09"), ("A3", "M3", "2026-03-09", None),
    ]  # fmt: skip
    # the same day again: M2 held it for no whole day
    weekly.load(DAYS[1], "accounts", ACCOUNTS + "A1,Acme,M4,2024-05-01\n")
    assert weekly.holders()[:2] == [("A1", "M1", "2024-05-01", "2026-03-09"), ("A1", "M4", "2026-03-09", None)]


def test_loaded_assignments_are_all_there_is_for_their_accounts(weekly: Weekly) -> None:
    weekly.load(DAYS[0], "accounts", ACCOUNTS + "A1,Acme,M1,\nA2,Bolt,M1,\n")
    weekly.load(DAYS[1], "assignments", "account_id,manager_id,from_on\nA1,M9,2020-01-01\n")
    weekly.load(DAYS[2], "accounts", ACCOUNTS + "A1,Acme,M2,\nA2,Bolt,M2,\n")
    assert weekly.holders() == [
        ("A1", "M9", "2020-01-01", None),
        ("A2", "M1", "2026-03-02", "2026-03-16"), ("A2", "M2", "2026-03-16", None),
    ]  # fmt: skip
