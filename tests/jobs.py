"""Work of an upload, waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kam_core.uploads.job import Job


def run(work: Callable[[Job], Any], seconds: float = 60) -> Any:
    """What a job gives; raises what it raised."""
    job = Job(work)
    assert job.wait(seconds)
    if job.error:
        raise job.error
    return job.result
