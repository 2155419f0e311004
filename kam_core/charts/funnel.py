"""How far deals came, and where those still open stand: a line a stage, with both percentages written on it."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, beside, chart, hit_area, number, ordinal
from kam_core.charts.tokens import Look


def funnel(look: Look, rows: list[dict[str, Any]], words: dict[str, str], height: int) -> Spec:
    """A row a stage and way to look at it: `stage`, `look` ("reached" first, then "now"), `value` (number or None),
    `kind` (open, won, lost), `label` (on the first of a stage) and texts for hover: `name`, `reached_text`, `now_text`,
    `previous_text`, `first_text`, `days_text`, `age_text`, `flag_text`. A click gives `stage` and `look`.
    """
    colours = {"open": look.actual, "won": look.good, "lost": look.bad}
    marks = [
        {**row, "color": look.before if row["look"] == "reached" else colours[row["kind"]], "zero": 0} for row in rows
    ]
    y = {"y": ordinal("stage", axis=None)}
    bar = {**y, "x": number("value", axis=None, scale={"nice": False})}
    tooltip = [(f"{name}_text", words[name]) for name in ("reached", "now", "previous", "first", "days", "age", "flag")]
    layers = [
        {
            "mark": {"type": "bar", "height": {"band": 0.42}, "yOffset": 9, "cornerRadiusEnd": 1},
            "encoding": {**bar, "x2": {"field": "zero"}, "color": {"field": "color", "type": "nominal", "scale": None}},
        },
        {
            "mark": {"type": "text", "align": "left", "baseline": "bottom", "dy": -5, "dx": 1, "fontSize": 12},
            "encoding": {**y, "x": {"datum": 0}, "text": {"field": "label", "type": "nominal"}},
        },
        hit_area(("stage", "look"), {**bar, "x2": {"field": "zero"}}, [("name", words["name"]), *tooltip]),
    ]
    return chart(look, marks, layers, height)


def parts(look: Look, rows: list[dict[str, Any]], words: dict[str, str], height: int) -> Spec:
    """Bars of one value: `key` (given by a click as `part`), `name`, `value`, `label`, `value_text`, `note_text`."""
    y = {"y": ordinal("name", axis={"labelLimit": 130, "labelColor": look.text, "labelOverlap": False})}
    x = number("value", axis=None, scale=beside([(row["value"], row["label"]) for row in rows]))
    layers = [
        {
            "mark": {"type": "bar", "height": {"band": 0.66}, "color": look.actual, "cornerRadiusEnd": 1},
            "encoding": {**y, "x": x},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 5, "fontSize": 10.5},
            "encoding": {**y, "x": x, "text": {"field": "label", "type": "nominal"}},
        },
        hit_area(("part",), y, [("name", words["name"]), ("value_text", words["value"]), ("note_text", words["note"])]),
    ]
    return chart(look, [{**row, "part": row["key"]} for row in rows], layers, height)
