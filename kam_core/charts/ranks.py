"""Things in order of size: a bar each, last year's behind it, its change written beside."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import NARROW, Spec, beside, chart, hit_area, number, ordinal
from kam_core.charts.tokens import Look

LABEL = f"{NARROW} && isValid(datum.short) ? datum.short : datum.label"


def ranked_bars(
    look: Look, rows: list[dict[str, Any]], words: dict[str, str], fields: tuple[str, ...], height: int
) -> Spec:
    """A row a thing, largest first: `name`, `value`, `before` (numbers or None), `label`, `rises` (None: neither) and
    the texts `value_text`, `before_text`, `note_text` for hover; `fields` are given by a click. A row may have
    a `short` label for narrow screens. `words`: name, value, before, note.
    """
    ink = {True: look.good_text, False: look.bad_text, None: look.muted}
    marks = [
        {**row, "color": ink[row["rises"]], "end": max(0, row["value"] or 0, row["before"] or 0)} for row in rows
    ]
    y = {"y": ordinal("name", axis={"labelLimit": 130, "labelColor": look.text, "labelOverlap": False})}
    low = min([0.0, *(row["value"] or 0.0 for row in rows)])
    labels, short = ([(row["end"], row.get(key) or row["label"]) for row in marks] for key in ("label", "short"))
    scale = {"axis": None, "scale": beside(labels, low, short)}
    tooltip = [
        ("name", words["name"]),
        ("value_text", words["value"]),
        ("before_text", words["before"]),
        ("note_text", words["note"]),
    ]
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.78}, "color": look.before, "opacity": 0.7},
            "encoding": {**y, "x": number("before", **scale)},
        },
        {
            "mark": {"type": "bar", "height": {"band": 0.44}, "color": look.actual},
            "encoding": {**y, "x": number("value", **scale)},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 11, "text": {"expr": LABEL}},
            "encoding": {
                **y,
                "x": number("end", **scale),
                "color": {"field": "color", "type": "nominal", "scale": None},
            },
        },
        hit_area(fields, y, tooltip),
    ]
    return chart(look, marks, layers, height)
