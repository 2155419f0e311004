"""Long work that can be watched and stopped: progress is told and a wish to stop is asked for between chunks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kam_core.errors import KamError

Progress = Callable[[str, float], None]  # what is being done (a text key), share done from 0 to 1
Cancelled = Callable[[], bool]
POLL_SECONDS = 0.1


class Cancellation(KamError):
    """Reading was stopped because the reader asked for it; nothing is left behind."""


@dataclass(frozen=True)
class Watch:
    """Who wants to hear of progress and who may stop the work; both are always asked on the caller's own thread."""

    progress: Progress | None = None
    cancelled: Cancelled | None = None

    def step(self, what: str, share: float) -> None:
        """Tell how far the work is; Cancellation where it shall stop."""
        if self.cancelled and self.cancelled():
            raise Cancellation("stopped; nothing was kept of this file")
        if self.progress:
            self.progress(what, min(max(share, 0.0), 1.0))

    def run(self, con: Any, sql: str, what: str) -> None:
        """Execute one statement of DuckDB, on a thread of its own where somebody watches."""
        if not (self.progress or self.cancelled):
            con.execute(sql)
            return
        outcome: list[BaseException] = []

        def work() -> None:
            try:
                con.execute(sql)
            except BaseException as error:  # handed on to the thread that waits
                outcome.append(error)
        thread = threading.Thread(target=work, name="kam-read")
        thread.start()
        try:
            while thread.is_alive():
                thread.join(POLL_SECONDS)
                share = con.query_progress() if thread.is_alive() else 100.0
                self.step(what, max(share, 0.0) / 100)
        except BaseException:
            con.interrupt()
            thread.join()
            raise
        if outcome:
            raise outcome[0]


NOBODY = Watch()
