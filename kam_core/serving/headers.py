"""The headers of every answer: what a browser may load, run and reveal."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

Headers = list[tuple[bytes, bytes]]

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)

# Files that readers made or sent are shown to nobody as a page: nothing in them runs or loads.
MEDIA_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


def content_policy(index: Path) -> str:
    """What a page may load: its own files only. Inline scripts are those of `index`, by their hashes, and no other.

    Styles may stand inline, because the user interface's library writes them so.
    """
    hashes = [
        "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"
        for script in _INLINE_SCRIPT.findall(index.read_text(encoding="utf-8"))
    ]
    rules = {
        "default-src": ["'self'"],
        "script-src": ["'self'", *hashes],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'", "blob:"],
        "object-src": ["'none'"],
        "frame-src": ["'none'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())


def security_headers(policy: str) -> Headers:
    """The headers of every answer, with the content policy."""
    named = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "X-Robots-Tag": "noindex",
    }
    return [(name.lower().encode(), value.encode()) for name, value in named.items()]
