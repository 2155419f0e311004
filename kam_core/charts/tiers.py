"""Tiers: how many accounts on the left, how much revenue on the right, so that 80/20 is seen at a glance."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, chart, hit_area, number, ordinal
from kam_core.charts.tokens import Look


def tier_butterfly(look: Look, rows: list[dict[str, Any]], words: dict[str, str], height: int = 200) -> Spec:
    """A row a tier: `tier`, `name`, `accounts_share` and `revenue_share` (fractions), `accounts_text`, `revenue_text`
    and `accounts_label`, `revenue_label` (direct labels). `words`: tier, accounts, revenue.
    """
    low, high = (max([row[key] for row in rows] + [0.01]) for key in ("accounts_share", "revenue_share"))
    room = 0.3 * (low + high)  # for the labels at the ends
    zero, width = low + room, low + high + 2 * room
    marks = [
        {
            **row,
            # from 0 to 1, so that the axis stays the same whatever is filtered
            "zero": zero / width,
            "left": (zero - row["accounts_share"]) / width,
            "right": (zero + row["revenue_share"]) / width,
            "color": look.tier(row["tier"]),
        }
        for row in rows
    ]
    y = {"y": ordinal("name", axis={"labelFontWeight": 600, "labelColor": look.text, "labelFontSize": 12})}
    tooltip = [("name", words["tier"]), ("accounts_text", words["accounts"]), ("revenue_text", words["revenue"])]
    layers = [
        _half(y, "left"),
        _half(y, "right"),
        _label(y, "left", "accounts_label", "right", -4),
        _label(y, "right", "revenue_label", "left", 4),
        _heading(look, words["accounts"], "right", -4),
        _heading(look, words["revenue"], "left", 4),
        hit_area(("tier",), y, tooltip),
    ]
    return chart(look, marks, layers, height, padding={"left": 2, "right": 2, "top": 18, "bottom": 2})


def _half(y: Spec, side: str) -> Spec:
    return {
        "mark": {"type": "bar", "height": {"band": 0.66}},
        "encoding": {
            **y,
            "x": number("zero", scale={"domain": [0, 1], "nice": False}, axis=None),
            "x2": {"field": side},
            "color": {"field": "color", "type": "nominal", "scale": None},
        },
    }


def _label(y: Spec, x: str, text: str, align: str, dx: int) -> Spec:
    return {
        "mark": {"type": "text", "align": align, "dx": dx},
        "encoding": {**y, "x": number(x), "text": {"field": text, "type": "nominal"}},
    }


def _heading(look: Look, text: str, align: str, dx: int) -> Spec:
    return {
        "mark": {
            "type": "text", "align": align, "dx": dx, "y": -8, "fontWeight": 600, "color": look.muted, "text": text,
        },
        "encoding": {"x": number("zero", aggregate="min")},
    }
