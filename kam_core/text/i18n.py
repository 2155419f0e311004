"""Words in the reader's language, from en.toml and zh.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "zh")


def t(lang: str, key: str, **values: object) -> str:
    """The text `key` ("page.overview.title") in `lang`, its braces filled with `values`.

    A missing key or value is a KeyError: a page must never show the name of a text instead of the text.
    """
    text = texts(lang)[key]
    return text.format_map(values) if values else text


def counted(lang: str, thing: str, n: str) -> str:
    """A number, as it is written, with what it counts: "1 day", "32 days", "every day"."""
    return t(lang, f"counted.{thing}{'_one' if n == '1' else ''}", n=n)


def has(key: str) -> bool:
    """Whether a text of that key exists (both languages have the same keys; a test compares them)."""
    return key in texts("en")


@cache
def texts(lang: str) -> dict[str, str]:
    """All texts of a language, flat: dotted key → text."""
    with (Path(__file__).parent / f"{lang}.toml").open("rb") as file:
        return dict(_flatten(tomllib.load(file)))


def join(lang: str, words: list[str]) -> str:
    """Words as an enumeration: "East, North" or 华东、华北."""
    return t(lang, "app.list_separator").join(words)


def _flatten(tree: dict, prefix: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in tree.items():
        pairs += _flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, value)]
    return pairs
