"""Flows between tiers on two days, as an ECharts sankey: each band is the accounts that went one way."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec
from kam_core.charts.tokens import Look

OF_MOVEMENT = {"rose": "good", "fell": "bad", "left": "bad", "entered": "good"}


def tier_flow(look: Look, nodes: list[dict[str, Any]], bands: list[dict[str, Any]]) -> Spec:
    """`nodes`: `key` (unique), `side` ("from" or "to"), `tier`, `label`. `bands`: `source`, `target` (keys), `value`,
    `movement`, `text` (for hover). A click gives the place of a band in `bands`, or of a node in `nodes`.
    """
    return {
        "animation": False,
        "tooltip": {
            "trigger": "item",
            "formatter": "{b}",
            "backgroundColor": look.text,
            "borderWidth": 0,
            "textStyle": {"color": look.surface, "fontSize": 12},
        },
        "series": [
            {
                "id": "flow",
                "type": "sankey",
                "left": 4,
                "right": 128,
                "top": 12,
                "bottom": 6,
                "nodeWidth": 12,
                "nodeGap": 9,
                "draggable": False,
                "layoutIterations": 0,
                "selectedMode": "single",
                "emphasis": {"focus": "adjacency"},
                "select": {"itemStyle": {"borderColor": look.text, "borderWidth": 2}},
                "data": [_node(look, node) for node in nodes],
                "links": [_band(look, band) for band in bands],
            }
        ],
    }


def _node(look: Look, node: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": node["key"],
        "depth": 0 if node["side"] == "from" else 1,
        "itemStyle": {"color": look.tier(node["tier"]), "borderWidth": 0},
        # On the ground's own colour: a narrow band would strike its label through.
        "label": {
            "show": True, "formatter": node["label"], "color": look.text, "fontSize": 12, "position": "right",
            "backgroundColor": look.surface, "padding": [1, 3], "borderRadius": 2,
        },
        "tooltip": {"formatter": node["label"]},
    }


def _band(look: Look, band: dict[str, Any]) -> dict[str, Any]:
    kind = OF_MOVEMENT.get(band["movement"])
    style = {"color": getattr(look, kind) if kind else look.before, "opacity": 0.5 if kind else 0.28}
    return {
        "source": band["source"],
        "target": band["target"],
        "value": band["value"],
        "lineStyle": style,
        "tooltip": {"formatter": band["text"]},
    }
