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

    `cut`: `x` and `y`, where the curve reaches the share asked about, and `label`; it travels on the first row, as
    data and not in the specification, which a filter would change with it. `words`: name, place, revenue, share,
    accounts. The account under the cursor is named by the tooltip.
    """
    marks = [{**row, "color": look.tier(row["tier"]), "zero": 0, "one": 1} for row in rows]
    marks[0] |= {f"cut_{key}": value for key, value in cut.items()}
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
    for row in marks:
        row["said"] = "; ".join(f"{title}: {row[field]}" for field, title in tooltip)
    said = {"description": {"field": "said", "type": "nominal"}}
    layers = [
        {
            "mark": {"type": "rect", "opacity": 0.35, "aria": False},
            "encoding": {
                **across,
                "y": number("zero", scale={"domain": [0, 1]}),
                "y2": {"field": "share"},
                "color": {"field": "color", "type": "nominal", "scale": None},
            },
        },
        {
            "mark": {"type": "line", "color": look.actual, "strokeWidth": 2, "interpolate": "linear", "aria": False},
            "encoding": {"x": x, "y": y},
        },
        *_cut(look),
        hit_area(("account",), {**across, "y": number("zero"), "y2": {"field": "one"}, **said}, tooltip),
    ]
    return chart(look, marks, layers, height, padding={"left": 2, "right": 10, "top": 8, "bottom": 2})


def _cut(look: Look) -> list[Spec]:
    """Where the curve reaches the share: two dashed lines that meet on it, and the answer in words."""
    x, y, zero = number("cut_x"), number("cut_y"), number("zero")
    dashed = {"type": "rule", "color": look.muted, "strokeDash": [4, 3], "strokeWidth": 1}
    point = {"type": "point", "filled": True, "size": 60, "color": look.actual}
    return [
        _here(dashed, {"x": x, "y": zero, "y2": {"field": "cut_y"}}),
        _here(dashed, {"x": zero, "x2": {"field": "cut_x"}, "y": y}),
        _here(point, {"x": x, "y": y}),
        _answer("left", 10, "datum.cut_x <= 0.5"),
        _answer("right", -10, "datum.cut_x > 0.5"),
    ]


def _here(mark: Spec, encoding: Spec, where: str = "isValid(datum.cut_x)") -> Spec:
    """A layer of the one row that carries the cut."""
    return {"transform": [{"filter": where}], "mark": {**mark, "aria": False}, "encoding": encoding}


def _answer(align: str, dx: int, where: str) -> Spec:
    """The words beside the point, on the side that has room."""
    text = {"type": "text", "align": align, "dx": dx, "dy": 16, "fontWeight": 600, "fontSize": 13}
    encoding = {"x": number("cut_x"), "y": number("cut_y"), "text": {"field": "cut_label", "type": "nominal"}}
    return _here(text, encoding, f"isValid(datum.cut_x) && {where}")
