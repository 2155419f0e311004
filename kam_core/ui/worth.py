"""The cards of lifetime value and of win-back: what relationships brought and will, what lost ones were worth."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts.parts import Spec
from kam_core.charts.retention import worth as worth_chart
from kam_core.charts.tokens import TIERS
from kam_core.text import numbers
from kam_core.text.i18n import join
from kam_core.text.sentence import name_of, own_script
from kam_core.ui import address, cards, churn, drill, reasons, session, tiles
from kam_core.ui.cards import Table
from kam_core.ui.session import money, money_full, words
from kam_core.ui.tiles import Tile

SPLITS = ("tier", "industry", "region", "cohort")
LISTED, BARS = 200, 12
VALUE = {"account": "", "expected_value": "money", "low": "money", "high_end": "money", "past_margin": "money"}
LOST = {
    "account": "", "expected_return": "money", "chance": "percent", "a_year": "money", "last_order": "date",
    "bought": "", "why": "", "manager": "", "region": "", "industry": "", "orders": "count", "account_id": "",
}  # fmt: skip


# --- lifetime value


def valued() -> bool:
    """Whether a model says what is to come."""
    frame = _values()
    return bool(frame[frame.section == "total"].expected_value.notna().any())


def _values() -> pd.DataFrame:
    return session.report(churn.standing(), "lifetime_value", limit=LISTED)


def note() -> None:
    known, lang = churn.fit(), session.lang()
    text = "page.value.note_margin" if known.value_of_margin else "page.value.note_revenue"
    rate = numbers.percent(float(session.facts().policy["lifetime_value.annual_discount"]), lang)
    level = numbers.percent(known.value_level, lang)
    st.caption(words(text, months=int(known.value_months), rate=rate, level=level))


def figures() -> None:
    tiles.show(_figures())


@session.kept
def _figures() -> list[Tile]:
    frame = _values()
    total: Any = frame[frame.section == "total"].iloc[0]
    top = frame[frame.section == "account"].head(20).expected_value.sum()
    # Where losses to come eat up most of the whole, a share of it says nothing.
    part = top / total.expected_value if total.expected_value > 0 else None
    share = numbers.percent(part if part is not None and part <= 1 else None, session.lang())
    expected, past = words("page.value.tile_expected_tip"), words("page.value.tile_past_tip")
    span = f"{words('page.value.interval')} {money(total.low)} – {money(total.high)}"
    each = words("page.value.per_account")
    return [
        Tile("value_expected", words("page.value.expected"), money(total.expected_value), span, expected),
        Tile("value_past", words("page.value.past"), money(total.past_margin), "", past),
        Tile("value_each", each, money(total.expected_value / total.accounts), words("page.value.expected"), expected),
        Tile("value_top", words("page.value.top_share"), share, money(top), expected),
    ]


def parts() -> None:
    """Expected value by tier, industry, region or year of the first order, with its interval and what was earned."""
    by = st.session_state.get("by") if st.session_state.get("by") in SPLITS else SPLITS[0]
    spec, alt, table = _parts(by)
    look = session.colours()
    note = cards.legend(
        ("solid", look.actual, words("page.value.expected")), ("solid", look.bad, words("page.value.interval")),
        ("outline", look.before, words("page.value.past")),
    )  # fmt: skip
    with cards.card("value_parts", words("page.value.by_part"), table, note):
        st.session_state["by"] = by
        st.segmented_control(
            words("page.churn.by"), SPLITS, key="by", required=True, on_change=address.touched,
            format_func=lambda d: words(f"column.{d}"), label_visibility="collapsed",
        )  # fmt: skip
        if by == "cohort":
            cards.marks("value_parts_chart", spec, alt, "mark", "cohort")
        else:
            cards.chart("value_parts_chart", spec, alt)


@session.kept
def _parts(by: str) -> tuple[Spec, str, Table]:
    frame = _values()
    part = frame[(frame.section == by) & frame.expected_value.notna()]
    if by == "tier":
        part = part.assign(order=part.value.map(lambda v: TIERS.index(v) if v in TIERS else 9)).sort_values("order")
    rows = [_bar(by, row) for row in churn.each(part.head(BARS))]
    summary = "; ".join(f"{r['name']} {r['label']}" for r in rows)
    alt = words("page.value.by_part_alt", dimension=words(f"column.{by}"), summary=summary)
    said = {
        "value": words("page.value.expected"),
        "range": words("page.value.interval"),
        "past": words("page.value.past"),
    }
    spec = worth_chart(session.colours(), rows, by, said, max(34, 320 // max(len(rows), 1)) * max(len(rows), 1) + 8)
    columns = {"value": by, "high": "high_end"}
    table = part[["value", "accounts", "expected_value", "low", "high", "past_margin"]].rename(columns=columns)
    return spec, alt, Table(table, VALUE | {"accounts": "count"})


def _bar(by: str, row: Any) -> dict[str, Any]:
    value = row.value if isinstance(row.value, str) else None
    name = str(value) if by == "cohort" else name_of(by, value, session.lang(), session.names())
    low, high = (row.expected_value if pd.isna(v) else v for v in (row.low, row.high))
    past = 0.0 if pd.isna(row.past_margin) else float(row.past_margin)
    return {
        by: drill.key_of(value), "name": name, "value": row.expected_value, "low": low, "high": high, "past": past,
        "label": money(row.expected_value), "past_label": money(row.past_margin) if past else "",
        "value_text": money_full(row.expected_value),
        "range_text": f"{money_full(low)} – {money_full(high)}", "past_text": money_full(row.past_margin),
    }  # fmt: skip


def accounts() -> None:
    """The relationships that are worth most; ticking one opens it."""
    cohort = str(st.session_state.get("mark") or "")
    table, ids = _accounts(cohort)
    question = words("page.value.accounts_since" if cohort else "page.value.accounts", year=cohort)
    cards.accounts("value_accounts", question, table, ids, field="mark")


@session.kept
def _accounts(cohort: str) -> tuple[Table, list[str]]:
    """The largest, or with a year the largest of those who first ordered in it."""
    frame = session.report(churn.standing(), "lifetime_value", limit=LISTED, **({"cohort": cohort} if cohort else {}))
    frame = frame[frame.section == "account"]
    shown = pd.DataFrame({
        "account": [own_script(n, session.lang()) for n in frame.name], "expected_value": frame.expected_value,
        "low": frame.low, "high_end": frame.high, "past_margin": frame.past_margin,
    })  # fmt: skip
    return Table(shown, VALUE), frame.value.tolist()


# --- win-back


def _lost() -> pd.DataFrame:
    return session.report(churn.standing(), "win_back")


def any_lost() -> bool:
    return not _lost().empty


def lost_note() -> None:
    st.caption(words("page.winback.note", months=int(session.facts().policy["lifecycle.lost_months"])))


def lost_figures() -> None:
    tiles.show(_lost_figures())


@session.kept
def _lost_figures() -> list[Tile]:
    frame, lang = session.report(churn.standing(), "win_back", limit=1_000_000), session.lang()
    sums = {"worth": frame.revenue_a_year.sum(), "return": frame.expected_return.sum(min_count=1)}
    tip = {"worth": "page.winback.tile_lost_tip", "return": "page.winback.tile_return_tip"}
    count = numbers.short(len(frame), lang, "count")
    lost = Tile("lost_accounts", words("page.winback.tile_lost"), count, "", words("page.winback.tile_lost_tip"))
    return [
        lost,
        *(Tile(f"lost_{k}", words(f"page.winback.tile_{k}"), money(v), "", words(tip[k])) for k, v in sums.items()),
    ]


def lost_list() -> None:
    """Lost accounts by what their return is worth; ticking one opens it."""
    table = _lost_table()
    with cards.card("lost", words("page.winback.list"), table):
        ids = table.frame["account_id"].tolist()
        cards.show(
            "lost_table", table, words("page.winback.list_alt"), height=600, selection_mode="single-row",
            on_select=lambda: drill.ticked("lost_table", "account", ids),
        )  # fmt: skip


@session.kept
def _lost_table() -> Table:
    lang, frame = session.lang(), _lost()
    rows = churn.each(frame)
    shown = pd.DataFrame({
        "account": [own_script(r.name, lang) for r in rows], "expected_return": frame.expected_return,
        "chance": frame.chance, "a_year": frame.revenue_a_year, "last_order": frame.last_order_on,
        "bought": [join(lang, list(r.lines)) if hasattr(r.lines, "__len__") else "" for r in rows],
        "why": [reasons.said(r.reason, r.now, r.usual, r.detail) if isinstance(r.reason, str) else "" for r in rows],
        "manager": [own_script(r.manager_name, lang) if isinstance(r.manager_name, str) else None for r in rows],
        "region": frame.region, "industry": frame.industry, "orders": frame.orders, "account_id": frame.account_id,
    })  # fmt: skip
    said = [c for c in LOST if shown[c].notna().any() and (shown[c] != "").any()]
    return Table(shown[said], LOST)
