"""What reading and loading say of a file, in the reader's language. They say it in English, in a few fixed forms."""

from __future__ import annotations

import re

from kam_core.text.i18n import has
from kam_core.ui.session import words
from kam_core.ui.upload_words import translated

CHANGED = r"orders: revenue of months already loaded changed(?: by (?P<share>\S+))?"
FORMS = tuple(
    (re.compile(form), key)
    for form, key in (
        (r"(?P<file>.+): left out, the mapping does not name it", "not_used"),
        (r"(?P<file>.+): not read, for their kind of file: (?P<names>.+)", "not_read"),
        (r"(?P<file>.+): (?P<n>[\d,]+) orders are dated after today \((?P<day>.+)\); they were taken", "future"),
        (r"stage_history: (?P<n>[\d,]+) rows added from .+", "stages"),
        (r"assignments: (?P<n>[\d,]+) rows added from .+", "holders"),
        (rf"{CHANGED} \((?P<months>.+); and (?P<n>\d+) more months\)", "revenue_more"),
        (rf"{CHANGED} \((?P<months>.+)\)", "revenue"),
        (r"nothing to load: no row of (?P<file>.+) was taken", "nothing"),
        (r"another load is running \(.+\): try again when it is done", "running"),
        # --- a file that cannot be read
        (r"(?P<file>.+): (?:the file is empty|holds nothing but blank lines); export it again", "empty"),
        (r"(?P<file>.+): is text, not an Excel workbook; .+", "text_not_workbook"),
        (r"(?P<file>.+): is not text but (?P<kind>.+); export it as CSV, or give it its true suffix", "not_text"),
        (r"(?P<file>.+): is not an Excel workbook but (?P<kind>.+); save it as \.xlsx", "not_workbook"),
        (r"(?P<file>.+): is not a parquet file; export it again", "not_parquet"),
        (r"(?P<file>.+): is not a whole zip archive; pack it again", "not_zip"),
        (r"(?P<file>.+): is damaged, or a zip archive that is no workbook; .+", "damaged_workbook"),
        (r"(?P<file>.+): is damaged, cut short or not a workbook; .+", "damaged_workbook"),
        (r"(?P<file>.+): is damaged or cut short; .+", "damaged"),
        (r"(?P<file>.+): is a damaged parquet file \(.+\); export it again", "damaged"),
        (r"(?P<file>.+): is protected by a password; save it without one", "password"),
        (r"(?P<file>.+): is protected by a password or is an old \.xls; .+", "password_or_old"),
        (r"(?P<file>.+): cannot read (?:\.\S+|a file without a suffix); give (?P<kinds>.+)", "unknown_kind"),
        (r"(?P<file>.+): cannot read what is packed there; give (?P<kinds>.+)", "unknown_kind"),
        (r"(?P<file>.+): the archive holds no file that can be read; pack (?P<kinds>.+)", "archive_without"),
        (r"(?P<file>.+): holds (?P<n>[\d,]+) files, more than (?P<most>[\d,]+); .+", "too_many_files"),
        (r"(?P<file>.+): would unpack to .+; that is no plausible data file", "bomb"),
        (r"(?P<file>.+): (?P<member>.+) cannot be unpacked; pack it again", "member"),
        (r"(?P<file>.+): its sheets are empty; formulas must be saved with their values", "empty_sheets"),
        (r"(?P<file>.+): needs more than (?P<gb>\d+) GB of memory or (?P<seconds>\d+) seconds to read; .+", "large"),
        (r"(?P<file>.+): a sheet's used area is (?P<area>.+); .+", "area"),
        (r"(?P<file>.+): has (?P<n>[\d,]+) columns, more than (?P<most>[\d,]+); .+", "too_many_columns"),
        (r"(?P<file>.+): line (?P<line>\d+) has a byte that is not UTF-8 .+", "broken_text"),
        (r"(?P<file>.+): its encoding cannot be told; .+", "no_encoding"),
        (r"(?P<file>.+): line (?P<line>\d+) opens a quote that swallows (?P<n>[\d,]+) lines; .+", "open_quote"),
        (r"(?P<file>.+): more than (?P<n>[\d,]+) lines do not have (?P<width>\d+) fields; .+", "ragged"),
    )
)


def in_words(sentence: str) -> str:
    """A sentence as people say it."""
    return translated(sentence, FORMS, "told", _value)


def _value(name: str, text: str) -> str:
    return words(f"told.kind.{text}") if name == "kind" and has(f"told.kind.{text}") else text
