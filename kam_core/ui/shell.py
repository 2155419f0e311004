"""The frame around every page: settings, menu, sidebar, and what happens when there is no data or an error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from kam_core.ui import address, drill, identity, saved, session, sidebar, states, style, upload_mark
from kam_core.ui.session import words

ICON = Path(__file__).parent / "assets" / "icon.png"
NEEDS = {"status": "history", "history": "history", "audit": "audit"}  # pages not for everybody: the right needed
Menu = Mapping[str, Mapping[str, str]]


def begin() -> None:
    """Page settings and language, before the first word is written."""
    address.read_language()
    session.settle_language()
    st.set_page_config(
        page_title=words("app.name"),
        page_icon=str(ICON),
        layout="wide",
        initial_sidebar_state=240,
        menu_items={"About": f"**{words('app.name')}** · {words('app.tagline')}"},
    )
    session.renew()


def page(name: str, path: str) -> Any:
    """A page of the menu; its address is its name, the overview's is the root."""
    return st.Page(path, title=words(f"menu.{name}"), url_path=name, default=name == "overview")


@st.cache_resource(show_spinner=False)
def _menu_known() -> list[bool]:
    return []


def _first_run_of_the_process() -> bool:
    """Until st.navigation has run once in a process, a deep link runs the page's file alone: so start over."""
    if _menu_known():
        return False
    _menu_known().append(True)
    return True


def run(page: Any, menu: Menu) -> None:
    """Sidebar, then the page."""
    with states.guarded("the frame"):
        _run(page, menu)


def _run(page: Any, menu: Menu) -> None:
    if _first_run_of_the_process():
        st.rerun()
    style.apply(session.colours())
    with st.sidebar:
        links, chosen, last = st.container(gap=None, key="menu"), st.container(), st.container()
    with last:
        sidebar.language()
    if not identity.admitted():
        return
    identity.banner()
    with last:
        identity.account()
    st.session_state["_paths"] = {name: path for pages in menu.values() for name, path in pages.items()}
    session.settle_source(page.url_path)
    if page.url_path in session.NOT_ABOUT_DATA:
        address.read(page.url_path, filters=False)
        session.use(session.everything())
        address.write(page.url_path)
        _menu(menu, links, page.url_path)
        _draw(page)
        return
    if not session.is_readable():
        address.forget()
        _menu(menu, links, page.url_path)
        _without_data()
        return
    address.read(page.url_path)
    drill.go(page.url_path)
    drill.came(page.url_path)
    saved.go()
    with chosen:
        sidebar.filters(page.url_path)
    session.use(sidebar.view(page.url_path))
    if page.url_path == "accounts" and st.session_state.get("account"):  # a link from before accounts had their page
        st.switch_page(drill.ACCOUNT, query_params=address.chosen())
    if page.url_path != "account":
        st.session_state["account"] = None
    address.write(page.url_path)
    _menu(menu, links, page.url_path or "overview")
    states.older_data()
    if session.source() == session.UPLOAD:
        upload_mark.show()
    else:
        with chosen:
            saved.views(page.url_path)
    _draw(page)


def _without_data() -> None:
    if session.snapshot():
        states.other_version()
    elif session.is_lost():
        states.lost()
    else:
        states.no_warehouse()


def _menu(menu: Menu, place: Any, current: str) -> None:
    """The sections, and the pages of the one that is open.

    Links carry the filters, so that one step back leaves the page and nothing else.
    """
    with place:
        st.html(f'<div class="kam-brand">{words("app.name")}</div>')
        for section, pages in menu.items():
            shown = [name for name in pages if _is_listed(name)]
            if not shown:
                continue
            if len(shown) == 1:
                _link(pages[shown[0]], shown[0])
                continue
            if current not in pages:
                _link(pages[shown[0]], section)
                continue
            st.html(f'<div class="kam-section">{words(f"menu.{section}")}</div>')
            with st.container(key="submenu", gap=None):
                for name in shown:
                    _link(pages[name], name)


def _is_listed(name: str) -> bool:
    """One account is reached from lists and charts; what a person may not see is not offered."""
    return name != "account" and _may_open(name)


def _may_open(name: str) -> bool:
    """Of their own upload everybody may see what was loaded."""
    own = name == "status" and session.source() == session.UPLOAD
    return name not in NEEDS or own or session.person().may(NEEDS[name])


def _link(path: str, name: str) -> None:
    st.page_link(path, label=words(f"menu.{name}"), query_params=address.chosen(account=None), width="stretch")


def _draw(page: Any) -> None:
    if not _may_open(page.url_path):
        states.no_right(page.title)
        return
    with states.guarded(f"page {page.url_path}"):
        page.run()
