"""What was planted, by kind: lists of accounts, managers or product lines with their parameters."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any


def read_truths(con: Any) -> dict[str, list[dict[str, Any]]]:
    """The planted truths from `demo_truth`: kind → rows with ids, dates (ISO) and parameters, in order of id."""
    rows = con.execute("select kind, truth from demo_truth order by kind, subject").fetchall()
    truths: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for kind, truth in rows:
        truths[kind].append(json.loads(truth))
    return dict(truths)
