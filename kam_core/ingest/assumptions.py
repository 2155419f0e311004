"""What reading had to assume: each assumption with how sure it is, why, and the choices there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kam_core.text.i18n import t

Why = tuple[str, dict[str, Any]]  # a text key and the values of its braces
CERTAIN, LIKELY, ASK = "certain", "likely", "ask"


class Said(str):
    """A sentence in English that knows its text key, to be said in another language."""

    why: Why


def said(key: str, **values: Any) -> Said:
    sentence = Said(t("en", key, **values))
    sentence.why = (key, values)
    return sentence


@dataclass(frozen=True)
class Assumption:
    """One thing that was taken for true. Another choice goes into the format: `format[key] = choice`, or
    `format[key][column] = choice` where it is about one column (named by its heading). Without choices it is a remark.
    """

    key: str
    column: str | None
    value: Any
    sure: str  # certain, likely, ask
    why: Why
    choices: tuple[Any, ...] = ()
    examples: tuple[str, ...] = ()

    def sentence(self, lang: str) -> str:
        """Why, in the reader's language."""
        return t(lang, self.why[0], **self.why[1])


def chosen(key: str, value: Any, choices: tuple[Any, ...] = (), column: str | None = None) -> Assumption:
    """What the user said is certain."""
    return Assumption(key, column, value, CERTAIN, ("reading.why.chosen", {}), choices)
