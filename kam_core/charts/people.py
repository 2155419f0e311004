"""Charts about account managers: pace against care, hours against the policy, load before and after a handover."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, beside, chart, click, hit_area, number, ordinal, tips
from kam_core.charts.tokens import Look


def pace_and_care(look: Look, rows: list[dict[str, Any]], words: dict[str, str], height: int = 300) -> Spec:
    """A dot a manager: `manager` (id), `name`, `pace` and `care` (fractions, cut at the frame), `hours` (size), `tone`
    (good, bad or plain) and the texts `pace_text`, `care_text`, `hours_text`. `words`: name, pace, care, hours.
    """
    tones = {"good": look.good, "bad": look.bad, "plain": look.muted}
    marks = [{**row, "colour": tones[row["tone"]]} for row in rows]
    percent = {"format": ".0%", "tickCount": 5, "grid": True, "gridColor": look.line, "gridOpacity": 0.6}
    title = {"titleColor": look.muted, "titleFontWeight": 400, "titleFontSize": 11}
    x = number("care", axis={**percent, **title, "title": words["care"]}, scale={"nice": True})
    y = number("pace", axis={**percent, **title, "title": words["pace"]}, scale={"nice": True, "zero": False})
    tooltip = [("name", words["name"]), ("pace_text", words["pace"]), ("care_text", words["care"]),
               ("hours_text", words["hours"])]
    even: Spec = {"mark": {"type": "rule", "color": look.muted, "strokeDash": [4, 3]}}
    layers = [
        {**even, "encoding": {"y": {"datum": 1}}},
        {**even, "encoding": {"x": {"datum": 1}}},
        {
            "mark": {"type": "circle", "opacity": 0.8, "cursor": "pointer", "stroke": look.surface, "strokeWidth": 0.7},
            "params": [click("manager")],
            "encoding": {
                "x": x, "y": y, "tooltip": tips(tooltip),
                "size": number("hours", legend=None, scale={"range": [25, 420]}),
                "color": {"field": "colour", "type": "nominal", "scale": None},
            },
        },
    ]
    return chart(look, marks, layers, height)


def hours_bars(look: Look, rows: list[dict[str, Any]], words: dict[str, str], limit: float, height: int) -> Spec:
    """A bar a manager: `manager`, `name`, `hours`, `over` (bool), `label`, and the text `accounts_text` for hover.

    A line stands at `limit`, the hours that the policy gives one person. `words`: name, hours, accounts, limit.
    """
    y = {"y": ordinal("name", axis={"labelLimit": 140, "labelColor": look.text, "labelOverlap": False})}
    marks = [{**row, "colour": look.bad if row["over"] else look.actual} for row in rows]
    most = max([limit, *(row["hours"] for row in rows)]) * 1.2
    x = number("hours", axis=None, scale={"domain": [0, most], "nice": False})
    tooltip = [("name", words["name"]), ("label", words["hours"]), ("accounts_text", words["accounts"])]
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.68}, "cornerRadiusEnd": 1},
            "encoding": {**y, "x": x, "color": {"field": "colour", "type": "nominal", "scale": None}},
        },
        {
            "mark": {"type": "text", "align": "right", "dx": -2, "fontSize": 10.5},
            "encoding": {**y, "x": {"value": {"expr": "width"}}, "text": {"field": "label", "type": "nominal"}},
        },
        {
            "mark": {"type": "rule", "color": look.target, "strokeWidth": 1.3, "strokeDash": [5, 3]},
            "encoding": {"x": {"datum": limit}},
        },
        hit_area(("manager",), y, tooltip),
    ]
    return chart(look, marks, layers, height)


def before_and_after(look: Look, rows: list[dict[str, Any]], words: dict[str, str], height: int) -> Spec:
    """A line a manager from the hours `before` to those `after`, with `name`, `label`, `taken_text` for hover.
    `words`: name, hours, taken.
    """
    y = {"y": ordinal("name", axis={"labelLimit": 140, "labelColor": look.text, "labelOverlap": False})}
    scale = {"scale": beside([(row["after"], row["label"]) for row in rows]), "axis": None}
    tooltip = [("name", words["name"]), ("label", words["hours"]), ("taken_text", words["taken"])]
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.66}, "color": look.before},
            "encoding": {**y, "x": number("before", **scale)},
        },
        {
            "mark": {"type": "bar", "height": {"band": 0.66}, "color": look.good},
            "encoding": {**y, "x": number("before", **scale), "x2": {"field": "after"}},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 4, "fontSize": 10.5},
            "encoding": {**y, "x": number("after", **scale), "text": {"field": "label", "type": "nominal"}},
        },
        hit_area(("manager",), y, tooltip),
    ]
    return chart(look, rows, layers, height)
