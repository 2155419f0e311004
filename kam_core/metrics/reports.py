"""Shaped results by name: each a .sql file over the prelude, its grain in the first line, its defaults in the head."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from kam_core.errors import KamError
from kam_core.metrics import forecast, turning
from kam_core.metrics.facts import Facts, Reader
from kam_core.metrics.prelude import Bucket, Query, trailing_year
from kam_core.view import Period, View, year_before

FOLDER = Path(__file__).parent / "sql" / "reports"
POLICY = "policy "  # a default that is a rule of the policy: `-- default: visit = policy cost_to_serve.visit`


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
    """A setting given as text: true, false, a number, or the text itself ("00123" is the number of an account)."""
    if value in ("true", "false"):
        return value == "true"
    if re.fullmatch(r"-?(0|[1-9]\d*)", value):
        return int(value)
    return float(value) if re.fullmatch(r"-?\d*\.\d+", value) else value


def report(reader: Reader, view: View, name: str, **settings: Any) -> pd.DataFrame:
    """The named report over a view. `settings` replace its defaults; others raise KamError.

    Columns are those of the .sql file; money in the reporting currency, shares and percentages as fractions.
    """
    text, values = _text(name), dict(defaults(name))
    unknown = set(settings) - set(values)
    if unknown:
        raise KamError(f"report {name} has no setting {sorted(unknown)[0]!r}; it has {', '.join(values) or 'none'}")
    if view.roll_up and not _takes_groups(text):
        able = ", ".join(known for known in names() if _takes_groups(_text(known)))
        raise KamError(f"report {name} counts accounts, not groups; by group there are {able}")
    _check_days(name, settings)
    facts = Facts.read(reader)
    if _is_of_running_period(text) and view.period.name == "all":
        view = view.over(Period("this_quarter"))
    span = view.period.span(facts.calendar(view))
    if _is_yearly(text):
        span = trailing_year(span.end)
        view = view.over(Period.between(span.start, span.end))
    chosen = view.filters.manager or None
    if _compares_managers(text):
        view = replace(view, filters=replace(view.filters, manager=()))
    query = Query(view, _under(facts, values, settings), portfolio=_is_portfolio(text))
    query.params["chosen_managers"] = list(chosen) if chosen else None
    query.params |= {key: value for key, value in (values | settings).items() if not str(value).startswith(POLICY)}
    sql, params = query.with_prelude(text, [Bucket("", span, year_before(span))])
    frame = reader.frame(sql, params)
    if "-- then: turned" in text:
        margin = float(query.facts.policy["profit.minimum_margin"])
        return turning.finish(frame, str(query.params["field"]), margin, facts.has("has_cost"))
    if "-- then: simulated" in text:
        return forecast.simulated(frame, report(reader, view, "forecast_fares"), query.calendar.as_of)
    return frame


def _under(facts: Facts, defaults: dict[str, Any], settings: dict[str, Any]) -> Facts:
    """The facts under a policy in which the settings that stand for a rule ("policy profit.top_share") replace it."""
    rules = {key: default.removeprefix(POLICY) for key, default in defaults.items() if str(default).startswith(POLICY)}
    changed = {rule: settings[key] for key, rule in rules.items() if key in settings}
    for rule, value in changed.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise KamError(f"{rule} must be a number, not {value!r}")
    return replace(facts, policy=facts.policy | changed)


def _is_yearly(text: str) -> bool:
    """Reports about a year take the 12 months up to the end of the period, whatever its length."""
    return "-- days: trailing year" in text


def _is_of_running_period(text: str) -> bool:
    """Reports that look ahead need a period that ends."""
    return "-- days: running period" in text


def _takes_groups(text: str) -> bool:
    """Reports in which groups may stand in the place of accounts."""
    return "-- groups: may stand" in text


DAYS = ("since", "until")  # settings that name a day


def _check_days(name: str, settings: dict[str, Any]) -> None:
    for key in DAYS:
        try:
            date.fromisoformat(str(settings.get(key, "2025-12-31")))
        except ValueError:
            raise KamError(f"report {name}: {key} takes a day such as 2025-12-31, not {settings[key]!r}") from None


def _compares_managers(text: str) -> bool:
    """Reports that compare managers look at all of them; a manager filter picks rows of the result."""
    return "-- managers: all" in text


def _is_portfolio(text: str) -> bool:
    """Reports that list accounts take those a manager holds; reports that only sum sales take those credited."""
    return "-- manager: holder" in text
