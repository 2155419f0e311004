"""What is won, what is expected and between which bounds; and how earlier such bounds held."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, beside, chart, hit_area, number, ordinal, times
from kam_core.charts.tokens import Look


def outlook(look: Look, rows: list[dict[str, Any]], words: dict[str, str], height: int) -> Spec:
    """A row a part: `part`, `name`, `won`, `expected`, `low`, `high` (numbers or None), `label`, and texts for hover:
    `won_text`, `expected_text`, `range_text`, `weighted_text`. What is only expected is paler, its bounds a line.
    """
    y = {"y": ordinal("name", axis={"labelLimit": 130, "labelColor": look.text, "labelOverlap": False})}
    ends = ([v for v in (row["high"], row["expected"], row["won"], 0) if v is not None] for row in rows)
    marks = [{**row, "end": max(reached)} for row, reached in zip(rows, ends, strict=True)]
    scale = beside([(row["end"], row["label"]) for row in marks])
    tooltip = [(f"{name}_text", words[name]) for name in ("won", "expected", "range", "weighted")]
    known = [{"filter": "isValid(datum.low)"}]
    layers: list[Spec] = [
        {
            "mark": {
                "type": "bar", "height": {"band": 0.6}, "fill": look.actual, "fillOpacity": 0.25,
                "stroke": look.actual, "strokeDash": [3, 2], "strokeWidth": 1,
            },
            "transform": known,
            "encoding": {**y, "x": number("won", axis=None, scale=scale), "x2": {"field": "expected"}},
        },
        {
            "mark": {"type": "bar", "height": {"band": 0.6}, "color": look.actual},
            "encoding": {**y, "x": number("won", axis=None, scale=scale)},
        },
        {
            "mark": {"type": "rule", "color": look.text, "strokeWidth": 2},
            "transform": known,
            "encoding": {**y, "x": number("low", axis=None, scale=scale), "x2": {"field": "high"}},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 7, "fontSize": 11},
            "encoding": {**y, "x": number("end"), "text": {"field": "label", "type": "nominal"}},
        },
        hit_area(("part",), y, [("name", words["name"]), *tooltip]),
    ]  # fmt: skip
    return chart(look, marks, layers, height)


def grades(look: Look, rows: list[dict[str, Any]], words: dict[str, str], height: int = 170) -> Spec:
    """A row an earlier period: `name`, `period` (given by a click), `low`, `high`, `actual` (shares of what was
    expected), `held` (bool), and the texts `range_text`, `actual_text`, `held_text` for hover.
    """
    marks = [{**row, "color": look.good if row["held"] else look.bad} for row in rows]
    x = {"x": times("name", rows)}
    ends = [v for row in rows for v in (row["low"], row["high"], row["actual"])] or [0, 2]
    scale = {"domain": [min(ends) - 0.02, max(ends) + 0.02], "nice": False, "zero": False}
    axis = {"format": ".0%", "tickCount": 4, "grid": True, "gridColor": look.line, "gridOpacity": 0.6}
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "width": {"band": 0.5}, "color": look.before},
            "encoding": {**x, "y": number("low", scale=scale, axis=axis), "y2": {"field": "high"}},
        },
        {"mark": {"type": "rule", "color": look.muted, "strokeDash": [3, 2]}, "encoding": {"y": {"datum": 1}}},
        {
            "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
            "encoding": {
                **x, "y": number("actual", scale=scale), "color": {"field": "color", "type": "nominal", "scale": None},
                "shape": {
                    "field": "held", "type": "nominal", "legend": None,
                    "scale": {"domain": [True, False], "range": ["circle", "triangle-up"]},
                },
            },
        },
        hit_area(
            ("period",), x,
            [("name", words["name"]), ("range_text", words["range"]), ("actual_text", words["actual"]),
             ("held_text", words["held"])],
        ),
    ]  # fmt: skip
    return chart(look, marks, layers, height)
