"""A reader without a browser: speaks the app's own protocol, so that fifty of them fit on one machine."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlencode, urlsplit

import websockets
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

PATIENCE = 60.0  # seconds until an action counts as never answered
RUN_AGAIN = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN


T = TypeVar("T")


def finished(work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to, in a thread of its own: a browser that other tests opened keeps a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


class Failed(Exception):
    """An action was not answered as it should: with what the screen says."""


class Reader:
    """One session. `await visit("tiers", period="2025")` opens a page; then `texts` is what is on the screen."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self.url, self.headers = url.rstrip("/"), headers or {}
        self.pages: dict[str, str] = {}  # address → hash of the page
        self.page = ""
        self.session_id = ""
        self.elements: dict[tuple[int, ...], Any] = {}
        self.bytes = 0

    async def __aenter__(self) -> Self:
        address = urlsplit(self.url)
        self.socket = await websockets.connect(
            f"ws://{address.netloc}/_stcore/stream", origin=self.headers.pop("Origin", self.url),  # type: ignore[arg-type]
            subprotocols=["streamlit"], additional_headers=self.headers, max_size=None, open_timeout=PATIENCE,
        )  # fmt: skip
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close()

    async def visit(self, page: str = "", **query: str) -> None:
        """Open a page as a click in the menu does; the first one as a link does."""
        message = BackMsg()
        run = message.rerun_script
        run.query_string = urlencode(query)
        if self.pages:
            run.page_script_hash = self.pages[page]
        else:
            run.page_name = page
        self.page = page
        await self._ask(message)

    async def set(self, label: str, **value: Any) -> None:
        """Change the widget with that label: `set("Region", string_array_value=["East"])`."""
        message = BackMsg()
        run = message.rerun_script
        run.page_script_hash = self.pages[self.page]
        run.widget_states.widgets.append(self._state(label, value))
        await self._ask(message)

    def _state(self, label: str, value: dict[str, Any]) -> WidgetState:
        state = WidgetState(id=self.widget(label).id)
        for field, content in value.items():
            if isinstance(content, list):
                getattr(state, field).data.extend(content)
            else:
                setattr(state, field, content)
        return state

    def widget(self, label: str) -> Any:
        """The widget with that label, as the server describes it."""
        found = [w for w in self.widgets() if getattr(w, "label", None) == label]
        if not found:
            raise Failed(f"there is no {label!r} on {self.page!r}: {self.texts()}")
        return found[0]

    def widgets(self) -> Iterable[Any]:
        return [getattr(element, element.WhichOneof("type")) for element in self.elements.values()]

    def texts(self) -> list[str]:
        """What is written on the screen: headings, paragraphs, messages, HTML."""
        return [text for widget in self.widgets() if isinstance(text := getattr(widget, "body", None), str)]

    async def _ask(self, message: BackMsg) -> None:
        await self.socket.send(message.SerializeToString())
        await asyncio.wait_for(self._take_in(), PATIENCE)
        self._complain()

    async def _take_in(self) -> None:
        """Take in messages until the script came to its end; a run that ends early is followed by another."""
        while True:
            received = await self.socket.recv()
            self.bytes += len(received)
            message = ForwardMsg.FromString(received)  # type: ignore[arg-type]
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session_id = message.new_session.initialize.session_id or self.session_id
                self.elements = {}
            elif kind == "navigation":
                self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
                self.pages[""] = next(p.page_script_hash for p in message.navigation.app_pages if p.is_default)
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self.elements[tuple(message.metadata.delta_path)] = message.delta.new_element
            elif kind == "script_finished" and message.script_finished != RUN_AGAIN:
                return

    def _complain(self) -> None:
        kinds = [element.WhichOneof("type") for element in self.elements.values()]
        alerts = [w.body for w in self.widgets() if isinstance(w, Alert) and w.format == Alert.ERROR]
        if "exception" in kinds or alerts:
            raise Failed(f"{self.page!r}: {alerts or 'an exception'}")
        if "heading" not in kinds:
            raise Failed(f"{self.page!r} has no title: {kinds}")
