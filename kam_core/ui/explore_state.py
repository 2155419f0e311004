"""What is being explored in this run: which table, filters and question. The address holds it, by places of columns.

Names of columns may be thousands of characters long, so the address says "the third column", and recipes say names.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import streamlit as st

from kam_core.explore import profile as profiles_of
from kam_core.explore import shape
from kam_core.explore.filters import Filter, fits
from kam_core.explore.profile import Profile
from kam_core.explore.shape import Answer, Ask
from kam_core.explore.source import Column, Source, table
from kam_core.explore.suggest import dates, suggest
from kam_core.ui import address
from kam_core.uploads.workspace import Held, Workspace

PAGE = "explore"
LOOKS = ("chart", "rows", "sql", "recipe")
SECONDS = 20  # a question of the page may take so long
PLACES = ("x", "colour", "y", "against")
KEPT: dict[str, Any] = {"scope": "session", "max_entries": 60, "show_spinner": False}
LONGEST_PARAMETER = 1500


@dataclass(frozen=True)
class Exploring:
    """One table with what is known and asked of it. `key` names its content, for what is kept between runs."""

    held: Held
    source: Source
    profiles: tuple[Profile, ...]
    suggested: tuple[Ask, ...]
    filters: tuple[Filter, ...]
    ask: Ask | None  # None where no column holds anything

    @property
    def key(self) -> str:
        return str(self.held.path)

    def profile(self, name: str) -> Profile:
        return next(p for p in self.profiles if p.name == name)

    def answer(self, ask: Ask) -> Answer:
        return answer(self.key, self.source, ask, self.filters, self.windows(ask))

    def time(self) -> Profile | None:
        """The date by which periods are compared: the one drawn, else the fullest."""
        found = dates(self.profiles)
        return next((p for p in found if self.ask and p.name == self.ask.x), found[0] if found else None)

    def windows(self, ask: Ask) -> shape.Windows | None:
        time = self.time()
        if not ask.compare or time is None:
            return None
        return shape.windows(ask, time.name, day(time.least), day(time.most), self.filters)


def day(moment: Any) -> date:
    return moment.date() if hasattr(moment, "date") else moment


# --- reading


def current(space: Workspace) -> Exploring:
    """What the address and the session say is being explored; what does not fit the table is left out."""
    held = _held(space)
    source = table(space.reader(SECONDS), held.name, held.columns)
    kinds = st.session_state.get("_kinds", {}).get(held.name, {})
    profiles = tuple(_with_kind(p, kinds.get(p.name)) for p in profile(str(held.path), source))
    suggested = tuple(suggest(profiles))
    filters = tuple(f for f in _filters(source.columns) if fits(source.column(f.column), f))
    ask = _ask(source.columns) or (suggested[0] if suggested else None)
    return Exploring(held, source, profiles, suggested, filters, ask)


def _held(space: Workspace) -> Held:
    tables = space.tables
    return next((held for held in tables if held.name == st.session_state.get("table")), tables[-1])


def _with_kind(p: Profile, kind: str | None) -> Profile:
    return replace(p, kind=kind) if kind else p


def look() -> str:
    chosen = st.session_state.get("look")
    return chosen if chosen in LOOKS else LOOKS[0]


def _ask(columns: Sequence[Column]) -> Ask | None:
    """None where nothing was asked, or the address is not one of ours."""
    try:
        values = json.loads(_unfolded("ask") or "null")
        named = {k: columns[v].name if k in PLACES else v for k, v in values.items()} if values else None
        return Ask.from_dict(named) if named is not None else None
    except (ValueError, TypeError, IndexError, KeyError, AttributeError):
        return None


def _filters(columns: Sequence[Column]) -> list[Filter]:
    try:
        lists = json.loads(_unfolded("filters") or "[]")
        return [Filter.from_list([columns[place].name, *rest]) for place, *rest in lists]
    except (ValueError, TypeError, IndexError):
        return []


# --- writing


def ask(columns: Sequence[Column], chosen: Ask, **changes: Any) -> None:
    """Put a question into the address."""
    values = replace(chosen, **changes).to_dict()
    places = {c.name: n for n, c in enumerate(columns)}
    _fold("ask", json.dumps({k: places[v] if k in PLACES else v for k, v in values.items()}, separators=(",", ":")))


def keep(columns: Sequence[Column], filters: Sequence[Filter]) -> None:
    """Put the filters into the address, under a number: their values are the file's, and addresses get around."""
    places = {c.name: n for n, c in enumerate(columns)}
    lists = [[places[f.column], f.kind, *f.values] for f in dict.fromkeys(filters)]
    _fold("filters", json.dumps(lists) if lists else "", is_private=True)


def go(place: str) -> None:
    st.session_state["look"] = place
    address.touched()


def _fold(name: str, text: str, is_private: bool = False) -> None:
    """What is private, or too long for an address, is kept by the session, under a number."""
    if text and (is_private or len(text) > LONGEST_PARAMETER):
        held = st.session_state.setdefault("_folded", [])
        held.append(text)
        text = f"~{len(held) - 1}"
    st.session_state[name] = text
    address.touched()


def _unfolded(name: str) -> str:
    text = st.session_state.get(name) or ""
    if not text.startswith("~"):
        return text
    held, place = st.session_state.get("_folded", []), text[1:]
    return held[int(place)] if place.isdigit() and int(place) < len(held) else ""


# --- kept between runs, by this session alone


@st.cache_data(**KEPT)
def profile(key: str, _source: Source) -> tuple[Profile, ...]:
    return tuple(profiles_of.profile(_source))


@st.cache_data(**KEPT, hash_funcs={Ask: repr, Filter: repr, shape.Windows: repr})
def answer(
    key: str, _source: Source, ask: Ask, filters: tuple[Filter, ...], windows: shape.Windows | None
) -> Answer:
    return shape.answer(_source, ask, filters, windows)


@st.cache_data(**KEPT, hash_funcs={Filter: repr})
def count(key: str, _source: Source, filters: tuple[Filter, ...]) -> int:
    """How many rows the filters leave."""
    sql, params = shape.count_behind(_source, filters)
    ((found,),) = _source.reader.rows(sql, params)
    return int(found)


@st.cache_data(**KEPT)
def values(key: str, _source: Source, name: str) -> list[tuple[str | None, int]]:
    """The commonest values of a column as text, with their rows."""
    x = _source.column(name).sql
    sql = (
        f"select cast({x} as varchar) as v, count(*) as n from {_source.relation} group by v order by n desc, v"
        " nulls last limit 200"
    )
    return [(text, int(n)) for text, n in _source.reader.rows(sql)]
