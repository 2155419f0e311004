"""The cards of the overview: what the executive sees first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts.matrix import heat_matrix
from kam_core.charts.months import revenue_by_month
from kam_core.charts.movers import movers as movers_chart
from kam_core.charts.parts import Spec
from kam_core.charts.tiers import tier_butterfly
from kam_core.text import numbers
from kam_core.text.sentence import name_of, own_script
from kam_core.ui import cards, drill, session, states
from kam_core.ui.cards import Table
from kam_core.ui.session import money, money_change, money_full, words
from kam_core.view import NONE, Period, View, add_months, month_start

MOST_COLUMNS, MOST_LINES = 10, 14  # regions and industries that the matrix shows; the rest is summed up as others
OTHER = "\0other"
Sentence = tuple[str, dict[str, str | None]]  # words, and the parameters of the accounts behind them


def prepare(keys: Sequence[str]) -> None:
    """All figures of the page, those of the row of `keys` too, before the first card."""
    session.together(lambda: cards.figures(tuple(keys)), _revenue, _overview, _causes, _by_tier)
    for card in (_changes, _matrix, _movers, _tiers):
        card()


def revenue(question: str = "page.overview.revenue_by_month") -> None:
    """Revenue by month against last year and target."""
    if not session.facts().has("orders"):
        with cards.card("revenue", words(question)):
            states.not_loaded("orders", words(question))
        return
    spec, alt, table, note = _revenue()
    with cards.card("revenue", words(question), table, note):
        cards.chart("revenue_chart", spec, alt)


@session.kept
def _revenue() -> tuple[Spec, str, Table, str]:
    lang, look, view = session.lang(), session.colours(), _months_of(session.view())
    frame = session.measure(view, ["revenue", "target"], by=("month",), compare=True)
    unloaded = [bool(session.loaded_only_from(view.over(Period(m)), "growth")) for m in frame["month"]]
    frame.loc[unloaded, "revenue_before"] = math.nan
    rows = [_month_row(row) for row in frame.to_dict("records")]
    has_target = bool(frame["target"].notna().any())
    legend = [("solid", look.actual, words("chart.actual")), ("solid", look.before, words("chart.last_year"))]
    if has_target:
        legend.append(("outline", look.target, words("chart.target")))
    partial = next((r["long"] for r in rows if r["partial"]), "")
    if partial:
        legend.append(("partial", look.actual, words("chart.partial_long", date=numbers.day_of_year(_as_of(), lang))))
    note = cards.legend(*legend)
    if not session.facts().has("targets"):
        note += f'<div class="kam-legend">{words("page.overview.no_target")}</div>'
    table = Table(
        frame[["month", "revenue", "revenue_before", "target"]],
        {"revenue": "money", "revenue_before": "money", "target": "money"},
    )
    alt = words("page.overview.revenue_by_month_alt", first=rows[0]["long"], last=rows[-1]["long"], partial=partial)
    axis = numbers.axis_expression(lang, "money", _currency())
    return revenue_by_month(look, rows, _compared_words("dimension.month"), axis, 236), alt, table, note


def _months_of(view: View) -> View:
    """The months to draw: those of the period, or the last twelve where the period has fewer than six."""
    span = cards.span_of(view)
    if (span.end - span.start).days >= 150:
        return view
    last = month_start(span.last)
    return view.over(Period.between(add_months(last, -11), span.end))


def _month_row(row: dict[Any, Any]) -> dict[str, Any]:
    lang, as_of = session.lang(), _as_of()
    first = date(int(row["month"][:4]), int(row["month"][5:]), 1)
    running = first == month_start(as_of) and add_months(first, 1) > as_of and as_of.day < 28
    now, before, target = (_known(row[k]) for k in ("revenue", "revenue_before", "target"))
    growth = numbers.growth(now, before)
    long = numbers.month(first, lang)
    name = numbers.month_short(first, lang) if _spans_years() else numbers.month_name(first, lang)
    return {
        "month": row["month"],
        "name": f"{name}*" if running else name,
        "partial": running,
        "actual": now,
        "before": before,
        "target": target,
        "top": max(v or 0 for v in (now, before, target)),
        "label": money(now) if now else "",
        "actual_text": money_full(now),
        "before_text": money_full(before),
        "target_text": money_full(target),
        "change_text": numbers.percent(growth, lang, signed=True),
        "long": f"{long} ({words('chart.partial_long', date=numbers.day_of_year(as_of, lang))})" if running else long,
    }


def _spans_years() -> bool:
    span = cards.span_of(_months_of(session.view()))
    return span.start.year != span.last.year


# --- what changed


def changes() -> None:
    """What changed most and why, in sentences; each opens the accounts behind it."""
    with cards.card("changes", words("page.overview.changes")), st.container(key="changes_list", gap="xxsmall"):
        for text, fields in _changes():
            # A figure is not torn from its sign at the end of a line.
            drill.link(text.replace(numbers.MINUS, numbers.MINUS + "\u2060"), **fields)


@session.kept
def _changes() -> list[Sentence]:
    """The total, what carried it, the strongest region and industry each way, the account that fell most."""
    frame = _overview()
    total = frame[frame.section == "total"].iloc[0]
    if not session.facts().has("orders"):
        return [(words("change.no_orders"), {})]
    if reason := session.no_comparison():
        return [(words("change.not_compared", value=f"**{money(total.revenue)}**", reason=reason), {})]
    said: list[Sentence] = [(_said("total", total, value=money(total.revenue)), {})]
    said += _movements()
    for dimension in ("region", "industry"):
        part = frame[frame.section == dimension]
        if len(part) > 1:
            said.append(_of_dimension(dimension, part.iloc[0]))
            said.append(_of_dimension(dimension, part.iloc[-1], is_last=True))
    falls = frame[frame.section == "down"]
    if len(falls):
        said.append(_fall(falls.iloc[-1]))
    return said if len(said) > 1 else [*said, (words("change.none"), {})]


UP, DOWN = ":blue[▲] ", ":orange[▼] "


def _said(subject: str, row: Any, kind: str = "", **values: str) -> str:
    change = row.revenue - row.revenue_before
    kind = kind or f"{subject}_{'up' if change >= 0 else 'down'}"
    return (UP if change >= 0 else DOWN) + words(
        f"change.{kind}",
        delta=f"**{money(abs(change))}**",
        growth=numbers.percent(numbers.growth(row.revenue, row.revenue_before), session.lang(), signed=True),
        **values,
    )


def _of_dimension(dimension: str, row: Any, is_last: bool = False) -> Sentence:
    """Who added most, or (the last in order) who lost most; where all rose, who added least."""
    value = _text(row[dimension])
    kind = f"{dimension}_least" if is_last and row.revenue > row.revenue_before else ""
    text = _said(dimension, row, kind, name=f"**{name_of(dimension, value, session.lang(), session.names())}**")
    rises = row.revenue >= row.revenue_before
    driver, share = (row.riser, row.rise) if rises else (row.faller, row.fall)
    if _text(driver) and abs(share) > 0.1 * abs(row.revenue - row.revenue_before):
        text += words("change.driver", name=own_script(driver, session.lang()), delta=money_change(share))
    return text, {dimension: drill.key_of(value)}


def _movements() -> list[Sentence]:
    """The largest step of the revenue bridge that added and the largest that took away."""
    causes = _causes().set_index("cause")
    changes = causes.change.sort_values()
    kinds = {
        "lost": "lost_accounts",
        "contraction": "contraction",
        "expansion": "expansion",
        "new": "new_accounts",
        "won_back": "won_back",
    }
    said: list[Sentence] = []
    for cause in [changes.index[-1], changes.index[0]] if len(changes) else []:
        row = causes.loc[cause]
        n = numbers.short(row.accounts, session.lang(), "count")
        text = (UP if changes[cause] >= 0 else DOWN) + words(
            f"change.{kinds[cause]}", n=f"**{n}**", value=f"**{money(abs(changes[cause]))}**"
        )
        said.append((text, {"moved": cause}))
    return said


def _fall(row: Any) -> Sentence:
    name = f"**{own_script(row['name'], session.lang())}**"
    before = money(row.revenue_before)
    if row.revenue > 0:
        text = _said("account", row, name=name)
    elif _as_of() - timedelta(int(row.days_silent)) >= cards.span_of(session.view()).start:
        text = DOWN + words("change.account_returned", name=name, value=money(row.revenue), before=before)
    else:
        days = session.counted("days", int(row.days_silent))
        text = DOWN + words("change.account_lost_silent", name=name, before=before, days=days)
    return text, {"account": row.account_id}


# --- region × industry


def matrix() -> None:
    """Revenue by region and industry, shaded by growth; the totals are those of the whole."""
    made = _matrix()
    if made is None:
        with cards.card("matrix", words("page.overview.matrix")):
            states.no_places(words("page.overview.matrix"))
        return
    spec, alt, table = made
    note = f'<div class="kam-legend">{session.no_comparison() or words("page.overview.matrix_note")}</div>'
    with cards.card("matrix", words("page.overview.matrix"), table, note), st.container(key="matrix_scroll"):
        cards.chart("matrix_chart", spec, alt)


@session.kept
def _matrix() -> tuple[Spec, str, Table] | None:
    """None where accounts have neither regions nor industries."""
    frame, total = _overview(), words("chart.total")
    regions, industries = _order(frame, "region", MOST_COLUMNS), _order(frame, "industry", MOST_LINES)
    if set(regions + industries) <= {NONE} or not session.facts().has("orders"):
        return None
    rows = [_cell_row(*key, *sums) for key, sums in _cells(frame, regions, industries).items()]
    largest = max((r for r in rows if not r["total"]), key=lambda r: r["value"])
    spec = heat_matrix(
        session.colours(),
        rows,
        _compared_words("chart.cell") | {"value": words("chart.revenue"), "growth": words("column.growth")},
        [_shown("region", r) for r in regions] + [total],
        [_shown("industry", i) for i in industries] + [total],
        height=23 * (len(industries) + (len(industries) > 1)) + 18,
    )
    alt = words(
        "page.overview.matrix_alt", region=largest["column"], industry=largest["line"], value=largest["value_text"]
    )
    cells = frame[frame.section == "cell"][["region", "industry", "accounts", "revenue", "revenue_before"]]
    cells = cells.drop(columns="revenue_before") if session.no_comparison() else cells
    return spec, alt, Table(cells, {"accounts": "count", "revenue": "money", "revenue_before": "money"})


def _order(frame: pd.DataFrame, dimension: str, most: int) -> list[str]:
    """The values of a dimension by revenue, the smallest summed up as others where there are too many."""
    values = frame[frame.section == dimension].sort_values("revenue", ascending=False)[dimension]
    keys = [drill.key_of(v) for v in values]
    return keys if len(keys) <= most else [*keys[: most - 1], OTHER]


def _cells(frame: pd.DataFrame, regions: list[str], industries: list[str]) -> dict[tuple[str, str], list[float]]:
    """(region, industry) → revenue now and before; "" stands for the total."""
    sums: dict[tuple[str, str], list[float]] = {}
    for row in _rows(frame[frame.section == "cell"]):
        region = _kept(drill.key_of(row.region), regions)
        industry = _kept(drill.key_of(row.industry), industries)
        for key in _sums_of(region, industry, len(regions) > 1, len(industries) > 1):
            cell = sums.setdefault(key, [0.0, 0.0])
            cell[0] += row.revenue
            cell[1] += row.revenue_before
    return sums


def _sums_of(region: str, industry: str, across: bool, down: bool) -> list[tuple[str, str]]:
    """The cell and the totals it goes into; a single region or industry needs no total of its own."""
    return [(region, industry)] + [("", industry)] * across + [(region, "")] * down + [("", "")] * (across and down)


def _kept(key: str, keys: list[str]) -> str:
    return key if key in keys else OTHER


def _cell_row(region: str, industry: str, now: float, before: float) -> dict[str, Any]:
    lang, total = session.lang(), words("chart.total")
    before = math.nan if session.no_comparison() else before
    growth = numbers.growth(now, before)
    column, line = _shown("region", region) if region else total, _shown("industry", industry) if industry else total
    return {
        "column": column,
        "line": line,
        "total": not (region and industry),
        "region": _door(region),
        "industry": _door(industry),
        "value": now,
        "label": numbers.short(now, lang, "plain"),
        "growth": growth,
        "name": f"{column} · {line}",
        "value_text": money_full(now),
        "before_text": money_full(before),
        "growth_text": numbers.percent(growth, lang, signed=True),
    }


def _door(key: str) -> str | None:
    return None if key in ("", OTHER) else key


def _shown(dimension: str, key: str) -> str:
    return words("chart.other") if key == OTHER else name_of(dimension, key, session.lang(), session.names())


# --- movers and tiers


def movers() -> None:
    """The accounts that rose and fell most."""
    spec, alt, table = _movers()
    with cards.card("movers", words("page.overview.movers"), table):
        if table.frame.empty:
            st.caption(session.no_comparison() or words("change.none"))
        else:
            cards.chart("movers_chart", spec, alt)


@session.kept
def _movers() -> tuple[Spec, str, Table]:
    frame = _overview()
    moved = frame[frame.section.isin(["up", "down"]) & (not session.no_comparison())].copy()
    moved["change"] = moved.revenue - moved.revenue_before
    moved = moved.sort_values("change", ascending=False)
    columns = ["account_id", "name", "tier", "region", "industry", "revenue", "revenue_before", "change"]
    table = Table(moved[columns].rename(columns={"name": "account"}), dict.fromkeys(columns[-3:], "money"))
    rows = [_mover_row(row) for row in _rows(moved)]
    alt = words("page.overview.movers_alt", up=rows[0]["name"], down=rows[-1]["name"]) if rows else ""
    return movers_chart(session.colours(), rows, _compared_words("dimension.account"), 29 * len(rows)), alt, table


def _mover_row(row: Any) -> dict[str, Any]:
    return {
        "account": row.account_id,
        "name": own_script(row.name, session.lang()),
        "change": row.change,
        "label": money_change(row.change),
        "now_text": money_full(row.revenue),
        "before_text": money_full(row.revenue_before),
        "change_text": numbers.full(row.change, session.lang(), "money", _currency()),
    }


def tiers() -> None:
    """Accounts and revenue by tier, side by side."""
    spec, alt, table = _tiers()
    with cards.card("tiers", words("page.overview.tiers"), table):
        if table.frame.empty:
            st.caption(words("missing.nothing_in_view" if session.facts().has("orders") else "missing.orders"))
        else:
            cards.chart("tiers_chart", spec, alt)


@session.kept
def _tiers() -> tuple[Spec, str, Table]:
    part = _by_tier()
    revenue_sum = part.revenue.clip(lower=0).sum() or 1
    rows = [_tier_row(row, row.account_share, max(row.revenue, 0) / revenue_sum) for row in _rows(part)]
    said = {"tier": words("dimension.tier"), "accounts": words("chart.accounts"), "revenue": words("chart.revenue")}
    summary = "; ".join(f"{r['name']}: {r['accounts_label']}, {r['revenue_label']}" for r in rows)
    columns = {"accounts": "count", "revenue": "money", "revenue_before": "money"}
    spec = tier_butterfly(session.colours(), rows, said, max(30, 255 // max(len(rows), 1)) * len(rows))
    return (
        spec,
        words("page.overview.tiers_alt", summary=summary),
        Table(part[["tier", *columns]], columns),
    )


def _tier_row(row: Any, accounts: float, revenue: float) -> dict[str, Any]:
    lang = session.lang()
    return {
        "tier": drill.key_of(_text(row.tier)),
        "name": _text(row.tier) or words("tier.none"),
        "accounts_share": accounts,
        "revenue_share": revenue,
        "accounts_label": cards.whole_share(accounts),
        "revenue_label": cards.whole_share(revenue),
        "accounts_text": f"{numbers.full(row.accounts, lang, 'count')} · {numbers.percent(accounts, lang)}",
        "revenue_text": f"{money_full(row.revenue)} · {numbers.percent(revenue, lang)}",
    }


# --- shared


def _overview() -> pd.DataFrame:
    return session.report(session.view(), "overview", limit=5)


def _causes() -> pd.DataFrame:
    """What made the difference to the year before, as on the page of retention."""
    return session.report(session.view(), "revenue_bridge")


def _by_tier() -> pd.DataFrame:
    """The same accounts as on the page of the tiers."""
    return session.report(session.view(), "tier_distribution")


def _compared_words(name: str) -> dict[str, str]:
    keys = {"before": "chart.last_year", "actual": "chart.actual", "target": "chart.target", "change": "column.growth"}
    return {"name": words(name), **{key: words(text) for key, text in keys.items()}}


def _as_of() -> date:
    return session.calendar().as_of


def _currency() -> str:
    return session.facts().currency


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    yield from frame.itertuples()


def _known(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)
