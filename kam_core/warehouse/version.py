"""Which version of the marts this code builds and reads, so that data built by another one are rebuilt, not misread."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_BUILDERS = (  # all that decides what marts hold
    *("warehouse/" + name for name in ("build.py", "quality.py", "pipeline.py", "risk.py", "backtest.py")),
    "warehouse/sql/**/*.sql",
    "models/*.py",
)


@cache
def built_by() -> str:
    """The first 16 digits of the SHA-256 over everything that decides what the marts hold."""
    paths = sorted(path for pattern in _BUILDERS for path in _PACKAGE.glob(pattern))
    digest = hashlib.sha256()
    for path in paths:
        name = path.relative_to(_PACKAGE).as_posix()
        digest.update(name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def is_current(builder: str, under_policy: str, policy: str) -> bool:
    """Whether data of that builder, under a policy of that SHA-256, are what this code builds under `policy`'s."""
    return builder == built_by() and under_policy == policy
