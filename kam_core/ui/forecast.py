"""The cards of the forecast page: what will be won by the end of the period, and how good earlier forecasts were."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts import outlook as charts
from kam_core.charts.parts import Spec
from kam_core.errors import KamError
from kam_core.metrics import query
from kam_core.text import numbers
from kam_core.text.sentence import own_script
from kam_core.ui import cards, deals, session
from kam_core.ui.cards import Table
from kam_core.ui.deals import count
from kam_core.ui.funnel import MOST
from kam_core.ui.session import money, money_full, words
from kam_core.ui.tiers import choice
from kam_core.ui.tiles import Tile, show
from kam_core.view import NONE, Period

PARTS = ("region", "industry", "manager")
RUNNING = ("this_month", "this_quarter", "this_year")
UNITS = {
    "won": "money", "weighted_forecast": "money", "expected_low": "money", "expected": "money",
    "expected_high": "money",
    "closing_deals": "count", "closing_amount": "money", "past_close_deals": "count", "past_close_amount": "money",
    "revenue": "money", "target": "money", "attainment": "percent", "pace": "percent", "gap": "money",
    "gap_per_week": "money", "coverage": "index", "needed_coverage": "index", "win_rate": "percent",
    "deal_share": "percent",
}  # fmt: skip
NEARLY_ALL = 0.95  # from such a share of revenue on, recorded deals stand for it
MOST_OF_IT = 0.5  # below, open deals say nothing about a target that counts all revenue


def figures() -> None:
    """The answer by revenue; then revenue, pace and what is needed a week; then what deals bring of it."""
    row = session.report(session.view(), "forecast").iloc[0]
    said = [text for text in (_answer(row), _of_revenue(row)) if text]
    if said:
        st.markdown("  \n".join(said))
    revenue = [] if pd.isna(row.revenue) else [_sold(row)]
    show([*revenue, _pace(row), _gap(row), _won(row), _expected(row), _weighted(row), _coverage(row)])
    if row.days_left <= 0:
        st.caption(words("page.forecast.over"))
    elif pd.isna(row.low):
        st.caption(words("page.forecast.no_interval"))


def _answer(row: Any) -> str:
    """Where revenue ends if the rest of the period is earned as it was last year; "" where that is not known."""
    if row.days_left <= 0 or pd.isna(row.pace):
        return ""
    end = row.pace * row.target
    text = "page.forecast.ends_above" if end >= row.target else "page.forecast.ends_short"
    return words(text, end=money(end), target=money(row.target), by=money(abs(end - row.target)))


def _of_revenue(row: Any) -> str:
    """Which share of revenue runs through recorded deals; "" where they stand for all of it, or it is not known."""
    if pd.isna(row.deal_share) or row.deal_share >= NEARLY_ALL:
        return ""
    return words("page.forecast.of_revenue", share=_percent(row.deal_share))


def _percent(share: float) -> str:
    return numbers.percent(round(share, 2), session.lang())


def _tile(key: str, value: str, note: str, tone: str = "") -> Tile:
    return Tile(key, words(f"page.forecast.{key}"), value, note, words(f"page.forecast.{key}_means"), tone)


def _sold(row: Any) -> Tile:
    if pd.isna(row.target):
        return _tile("sold", money(row.revenue), words("missing.targets"))
    share = numbers.percent(None if pd.isna(row.attainment) else row.attainment, session.lang())
    return _tile("sold", money(row.revenue), words("page.forecast.of_target", share=share, target=money(row.target)))


def _pace(row: Any) -> Tile:
    """How far revenue is from what would be due by now: with the two figures that the share is made of."""
    if pd.isna(row.target):
        return _tile("pace", words("app.not_available"), words("missing.targets"))
    if pd.isna(row.pace):
        return _tile("pace", words("app.not_available"), "")
    due = row.share_last_year * row.target
    note, tone = ("ahead", "good") if row.pace >= 1 else ("behind", "bad")
    said = words(f"page.forecast.{note}", by=money(abs(row.revenue - due)), due=money(due))
    return _tile("pace", numbers.percent(row.pace, session.lang()), said, tone)


def _gap(row: Any) -> Tile:
    if pd.isna(row.target):
        return _tile("gap", words("app.not_available"), words("missing.targets"))
    return _tile(
        "gap",
        money(row.gap_per_week),
        words(
            "page.forecast.weeks_left",
            gap=money(row.gap),
            weeks=numbers.short(row.days_left / 7, session.lang(), "index"),
        ),
    )


def _won(row: Any) -> Tile:
    return _tile("won", money(row.won), words("page.forecast.deals", n=count(row.won_deals)))


def _expected(row: Any) -> Tile:
    note = (
        words("app.not_available")
        if pd.isna(row.low)
        else words("page.forecast.between", low=money(row.low), high=money(row.high))
    )
    return _tile("expected", money(row.expected), note)


def _weighted(row: Any) -> Tile:
    return _tile(
        "weighted",
        money(row.weighted_forecast),
        words("page.forecast.closing", n=count(row.closing_deals), amount=money(row.closing_amount)),
    )


def _coverage(row: Any) -> Tile:
    """Not said where most revenue comes without a deal: nearly nothing would cover a target that counts it all."""
    lang = session.lang()
    if pd.notna(row.deal_share) and row.deal_share < MOST_OF_IT:
        note = words("page.forecast.coverage_small", share=_percent(row.deal_share))
        return _tile("coverage", words("app.not_available"), note)
    tone = (
        ""
        if pd.isna(row.coverage) or pd.isna(row.needed_coverage)
        else "good"
        if row.coverage >= row.needed_coverage
        else "bad"
    )
    times = numbers.short(row.coverage, lang, "ratio")
    needed = numbers.short(row.needed_coverage, lang, "ratio")
    return _tile("coverage", times, words("page.forecast.needed", needed=needed, n=count(row.closed_in_a_year)), tone)


# --- by part


def outlook() -> None:
    """Won and expected by region, industry or manager; a click lists the open deals there."""
    by = _by()
    spec, alt, table = _outlook(by)
    look = session.colours()
    legend = cards.legend(
        ("solid", look.actual, words("page.forecast.won")), ("partial", look.actual, words("page.forecast.expected")),
        ("solid", look.text, words("page.forecast.range")),
    )  # fmt: skip
    with cards.card("outlook", words("page.forecast.outlook"), table, legend):
        choice("by", PARTS, "page.funnel.by")
        cards.marks("outlook_chart", spec, alt, "mark", "part")


def _by() -> str:
    by = st.session_state.get("by")
    return by if by in PARTS else PARTS[0]


@session.kept
def _outlook(by: str) -> tuple[Spec, str, Table]:
    frame = session.report(session.view(), "forecast", by=by)
    frame = frame.assign(most=frame[["expected", "won"]].max(axis=1)).sort_values("most", ascending=False)
    rows = [_part(by, row) for row in deals.rows(frame.head(MOST))]
    said = {key: words(f"page.forecast.{key}") for key in ("won", "expected", "range", "weighted")}
    spec = charts.outlook(session.colours(), rows, said | {"name": words(f"dimension.{by}")}, 30 * len(rows))
    frame = frame.rename(columns={"low": "expected_low", "high": "expected_high"})
    units = {c: u for c, u in UNITS.items() if frame[c].notna().any()}
    table = pd.DataFrame({by: [deals.shown(by, p) for p in frame.part]} | {c: frame[c].tolist() for c in units})
    return (
        spec,
        words("page.forecast.outlook_alt", first=rows[0]["name"] if rows else ""),
        Table(table, {by: "", **units}),
    )


def _part(by: str, row: Any) -> dict[str, Any]:
    known = pd.notna(row.low)
    between = f"{money(row.low)} – {money(row.high)}" if known else words("app.not_available")
    return {
        "part": row.part, "name": deals.shown(by, row.part), "won": float(row.won),
        "expected": float(row.expected) if known else None, "low": float(row.low) if known else None,
        "high": float(row.high) if known else None, "label": between if known else money(row.won),
        "won_text": money_full(row.won), "expected_text": money_full(row.expected), "range_text": between,
        "weighted_text": money_full(row.weighted_forecast),
    }  # fmt: skip


# --- how good they were


def grades() -> None:
    """Earlier forecasts made with as many days left: the bounds, what came, and how often they held."""
    period = session.view().period.name
    made = _grades(period)
    with cards.card("grades", words("page.forecast.grades"), made and made[2]):
        if made is None:
            st.caption(words("page.forecast.no_grades"))
            return
        st.markdown(made[3])
        cards.marks("grades_chart", made[0], made[1], "mark", "was", "period")
        st.caption(words("page.forecast.grades_note"))


@session.kept
def _grades(period: str) -> tuple[Spec, str, Table, str] | None:
    lang = session.lang()
    graded = session.report(session.view(), "forecast_grades", kind=period)
    frame, parts = graded[graded.region.isna()], graded[graded.region.notna()]
    if frame.empty:
        return None
    rows = [
        {
            "name": _name(period, _day(row.starts_on)), "period": _period(period, _day(row.starts_on)),
            "low": row.low, "high": row.high, "actual": row.actual, "held": bool(row.held),
            "range_text": f"{numbers.percent(row.low, lang)} – {numbers.percent(row.high, lang)}",
            "actual_text": numbers.percent(row.actual, lang),
            "held_text": words("page.forecast.yes" if row.held else "page.forecast.no"),
        }
        for row in deals.rows(frame)
    ]  # fmt: skip
    said = {
        "name": words("filter.period"),
        "range": words("page.forecast.range"),
        "actual": words("page.forecast.came"),
        "held": words("page.forecast.held"),
    }
    text = words(
        "page.forecast.held_in",
        held=count(frame.held.sum()),
        n=count(len(frame)),
        share=numbers.percent(frame.held.mean(), lang),
    )
    if len(parts):
        text += " " + words(
            "page.forecast.held_in_regions", held=count(parts.held.sum()), n=count(len(parts)),
            share=numbers.percent(parts.held.mean(), lang),
        )  # fmt: skip
    frame = graded.rename(columns={"low": "expected_low", "high": "expected_high"})
    shares = dict.fromkeys(("expected_low", "expected_high", "actual"), "percent")
    units = {"region": "", "starts_on": "date", "asked_on": "date", **shares}
    return charts.grades(session.colours(), rows, said), text, Table(frame[list(units)], units), text


def _name(period: str, day: Any) -> str:
    if period == "this_year":
        return str(day.year)
    if period == "this_month":
        return numbers.month_short(day, session.lang())
    return words("period.quarter", year=day.year, quarter=(day.month - 1) // 3 + 1)


def _day(value: Any) -> date:
    return value.date() if hasattr(value, "date") else value


def _period(kind: str, first: date) -> str:
    """The period that begins on a day, as the address names it."""
    return query.label(first, kind.removeprefix("this_"), session.calendar())


# --- lists


def listing() -> None:
    """Deals past their expected close, which no forecast should count on; with a part clicked, its open deals; with an
    earlier period clicked, what was won in it.
    """
    part, by = st.session_state.get("mark") or "", _by()
    if part.startswith("was:"):
        return _won_in(part.removeprefix("was:"))
    view = session.view().keep(**{by: part}) if part else session.view()
    flag = {} if part else {"flag": "late"}
    frame = session.report(view, "deals", outcome="open", limit=deals.LISTED, **flag)
    name = words("filter.none") if part == NONE else own_script(deals.shown(by, part), session.lang()) if part else ""
    question = words("page.forecast.open_in" if part else "page.forecast.late", name=name, n=count(len(frame)))
    deals.listing("late", question, frame)


def _won_in(name: str) -> None:
    """The deals won in an earlier period: what its forecast is held against."""
    try:
        view = session.view().over(Period(name))
    except KamError:  # an address that somebody typed
        return
    frame = session.report(view, "deals", outcome="won", limit=deals.LISTED)
    deals.listing("late", words("page.forecast.won_in", name=name, n=count(len(frame))), frame)
