"""Text that comes from a file, as it may be shown."""

from __future__ import annotations

import unicodedata

LONGEST_TEXT = 1000  # of a file's text in a sentence


def clean(text: str, longest: int) -> str:
    """Text from a file without what is no sign at all: control marks, and marks that turn the direction of writing."""
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs") else " " for c in text[:longest])


def safe(text: str) -> str:
    """Text from a file inside a sentence: nothing of it is taken for formatting."""
    text = clean(text, LONGEST_TEXT)
    return "".join("\\" + c if c in "\\`*_{}[]()<>#+-!|$:~" else c for c in text)
