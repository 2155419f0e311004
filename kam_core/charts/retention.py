"""Retention: rates over time, a bridge between two years, a heat table of cohorts, intervals of value."""

from __future__ import annotations

from typing import Any

from kam_core.charts.parts import Spec, beside, chart, click, hit_area, number, ordinal, times, tips
from kam_core.charts.tokens import Look, ink_on


def rates(look: Look, rows: list[dict[str, Any]], names: list[str], low: float, height: int) -> Spec:
    """A point a line and month: `line` (shown name, in the order of `names`), `month` (shown), `day` (given by a
    click), `rate`, `label` (of the last point, else "") and the texts `long`, `rate_text`. The axis starts at `low`,
    which need not be zero for lines.
    """
    x = {"x": times("month", rows)}
    axis = {"format": ".0%", "tickCount": 4, "grid": True, "gridColor": look.line, "gridOpacity": 0.6}
    y = number("rate", scale={"domainMin": low, "zero": False}, axis=axis)
    colours = {"domain": names, "range": [look.actual, look.before][: len(names)]}
    layers: list[Spec] = [
        {
            "mark": {"type": "line", "strokeWidth": 2.2, "point": {"size": 16}},
            "encoding": {
                **x,
                "y": y,
                "color": {"field": "line", "type": "nominal", "scale": colours, "legend": None},
            },
        },
        {
            "mark": {"type": "text", "align": "right", "dy": -9, "fontWeight": 600},
            "encoding": {**x, "y": y, "text": {"field": "label", "type": "nominal"}},
        },
        _month_areas(rows, names, x),
    ]
    return chart(look, rows, layers, height)


def _month_areas(rows: list[dict[str, Any]], names: list[str], x: Spec) -> Spec:
    """Each month's stretch of the chart, with all its rates on hover."""
    months: dict[str, dict[str, Any]] = {}
    for row in rows:
        month = months.setdefault(row["day"], {k: row[k] for k in ("month", "day", "long")})
        month[f"rate{names.index(row['line'])}"] = row["rate_text"]
    tooltip = [("long", " "), *((f"rate{n}", name) for n, name in enumerate(names))]
    return {"data": {"values": list(months.values())}, **hit_area(("day",), x, tooltip)}


def bridge(look: Look, rows: list[dict[str, Any]], axis: str, height: int) -> Spec:
    """A waterfall: `name`, `start`, `end` (money), `kind` (total, up, down), `cause` (given by a click), `label`,
    `short` (for narrow screens) and the texts `value_text`, `accounts_text`.
    """
    colours = {"total": look.actual, "up": look.good, "down": look.bad}
    marks = [{**row, "color": colours[row["kind"]], "top": max(row["start"], row["end"])} for row in rows]
    x = {"x": ordinal("name", axis={"labelAngle": 0, "labelLimit": 90, "labelColor": look.text})}
    shown = {"labelExpr": axis, "tickCount": 4, "grid": True, "gridColor": look.line, "gridOpacity": 0.6}
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "width": {"band": 0.62}},
            "encoding": {
                **x,
                "y": number("start", axis=shown),
                "y2": {"field": "end"},
                "color": {"field": "color", "type": "nominal", "scale": None},
            },
        },
        {
            "mark": {
                "type": "text", "dy": -6, "fontWeight": 600, "fontSize": {"expr": "width < 400 ? 9 : 11"},
                "text": {"expr": "width < 400 ? datum.short : datum.label"},
            },
            "encoding": {**x, "y": number("top")},
        },
        hit_area(("cause",), x, [("name", " "), ("value_text", "  "), ("accounts_text", "   ")]),
    ]
    return chart(look, marks, layers, height)


def cohort_table(look: Look, rows: list[dict[str, Any]], title: str, height: int) -> Spec:
    """A cell a cohort and age: `cohort` (shown), `since` (its first day; a click gives it with `age`), `age`, `share`,
    `label`, texts `name`, `share_text`, `n_text`.
    """
    x = ordinal(
        "age", axis={"orient": "top", "labelAngle": 0, "title": title, "titleColor": look.muted, "titleFontWeight": 400}
    )
    y = ordinal("cohort", axis={"labelOverlap": False, "labelColor": look.text})
    ramp = [look.surface, *look.tiers[:4][::-1]]
    layers: list[Spec] = [
        {
            "mark": {"type": "rect", "stroke": look.surface, "strokeWidth": 1.5, "cursor": "pointer"},
            "params": [click("since", "age")],
            "encoding": {
                "x": x,
                "y": y,
                "color": {"field": "shade", "type": "nominal", "scale": None},
                "tooltip": tips([("name", " "), ("share_text", "  "), ("n_text", "   ")]),
            },
        },
        {
            "mark": {"type": "text", "fontSize": 10, "interactive": False},
            "encoding": {
                "x": x,
                "y": y,
                "text": {"field": "label", "type": "nominal"},
                "color": {"field": "ink", "type": "nominal", "scale": None},
            },
        },
    ]
    shades = [ramp[min(int(max(row["share"], 0.0) * len(ramp)), len(ramp) - 1)] for row in rows]
    marks = [{**row, "shade": shade, "ink": ink_on(shade)} for row, shade in zip(rows, shades, strict=True)]
    return chart(look, marks, layers, height)


def worth(look: Look, rows: list[dict[str, Any]], field: str, words: dict[str, str], height: int) -> Spec:
    """Two bars a group, one below the other, each with its figure at its end: what is expected, with its interval, and
    what was earned. `field` (key), `name`, `value`, `low`, `high`, `past` (money), `label`, `past_label` and texts
    `value_text`, `range_text`, `past_text`. `words`: value, range, past.
    """
    y = {"y": ordinal("name", axis={"labelLimit": 150, "labelColor": look.text, "labelOverlap": False})}
    marks = [{**row, "past_end": max(row["past"], 0.0)} for row in rows]
    ends = [end for row in marks for end in ((row["high"], row["label"]), (row["past_end"], row["past_label"]))]
    scale = {"scale": beside(ends, min(0.0, *(row["low"] for row in rows), 0.0)), "axis": None}
    tooltip = [
        ("name", ""),
        ("value_text", words["value"]),
        ("range_text", words["range"]),
        ("past_text", words["past"]),
    ]
    aside = 0.19 * height / max(len(rows), 1)  # from the middle of a group to that of its bars, in pixels
    upper, lower = {"yOffset": -aside}, {"yOffset": aside}
    label = {"type": "text", "align": "left", "dx": 6}
    layers: list[Spec] = [
        {
            "mark": {
                "type": "bar", "height": {"band": 0.3}, "filled": False, "stroke": look.before, "strokeWidth": 1.2,
                **lower,
            },
            "encoding": {**y, "x": number("past", **scale)},
        },
        {
            "mark": {"type": "bar", "height": {"band": 0.34}, "color": look.actual, **upper},
            "encoding": {**y, "x": number("value", **scale)},
        },
        {
            "mark": {"type": "rule", "color": look.bad, "strokeWidth": 2, **upper},
            "encoding": {**y, "x": number("low", **scale), "x2": {"field": "high"}},
        },
        {
            "mark": {**label, **upper},
            "encoding": {**y, "x": number("high", **scale), "text": {"field": "label", "type": "nominal"}},
        },
        {
            "mark": {**label, "color": look.muted, **lower},
            "encoding": {**y, "x": number("past_end", **scale), "text": {"field": "past_label", "type": "nominal"}},
        },
        hit_area((field,), y, tooltip),
    ]  # fmt: skip
    return chart(look, marks, layers, height)
