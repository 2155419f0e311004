"""Numbers and dates as the reader writes them: 1.2M or 123万, ¥, %, pp, 18 Nov 2026 or 2026年11月18日.

On screen a figure has at most three significant digits (`short`); the full value is for hover and tables (`full`).
Anything missing, NaN or infinite is "n/a", never 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, get_currency_symbol

from kam_core.text.i18n import t

Number = int | float | Decimal | None

LOCALES = {"en": "en_GB", "zh": "zh_CN"}
STEPS = {
    "en": ((1e9, "B"), (1e6, "M"), (1e3, "K")),
    "zh": ((1e8, "亿"), (1e4, "万")),
}
MINUS = "−"


def short(value: Number, lang: str, unit: str = "money", currency: str = "") -> str:
    """The figure for the screen: at most three significant digits, with its unit."""
    if _missing(value):
        return t(lang, "app.not_available")
    return _sign(value) + _unsigned(abs(float(value)), lang, unit, currency, _compact)  # type: ignore[arg-type]


def full(value: Number, lang: str, unit: str = "money", currency: str = "") -> str:
    """The whole value, with thousands marks: for hover and for tables."""
    if _missing(value):
        return t(lang, "app.not_available")
    return _sign(value) + _unsigned(abs(float(value)), lang, unit, currency, _whole)  # type: ignore[arg-type]


def delta(value: Number, lang: str, unit: str = "money", currency: str = "") -> str:
    """A change with its sign; a change of a percentage is in percentage points."""
    if _missing(value):
        return t(lang, "app.not_available")
    number = float(value)  # type: ignore[arg-type]
    if unit == "percent":
        text = f"{_digits(abs(number) * 100, lang, most=1)} {t(lang, 'delta.pp')}"
    else:
        text = _unsigned(abs(number), lang, unit, currency, _compact)
    return _plus(number) + text


def growth(now: Number, before: Number) -> float | None:
    """The relative change; None where there is nothing above zero to compare with."""
    if _missing(now) or _missing(before) or float(before) <= 0:  # type: ignore[arg-type]
        return None
    return float(now) / float(before) - 1  # type: ignore[arg-type]


def percent(value: Number, lang: str, signed: bool = False) -> str:
    """A fraction as a percentage: 0.1234 → 12.3%."""
    if _missing(value):
        return t(lang, "app.not_available")
    number = float(value)  # type: ignore[arg-type]
    sign = _plus(number) if signed else _sign(number)
    return f"{sign}{_digits(abs(number) * 100, lang, most=1)}%"


def day(value: date | None, lang: str) -> str:
    """18 Nov 2026 · 2026年11月18日."""
    return _date(value, lang, "d MMM y", "y年M月d日")


def day_of_year(value: date | None, lang: str) -> str:
    """18 Nov · 11月18日."""
    return _date(value, lang, "d MMM", "M月d日")


def month(value: date | None, lang: str) -> str:
    """Nov 2026 · 2026年11月."""
    return _date(value, lang, "MMM y", "y年M月")


def month_short(value: date | None, lang: str) -> str:
    """Nov 26 · 26年11月, for axes over years: "11月 26" would be read as the 26th of November."""
    return _date(value, lang, "MMM yy", "yy年M月")


def quarter(value: date | None, lang: str) -> str:
    """The calendar quarter of a day: 2026 Q4 · 2026年Q4."""
    return _date(value, lang, "y 'Q'Q", "y年'Q'Q")


def month_name(value: date | None, lang: str) -> str:
    """Nov · 11月."""
    return _date(value, lang, "MMM", "M月")


def moment(value: datetime | None, lang: str) -> str:
    """3 Nov, 14:10 · 11月3日 14:10."""
    if value is None:
        return t(lang, "app.not_available")
    return format_datetime(value, "d MMM, HH:mm" if lang == "en" else "M月d日 HH:mm", locale=LOCALES[lang])


@cache
def symbol(currency: str, lang: str) -> str:
    """The sign of a currency; the yuan is ¥ in both languages."""
    return "¥" if currency == "CNY" else get_currency_symbol(currency, locale=LOCALES[lang]) if currency else ""


def axis_expression(lang: str, unit: str = "money", currency: str = "") -> str:
    """A Vega expression that writes an axis label like `short`: ¥1.5M, 150万, 25%."""
    if unit == "percent":
        return "format(datum.value, '.0%')"
    sign = symbol(currency, lang) if unit == "money" else ""
    expression = "format(abs(datum.value), ',.3~r')"
    for size, word in reversed(STEPS[lang]):
        scaled = f"format(abs(datum.value) / {size:.0f}, '.3~r') + '{word}'"
        expression = f"abs(datum.value) >= {size:.0f} ? {scaled} : {expression}"
    return f"(datum.value < 0 ? '−{sign}' : '{sign}') + ({expression})"


def _unsigned(number: float, lang: str, unit: str, currency: str, write: Callable[[float, str], str]) -> str:
    if unit == "percent":
        return f"{_digits(number * 100, lang, most=1 if write is _compact else 2)}%"
    if unit == "money":
        return symbol(currency, lang) + write(number, lang)
    if unit == "count":
        return _digits(number, lang, most=0) if number < 10_000 or write is _whole else _compact(number, lang)
    if unit == "index":
        return _digits(number, lang, most=0 if number >= 100 else 1)
    return write(number, lang)


def _compact(number: float, lang: str) -> str:
    """Three significant digits with K, M, B or 万, 亿. Rounded first, so that 999,999 is 1M and not 1,000K."""
    rounded = _round_to_three(number)
    for size, word in STEPS[lang]:
        if rounded >= size:
            return _digits(_round_to_three(number / size), lang) + word
    return _digits(rounded, lang)


def _whole(number: float, lang: str) -> str:
    return _digits(number, lang, most=0 if number >= 1000 else 2)


def _round_to_three(number: float) -> float:
    if number == 0:
        return 0.0
    return round(number, 2 - math.floor(math.log10(number)))


def _digits(number: float, lang: str, most: int = 2) -> str:
    """With thousands marks and at most `most` decimals, fewer for large numbers (three significant digits)."""
    if most and number >= 1:
        most = min(most, max(0, 2 - math.floor(math.log10(number))))
    return _pattern(lang, most)(round(number, most))


@cache
def _pattern(lang: str, decimals: int) -> Callable[[float], str]:
    """Babel parses a pattern on each call; the two languages share marks, so one format does."""
    locale = Locale.parse(LOCALES[lang])
    pattern = "#,##0" + ("." + "#" * decimals if decimals else "")
    return lambda number: format_decimal(number, pattern, locale=locale)


@lru_cache(maxsize=4096)  # Babel reads its pattern anew for each
def _date(value: date | None, lang: str, english: str, chinese: str) -> str:
    if value is None or value != value:
        return t(lang, "app.not_available")
    # British months, but "Sep" as everybody writes it.
    return format_date(value, english if lang == "en" else chinese, locale=LOCALES[lang]).replace("Sept", "Sep")


def _missing(value: Number) -> bool:
    return value is None or not math.isfinite(float(value))


def _sign(value: Number) -> str:
    return MINUS if float(value) < 0 else ""  # type: ignore[arg-type]


def _plus(number: float) -> str:
    return MINUS if number < 0 else "+" if number > 0 else "±"
