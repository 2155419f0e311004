"""The cards of the retention page: what stays of last year's revenue, who is lost, cohorts, the bridge."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts.parts import Spec
from kam_core.charts.retention import bridge as bridge_chart
from kam_core.charts.retention import cohort_table, rates
from kam_core.text import numbers
from kam_core.text.sentence import name_of
from kam_core.ui import address, cards, churn, drill, frames, session
from kam_core.ui.cards import Table
from kam_core.ui.session import money, money_full, words
from kam_core.view import Period

SPLITS = ("region", "industry", "tier", "segment", "manager")
CAUSES = ("new", "won_back", "expansion", "contraction", "lost")
COHORTS, QUARTERS = 17, 17
LISTED = 500  # rows of a list on the page; the command line has all


def _retention() -> pd.DataFrame:
    return session.report(churn.standing(), "retention")


def known() -> bool:
    """Whether two years can be compared, each of them loaded whole."""
    return not _retention().empty and not session.loaded_only_from(churn.standing(), "nrr")


def _months() -> pd.DataFrame:
    frame = _retention()
    frame = frame[frame.section == "month"].sort_values("value")
    view = churn.standing()
    whole = [not session.loaded_only_from(view.over(Period(day[:7])), "nrr") for day in frame.value]
    return frame[whole]


def over_time() -> None:
    """Net and gross retention at each month end."""
    spec, alt, table = _over_time()
    look = session.colours()
    note = cards.legend(
        ("solid", look.actual, words("page.retention.nrr")), ("solid", look.before, words("page.retention.grr"))
    )
    with cards.card("kept", words("page.retention.over_time"), table, note):
        cards.marks("kept_chart", spec, alt, "mark", "kept", "day")


@session.kept
def _over_time() -> tuple[Spec, str, Table]:
    frame, lang = _months(), session.lang()
    rows = [row for key in ("nrr", "grr") for row in _line(frame, key)]
    last = frame.iloc[-1]
    alt = words(
        "page.retention.over_time_alt", nrr=numbers.percent(last.nrr, lang), grr=numbers.percent(last.grr, lang)
    )
    names = [words("page.retention.nrr"), words("page.retention.grr")]
    low = min(0.98 * min((r["rate"] for r in rows), default=0.0), 0.9)
    return rates(session.colours(), rows, names, low, 240), alt, _table(frame, "month")


def churned() -> None:
    """The share of accounts lost within a year, at each month end."""
    spec, alt, table = _churned()
    with cards.card("churned", words("page.retention.churn_time"), table):
        cards.marks("churned_chart", spec, alt, "mark", "gone", "day")


@session.kept
def _churned() -> tuple[Spec, str, Table]:
    frame = _months()
    rows = _line(frame, "logo_churn")
    alt = words("page.retention.churn_time_alt", churn=numbers.percent(frame.iloc[-1].logo_churn, session.lang()))
    return rates(session.colours(), rows, [words("column.logo_churn")], 0.0, 240), alt, _table(frame, "month")


def _line(frame: pd.DataFrame, key: str) -> list[dict[str, Any]]:
    lang, name = session.lang(), words("column.logo_churn" if key == "logo_churn" else f"page.retention.{key}")
    found = frame[frame[key].notna()]
    last = len(found) - 1
    rows = []
    for n, row in enumerate(churn.each(found)):
        day, rate = date.fromisoformat(row.value), getattr(row, key)
        text = numbers.percent(rate, lang)
        rows.append(
            {
                "line": name, "month": numbers.month_short(day, lang), "day": row.value, "rate": rate,
                "label": text if n == last else "", "long": numbers.day(day, lang), "rate_text": text,
            }
        )  # fmt: skip
    return rows


def _table(frame: pd.DataFrame, by: str) -> Table:
    shown = frame[["value", "accounts", "nrr", "grr", "logo_churn", "revenue_before", "revenue"]]
    units = dict.fromkeys(("nrr", "grr", "logo_churn"), "percent") | {"accounts": "count"}
    return Table(shown.rename(columns={"value": by}), units | dict.fromkeys(("revenue", "revenue_before"), "money"))


def parts() -> None:
    """Retention by one dimension, as a table; ticking a row opens its accounts."""
    by = str(st.session_state.get("by") if st.session_state.get("by") in SPLITS else SPLITS[0])
    table, keys = _parts(by)
    with cards.card("kept_parts", words("page.retention.parts"), table):
        st.session_state["by"] = by
        st.segmented_control(
            words("page.churn.by"), SPLITS, key="by", required=True, on_change=address.touched,
            format_func=lambda d: words(f"column.{d}"), label_visibility="collapsed",
        )  # fmt: skip
        st.caption(words("page.retention.parts_note"))
        alt = words("page.retention.parts_alt", dimension=words(f"column.{by}"))
        cards.show(
            "kept_table", table, alt, height=300, selection_mode="single-row",
            on_select=lambda: drill.ticked("kept_table", by, keys),
        )  # fmt: skip


@session.kept
def _parts(by: str) -> tuple[Table, list[str]]:
    frame = _retention()
    part = frame[frame.section == by]
    keys = [drill.key_of(v if isinstance(v, str) else None) for v in part.value]
    named = [name_of(by, key, session.lang(), session.names()) for key in keys]
    return _table(part.assign(value=named), by), keys


# --- bridge


def bridge() -> None:
    """From the revenue of the same days of last year to now: new, won back, grew, shrank, lost."""
    made = _bridge()
    with cards.card("bridge", words("page.retention.bridge"), made[2] if made else None):
        if made:
            cards.marks("bridge_chart", made[0], made[1], "mark", "step", "cause")
        else:
            st.caption(words("page.retention.not_enough"))


@session.kept
def _bridge() -> tuple[Spec, str, Table] | None:
    frame = session.report(session.view(), "revenue_bridge").set_index("cause")
    if frame.empty or session.no_comparison():
        return None
    level = float(frame.revenue_before.sum())
    rows = [_total("before", level)]
    for cause in CAUSES:
        change = float(frame.change.get(cause, 0.0))
        accounts = int(frame.accounts.get(cause, 0))
        rows.append(_step(cause, level, change, accounts))
        level += change
    rows.append(_total("now", level))
    summary = "; ".join(f"{r['name']} {r['label']}" for r in rows[1:-1])
    alt = words("page.retention.bridge_alt", before=rows[0]["label"], now=rows[-1]["label"], summary=summary)
    axis = numbers.axis_expression(session.lang(), "money", session.facts().currency)
    steps, counts = rows[1:-1], [int(frame.accounts.get(cause, 0)) for cause in CAUSES]
    changes = [step["end"] - step["start"] for step in steps]
    table = pd.DataFrame({"movement": [step["name"] for step in steps], "change": changes, "accounts": counts})
    return bridge_chart(session.colours(), rows, axis, 250), alt, Table(table, {"change": "money", "accounts": "count"})


def _total(key: str, level: float) -> dict[str, Any]:
    name = words(f"page.retention.{key}")
    return {"name": name, "start": 0.0, "end": level, "kind": "total", "cause": "all", "label": money(level),
            "short": _bare(level), "value_text": money_full(level), "accounts_text": ""}  # fmt: skip


def _bare(value: float) -> str:
    """A figure without its currency, where there is little room."""
    return numbers.short(value, session.lang(), "plain")


def _step(cause: str, level: float, change: float, accounts: int) -> dict[str, Any]:
    counted = f"{numbers.full(accounts, session.lang(), 'count')} {words('column.accounts')}"
    return {
        "name": words(f"page.retention.{cause}"), "start": level, "end": level + change,
        "kind": "up" if change >= 0 else "down", "label": session.money_change(change), "cause": cause,
        "short": _bare(change),
        "value_text": numbers.full(change, session.lang(), "money", session.facts().currency), "accounts_text": counted,
    }  # fmt: skip


# --- what is behind a mark

BEHIND = {
    "account": "", "tier": "", "revenue_before": "money", "revenue": "money", "change": "money", "last_order": "date",
    "manager": "", "region": "", "industry": "", "account_id": "",
}  # fmt: skip


def behind() -> None:
    """The accounts behind the mark that was clicked; without one, those that the bridge counts as lost."""
    kind, _, value = str(st.session_state.get("mark") or "step:lost").partition(":")
    asked = {"kept": _of_month, "gone": _of_month, "cell": _of_cohort}.get(kind, _of_step)
    try:
        question, frame = asked(kind, value)
    except ValueError:  # an address that somebody typed
        question, frame = _of_step("step", "lost")
    n = f"{numbers.full(len(frame), session.lang(), 'count')}{'+' if len(frame) == LISTED else ''}"
    found = frames.named(frame, session.lang())
    table = Table(found[[c for c in BEHIND if c in found]], BEHIND)
    ids = found.account_id.tolist()
    cards.accounts("kept_accounts", f"{question} ({n})", table, ids, words("page.retention.behind_hint"), "mark")


def _of_month(kind: str, day: str) -> tuple[str, pd.DataFrame]:
    date.fromisoformat(day)
    gone = kind == "gone"
    frame = session.report(churn.standing(), "retention_accounts", day=day, lost_only=gone, limit=LISTED)
    said = numbers.day(date.fromisoformat(day), session.lang())
    return words(f"page.retention.behind_{'gone' if gone else 'kept'}", day=said), frame


def _of_step(_kind: str, cause: str) -> tuple[str, pd.DataFrame]:
    cause = cause if cause in CAUSES else "all"
    frame = session.report(session.view(), "bridge_accounts", cause=cause, limit=LISTED)
    name = words(f"page.retention.{cause}") if cause in CAUSES else ""
    return words("page.retention.behind_step" if name else "page.retention.behind_all", name=name), frame


def _of_cohort(_kind: str, cell: str) -> tuple[str, pd.DataFrame]:
    first, _, age = cell.partition(":")
    day = date.fromisoformat(first)
    frame = session.report(churn.standing(), "cohort_accounts", cohort=first, age=int(age), limit=LISTED)
    return words("page.retention.behind_cell", cohort=numbers.quarter(day, session.lang()), age=int(age)), frame


# --- cohorts


def cohorts() -> None:
    """The share of each quarter's new accounts that bought in each quarter since."""
    spec, alt, table = _cohorts()
    with cards.card("cohorts", words("page.retention.cohorts"), table):
        st.caption(words("page.retention.cohorts_note"))
        with st.container(key="matrix_scroll"):
            cards.marks("cohorts_chart", spec, alt, "mark", "cell", "since", "age")


@session.kept
def _cohorts() -> tuple[Spec, str, Table]:
    lang = session.lang()
    frame = session.report(churn.standing(), "cohorts")
    frame = frame[(frame.age < QUARTERS) & ~frame.is_running]
    frame = frame[frame.cohort.isin(sorted(frame.cohort.unique())[-COHORTS:])]
    rows = [
        {
            "cohort": f"{numbers.quarter(r.cohort, lang)} ({numbers.short(r.accounts, lang, 'count')})",
            "age": int(r.age),
            "since": f"{r.cohort:%Y-%m-%d}",
            "share": r.share_active, "label": f"{100 * r.share_active:.0f}",
            "name": f"{numbers.quarter(r.cohort, lang)} + {r.age}",
            "share_text": numbers.percent(r.share_active, lang), "n_text": f"{r.active} / {r.accounts}",
        }
        for r in churn.each(frame)
    ]  # fmt: skip
    table = frame[["cohort", "age", "accounts", "active", "share_active", "revenue"]].assign(
        cohort=[numbers.quarter(c, lang) for c in frame.cohort]
    )
    units = {"age": "count", "accounts": "count", "active": "count", "share_active": "percent", "revenue": "money"}
    spec = cohort_table(
        session.colours(), rows, words("page.retention.quarters_since"), 20 * frame.cohort.nunique() + 44
    )
    return spec, words("page.retention.cohorts_alt"), Table(table, units)
