"""Rows of a frame, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Each row with its columns as attributes; what they hold is known to the report, not to the type checker."""
    return frame.itertuples()
