"""The accounts that made the difference: what each added or took away against last year."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, chart, hit_area, number, ordinal
from kam_core.charts.tokens import Look


def movers(look: Look, rows: list[dict[str, Any]], words: dict[str, str], height: int = 220) -> Spec:
    """A row an account, largest rise first: `account` (id), `name`, `change` (number), `label` (direct label) and the
    texts `now_text`, `before_text`, `change_text` for hover. `words`: actual, before, change.
    """
    marks = [{**row, "color": look.good if row["change"] >= 0 else look.bad} for row in rows]
    most = max([abs(row["change"]) for row in rows], default=1) or 1
    y = {"y": ordinal("name", axis={"labelLimit": 120, "labelColor": look.text})}
    tooltip = [
        ("name", ""), ("now_text", words["actual"]), ("before_text", words["before"]), ("change_text", words["change"]),
    ]
    layers = [
        {
            "mark": {"type": "bar", "height": {"band": 0.7}, "cornerRadiusEnd": 1},
            "encoding": {
                **y,
                "x": number("change", scale={"domain": [-most * 1.55, most * 1.55], "nice": False}, axis=None),
                "color": {"field": "color", "type": "nominal", "scale": None},
            },
        },
        _labels(y, "datum.change >= 0", "left", 4),
        _labels(y, "datum.change < 0", "right", -4),
        {"mark": {"type": "rule", "color": look.muted, "strokeWidth": 1}, "encoding": {"x": {"datum": 0}}},
        hit_area(("account",), y, tooltip),
    ]
    return chart(look, marks, layers, height)


def _labels(y: Spec, which: str, align: str, dx: int) -> Spec:
    return {
        "transform": [{"filter": which}],
        "mark": {"type": "text", "align": align, "dx": dx, "fontSize": 10.5},
        "encoding": {**y, "x": number("change"), "text": {"field": "label", "type": "nominal"}},
    }
