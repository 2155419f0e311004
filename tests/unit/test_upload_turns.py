"""Large uploads are worked on one at a time; small ones do not wait."""

from __future__ import annotations

import threading
from pathlib import Path

from kam_core.uploads.job import Job, Stopped
from kam_core.uploads.turns import LARGE, in_turn, weight

PATIENCE = 30


class Held:
    """Work that goes on until it is let go, and notes that it has begun."""

    def __init__(self) -> None:
        self.begun, self.free = threading.Event(), threading.Event()

    def __call__(self, _job: Job) -> str:
        self.begun.set()
        assert self.free.wait(PATIENCE)
        return "done"


def told(job: Job, step: str) -> bool:
    return any(job.step == step or job.wait(0.05) for _ in range(20 * PATIENCE)) and job.step == step


def test_the_second_large_one_waits_for_the_first_and_is_told_so():
    first, second = Held(), Held()
    one = Job(in_turn(first, LARGE))
    assert first.begun.wait(PATIENCE)
    two = Job(in_turn(second, LARGE))
    assert told(two, "upload.step.wait") and not second.begun.is_set()
    first.free.set()
    assert second.begun.wait(PATIENCE) and one.wait(PATIENCE)
    second.free.set()
    assert two.wait(PATIENCE) and (one.result, two.result) == ("done", "done")


def test_a_small_one_does_not_wait():
    large, small = Held(), Held()
    one = Job(in_turn(large, LARGE))
    assert large.begun.wait(PATIENCE)
    Job(in_turn(small, LARGE - 1))
    assert small.begun.wait(PATIENCE)
    for held in (large, small):
        held.free.set()
    assert one.wait(PATIENCE)


def test_who_waits_can_stop_and_a_failure_passes_the_turn_on():
    first = Held()
    one = Job(in_turn(first, LARGE))
    assert first.begun.wait(PATIENCE)
    never = Held()
    two = Job(in_turn(never, LARGE))
    two.stop()
    assert two.wait(PATIENCE) and isinstance(two.error, Stopped) and not never.begun.is_set()
    first.free.set()
    assert one.wait(PATIENCE)

    def fails(_job: Job) -> None:
        raise ValueError("broken")

    assert Job(in_turn(fails, LARGE)).wait(PATIENCE)
    last = Held()
    last.free.set()
    assert Job(in_turn(last, LARGE)).wait(PATIENCE) and last.begun.is_set()


def test_packed_files_weigh_what_they_may_become(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b"x" * 7)
    (tmp_path / "b.XLSX").write_bytes(b"x" * 5)
    assert weight([tmp_path / "a.csv", tmp_path / "b.XLSX", tmp_path / "gone.csv"]) == 7 + 50
