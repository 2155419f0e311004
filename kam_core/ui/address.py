"""The address bar and the sidebar say the same: read the view from the URL, write it back, keep back working.

Streamlit's own binding of a widget to a parameter forbids changing page and parameter in one step, which a click on
a chart needs, so the few lines that keep the two alike are here.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from kam_core.errors import KamError
from kam_core.text.i18n import LANGUAGES
from kam_core.ui import session
from kam_core.view import PERIODS, Period

DEFAULT_PERIOD = "this_year"
LISTS = ("region", "industry", "tier", "manager", "segment")
FILTERS = (*LISTS, "period")
PLACE = ("account",)  # which account is open: part of the place, not of the filters
# What a page alone lets one choose, with the value that is left out of the address; "" stands for nothing chosen.
OWN: dict[str, dict[str, str]] = {
    "account": {"line": ""}, "accounts": {"moved": ""},
    "handover": {"leaving": "", "taker": "", "past": ""},
    "potential": {"quarter": "", "wallet": "", "w_value": "", "w_headroom": "", "w_risk": ""},
    "profit": {
        "field": "fake_big", "visit": "", "call": "", "meeting": "", "care": "", "ticket": "", "order_line": "",
        "late_payment_rate": "", "minimum_margin": "",
    },
    "churn": {"band": "all", "by": "region", "cause": "", "part": ""}, "retention": {"by": "region", "mark": ""},
    "trust": {"mark": ""}, "value": {"by": "tier", "mark": ""},
    "tiers": {"since": "", "until": "", "move": ""},
    "matrix": {"measure": "revenue", "show": "value", "cell": ""},
    "funnel": {"show": "count", "by": "region", "mark": ""},
    "movement": {"since": "", "until": "", "closing": "quarter", "step": ""},
    "lifecycle": {"since": "", "mark": ""},
    "forecast": {"by": "region", "mark": ""},
    "explore": {"table": "", "look": "chart", "ask": "", "filters": ""},
    "concentration": {"by": "group", "leave": "5", "at": "", "parent": ""},
}
Params = dict[str, list[str]]


def current() -> Params:
    """The parameters of the address as the browser sent it."""
    return {key: st.query_params.get_all(key) for key in st.query_params}


def touched() -> None:
    """Callback of every filter: what the reader just chose wins over the address, which is one step behind."""
    st.session_state["_touched"] = True


def widget_key(field: str) -> str:
    """The key of the sidebar's widget of a filter: another one after each link and step back that chose otherwise.

    For a moment the browser still tells of the page before. What it says of that page's widgets must choose nothing.
    """
    return f"{field}_{st.session_state.get('_turn', 0)}"


def widget(field: str) -> str:
    """The key of the sidebar's widget of a filter, which shows what is chosen."""
    state, key = st.session_state, widget_key(field)
    if state.get(key) != state[field]:
        state[key] = state[field]
    return key


def picked(field: str, key: str) -> None:
    """Callback of the sidebar's widget of a filter."""
    if key == widget_key(field):
        st.session_state[field] = st.session_state[key]
        touched()


def read_language() -> None:
    """Take the language from the address before the first word is written."""
    state = st.session_state
    if not state.get("_touched") and current() != state.get("_written"):
        chosen = (current().get("lang") or [session.default_lang()])[0]
        state["lang"] = chosen if chosen in LANGUAGES else session.default_lang()


def read(page: str, filters: bool = True) -> None:
    """Take filters and place from the address when it is not the one that this session wrote: a link, back, forward.

    A page without `filters` takes only what is its own, and needs no data for that.
    """
    state = st.session_state
    was_touched, params = state.pop("_touched", False), current()
    if page == state.get("_page") and (was_touched or params == state.get("_written")):
        if state.get("_drill", {}).get("is_back"):
            del state["_drill"]
        return
    params = _before_drill(page, params)
    if filters:
        names, before = session.names(), {key: state[key] for key in FILTERS if key in state}
        for key in LISTS:
            state[key] = [v for v in params.get(key, []) if v in names.get(key, {})]
        state["period"] = _period(params)
        if any(state[key] != value for key, value in before.items()):
            state["_turn"] = state.get("_turn", 0) + 1
        for key in PLACE:
            state[key] = next(iter(params.get(key, [])), None)
        state["group"] = "1" if params.get("group") == ["1"] else ""
    for key, default in OWN.get(page, {}).items():
        state[key] = (params.get(key) or [default])[0]


def take(fields: Mapping[str, str | None]) -> None:
    """Choose what a click on the page itself says."""
    for key, value in fields.items():
        st.session_state[key] = [value] if key in LISTS else value


def _before_drill(page: str, params: Params) -> Params:
    """Coming back from a click on a chart: the page as it was before the click.

    The click leaves its own filters in the address of the page it started from; those are taken off again. A browser
    that has not heard of it yet may ask with them once more, so this holds until it names the new address, or another.
    """
    drill = st.session_state.get("_drill")
    if not drill:
        return params
    if drill["page"] == page and drill["passed"] == params:
        drill["is_back"] = True
        before: Params = drill["before"]
        return before
    if drill["page"] == page or drill.get("is_back"):
        del st.session_state["_drill"]
    return params


def forget() -> None:
    """On a page without data: what no widget holds is taken from the address again, once there are data."""
    st.session_state.pop("_page", None)


def write(page: str) -> None:
    """Put filters and place into the address; what stands at its default is left out."""
    params = here(page)
    if params != current():
        st.query_params.from_dict(params)
    st.session_state["_page"], st.session_state["_written"] = page, params


def here(page: str) -> Params:
    """All that the address of a page says: what every page shares, and what is its own."""
    own = {key: st.session_state.get(key) for key in OWN.get(page, {})}
    return chosen() | {key: [value] for key, value in own.items() if value and value != OWN[page][key]}


def chosen(**changes: str | None) -> Params:
    """The parameters that say what is chosen now, with `changes` (None takes one away)."""
    state = st.session_state
    params: Params = {key: list(state[key]) for key in LISTS if state.get(key)}
    if state.get("period", DEFAULT_PERIOD) != DEFAULT_PERIOD:
        params["period"] = [state["period"]]
    if session.lang() != session.default_lang():
        params["lang"] = [session.lang()]
    if state.get("group"):
        params["group"] = [state["group"]]
    params |= {key: [state[key]] for key in PLACE if state.get(key)}
    for key, value in changes.items():
        params.pop(key, None)
        if value is not None:
            params[key] = [value]
    return params


def _period(params: Params) -> str:
    name = (params.get("period") or [DEFAULT_PERIOD])[0]
    try:
        return name if name in PERIODS else Period(name).name
    except KamError:
        return DEFAULT_PERIOD
