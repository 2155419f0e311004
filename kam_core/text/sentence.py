"""The sentence under a page's title: what is being looked at, said from the same View that the figures come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from kam_core.text import numbers
from kam_core.text.i18n import has, join, t
from kam_core.view import NONE, Calendar, Span, View, year_before

Names = Mapping[str, Mapping[str, str]]  # dimension → id → what people call it
Write = Callable[[date, str], str]


def describe(view: View, calendar: Calendar, lang: str, names: Names) -> str:
    """ "Tier S, A accounts in East · Banking · 1 Jan–18 Nov 2026, against the same days of the year before (…)"."""
    span = view.period.span(calendar)
    return t(
        lang,
        "sentence.against",
        what=what(view, lang, names),
        period=days(span, lang),
        before=days(year_before(span), lang),
    )


def describe_standing(view: View, calendar: Calendar, lang: str, names: Names) -> str:
    """ "Tier S accounts in East · as of 18 Nov 2026": what does not depend on the period."""
    day = t(lang, "sentence.as_of", date=numbers.day(calendar.as_of, lang))
    return t(lang, "sentence.plain", what=what(view, lang, names), period=day)


def what(view: View, lang: str, names: Names) -> str:
    """The filters in words: "All accounts", "Tier A accounts in East · Banking, managed by Juan Luo"."""
    chosen = dict(view.filters.items())
    where = " · ".join(
        join(lang, [name_of(d, v, lang, names) for v in chosen[d]])
        for d in ("region", "industry", "segment", "product_line", "partner", "account")
        if d in chosen
    )
    tier = join(lang, [name_of("tier", v, lang, names) for v in chosen.get("tier", ())])
    if tier:
        said = t(lang, "sentence.tier_in", tier=tier, where=where) if where else t(lang, "sentence.tier", tier=tier)
    else:
        said = t(lang, "sentence.accounts_in", where=where) if where else t(lang, "sentence.everything")
    managers = [name_of("manager", v, lang, names) for v in chosen.get("manager", ())]
    if view.roll_up:
        said = t(lang, "sentence.by_group", what=said)
    if managers:
        said += t(lang, "sentence.comma") + t(lang, "sentence.managed_by", manager=join(lang, managers))
    return said


def name_of(dimension: str, value: str | None, lang: str, names: Names) -> str:
    """What people call a value: a manager's name for the id, "(not given)" for none."""
    if value is None or value == NONE:
        return t(lang, "filter.none")
    return in_words(names.get(dimension, {}).get(value, value), lang)


def in_words(value: str, lang: str) -> str:
    """A region, industry, product line, stage or reason in the reader's words: their half of it, or, where the company
    uses a usual English word, the one of their language. A number behind it stays: North 5 is 华北 5.
    """
    own = own_script(value, lang)
    name, _, number = own.rpartition(" ")
    word, rest = (name, f" {number}") if number.isdigit() else (own, "")
    return t(lang, f"usual.{word}") + rest if has(f"usual.{word}") else own


def own_script(name: str, lang: str) -> str:
    """The reader's half of a name given in both scripts: "恒岭能源 Hengling Energy" → Hengling Energy in English."""
    words = name.split(" ")
    chinese = [w for w in words if any("\u4e00" <= c <= "\u9fff" for c in w)]
    latin = [w for w in words if w not in chinese]
    if not chinese or not any(w[:1].isalpha() for w in latin):
        return name
    return " ".join(latin) if lang == "en" else " ".join(chinese)


def days(span: Span, lang: str) -> str:
    """A stretch of days: a month, a year, Jan–Mar 2026 when months are whole, else 1 Jan–18 Nov 2026."""
    first, last = span.start, span.last
    if first.day == 1 and (last + timedelta(days=1)).day == 1:
        if (first.year, first.month) == (last.year, last.month):
            return numbers.month(first, lang)
        return _between(numbers.month_name, numbers.month, first, last, lang)
    return _between(numbers.day_of_year, numbers.day, first, last, lang)


def _between(short: Write, long: Write, first: date, last: date, lang: str) -> str:
    """The year is said once: after the last date in English, before the first in Chinese."""
    if first.year != last.year:
        return f"{long(first, lang)}–{long(last, lang)}"
    if lang == "zh":
        return f"{long(first, lang)}–{short(last, lang)}"
    return f"{short(first, lang)}–{long(last, lang)}"
