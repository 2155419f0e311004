"""Shaped results by name: each a .sql file over the prelude, its grain in the first line, its defaults in the head."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from kam_core.errors import KamError
from kam_core.metrics.facts import Facts, Reader
from kam_core.metrics.prelude import Bucket, Query
from kam_core.view import View, year_before

FOLDER = Path(__file__).parent / "sql" / "reports"


@cache
def names() -> tuple[str, ...]:
    """The reports there are, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.sql")))


@cache
def _text(name: str) -> str:
    if name not in names():
        raise KamError(f"{name!r} is not a report; known are {', '.join(names())}")
    return (FOLDER / f"{name}.sql").read_text("utf-8")


def grain(name: str) -> str:
    """What one row of the report is, as its first line says."""
    return _text(name).splitlines()[0].removeprefix("-- grain: ")


@cache
def defaults(name: str) -> dict[str, Any]:
    """The report's own settings and their defaults, from its lines `-- default: key = value`."""
    found = re.findall(r"^-- default: (\w+) = (.+)$", _text(name), flags=re.M)
    return {key: parsed(value.strip()) for key, value in found}


def parsed(value: str) -> Any:
    """A setting given as text: true, false, a number, or the text itself."""
    if value in ("true", "false"):
        return value == "true"
    return float(value) if "." in value else int(value) if value.lstrip("-").isdigit() else value


def report(reader: Reader, view: View, name: str, **settings: Any) -> pd.DataFrame:
    """The named report over a view. `settings` replace its defaults; others raise KamError.

    Columns are those of the .sql file; money in the reporting currency, shares and percentages as fractions.
    """
    text, values = _text(name), dict(defaults(name))
    unknown = set(settings) - set(values)
    if unknown:
        raise KamError(f"report {name} has no setting {sorted(unknown)[0]!r}; it has {', '.join(values) or 'none'}")
    facts = Facts.read(reader)
    query = Query(view, facts, portfolio=_is_portfolio(text))
    span = view.period.span(facts.calendar(view))
    query.params |= values | settings
    sql, params = query.with_prelude(text, [Bucket("", span, year_before(span))])
    return reader.frame(sql, params)


def _is_portfolio(text: str) -> bool:
    """Reports that list accounts take those a manager holds; reports that only sum sales take those credited."""
    return "-- manager: holder" in text
