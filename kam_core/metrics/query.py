"""Figures by name: a view and measure keys in, a frame out. Pages, exports, commands and tests all ask here."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

import pandas as pd

from kam_core.errors import KamError
from kam_core.metrics.facts import Facts, Reader
from kam_core.metrics.measures import MEASURES, Measure
from kam_core.metrics.prelude import Bucket, Query, trailing_year
from kam_core.metrics.prelude import part as prelude_part
from kam_core.view import Calendar, Span, View, add_months, month_start, year_before

_POOL = ThreadPoolExecutor(4, "figures")  # the parts of one answer are asked side by side
TIME = ("month", "quarter", "year")
DIMENSIONS = (*TIME, "region", "industry", "tier", "manager", "account", "product_line", "partner", "segment")
_TARGET_DIMENSIONS = ("region", "industry", "manager")
_LINE_DIMENSIONS = ("product_line", "partner")
_RISK_DIMENSIONS = ("region", "industry", "tier", "manager", "account", "segment")
SUMMED = (
    "revenue", "gross_sales", "returns", "costed_revenue", "cost", "listed_revenue", "list_amount", "quantity",
    "orders",
)  # fmt: skip


def measure(
    reader: Reader, view: View, keys: Sequence[str], by: Sequence[str] = (), compare: bool = False
) -> pd.DataFrame:
    """One row per value of the dimensions in `by` (one row without), one column per dimension and measure.

    Months read "2026-03", quarters "2026-Q1", years "2026"; dimensions hold ids (None where an account has none);
    percentages are fractions; what cannot be computed is NaN, and `why_missing` says why. `compare` adds
    `<key>_before`: the same days of the year before. Raises KamError for unknown keys and dimensions.
    """
    measures, by = [_known(key) for key in keys], _checked(by)
    facts = Facts.read(reader)
    calendar = facts.calendar(view)
    time = next((d for d in by if d in TIME), "")
    stretches = [Stretch(label, span) for label, span in _split(view.period.span(calendar), time, calendar)]
    if compare:
        stretches += [Stretch(s.label, year_before(s.span), "_before") for s in stretches]
    found = _answer(reader, view, facts, measures, by, stretches)
    return _arranged(found, measures, by, stretches)


@dataclass(frozen=True)
class Stretch:
    """Days that one row of an answer speaks of: its label, and the suffix of the columns that its figures go to."""

    label: str
    span: Span
    suffix: str = ""

    @property
    def key(self) -> str:
        return self.label + self.suffix


def over(reader: Reader, view: View, keys: Sequence[str], spans: Mapping[str, Span]) -> pd.DataFrame:
    """The measures over any stretches of days at once: one row a label of `spans`, one column a measure.

    As `measure` without dimensions; the view's own period does not count.
    """
    measures = [_known(key) for key in keys]
    found = _answer(reader, view, Facts.read(reader), measures, [], [Stretch(k, span) for k, span in spans.items()])
    return found.set_index("bucket").loc[list(spans)]


def _known(key: str) -> Measure:
    if key not in MEASURES:
        raise KamError(f"{key!r} is not a measure; known are {', '.join(MEASURES)}")
    return MEASURES[key]


def _checked(by: Sequence[str]) -> list[str]:
    unknown = [d for d in by if d not in DIMENSIONS]
    if unknown:
        raise KamError(f"{unknown[0]!r} is not a dimension; known are {', '.join(DIMENSIONS)}")
    if sum(d in TIME for d in by) > 1:
        raise KamError("figures can be split by one of month, quarter and year at a time")
    return list(dict.fromkeys(by))


def dimensions_of(found: Measure) -> tuple[str, ...]:
    """The dimensions that a measure can be split by."""
    if found.source == "account_risk":
        return _RISK_DIMENSIONS
    return DIMENSIONS if found.source in ("sales", "opportunities") else (*TIME, *_TARGET_DIMENSIONS)


def _split(span: Span, time: str, calendar: Calendar) -> list[tuple[str, Span]]:
    """The stretch cut at the ends of its months, quarters or fiscal years, each with its label."""
    if not time:
        return [("", span)]
    parts, start = [], span.start
    while start < span.end:
        first, months = {
            "month": (month_start(start), 1),
            "quarter": (calendar.quarter_start(start), 3),
            "year": (calendar.year_start(start), 12),
        }[time]
        end = min(add_months(first, months), span.end)
        parts.append((label(first, time, calendar), Span(start, end)))
        start = end
    return parts


def label(first: Any, time: str, calendar: Calendar) -> str:
    year = calendar.year_start(first)
    if time == "month":
        return f"{first:%Y-%m}"
    if time == "year":
        return str(year.year)
    quarter = ((first.year - year.year) * 12 + first.month - year.month) // 3 + 1
    return f"{year.year}-Q{quarter}"


def _answer(
    reader: Reader, view: View, facts: Facts, measures: list[Measure], by: list[str], stretches: list[Stretch]
) -> pd.DataFrame:
    """One row per stretch and value of the other dimensions, one column per measure."""
    others = [d for d in by if d not in TIME]
    keys = ["bucket", *others]
    result = pd.DataFrame({"bucket": [s.key for s in stretches]}) if not others else None
    for frame in _POOL.map(lambda part: _run(reader, view, facts, part, others, stretches), _parts(measures)):
        result = frame if result is None else result.merge(frame, on=keys, how="outer")
    assert result is not None
    for m in measures:
        if m.key == "attainment":
            result["attainment"] = result["_revenue"] / result["_target"].where(result["_target"] > 0)
        if m.key == "coverage":
            still = result["_whole_target"] - result["_won"].fillna(0)
            result["coverage"] = result["_closing"] / still.where(still > 0)
        if not facts.has(m.needs):
            result[m.key] = math.nan  # nothing was loaded that it could be counted from: unknown, not 0
        elif m.empty_is_zero and not others:
            result[m.key] = result[m.key].fillna(0)
    return result[[*keys, *(m.key for m in measures)]]


def _arranged(found: pd.DataFrame, measures: list[Measure], by: list[str], stretches: list[Stretch]) -> pd.DataFrame:
    """Stretches as values of the time dimension, those compared with as columns beside them; sorted."""
    time = next((d for d in by if d in TIME), "")
    keys = [m.key for m in measures]
    sides = []
    for suffix in dict.fromkeys(s.suffix for s in stretches):
        labels = {s.key: s.label for s in stretches if s.suffix == suffix}
        side = found[found["bucket"].isin(list(labels))].rename(columns={k: k + suffix for k in keys})
        sides.append(side.assign(bucket=side["bucket"].map(labels)))
    result = sides[0]
    if len(sides) > 1:
        result = result.merge(sides[1], how="outer", on=["bucket", *(d for d in by if d != time)])
    result = result.rename(columns={"bucket": time}) if time else result.drop(columns="bucket")
    result = result[[*by, *(c for c in result.columns if c not in by)]]
    return result.sort_values(by, kind="stable", ignore_index=True) if by else result.reset_index(drop=True)


def _parts(measures: list[Measure]) -> list[list[Measure]]:
    """Measures that one query can answer together."""
    asked = list(measures)
    if any(m.key == "attainment" for m in asked):
        asked = [m for m in asked if m.key != "attainment"]
        asked += [Measure("_revenue", "money", "up", MEASURES["revenue"].expression)]
        asked += [Measure("_target", "money", "none", MEASURES["target"].expression, source="targets")]

    if any(m.key == "coverage" for m in asked):
        asked = [m for m in asked if m.key != "coverage"]
        closing = "case when bool_or(is_running) then coalesce(sum(amount) filter (where is_closing), 0) end"
        asked += [Measure("_closing", "money", "up", closing, source="opportunities")]
        asked += [Measure("_won", "money", "up", MEASURES["won_amount"].expression, source="opportunities")]
        asked += [Measure("_whole_target", "money", "none", MEASURES["target"].expression, source="whole_targets")]

    def shape(m: Measure) -> tuple[str, str, str, bool]:
        return m.source, m.per if m.per == "group_id" else "", m.span, m.compares

    return [list(group) for _, group in groupby(sorted(asked, key=shape), key=shape)]


def _run(
    reader: Reader, view: View, facts: Facts, part: list[Measure], others: list[str], stretches: list[Stretch]
) -> pd.DataFrame:
    first = part[0]
    if first.source == "whole_targets":
        part = [replace(m, source="targets") for m in part]
        wholes = [replace(s, span=_whole(s, view, facts)) for s in stretches]
        return _run(reader, view, facts, part, others, wholes)
    if first.source == "targets" and _targets_cannot(view, others):
        kinds = dict.fromkeys(["bucket", *others], "object") | {m.key: "float" for m in part}
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
    if first.source == "account_risk":
        return _run_risk(reader, view, facts, part, others, stretches)
    if first.source == "opportunities":
        return _run_deals(reader, view, facts, part, others, stretches)
    by_line, trailing = any(d in _LINE_DIMENSIONS for d in others), first.span == "trailing"
    query = Query(view, facts, by_line=by_line, portfolio=trailing, trailing=trailing)
    body = _targets_sql(part, others) if first.source == "targets" else _sales_sql(part, others, view)
    sql, params = query.with_prelude(body, [_bucket(s.key, s.span, first) for s in stretches])
    return _mergeable(reader.frame(sql, params), others)


def _mergeable(frame: pd.DataFrame, others: list[str]) -> pd.DataFrame:
    """Keys as objects, None where missing: they merge whatever their frames hold."""
    for key in ("bucket", *others):
        frame[key] = frame[key].astype(object).where(frame[key].notna(), None)
    return frame


def _whole(stretch: Stretch, view: View, facts: Facts) -> Span:
    """All days of the month, quarter, year or period of which the stretch shows those that have passed."""
    calendar = facts.calendar(view)
    span, whole = stretch.span, view.period.whole(calendar)
    if stretch.suffix:
        whole = year_before(whole)
    first, last = span.start, whole.end
    if re.fullmatch(r"\d{4}(-Q\d|-\d\d)?", stretch.label):
        months = {4: 12, 7: 3 if "Q" in stretch.label else 1}[len(stretch.label)]
        begun = {1: month_start, 3: calendar.quarter_start, 12: calendar.year_start}[months](first)
        last = min(last, add_months(begun, months))
    return Span(first, max(last, span.end))


def _run_deals(
    reader: Reader, view: View, facts: Facts, part: list[Measure], others: list[str], stretches: list[Stretch]
) -> pd.DataFrame:
    """Deals open at the end of each stretch, and those closed in it."""
    dimensions = ["bucket", *(f"{_columns(view, False)[d]} as {d}" for d in others)]
    query = Query(view, facts)
    query.params |= {
        "deals_bucket": [s.key for s in stretches],
        "deals_from": [s.span.start for s in stretches],
        "deals_until": [s.span.end for s in stretches],
        # what was told after the last day loaded is how things stand on it
        "deals_day": [date.max if s.span.last >= facts.as_of else s.span.last for s in stretches],
        "deals_whole": [_whole(s, view, facts).end for s in stretches],
    }
    sql, params = query.with_prelude(_grouped(part, f"({prelude_part('deal_days')})", dimensions))
    return _mergeable(reader.frame(sql, params), others)


def _run_risk(
    reader: Reader, view: View, facts: Facts, part: list[Measure], others: list[str], stretches: list[Stretch]
) -> pd.DataFrame:
    """Risk is known as of the last day loaded and by account: other stretches, lines and partners have none of it."""
    now = [s.key for s in stretches if not s.suffix and s.span.last >= facts.as_of]
    kinds = dict.fromkeys(["bucket", *others], "object") | {m.key: "float" for m in part}
    narrowed = bool(view.filters.product_line or view.filters.partner or set(others) & set(_LINE_DIMENSIONS))
    if not now or narrowed:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
    columns = _columns(view, True) | {"manager": "manager_id"}
    dimensions = [f"'{now[0]}' as bucket", *(f"{columns[d]} as {d}" for d in others)]
    sql, params = Query(view, facts, portfolio=True).with_prelude(_grouped(part, "account_risk", dimensions))
    return reader.frame(sql, params).astype(kinds)


def _bucket(label: str, span: Span, shape: Measure) -> Bucket:
    if shape.span == "trailing":
        trailing = trailing_year(span.end)
        return Bucket(label, trailing, trailing_year(trailing.start))
    return Bucket(label, span, year_before(span) if shape.compares else None)


def _columns(view: View, portfolio: bool) -> dict[str, str]:
    """Each dimension as a column of `sales`."""
    account = "group_id" if view.roll_up else "account_id"
    return {
        "region": "region", "industry": "industry", "tier": "tier", "segment": "segment", "account": account,
        "manager": "holder_id" if portfolio else "manager_id", "product_line": "product_line", "partner": "partner_id",
    }


def _sales_sql(part: list[Measure], by: list[str], view: View) -> str:
    """Sums per stretch and dimensions; where a measure counts or compares accounts, over one row an account."""
    trailing = part[0].span == "trailing"
    columns = _columns(view, trailing)
    dimensions = ["bucket", *(f"{columns[d]} as {d}" for d in by)]
    per = next((m.per for m in part if m.per), "")
    sides = [("now", ""), ("before", "_before")] if trailing or part[0].compares else []
    if not per and not sides:
        return _grouped(part, "sales", dimensions)
    key = columns["account"] if per == "account_id" else per
    inner_keys = [*dimensions, *([f"{key} as per"] if key else [])]
    used = [c for c in SUMMED if any(re.search(rf"\b{c}(_before)?\b", m.expression) for m in part)]
    sums = [
        f"coalesce(sum({c}) filter (where side = '{side}'), 0) as {c}{suffix}" for c in used for side, suffix in sides
    ] or [f"sum({c}) as {c}" for c in used]
    if "tier" not in by and any("tier" in m.expression for m in part):
        sums.append("any_value(tier) as tier")
    numbers = ", ".join(str(n + 1) for n in range(len(inner_keys)))
    inner = f"select {', '.join([*inner_keys, *sums])} from sales group by {numbers}"
    return _grouped(part, f"({inner})", ["bucket", *by])


def _grouped(part: list[Measure], relation: str, dimensions: list[str]) -> str:
    figures = [f"{m.expression} as {m.key}" for m in part]
    numbers = ", ".join(str(n + 1) for n in range(len(dimensions)))
    return f"select {', '.join([*dimensions, *figures])} from {relation} group by {numbers}"


def _targets_sql(part: list[Measure], by: list[str]) -> str:
    columns = {"region": "t.region", "industry": "t.industry", "manager": "t.manager_id"}
    dimensions = [f"{columns[d]} as {d}" for d in by]
    relation = (
        "(select t.* exclude (target), d.bucket, t.target * d.share as target from targets as t"
        " inner join (select bucket, date_trunc('month', day) as month, sum(share) as share"
        " from sales_days group by 1, 2) as d on d.month = t.month) as t"
    )
    return _grouped(part, relation, ["t.bucket", *dimensions])


def _targets_cannot(view: View, by: Iterable[str]) -> str:
    """The dimension or filter by which targets, which belong to managers, cannot be told apart; "" where they can."""
    allowed = (*TIME, *_TARGET_DIMENSIONS)
    return next((d for d in [*by, *(name for name, _ in view.filters.items())] if d not in allowed), "")


def why_missing(reader: Reader, view: View, key: str, by: Sequence[str] = ()) -> str:
    """Why a measure has no value: a key of the texts under `missing`, such as "has_cost"."""
    found, facts = _known(key), Facts.read(reader)
    if not facts.has(found.needs):
        return found.needs
    if found.source == "coverage" and not facts.has("opportunities"):
        return "opportunities"
    if found.source in ("targets", "attainment", "coverage") and _targets_cannot(view, by):
        return "targets_by_manager"
    if found.source == "account_risk":
        return "no_churn_model"
    if found.source == "coverage":
        return "target_met_or_over"
    if found.span == "trailing" or found.compares:
        return "no_earlier_year"
    if key in ("pipeline_amount", "weighted_pipeline"):
        known = measure(reader, view, ["open_deals", "pipeline_amount"]).iloc[0]
        if known.open_deals:
            return "open_without_amount" if pd.isna(known.pipeline_amount) else "open_without_chance"
    return "nothing_in_view"


def loaded_only_from(facts: Facts, view: View, key: str, compared: bool = False) -> date | None:
    """The first day loaded, where the days that a measure looks back on begin before it; else None.

    The figure is then by its definition, but not of whole years: pages and commands say so. With `compared`, the same
    for the figure of the year before.
    """
    found = _known(key)
    span = view.period.span(facts.calendar(view))
    if compared:
        span = year_before(span)
    if found.span == "trailing":
        start = trailing_year(trailing_year(span.end).start).start
    elif found.compares:
        start = year_before(span).start
    else:
        start = span.start if compared else facts.values["first_day"]
    first: date = facts.values["first_day"]
    return first if start < month_start(first) else None
