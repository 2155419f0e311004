"""Large uploads are worked on one at a time; small ones do not wait."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb

from kam_core.uploads.job import Job, Stopped
from kam_core.uploads.turns import LARGE, in_turn, weight
from kam_core.uploads.workspace import Workspace

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


def test_a_session_that_is_gone_neither_waits_nor_keeps_its_turn(tmp_path: Path):
    def endless(job: Job) -> None:
        while True:
            job.tell("upload.step.read", 0.0)

    workspaces = [Workspace.create(tmp_path) for _ in range(2)]
    jobs = [Job(in_turn(endless, LARGE)) for _ in workspaces]  # one works, the other waits
    for workspace, job in zip(workspaces, jobs, strict=True):
        workspace.stop_work = job.stop
        workspace.close()
        assert job.wait(PATIENCE) and isinstance(job.error, Stopped)
    next_one = Held()
    next_one.free.set()
    assert Job(in_turn(next_one, LARGE)).wait(PATIENCE) and next_one.begun.is_set()


def test_what_is_closed_already_does_not_keep_the_rest_from_being_stopped():
    """The first of two sheets is read, and its connection closed; the second is being read."""
    closed, interrupted, begun = duckdb.connect(), threading.Event(), threading.Event()
    closed.close()

    def works(job: Job) -> None:
        job.on_stop(closed.interrupt)
        job.on_stop(interrupted.set)
        begun.set()
        assert interrupted.wait(PATIENCE)
        job.tell("upload.step.read", 0.5)

    job = Job(works)
    assert begun.wait(PATIENCE)
    job.stop()
    assert job.wait(PATIENCE) and isinstance(job.error, Stopped)


def test_packed_files_weigh_what_they_may_become(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b"x" * 7)
    (tmp_path / "b.XLSX").write_bytes(b"x" * 5)
    assert weight([tmp_path / "a.csv", tmp_path / "b.XLSX", tmp_path / "gone.csv"]) == 7 + 50
