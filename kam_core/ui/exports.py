"""Every file that leaves the dashboard is written into the audit log first; one that cannot be is not made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from kam_core.ui import session


def button(
    label: str, build: Callable[[], bytes], file_name: str, mime: str, key: str, what: str, rows: int | None = None,
    of_company: bool = True, **look: Any,
) -> None:  # fmt: skip
    """A download of what `build` makes on the click; `what` says in words what it is, `rows` how many it holds.

    Nothing is shown to those who may not take files along. What is not `of_company` is out of its own upload: the
    sidebar's filters do not hold there.
    """
    who = session.person()
    if not who.may("export"):
        return
    log, said = session.state(), {"what": what, "file": file_name}
    if of_company:
        said["filter"] = _filter()

    def logged() -> bytes:
        """Runs outside of the page, so all that it needs was asked for before."""
        content = build()
        log.record(who.key, "export", said, rows)
        return content

    st.download_button(label, logged, file_name, mime, key=key, on_click="ignore", **look)


def _filter() -> str:
    """What was looked at, in the log's language."""
    return session.looked_at("en")
