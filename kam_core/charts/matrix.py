"""Region × industry: the amounts written out, shaded by growth, with totals that tie out."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, by, chart, click, ordinal, tips
from kam_core.charts.tokens import Look

STEPS = (-0.10, -0.02, 0.02, 0.10)  # growth below, between and above these takes the five shades of `Look.heat`


def heat_matrix(
    look: Look, rows: list[dict[str, Any]], words: dict[str, str], columns: list[str], lines: list[str], height: int
) -> Spec:
    """A row a cell: `column`, `line` (shown names), `region`, `industry` (keys, None in a total), `label`, `growth`
    (fraction or None), `total` (bool) and the texts `name`, `value_text`, `before_text`, `growth_text` for hover.
    `columns` and `lines` give the order; the last of each is the total. With the word `note`
    a cell has a `note_text` too.
    """
    cells = [
        {
            **row,
            "shade": shade(look, row["growth"]),
            "across": columns.index(row["column"]),
            "down": lines.index(row["line"]),
        }
        for row in rows
    ]
    x = ordinal(
        "column",
        sort=by("across"),
        axis={"orient": "top", "labelAngle": 0, "labelLimit": 60, "labelFontSize": 10, "labelOverlap": False},
    )
    y = ordinal("line", sort=by("down"), axis={"labelLimit": 106, "labelFontSize": 11, "labelOverlap": False})
    tooltip = [
        ("name", words["name"]),
        ("value_text", words["value"]),
        ("before_text", words["before"]),
        ("growth_text", words["growth"]),
    ]
    if "note" in words:
        tooltip.append(("note_text", words["note"]))
    place = {"x": x, "y": y}
    layers: list[Spec] = [
        {
            "mark": {"type": "rect", "cursor": "pointer", "stroke": look.surface, "strokeWidth": 1.5},
            "params": [click("region", "industry")],
            "encoding": {
                **place,
                "color": {"field": "shade", "type": "nominal", "scale": None},
                "tooltip": tips(tooltip),
            },
        },
        {
            "mark": {"type": "text", "fontSize": 10.5, "fontWeight": {"expr": "datum.total ? 700 : 400"}},
            "encoding": {
                **place,
                "text": {"field": "label", "type": "nominal"},
            },
        },
    ]
    # The text must not catch the click meant for the cell.
    layers[1]["mark"]["interactive"] = False
    return chart(look, cells, layers, height)


def shade(look: Look, growth: float | None) -> str:
    """The shade for a growth: five steps from bad to good, the surface where nothing can be compared."""
    return look.surface if growth is None else look.heat[sum(growth >= step for step in STEPS)]
