"""Large uploads take turns: a server works on one of them at a time, so that its memory has a bound whoever comes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from kam_core.uploads.job import Job

LARGE = 100 * 1024**2  # bytes of text; what is smaller is read at once by whoever brings it
PACKED = 10  # how much a packed file grows when it is read
TEXT = {".csv", ".tsv", ".txt", ".tab"}
LOOK = 0.2  # seconds between two looks at whether it is one's turn

_turn = threading.Lock()


def weight(paths: Iterable[Path]) -> int:
    """Bytes of text that files are, or may become."""
    return sum(path.stat().st_size * (1 if path.suffix.lower() in TEXT else PACKED) for path in paths if path.exists())


def in_turn(work: Callable[[Job], Any], weight: int) -> Callable[[Job], Any]:
    """The work, begun when no other large one is done; who waits is told so, and may stop."""
    if weight < LARGE:
        return work

    def waiting(job: Job) -> Any:
        while not _turn.acquire(timeout=LOOK):
            job.tell("upload.step.wait", 0.0)
        try:
            return work(job)
        finally:
            _turn.release()

    return waiting
