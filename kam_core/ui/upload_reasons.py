"""Why a row was refused, in the reader's language. Loading says it in English, in a few fixed forms."""

from __future__ import annotations

import re

from kam_core.text.i18n import has
from kam_core.ui.session import words
from kam_core.ui.upload_words import translated

FORMS = (
    (re.compile(r"is not a date \(order (?P<order>.+)\)"), "not_a_date_order"),
    (re.compile(r"is not a date"), "not_a_date"),
    (re.compile(r"is not a whole number"), "not_whole"),
    (re.compile(r"is not a number \(decimal mark (?P<mark>.+)\)"), "not_a_number_mark"),
    (re.compile(r"is not a number"), "not_a_number"),
    (re.compile(r"is missing"), "missing"),
    (re.compile(r"is missing, and quantity × unit price gives none"), "no_amount"),
    (re.compile(r"is 10\^12 or more, which no amount here can be"), "absurd"),
    (re.compile(r"is before (?P<day>\S+), which cannot be"), "too_early"),
    (re.compile(r"is more than 10 years ahead, which cannot be"), "too_late"),
    (re.compile(r"is above 100%; write 0\.1 or 10%"), "discount"),
    (re.compile(r"is not open, won or lost"), "outcome"),
    (re.compile(r"is not month, quarter or year"), "granularity"),
    (re.compile(r"duplicate of line (?P<line>\d+)(?P<file> of .+)?"), "duplicate"),
    (re.compile(r"same key as line (?P<line>\d+)(?P<file> of .+)? with other content"), "same_key"),
    (re.compile(r"is not a date written as (?P<pattern>.+)"), "not_a_date_as"),
    (re.compile(r"is neither yes nor no"), "not_yes_no"),
    (re.compile(r"is not a whole number \(decimal mark (?P<mark>.+)\)"), "not_whole"),
    (re.compile(r"too (?:many|few) fields \((?P<has>\d+) instead of (?P<wanted>\d+)\)"), "fields"),
    (re.compile(r"is not in (?P<header>.+), column (?P<column>.+)"), "no_header"),
    (re.compile(r"stands on several rows that differ in (?P<header>.+), column (?P<column>.+)"), "several_headers"),
    (re.compile(r"cannot be calculated"), "not_calculated"),
)


def in_words(reason: str) -> str:
    """A reason as people say it."""
    return translated(reason, FORMS, "refused", _value)


def _value(_name: str, text: str) -> str:
    return words(f"upload.value.{text}") if has(f"upload.value.{text}") else text
