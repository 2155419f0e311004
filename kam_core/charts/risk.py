"""Churn risk: risk against money as a map, value at risk by parts, and how well earlier lists did."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, beside, chart, click, hit_area, number, ordinal, tips
from kam_core.charts.tokens import Look, ink_on

BANDS = ("high", "medium", "low")


def band_colour(look: Look, band: str | None) -> str:
    """The colour of a risk band; the colour of lines where it is not known."""
    return look.risk[BANDS.index(band)] if band in BANDS else look.line


def risk_map(
    look: Look, rows: list[dict[str, Any]], words: dict[str, str], cuts: tuple[float, float], axis: str, height: int
) -> Spec:
    """A point an account: `account` (id), `risk` (fraction), `money` (> 0), `at_risk`, `band` and the texts `name`,
    `risk_text`, `money_text`, `at_risk_text`. `words`: risk, money, at_risk. `cuts`: medium and high.
    """
    points = [{**row, "color": band_colour(look, row["band"])} for row in rows]
    title = {"titleColor": look.muted, "titleFontWeight": 400}
    x = number(
        "risk", scale={"domain": [0, 1]}, axis={"title": words["risk"], "format": ".0%", "tickCount": 5, **title}
    )
    y = number(
        "money",
        scale={"type": "log"},
        axis={
            "title": words["money"],
            "labelExpr": axis,
            "values": [10.0**n for n in range(-2, 13)],
            "grid": True,
            "gridColor": look.line,
            **title,
        },
    )
    tooltip = [
        ("name", ""),
        ("at_risk_text", words["at_risk"]),
        ("risk_text", words["risk"]),
        ("money_text", words["money"]),
    ]
    layers: list[Spec] = [
        {
            "data": {"values": [{"cut": cut} for cut in cuts]},
            "mark": {"type": "rule", "color": look.muted, "strokeDash": [4, 3], "opacity": 0.7},
            "encoding": {"x": number("cut")},
        },
        {
            "mark": {
                "type": "circle",
                "opacity": 0.75,
                "cursor": "pointer",
                "stroke": look.surface,
                "strokeWidth": 0.5,
            },
            "params": [click("account")],
            "encoding": {
                "x": x,
                "y": y,
                "size": number("at_risk", scale={"range": [24, 620]}, legend=None),
                "color": {"field": "color", "type": "nominal", "scale": None},
                "tooltip": tips(tooltip),
            },
        },
    ]
    return chart(look, points, layers, height)


def at_risk_bars(look: Look, rows: list[dict[str, Any]], field: str, words: dict[str, str], height: int) -> Spec:
    """A bar a value of a dimension: `field` (key, given by a click), `name`, `high` and `total` (money or counts, the
    first inside the second), `label`, and the texts `total_text`, `high_text`, `accounts_text`. `words`: total, high,
    accounts.
    """
    y = {"y": ordinal("name", axis={"labelLimit": 150, "labelColor": look.text, "labelOverlap": False})}
    scale = {"scale": beside([(row["total"], row["label"]) for row in rows]), "axis": None}
    tooltip = [
        ("name", ""),
        ("total_text", words["total"]),
        ("high_text", words["high"]),
        ("accounts_text", words["accounts"]),
    ]
    layers = [
        _bar(y, number("total", **scale), look.risk[2]),
        _bar(y, number("high", **scale), look.risk[0]),
        {
            "mark": {"type": "text", "align": "left", "dx": 5},
            "encoding": {**y, "x": number("total"), "text": {"field": "label", "type": "nominal"}},
        },
        hit_area((field,), y, tooltip),
    ]
    return chart(look, rows, layers, height)


def _bar(y: Spec, x: Spec, colour: str) -> Spec:
    return {
        "mark": {"type": "bar", "height": {"band": 0.66}, "cornerRadiusEnd": 1, "color": colour},
        "encoding": {**y, "x": x},
    }


def outcomes(look: Look, rows: list[dict[str, Any]], height: int) -> Spec:
    """Pieces of one bar a list: `list` (shown name), `start`, `end` (counts), `kind` (caught, missed, false_alarm) and
    `band` (both given by a click), `label` and the texts `name`, `count_text`, `money_text`.
    """
    colours = {"caught": look.good, "missed": look.bad, "false_alarm": look.before}
    inks = {kind: ink_on(colour) for kind, colour in colours.items()}
    marks = [
        {**row, "color": colours[row["kind"]], "ink": inks[row["kind"]], "middle": (row["start"] + row["end"]) / 2}
        for row in rows
    ]
    y = {"y": ordinal("list", axis={"labelLimit": 230, "labelColor": look.text, "labelOverlap": False})}
    x = number("start", scale={"nice": False}, axis=None)
    tooltip = [("name", ""), ("count_text", " "), ("money_text", "  ")]
    layers: list[Spec] = [
        {
            "mark": {
                "type": "bar", "height": {"band": 0.6}, "stroke": look.surface, "strokeWidth": 1, "cursor": "pointer"
            },
            "params": [click("kind", "band")],
            "encoding": {
                **y,
                "x": x,
                "x2": {"field": "end"},
                "color": {"field": "color", "type": "nominal", "scale": None},
                "tooltip": tips(tooltip),
            },
        },
        {
            "mark": {"type": "text", "fontSize": 11, "fontWeight": 600, "interactive": False},
            "encoding": {
                **y,
                "x": number("middle"),
                "text": {"field": "label", "type": "nominal"},
                "color": {"field": "ink", "type": "nominal", "scale": None},
            },
        },
    ]
    return chart(look, marks, layers, height)


def calibration(look: Look, rows: list[dict[str, Any]], words: dict[str, str], most: float, height: int) -> Spec:
    """A point a group: `tenth` (given by a click), `said`, `came` (shares), `low`, `high` (interval of what came), and
    the texts `said_text`, `came_text`, `n_text`. `words`: said, came, perfect. On the diagonal as many left as was
    said.
    """
    title = {"titleColor": look.muted, "titleFontWeight": 400, "format": ".0%", "tickCount": 5}
    domain = {"domain": [0, most], "nice": False, "clamp": True}
    x = number("said", scale=domain, axis={"title": words["said"], **title})
    y = number("came", scale=domain, axis={"title": words["came"], "grid": True, "gridColor": look.line, **title})
    tooltip = [("said_text", words["said"]), ("came_text", words["came"]), ("n_text", " ")]
    layers: list[Spec] = [
        {
            "data": {"values": [{"said": 0, "came": 0}, {"said": most, "came": most}]},
            "mark": {"type": "line", "color": look.muted, "strokeDash": [4, 3], "strokeWidth": 1},
            "encoding": {"x": x, "y": y},
        },
        {
            "data": {"values": [{"said": most, "came": most, "label": words["perfect"]}]},
            "mark": {"type": "text", "align": "right", "dx": -14, "dy": 4, "color": look.muted},
            "encoding": {"x": x, "y": y, "text": {"field": "label", "type": "nominal"}},
        },
        {
            "mark": {"type": "rule", "color": look.before, "strokeWidth": 3},
            "encoding": {"x": x, "y": number("low", scale=domain), "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "circle", "size": 110, "color": look.actual, "opacity": 1, "cursor": "pointer"},
            "params": [click("tenth")],
            "encoding": {"x": x, "y": y, "tooltip": tips(tooltip)},
        },
    ]
    return chart(look, rows, layers, height)


def lift(look: Look, rows: list[dict[str, Any]], words: dict[str, str], names: list[str], height: int) -> Spec:
    """A point a score and share of the list: `score` (shown name, the model's first in `names`), `grader` (its key,
    given by a click with the share), `share`, `found` (shares) and the texts `share_text`, `found_text`. `words`:
    share, found, chance.
    """
    title = {"titleColor": look.muted, "titleFontWeight": 400, "format": ".0%", "tickCount": 5}
    x = number("share", scale={"domain": [0, 1]}, axis={"title": words["share"], **title})
    y = number(
        "found", scale={"domain": [0, 1]}, axis={"title": words["found"], "grid": True, "gridColor": look.line, **title}
    )
    colours = [look.actual, look.good, look.bad, look.before][: len(names)]
    colour = {"field": "score", "type": "nominal", "scale": {"domain": names, "range": colours}, "legend": None}
    layers: list[Spec] = [
        {
            "data": {"values": [{"share": 0, "found": 0}, {"share": 1, "found": 1}]},
            "mark": {"type": "line", "color": look.muted, "strokeDash": [4, 3], "strokeWidth": 1},
            "encoding": {"x": x, "y": y},
        },
        {
            "mark": {"type": "line", "strokeWidth": 2, "interactive": False},
            "encoding": {"x": x, "y": y, "color": colour},
        },
        {
            "mark": {"type": "circle", "size": 55, "opacity": 1, "cursor": "pointer"},
            "params": [click("grader", "share")],
            "encoding": {
                "x": x,
                "y": y,
                "color": colour,
                "tooltip": tips([("score", ""), ("share_text", words["share"]), ("found_text", words["found"])]),
            },
        },
    ]
    return chart(look, rows, layers, height)
