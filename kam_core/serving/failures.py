"""Requests that fail for a reason nobody foresaw: a number on the screen and in the log, the machinery only there."""

from __future__ import annotations

from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kam_core.errors import numbered

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Something went wrong</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem }}</style>
<h1>Something went wrong · 出错了</h1>
<p>Try again. If it happens again, give this number to whoever runs the server.<br>
请重试；如再次出现，请将此编号告知系统管理员。</p><p><strong>{number}</strong></p></html>
"""


class Caught:
    """ASGI middleware: a request that raises is answered with a page of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noticed(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noticed)
        except Exception as error:
            if scope["type"] != "http":
                raise
            number = numbered(f"{scope['method']} {scope['path']}", error)
            if not begun:
                await HTMLResponse(PAGE.format(number=number), 500)(scope, receive, send)
