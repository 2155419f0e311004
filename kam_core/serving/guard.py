"""The first to see a request: refuses foreign hosts and origins and what nobody needs, and signs every answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kam_core.serving.headers import MEDIA_POLICY, Headers, security_headers

# Parts of the user interface's server that the product does not use, and that tell about the machine.
CLOSED = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
UPLOADS = "/_stcore/upload_file/"
MEDIA = "/media/"
SAFE = {"GET", "HEAD", "OPTIONS"}


class Guard:
    """ASGI middleware. `hosts` as in `server.allowedHosts`: names, "*.example.com", or "*"; none at all means any."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str], policy: str) -> None:
        self.app, self.hosts = app, hosts
        self.headers, self.media_headers = security_headers(policy), security_headers(MEDIA_POLICY)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = self.refusal(scope)
        if refusal and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif refusal:
            await PlainTextResponse(refusal[1], refusal[0])(scope, receive, self._signed(scope, send))
        else:
            await self.app(scope, receive, self._signed(scope, send))

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """The status and the words of a refusal; None for a request that may pass."""
        host, origin = _header(scope, b"host"), _header(scope, b"origin")
        if not host_allowed(host, self.hosts):
            return 421, "This address is not served here."
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE
        if changes and origin is not None and urlsplit(origin).netloc != host:
            return 403, "Requests from other sites are refused."
        if scope["path"].startswith(CLOSED):
            return 404, "Not found."
        if scope["type"] == "http" and scope["method"] not in SAFE and not scope["path"].startswith(UPLOADS):
            return 405, "Not allowed."
        return None

    def _signed(self, scope: Scope, send: Send) -> Send:
        ours = self.media_headers if scope["path"].startswith(MEDIA) else self.headers
        names = {name for name, _ in ours}

        async def signed(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                theirs: Headers = [(n, v) for n, v in message.get("headers", []) if n.lower() not in names]
                message = {**message, "headers": [*theirs, *ours]}
            await send(message)

        return signed


def host_allowed(host: str | None, allowed: Sequence[str]) -> bool:
    """Whether the Host header names one of the allowed hosts, with any port."""
    if not allowed:
        return True
    name = _host_name(host or "")
    return bool(name) and any(_matches(name, pattern.strip().lower().rstrip(".")) for pattern in allowed)


def _matches(name: str, pattern: str) -> bool:
    return pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))


def _host_name(host: str) -> str:
    """The name in a Host header; "" for one that holds anything but a name and a port."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises where it is no number
    except ValueError:
        return ""
    if parts.netloc != host or "@" in host:
        return ""
    return (parts.hostname or "").rstrip(".")


def _header(scope: dict[str, Any] | Scope, name: bytes) -> str | None:
    values = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return values[0] if len(values) == 1 else None if not values else ""
