"""Shares over time: how much the largest hold together, month end after month end."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, chart, number, ordinal, tips
from kam_core.charts.tokens import Look


def lines(look: Look, rows: list[dict[str, Any]], words: dict[str, str], axis: str, height: int) -> Spec:
    """A row a line and day: `day` (its name on the axis), `order` (from 0), `line`, `rank` (0 is the darkest), `value`,
    `text`; the last day of each line carries `label`. `words`: line, day, value.
    `axis` is a Vega expression that writes a value.
    """
    marks = [{**row, "color": look.tiers[min(row["rank"], 3)]} for row in rows]
    days = len({row["day"] for row in rows})
    x = ordinal("day", axis={"labelAngle": 0, "labelOverlap": "greedy"}, scale={"padding": 0.5})
    top = max([row["value"] for row in rows] + [0.0])
    y = number(
        "value",
        scale={"domain": [0, top * 1.08 or 1], "nice": False},
        axis={"labelExpr": axis, "tickCount": 5, "grid": True, "gridColor": look.line, "gridOpacity": 0.6},
    )
    colour = {"field": "color", "type": "nominal", "scale": None}
    layers: list[Spec] = [
        {
            "mark": {"type": "line", "strokeWidth": 2, "interpolate": "linear"},
            "encoding": {"x": x, "y": y, "color": colour, "detail": {"field": "line"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 26 if days < 40 else 10},
            "encoding": {
                "x": x,
                "y": y,
                "color": colour,
                "tooltip": tips([("line", words["line"]), ("day", words["day"]), ("text", words["value"])]),
            },
        },
        {
            "transform": [{"filter": "isValid(datum.label)"}],
            "mark": {"type": "text", "align": "left", "dx": 7, "fontWeight": 600},
            "encoding": {"x": x, "y": y, "text": {"field": "label", "type": "nominal"}},
        },
    ]
    return chart(look, marks, layers, height)
