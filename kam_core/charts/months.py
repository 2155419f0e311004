"""Revenue by month: actual, last year and target in one bar each, the running month marked as partial."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, chart, hit_area, number, times
from kam_core.charts.tokens import Look


def revenue_by_month(
    look: Look, rows: list[dict[str, Any]], words: dict[str, str], axis: str, height: int = 196
) -> Spec:
    """One bar a month.

    A row has `month` (key), `name` (axis label), `actual`, `before`, `target` (numbers or None), `partial` (bool),
    `label` (direct label) and the texts `actual_text`, `before_text`, `change_text`, `target_text`, `long` for hover.
    `words`: actual, before, target, change. `axis` is a Vega expression that writes a value.
    """
    # In this order, also where the first months have nothing of a year before.
    x = {"x": times("name", rows) | {"sort": [row["name"] for row in rows]}}
    scale = {"axis": {"labelExpr": axis, "tickCount": 4, "grid": True, "gridColor": look.line, "gridOpacity": 0.6}}
    tooltip = [
        ("long", words["name"]),
        ("actual_text", words["actual"]),
        ("before_text", words["before"]),
        ("change_text", words["change"]),
        ("target_text", words["target"]),
    ]
    layers = [
        _bar(x, number("before", **scale), 0.74, color=look.before, cornerRadiusEnd=1),
        _bar(x, number("target"), 0.92, filled=False, stroke=look.target, strokeWidth=1.2, strokeOpacity=0.75),
        _actual(look, x),
        {
            "mark": {
                "type": "text",
                "dy": -5,
                "baseline": "bottom",
                "fontSize": 10.5,
                "fontWeight": 600,
                "opacity": {"expr": "width > 520 ? 1 : 0"},
            },
            "encoding": {**x, "y": number("top"), "text": {"field": "label", "type": "nominal"}},
        },
        hit_area(("month",), x, tooltip),
    ]
    return chart(look, rows, layers, height)


def _actual(look: Look, x: Spec) -> Spec:
    """Solid dark; the running month is paler with a dashed edge, as it is not over yet."""
    partial = {"test": "datum.partial"}
    layer = _bar(x, number("actual"), 0.44, fill=look.actual, stroke=look.actual, strokeWidth=1, cornerRadiusEnd=1)
    layer["encoding"] |= {
        "fillOpacity": {"condition": {**partial, "value": 0.45}, "value": 1},
        "strokeDash": {"condition": {**partial, "value": [3, 2]}, "value": [0]},
    }
    return layer


def _bar(x: Spec, y: Spec, band: float, **mark: Any) -> Spec:
    return {"mark": {"type": "bar", "width": {"band": band}, **mark}, "encoding": {**x, "y": y}}


def account_months(look: Look, rows: list[dict[str, Any]], words: dict[str, str], axis: str, height: int = 180) -> Spec:
    """The same for one account: actual against last year, without a target."""
    return revenue_by_month(look, [{**row, "target": None} for row in rows], words, axis, height)
