"""Text that comes from a file, as it may be shown, and what we call the columns that it goes into."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from kam_core.schema import TABLES, Column
from kam_core.ui import session
from kam_core.ui.session import words

Forms = Sequence[tuple[re.Pattern[str], str]]  # how a sentence is written, and the text that says it
LONGEST_TEXT = 1000  # of a file's text in a sentence


def clean(text: str, longest: int) -> str:
    """Text from a file without what is no sign at all: control marks, and marks that turn the direction of writing."""
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs") else " " for c in text[:longest])


def safe(text: str) -> str:
    """Text from a file inside a sentence: nothing of it is taken for formatting."""
    text = clean(text, LONGEST_TEXT)
    return "".join("\\" + c if c in "\\`*_{}[]()<>#+-!|$:~" else c for c in text)


def translated(sentence: str, forms: Forms, group: str, value: Callable[[str, str], str]) -> str:
    """A sentence that is said in English in a few fixed forms, by the text of `group` that its form has; one of no
    known form as it is. `value` says what stands in it, by its name and as it is written ("" where it is left out).
    """
    for form, key in forms:
        if found := form.fullmatch(sentence):
            return words(f"{group}.{key}", **{n: value(n, text or "") for n, text in found.groupdict().items()})
    return sentence


def label(column: Column) -> str:
    """A column of ours as people call it: its name, in Chinese the first Chinese heading that it is known by."""
    name = column.heading(session.lang())
    return name if name != column.name else name.replace("_id", " no.").replace("_", " ").capitalize()


def labels(table: str, columns: str) -> str:
    """Columns of a table, named with commas between them, as people call them; those that it does not have fall out."""
    known = {c.name: c for c in TABLES[table].columns} if table in TABLES else {}
    return ", ".join(label(known[name]) for name in columns.split(", ") if name in known)
