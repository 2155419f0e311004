"""The chart of the explore page: what is asked, how it is drawn, what a click leads to, and what else can be asked."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from kam_core.charts.parts import PICK
from kam_core.errors import KamError
from kam_core.explore.filters import Filter
from kam_core.explore.kinds import MEASURES, default_how
from kam_core.explore.profile import Profile, grain_of
from kam_core.explore.shape import CHARTS, COMPARES, HOWS, OF_ANY, TIMES, Answer, Ask
from kam_core.explore.suggest import bins, categories
from kam_core.text import numbers
from kam_core.ui import address, session
from kam_core.ui import explore_state as state
from kam_core.ui import explore_tables as tables
from kam_core.ui import explore_words as say
from kam_core.ui.explore_chart import Drawn, draw, pivot, table
from kam_core.ui.explore_state import Exploring
from kam_core.ui.session import words

TOPS = (5, 10, 15, 20, 30, 50)
ROWS_OF_PIVOT, COLUMNS_OF_PIVOT = 100, 30
NOTHING = ""


def chart(found: Exploring) -> None:
    """The question as a title, its answer, and the controls that change it."""
    if found.ask is None:
        with st.container(border=True, key="card_explore"):
            st.write(words("page.explore.no_values"))
        return
    with st.container(border=True, key="card_explore", gap="xsmall", height="stretch"):
        _controls(found, found.ask)
        answered(found, found.ask, "explore", clickable=True)


def answered(found: Exploring, ask: Ask, key: str, clickable: bool) -> None:
    """Title, chart or pivot, and what is behind it."""
    try:
        answer = found.answer(_for_pivot(ask))
    except KamError as error:
        st.error(say.plain(str(error)))
        return
    if not answer.total["rows"]:
        st.html(f'<div class="kam-head"><h3>{html.escape(say.question(ask))}</h3></div>')
        st.caption(words("page.explore.no_rows"))
        return
    if ask.chart == "table":
        _head(found, answer, key, "")
        _pivot(found, answer, key, clickable)
    else:
        drawn = draw(found, answer)
        _head(found, answer, key, drawn.legend)
        _vega(found, ask, drawn, key, clickable)
    if notes := _notes(found, answer):
        st.caption(say.plain(notes))


def _for_pivot(ask: Ask) -> Ask:
    return replace(ask, top=ROWS_OF_PIVOT, colours=COLUMNS_OF_PIVOT) if ask.chart == "table" else ask


def _head(found: Exploring, answer: Answer, key: str, legend: str) -> None:
    question = say.question(answer.ask)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"head_{key}", wrap=False):
        st.html(f'<div class="kam-head"><h3>{html.escape(question)}</h3>{legend}</div>')
        made = _as_pivot if answer.ask.chart == "table" else table
        tables.behind(key, say.plain(question), lambda: made(found, answer))


def _vega(found: Exploring, ask: Ask, drawn: Drawn, key: str, clickable: bool) -> None:
    """A click leaves what the mark stands for. A chart gets a new key then: the old one still holds its click."""
    clicks = st.session_state.get("_clicks", 0)
    name = f"chart_{key}_{clicks}"

    def clicked() -> None:
        picked = st.session_state[name]["selection"].get(PICK)
        if picked and "i" in picked[0]:
            _leave(found, ask, drawn.doors.get((int(picked[0]["i"]), int(picked[0]["j"])), ()))

    with st.container(key=f"drawn_{key}"):
        st.vega_lite_chart(
            drawn.spec, key=name, alt=drawn.alt, width="stretch", on_select=clicked if clickable else "ignore"
        )


def _leave(found: Exploring, ask: Ask, filters: tuple[Filter, ...]) -> None:
    """Keep only what was clicked, and ask the next thing: a finer grain of time, or another column."""
    st.session_state["_clicks"] = st.session_state.get("_clicks", 0) + 1
    columns = found.source.columns
    again = {f.column for f in filters}
    kept = [f for f in found.filters if not (f.kind in ("between", "range") and f.column in again)]
    state.keep(columns, [*kept, *filters])
    state.ask(columns, next_ask(found, ask, filters))


def next_ask(found: Exploring, ask: Ask, filters: tuple[Filter, ...]) -> Ask:
    """The question after a click: a year's months, a month's days; of one value, how it divides otherwise."""
    if ask.grain in TIMES and ask.grain != "day":
        return replace(ask, grain={"year": "month", "quarter": "month", "month": "day", "week": "day"}[ask.grain])
    if ask.grain or ask.colour is not None or not any(f.kind == "is" for f in filters):
        return ask
    single = {f.column for f in (*found.filters, *filters) if f.kind == "is" and len(f.values) == 1}
    others = [p.name for p in categories(found.profiles) if p.name not in single]
    return replace(ask, x=others[0]) if others else ask


# --- pivot


def _pivot(found: Exploring, answer: Answer, key: str, clickable: bool) -> None:
    frame, doors = pivot(found, answer)
    unit = say.unit(found, answer.ask)
    config: dict[str, Any] = {
        column: st.column_config.NumberColumn(format="percent" if unit == "percent" else "localized", step=_step(unit))
        for column in frame.columns[1:]
    }
    config[frame.columns[0]] = st.column_config.TextColumn(pinned=True)
    name = f"pivot_{key}_{st.session_state.get('_clicks', 0)}"

    def clicked() -> None:
        cells = st.session_state[name]["selection"]["cells"]
        if cells:
            row, column = cells[0]
            place = list(frame.columns).index(column) - 1
            _leave_cell(found, doors.get((int(row), max(place, 0) if place >= 0 else len(frame.columns) - 2), ()))

    st.dataframe(
        frame, key=name, hide_index=True, height=min(480, 35 * (len(frame) + 1) + 3), column_config=config,
        placeholder="–", alt=say.question(answer.ask), selection_mode="single-cell",
        on_select=clicked if clickable else "ignore",
    )  # fmt: skip


def _as_pivot(found: Exploring, answer: Answer) -> tables.Made:
    """The pivot as it stands, to be taken along."""
    frame, _ = pivot(found, answer)
    first, *others = (str(column) for column in frame.columns)
    return frame, {first: "", **dict.fromkeys(others, say.unit(found, answer.ask))}


def _step(unit: str) -> float:
    return {"count": 1, "percent": 0.001}.get(unit, 0.01)


def _leave_cell(found: Exploring, filters: tuple[Filter, ...]) -> None:
    """The rows behind a cell of a pivot."""
    if filters:
        st.session_state["_clicks"] = st.session_state.get("_clicks", 0) + 1
        state.keep(found.source.columns, [*found.filters, *filters])
        state.go("rows")


# --- what should be said below


def _notes(found: Exploring, answer: Answer) -> str:
    ask, notes = answer.ask, []
    lang, unit = session.lang(), say.unit(found, answer.ask)
    if ask.chart not in ("table", "scatter") and ask.x is not None:
        rows = numbers.full(answer.total["rows"], lang, "count")
        key = "note_total" if ask.y is not None else "rows_all"
        notes.append(words(f"page.explore.{key}", value=say.full(answer.total["value"], unit), rows=rows, n=rows))
    cells = answer.part("cell")
    others = cells[cells["x_place"] > ask.top] if ask.x is not None and not ask.grain else cells.iloc[:0]
    if len(others):
        many = found.profile(ask.x).distinct - ask.top if ask.x is not None else 0
        about = "" if found.profile(ask.x or "").is_exact and not found.filters else "≈ "
        if ask.chart == "scatter":
            notes.append(words("page.explore.note_points", n=ask.top))
        elif many > 0:
            notes.append(words("page.explore.note_others", n=f"{about}{numbers.full(many, lang, 'count')}"))
    if ask.compare and answer.windows is None:
        notes.append(words("page.explore.note_no_date"))
    if answer.is_cut:
        notes.append(words("page.explore.note_cut"))
    return " ".join(notes)


# --- the controls


def _controls(found: Exploring, ask: Ask) -> None:
    """What is measured, how, by what, by what else, drawn how."""
    names = say.columns(found)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="explore_controls"):
        measured = [None, *_measurable(found)]
        _choose(found, ask, "y", measured, lambda v: _named(names, v, "explore.rows_count"))
        if ask.y is not None:
            _choose(found, ask, "how", _hows(found, ask.y), lambda v: words(f"explore.how.{v}"))
        dimensions = _dimensions(found)
        _choose(found, ask, "x", dimensions, lambda v: _named(names, v, ""))
        _grain(found, ask)
        others = [None, *(name for name in dimensions if name != ask.x and not _is_measure(found, name))]
        if ask.chart == "scatter":
            against = [p.name for p in found.profiles if p.kind in MEASURES and p.name != ask.y]
            _choose(found, ask, "against", against, lambda v: _named(names, v, ""))
        else:
            _choose(found, ask, "colour", others, lambda v: _named(names, v, "page.explore.none"))
        _choose(found, ask, "chart", _charts(found, ask), lambda v: words(f"explore.chart.{v}"))
        if ask.x is not None and not ask.grain and ask.chart not in ("table", "scatter"):
            tops = sorted({*TOPS, ask.top})
            _choose(found, ask, "top", tops, lambda v: words("explore.top", n=v))
        if found.time() and _is_comparable(ask):
            _choose(found, ask, "compare", ["", *COMPARES], lambda v: words(f"explore.compare.{v or 'none'}"))


def _choose(
    found: Exploring, ask: Ask, part: str, options: list[Any], shown: Callable[[Any], str]
) -> None:
    """One part of the question. The question in force is what the address says, so the widget follows it."""
    value = getattr(ask, part)
    if value not in options:
        options = [*options, value]
    places = range(len(options))
    labels = say.unique([shown(option) for option in options])
    key = f"explore_{part}"
    st.session_state[key] = options.index(value)

    def changed() -> None:
        state.ask(found.source.columns, ask_with(found, ask, part, options[st.session_state[key]]))

    st.selectbox(
        words(f"page.explore.choose_{part}"), places, format_func=lambda n: labels[n], key=key, on_change=changed,
        filter_mode="contains",
    )  # fmt: skip


def ask_with(found: Exploring, ask: Ask, part: str, value: Any) -> Ask:
    """The question with one part changed, and what that part brings along made to fit."""
    changed = replace(ask, **{part: value})
    if part == "y" and value is not None:
        profile = found.profile(value)
        hows = _hows(found, value)
        keeps = ask.y is not None and ask.how in hows
        changed = replace(changed, how=ask.how if keeps else _default_how(profile))
    if part == "x":
        colour = None if ask.colour == value else ask.colour
        changed = replace(changed, grain=_default_grain(found, value), colour=colour)
        changed = replace(changed, chart=_chart_of(changed))
    if part == "chart":
        changed = _fitted_to_chart(found, changed)
    return changed if _is_comparable(changed) else replace(changed, compare="")


def _is_comparable(ask: Ask) -> bool:
    """Two periods are drawn one behind the other: parts, ranges and heat maps have no room for that."""
    return ask.chart in ("bar", "line") and ask.colour is None and (ask.grain in TIMES or not ask.grain)


def _default_how(profile: Profile) -> str:
    return default_how(profile.name, profile.kind) if profile.column.family == "number" else "distinct"


def _default_grain(found: Exploring, name: str | None) -> str:
    if name is None:
        return ""
    profile = found.profile(name)
    if profile.column.family == "date" and profile.known:
        return grain_of(profile.least, profile.most, profile.distinct)
    return bins(profile) if profile.kind in MEASURES else ""


def _chart_of(ask: Ask) -> str:
    """The chart stays where it can be drawn; lines and areas need time or bins."""
    if ask.chart in ("line", "area") and not ask.grain:
        return "bar"
    return ask.chart


def _fitted_to_chart(found: Exploring, ask: Ask) -> Ask:
    if ask.chart == "scatter":
        figures = [p for p in found.profiles if p.kind in MEASURES]
        y = ask.y or next((p.name for p in figures), None)
        against = ask.against or next((p.name for p in figures if p.name != y), None)
        how = ask.how if ask.how not in OF_ANY else "sum"
        grain = ask.grain if ask.grain in TIMES else ""
        return replace(ask, y=y, against=against, how=how, top=500, colour=None, grain=grain)
    ask = replace(ask, against=None, top=10 if ask.top > 100 else ask.top)
    if ask.chart == "heat" and ask.colour is None:
        other = next((p.name for p in categories(found.profiles) if p.name != ask.x), None)
        return replace(ask, colour=other, colours=10)
    return replace(ask, colours=10 if ask.chart == "heat" else 6)


def _grain(found: Exploring, ask: Ask) -> None:
    if ask.x is None:
        return
    profile = found.profile(ask.x)
    if profile.column.family == "date":
        _choose(found, ask, "grain", list(TIMES), lambda v: words(f"explore.grain.{v or 'none'}"))
    elif profile.kind in MEASURES and bins(profile):
        both = ["", bins(profile)]
        _choose(found, ask, "grain", both, lambda v: words(f"explore.grain.{'bins' if v else 'none'}"))


def _named(names: dict[str, str], name: str | None, otherwise: str) -> str:
    return names[name] if name is not None else words(otherwise) if otherwise else "–"


def _measurable(found: Exploring) -> list[str]:
    """Measures first; then columns of which at least the different values can be counted."""
    first = [p.name for p in found.profiles if p.kind in MEASURES]
    return [*first, *(p.name for p in found.profiles if p.name not in first and p.known and p.kind != "date")]


def _hows(found: Exploring, name: str) -> list[str]:
    return list(HOWS) if found.profile(name).column.family == "number" else list(OF_ANY)


def _dimensions(found: Exploring) -> list[str]:
    """What can be compared by: dates and names first."""
    order = {"date": 0, "name": 1, "yes_no": 2}
    return [p.name for p in sorted(found.profiles, key=lambda p: order.get(p.kind, 3)) if p.known]


def _is_measure(found: Exploring, name: str) -> bool:
    return found.profile(name).kind in (*MEASURES, "date")


def _charts(found: Exploring, ask: Ask) -> list[str]:
    two = sum(p.kind in MEASURES for p in found.profiles) > 1
    hidden = {c for c in ("line", "area") if not ask.grain} | ({"scatter"} if not two else set())
    return [c for c in CHARTS if c not in hidden]


# --- what else


def suggestions(found: Exploring) -> None:
    """The questions that the columns invite; a click asks one."""
    with st.container(border=True, key="card_suggestions", gap="xxsmall", height="stretch"):
        st.html(f'<div class="kam-head"><h3>{words("page.explore.ask_also")}</h3></div>')
        for place, ask in enumerate(found.suggested):
            chosen = found.ask is not None and say.question(ask) == say.question(found.ask)
            st.button(
                say.plain(say.question(ask)), key=f"ask_{place}", type="tertiary", disabled=chosen, width="stretch",
                on_click=lambda ask=ask: _ask(found, ask),
            )  # fmt: skip
        st.button(
            words("page.explore.keep_chart"), key="keep_chart", on_click=lambda: _keep(found),
            disabled=found.ask is None, help=words("page.explore.keep_help"),
        )  # fmt: skip
        kept = st.session_state.get("_kept_asks", [])
        if kept:
            st.caption(words("page.explore.kept", n=len(kept)))


def _ask(found: Exploring, ask: Ask) -> None:
    state.ask(found.source.columns, ask)


def _keep(found: Exploring) -> None:
    kept = st.session_state.setdefault("_kept_asks", [])
    if found.ask is not None and found.ask not in kept:
        kept.append(found.ask)
    address.touched()
