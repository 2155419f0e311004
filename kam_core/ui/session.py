"""What one run of the script works with: the data served now, the reader's language and theme, and the current view."""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd
import streamlit as st
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

from kam_core.access.person import Person
from kam_core.access.scope import Scope
from kam_core.charts.tokens import Look, look
from kam_core.errors import KamError
from kam_core.metrics import query
from kam_core.metrics.facts import Facts
from kam_core.metrics.reports import report as run_report
from kam_core.state import State, path_for
from kam_core.text import i18n, numbers
from kam_core.text.i18n import LANGUAGES, t
from kam_core.text.sentence import describe, describe_standing
from kam_core.uploads.workspace import Workspace
from kam_core.view import Calendar, Filters, Span, View
from kam_core.warehouse.engine import Reader
from kam_core.warehouse.snapshots import Snapshot, Store
from kam_core.warehouse.version import built_by

if TYPE_CHECKING:  # it brings what builds data: a second of start and a quarter of the memory, for those who upload
    from kam_core.uploads.upload import Upload

ROOT = Path(__file__).resolve().parents[2]
META = {
    "loads": "select * from meta.loads order by created_at, table_name",
    "load_days": "select table_name, created_at from meta.loads where kind <> 'demo' order by created_at",
    "quality": "select * from meta.quality order by severity desc, rows desc",
    "refused": "select * from meta.refused limit 10000",
}
COMPANY, UPLOAD = "company", "upload"
NOT_ABOUT_DATA = frozenset({"upload", "explore", "history"})  # pages without filters, never shown over an upload
UNFILTERED = frozenset({"status", "audit"})  # pages about all that was loaded and done, whoever it concerns
# Pages that say how things stand on the last day loaded, or between two days that are chosen on the page itself.
WITHOUT_PERIOD = NOT_ABOUT_DATA | UNFILTERED | {
    "churn", "trust", "value", "whatif", "winback", "movement", "lifecycle", "coverage", "handover",
}
META_NEEDS = {"loads": "history", "quality": "rows", "refused": "rows"}  # the right that one needs to see it
T = TypeVar("T")
_LANGUAGE: ContextVar[str] = ContextVar("language", default="")  # of this run, as every word asks
_VERSION: ContextVar[str] = ContextVar("version", default="")  # of the data of this run, as every figure asks
KEPT: dict[str, Any] = {"max_entries": 400, "show_spinner": False}


def folder() -> Path:
    """The warehouse folder: KAM_WAREHOUSE, or data/warehouse beside the app."""
    return Path(os.environ.get("KAM_WAREHOUSE") or ROOT / "data" / "warehouse")


@st.cache_resource(show_spinner=False)
def _store(path: str) -> Store:
    return Store(Path(path))


def store() -> Store:
    """The company's data: all states that are kept."""
    return _store(str(folder()))


@st.cache_resource(max_entries=3, show_spinner=False)
def _reader(path: str) -> Reader:
    """Shared by all sessions; the last three snapshots stay open for pages that are still drawing them."""
    return Reader(Path(path))


@st.cache_resource(scope="session", max_entries=1, show_spinner=False, on_release=Reader.close)
def _own_reader(path: str) -> Reader:
    """Of this session's upload: nobody else has it, and it ends with the session."""
    return Reader(Path(path))


def snapshot() -> Snapshot | None:
    """The data served in this run. Asked once a run, so that one page never mixes two loads."""
    if "_snapshot" not in st.session_state:
        own = upload()
        st.session_state["_snapshot"] = own.own if own and source() == UPLOAD else store().current()
    found: Snapshot | None = st.session_state["_snapshot"]
    return found


def is_readable() -> bool:
    """Whether the data were built by this version of the product, so that its pages can read them."""
    found = snapshot()
    return found is not None and found.manifest.built_by == built_by()


def gave_way() -> bool:
    """Whether the load that could not be read is damaged indeed, so that another, or none, is served from now on."""
    before = snapshot()
    if source() != UPLOAD:
        store().examine()
    return renew() != before


def is_lost() -> bool:
    """Whether there were data here, which nobody can read any more."""
    return snapshot() is None and bool(_served(str(folder())) or store().verify())


@st.cache_resource(show_spinner=False)
def _served(folder: str) -> list[str]:
    """The data of this folder that the process has served."""
    return []


def renew() -> Snapshot | None:
    """Look again which data is served: called at the start of each run, so a load shows at the next action."""
    _VERSION.set("")
    st.session_state.pop("_snapshot", None)
    workspace()
    found = snapshot()
    if found and source() != UPLOAD and found.id not in _served(str(folder())):
        _served(str(folder())).append(found.id)
    return found


def reader() -> Reader:
    found = snapshot()
    assert found, "pages run only where there is data"
    return _own_reader(str(found.path)) if source() == UPLOAD else _reader(str(found.path))


def company() -> tuple[str, Reader | None]:
    """The company's data and what they are kept by, also where the session looks at its own upload."""
    found = store().current()
    return (str(found.path), _reader(str(found.path))) if found else ("", None)


# --- what this session uploaded


def workspace() -> Workspace | None:
    """This session's private folder of uploads; None until something was uploaded."""
    found: Workspace | None = st.session_state.get("_workspace")
    if found is None or not found.is_open:
        return None
    return _workspace(str(found.folder), found)


def upload() -> Upload | None:
    """What this session brought, and what it decided about it."""
    return st.session_state.get("_upload") if workspace() else None


def source() -> str:
    """Whose figures this run shows: the company's, or those of this session's own upload."""
    found: str = st.session_state.get("_source", COMPANY)
    return found


def settle_source(page: str) -> None:
    """Decide it for this run: the upload's where the person wants that, its figures are made, and the page has some."""
    own = upload()
    is_own = st.session_state.get("_wants_upload") and own and own.own and page not in NOT_ABOUT_DATA
    st.session_state["_source"] = UPLOAD if is_own else COMPANY
    st.session_state.pop("_snapshot", None)
    _VERSION.set(_found_version())


def look_at(wanted: str) -> None:
    """From the next run on show the figures of this source. What is filtered in one means nothing in the other."""
    st.session_state["_wants_upload"] = wanted == UPLOAD


def open_workspace() -> Workspace:
    """This session's private folder of uploads, made with the first one."""
    if workspace() is None:
        st.session_state["_workspace"] = Workspace.create()
    found = workspace()
    assert found
    return found


@st.cache_resource(scope="session", max_entries=1, show_spinner=False, on_release=Workspace.leave)
def _workspace(folder: str, _held: Workspace) -> Workspace:
    """Kept by the session, and asked for in each run: Streamlit lets go of it when the connection ends."""
    _held.stay()
    return _held


# --- the reader of the page


def lang() -> str:
    """The language of this run, looked up once a run; outside of one, each time."""
    return _LANGUAGE.get() or _lang()


def settle_language() -> None:
    """Decide it for this run: called at the start, when the address has been read."""
    _LANGUAGE.set(_lang())


def _lang() -> str:
    chosen = st.session_state.get("lang")
    return chosen if chosen in LANGUAGES else default_lang()


def default_lang() -> str:
    """The browser's language where we have it, else English."""
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


def words(key: str, **values: object) -> str:
    """A text in the reader's language."""
    return t(lang(), key, **values)


def counted(thing: str, n: object) -> str:
    """A number with what it counts in the reader's language: "1 day", "32 days"."""
    return i18n.counted(lang(), thing, str(n))


def colours() -> Look:
    return look(st.context.theme.type)


# --- the view


def view() -> View:
    """The current view. Fails without app.py, which puts the menu, the sign-in and the sidebar before every page."""
    found: View = st.session_state["_view"]
    return found


def use(view: View) -> None:
    st.session_state["_view"] = view


def looked_at(lang: str) -> str:
    """What this run shows, in words: the filters, with the period where the page's figures depend on it."""
    say = describe_standing if st.session_state.get("_page") in WITHOUT_PERIOD else describe
    return say(view(), calendar(), lang, names())


def person() -> Person:
    """Who is asking. Fails without app.py, which finds that out before anything else.

    Where a part of a page runs alone after the sign-in is over, all of it runs again, and says so.
    """
    found: Person = st.session_state["_person"]
    if time.time() > st.session_state["_until"]:
        st.rerun()
    return found


def may(action: str) -> bool:
    """Whether the person may do it; of their own upload everybody may see all."""
    return source() == UPLOAD or person().may(action)


def scope() -> Scope:
    """What the person may see: of the company's data what their scope holds, of their own upload everything."""
    return Scope.everything() if source() == UPLOAD else person().scope


def state() -> State:
    """What people saved, and the log of what they did."""
    return State(path_for(folder()))


def record(action: str, what: dict[str, Any], rows: int | None = None) -> None:
    """Write into the audit log who did something, in whose place if a steward looks as somebody else."""
    who = person()
    state().record(who.acting_for or who.key, action, what, rows, acting_for=who.key if who.acting_for else None)


def everything() -> View:
    """The view without a filter: for choices and for what is known of the whole."""
    return View(scope=scope(), filters=Filters())


# --- figures, kept by snapshot, names and view


def measure(view: View, keys: Sequence[str], by: Sequence[str] = (), compare: bool = False) -> pd.DataFrame:
    """As `metrics.query.measure`, kept until other data is served."""
    return _measure(_version(), view, tuple(keys), tuple(by), compare)


def over(view: View, keys: Sequence[str], spans: dict[str, Span]) -> pd.DataFrame:
    """As `metrics.query.over`, kept until other data is served."""
    return _over(_version(), view, tuple(keys), tuple(spans.items()))


def report(view: View, name: str, **settings: Any) -> pd.DataFrame:
    """As `metrics.reports.report`, kept until other data is served."""
    return _report(_version(), view, name, tuple(sorted(settings.items())))


def meta(table: str) -> pd.DataFrame:
    """One of the tables about the data itself, such as loads or refused; KamError where the person has no right to."""
    needed = META_NEEDS.get(table)
    if needed and not may(needed):
        raise KamError(words("empty.no_right_why", what=words("page.status.title")))
    return _meta(_version(), table)


def why_missing(view: View, key: str) -> str:
    """Why a figure has no value, in words."""
    return words(f"missing.{_why_missing(_version(), view, key)}")


def loaded_only_from(view: View, key: str, compared: bool = False) -> str:
    """Since when there are data, in words, where a figure looks back further; "" where it does not."""
    first = query.loaded_only_from(facts(), view, key, compared)
    return words("missing.loaded_only_from", date=numbers.day(first, lang())) if first else ""


def no_comparison() -> str:
    """Why the period is not compared with the year before, in words; "" where both are loaded whole."""
    return words("missing.orders") if not facts().has("orders") else loaded_only_from(view(), "growth")


def facts() -> Facts:
    """What is known of the data served. Kept by the session too: every figure asks, and a cache costs more than it."""
    version = _version()
    held: tuple[str, Facts] | None = st.session_state.get("_facts")
    if held is None or held[0] != version:
        held = version, Facts.read(reader())
        st.session_state["_facts"] = held
    return held[1]


def calendar() -> Calendar:
    return facts().calendar(view())


def names() -> dict[str, dict[str, str]]:
    """Dimension → id → name, for every value that a filter can take in this person's scope. Held as `facts` are."""
    known_by = _version(), scope()
    held: tuple[tuple[str, Scope], dict[str, dict[str, str]]] | None = st.session_state.get("_names")
    if held is None or held[0] != known_by:
        held = known_by, _names(*known_by)
        st.session_state["_names"] = held
    return held[1]


def _version() -> str:
    """What figures are kept by: the file, as ids alone are not unique among warehouses."""
    return _VERSION.get() or _found_version()


def _found_version() -> str:
    found = snapshot()
    return str(found.path) if found else ""


def cached(cache: Any = st.cache_data, **options: Any) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """As `cache`: the company's figures for all sessions, an upload's for its own alone, and gone with it."""

    def wrap(function: Callable[..., T]) -> Callable[..., T]:
        shared = cache(**options)(function)
        own = cache(scope="session", **options)(function)

        @functools.wraps(function)
        def get(*args: Any) -> T:
            found: T = own(*args) if source() == UPLOAD else shared(*args)
            return found

        return get

    return wrap


@cached(**KEPT, hash_funcs={View: repr})
def _measure(version: str, view: View, keys: tuple[str, ...], by: tuple[str, ...], compare: bool) -> pd.DataFrame:
    return query.measure(reader(), view, keys, by, compare)


@cached(**KEPT, hash_funcs={View: repr, Span: repr})
def _over(version: str, view: View, keys: tuple[str, ...], spans: tuple[tuple[str, Span], ...]) -> pd.DataFrame:
    return query.over(reader(), view, keys, dict(spans))


@cached(**KEPT, hash_funcs={View: repr})
def _report(version: str, view: View, name: str, settings: tuple[tuple[str, Any], ...]) -> pd.DataFrame:
    return run_report(reader(), view, name, **dict(settings))


@cached(max_entries=20, show_spinner=False)
def _meta(version: str, table: str) -> pd.DataFrame:
    return reader().frame(META[table])


@cached(**KEPT, hash_funcs={View: repr})
def _why_missing(version: str, view: View, key: str) -> str:
    return query.why_missing(reader(), view, key)


@cached(st.cache_resource, max_entries=50, show_spinner=False, hash_funcs={Scope: repr})
def _names(version: str, scope: Scope) -> dict[str, dict[str, str]]:
    frame = run_report(reader(), View(scope=scope), "choices")
    found: dict[str, dict[str, str]] = {}
    for dimension, value, name in frame.astype(object).where(frame.notna(), None).itertuples(index=False):
        found.setdefault(dimension, {})[value or "-"] = name or ""
    return found


def kept(build: Callable[..., T]) -> Callable[..., T]:
    """Keeps what a card is made of (its chart, its table, its words) until data, view, language or theme change."""
    name = f"{build.__module__}.{build.__qualname__}"

    def get(*args: Any) -> T:
        made: T = _made(_version(), view(), lang(), st.context.theme.type, name, args, build)
        return made

    return get


@cached(**KEPT, hash_funcs={View: repr})
def _made(
    version: str, view: View, lang: str, theme: str | None, name: str, args: tuple[Any, ...], _build: Callable[..., Any]
) -> Any:
    return _build(*args)


def together(*asked: Callable[[], object]) -> None:
    """Ask for what a page needs side by side, before its first card: each then finds its answer kept.

    The cores are busy from the start, and the browser draws the page once instead of card by card.
    """
    context = get_script_run_ctx()

    def ask(question: Callable[[], object]) -> None:
        add_script_run_ctx(threading.current_thread(), context)
        question()

    with ThreadPoolExecutor(len(asked)) as threads:
        for answer in [threads.submit(copy_context().run, ask, question) for question in asked]:
            answer.result()


# --- figures in words


def money(value: Any) -> str:
    return numbers.short(value, lang(), "money", facts().currency)


def money_full(value: Any) -> str:
    return numbers.full(value, lang(), "money", facts().currency)


def money_change(value: Any) -> str:
    return numbers.delta(value, lang(), "money", facts().currency)
