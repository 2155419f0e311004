"""The cards of the funnel page: how far deals come, where they stand, which stand too long, why they are lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts import funnel as charts
from kam_core.charts.parts import Spec
from kam_core.text import numbers
from kam_core.text.sentence import in_words
from kam_core.ui import cards, deals, session
from kam_core.ui.cards import Table
from kam_core.ui.deals import count
from kam_core.ui.session import money, money_full, words
from kam_core.ui.tiers import choice
from kam_core.view import NONE, View

SHOWS = ("count", "amount")
LOOKS = ("in", "reached", "now", "reason", "competitor")  # which chart a mark was clicked on
PARTS = ("region", "industry", "manager", "product_line", "partner")
MOST = 12  # parts drawn; the table has all
UNITS = {
    "stage": "", "deals": "count", "amount": "money", "reached": "count", "reached_amount": "money",
    "of_previous": "percent", "of_first": "percent", "days_in_stage": "count", "age_of_open": "count",
    "days_of_won": "count", "past_close": "count", "older_than_won": "count", "win_chance": "percent",
}  # fmt: skip


def prepare(keys: Sequence[str]) -> None:
    """What the cards ask for, the row of `keys` too, before the first of them."""
    session.together(lambda: cards.figures(tuple(keys)), lambda: _breakout(_by(), _show()), _listed, _lost)


def _show() -> str:
    return st.session_state.get("show") or SHOWS[0]


def stages() -> None:
    """One bar a stage: how many deals begun in the period came so far, and how many stand there now."""
    spec, alt, table, note = _stages(_show())
    with cards.card("stages", words("page.funnel.stages"), table, _legend() if _is_way_known() else ""):
        choice("show", SHOWS, "page.funnel.show")
        cards.marks("stages_chart", spec, alt, "mark", "look", "stage")
        if note:
            st.caption(note)


def _legend() -> str:
    look = session.colours()
    return cards.legend(
        ("solid", look.before, words("page.funnel.reached")), ("solid", look.actual, words("page.funnel.now"))
    )


@session.kept
def _stages(show: str) -> tuple[Spec, str, Table, str]:
    frame = session.report(session.view(), "funnel")
    rows = [r for row in deals.rows(frame) for r in _stage_rows(row, show)]
    first = frame.iloc[0]
    said = {
        key: words(f"page.funnel.tip_{key}") for key in ("reached", "now", "previous", "first", "days", "age", "flag")
    }
    spec = charts.funnel(session.colours(), rows, said | {"name": words("column.stage")}, 56 * len(frame))
    frame = frame.rename(columns={"chance": "win_chance"})
    units = {c: u for c, u in UNITS.items() if frame[c].notna().any()}
    alt = "; ".join(r["label"] for r in rows if r["label"])
    shown = int(frame.deals.sum())
    return spec, words("page.funnel.stages_alt", stages=alt), Table(frame[list(units)], units), _unknown(first, shown)


def _is_way_known() -> bool:
    return bool((session.report(session.view(), "funnel").known > 0).any())


def _unknown(first: Any, shown: int) -> str:
    """What cannot be known where only the current stage is; the bars then are all that are open or were closed."""
    if not first.unknown:
        return ""
    kind = "current_only" if not first.known else "partly_known"
    return words(f"page.funnel.{kind}", known=count(first.known), unknown=count(first.unknown), shown=count(shown))


def _stage_rows(row: Any, show: str) -> list[dict[str, Any]]:
    """The bar of those that came so far, and on it the bar of those that stand there."""
    amount = show == "amount"
    reached, now = (row.reached_amount, row.amount) if amount else (row.reached, row.deals)
    previous, first = (row.amount_of_previous, row.amount_of_first) if amount else (row.of_previous, row.of_first)
    write = money if amount else count
    lang = session.lang()
    name = in_words(row.stage, lang)
    texts = {
        "stage": row.stage, "kind": row.outcome, "name": name,
        "reached_text": _both(row.reached, row.reached_amount), "now_text": _both(row.deals, row.amount),
        "previous_text": numbers.percent(previous, lang), "first_text": numbers.percent(first, lang),
        "days_text": _days(row.days_in_stage),
        "age_text": words("page.funnel.age_of", open=_days(row.age_of_open), won=_days(row.days_of_won)),
        "flag_text": words("page.funnel.flags", late=_n(row.past_close), old=_n(row.older_than_won)),
    }  # fmt: skip
    label = words(f"page.funnel.label_{'won' if row.outcome != 'open' else 'open'}", stage=name, n=write(now))
    if pd.notna(first):
        label = words("page.funnel.label", stage=name, n=write(reached), first=_share(first))
        if pd.notna(previous):
            label += words("page.funnel.label_previous", previous=_share(previous))
    return [
        {**texts, "look": "reached", "value": _float(reached), "label": label},
        {**texts, "look": "now", "value": _float(now) if row.outcome == "open" or pd.isna(first) else 0, "label": ""},
    ]


def _share(value: float) -> str:
    """Whole percentages, but for small ones, which would all be 0."""
    return numbers.percent(round(value, 2 if value >= 0.1 else 3), session.lang())


def _float(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _n(value: Any) -> str:
    return "0" if pd.isna(value) else count(value)


def _days(value: Any) -> str:
    return words("app.not_available") if pd.isna(value) else session.counted("days", count(round(value)))


def _both(n: Any, amount: Any) -> str:
    return f"{numbers.full(n, session.lang(), 'count')} · {money_full(amount)}"


# --- parts


def _by() -> str:
    chosen = st.session_state.get("by")
    return chosen if chosen in PARTS else PARTS[0]


def breakout() -> None:
    """Where the open pipeline lies, and how much of what was closed there was won."""
    made = _breakout(_by(), _show())
    with cards.card("parts", words("page.funnel.parts"), made[2]):
        choice("by", PARTS, "page.funnel.by")
        cards.marks("parts_chart", made[0], made[1], "mark", "in", "part")


@session.kept
def _breakout(by: str, show: str) -> tuple[Spec, str, Table]:
    frame = session.report(session.view(), "funnel", by=by)
    rows = sorted((_part(by, key, part, show) for key, part in frame.groupby("part")), key=lambda r: -r["value"])
    said = {
        "name": words(f"dimension.{by}"),
        "value": words("page.funnel.now"),
        "note": words("measure.win_rate.label"),
    }
    spec = charts.parts(session.colours(), rows[:MOST], said, 27 * min(len(rows), MOST))
    alt = words("page.funnel.parts_alt", first=rows[0]["name"] if rows else "")
    columns = {"name": "", "deals": "count", "amount": "money", "win_rate": "percent"}
    return spec, alt, Table(pd.DataFrame([{c: r[c] for c in columns} for r in rows], columns=list(columns)), columns)


def _part(by: str, key: Any, part: pd.DataFrame, show: str) -> dict[str, Any]:
    lang, open_ones = session.lang(), part[part.outcome == "open"]
    won, lost = (int(part[part.outcome == outcome].deals.sum()) for outcome in ("won", "lost"))
    n, amount = int(open_ones.deals.sum()), float(open_ones.amount.sum(min_count=1))
    size = n if show != "amount" else 0.0 if math.isnan(amount) else amount
    rate = won / (won + lost) if won + lost else None
    said = words("page.funnel.win_rate_of", rate=numbers.percent(rate, lang), n=count(won + lost))
    return {
        "key": key, "name": _named(key, part.part_name.iloc[0]), "value": size,
        "label": f"{money(amount) if show == 'amount' else count(n)} · {numbers.percent(rate, lang)}",
        "value_text": f"{count(n)} · {money_full(amount)}", "note_text": said, "deals": n, "amount": amount,
        "win_rate": rate,
    }  # fmt: skip


def _named(key: str, name: Any) -> str:
    return words("filter.none") if key == NONE else in_words(name, session.lang())


# --- losses


def losses() -> None:
    """Why deals were lost, and to whom."""
    frame = _lost()
    for kind in ("reason", "competitor"):
        named = frame[(frame.kind == kind) & (frame.value != NONE)]
        question = words(f"page.funnel.{kind}")
        if named.empty:
            with cards.card(kind, question):
                st.caption(words("page.funnel.not_given" if len(frame) else "page.funnel.nothing_lost"))
            continue
        spec, alt, table = _losses(kind)
        with cards.card(kind, question, table):
            if kind == "reason":
                st.caption(words("page.funnel.losses_note", n=count(frame[frame.kind == kind].deals.sum())))
            cards.marks(f"{kind}_chart", spec, alt, "mark", kind, "part")


def _lost() -> pd.DataFrame:
    return session.report(session.view(), "losses")


@session.kept
def _losses(kind: str) -> tuple[Spec, str, Table]:
    frame = _lost()
    frame = frame[frame.kind == kind]
    rows = [
        {
            "key": r.value, "name": _named(r.value, r.value), "value": int(r.deals),
            "label": f"{count(r.deals)} · {numbers.percent(round(r.share, 2), session.lang())}",
            "value_text": f"{count(r.deals)} · {money_full(r.amount)}",
            "note_text": numbers.percent(r.share, session.lang()),
        }
        for r in deals.rows(frame.head(8))
    ]  # fmt: skip
    said = {"name": words(f"page.funnel.{kind}"), "value": words("page.funnel.lost"), "note": words("chart.share")}
    units = {"value": "", "deals": "count", "amount": "money", "share": "percent"}
    alt = words("page.funnel.losses_alt", first=rows[0]["name"])
    return charts.parts(session.colours(), rows, said, 25 * len(rows)), alt, Table(frame[list(units)], units)


# --- the list


def listing() -> None:
    """The deals behind the mark that was clicked; without one, those that stand too long."""
    look, value = _mark()
    frame = _listed()
    n = f"{count(len(frame))}{'+' if len(frame) == deals.LISTED else ''}"
    name = words("filter.none") if value == NONE else value
    by = _by()
    if look == "in":
        name = deals.shown(by, value)
    deals.listing("deals", words(f"page.funnel.list_{look or 'flagged'}", name=name, n=n), frame)


def _mark() -> tuple[str, str]:
    """The chart of which a mark was clicked, and what the mark stands for."""
    look, _, value = (st.session_state.get("mark") or "").partition(":")
    return look if look in LOOKS else "", value


def _listed() -> pd.DataFrame:
    view, settings = _asked(*_mark())
    return session.report(view, "deals", limit=deals.LISTED, **settings)


def _asked(look: str, value: str) -> tuple[View, dict[str, str]]:
    view, by = session.view(), _by()
    if look == "in":
        return view.keep(**{by: value}), {"outcome": "open"}
    settings = {
        "reached": {"reached": value}, "now": {"stage": value}, "reason": {"reason": value, "outcome": "lost"},
        "competitor": {"competitor": value, "outcome": "lost"},
    }  # fmt: skip
    return view, settings.get(look, {"flag": "flagged"})
