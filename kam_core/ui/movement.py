"""The cards of the page that tells how the pipeline of one day became that of another."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts.parts import Spec
from kam_core.charts.waterfall import waterfall
from kam_core.text import numbers
from kam_core.text.sentence import days as days_in_words
from kam_core.text.sentence import what
from kam_core.ui import address, cards, deals, session
from kam_core.ui.cards import Table
from kam_core.ui.deals import count
from kam_core.ui.session import money, money_change, money_full, words
from kam_core.ui.tiers import choice
from kam_core.view import Span, add_months, month_start

CLOSINGS = ("quarter", "year", "any")
TONES = {
    "start": "total", "end": "total", "new": "good", "grew": "good", "pulled_in": "good", "won": "good",
    "shrank": "bad", "slipped_out": "bad", "lost": "bad",
}  # fmt: skip
COLUMNS = {
    "step": "", "amount": "money", "account": "", "stage_before": "", "stage": "", "close_before": "date",
    "expected_close": "date", "manager": "", "opportunity_id": "",
}  # fmt: skip


def looked_at() -> str:
    """The filters and the two days, in words."""
    (since, until), lang = _dates(), session.lang()
    period = days_in_words(Span(since, until + timedelta(days=1)), lang)
    return words("sentence.plain", what=what(session.view(), lang, session.names()), period=period)


def steps() -> None:
    """The waterfall between two days, with the choice of them."""
    since, until = _dates()
    made = _steps(since, until, st.session_state.get("closing") or CLOSINGS[0])
    with cards.card("steps", words("page.movement.steps"), made[2], _legend()):
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="movement_dates"):
            _day_choice("since", since)
            _day_choice("until", until)
            choice("closing", CLOSINGS, "page.movement.closing")
        cards.marks("steps_chart", made[0], made[1], "step", "step")
        st.caption(words("page.movement.note"))


def _legend() -> str:
    look = session.colours()
    return cards.legend(
        ("solid", look.actual, words("page.movement.pipeline")), ("solid", look.good, words("page.movement.good")),
        ("solid", look.bad, words("page.movement.bad")),
    )  # fmt: skip


def _dates() -> tuple[date, date]:
    """A week back to the last day loaded, unless others were chosen; never the wrong way round."""
    as_of = session.calendar().as_of
    until = min(_given("until") or as_of, _last())
    since = _given("since") or until - timedelta(days=7)
    return min(since, until), until


def _last() -> date:
    """The last day that anything is known of: that of the last load may lie after the last order."""
    found = session.snapshot()
    return max(session.calendar().as_of, found.created_at.date() if found else date.min)


def _given(key: str) -> date | None:
    try:
        return date.fromisoformat(st.session_state.get(key) or "")
    except ValueError:
        return None


def _day_choice(key: str, chosen: date) -> None:
    """Any day; beside it the days on which files were loaded and other usual ones are a click away."""
    st.session_state[f"pick_{key}"] = chosen

    def take() -> None:
        picked = st.session_state[f"pick_{key}"]
        st.session_state[key] = picked.isoformat() if picked else ""
        address.touched()

    st.date_input(
        words(f"page.movement.{key}"), key=f"pick_{key}", on_change=take, width=150, format="YYYY-MM-DD",
        min_value=date(1990, 1, 1), max_value=_last(),
    )  # fmt: skip


def days() -> None:
    """Usual days to look back to, and those of the loads."""
    as_of = session.calendar().as_of
    usual = {
        "week": as_of - timedelta(days=7),
        "month": add_months(as_of, -1),
        "quarter": session.calendar().quarter_start(as_of) - timedelta(days=1),
        "month_end": month_start(as_of) - timedelta(days=1),
    }
    options = [*usual, *(d.isoformat() for d in _loads() if d < as_of)]
    since, _ = _dates()
    st.session_state["since_usual"] = next((k for k, d in usual.items() if d == since), None)

    def take() -> None:
        picked = st.session_state["since_usual"]
        day = usual.get(picked) or (date.fromisoformat(picked) if picked else None)
        st.session_state["since"] = day.isoformat() if day else ""
        address.touched()

    st.pills(
        words("page.movement.since"), options, key="since_usual", on_change=take, label_visibility="collapsed",
        format_func=lambda k: words(f"page.movement.{k}") if k in usual else words(
            "page.movement.load_of", day=numbers.day_of_year(date.fromisoformat(k), session.lang())
        ),
    )  # fmt: skip


def _loads() -> list[date]:
    """The last days on which deals were loaded."""
    loads = session.meta("load_days")
    told: Any = loads[loads.table_name == "opportunities"].created_at if len(loads) else []
    return sorted({pd.Timestamp(moment).date() for moment in told}, reverse=True)[:4]


@session.kept
def _steps(since: date, until: date, closing: str) -> tuple[Spec, str, Table]:
    frame = _movement(since, until, closing)
    rows, total = [], 0.0
    for row in deals.rows(frame):
        amount = float(row.amount)
        start = 0.0 if TONES[row.step] == "total" else total
        total = start + amount
        rows.append(_step_row(row.step, int(row.deals), amount, start, total))
    said = {"name": words("column.step"), "value": words("column.amount"), "deals": words("column.deals")}
    alt = words("page.movement.alt", steps="; ".join(f"{r['name']} {r['label']}" for r in rows))
    table = frame.assign(step=[words(f"step.{s}") for s in frame.step])
    return (
        waterfall(session.colours(), rows, said, 33 * len(rows)),
        alt,
        Table(table, {"deals": "count", "amount": "money"}),
    )


def _movement(since: date, until: date, closing: str) -> pd.DataFrame:
    known = until >= session.calendar().as_of  # then all that later loads told counts
    chosen: dict[str, Any] = {} if known and until == session.calendar().as_of else {"until": until.isoformat()}
    return session.report(session.view(), "pipeline_movement", since=since.isoformat(), closing=closing, **chosen)


def _step_row(step: str, n: int, amount: float, start: float, end: float) -> dict[str, Any]:
    is_total = TONES[step] == "total"
    return {
        "step": step, "name": words(f"step.{step}"), "from": start, "to": end, "tone": TONES[step],
        "label": f"{money(amount) if is_total else money_change(amount)} · {count(n)}",
        "value_text": money_full(amount), "deals_text": count(n),
    }  # fmt: skip


def listing() -> None:
    """The deals behind the step that was clicked; without one, all that moved, the largest first."""
    since, until = _dates()
    step = st.session_state["step"] if st.session_state.get("step") in TONES else "changes"
    chosen: dict[str, Any] = {} if until == session.calendar().as_of else {"until": until.isoformat()}
    frame = session.report(
        session.view(), "movement_deals", since=since.isoformat(), step=step, limit=deals.LISTED,
        closing=st.session_state.get("closing") or CLOSINGS[0], **chosen,
    )  # fmt: skip
    n = f"{count(len(frame))}{'+' if len(frame) == deals.LISTED else ''}"
    name = words("page.movement.changes") if step == "changes" else words(f"step.{step}")
    deals.listing("moved", words("page.movement.list", name=name, n=n), frame, COLUMNS)
