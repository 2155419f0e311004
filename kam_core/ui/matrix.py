"""The matrix page: region × industry for a chosen measure, and who answers for what."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts.matrix import heat_matrix
from kam_core.charts.parts import PICK, Spec
from kam_core.charts.ranks import ranked_bars
from kam_core.metrics.measures import MEASURES
from kam_core.text import numbers
from kam_core.text.sentence import name_of, own_script
from kam_core.ui import address, cards, drill, session, states
from kam_core.ui.cards import Table
from kam_core.ui.session import money, money_full, words
from kam_core.ui.tiers import choice
from kam_core.view import NONE, View

ADDITIVE = ("revenue", "margin", "orders", "active_accounts", "quantity")
RATIOS = ("gross_margin", "discount_rate", "return_rate", "average_order_value")
MOST_COLUMNS, MOST_LINES = 14, 30
KEPT = ("nrr", "grr", "logo_churn", "value_at_risk")  # what is known by account only: asked as measures, cell by cell
LISTED = 300
UNOWNED = "⚑"
Key = tuple[str | None, str | None]  # region and industry; None stands for all


# --- what is shown


def chosen() -> tuple[str, str]:
    """The measure and the way to show it, both kept in the address."""
    frame = _cells()
    kept = session.measure(session.view(), KEPT).iloc[0]
    measures = [m for m in (*ADDITIVE, *RATIOS) if frame[m].notna().any()] + [m for m in KEPT if pd.notna(kept[m])]
    with st.container(horizontal=True, gap="small", key="matrix_choice", vertical_alignment="bottom"):
        measure = _measure(measures or ["revenue"])
        ways = ["value"] if measure == "value_at_risk" else ["value", "growth"]  # of a risk no earlier one is known
        if measure in (*ADDITIVE, "value_at_risk"):
            ways.append("share")
        if measure == "revenue" and frame["target"].notna().any():
            ways.append("attainment")
        show = choice("show", tuple(ways), "page.matrix.show")
    return measure, show


def _measure(measures: list[str]) -> str:
    if st.session_state.get("measure") not in measures:
        st.session_state["measure"] = measures[0]
    st.selectbox(
        words("page.matrix.measure"),
        measures,
        key="measure",
        format_func=lambda m: words(f"measure.{m}.label"),
        on_change=address.touched,
        width=220,
        label_visibility="collapsed",
    )
    return str(st.session_state["measure"])


def _cells(measure: str = "") -> pd.DataFrame:
    """The report; for a measure that it does not have, with that of each cell, region, industry and of the whole."""
    frame = session.report(session.view(), "matrix")
    if measure not in KEPT:
        return frame
    parts = {"cell": ("region", "industry"), "region": ("region",), "industry": ("industry",), "total": ()}
    found = [_measured(measure, by).assign(kind=kind) for kind, by in parts.items()]
    frame = frame.merge(pd.concat(found), how="outer", on=["kind", "region", "industry"])
    counts = ["accounts", "managers", "unowned_accounts", "unowned_revenue", "revenue", "revenue_before"]
    return frame.fillna(dict.fromkeys(counts, 0))


def _measured(measure: str, by: tuple[str, ...]) -> pd.DataFrame:
    found = session.measure(session.view(), [measure], by=by, compare=measure != "value_at_risk")
    columns = ["region", "industry", measure, f"{measure}_before"]
    return found.reindex(columns=columns).astype({"region": object, "industry": object})


def is_known() -> bool:
    """Whether accounts have regions or industries at all."""
    frame = _cells()
    if not session.facts().has("orders"):
        return False
    return bool(frame.region.notna().any() or frame.industry.notna().any())


# --- the matrix


def matrix(measure: str, show: str) -> None:
    """The cells with the totals of both arms; a click lists the managers and accounts behind a cell."""
    question = words("page.matrix.question", measure=words(f"measure.{measure}.label"))
    if not is_known():
        with cards.card("grid", question):
            states.no_places(question)
        return
    spec, alt, table = _matrix(measure, show)
    legend = f'<div class="kam-legend">{words("page.matrix.note_" + show)}{_flag_words()}</div>'
    with cards.card("grid", question, table, legend), st.container(key="matrix_scroll"):
        cards.choice("grid_chart", spec, alt, "cell", _cell_of)


def _flag_words() -> str:
    return f" · {UNOWNED} {words('page.matrix.unowned_cell')}" if (_cells().unowned_accounts > 0).any() else ""


def _cell_of(selection: Any) -> str | None:
    picked = selection.get(PICK)
    return "|".join(str(picked[0].get(d) or "") for d in ("region", "industry")) if picked else None


@session.kept
def _matrix(measure: str, show: str) -> tuple[Spec, str, Table]:
    frame, total = _cells(measure), words("chart.total")
    regions, industries = _order(frame, "region", MOST_COLUMNS), _order(frame, "industry", MOST_LINES)
    shown = _by_key(frame)
    rows = [
        _cell((region, industry), shown[region, industry], measure, show, getattr(shown[None, None], measure))
        for region in _with_total(regions)
        for industry in _with_total(industries)
        if (region, industry) in shown
    ]
    said = {
        "name": words("chart.cell"),
        "value": words(f"measure.{measure}.label"),
        "before": words("chart.last_year"),
        "growth": words("column.growth"),
        "note": words("page.matrix.answers"),
    }
    columns = [name("region", r) for r in regions] + [total]
    lines = [name("industry", i) for i in industries] + [total]
    spec = heat_matrix(session.colours(), rows, said, columns, lines, height=25 * len(lines) + 18)
    whole = _text(shown[None, None], measure)
    alt = words("page.matrix.alt", measure=said["value"], n=len(regions), m=len(industries), total=whole)
    return spec, alt, _table(frame, measure)


def _rows(frame: pd.DataFrame) -> list[Any]:
    return list(frame.itertuples())


def _with_total(keys: list[str]) -> list[str | None]:
    return [*keys, None]


def _order(frame: pd.DataFrame, dimension: str, most: int) -> list[str]:
    """The values of an arm by revenue, at most as many as can be read; those not given last."""
    part = frame[frame.kind == dimension].sort_values("revenue", ascending=False)
    keys = [drill.key_of(v) for v in part[dimension]]
    return sorted(keys, key=lambda k: k == NONE)[:most]


def _by_key(frame: pd.DataFrame) -> dict[Key, Any]:
    """(region, industry) → its row; None stands for all."""
    return {
        (
            drill.key_of(row.region) if row.kind in ("cell", "region") else None,
            drill.key_of(row.industry) if row.kind in ("cell", "industry") else None,
        ): row
        for row in frame.itertuples()
    }


def name(dimension: str, key: str | None) -> str:
    """A value as people call it; None is the total of all."""
    if key is None:
        return words("chart.total")
    return name_of(dimension, key, session.lang(), session.names())


def _cell(key: Key, row: Any, measure: str, show: str, whole: Any) -> dict[str, Any]:
    region, industry = key
    growth = _growth(row, measure)
    return {
        "column": name("region", region),
        "line": name("industry", industry),
        "total": None in key,
        "region": region,
        "industry": industry,
        "growth": _shading(row, measure, show, growth),
        "label": _label(row, measure, show, growth, whole),
        "name": f"{name('region', region)} · {name('industry', industry)}",
        "value_text": _text(row, measure),
        "before_text": _text(row, measure + "_before", measure),
        "growth_text": numbers.percent(growth, session.lang(), signed=True),
        "note_text": _answers(row),
    }


def _growth(row: Any, measure: str) -> float | None:
    return None if session.no_comparison() else numbers.growth(getattr(row, measure), getattr(row, measure + "_before"))


def _shading(row: Any, measure: str, show: str, growth: float | None) -> float | None:
    """What the shade stands for: how far above or below target, else growth, turned round where down is good."""
    if show == "attainment":
        return None if pd.isna(row.attainment) else row.attainment - 1
    return -growth if growth is not None and MEASURES[measure].direction == "down" else growth


def _label(row: Any, measure: str, show: str, growth: float | None, whole: Any) -> str:
    lang, value = session.lang(), getattr(row, measure)
    unit = MEASURES[measure].unit
    if show == "growth" and unit == "percent":
        change = math.nan if session.no_comparison() else value - getattr(row, measure + "_before")
        text = numbers.delta(change, lang, "percent")
    elif show == "growth":
        text = numbers.percent(growth, lang, signed=True)
    elif show == "share":
        text = numbers.percent(value / whole if whole else None, lang)
    elif show == "attainment":
        text = numbers.percent(row.attainment, lang)
    else:
        text = numbers.short(value, lang, "plain" if unit == "money" else unit)
    return f"{text} {UNOWNED}" if row.kind == "cell" and row.unowned_accounts else text


def _text(row: Any, column: str, measure: str = "") -> str:
    unit = MEASURES[measure or column].unit
    return numbers.full(getattr(row, column), session.lang(), unit, session.facts().currency)


def _answers(row: Any) -> str:
    """How many accounts and managers, and how many accounts nobody answers for."""
    lang = session.lang()
    text = words(
        "page.matrix.answers_text",
        accounts=numbers.full(row.accounts, lang, "count"),
        managers=numbers.full(row.managers, lang, "count"),
    )
    if row.unowned_accounts:
        text += words("page.matrix.answers_none", n=numbers.full(row.unowned_accounts, lang, "count"))
    return text


def _table(frame: pd.DataFrame, measure: str) -> Table:
    unit = MEASURES[measure].unit
    units = {measure: unit, f"{measure}_before": unit}
    if measure == "revenue":
        units |= {"growth": "percent", "share": "percent", "target": "money", "attainment": "percent"}
    units |= {"accounts": "count", "managers": "count", "unowned_accounts": "count", "unowned_revenue": "money"}
    frame = frame.assign(kind=[words(f"page.matrix.kind_{k}") for k in frame.kind])
    return Table(frame[["kind", "region", "industry", *units]], units)


# --- both directors


def directors() -> None:
    """What each regional and each industry director answers for, and where the two meet."""
    known = _cells()
    st.html(f'<p class="kam-sentence">{_overlap(known)}</p>')
    left, right = st.columns(2, gap="xsmall")
    for place, dimension in ((left, "region"), (right, "industry")):
        with place:
            _arm(dimension)


def _overlap(frame: pd.DataFrame) -> str:
    """Both directors have the same money in their totals; the company counts it once."""
    cells = frame[(frame.kind == "cell") & frame.region.notna() & frame.industry.notna()]
    if cells.empty:
        return ""
    most = next(cells.sort_values("revenue", ascending=False).itertuples())
    return words(
        "page.matrix.overlap",
        total=money(frame[frame.kind == "total"].revenue.iloc[0]),
        value=money(most.revenue),
        region=name("region", drill.key_of(most.region)),
        industry=name("industry", drill.key_of(most.industry)),
    )


def _arm(dimension: str) -> None:
    spec, alt, table = _arm_of(dimension)
    with cards.card(f"arm_{dimension}", words(f"page.matrix.by_{dimension}"), table):
        cards.choice(f"arm_{dimension}_chart", spec, alt, "cell", _cell_of)


@session.kept
def _arm_of(dimension: str) -> tuple[Spec, str, Table]:
    frame, lang = _cells(), session.lang()
    part = frame[frame.kind == dimension].sort_values("revenue", ascending=False)
    rows = []
    for row in _rows(part.head(MOST_LINES)):
        growth = _growth(row, "revenue")
        grown = "" if growth is None else numbers.percent(growth, lang, signed=True)
        attained = (
            ""
            if pd.isna(row.attainment)
            else f" · {words('page.matrix.of_target', share=numbers.percent(row.attainment, lang))}"
        )
        rows.append(
            {
                dimension: drill.key_of(getattr(row, dimension)),
                "name": name(dimension, drill.key_of(getattr(row, dimension))),
                "value": row.revenue,
                "before": row.revenue_before,
                "rises": None if growth is None else growth >= 0,
                "label": f"{money(row.revenue)}  {grown}{attained}",
                "short": f"{money(row.revenue)}  {grown}",
                "value_text": money_full(row.revenue),
                "before_text": money_full(row.revenue_before),
                "note_text": _answers(row),
            }
        )
    said = {
        "name": words(f"dimension.{dimension}"),
        "value": words("chart.revenue"),
        "before": words("chart.last_year"),
        "note": words("page.matrix.answers"),
    }
    spec = ranked_bars(session.colours(), rows, said, (dimension,), 27 * len(rows))
    alt = words(
        "page.matrix.arm_alt", first=rows[0]["name"] if rows else "", value=rows[0]["value_text"] if rows else ""
    )
    units = {
        "revenue": "money",
        "revenue_before": "money",
        "growth": "percent",
        "target": "money",
        "attainment": "percent",
        "accounts": "count",
        "managers": "count",
        "unowned_accounts": "count",
    }
    return spec, alt, Table(part[[dimension, *units]], units)


# --- behind a cell


def behind() -> None:
    """The managers and accounts of the cell, region or industry that was clicked."""
    cell = st.session_state.get("cell") or ""
    if "|" not in cell:
        st.caption(words("page.matrix.hint"))
        return
    fields = dict(zip(("region", "industry"), cell.split("|", 1), strict=True))
    view = session.view().keep(**{k: v for k, v in fields.items() if v})
    where = " · ".join(name(d, v) for d, v in fields.items() if v) or words("chart.total")
    with st.container(horizontal=True, key="cell_head", vertical_alignment="center"):
        st.subheader(where, anchor=False)
        drill.link(
            words("page.matrix.all_accounts"),
            **{k: v or None for k, v in fields.items()} if any(fields.values()) else {},
        )
        st.button(words("action.clear"), key="cell_clear", on_click=_clear, type="tertiary")
    left, right = st.columns([1, 1.35], gap="xsmall")
    with left:
        _managers(view, where)
    with right:
        _accounts(view, where)


def _clear() -> None:
    st.session_state["cell"] = ""
    address.touched()


def _managers(view: View, where: str) -> None:
    frame = session.measure(
        view, ["revenue", "growth", "gross_margin", "active_accounts"], by=("manager",), compare=False
    )
    frame = frame.sort_values("revenue", ascending=False)
    ids = [drill.key_of(v) for v in frame.manager]
    shown = frame.assign(manager=[name("manager", v) for v in ids])
    units = {"revenue": "money", "growth": "percent", "gross_margin": "percent", "active_accounts": "count"}
    table = Table(shown[["manager", *units]].reset_index(drop=True), units)
    with cards.card("cell_managers", words("page.matrix.managers", where=where), table):
        cards.show(
            "cell_manager_table",
            table,
            words("page.matrix.managers", where=where),
            height=300,
            on_select=lambda: drill.ticked("cell_manager_table", "manager", ids),
            selection_mode="single-row",
        )


def _accounts(view: View, where: str) -> None:
    frame = session.report(view, "accounts", bought_only=True).head(LISTED)
    lang = session.lang()
    shown = frame.rename(columns={"name": "account", "manager_name": "manager"})
    for column in ("account", "manager"):
        shown[column] = [
            own_script(v, lang) if isinstance(v, str) else words("column.unassigned") for v in shown[column]
        ]
    units = {
        "account": "",
        "tier": "",
        "revenue": "money",
        "growth": "percent",
        "change": "money",
        "gross_margin": "percent",
        "manager": "",
        "account_id": "",
    }
    table, ids = Table(shown[list(units)], units), frame.account_id.tolist()
    with cards.card("cell_accounts", words("page.matrix.accounts", where=where), table):
        cards.show(
            "cell_account_table",
            table,
            words("page.matrix.accounts", where=where),
            height=300,
            on_select=lambda: drill.ticked("cell_account_table", "account", ids),
            selection_mode="single-row",
        )
