"""What pages are made of: a title with its sentence, figures, charts and tables, each with what is behind it."""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from kam_core.charts.parts import PICK, Spec, width_of
from kam_core.charts.tokens import Look
from kam_core.export import tables
from kam_core.metrics.measures import MEASURES, Measure
from kam_core.text import numbers
from kam_core.text.sentence import in_words
from kam_core.ui import address, drill, exports, session, states
from kam_core.ui.session import words
from kam_core.view import Period, Span, View, add_months, month_start, year_before

RISKS = ("risk", "churn_risk")  # nobody is certainly lost, so none is rounded up to 100 %
# What a company writes into these columns are words of its own, not names.
IN_WORDS = frozenset({"region", "industry", "segment", "product_line", "stage", "stage_before", "lost_reason"})


@dataclass(frozen=True)
class Table:
    """What is behind a chart, and what is downloaded: columns keep their keys, `units` says how each is written."""

    frame: pd.DataFrame
    units: dict[str, str] = field(default_factory=dict)

    def spoken(self) -> pd.DataFrame:
        """With regions, product lines, stages and the like in the reader's words."""
        frame = self.frame
        for column in IN_WORDS & set(frame.columns):
            said = {v: in_words(v, session.lang()) for v in frame[column].unique() if isinstance(v, str)}
            if any(value != text for value, text in said.items()):
                frame = frame.assign(**{column: frame[column].astype(object).replace(said)})
        return frame

    def named(self) -> pd.DataFrame:
        """With the headings in the reader's language too."""
        return self.spoken().rename(columns={c: words(f"column.{c}") for c in self.frame.columns})

    def masked(self) -> Table:
        """As it leaves the app: contact persons by their first letter."""
        persons = [c for c, unit in self.units.items() if unit == "person"]
        hidden = {c: [f"{v[:1]}…" if isinstance(v, str) else v for v in self.frame[c]] for c in persons}
        return Table(self.frame.assign(**hidden), self.units)

    def named_units(self) -> dict[str, str]:
        return {words(f"column.{c}"): unit for c, unit in self.units.items()}


def title(page: str, said: str = "") -> None:
    """The page's title and the sentence that says what is being looked at: `said`, where the page has its own days."""
    facts, loaded = session.facts(), session.snapshot()
    whole = "" if session.scope().arms is None else "_short"  # how much there is of what one may not see is not said
    st.title(words(f"page.{page}.title"), anchor=False)
    sentence = said or session.looked_at(session.lang())
    kind = "data_without_orders" if not whole and not facts.has("orders") else f"data_behind{whole}"
    data = words(
        f"sentence.{kind}",
        date=numbers.day(facts.as_of, session.lang()),
        loaded=numbers.moment(loaded.created_at.astimezone() if loaded else None, session.lang()),
        accounts=numbers.short(_known_accounts(), session.lang(), "count"),
        orders=numbers.short(facts.values["orders"], session.lang(), "count"),
    )
    st.html(f'<p class="kam-sentence">{html.escape(sentence)}<span>{html.escape(data)}</span></p>')


def _known_accounts() -> int:
    """All accounts there are: those that a file names, and those that only orders name."""
    return int(session.report(session.everything(), "groups").accounts.iloc[0])


# --- figures


def kpis(keys: Sequence[str]) -> None:
    """A row of figures: value, change against last year, the last twelve months, definition on hover."""
    st.html(figures(tuple(keys)))


@session.kept
def figures(keys: tuple[str, ...]) -> str:
    """One piece of HTML with drawn lines: six charts of Vega would take longer than all the rest of the page."""
    view = session.view()
    span, months = span_of(view), _last_months()
    found = session.over(view, keys, {"now": span, "before": year_before(span), **months})
    figures = [
        _kpi(MEASURES[key], found[key]["now"], found[key]["before"], _trend(found[key][list(months)])) for key in keys
    ]
    return f'<div class="kam-kpis">{"".join(figures)}</div>'


def _last_months() -> dict[str, Span]:
    """The twelve whole months before the running one."""
    end = month_start(session.calendar().as_of)
    starts = [add_months(end, n) for n in range(-12, 0)]
    return {f"{start:%Y-%m}": Span(start, add_months(start, 1)) for start in starts}


def _trend(months: pd.Series) -> list[float]:
    """The figure of each month, without the months that look back on more than is loaded."""
    view, key = session.everything(), str(months.name)
    whole = [not session.loaded_only_from(view.over(Period(str(month))), key) for month in months.index]
    return months[whole].tolist()


def _kpi(measure: Measure, value: Any, before: Any, trend: list[float]) -> str:
    look = session.colours()
    partly = session.loaded_only_from(session.view(), measure.key, compared=True)
    too_short = session.loaded_only_from(session.view(), measure.key)  # what stays of half a year says nothing
    value, before = (None if too_short else value), (None if too_short or partly else before)
    change, is_good = _change(measure, value, before)
    nothing = partly or words("delta.no_comparison")
    if pd.isna(value):
        is_loaded = session.facts().has(measure.needs)
        nothing = (is_loaded and too_short) or session.why_missing(session.view(), measure.key)
    colour = look.muted if is_good is None else look.good_text if is_good else look.bad_text
    label = words(f"measure.{measure.key}.label")
    return (
        f'<div class="kam-kpi" tabindex="0" data-measure="{measure.key}">'
        f'<div class="kam-label">{html.escape(label)}</div>'
        f'<div class="kam-value"><b>'
        f"{_value(measure, value)}</b>{spark(trend, look) if pd.notna(value) else ''}</div>"
        f'<div class="kam-delta" style="color:{colour}">{_arrow(change)}{change or html.escape(nothing)}</div>'
        f'<div class="kam-tip" role="tooltip">{_explained(measure, value, before)}</div></div>'
    )


def _value(measure: Measure, value: Any) -> str:
    text = numbers.short(value, session.lang(), measure.unit, session.facts().currency)
    return session.counted("days", text) if measure.unit == "days" and pd.notna(value) else text


def _change(measure: Measure, value: Any, before: Any) -> tuple[str, bool | None]:
    """The change in words, and whether it is good (None: neither)."""
    if pd.isna(value) or pd.isna(before):
        return "", None
    if measure.unit == "percent":
        step, text = value - before, numbers.delta(value - before, session.lang(), "percent")
    else:
        step = numbers.growth(value, before)
        text = numbers.percent(step, session.lang(), signed=True) if step is not None else ""
    if text and not set(text) & set("123456789"):  # it rounds to nothing
        return text.replace("+", "±").replace(numbers.MINUS, "±"), None
    if not step or measure.direction == "none":
        return text, None
    return text, (step > 0) == (measure.direction == "up")


def _arrow(change: str) -> str:
    return "▼ " if change.startswith(numbers.MINUS) else "▲ " if change.startswith("+") else ""


def _explained(measure: Measure, value: Any, before: Any) -> str:
    """For hover: the whole values, the definition, which way is good."""
    lang, currency = session.lang(), session.facts().currency
    whole = numbers.full(value, lang, measure.unit, currency)
    then = numbers.full(before, lang, measure.unit, currency)
    # Only what was sold is net of returns; deals and targets are amounts as they were given.
    is_given = measure.unit == "money" and measure.source in ("opportunities", "targets")
    unit = words("unit.money_as_given" if is_given else "unit." + measure.unit, currency=currency)
    return (
        f"<b>{whole}</b> · {words('chart.last_year')} {then}"
        f"<br>{html.escape(words(f'measure.{measure.key}.definition'))}"
        f"<br><i>{unit} · {words('direction.' + measure.direction)}</i>"
    )


def spark(trend: list[float], look: Look) -> str:
    """A small line of the last months, the last one marked; nothing where fewer than two are known."""
    points = [(n, v) for n, v in enumerate(trend) if v == v]
    if len(points) < 2:
        return ""
    low, high = min(v for _, v in points), max(v for _, v in points)
    step, span = 76 / (len(trend) - 1), (high - low) or 1
    placed = [(2 + n * step, 26 - 22 * (v - low) / span) for n, v in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 30" width="80" height="30"><polyline points="{path}"'
        f' fill="none" stroke="{look.actual}" stroke-width="1.4"/>'
        f'<circle cx="{placed[-1][0]:.1f}" cy="{placed[-1][1]:.1f}" r="2.2" fill="{look.actual}"/></svg>'
    )
    # As an image, because Streamlit takes drawings out of HTML.
    return f'<img alt="" width="80" height="30" src="data:image/svg+xml;base64,{b64encode(drawing.encode()).decode()}">'


# --- cards


def card(key: str, question: str, table: Table | None = None, legend: str = "", height: int | None = None) -> Any:
    """A frame with the question as its title and, behind the dots, its table. Use as `with card(…):`."""
    box = st.container(border=True, key=f"card_{key}", height=height or "stretch", gap="xxsmall")
    with box, st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"head_{key}", wrap=False):
        st.html(f'<div class="kam-head"><h3>{html.escape(question)}</h3>{legend}</div>')
        if table is not None:
            behind(key, question, table)
    return box


def chart(key: str, spec: Spec, alt: str, doors: bool = True) -> None:
    """A chart; a click on a mark opens the rows behind it."""
    st.vega_lite_chart(
        spec,
        key=drill.drawn_as(key),
        alt=alt,
        on_select=(lambda: drill.clicked(key)) if doors else "ignore",
        width="stretch",
    )


def marks(key: str, spec: Spec, alt: str, field: str, *parts: str) -> None:
    """A chart of which a click on a mark writes that mark's `parts` into the page's own `field`, joined by colons, and
    a click beside them takes it off: the page lists below what is behind the mark.
    """

    def chosen(selection: Any) -> str:
        picked = selection.get(PICK)
        return ":".join(str(picked[0].get(p, p)) for p in parts) if picked else ""

    choice(key, spec, alt, field, chosen)


def choice(key: str, spec: Spec, alt: str, field: str, chosen: Callable[[Any], str | None]) -> None:
    """A chart of which a click writes what `chosen` says of the selection into the page's own `field`, or nothing."""
    drawn = drill.drawn_as(key, field)

    def take() -> None:
        value = chosen(st.session_state[drawn]["selection"])
        if value is not None:
            drill.choose(key, field, value)

    st.vega_lite_chart(spec, key=drawn, alt=alt, on_select=take, width="stretch")


def unmark(*fields: str) -> None:
    """The button that takes the marks of a list off again, where one is chosen."""

    def take() -> None:
        st.session_state.update(dict.fromkeys(fields, ""))
        address.touched()

    if any(st.session_state.get(field) for field in fields):
        st.button(words("action.clear"), on_click=take, type="tertiary", key=f"unmark_{fields[0]}")


def switch(field: str, label: str, explained: str | None = None) -> bool:
    """The page's own `field`, on or off ("1" or "" in the address); returns whether it is on."""
    key = f"pick_{field}"

    def take() -> None:
        st.session_state[field] = "1" if st.session_state[key] else ""
        address.touched()

    st.session_state[key] = st.session_state.get(field) == "1"
    return st.toggle(label, key=key, on_change=take, help=explained)


def accounts(key: str, question: str, table: Table, ids: Sequence[str], note: str = "", field: str = "") -> None:
    """A list of accounts, one row each, of which a ticked one opens; `field` names the mark that it is the list of."""
    with card(key, question, table):
        if note or field:
            with st.container(horizontal=True, vertical_alignment="center", key=f"{key}_note"):
                st.caption(note)
                unmark(field)
        if table.frame.empty:
            st.caption(words("missing.nothing_in_view"))
            return
        show(
            f"{key}_table", table, question, height=min(420, 36 * (len(table.frame) + 1) + 2),
            selection_mode="single-row", on_select=lambda: drill.ticked(f"{key}_table", "account", list(ids)),
        )  # fmt: skip


def behind(key: str, question: str, table: Table) -> None:
    """The dots that open the figures behind a card, with their downloads, built only then.

    A button and a dialog: a popover is built in the browser at each load, opened or not.
    """
    if st.button("⋯", key=f"more_{key}", type="tertiary", help=words("action.table")):
        states.dialog(question, _table_and_downloads, key, question, table, width="medium")


def _table_and_downloads(key: str, question: str, table: Table) -> None:
    show(f"table_{key}", table, alt=question, height=min(460, 36 * (len(table.frame) + 1) + 2))
    downloads(key, question, table)


def downloads(key: str, name: str, table: Table) -> None:
    """CSV and Excel of exactly what is shown, contact persons masked, built on the click."""
    frame, units = table.masked().named(), table.named_units()
    kinds: tuple[tuple[str, Callable[[], bytes], str], ...] = (
        ("csv", lambda: tables.csv(frame), "text/csv"),
        (
            "xlsx",
            lambda: tables.xlsx(frame, name, units),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    )
    with st.container(horizontal=True, gap="xsmall", key=f"downloads_{key}"):
        for ending, build, mime in kinds:
            exports.button(
                words(f"action.{ending}"),
                build,
                f"{key}.{ending}",
                mime,
                key=f"{ending}_{key}",
                what=name,
                rows=len(frame),
            )


UNKNOWN = "–"  # stands in a table where nothing can be said


def show(key: str, table: Table, alt: str, height: Any = "auto", style: Any = None, **options: Any) -> Any:
    """A table: search, sort and column choice are the reader's; figures are right-aligned numbers.

    `style` colours a frame; what is unknown reads the same in every table.
    """
    frame = _rounded(table.spoken(), table.units)
    return st.dataframe(
        style(frame) if style else frame,
        key=key,
        hide_index=True,
        height=height,
        placeholder=UNKNOWN,
        alt=alt,
        column_config={c: column(c, table.units.get(c, ""), _width(frame, c)) for c in table.frame.columns},
        **options,
    )


def _rounded(frame: pd.DataFrame, units: dict[str, str]) -> pd.DataFrame:
    """Rounded as figures in words are: a table cuts off what is beyond its last digit, so 84.58 % would read 84.5 %."""
    rounded = {}
    for name in frame.columns[[pd.api.types.is_float_dtype(kind) for kind in frame.dtypes]]:
        if units.get(name) == "percent":
            shares = (frame[name] * 100).round(1) / 100
            if name in RISKS:
                shares = shares.clip(upper=0.999)
            # 1.005 is kept as a little less, which would be cut to 1.004.
            cut = np.trunc(shares * 1000) != np.rint(shares * 1000)
            rounded[name] = shares.where(~cut | shares.isna(), shares + np.copysign(1e-9, shares))
        elif units.get(name) in ("money", "count"):
            rounded[name] = frame[name].round()
    return frame.assign(**rounded)


def _width(frame: pd.DataFrame, name: str) -> int | None:
    """The pixels of a company's words; the browser measures only the first rows and cuts off what is longer below."""
    if name not in IN_WORDS or frame.empty:
        return None
    return max(cell_width(str(v), 11.5) for v in [words(f"column.{name}"), *frame[name].dropna().unique()])


def cell_width(text: str, size: float) -> int:
    """The pixels that a cell of a table takes for a text."""
    return round(width_of(text, size)) + 24


def column(name: str, unit: str, width: int | None = None) -> Any:
    """How a column of a unit is shown."""
    label = words(f"column.{name}")
    if unit == "money":
        return st.column_config.NumberColumn(label, format="localized", step=1)
    if unit == "percent":
        return st.column_config.NumberColumn(label, format="percent", step=0.001)
    if unit == "count":
        return st.column_config.NumberColumn(label, format="localized", step=1)
    if unit == "index":
        return st.column_config.NumberColumn(label, format="%.1f")
    if unit == "date":
        return st.column_config.DateColumn(label, format="YYYY-MM-DD")
    if unit == "moment":
        return st.column_config.DatetimeColumn(label, format="YYYY-MM-DD HH:mm")
    if unit == "trend":
        return st.column_config.AreaChartColumn(label, width=104, y_min=0)
    return st.column_config.TextColumn(label, width=width)


def legend(*entries: tuple[str, str, str]) -> str:
    """Small marks that say what is what: (look, colour, words), look one of solid, outline, dashed."""
    marks = "".join(
        f'<span><i class="kam-{kind}" style="--c:{colour}"></i>{html.escape(text)}</span>'
        for kind, colour, text in entries
    )
    return f'<div class="kam-legend">{marks}</div>'


def whole_share(share: float) -> str:
    """A share as a label beside its bar: whole percentages, but for those below one, which would be none."""
    return numbers.percent(round(share, 2 if share >= 0.01 else 3), session.lang())


def span_of(view: View) -> Span:
    return view.period.span(session.calendar())
