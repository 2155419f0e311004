"""The dashboard as `run.py` serves it: guarded, compressed, and warm before anybody asks.

`streamlit run server.py`. `streamlit run app.py` serves the same pages without it.
"""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
import uvicorn

from kam_core.access import identity, users
from kam_core.errors import KamError
from kam_core.serving import binding, health, memory
from kam_core.serving.stack import stack

STATIC = Path(st.__file__).parent / "static"  # the user interface's own files


def _checked() -> None:
    """Settings that would open the dashboard wider than meant end the server before it listens."""
    address = st.get_option("server.address")
    try:
        binding.check_hosts(address, st.get_option("server.allowedHosts"))
        identity.check(
            users.load(),
            is_local=binding.is_local(address),
            headers=st.get_option("server.trustedUserHeaders") or {},
            has_provider=bool(st.secrets.load_if_toml_exists() and "auth" in st.secrets),
        )
    except KamError as refusal:
        sys.exit(f"server.py: {refusal}")


def _store() -> Any:
    from kam_core.ui import session  # what pages need is loaded beside the first requests, not before them

    return session.store()


def _warm_up() -> None:
    from kam_core.ui import prewarm  # not before the server exists, whose caches it uses

    prewarm.warm_up()


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Warm up beside the first requests, never before them: the address answers at once."""
    warming = asyncio.create_task(asyncio.to_thread(_warm_up))
    yield
    warming.cancel()


def _script_failed(error: Exception) -> bool:
    """An error outside the pages, which catch their own: the same plain sentence, with the number of the log."""
    from kam_core.ui import states

    states.failed(error, "the frame of the pages")
    return True


memory.give_back()
_checked()
# Without this a deep link, as the first request of all, is answered by "page not found" before the page appears.
# It warns that no session runs yet, which is meant.
no_session = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
no_session.disabled = True
st.navigation([st.Page("app.py", default=True)])
no_session.disabled = False
# The server names itself in every answer, and `streamlit run` has no option against it.
uvicorn.Config.encoded_headers = property(lambda _config: [], lambda _config, _headers: None)
app = st.App(
    "app.py",
    lifespan=lifespan,
    routes=health.routes(_store),
    middleware=stack(st.get_option("server.allowedHosts"), STATIC),
    on_script_error=_script_failed,
)
