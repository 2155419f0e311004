"""Tables of the explore page: the figures behind a chart, what is in each column, the rows, and their downloads."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.errors import KamError
from kam_core.explore import shape
from kam_core.explore.kinds import KINDS
from kam_core.explore.profile import Profile
from kam_core.explore.source import Source, shown
from kam_core.export import bulk, tables
from kam_core.text import numbers
from kam_core.text.i18n import join
from kam_core.ui import address, cards, exports, session, states
from kam_core.ui import explore_state as state
from kam_core.ui import explore_words as say
from kam_core.ui.explore_state import Exploring
from kam_core.ui.session import words

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN_ROWS = 1000
MOST_XLSX = 100_000  # rows of a workbook that is built while the reader waits
MOST_CSV = 2_000_000  # rows of a file that is built in memory
UNITS = {"count": "count", "percent": "percent", "number": "", "": ""}
Made = tuple[pd.DataFrame, dict[str, str]]


def behind(key: str, question: str, build: Callable[[], Made]) -> None:
    """The dots that open the figures behind a chart, with their downloads."""
    if st.button("⋯", key=f"more_{key}", type="tertiary", help=words("action.table")):
        states.dialog(question, _behind, key, build, width="medium")


def _behind(key: str, build: Callable[[], Made]) -> None:
    frame, units = build()
    st.dataframe(
        frame, key=f"behind_{key}", hide_index=True, placeholder="–", alt=words("action.table"),
        height=min(460, 35 * (len(frame) + 1) + 3), column_config={c: _config(u) for c, u in units.items()},
    )  # fmt: skip
    downloads(key, lambda: frame, len(frame), {c: UNITS.get(u, "") for c, u in units.items()})
    st.caption(words("page.explore.image"))


def _config(unit: str) -> Any:
    if unit == "percent":
        return st.column_config.NumberColumn(format="percent", step=0.001)
    if unit in ("count", "number"):
        return st.column_config.NumberColumn(format="localized", step=1 if unit == "count" else 0.01)
    return st.column_config.TextColumn()


def downloads(key: str, build: Callable[[], pd.DataFrame], rows: int, units: dict[str, str] | None = None) -> None:
    """CSV and Excel, built on the click; a workbook of more rows than it should hold is not offered."""
    own: dict[str, Any] = {"what": "explore: own upload", "rows": rows, "of_company": False}
    with st.container(horizontal=True, gap="xsmall", key=f"downloads_{key}", vertical_alignment="center"):
        if rows > MOST_CSV:
            st.caption(words("page.explore.too_many_csv", n=numbers.full(MOST_CSV, session.lang(), "count")))
            return
        exports.button(
            words("action.csv"), lambda: bulk.csv(build()), "explore.csv", "text/csv", f"csv_{key}", **own
        )
        if rows <= MOST_XLSX:
            exports.button(
                words("action.xlsx"), lambda: tables.xlsx(build(), "explore", units or {}), "explore.xlsx", XLSX,
                f"xlsx_{key}", **own,
            )  # fmt: skip
        else:
            st.caption(words("page.explore.too_many_xlsx", n=numbers.full(MOST_XLSX, session.lang(), "count")))


# --- columns


def columns(found: Exploring) -> None:
    """What is in each column: a row each; a ticked one is shown in full."""
    with st.container(border=True, key="card_columns", gap="xsmall"):
        st.html(
            f'<div class="kam-head"><h3>{words("page.explore.columns_title")}</h3>'
            f'<div class="kam-legend">{html.escape(_summary(found))}</div></div>'
        )
        picked = _columns_table(found)
        if picked is not None:
            _column(found, found.profiles[picked])
        else:
            st.caption(words("page.explore.columns_hint"))


def _summary(found: Exploring) -> str:
    """ "2 dates, 3 amounts, 5 names", in the order of the kinds."""
    counts = {kind: sum(p.kind == kind for p in found.profiles) for kind in KINDS}
    return join(session.lang(), [words(f"explore.kinds.{kind}", n=n) for kind, n in counts.items() if n])


def _columns_table(found: Exploring) -> int | None:
    names = list(say.columns(found).values())
    share = [p.missing / p.rows if p.rows else 0.0 for p in found.profiles]
    frame = pd.DataFrame(
        {
            "name": names,
            "kind": [words(f"explore.kind.{p.kind}") for p in found.profiles],
            "missing": share,
            "distinct": [say.distinct(p) for p in found.profiles],
            "spread": [_bars(p.distribution) if p.kind != "id" else [] for p in found.profiles],
            "range": [_range(p) for p in found.profiles],
            "outliers": [_outliers_short(p) for p in found.profiles],
            "examples": [_examples(p, 24) for p in found.profiles],
        }
    )
    label = {c: words(f"explore.column.{c}") for c in frame.columns}
    widest = max([150, *(cards.cell_width(r, 12.5) for r in frame["range"])])
    chosen: Any = st.dataframe(
        frame, key="columns_table", hide_index=True, alt=words("page.explore.columns_title"), placeholder="–",
        height=min(430, 35 * (len(frame) + 1) + 3), on_select="rerun", selection_mode="single-row",
        column_config={
            **{c: st.column_config.TextColumn(label[c]) for c in ("kind", "distinct", "outliers", "examples")},
            "range": st.column_config.TextColumn(label["range"], width=widest),
            "name": st.column_config.TextColumn(label["name"], pinned=True, width="medium"),
            "missing": st.column_config.NumberColumn(label["missing"], format="percent", width="small"),
            "spread": st.column_config.BarChartColumn(label["spread"], width="small", y_min=0),
        },
    )  # fmt: skip
    rows = chosen["selection"]["rows"]
    return rows[0] if rows and rows[0] < len(found.profiles) else None


def _bars(counts: Sequence[int], most: int = 20) -> list[int]:
    """As many bars as can be told apart in a cell: neighbours are summed up."""
    each = max(1, -(-len(counts) // most))
    return [sum(counts[n : n + each]) for n in range(0, len(counts), each)]


def _examples(p: Profile, longest: int) -> str:
    return " · ".join(say.value(e, longest) if p.column.family == "yes_no" else shown(e, longest) for e in p.examples)


def _range(p: Profile) -> str:
    if p.kind == "date":
        return say.span(state.day(p.least), state.day(p.most))
    if p.quartiles is None or p.kind == "id":
        return ""
    unit = "percent" if p.kind == "percent" else "number"
    least, median, most = (say.short(v, unit) for v in (p.least, p.quartiles[1], p.most))
    return words("explore.range", least=least, median=median, most=most)


def _outliers_short(p: Profile) -> str:
    if p.fences is None or p.kind == "id":
        return ""
    n = p.fences.below + p.fences.above
    return numbers.full(n, session.lang(), "count") if n else "0"


def _column(found: Exploring, p: Profile) -> None:
    """One column in full: figures, commonest values, outliers with their rule, and what it is taken for."""
    with st.container(horizontal=True, gap="medium", key="column_detail"):
        with st.container(width=260):
            _kind(found, p)
        with st.container(width="stretch"):
            for line in _facts(p):
                st.markdown(say.plain(line))
        if p.top:
            with st.container(width=320):
                _top(p)


def _kind(found: Exploring, p: Profile) -> None:
    """What the column is taken for; another choice changes the questions and how values are put together."""
    options = [k for k in KINDS if k in _possible(p)]
    key = f"kind_{found.held.name}_{[c.name for c in found.source.columns].index(p.name)}"
    st.session_state[key] = p.kind

    def changed() -> None:
        st.session_state.setdefault("_kinds", {}).setdefault(found.held.name, {})[p.name] = st.session_state[key]
        address.touched()

    st.selectbox(
        words("page.explore.taken_for", column=say.plain(shown(p.name))), options, key=key, on_change=changed,
        format_func=lambda k: words(f"explore.kind.{k}"), disabled=len(options) < 2,
    )  # fmt: skip


def _possible(p: Profile) -> tuple[str, ...]:
    if p.kind == "empty":
        return ("empty",)
    return {
        "number": ("id", "name", "amount", "count", "percent"), "text": ("id", "name", "text", "yes_no"),
    }.get(p.column.family, (p.kind,))  # fmt: skip


def _facts(p: Profile) -> list[str]:
    lang = session.lang()
    share = p.missing / p.rows if p.rows else 0
    facts = [
        words(
            "explore.fact.known", known=numbers.full(p.known, lang, "count"), distinct=say.distinct(p),
            missing=numbers.full(p.missing, lang, "count"), share=numbers.percent(share, lang),
        )
    ]  # fmt: skip
    unit = "percent" if p.kind == "percent" else "number"
    if p.quartiles and p.kind != "id":
        low, median, high = (say.full(q, unit) for q in p.quartiles)
        facts.append(
            words("explore.fact.spread", least=say.full(p.least, unit), low=low, median=median, high=high,
                  most=say.full(p.most, unit), mean=say.full(p.mean, unit))
        )  # fmt: skip
    if p.kind == "date":
        facts.append(words("explore.fact.days", span=say.span(state.day(p.least), state.day(p.most))))
    if p.fences and p.kind != "id":
        ends = {"low": say.full(p.fences.low, unit), "high": say.full(p.fences.high, unit)}
        below, above = (numbers.full(n, lang, "count") for n in (p.fences.below, p.fences.above))
        facts.append(words(f"explore.fact.outliers_{p.fences.scale}", below=below, above=above, **ends))
    elif p.quartiles and p.kind not in ("id", "name"):
        facts.append(words("explore.fact.no_outliers"))
    if p.examples:
        facts.append(words("explore.fact.examples", examples=_examples(p, 60)))
    return facts


def _top(p: Profile) -> None:
    shares = [n / p.known for _, n in p.top]
    shown_values = [say.value(v, 60) for v, _ in p.top]
    frame = pd.DataFrame({"value": shown_values, "rows": [n for _, n in p.top], "share": shares})
    st.dataframe(
        frame, key="top_values", hide_index=True, height=min(300, 35 * (len(frame) + 1) + 3), placeholder="–",
        alt=words("explore.column.examples"),
        column_config={
            "value": st.column_config.TextColumn(words("explore.column.value")),
            "rows": st.column_config.NumberColumn(words("explore.rows"), format="localized", step=1),
            "share": st.column_config.NumberColumn(words("explore.share"), format="percent", step=0.001),
        },
    )  # fmt: skip


# --- rows


def rows(found: Exploring) -> None:
    """The rows that the filters leave: the first thousand on screen, all of them to download."""
    with st.container(border=True, key="card_rows", gap="xsmall"):
        search = st.text_input(
            words("page.explore.search"), key="rows_search", placeholder=words("page.explore.search"), max_chars=200,
            label_visibility="collapsed",
        )  # fmt: skip
        try:
            frame = read(found.source, found.filters, search, SHOWN_ROWS)
        except KamError as error:
            st.error(say.plain(str(error)))
            return
        n = state.count(found.key, found.source, found.filters)
        st.caption(_rows_said(len(frame), n, search))
        show_rows(found, frame, "rows_table")
        downloads("rows", lambda: read(found.source, found.filters, search, None, named=False), n)


def _rows_said(listed: int, n: int, search: str) -> str:
    lang = session.lang()
    if search:
        key = "search_first" if listed == SHOWN_ROWS else "search_all"
        return words(f"page.explore.{key}", n=numbers.full(listed, lang, "count"), text=say.plain(shown(search)))
    key = "rows_first" if n > listed else "rows_all"
    return words(f"page.explore.{key}", n=numbers.full(listed, lang, "count"), of=numbers.full(n, lang, "count"))


def read(source: Source, filters: Any, search: str, most: int | None, named: bool = True) -> pd.DataFrame:
    """Rows with the shown names of columns, or (to download) their own."""
    sql, params = shape.rows_behind(source, filters, search.strip(), most)
    frame = source.reader.frame(sql, params)
    names = [c.name for c in source.columns]
    frame.columns = say.unique([shown(n) for n in names] if named else names)
    return frame


def show_rows(found: Exploring, frame: pd.DataFrame, key: str) -> None:
    config: dict[str, Any] = {}
    for name, profile in zip(frame.columns, found.profiles, strict=True):
        if profile.column.family == "date":
            kind = st.column_config.DatetimeColumn if profile.column.has_time else st.column_config.DateColumn
            config[name] = kind(format="YYYY-MM-DD HH:mm" if profile.column.has_time else "YYYY-MM-DD")
        elif profile.kind in ("amount", "count"):
            step = 0.01 if profile.kind == "amount" else 1
            config[name] = st.column_config.NumberColumn(format="localized", step=step)
        elif profile.column.family == "number":
            config[name] = st.column_config.NumberColumn(format="percent" if profile.kind == "percent" else "plain")
    st.dataframe(
        frame, key=key, hide_index=True, height=min(520, 35 * (len(frame) + 1) + 3), column_config=config,
        placeholder="", alt=words("page.explore.look.rows"),
    )  # fmt: skip
