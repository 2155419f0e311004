"""Value against what could still be sold, and how much of each account's wallet we have."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import NARROW, Spec, beside, chart, click, hit_area, number, ordinal, tips, written
from kam_core.charts.tokens import Look

AREA = "area"  # the selection that a click beside a point makes
QUARTERS = ("develop", "keep", "grow", "maintain")


def quarter_colour(look: Look, quarter: str) -> str:
    return {"develop": look.good, "keep": look.tiers[1], "grow": look.tiers[2]}.get(quarter, look.before)


def value_map(
    look: Look,
    points: list[dict[str, Any]],
    areas: list[dict[str, Any]],
    words: dict[str, str],
    axis: str,
    height: int = 360,
) -> Spec:
    """Headroom to the right, value upwards, both by a logarithm that passes through zero.

    A point: `account`, `name`, `x`, `y`, `quarter` and the texts `value_text`, `headroom_text`, `share_text`,
    `risk_text`. An area: `quarter`, `name`, `note`, `left`, `right`, `top`, `bottom`. `words`: x, y, value, headroom,
    share, risk.
    """
    scale = {"type": "symlog", "constant": 10000, "nice": False}
    across, up = _domain(areas, "left", "right"), _domain(areas, "bottom", "top")
    x = number("x", scale=scale | {"domain": across}, axis={**_powers(across), "labelExpr": axis, "title": words["x"]})
    y = number("y", scale=scale | {"domain": up}, axis={**_powers(up), "labelExpr": axis, "title": words["y"]})
    colour = {"field": "color", "type": "nominal", "scale": None}
    named = [{**a, "color": quarter_colour(look, a["quarter"])} for a in areas]
    corners = {
        "x": {**x, "field": "left"},
        "x2": {"field": "right"},
        "y": {**y, "field": "bottom"},
        "y2": {"field": "top"},
    }
    layers: list[Spec] = [
        {
            "data": {"values": named},
            "mark": {"type": "rect", "opacity": 0.09, "cursor": "pointer", "stroke": look.surface, "strokeWidth": 2},
            "params": [{**click("quarter"), "name": AREA}],
            "encoding": {**corners, "color": colour, "tooltip": tips([("name", ""), ("note", "")])},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 26, "cursor": "pointer", "opacity": 0.75},
            "params": [click("account")],
            "encoding": {
                "x": x,
                "y": y,
                "color": colour,
                "tooltip": tips(
                    [("name", ""), *((f"{k}_text", words[k]) for k in ("value", "headroom", "share", "risk"))]
                ),
            },
        },
        *_labels(look, named, x, y),
    ]
    return chart(look, [{**p, "color": quarter_colour(look, p["quarter"])} for p in points], layers, height)


def _domain(areas: list[dict[str, Any]], low: str, high: str) -> list[float]:
    return [min(a[low] for a in areas), max(a[high] for a in areas)]


def _powers(domain: list[float]) -> Spec:
    """Marks at zero and at the powers of ten inside the domain."""
    powers = [sign * 10.0**n for sign in (-1, 1) for n in range(5, 12)]
    return {"values": [0, *(v for v in powers if domain[0] <= v <= domain[1])]}


def _labels(look: Look, areas: list[dict[str, Any]], x: Spec, y: Spec) -> list[Spec]:
    """Each in its outer corner, in two lines on a narrow chart: beside each other they would run into one another."""
    text = f"{NARROW} ? split(datum.label, ' · ') : datum.label"
    style = {"dy": 12, "lineHeight": 13, "fontWeight": 600, "fontSize": {"expr": f"{NARROW} ? 10.5 : 11.5"}}
    layers: list[Spec] = []
    for outer, side, dx in (("left", "left", 6), ("right", "right", -6)):
        rows = [area for area in areas if (area["quarter"] in ("develop", "grow")) == (outer == "right")]
        place = {"x": {**x, "field": outer}, "y": {**y, "field": "top"}}
        layers += written(look, rows, place, text, align=side, dx=dx, color=look.text, **style)
    return layers


def wallet(look: Look, rows: list[dict[str, Any]], words: dict[str, str], height: int = 280) -> Spec:
    """Accounts by share of wallet. A row: `band` (key), `name`, `accounts`, `label`, `kind` (known, error, unknown),
    `headroom_text`. `words`: accounts, headroom.
    """
    colours = {"known": look.actual, "error": look.bad, "unknown": look.before}
    marks = [{**row, "color": colours[row["kind"]]} for row in rows]
    y = {"y": ordinal("name", axis={"labelLimit": 130, "labelColor": look.text, "labelOverlap": False})}
    x = number("accounts", axis=None, scale=beside([(row["accounts"], row["label"]) for row in rows]))
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.7}, "cornerRadiusEnd": 1},
            "encoding": {**y, "x": x, "color": {"field": "color", "type": "nominal", "scale": None}},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 5},
            "encoding": {**y, "x": x, "text": {"field": "label", "type": "nominal"}},
        },
        hit_area(("band",), y, [("name", ""), ("label", words["accounts"]), ("headroom_text", words["headroom"])]),
    ]
    return chart(look, marks, layers, height)
