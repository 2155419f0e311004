"""Which version of the marts this code builds and reads, so that data built by another one are rebuilt, not misread."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_BUILDERS = ("build.py", "quality.py", "risk.py", "backtest.py")  # with sql/, all that decides what marts hold


@cache
def built_by() -> str:
    """The first 16 digits of the SHA-256 over everything that decides what the marts hold."""
    here = Path(__file__).parent
    paths = [here / name for name in _BUILDERS if (here / name).exists()] + sorted(here.glob("sql/**/*.sql"))
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(here).as_posix().encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]
