"""An answer drawn: the chart with what a click on each of its marks means, its legend, and the table behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from kam_core.charts import explore as charts
from kam_core.charts.parts import Spec
from kam_core.explore.filters import Filter
from kam_core.explore.shape import TIMES, Answer, Ask
from kam_core.explore.source import shown
from kam_core.text import numbers
from kam_core.ui import cards, session
from kam_core.ui import explore_words as say
from kam_core.ui.explore_state import Exploring, day
from kam_core.ui.session import words

UPRIGHT = ("bar", "line", "area")
Names = dict[tuple[Any, Any], tuple[int, str]]


@dataclass(frozen=True)
class Drawn:
    """`doors`: places of a mark, as a click gives them, → the filters that leave what it stands for."""

    spec: Spec
    alt: str
    legend: str
    doors: dict[tuple[int, int], tuple[Filter, ...]]


def draw(exploring: Exploring, answer: Answer) -> Drawn:
    """The chart of an answer; "table" is drawn by a table, not here."""
    ask, cells = answer.ask, _cells(exploring, answer)
    tooltip = _tooltip(ask)
    unit = say.unit(exploring, ask)
    axis = numbers.axis_expression(session.lang(), unit)
    look, stacked = session.colours(), _is_stacked(ask, cells)
    if ask.chart == "scatter" and ask.against is not None:
        cells = [c for c in cells if not c["is_others"] and c["value"] is not None and c["against"] is not None]
        across = numbers.axis_expression(session.lang(), say.unit(exploring, ask, ask.against))
        titles = (say.measure(ask, ask.against), say.measure(ask))
        spec = charts.points(look, cells, tooltip, (across, axis), titles, 380)
    elif ask.chart == "heat" and ask.colour is not None:
        spec = _heat(cells, tooltip)
    elif ask.grain or ask.chart != "bar":
        spec = charts.upright(look, cells, tooltip, axis, ask.chart if ask.chart in UPRIGHT else "bar", stacked)
    else:
        spec = charts.lying(look, cells, _totals(exploring, answer, cells, unit, stacked), tooltip, stacked)
    doors = {(c["i"], c["j"]): c["door"] for c in cells}
    return Drawn(_without_doors(spec), _alt(ask, cells), _legend(exploring, answer, cells), doors)


def _without_doors(spec: Spec) -> Spec:
    """What only we need does not travel to the browser."""
    ours = ("door", "is_others")
    rows = [{k: v for k, v in row.items() if k not in ours} for row in spec["data"]["values"]]
    return {**spec, "data": {"values": rows}}


# --- marks


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in frame.itertuples(index=False, name=None)]


def _cells(exploring: Exploring, answer: Answer) -> list[dict[str, Any]]:
    """A row a mark, in the order of the answer."""
    ask, frame = answer.ask, answer.part("cell")
    if ask.x is None:
        frame = answer.part("total")
    names = {level: _names(answer, level) for level in ("x", "c")}
    colours = _colours(answer, list(names["c"].values()))
    total = _total(answer)
    cells = []
    for row in frame.pipe(_records):
        i, j = _key(row, "x"), _key(row, "c")
        (x_place, x_name), (c_place, c_name) = names["x"][i], names["c"][j]
        cells.append(
            _figures(exploring, ask, row, total)
            | {
                "i": x_place, "j": c_place, "name": x_name, "part": c_name, "color": colours[c_place],
                "long": _long(ask, row, x_name), "is_others": _is_others(ask, row, "x"),
                "partial": _is_partial(exploring, ask, row),
                "door": _doors(ask, row, names),
            }
        )  # fmt: skip
    running = {cell["i"] for cell in cells if cell["partial"]}
    for cell in cells:
        cell["tail"] = bool({cell["i"], cell["i"] + 1} & running)
    if len(names["c"]) == 1:
        for cell in cells:
            cell["color"] = session.colours().before if cell["is_others"] else session.colours().actual
    return cells


def _key(row: dict[str, Any], level: str) -> tuple[Any, Any]:
    raw = row[level]
    return (None if pd.isna(raw) else raw), (None if pd.isna(row[f"{level}_place"]) else row[f"{level}_place"])


def _names(answer: Answer, level: str) -> Names:
    """Raw value and place → (its number from 0, its shown name), each name once, in the order of the chart."""
    ask, place = answer.ask, f"{level}_place"
    grain = ask.grain if level == "x" else ask.colour_grain
    parts = answer.part("cell" if ask.x is not None else "total").drop_duplicates([level, place])
    rows = parts.sort_values([place, level], na_position="last").pipe(_records)
    shown = [words("explore.others") if _is_others(ask, row, level) else say.bucket(row[level], grain) for row in rows]
    return {_key(row, level): (n, name) for n, (row, name) in enumerate(zip(rows, say.unique(shown), strict=True))}


def _is_others(ask: Ask, row: dict[str, Any], level: str) -> bool:
    column, grain, most = (ask.x, ask.grain, ask.top) if level == "x" else (ask.colour, ask.colour_grain, ask.colours)
    return column is not None and not grain and row[f"{level}_place"] > most


def _colours(answer: Answer, parts: list[tuple[int, str]]) -> list[str]:
    look = session.colours()
    others = words("explore.others")
    return [
        look.before if name == others else look.categories[n % len(look.categories)] for n, name in sorted(parts)
    ]


def _figures(exploring: Exploring, ask: Ask, row: dict[str, Any], total: float | None) -> dict[str, Any]:
    unit = say.unit(exploring, ask)
    value, before = _known(row["value"]), _known(row.get("before"))
    growth = numbers.growth(value, before)
    share = value / total if total and value is not None else None
    figures = {
        "value": value, "before": before, "against": _known(row.get("against")),
        "value_text": say.full(value, unit), "rows_text": say.full(row["rows"], "count"),
        "label": say.short(value, unit) if value is not None else "",
    }  # fmt: skip
    if ask.compare:
        figures["before_text"] = say.full(before, unit)
        figures["change_text"] = numbers.percent(growth, session.lang(), signed=True)
    if ask.against is not None:
        figures["against_text"] = say.full(figures["against"], say.unit(exploring, ask, ask.against))
    figures["share_text"] = numbers.percent(share, session.lang()) if share is not None else ""
    return figures


def _known(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _total(answer: Answer) -> float | None:
    """The whole that parts are shares of; None where they do not add up to one."""
    ask, value = answer.ask, answer.total["value"]
    adds_up = ask.y is None or ask.how in say.ADDITIVE
    return float(value) if adds_up and pd.notna(value) and value > 0 else None


def _is_partial(exploring: Exploring, ask: Ask, row: dict[str, Any]) -> bool:
    if ask.x is None or ask.grain not in TIMES:
        return False
    return say.is_running(row["x"], ask.grain, day(exploring.profile(ask.x).most))


def _long(ask: Ask, row: dict[str, Any], name: str) -> str:
    if ask.x is None:
        return words("explore.all_rows")
    return say.bucket(row["x"], ask.grain, long=True) if ask.grain else name


def _doors(ask: Ask, row: dict[str, Any], names: dict[str, Names]) -> tuple[Filter, ...]:
    found = []
    for level, column, grain in (("x", ask.x, ask.grain), ("c", ask.colour, ask.colour_grain)):
        if column is not None:
            most = ask.top if level == "x" else ask.colours
            named = [raw for raw, place in names[level] if not grain and place <= most]
            found.append(say.door(column, grain, row[level], _is_others(ask, row, level), named))
    return tuple(found)


def _is_stacked(ask: Ask, cells: list[dict[str, Any]]) -> bool:
    adds_up = ask.y is None or ask.how in say.ADDITIVE
    return ask.colour is not None and adds_up and all((c["value"] or 0) >= 0 for c in cells) and ask.chart != "line"


def _tooltip(ask: Ask) -> list[tuple[str, str]]:
    lines = [("long", " ")]
    if ask.colour is not None:
        lines.append(("part", " "))
    lines.append(("value_text", say.measure(ask)))
    if ask.against is not None:
        lines.append(("against_text", say.measure(ask, ask.against)))
    if ask.compare:
        lines += [("before_text", words(f"explore.compare.{ask.compare}")), ("change_text", words("column.growth"))]
    elif ask.y is None or ask.how in say.ADDITIVE:
        lines.append(("share_text", words("explore.share")))
    if ask.y is not None:
        lines.append(("rows_text", words("explore.rows")))
    return lines


# --- kinds of charts


def _totals(
    exploring: Exploring, answer: Answer, cells: list[dict[str, Any]], unit: str, stacked: bool
) -> list[dict[str, Any]]:
    """A row a bar: where its label stands and what it says."""
    rows: list[dict[str, Any]] = []
    whole = answer.part("x") if answer.ask.colour is not None else answer.part("cell")
    values = {_key(row, "x"): row for row in whole.pipe(_records)}
    keys = list(_names(answer, "x"))
    by_place = {cell["i"]: cell for cell in cells}
    for place, cell in sorted(by_place.items()):
        same = [c for c in cells if c["i"] == place]
        end = sum(c["value"] or 0 for c in same) if stacked else max(c["value"] or 0 for c in same)
        row = values.get(keys[place]) if answer.ask.x is not None else None
        label = say.short(row["value"], unit) if row is not None and (stacked or len(same) == 1) else ""
        note = cell["change_text"] if answer.ask.compare else cell["share_text"] if len(same) == 1 else ""
        label = f"{label} · {note}" if label and note else label
        end = max(0.0, end, cell["before"] or 0.0)
        rows.append({"name": cell["name"], "end": end, "before": cell["before"], "label": label})
    return rows


def _heat(cells: list[dict[str, Any]], tooltip: list[tuple[str, str]]) -> Spec:
    values = [c["value"] for c in cells if c["value"] is not None] or [0.0]
    least, span = min(values), (max(values) - min(values)) or 1.0
    rows = [{**c, "share": (c["value"] - least) / span if c["value"] is not None else 0} for c in cells]
    columns, lines = ([n for _, n in sorted({(c[k], c[n]) for c in cells})] for k, n in (("j", "part"), ("i", "name")))
    return charts.heat(session.colours(), rows, tooltip, columns, lines)


# --- around it


def _legend(exploring: Exploring, answer: Answer, cells: list[dict[str, Any]]) -> str:
    look, ask = session.colours(), answer.ask
    entries: list[tuple[str, str, str]] = []
    if ask.colour is not None and ask.chart not in ("heat",):
        parts = sorted({(c["j"], c["part"], c["color"]) for c in cells})
        entries = [("solid", colour, part) for _, part, colour in parts]
    elif ask.compare and answer.windows:
        entries = [
            ("solid", look.actual, say.span(answer.windows.start, answer.windows.end)),
            ("solid", look.before, say.span(answer.windows.before_start, answer.windows.before_end)),
        ]
    if any(c["partial"] for c in cells) and ask.x is not None:
        last = day(exploring.profile(ask.x).most)
        entries.append(("partial", look.actual, words("explore.partial", date=numbers.day(last, session.lang()))))
    return cards.legend(*entries) if entries else ""


def _alt(ask: Ask, cells: list[dict[str, Any]]) -> str:
    known = [c for c in cells if c["value"] is not None]
    if not known:
        return say.question(ask)
    most = max(known, key=lambda c: c["value"])
    return words(
        "explore.alt", question=say.question(ask), n=len(cells), name=most["long"], value=most["value_text"]
    )


# --- the table behind it


def table(exploring: Exploring, answer: Answer) -> tuple[pd.DataFrame, dict[str, str]]:
    """The answer as a table in the reader's words, and the unit of each of its columns."""
    ask = answer.ask
    frame = answer.part("cell" if ask.x is not None or ask.colour is not None else "total")
    unit = say.unit(exploring, ask)
    made: dict[str, list[Any]] = {}
    units: dict[str, str] = {}

    def add(heading: str, values: list[Any], unit: str = "") -> None:
        name = say.unique([*made, heading])[-1]
        made[name], units[name] = values, unit

    records = frame.pipe(_records)
    for level, column, grain in (("x", ask.x, ask.grain), ("c", ask.colour, ask.colour_grain)):
        if column is not None:
            names = [
                words("explore.others") if _is_others(ask, r, level) else say.bucket(r[level], grain, long=True)
                for r in records
            ]
            add(shown(column), names)
    add(say.measure(ask), frame["value"].tolist(), unit)
    if ask.against is not None:
        add(say.measure(ask, ask.against), frame["against"].tolist(), say.unit(exploring, ask, ask.against))
    if ask.compare and "before" in frame:
        add(words(f"explore.compare.{ask.compare}"), frame["before"].tolist(), unit)
    if ask.y is not None:
        add(words("explore.rows"), frame["rows"].tolist(), "count")
    return pd.DataFrame(made), units


def pivot(exploring: Exploring, answer: Answer) -> tuple[pd.DataFrame, dict[tuple[int, int], tuple[Filter, ...]]]:
    """Rows × columns with totals at the end of both, each worked out from the rows behind it; and where cells lead."""
    ask = answer.ask
    cells = _cells(exploring, answer)
    lines = [name for _, name in sorted({(c["i"], c["name"]) for c in cells})]
    parts = [name for _, name in sorted({(c["j"], c["part"]) for c in cells})] if ask.colour is not None else []
    total = words("explore.total")
    heading, *headings = say.unique([shown(ask.x or ""), *parts, total])
    values: dict[str, list[Any]] = {name: [None] * len(lines) for name in headings}
    doors: dict[tuple[int, int], tuple[Filter, ...]] = {}
    for cell in cells:
        if ask.colour is not None:
            values[headings[cell["j"]]][cell["i"]] = cell["value"]
            doors[cell["i"], cell["j"]] = cell["door"]
        else:
            values[headings[-1]][cell["i"]] = cell["value"]
        doors[cell["i"], len(parts)] = cell["door"][:1]
    if ask.colour is not None:
        values[headings[-1]] = _totals_of(answer, "x")
    last = [*(_totals_of(answer, "colour") if ask.colour is not None else []), _known(answer.total["value"])]
    for name, value in zip(headings, last, strict=True):
        values[name].append(value)
    return pd.DataFrame({heading: [*lines, total], **values}), doors


def _totals_of(answer: Answer, part: str) -> list[float | None]:
    """The totals of rows ("x") or columns ("colour"), in their order."""
    level = "x" if part == "x" else "c"
    whole = answer.part(part).sort_values([f"{level}_place", level], na_position="last")
    return [_known(value) for value in whole["value"]]
