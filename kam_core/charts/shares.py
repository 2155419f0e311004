"""Shares over time: how much the largest hold together, month end after month end."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, chart, hit_area, number, times
from kam_core.charts.tokens import Look


def lines(look: Look, rows: list[dict[str, Any]], words: dict[str, str], axis: str, height: int) -> Spec:
    """A row a line and day: `day` (its name on the axis), `on` (the day itself, given by a click), `line`, `rank` (0 is
    the darkest), `value`, `text`; the last day of each line carries `label`. `words`: day.
    `axis` is a Vega expression that writes a value.
    """
    marks = [{**row, "color": look.tiers[min(row["rank"], 3)]} for row in rows]
    days = len({row["day"] for row in rows})
    x = times("day", rows)
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
            },
        },
        {
            "transform": [{"filter": "isValid(datum.label)"}],
            "mark": {"type": "text", "align": "left", "dx": 7, "fontWeight": 600},
            "encoding": {"x": x, "y": y, "text": {"field": "label", "type": "nominal"}},
        },
        _day_areas(rows, words, x),
    ]
    return chart(look, marks, layers, height)


def _day_areas(rows: list[dict[str, Any]], words: dict[str, str], x: Spec) -> Spec:
    """Each day's stretch of the chart, with the values of all lines on hover."""
    lines = list(dict.fromkeys(row["line"] for row in rows))
    days: dict[str, dict[str, Any]] = {}
    for row in rows:
        day = days.setdefault(row["on"], {"day": row["day"], "on": row["on"]})
        day[f"text{lines.index(row['line'])}"] = row["text"]
    tooltip = [("day", words["day"]), *((f"text{n}", line) for n, line in enumerate(lines))]
    return {"data": {"values": list(days.values())}, **hit_area(("on",), {"x": x}, tooltip)}
