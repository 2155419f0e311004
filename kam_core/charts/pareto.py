"""Pareto: accounts from the largest down against the share of revenue that they make together."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, chart, hit_area, number
from kam_core.charts.tokens import Look


def pareto_curve(
    look: Look, rows: list[dict[str, Any]], words: dict[str, str], cut: dict[str, Any], height: int
) -> Spec:
    """A row a place on the curve: `account` (id), `from` and `to` (shares of accounts, before and with it), `share`
    (of revenue so far), `tier`, and the texts `name`, `place_text`, `revenue_text`, `share_text`.

    `cut`: `x` and `y`, where the curve reaches the share asked about, and `label`. `words`: name, place, revenue,
    share, accounts. The account under the cursor is named by the tooltip.
    """
    marks = [{**row, "color": look.tier(row["tier"]), "zero": 0, "one": 1} for row in rows]
    percent = {"format": ".0%", "tickCount": 5}
    x = number(
        "to",
        axis={**percent, "title": words["accounts"], "titleColor": look.muted, "titleFontWeight": 400},
        scale={"domain": [0, 1]},
    )
    y = number(
        "share", axis={**percent, "grid": True, "gridColor": look.line, "gridOpacity": 0.6}, scale={"domain": [0, 1]}
    )
    across = {"x": number("from"), "x2": {"field": "to"}}
    tooltip = [
        ("name", words["name"]),
        ("place_text", words["place"]),
        ("revenue_text", words["revenue"]),
        ("share_text", words["share"]),
    ]
    layers = [
        {
            "mark": {"type": "rect", "opacity": 0.35},
            "encoding": {
                **across,
                "y": number("zero", scale={"domain": [0, 1]}),
                "y2": {"field": "share"},
                "color": {"field": "color", "type": "nominal", "scale": None},
            },
        },
        {
            "mark": {"type": "line", "color": look.actual, "strokeWidth": 2, "interpolate": "linear"},
            "encoding": {"x": x, "y": y},
        },
        *_cut(look, cut),
        hit_area(("account",), {**across, "y": number("zero"), "y2": {"field": "one"}}, tooltip),
    ]
    return chart(look, marks, layers, height, padding={"left": 2, "right": 10, "top": 8, "bottom": 2})


def _cut(look: Look, cut: dict[str, Any]) -> list[Spec]:
    """Where the curve reaches the share: two dashed lines that meet on it, and the answer in words."""
    dashed = {"type": "rule", "color": look.muted, "strokeDash": [4, 3], "strokeWidth": 1}
    here = {"data": {"values": [{**cut, "zero": 0}]}}
    left = cut["x"] > 0.5
    return [
        {**here, "mark": dashed, "encoding": {"x": number("x"), "y": number("zero"), "y2": {"field": "y"}}},
        {**here, "mark": dashed, "encoding": {"x": number("zero"), "x2": {"field": "x"}, "y": number("y")}},
        {
            **here,
            "mark": {"type": "point", "filled": True, "size": 60, "color": look.actual},
            "encoding": {"x": number("x"), "y": number("y")},
        },
        {
            **here,
            "mark": {
                "type": "text",
                "align": "right" if left else "left",
                "dx": -10 if left else 10,
                "dy": 16,
                "fontWeight": 600,
                "fontSize": 13,
            },
            "encoding": {"x": number("x"), "y": number("y"), "text": {"field": "label", "type": "nominal"}},
        },
    ]
