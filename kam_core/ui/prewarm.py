"""What a server can do before the first reader comes: load what the first page needs, read the marts once."""

from __future__ import annotations

import importlib
import logging

from kam_core.access.scope import Scope
from kam_core.metrics.reports import report
from kam_core.ui import session
from kam_core.uploads.workspace import sweep
from kam_core.view import View
from kam_core.warehouse.engine import Reader

LOG = logging.getLogger("kam")


def warm_up() -> None:
    """Never fails: a server that could not be warmed up serves all the same."""
    try:
        importlib.import_module("kam_core.ui.overview")
        sweep()  # uploads that a killed server left behind
        store = session.store()
        snapshot = store.current()
        if snapshot:
            reader = Reader(snapshot.path)
            report(reader, View(scope=Scope.everything()), "overview")
            reader.close()
        for problem in store.examine():  # last, as it reads every byte
            LOG.error("%s", problem)
    except Exception:
        LOG.exception("warming up failed")
