"""Who earns and who only looks big: whale curve, revenue rank against profit rank, where the money goes."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import NARROW, Spec, chart, click, hit_area, number, ordinal, tips, written
from kam_core.charts.tokens import Look

AREA = "area"  # the selection that a click on one of the four fields makes
FIELDS = ("fake_big", "true_big", "small", "quiet_earner")


def field_colour(look: Look, field: str) -> str:
    """One colour a field, everywhere: fake big is bad, true big good."""
    return {"fake_big": look.bad, "true_big": look.good, "quiet_earner": look.tiers[2]}.get(field, look.before)


def whale(look: Look, rows: list[dict[str, Any]], words: dict[str, str], axis: str, height: int = 450) -> Spec:
    """Profit summed up from the most profitable account down.

    A row is an account on the curve: `account`, `name`, `share` (of accounts), `until` (where the next row begins),
    `total` (summed up so far), `peak` (bool, once), `label` (words at the peak) and the texts `share_text`,
    `total_text`, `profit_text`. `words`: accounts, total, profit. `axis` writes a value of `total`.
    """
    x = number("share", scale={"domain": [0, 1]}, axis={"format": ".0%", "tickCount": 5, "title": words["accounts"]})
    y = number(
        "total", axis={"labelExpr": axis, "tickCount": 5, "grid": True, "gridColor": look.line, "gridOpacity": 0.6}
    )
    peak = [{"filter": "datum.peak"}]
    layers: list[Spec] = [
        {"mark": {"type": "area", "color": look.good, "opacity": 0.12}, "encoding": {"x": x, "y": y}},
        {"mark": {"type": "line", "color": look.actual, "strokeWidth": 2}, "encoding": {"x": x, "y": y}},
        {
            "transform": peak,
            "mark": {"type": "point", "filled": True, "size": 70, "color": look.good, "opacity": 1},
            "encoding": {"x": x, "y": y},
        },
        {
            "transform": peak,
            "mark": {
                "type": "text",
                "align": {"expr": "datum.share > 0.5 ? 'right' : 'left'"},
                "dy": 34,
                "dx": {"expr": "datum.share > 0.5 ? -4 : 6"},
                "fontWeight": 600,
            },
            "encoding": {"x": x, "y": y, "text": {"field": "label", "type": "nominal"}},
        },
        hit_area(
            ("account",),
            {"x": x, "x2": {"field": "until"}},
            [
                ("name", ""),
                ("share_text", words["accounts"]),
                ("profit_text", words["profit"]),
                ("total_text", words["total"]),
            ],
        ),
    ]
    return chart(look, rows, layers, height)


def fields(
    look: Look,
    points: list[dict[str, Any]],
    areas: list[dict[str, Any]],
    cut: float,
    words: dict[str, str],
    height: int = 450,
) -> Spec:
    """Rank by revenue to the right, rank by profit upwards, the first accounts in the upper right corner.

    A point: `account`, `name`, `x`, `y` (place over number of accounts, 0 first), `field` and the texts `field_text`,
    `revenue_text`, `profit_text`. An area: `field`, `name`, `note`, `more`, and `left`, `right`, `top`, `bottom`. Both
    axes are drawn by square root, so that the large accounts have room. `words`: x, y, field, revenue, profit.
    """
    scale = {"type": "sqrt", "domain": [1, 0], "nice": False}
    x = number("x", scale=scale, axis=_places(words["x"], cut))
    y = number("y", scale=scale, axis=_places(words["y"], cut))
    corners = {
        "x": {**x, "field": "left"},
        "x2": {"field": "right"},
        "y": {**y, "field": "bottom"},
        "y2": {"field": "top"},
    }
    marks = [{**p, "color": field_colour(look, p["field"])} for p in points]
    named = [{**a, "color": field_colour(look, a["field"])} for a in areas]
    words_at = {"x": {**x, "field": "left"}, "y": {**y, "field": "top"}}
    layers: list[Spec] = [
        {
            "data": {"values": named},
            "mark": {"type": "rect", "opacity": 0.09, "cursor": "pointer", "stroke": look.surface, "strokeWidth": 2},
            "params": [{**click("field"), "name": AREA}],
            "encoding": {
                **corners,
                "color": _own_colour(),
                "tooltip": tips([("name", ""), ("note", ""), ("more", "")]),
            },
        },
        {
            "mark": {"type": "point", "filled": True, "size": 26, "cursor": "pointer", "opacity": 0.75},
            "params": [click("account")],
            "encoding": {
                "x": x,
                "y": y,
                "color": _own_colour(),
                "tooltip": tips(
                    [
                        ("name", ""),
                        ("field_text", words["field"]),
                        ("revenue_text", words["revenue"]),
                        ("profit_text", words["profit"]),
                    ]
                ),
            },
        },
        *_labels(look, named, words_at),
    ]
    return chart(look, marks, layers, height)


def _places(title: str, cut: float) -> Spec:
    return {"values": [0, cut, 0.5, 1], "format": ".0%", "title": title}


def _own_colour() -> Spec:
    return {"field": "color", "type": "nominal", "scale": None}


def _labels(look: Look, areas: list[dict[str, Any]], place: Spec) -> list[Spec]:
    """A field's name, its accounts and revenue, its profit; a narrow chart leaves the profit to the hover."""
    style = {"limit": {"expr": "abs(scale('x', datum.right) - scale('x', datum.left)) - 10"}, "lineHeight": 13}
    small = {**style, "fontSize": 10.5, "color": look.muted}
    note = f"{NARROW} ? split(datum.note, ' · ') : datum.note"
    return [
        *written(look, areas, place, "datum.name", dy=13, fontSize=12, fontWeight=600, color=look.text, **style),
        *written(look, areas, place, note, dy=28, **small),
        *written(look, areas, place, f"{NARROW} ? '' : datum.more", dy=42, **small),
    ]


def leaks(look: Look, rows: list[dict[str, Any]], words: dict[str, str], height: int = 250) -> Spec:
    """Where the list value goes, fake big accounts beside true big ones.

    A row: `part` (its name), `field`, `field_text`, `share` (of the list value), `label`, `amount_text`.
    """
    place = {
        "y": {**ordinal("part", axis={"labelLimit": 130, "labelColor": look.text}), "scale": {"paddingInner": 0.25}},
        "yOffset": {"field": "field", "sort": FIELDS},
    }
    # A label stands right of its bar, or of zero where the bar goes to the left.
    marks = [{**row, "color": field_colour(look, row["field"]), "end": max(row["share"], 0)} for row in rows]
    axis = {"axis": None, "scale": {"domain": _room(rows), "nice": False}}
    tooltip = [
        ("part", ""),
        ("field_text", words["field"]),
        ("label", words["share"]),
        ("amount_text", words["amount"]),
    ]
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "cornerRadiusEnd": 1, "cursor": "pointer", "height": {"band": 0.8}},
            "params": [{**click("field"), "name": AREA}],
            "encoding": {**place, "x": number("share", **axis), "color": _own_colour(), "tooltip": tips(tooltip)},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 4, "fontSize": 10.5},
            "encoding": {**place, "x": number("end", **axis), "text": {"field": "label", "type": "nominal"}},
        },
    ]
    return chart(look, marks, layers, height)


def _room(rows: list[dict[str, Any]]) -> list[float]:
    low, high = min([0, *(r["share"] for r in rows)]), max([0.01, *(r["share"] for r in rows)])
    return [low, high + 0.2 * (high - low)]
