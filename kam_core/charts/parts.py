"""What all charts share: the frame of a specification, quiet axes, a click, a tooltip."""

from __future__ import annotations

import unicodedata
from typing import Any

from kam_core.charts.tokens import Look

Spec = dict[str, Any]
NARROW = "width < 300"  # an expression of Vega: the chart where it is drawn, on a phone or in a column
PICK = "pick"  # the name of the selection that a click makes


def chart(look: Look, rows: list[dict[str, Any]], layers: list[Spec], height: int, **more: Any) -> Spec:
    """A layered chart over rows written into the specification: small, and one message to the browser."""
    return {
        "data": {"values": rows},
        "height": height,
        "padding": {"left": 2, "right": 6, "top": 4, "bottom": 2},
        "layer": layers,
        "config": {
            "view": {"stroke": None},
            "axis": {
                "domain": False,
                "ticks": False,
                "grid": False,
                "title": None,
                "labelColor": look.muted,
                "labelFlush": False,
                "labelFontSize": 11,
                "labelPadding": 4,
            },
            "text": {"color": look.text, "fontSize": 11},
        },
        **more,
    }


def click(*fields: str) -> Spec:
    """A selection of one mark, that gives these fields of its row."""
    return {"name": PICK, "select": {"type": "point", "fields": list(fields), "on": "click", "clear": "dblclick"}}


def hit_area(fields: tuple[str, ...], encoding: Spec, tooltip: list[tuple[str, str]], **mark: Any) -> Spec:
    """An invisible layer over everything that belongs to a row: easy to hit, and the one place of the tooltip."""
    return {
        "mark": {"type": "rect", "opacity": 0.001, "cursor": "pointer", **mark},
        "params": [click(*fields)],
        "encoding": {**encoding, "tooltip": tips(tooltip)},
    }


def tips(fields: list[tuple[str, str]]) -> list[Spec]:
    """Tooltip lines from (field, title); values are written in the reader's manner before they come here."""
    return [{"field": field, "type": "nominal", "title": title} for field, title in fields]


def ordinal(field: str, **more: Any) -> Spec:
    """A discrete axis in the order of the rows, without gaps in which a click would be lost."""
    return {"field": field, "type": "ordinal", "sort": None, "scale": {"paddingInner": 0, "paddingOuter": 0}, **more}


def times(field: str, rows: list[dict[str, Any]], **more: Any) -> Spec:
    """A discrete axis of months or days. Where not all names fit, every second, third … is written, counted from the
    last: it is the one that is still running or that is looked at most.
    """
    room = max((width_of(str(row[field]), 11) for row in rows), default=0) + 8
    n = "length(domain('x'))"
    written = f"round((1 - datum.index) * ({n} - 1)) % ceil({n} * {room:.0f} / width) == 0 ? datum.label : ''"
    return ordinal(field, axis={"labelAngle": 0, "labelOverlap": False, "labelExpr": written, **more})


def beside(labels: list[tuple[float, str]], low: float = 0.0, narrow: list[tuple[float, str]] | None = None) -> Spec:
    """The scale of lying bars with labels behind their ends: from `low` as far as every label keeps its room, whatever
    the chart's width. `labels`: where each begins, as a value, and its text; `narrow` are those of a narrow chart.
    """
    far = _far(labels, low)
    if narrow is not None:
        far = f"{NARROW} ? {_far(narrow, low)} : {far}"
    return {"domain": [low, {"expr": far}], "nice": False}


def _far(labels: list[tuple[float, str]], low: float) -> str:
    """A text fits when its end ≤ far · (1 − room / width), both counted from `low`."""
    placed = [(float(end - low), width_of(text, 11) + 10) for end, text in labels if end > low] or [(1.0, 0.0)]
    needed = (f"{end!r} / max(0.25, 1 - {room:.0f} / width)" for end, room in _outer(placed))
    return f"({float(low)!r} + max({', '.join(needed)}))"


def _outer(placed: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those that no other outreaches both in its end and in the room of its text."""
    kept: list[tuple[float, float]] = []
    for end, room in sorted(placed, reverse=True):
        if not kept or room > kept[-1][1]:
            kept.append((end, room))
    return kept


def width_of(text: str, size: float) -> float:
    """About how wide a text is, in pixels: a Chinese character is a square, others are about half as wide."""
    return size * sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.58 for c in text)


def written(look: Look, rows: list[dict[str, Any]], place: Spec, text: str, **mark: Any) -> list[Spec]:
    """Words over points: an edge in the colour of the ground keeps the points from running through them."""
    shown = {"type": "text", "align": "left", "dx": 6, "text": {"expr": text}, "interactive": False, **mark}
    stroke = {"stroke": look.surface, "strokeWidth": 3, "strokeJoin": "round", "strokeOpacity": 0.85}
    edge = {**shown, **stroke, "aria": False}
    return [{"data": {"values": rows}, "mark": layer, "encoding": place} for layer in (edge, shown)]


def by(field: str) -> Spec:
    """Sorted by a number of the rows. A list of names would make it another chart at each filter, which the browser
    then builds anew instead of putting other data into it.
    """
    return {"field": field, "op": "min"}


def number(field: str, **more: Any) -> Spec:
    return {"field": field, "type": "quantitative", **more}
