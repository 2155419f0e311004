"""Words in the reader's language, from en.toml and zh.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter

LANGUAGES = ("en", "zh")


def t(lang: str, key: str, **values: object) -> str:
    """The text `key` ("page.overview.title") in `lang`, its braces filled with `values`.

    A missing key or value is a KeyError: a page must never show the name of a text instead of the text.
    """
    text = texts(lang)[key]
    if not values:
        return text
    return _filled(text, values) if lang == "zh" else text.format_map(values)


def _filled(text: str, values: Mapping[str, object]) -> str:
    """A Chinese text with its values: a blank stands between Chinese and Latin writing (输给了 Orion), and none within
    Chinese, though the text has one for a plain figure (105 天, 2万家).
    """
    filled = ""
    for written, name, form in _pieces(text):
        filled = _beside(filled, written)
        if name is not None:
            filled = _beside(filled, format(values[name], form))
    return filled


@cache
def _pieces(text: str) -> tuple[tuple[str, str | None, str], ...]:
    return tuple((written, name, form or "") for written, name, form, _ in Formatter().parse(text))


def _beside(left: str, right: str) -> str:
    if left[-1:] in ("万", "亿") and right[:1] == " " and _is_chinese(right[1:2]):
        return left + right[1:]
    ends = left[-1:], right[:1]
    is_border = any(_is_chinese(c) for c in ends) and any(c.isascii() and c.isalpha() for c in ends)
    return f"{left} {right}" if is_border else left + right


def _is_chinese(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


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
