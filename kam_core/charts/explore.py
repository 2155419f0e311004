"""Charts of any table: columns over time, bars by value, lines, areas, points, a heat map.

Fields of the specification have names of our own: what a file calls its columns never reaches Vega. All rows are marks
with `i` and `j` (their places, given by a click), `name` and `part` (shown), `color`, and the texts for hover.
"""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, beside, chart, click, hit_area, number, ordinal, times, tips
from kam_core.charts.tokens import Look

COLOUR = {"field": "color", "type": "nominal", "scale": None}
FIELDS = ("i", "j")
Tips = list[tuple[str, str]]
Rows = list[dict[str, Any]]


def upright(look: Look, rows: Rows, tooltip: Tips, axis: str, kind: str, stacked: bool, height: int = 300) -> Spec:
    """Along time or bins. `value`, `before` (numbers or None), `partial`, `tail` (bool). `kind`: bar, line or area.

    `stacked`: parts add up to a whole; otherwise bars stand side by side and lines cross.
    """
    x = {"x": times("name", rows, labelLimit=90)}
    scale = {"axis": {"labelExpr": axis, "tickCount": 5, "grid": True, "gridColor": look.line, "gridOpacity": 0.6}}
    y = number("value", stack="zero" if stacked else None, **scale)
    order = {"order": {"field": "j", "type": "quantitative"}}
    layers: list[Spec] = []
    if any(row.get("before") is not None for row in rows):
        before = {**x, "y": number("before", stack=None, **scale)}
        layers.append(_before(look, before, kind))
    if kind == "bar":
        layers.append(_columns(look, x, y, order, stacked, len({row["j"] for row in rows})))
    else:
        layers += _lines(x, y, order, kind, stacked)
    if len({row["j"] for row in rows}) == 1:
        layers.append(hit_area(FIELDS, x, tooltip))
    elif kind == "bar":
        layers[-1]["params"] = [click(*FIELDS)]
        layers[-1]["encoding"]["tooltip"] = tips(tooltip)
        layers[-1]["mark"]["cursor"] = "pointer"
    else:
        layers.append(_points(x, y, order, tooltip, stacked, kind))
    return chart(look, rows, layers, height)


def _before(look: Look, encoding: Spec, kind: str) -> Spec:
    if kind == "bar":
        mark = {"type": "bar", "width": {"band": 0.86}, "color": look.before, "cornerRadiusEnd": 1}
    else:
        mark = {"type": "line", "color": look.before, "strokeWidth": 2}
    return {"mark": mark, "encoding": encoding}


def _columns(look: Look, x: Spec, y: Spec, order: Spec, stacked: bool, parts: int) -> Spec:
    """The running part of time is paler with a dashed edge, as on the other pages."""
    partial = {"test": "datum.partial"}
    side_by_side = parts > 1 and not stacked
    encoding = {
        **x, "y": y, **order,
        "fill": COLOUR, "stroke": COLOUR,
        "fillOpacity": {"condition": {**partial, "value": 0.45}, "value": 1},
        "strokeDash": {"condition": {**partial, "value": [3, 2]}, "value": [0]},
    }  # fmt: skip
    mark: Spec = {"type": "bar", "strokeWidth": 1}
    if side_by_side:
        encoding["xOffset"] = {"field": "j", "type": "ordinal", "scale": {"paddingOuter": 0.6}}
    else:
        mark["width"] = {"band": 0.62}
    return {"mark": mark, "encoding": encoding}


def _lines(x: Spec, y: Spec, order: Spec, kind: str, stacked: bool) -> list[Spec]:
    """Dashed where it leads to a part of time that still runs (`tail`: that part and the one before it)."""
    mark: Spec = {"type": "line", "strokeWidth": 2}
    if kind == "area":
        mark = {"type": "area", "line": {"strokeWidth": 1.5}, "fillOpacity": 0.75 if stacked else 0.25}
    # The order of parts is that of the stack; along a line it is time's.
    stack_order = order if kind == "area" and stacked else {}
    encoding = {**x, "y": y, "color": COLOUR, "detail": {"field": "j"}, **stack_order}
    if kind == "area":
        return [{"mark": mark, "encoding": encoding}]
    whole, running = ({"transform": [{"filter": test}]} for test in ("!datum.partial", "datum.tail"))
    return [{**whole, "mark": mark, "encoding": encoding},
            {**running, "mark": {**mark, "strokeDash": [4, 3]}, "encoding": encoding}]  # fmt: skip


def _points(x: Spec, y: Spec, order: Spec, tooltip: Tips, stacked: bool, kind: str) -> Spec:
    stack_order = order if kind == "area" and stacked else {}
    return {
        "mark": {"type": "point", "filled": True, "size": 34, "cursor": "pointer"},
        "params": [click(*FIELDS)],
        "encoding": {**x, "y": y, "color": COLOUR, "detail": {"field": "j"}, "tooltip": tips(tooltip), **stack_order},
    }


def lying(look: Look, rows: Rows, totals: Rows, tooltip: Tips, stacked: bool, row_height: int = 26) -> Spec:
    """Bars by value, longest first. `totals`: a row a bar with `name`, `end` (where its label begins) and `label`."""
    y = {"y": ordinal("name", axis={"labelLimit": 150, "labelColor": look.text, "labelOverlap": False})}
    least = min([0.0, *(row["value"] or 0.0 for row in rows)])
    scale = {"axis": None, "scale": beside([(row["end"], row["label"]) for row in totals], least)}
    parts = len({row["j"] for row in rows})
    layers: list[Spec] = []
    if any(row.get("before") is not None for row in rows):
        layers.append(
            {
                "mark": {"type": "bar", "height": {"band": 0.86}, "color": look.before, "cornerRadiusEnd": 1},
                "encoding": {**y, "x": number("before", stack=None, **scale)},
            }
        )
    side_by_side = parts > 1 and not stacked
    bar: Spec = {
        "mark": {"type": "bar", "cornerRadiusEnd": 1, **({} if side_by_side else {"height": {"band": 0.6}})},
        "encoding": {
            **y, "x": number("value", stack="zero" if stacked else None, **scale), "color": COLOUR,
            "order": {"field": "j", "type": "quantitative"},
        },
    }  # fmt: skip
    if side_by_side:
        bar["encoding"]["yOffset"] = {"field": "j", "type": "ordinal", "scale": {"paddingOuter": 0.4}}
    label = {
        "data": {"values": totals},
        "mark": {"type": "text", "align": "left", "dx": 5, "fontSize": 10.5, "interactive": False},
        "encoding": {**y, "x": number("end", **scale), "text": {"field": "label", "type": "nominal"}},
    }
    if parts > 1:
        bar["mark"]["cursor"] = "pointer"
        bar["params"], bar["encoding"]["tooltip"] = [click(*FIELDS)], tips(tooltip)
        layers += [bar, label]
    else:
        layers += [bar, label, hit_area(FIELDS, y, tooltip)]
    bars = len(totals) * (max(1.0, 0.55 * parts) if side_by_side else 1.0)
    return chart(look, rows, layers, max(70, int(row_height * bars) + 8))


def points(look: Look, rows: Rows, tooltip: Tips, axes: tuple[str, str], titles: tuple[str, str], height: int) -> Spec:
    """One measure against another: `value` upwards, `against` to the right."""
    title = {"titleColor": look.muted, "titleFontWeight": 400, "tickCount": 6, "grid": True, "gridColor": look.line}
    layers: list[Spec] = [
        {
            "mark": {"type": "point", "filled": True, "size": 46, "opacity": 0.7, "cursor": "pointer"},
            "params": [click(*FIELDS)],
            "encoding": {
                "x": number("against", scale={"zero": False}, axis={"labelExpr": axes[0], "title": titles[0], **title}),
                "y": number("value", scale={"zero": False}, axis={"labelExpr": axes[1], "title": titles[1], **title}),
                "color": COLOUR,
                "tooltip": tips(tooltip),
            },
        }
    ]
    return chart(look, rows, layers, height)


def heat(look: Look, rows: Rows, tooltip: Tips, columns: list[str], lines: list[str]) -> Spec:
    """Values written into cells, shaded by `share` (from 0, the least, to 1, the most)."""
    x = ordinal("part", sort=columns, axis={"orient": "top", "labelAngle": 0, "labelLimit": 82, "labelOverlap": False})
    y = ordinal("name", sort=lines, axis={"labelLimit": 130, "labelColor": look.text, "labelOverlap": False})
    cells = [{**row, "color": look.actual} for row in rows]
    layers: list[Spec] = [
        {
            "mark": {"type": "rect", "cursor": "pointer", "stroke": look.surface, "strokeWidth": 1.5},
            "params": [click(*FIELDS)],
            "encoding": {
                "x": x, "y": y, "color": COLOUR, "tooltip": tips(tooltip),
                "opacity": number("share", scale={"domain": [0, 1], "range": [0.04, 0.55]}, legend=None),
            },
        },
        {
            "mark": {"type": "text", "fontSize": 10.5, "interactive": False},
            "encoding": {"x": x, "y": y, "text": {"field": "label", "type": "nominal"}},
        },
    ]  # fmt: skip
    return chart(look, cells, layers, 24 * len(lines) + 18)
