"""The accounts that made the difference: what each added or took away against last year."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, chart, hit_area, number, ordinal
from kam_core.charts.tokens import Look


def movers(look: Look, rows: list[dict[str, Any]], words: dict[str, str], height: int = 220) -> Spec:
    """A row an account, largest rise first: `account` (id), `name`, `change` (number), `label` (direct label) and the
    texts `now_text`, `before_text`, `change_text` for hover. `words`: actual, before, change.
    """
    low, high = _domain(rows)
    marks = [
        {
            **row,
            "color": look.good if row["change"] >= 0 else look.bad,
            "zero": -low / (high - low),
            "end": (row["change"] - low) / (high - low),
        }
        for row in rows
    ]
    y = {"y": ordinal("name", axis={"labelLimit": 128, "labelColor": look.text, "labelOverlap": False})}
    zero = number("zero", scale={"domain": [0, 1], "nice": False}, axis=None)
    tooltip = [
        ("name", words["name"]),
        ("now_text", words["actual"]),
        ("before_text", words["before"]),
        ("change_text", words["change"]),
    ]
    layers = [
        {
            "mark": {"type": "bar", "height": {"band": 0.7}, "cornerRadiusEnd": 1},
            "encoding": {
                **y,
                "x": zero,
                "x2": {"field": "end"},
                "color": {"field": "color", "type": "nominal", "scale": None},
            },
        },
        _labels(y, "datum.change >= 0", "right", -5),
        _labels(y, "datum.change < 0", "left", 5),
        {
            "mark": {"type": "rule", "color": look.muted, "strokeWidth": 1},
            "encoding": {"x": {**zero, "aggregate": "min"}},
        },
        hit_area(("account",), y, tooltip),
    ]
    return chart(look, marks, layers, height)


def _domain(rows: list[dict[str, Any]]) -> list[float]:
    """From the largest fall to the largest rise, with room for a label on either side of zero.

    Rows are placed within it, from 0 to 1: the axis stays the same whatever is filtered.
    """
    changes = [row["change"] for row in rows] or [1]
    low, high = min(0, *changes), max(0, *changes)
    room = 0.32 * (high - low)
    return [min(low, -room), max(high, room)]


def _labels(y: Spec, which: str, align: str, dx: int) -> Spec:
    """The label stands across the zero line from its bar, where there is always room."""
    return {
        "transform": [{"filter": which}],
        "mark": {"type": "text", "align": align, "dx": dx, "fontSize": 10.5},
        "encoding": {**y, "x": number("zero"), "text": {"field": "label", "type": "nominal"}},
    }
