"""What all charts share: the frame of a specification, quiet axes, a click, a tooltip."""

from __future__ import annotations

from typing import Any

from kam_core.charts.tokens import Look

Spec = dict[str, Any]
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


def by(field: str) -> Spec:
    """Sorted by a number of the rows. A list of names would make it another chart at each filter, which the browser
    then builds anew instead of putting other data into it.
    """
    return {"field": field, "op": "min"}


def number(field: str, **more: Any) -> Spec:
    return {"field": field, "type": "quantitative", **more}
