"""Work that may take long: in a thread of its own, with its progress, and stopped when the person asks for it."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Any

from kam_core.errors import KamError

LOG = logging.getLogger("kam")


class Stopped(KamError):
    """The person stopped the work; nothing of it is kept."""


class Job:
    """One piece of work. `work` is given the job, tells it its progress, and stops where `check` raises Stopped."""

    def __init__(self, work: Callable[[Job], Any]) -> None:
        self.step, self.share = "", 0.0  # a text key or a sentence, and how much is done, 0 to 1
        self.result: Any = None
        self.error: Exception | None = None
        self._work = work
        self._stop = threading.Event()
        self._done = threading.Event()
        self._interrupts: list[Callable[[], object]] = []
        threading.Thread(target=self._run, name="upload", daemon=True).start()

    @property
    def is_done(self) -> bool:
        return self._done.is_set()

    @property
    def was_stopped(self) -> bool:
        return self._stop.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it was done within so many seconds."""
        return self._done.wait(seconds)

    def stop(self) -> None:
        """Ask it to end; a query that runs is interrupted."""
        self._stop.set()
        for interrupt in list(self._interrupts):
            with contextlib.suppress(Exception):  # a connection that is closed by now says so
                interrupt()

    def on_stop(self, interrupt: Callable[[], object]) -> None:
        """Also call this when the work is to end: a connection's `interrupt`."""
        self._interrupts.append(interrupt)

    def tell(self, step: str, share: float) -> None:
        """What is being done and how far; raises Stopped when the person wants it to end."""
        self.step, self.share = step, min(max(share, 0.0), 1.0)
        if self.was_stopped:
            raise Stopped("stopped")

    def part(self, start: float, end: float) -> Callable[[str, float], None]:
        """`tell` for a part of the work that counts its own share from 0 to 1."""
        return lambda step, share: self.tell(step, start + (end - start) * share)

    def _run(self) -> None:
        try:
            self.result = self._work(self)
        except KamError as error:
            self.error = Stopped("stopped") if self.was_stopped else error
        except Exception as error:  # an interrupted query raises what it likes
            self.error = Stopped("stopped") if self.was_stopped else error
            if not self.was_stopped:
                LOG.exception("an upload failed")
        finally:
            self._done.set()
