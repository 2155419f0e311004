"""The concentration page: how much hangs on a few, whether that grows, and what their leaving would cost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts.parts import PICK, Spec
from kam_core.charts.ranks import ranked_bars
from kam_core.charts.shares import lines
from kam_core.text import numbers
from kam_core.text.sentence import days, name_of, own_script
from kam_core.ui import cards, drill, groups, session, tiles
from kam_core.ui.cards import Table
from kam_core.ui.session import money, money_full, words
from kam_core.ui.tiers import choice, standing
from kam_core.ui.tiles import Tile
from kam_core.view import Period, View, add_months

TOPS = (1, 5, 10, 20)
LEAVING = ("1", "3", "5", "10", "20")


def chosen() -> tuple[str, int]:
    """Whether children count with their parent, and how many of the largest are imagined gone."""
    with st.container(horizontal=True, gap="medium", key="concentration_choice", vertical_alignment="bottom"):
        by = choice("by", ("group", "account"), "page.concentration.by")
        # Five, unless the reader says otherwise.
        st.session_state["leave"] = st.session_state.get("leave") if st.session_state.get("leave") in LEAVING else "5"
        leave = choice("leave", LEAVING, "page.concentration.leave")
    return by, int(leave)


def figures(by: str) -> None:
    """Shares of the largest and HHI, of the period in view."""
    tiles.show(_figures(by))


def windows() -> None:
    """Over which days the figures look, and over which each point of the curves."""
    period = days(cards.span_of(session.view()), session.lang())
    st.caption(words("page.concentration.windows", period=period))


@session.kept
def _figures(by: str) -> list[Tile]:
    row = session.report(session.view(), "concentration", by=by).iloc[0]
    lang, what = session.lang(), words(f"page.concentration.{by}s")
    found = [
        Tile(
            f"top_{n}",
            words("page.concentration.top" if n > 1 else f"page.concentration.top_{by}", n=n, what=what),
            numbers.short(row[f"top_{n}_share"], lang, "percent"),
            words("page.concentration.of_revenue"),
            words("page.concentration.top_explained"),
        )
        for n in TOPS
    ]
    equal = numbers.short(row.effective_groups, lang, "count")
    found.append(
        Tile(
            "hhi",
            words("measure.hhi.label"),
            numbers.short(row.hhi, lang, "index"),
            words("page.concentration.as_if", n=equal, what=what),
            words("page.concentration.hhi_explained"),
        )
    )
    return found


# --- over time


def history(by: str) -> None:
    """Shares of the largest, and HHI, of the twelve months up to each month end; a click shows who they were then."""
    left, right = st.columns([1.4, 1], gap="xsmall")
    shares, index = _history(by)
    for place, key, made in ((left, "shares", shares), (right, "hhi", index)):
        with place, cards.card(f"history_{key}", words(f"page.concentration.history_{key}"), made and made[2]):
            if made is None:
                st.caption(words("page.concentration.too_short"))
            else:
                cards.marks(f"history_{key}_chart", made[0], made[1], "at", "on")


Made = tuple[Spec, str, Table]


@session.kept
def _history(by: str) -> tuple[Made | None, Made | None]:
    frame = session.report(standing(), "concentration_history", by=by)
    if len(frame) < 2:
        return None, None
    shares = [
        row
        for rank, n in enumerate(TOPS)
        for row in _line(frame, f"top_{n}_share", rank, "percent", words("page.concentration.line", n=n))
    ]
    index = _line(frame, "hhi", 0, "index", words("measure.hhi.label"))
    return _made(frame, shares, "percent", "shares"), _made(frame, index, "index", "hhi")


def _line(frame: pd.DataFrame, column: str, rank: int, unit: str, line: str) -> list[dict[str, Any]]:
    lang, last = session.lang(), len(frame) - 1
    return [
        {
            "day": numbers.month(row.as_of, lang),
            "on": f"{row.as_of:%Y-%m-%d}",
            "line": line,
            "rank": rank,
            "value": float(getattr(row, column)),
            "text": numbers.full(getattr(row, column), lang, unit),
            "label": f"{line} {numbers.short(getattr(row, column), lang, unit)}" if n == last else None,
        }
        for n, row in enumerate(list[Any](frame.itertuples()))
    ]


def _made(frame: pd.DataFrame, rows: list[dict[str, Any]], unit: str, key: str) -> Made:
    lang = session.lang()
    said = {"day": words("page.concentration.year_to")}
    spec = lines(session.colours(), rows, said, numbers.axis_expression(lang, unit), 210)
    alt = words(f"page.concentration.history_{key}_alt", first=rows[0]["text"], last=rows[len(frame) - 1]["text"])
    units = {"as_of": "date", "owners": "count", **{f"top_{n}_share": "percent" for n in TOPS}, "hhi": "index"}
    return spec, alt, Table(frame[list(units)], units)


# --- the largest, and what if they left


def largest(by: str) -> None:
    """The largest by revenue with their margin; those above the policy's limit are named. A click opens the account, or
    lists below those that a group's bar stands for.
    """
    at = _at()
    spec, alt, table, above = _largest(by, at)
    look = session.colours()
    legend = cards.legend(
        ("solid", look.actual, words("chart.revenue")), ("solid", look.before, words("column.margin"))
    )
    question = words(f"page.concentration.largest_{by}")
    if at:
        question += words("page.concentration.in_year_to", day=numbers.day(at, session.lang()))
    with cards.card("largest", question, table, legend):
        with st.container(horizontal=True, vertical_alignment="center", key="largest_note"):
            st.caption(above)
            cards.unmark("at")
        if not table.frame.empty:
            cards.choice("largest_chart", spec, alt, "parent", _picked)


def _picked(selection: Any) -> str | None:
    """A bar of one account opens it; that of a group names its parent."""
    picked = selection.get(PICK)
    if picked and picked[0].get("account"):
        drill.clicked("largest_chart")
        return None
    return str(picked[0]["parent"]) if picked else ""


def members(by: str) -> None:
    """The accounts behind the bar of the group that was clicked; ticking one opens it."""
    parent = str(st.session_state.get("parent") or "")
    if by == "account" or not parent:
        return
    frame = session.report(_view(_at()), "group_accounts", of=parent, bought_only=True)
    if frame.empty:  # an address that somebody typed, or other filters now
        return
    lang = session.lang()
    n = numbers.full(len(frame), lang, "count")
    question = words("page.concentration.members", group=own_script(frame.group_name.iloc[0], lang), n=n)
    table = groups.members(frame)
    cards.accounts("members", question, table, frame.account_id.tolist(), field="parent")


def _view(at: date | None) -> View:
    """The view, or that of the 12 months up to a day."""
    view = session.view()
    if at is None:
        return view
    end = at + timedelta(days=1)
    return view.over(Period.between(add_months(end, -12), end))


def _at() -> date | None:
    """The day of the history that was clicked: the largest are then those of the 12 months up to it."""
    try:
        return date.fromisoformat(st.session_state.get("at") or "")
    except ValueError:
        return None


@session.kept
def _largest(by: str, at: date | None) -> tuple[Spec, str, Table, str]:
    lang, frame = session.lang(), session.report(_view(at), "largest", by=by)
    rows = [_large(row) for row in frame.itertuples()]
    said = {
        "name": words(f"page.concentration.one_{by}"),
        "value": words("chart.revenue"),
        "before": words("column.margin"),
        "note": words("chart.share"),
    }
    spec = ranked_bars(session.colours(), rows, said, ("account", "parent"), 24 * len(rows))
    units = {
        "place": "count",
        "account": "",
        "accounts": "count",
        "revenue": "money",
        "share": "percent",
        "share_to_here": "percent",
        "margin": "money",
        "margin_share": "percent",
    }
    table = frame.rename(columns={"name": "account"})
    limit = numbers.percent(float(session.facts().policy["alerts.account_share"]), lang)
    named = ", ".join(f"{r['name']} ({r['share']})" for r in rows if r["above"])
    above = (
        words("page.concentration.above", limit=limit, names=named)
        if named
        else words("page.concentration.none_above", limit=limit)
    )
    alt = words("page.concentration.largest_alt", first=rows[0]["name"], share=rows[0]["share"]) if rows else above
    return spec, alt, Table(table[list(units)], units), above


def _large(row: Any) -> dict[str, Any]:
    lang = session.lang()
    share = numbers.percent(row.share, lang)
    children = words("page.concentration.of_accounts", n=row.accounts) if row.accounts > 1 else ""
    return {
        "account": row.account_id if row.accounts == 1 else None,
        "parent": row.owner_id if row.accounts > 1 else None,
        "name": own_script(row.name, lang),
        "value": row.revenue,
        "before": row.margin,
        "share": share,
        "above": bool(row.is_above_limit),
        "rises": False if row.is_above_limit else None,
        "label": f"{money(row.revenue)}  {share}{children}",
        "short": f"{money(row.revenue)}  {share}",
        "value_text": money_full(row.revenue),
        "before_text": money_full(row.margin),
        "note_text": f"{share}; {words('page.concentration.so_far')} {numbers.percent(row.share_to_here, lang)}",
    }


def leaving(by: str, n: int) -> None:
    """Revenue and margin without the largest N, in all and region by region; a click opens the region's accounts."""
    spec, alt, table, said = _leaving(by, n)
    question = words(
        "page.concentration.what_if" if n > 1 else f"page.concentration.what_if_{by}",
        n=n,
        what=words(f"page.concentration.{by}s"),
    )
    with cards.card("leaving", question, table, _legend()):
        st.markdown(said)
        cards.chart("leaving_chart", spec, alt)


def _legend() -> str:
    look = session.colours()
    return cards.legend(
        ("solid", look.actual, words("page.concentration.without")),
        ("solid", look.before, words("page.concentration.with")),
    )


@session.kept
def _leaving(by: str, n: int) -> tuple[Spec, str, Table, str]:
    frame, lang = session.report(session.view(), "largest_leave", by=by, limit=n), session.lang()
    total = frame[frame.section == "total"].iloc[0]
    said = words(
        "page.concentration.lost",
        revenue=money(total.revenue - total.revenue_without),
        share=numbers.percent(total.revenue_lost, lang),
    )
    if pd.notna(total.margin):
        lost = total.margin - total.margin_without
        said += words(
            "page.concentration.lost_margin", margin=money(lost), share=numbers.percent(total.margin_lost, lang)
        )
    regions = frame[frame.section == "region"].sort_values("revenue_lost", ascending=False)
    rows = [_left(row) for row in regions.itertuples()]
    headings = {
        "name": words("dimension.region"),
        "value": words("page.concentration.without"),
        "before": words("page.concentration.with"),
        "note": words("column.margin"),
    }
    spec = ranked_bars(session.colours(), rows, headings, ("region",), 30 * len(rows))
    units = {
        "leaving": "count",
        "revenue": "money",
        "revenue_without": "money",
        "revenue_lost": "percent",
        "margin": "money",
        "margin_without": "money",
        "margin_lost": "percent",
    }
    alt = words(
        "page.concentration.leaving_alt", region=rows[0]["name"] if rows else "", share=rows[0]["lost"] if rows else ""
    )
    return spec, alt, Table(frame[["region", *units]], units), f"**{said}** {words('page.concentration.rest')}"


def _loss(share: float | None) -> str:
    """A share lost: a little is not nothing."""
    if share is None or pd.isna(share):
        return ""
    return (
        words("page.concentration.hardly")
        if 0 < share < 0.0005
        else numbers.percent(-share if share else 0.0, session.lang())
    )


def _left(row: Any) -> dict[str, Any]:
    lang, key = session.lang(), drill.key_of(row.region)
    lost = _loss(row.revenue_lost)
    margin = (
        f"{money_full(row.margin)} → {money_full(row.margin_without)}"
        if pd.notna(row.margin)
        else words("missing.has_cost")
    )
    return {
        "region": key,
        "name": name_of("region", key, lang, session.names()),
        "value": row.revenue_without,
        "before": row.revenue,
        "lost": lost,
        "rises": False if row.revenue_lost > 0.1 else None,
        "label": f"{lost}  {money(row.revenue_without)}",
        "value_text": money_full(row.revenue_without),
        "before_text": money_full(row.revenue),
        "note_text": margin,
    }
