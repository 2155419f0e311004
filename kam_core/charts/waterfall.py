"""From one total to another by the steps between them, top to bottom; the steps sum up exactly."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, beside, chart, hit_area, number, ordinal
from kam_core.charts.tokens import Look


def waterfall(look: Look, rows: list[dict[str, Any]], words: dict[str, str], height: int) -> Spec:
    """A row a step in order: `step` (given by a click), `name`, `from`, `to` (running totals), `tone` (total, good,
    bad), `label`, and for hover `value_text`, `deals_text`.
    """
    colours = {"total": look.actual, "good": look.good, "bad": look.bad}
    marks = [{**row, "color": colours[row["tone"]], "end": max(row["from"], row["to"])} for row in rows]
    y = {"y": ordinal("name", axis={"labelLimit": 130, "labelColor": look.text, "labelOverlap": False})}
    low = min(0.0, *(min(row["from"], row["to"]) for row in rows), 0.0)
    scale = beside([(row["end"], row["label"]) for row in marks], low)
    bar = {**y, "x": number("from", axis=None, scale=scale), "x2": {"field": "to"}}
    layers = [
        {
            "mark": {"type": "bar", "height": {"band": 0.64}, "minBandSize": 2},
            "encoding": {**bar, "color": {"field": "color", "type": "nominal", "scale": None}},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 11.5},
            "encoding": {**y, "x": number("end", axis=None), "text": {"field": "label", "type": "nominal"}},
        },
        hit_area(
            ("step",), y,
            [("name", words["name"]), ("value_text", words["value"]), ("deals_text", words["deals"])],
        ),
    ]  # fmt: skip
    return chart(look, marks, layers, height)
