"""The sidebar: menu, filters, language. What is chosen here is the view of every page."""

from __future__ import annotations

from datetime import date

import streamlit as st

from kam_core.text import numbers
from kam_core.text.i18n import LANGUAGES
from kam_core.text.sentence import name_of
from kam_core.ui import address, session
from kam_core.view import NONE, Filters, Period, View

TIER_ORDER = ("S", "A", "B", "C", "N", NONE)
PERIOD_NAMES = ("this_month", "this_quarter", "this_year", "last_12_months")


def language() -> None:
    st.segmented_control(
        session.words("language.label"),
        LANGUAGES,
        format_func=lambda code: session.words(f"language.{code}"),
        key="lang",
        required=True,
        on_change=address.touched,
        label_visibility="collapsed",
        width="stretch",
    )


def filters(page: str) -> None:
    """The filters on which the page's figures depend, drawn from the values that this person's accounts have."""
    if page in session.UNFILTERED:
        return
    if page not in session.WITHOUT_PERIOD:
        _period()
    for dimension in address.LISTS:
        _choice(dimension)


def view(page: str) -> View:
    """The view that the sidebar's state says. What the page does not draw does not count: it waits for the next page.
    """
    if page in session.UNFILTERED:
        return session.everything()
    state = st.session_state
    kept = {d: tuple(state.get(d) or ()) for d in address.LISTS}
    period = Period() if page in session.WITHOUT_PERIOD else Period(state["period"])
    return View(session.scope(), Filters(**kept), period)


def _period() -> None:
    state = st.session_state
    options = _periods()
    if state["period"] not in options:  # a month that was clicked on a chart
        options.append(state["period"])
    key = address.widget("period")
    st.container(key="period").selectbox(
        session.words("filter.period"),
        options,
        format_func=period_name,
        key=key,
        on_change=address.picked,
        args=("period", key),
        filter_mode="contains",
    )


def _periods() -> list[str]:
    """Named periods, then fiscal years and the quarters of the last two, newest first."""
    calendar = session.facts().calendar()
    last, first = calendar.year_start(calendar.as_of).year, calendar.year_start(calendar.first_day).year
    years = [str(year) for year in range(last, first - 1, -1)]
    quarters = [
        f"{year}-Q{n}"
        for year in years[:2]
        for n in (4, 3, 2, 1)
        if Period(f"{year}-Q{n}").whole(calendar).start <= calendar.as_of
    ]
    return [*PERIOD_NAMES, *years, *quarters, "all"]


def period_name(name: str) -> str:
    """A period as people say it."""
    if len(name) == 7 and name[5] != "Q":
        return numbers.month(date(int(name[:4]), int(name[5:]), 1), session.lang())
    if name[:4].isdigit():
        if "Q" in name:
            return session.words("period.quarter", year=name[:4], quarter=name[-1])
        return session.words("period.fiscal_year", year=name)
    return session.words(f"period.{name}")


def _choice(dimension: str) -> None:
    lang, names = session.lang(), session.names()
    known = names.get(dimension, {})
    options = (
        [v for v in TIER_ORDER if v in known]
        if dimension == "tier"
        else sorted(known, key=lambda v: (v == NONE, known[v]))
    )
    if len(options) < 2 and not st.session_state.get(dimension):
        return  # nothing to choose from: the data does not have this
    key = address.widget(dimension)
    st.container(key=dimension).multiselect(
        session.words(f"filter.{dimension}"),
        options,
        key=key,
        on_change=address.picked,
        args=(dimension, key),
        wrap=False,
        format_func=lambda v: name_of(dimension, v, lang, names),
        placeholder=session.words("filter.all"),
        select_all=False,
    )
