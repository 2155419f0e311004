"""The layers that a request passes on its way to the pages, outermost first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette.middleware import Middleware

from kam_core.serving.compressed import Compressed
from kam_core.serving.failures import Caught
from kam_core.serving.guard import Guard
from kam_core.serving.headers import content_policy


def stack(hosts: Sequence[str], interface: Path) -> list[Middleware]:
    """`hosts` as in `server.allowedHosts`; `interface` is the folder of the user interface's own files."""
    return [
        Middleware(Guard, hosts=hosts, policy=content_policy(interface / "index.html")),
        Middleware(Caught),
        Middleware(Compressed, folder=interface),
    ]
