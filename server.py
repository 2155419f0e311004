"""The dashboard as `run.py` serves it: what the first reader would wait for is done before anybody asks.

`streamlit run server.py`. `streamlit run app.py` serves the same pages without it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st


def _warm_up() -> None:
    from kam_core.ui import prewarm  # not before the server exists, whose caches it uses

    prewarm.warm_up()


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Warm up beside the first requests, never before them: the address answers at once."""
    warming = asyncio.create_task(asyncio.to_thread(_warm_up))
    yield
    warming.cancel()


# Without this a deep link, as the first request of all, is answered by "page not found" before the page appears.
# It warns that no session runs yet, which is meant.
no_session = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
no_session.disabled = True
st.navigation([st.Page("app.py", default=True)])
no_session.disabled = False
app = st.App("app.py", lifespan=lifespan)
