"""Whole lines cut into tiers: how accounts, revenue or an industry are made up, all on one scale of 0 to 100 %."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, chart, hit_area, number, ordinal
from kam_core.charts.tokens import Look

ROOM = "(datum.to - datum.from) * width > 9 + 6 * length(datum.label) ? 1 : 0"  # a label only where it fits


def tier_stack(
    look: Look, rows: list[dict[str, Any]], words: dict[str, str], fields: tuple[str, ...], height: int
) -> Spec:
    """A row a piece: `line` (its line's name), `tier`, `from` and `to` (fractions), `label`, and the texts `name`,
    `value_text`, `share_text` for hover; `fields` are given by a click. `words`: name, value, share.
    """
    marks = [
        {
            **row,
            "color": look.tier(row["tier"]),
            "ink": look.on_tier(row["tier"]),
            "middle": (row["from"] + row["to"]) / 2,
        }
        for row in rows
    ]
    y = {"y": ordinal("line", axis={"labelLimit": 130, "labelColor": look.text, "labelOverlap": False})}
    bar = {**y, "x": number("from", axis=None, scale={"domain": [0, 1]}), "x2": {"field": "to"}}
    tooltip = [("name", words["name"]), ("value_text", words["value"]), ("share_text", words["share"])]
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.72}, "stroke": look.surface, "strokeWidth": 1},
            "encoding": {**bar, "color": {"field": "color", "type": "nominal", "scale": None}},
        },
        {
            "mark": {"type": "text", "fontSize": 10.5, "interactive": False, "opacity": {"expr": ROOM}},
            "encoding": {
                **y,
                "x": number("middle"),
                "text": {"field": "label", "type": "nominal"},
                "color": {"field": "ink", "type": "nominal", "scale": None},
            },
        },
        hit_area(fields, bar, tooltip),
    ]
    return chart(look, marks, layers, height)


def pieces(parts: list[tuple[Any, float]]) -> list[tuple[Any, float, float]]:
    """(key, share) in order → (key, from, to), one beside the other."""
    placed, reached = [], 0.0
    for key, share in parts:
        placed.append((key, reached, reached + share))
        reached += share
    return placed
