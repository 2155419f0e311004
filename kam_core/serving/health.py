"""Two addresses for whoever watches the server: /health says that it lives, /ready that it can show data."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from kam_core.errors import KamError

if TYPE_CHECKING:
    from kam_core.warehouse.snapshots import Store

NO_STORE = {"Cache-Control": "no-store"}


def routes(store: Callable[[], Store]) -> list[Route]:
    """`store` gives the data that the pages show."""

    async def health(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"}, headers=NO_STORE)

    async def ready(_request: Request) -> JSONResponse:
        state = await asyncio.to_thread(lambda: state_of_data(store()))
        return JSONResponse({"status": state}, 200 if state in ("ready", "older data") else 503, headers=NO_STORE)

    return [Route("/health", health), Route("/ready", ready)]


def state_of_data(store: Store) -> str:
    """One of: ready, older data (an earlier load is served), other version, no data, unreadable."""
    from kam_core.warehouse.engine import Reader  # not at the start of the server, which answers before it can read
    from kam_core.warehouse.version import built_by

    try:
        current = store.current()
        if current is None:
            return "no data"
        if current.manifest.built_by != built_by():
            return "other version"
        reader = Reader(current.path)  # as the pages open it: DuckDB refuses a second one that is set up otherwise
        try:
            reader.rows("select value from meta.manifest where key = 'id'")
        finally:
            reader.close()
    except (KamError, OSError, RuntimeError):
        return "unreadable"
    return "older data" if current.fallback_reason else "ready"
