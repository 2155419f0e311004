"""One account: its product lines against last year, its discount against its margin."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, beside, chart, click, hit_area, number, ordinal, times, tips
from kam_core.charts.tokens import Look


def product_lines(look: Look, rows: list[dict[str, Any]], words: dict[str, str], height: int) -> Spec:
    """A row a line, largest first: `line` (key), `name`, `now`, `before`, `label`, `mark` (gained, lost or "") and the
    texts `now_text`, `before_text`. `words`: actual, before.
    """
    colours = {"gained": look.good, "lost": look.bad}
    marks = [
        {**row, "color": colours.get(row["mark"], look.actual), "end": max(row["now"], row["before"], 0)}
        for row in rows
    ]
    y = {"y": ordinal("name", axis={"labelLimit": 120, "labelColor": look.text, "labelOverlap": False})}
    x = {"scale": beside([(row["end"], row["label"]) for row in marks]), "axis": None}
    layers: list[Spec] = [
        _bar(y, number("before", **x), 0.72, color=look.before),
        {
            "mark": {"type": "bar", "height": {"band": 0.4}, "cornerRadiusEnd": 1},
            "encoding": {**y, "x": number("now", **x), "color": {"field": "color", "type": "nominal", "scale": None}},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 5, "fontSize": 10.5},
            "encoding": {**y, "x": number("end", **x), "text": {"field": "label", "type": "nominal"}},
        },
        hit_area(("line",), y, [("name", ""), ("now_text", words["actual"]), ("before_text", words["before"])]),
    ]
    return chart(look, marks, layers, height)


def _bar(y: Spec, x: Spec, band: float, **mark: Any) -> Spec:
    return {"mark": {"type": "bar", "height": {"band": band}, "cornerRadiusEnd": 1, **mark}, "encoding": {**y, "x": x}}


def concessions(look: Look, rows: list[dict[str, Any]], words: dict[str, str], height: int = 190) -> Spec:
    """Discount and gross margin by quarter, both as shares.

    A row has `month` (the quarter as a period), `name`, `discount`, `margin` (fractions or None) and the texts
    `discount_text`, `margin_text`, `revenue_text`. `words`: discount, margin, revenue.
    """
    x = {"x": times("name", rows)}
    axis = {"axis": {"format": ".0%", "tickCount": 4, "grid": True, "gridColor": look.line, "gridOpacity": 0.6}}
    tooltip = [
        ("name", ""),
        ("discount_text", words["discount"]),
        ("margin_text", words["margin"]),
        ("revenue_text", words["revenue"]),
    ]
    layers: list[Spec] = [
        _line(x, number("margin", **axis), look.actual, [1, 0]),
        _line(x, number("discount", **axis), look.bad, [4, 2]),
        {
            "mark": {"type": "rect", "opacity": 0.001, "cursor": "pointer"},
            "params": [click("month")],
            "encoding": {**x, "tooltip": tips(tooltip)},
        },
    ]
    return chart(look, rows, layers, height)


def _line(x: Spec, y: Spec, colour: str, dash: list[int]) -> Spec:
    mark = {
        "type": "line",
        "color": colour,
        "strokeWidth": 2,
        "strokeDash": dash,
        "point": {"color": colour, "size": 22},
    }
    return {"mark": mark, "encoding": {**x, "y": y}}
