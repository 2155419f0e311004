"""The plain mark on every page that shows an upload instead of the company's data."""

from __future__ import annotations

import streamlit as st

from kam_core.text.i18n import join
from kam_core.ui import session, states
from kam_core.ui.session import words
from kam_core.ui.upload_words import safe

OVERVIEW = "pages/home/overview.py"


def show() -> None:
    """Whose figures these are, and the way back."""
    loaded = session.snapshot()
    assert loaded
    files = [str(file["name"]) for file in loaded.manifest.files]  # without those that were left out
    with st.container(horizontal=True, vertical_alignment="center", key="upload_mark", border=True):
        names = join(session.lang(), [safe(name) for name in dict.fromkeys(files)][:3])
        st.markdown(words("upload.mark", files=names))
        st.button(words("upload.back_to_company"), key="to_company", on_click=to, args=(session.COMPANY,))


def to(source: str) -> None:
    """Callback: show the figures of the other source, without the filters that meant something in this one."""
    session.look_at(source)
    states.reset()
