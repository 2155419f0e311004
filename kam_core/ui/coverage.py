"""The cards of the coverage page: hours against the policy, accounts that nobody holds, where care is spread thin."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts.matrix import heat_matrix
from kam_core.charts.parts import Spec
from kam_core.charts.people import hours_bars
from kam_core.text import numbers
from kam_core.text.sentence import name_of, own_script
from kam_core.ui import cards, drill, session, tiles
from kam_core.ui.cards import Table
from kam_core.ui.people import figure, rows_of
from kam_core.ui.session import money, words
from kam_core.ui.tiles import Tile

BUSIEST = 16
ARMS = ("region", "industry")
# Shades of the matrix by the share of the hours asked for that can be given: from bad to good.
STEPS = ((0.5, -1.0), (0.75, -0.05), (0.9, 0.0), (0.98, 0.05))
CELLS = {
    "region": "", "industry": "", "covered": "percent", "hours": "count", "accounts": "count",
    "key_accounts": "count", "unowned_accounts": "count", "orphaned_accounts": "count", "managers": "count",
    "visits_kept_year": "percent",
    "unvisited": "count", "held_revenue": "money",
}  # fmt: skip
LOADS = {
    "manager": "", "hours": "count", "busy": "percent", "accounts": "count", "accounts_s": "count",
    "accounts_a": "count", "accounts_b": "count", "accounts_c": "count", "accounts_n": "count", "accounts_none":
    "count", "held_revenue": "money", "visits_kept_year": "percent",
    "unvisited": "count", "region": "", "industry": "", "left_on": "date", "manager_id": "",
}  # fmt: skip
OF_THIS_YEAR = {"visits_kept": "visits_kept_year"}  # the only figure here that is of a period says of which


def loads() -> pd.DataFrame:
    return session.report(session.view(), "workload").rename(columns=OF_THIS_YEAR)


def cells() -> pd.DataFrame:
    return session.report(session.view(), "coverage").rename(columns=OF_THIS_YEAR)


def figures() -> None:
    tiles.show(_figures())


@session.kept
def _figures() -> list[Tile]:
    frame, lang = loads(), session.lang()
    held = frame[frame.manager_id.notna()]
    here, gone, nobody = held[held.left_on.isna()], held[held.left_on.notna()], frame[frame.manager_id.isna()]
    limit = float(session.facts().policy["workload.hours_per_month"])
    over = here[here.hours > limit]
    asked, given = frame.hours.sum(), here.hours.clip(upper=limit).sum()

    def tile(key: str, shown: str, tone: str = "", /, **said: Any) -> Tile:
        text = f"page.coverage.tile_{key}"
        return Tile(f"coverage_{key}", words(text), shown, words(f"{text}_note", **said), words(f"{text}_tip"), tone)

    def count(value: Any) -> str:
        return numbers.short(value, lang, "count")

    return [
        tile("covered", numbers.percent(given / asked if asked else None, lang), hours=figure("hours", asked)),
        tile("over", words("page.managers.n_of", n=len(over), all=len(here)), "bad" if len(over) else "",
             limit=figure("hours", limit)),
        tile("median", figure("hours", here.hours.median() if len(here) else None), limit=figure("hours", limit)),
        tile("nobody", count(nobody.accounts.sum()), "bad" if len(nobody) else "",
             value=money(nobody.held_revenue.sum())),
        tile("gone", count(gone.accounts.sum()), "bad" if len(gone) else "", value=money(gone.held_revenue.sum())),
    ]  # fmt: skip


def busiest() -> None:
    """The managers with the most hours, against what one person has."""
    spec, alt, table = _busiest()
    with cards.card("busiest", words("page.coverage.busiest"), table):
        cards.chart("busiest_chart", spec, alt)


@session.kept
def _busiest() -> tuple[Spec, str, Table]:
    frame, lang, look = loads(), session.lang(), session.colours()
    limit = float(session.facts().policy["workload.hours_per_month"])
    nobody = words("column.unassigned")
    frame["manager"] = [own_script(v, lang) if isinstance(v, str) else nobody for v in frame.manager_name]
    held = frame[frame.manager_id.notna()].head(BUSIEST)
    rows = [
        {
            "manager": r.manager_id, "name": r.manager, "hours": float(r.hours), "over": r.hours > limit,
            "label": figure("hours", r.hours),
            "accounts_text": words(
                "page.coverage.accounts_text", n=int(r.accounts), of_these=int(r.accounts_s + r.accounts_a)
            ),
        }
        for r in rows_of(held)
    ]  # fmt: skip
    said = {"name": words("dimension.manager"), "hours": words("column.hours"), "accounts": words("chart.accounts")}
    spec = hours_bars(look, rows, said, limit, 20 * max(len(rows), 1) + 8)
    alt = words("page.coverage.busiest_alt", n=len(rows), limit=figure("hours", limit))
    return spec, alt, Table(frame[list(LOADS)], LOADS)


def map_() -> None:
    """Region × industry, shaded by the share of the hours asked for that its managers can give."""
    made = _map()
    note = f'<div class="kam-legend">{words("page.coverage.map_note")}</div>'
    with cards.card("coverage", words("page.coverage.map"), _cells_table() if made else None, note):
        if made is None:
            st.caption(words("page.coverage.no_map"))
        else:
            with st.container(key="matrix_scroll"):
                cards.chart("coverage_chart", *made)


@session.kept
def _map() -> tuple[Spec, str] | None:
    """None where accounts have neither regions nor industries."""
    frame = cells()
    if frame.region.isna().all() and frame.industry.isna().all():
        return None
    order = {d: list(frame.groupby(d, dropna=False).hours.sum().sort_values(ascending=False).index) for d in ARMS}
    rows = [_cell(r) for r in rows_of(frame)]
    said = {"name": words("chart.cell"), "value": words("page.coverage.asks"), "before": words("column.covered"),
            "growth": words("column.visits_kept_year"), "note": words("page.coverage.open")}
    shown = {d: [_shown(d, v) for v in values] for d, values in order.items()}
    height = 23 * len(shown["industry"]) + 18
    spec = heat_matrix(session.colours(), rows, said, shown["region"], shown["industry"], height)
    thin = frame[frame.covered < 0.75]
    return spec, words("page.coverage.map_alt", n=len(thin))


def _cell(row: Any) -> dict[str, Any]:
    lang = session.lang()
    column, line = _shown("region", row.region), _shown("industry", row.industry)
    covered = None if pd.isna(row.covered) else float(row.covered)
    return {
        "column": column, "line": line, "total": False, "name": f"{column} · {line}",
        "region": drill.key_of(row.region), "industry": drill.key_of(row.industry),
        "label": "–" if covered is None else numbers.percent(round(covered, 2), lang),
        "growth": None if covered is None else next((shade for cut, shade in STEPS if covered < cut), 1.0),
        "value_text": words("page.coverage.cell", n=int(row.accounts), hours=figure("hours", row.hours)),
        "before_text": numbers.percent(covered, lang), "growth_text": numbers.percent(row.visits_kept_year, lang),
        "note_text": words("page.coverage.cell_open", nobody=int(row.unowned_accounts), gone=int(row.orphaned_accounts),
                           managers=int(row.managers)),
    }  # fmt: skip


def _shown(dimension: str, value: Any) -> str:
    return name_of(dimension, value if isinstance(value, str) else None, session.lang(), session.names())


def _cells_table() -> Table:
    return Table(cells()[list(CELLS)], CELLS)


def thin() -> None:
    """Every cell, the thinnest first; ticking a row opens its accounts."""
    frame, table = cells(), _cells_table()
    doors = [{d: drill.key_of(getattr(row, d)) for d in ARMS} for row in rows_of(frame)]
    with cards.card("thin", words("page.coverage.thin"), table):
        cards.show(
            "thin_table", table, words("page.coverage.thin"), height=330, selection_mode="single-row",
            on_select=lambda: drill.ticked_row("thin_table", doors),
        )  # fmt: skip


def empty() -> bool:
    return loads().empty
