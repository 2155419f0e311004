"""Rows of a frame, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from kam_core.text.sentence import own_script


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Each row with its columns as attributes; what they hold is known to the report, not to the type checker."""
    return frame.itertuples()


def named(frame: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Accounts and managers in the reader's half of their names, under the headings of the pages."""
    names = {"name": "account", "manager_name": "manager", "last_order_on": "last_order", "churn_risk": "risk"}
    frame = frame.rename(columns=names).reset_index(drop=True)
    for column in ("account", "manager"):
        frame[column] = [own_script(v, lang) if isinstance(v, str) else None for v in frame[column]]
    return frame
