"""Every mark is a door: a click on a chart opens the rows behind it, filters kept, and back returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from kam_core.charts.parts import PICK
from kam_core.ui import address
from kam_core.view import NONE

ACCOUNTS = "pages/portfolio/accounts.py"
ACCOUNT = "pages/portfolio/account.py"


def drawn_as(key: str, field: str = "") -> str:
    """The key under which the chart `key` is drawn: another one once what it chose no longer holds.

    The browser remembers the mark that was clicked and tells of no second click on it. After a step back, or where
    another chart has chosen the page's `field` since, such a click must open it once more: so the chart is a new one.
    """
    chosen = st.session_state.get("_chosen", {})
    if field and chosen.get(key, "") not in ("", st.session_state.get(field) or ""):
        renew(key)
    turn = st.session_state.get("_turns", {}).get(key)
    return f"{key}_{turn}" if turn else key


def renew(key: str) -> None:
    """Forget what was clicked in a chart."""
    chosen, turns = (st.session_state.setdefault(kept, {}) for kept in ("_chosen", "_turns"))
    chosen.pop(key, None)
    turns[key] = turns.get(key, 0) + 1


def choose(key: str, field: str, value: str) -> None:
    """Callback of a chart of which a click chooses the page's own `field`."""
    st.session_state[field] = st.session_state.setdefault("_chosen", {})[key] = value
    address.touched()


def clicked(key: str) -> None:
    """Callback of a chart: remember where its selected mark leads. A total has no value to add."""
    picked = st.session_state[drawn_as(key)]["selection"].get(PICK)
    if picked:
        fields = {k: v for k, v in picked[0].items() if k != "vlPoint"}
        st.session_state["_go"] = {_parameter(k): str(v) for k, v in fields.items() if v is not None}
        renew(key)
        if "account" in fields:
            st.session_state["_list"] = []


def ticked(key: str, column: str, values: list[str]) -> None:
    """Callback of a table: a ticked row opens what its `column` says, one of `values` a row."""
    if ticked_row(key, [{column: value} for value in values]):
        st.session_state["_list"] = list(values) if column == "account" else []


def ticked_row(key: str, doors: list[dict[str, str]]) -> bool:
    """Callback of a table: a ticked row opens what `doors` says of it. Returns whether a row is ticked."""
    rows = st.session_state[key]["selection"]["rows"]
    if rows:
        st.session_state["_go"] = doors[rows[0]]
    return bool(rows)


def go(page: str) -> None:
    """Follow the door that was clicked, before anything is drawn; a door into its own page is a filter of it."""
    fields: Mapping[str, Any] | None = st.session_state.pop("_go", None)
    if fields is None:
        return
    before, passed = address.here(page), address.chosen(**fields)
    if page_of(passed) == st.session_state["_paths"].get(page):
        address.take(fields)
        return
    st.session_state["_drill"] = {"page": page, "before": before, "passed": passed}
    st.session_state["_came_from"] = {"page": page, "params": before}
    st.switch_page(page_of(passed), query_params={k: v[0] if len(v) == 1 else v for k, v in passed.items()})


def came(page: str) -> None:
    """Coming to an account by a link of another page: the way back leads there, and the neighbours are of its list.

    A click on a chart or a table has said so itself.
    """
    state = st.session_state
    before, drill = state.get("_page"), state.get("_drill", {})
    if page != "account":
        state["_links"] = []
    elif before not in (None, page) and not (drill.get("page") == before and drill["passed"] == address.current()):
        state["_came_from"] = {"page": before, "params": state["_written"]}
        of_links, kept = state.get("_links", []), state.get("_list") or []
        lists = [ids for ids in (of_links, kept) if state["account"] in ids and len(ids) > 1]
        state["_list"] = list(lists[0]) if lists else []


def page_of(params: Mapping[str, Any]) -> str:
    """Where parameters lead: to one account's page, or to the list of accounts."""
    return ACCOUNT if params.get("account") else ACCOUNTS


def link(label: str, **fields: str | None) -> None:
    """A line of text that opens the accounts behind it."""
    params = {k: v for k, v in address.chosen(**fields).items()}
    account, links = fields.get("account"), st.session_state.setdefault("_links", [])
    if account and account not in links:
        links.append(account)
    st.page_link(page_of(params), label=label, query_params=params)


def key_of(value: Any) -> str:
    """A dimension's value as a parameter; "-" stands for accounts without one."""
    return NONE if value is None or value != value else str(value)


def _parameter(field: str) -> str:
    return {"month": "period"}.get(field, field)
