"""The page of one account: everything about it in one scroll, and the way to the next one of the list."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts import account as charts
from kam_core.charts.parts import Spec
from kam_core.metrics import query
from kam_core.metrics.measures import MEASURES
from kam_core.text import numbers
from kam_core.text.sentence import in_words, name_of, own_script
from kam_core.ui import address, cards, churn, drill, frames, groups, reasons, session, states
from kam_core.ui.cards import Table
from kam_core.ui.session import counted, money, money_full, words
from kam_core.view import NONE, Period, View, add_months

LINES = {
    "order_date": "date",
    "order_id": "",
    "product_line": "",
    "product": "",
    "quantity": "count",
    "amount": "money",
    "list_amount": "money",
    "cost": "money",
    "file": "",
    "line": "count",
}
KINDS = ("order", "return", "visit", "meeting", "call", "care", "ticket", "deal", "contract", "manager", "tier")
MET = ("visit", "meeting", "call", "care")  # events with a contact person
MOST_EVENTS, MOST_MEMBERS = 80, 8
Row = list[str]


# --- which account


def opened() -> bool:
    """Whether the address names an account that this person may see."""
    chosen = st.session_state.get("account")
    return bool(chosen) and not _one(str(chosen)).empty


def view() -> View:
    """The open account alone: the other filters would only hide parts of it."""
    return session.everything().over(session.view().period).keep(account=st.session_state["account"])


def _one(account_id: str) -> pd.DataFrame:
    """The account's row; by its number only, so that accounts of one name stay apart."""
    found = session.report(session.everything().over(session.view().period).keep(account=account_id), "accounts")
    return found[found.account_id == account_id]


def unknown() -> None:
    """No such account, or none that this person may see: the same words for both."""
    with st.container(border=True, key="no_account"):
        st.subheader(words("page.account.unknown_title"), anchor=False)
        st.write(words("page.account.unknown_why"))
        st.page_link(drill.ACCOUNTS, label=words("action.back_to_list"), query_params=address.chosen(account=None))


# --- the way there and on


def header() -> None:
    """Back to where one came from, the neighbours in that list, who it is."""
    lang = session.lang()
    row = _one(st.session_state["account"]).iloc[0]
    with st.container(horizontal=True, vertical_alignment="center", key="way"):
        _back()
        _neighbours()
    st.title(own_script(row["name"], lang), anchor=False)
    st.html(f'<p class="kam-sentence">{html.escape(_said(row))}</p>')


def _back() -> None:
    came = st.session_state.get("_came_from") or {}
    path = st.session_state.get("_paths", {}).get(came.get("page") or "overview")
    if came and path and came["page"] != "account":
        label, params = words(f"menu.{came['page'] or 'overview'}"), came["params"]
    else:
        label, path, params = words("action.back_to_list"), drill.ACCOUNTS, address.chosen(account=None)
    with st.container(key="back", width="content"):
        st.page_link(path, label=f"← {label}", query_params=params)


def _neighbours() -> None:
    """The previous and the next account of the list one came from, or of all that the filters leave, by revenue."""
    ids = st.session_state.get("_list") or session.report(session.view(), "account_places").account_id.tolist()
    chosen = st.session_state["account"]
    if chosen not in ids:
        return
    place = ids.index(chosen)
    for step, arrow in ((-1, "‹ {}"), (1, "{} ›")):
        label = arrow.format(words("action.previous" if step < 0 else "action.next"))
        at = place + step
        st.button(
            label,
            key=f"go_{step}",
            type="tertiary",
            disabled=not 0 <= at < len(ids),
            on_click=_go,
            args=(ids[at] if 0 <= at < len(ids) else chosen,),
        )
    lang = session.lang()
    n, of = numbers.full(place + 1, lang, "count"), numbers.full(len(ids), lang, "count")
    st.caption(words("page.account.place", n=n, all=of))


def _go(account_id: str) -> None:
    st.session_state["account"] = account_id
    st.session_state["line"] = ""
    address.touched()


def _said(row: Any) -> str:
    lang, names = session.lang(), session.names()
    said = [
        f"{words('column.tier')} {row.tier}" if isinstance(row.tier, str) else words("tier.none"),
        *(name_of(d, row[d], lang, names) for d in ("region", "industry", "segment") if isinstance(row[d], str)),
        own_script(row.manager_name, lang) if isinstance(row.manager_name, str) else words("column.unassigned"),
        str(row.account_id),
    ]
    if pd.notna(row.last_order_on):
        days = counted("days", int(row.days_since_order))
        said.append(words("page.account.silence", date=numbers.day(row.last_order_on, lang), days=days))
    return " · ".join(said)


# --- what is known


def prepare(keys: Sequence[str]) -> None:
    """What the cards ask for, the row of `keys` too, before the first of them."""
    session.together(
        lambda: cards.figures(tuple(keys)), _product_lines, _standing, _rfm, _worth, _members, _order_lines
    )


def _section(name: str) -> pd.DataFrame:
    frame = session.report(view(), "account")
    return frame[frame.section == name]


def identity() -> None:
    """Who it is, its tier and managers over time."""
    with cards.card("identity", words("page.account.identity")):
        _facts(_identity())


@session.kept
def _identity() -> list[Row]:
    lang = session.lang()
    rows = []
    for fact in frames.rows(_section("identity")):
        shown = {"created_on": lambda f: _day(f.day), "employees": lambda f: numbers.full(f.value, lang, "count")}
        text = in_words(fact.name, lang) if isinstance(fact.name, str) else money(fact.value)
        if fact.key not in ("region", "industry", "segment", "manager", "members"):  # those stand elsewhere
            text = words("app.yes") if fact.key == "strategic" else shown.get(fact.key, lambda _f, t=text: t)(fact)
            rows.append([words(f"fact.{fact.key}"), text])
    tiers = [f"{_day(t.day)} {t.key}" for t in frames.rows(_section("tier"))]
    if tiers:
        rows.append([words("page.account.tiers"), " → ".join(tiers)])
    holders = [f"{_day(m.day)} {_colleague(m.name)}" for m in frames.rows(_section("manager"))]
    if holders:
        rows.append([words("page.account.managers"), " → ".join(holders)])
    return rows


def group() -> None:
    """The other accounts of its group by what they bought in the period, each of which opens."""
    frame = _members()
    others = frame[frame.account_id != st.session_state["account"]]
    if others.empty:
        return
    lang = session.lang()
    name, n = own_script(frame.group_name.iloc[0], lang), _count(len(frame))
    with cards.card("group", words("page.account.group"), groups.members(frame)):
        st.caption(words("page.account.group_said", group=name, n=n, revenue=money(frame.revenue.sum())))
        with st.container(key="changes_group", gap="xxsmall"):
            for row in frames.rows(others.head(MOST_MEMBERS)):
                label = f"{own_script(row.name, lang)} · {money(row.revenue)}"
                # A link into the page where one is leaves no step to go back.
                st.button(label, key=f"member_{row.account_id}", type="tertiary", on_click=_go, args=(row.account_id,))


def _members() -> pd.DataFrame:
    """All accounts of its group that the person may see; none where it stands alone, which is cheaper to know."""
    if "members" not in set(_section("identity").key):
        return pd.DataFrame(columns=["account_id"])
    whole = session.everything().over(session.view().period)
    return session.report(whole, "group_accounts", of=st.session_state["account"])


def standing() -> None:
    """The period's figures beside the median of its industry."""
    rows, n = _standing()
    question = words("page.account.standing")
    with cards.card("standing", question, legend=_note(words("page.account.peers", n=n)) if rows else ""):
        _facts(rows, ["", words("column.account"), words("page.account.median")])


@session.kept
def _standing() -> tuple[list[Row], str]:
    lang, currency = session.lang(), session.facts().currency
    whole = session.everything().over(session.view().period)
    frame = session.report(whole, "account_standing", account=st.session_state["account"])
    rows = []
    for f in frames.rows(frame[frame.value.notna() | frame.peers.notna()]):
        unit = MEASURES[f.key].unit
        own, peers = (numbers.short(v, lang, unit, currency) for v in (f.value, f.peers))
        rows.append([words(f"measure.{f.key}.label"), own, peers])
    return rows, numbers.full(int(frame.peer_accounts.max()) if len(frame) else 0, lang, "count")


def rfm() -> None:
    """Recency, frequency and monetary value with the cuts, and the account's own rhythm."""
    rows, rhythm = _rfm()
    with cards.card("rfm", words("page.account.rfm"), legend=_note(words("page.account.rfm_note"))):
        heads = ["", words("page.account.figure"), words("page.account.score"), words("page.account.cuts")]
        _facts(rows, heads) if rows else st.caption(words("page.account.no_year"))
        if rhythm:
            st.markdown(rhythm)


@session.kept
def _rfm() -> tuple[list[Row], str]:
    lang = session.lang()
    whole = session.everything().over(session.view().period)
    frame = session.report(whole, "account_rfm", account=st.session_state["account"])
    rows = [_rfm_row(f) for f in frames.rows(frame)]
    rhythm = ""
    for r in frames.rows(_section("rhythm")):
        if pd.notna(r.before):  # the mean, which the reasons for a risk and the limit of a lost account go by
            rhythm = words(
                "page.account.rhythm_said",
                gap=counted("every_days", reasons.days(r.before)),
                days=counted("days", _count(r.other)),
                times=counted("rhythms", numbers.short(r.other / r.before if r.before else None, lang, "plain")),
            )
    return rows, rhythm


def _rfm_row(f: Any) -> Row:
    lang = session.lang()

    def write(value: Any) -> str:
        if f.key == "monetary":
            return money(value)
        text = numbers.full(value, lang, "count")
        return counted("days", text) if f.key == "recency" else text

    cuts = " · ".join(write(c) for c in (f.cut_2, f.cut_3, f.cut_4, f.cut_5))
    return [words(f"page.account.{f.key}"), write(f.value), f"{f.score} / 5", cuts]


def worth() -> None:
    """Churn risk with its reasons, and the value of the relationship, past and to come; or why nothing can be said."""
    rows, reasons_said, note = _worth()
    with cards.card("worth", words("page.account.worth"), legend=_note(note)):
        if rows:
            _facts(rows)
        if reasons_said:
            st.markdown(reasons_said)


@session.kept
def _worth() -> tuple[list[Row], str, str]:
    """Facts, the reasons for the risk as a sentence, and what stands behind it all."""
    known = churn.fit()
    frame = session.report(view().over(Period()), "churn_risk", lost=True)  # of the last day, whatever the period
    if known is None or frame.empty:
        return [], words("page.account.never_ordered"), ""
    row: Any = next(frames.rows(frame))
    note = words("page.account.risk_rule") if known.problem else words("page.account.worth_note", days=_horizon(known))
    if row.state == "lost":
        silence = counted("days", _count(row.silence_days))
        return _value_rows(row, known), words("page.account.lost_said", days=silence), note
    why = reasons.sentence(row)
    said = words("page.account.risk_said", why=why[:1].upper() + why[1:], next=reasons.first_step(row))
    return _risk_rows(row) + _value_rows(row, known), said, note


def _horizon(known: Any) -> str:
    return _count(int(known.horizon_days))


def _count(value: Any) -> str:
    return numbers.full(value, session.lang(), "count")


def _risk_rows(row: Any) -> list[Row]:
    band = words(f"risk.{row.band}") if isinstance(row.band, str) else words("app.not_available")
    if pd.isna(row.churn_risk):
        return [[words("column.churn_risk"), band]]
    return [
        [words("column.churn_risk"), f"{reasons.risk(row.churn_risk)} · {band}"],
        [words("page.account.at_risk"), words(
            "page.account.at_risk_of", value=money(row.value_at_risk), whole=money(row.expected_revenue)
        )],
    ]


def _value_rows(row: Any, known: Any) -> list[Row]:
    """Earned so far and expected, with its interval; only what was earned where there is no model."""
    rows = [[words("page.value.past"), money(row.past_margin)]] if pd.notna(row.past_margin) else []
    if pd.notna(row.expected_value):
        low, high = row.expected_value_low, row.expected_value_high
        span = "" if pd.isna(low) else f" ({money(low)} – {money(high)})"
        months = words("page.account.value_months", months=int(known.value_months))
        rows.append([months, f"{money(row.expected_value)}{span}"])
    return rows


# --- charts


def product_lines() -> None:
    """The lines of the last 12 months against the 12 before; a click shows that line's orders below."""
    spec, table, note = _product_lines()
    with cards.card("lines_chart_card", words("page.account.product_lines"), table, note):
        if table.frame.empty:
            st.caption(words("page.account.no_orders"))
        else:
            cards.marks("product_lines", spec, words("page.account.product_lines"), "line", "line")


@session.kept
def _product_lines() -> tuple[Spec, Table, str]:
    look = session.colours()
    frame = _section("line")
    frame = frame[(frame.value != 0) | (frame.before != 0)]
    rows = [_line_row(f) for f in frames.rows(frame)]
    said = {"actual": words("page.account.trailing"), "before": words("page.account.before")}
    note = cards.legend(("solid", look.actual, said["actual"]), ("solid", look.before, said["before"]))
    shown = frame[["key", "value", "before", "other", "note"]].set_axis(
        ["product_line", "revenue", "revenue_before", "margin", "change"], axis=1
    )
    shown["change"] = [words(f"page.account.{c}") if isinstance(c, str) else "" for c in shown["change"]]
    units = {"revenue": "money", "revenue_before": "money", "margin": "money"}
    return charts.product_lines(look, rows, said, max(60, 30 * len(rows))), Table(shown, units), note


def _line_row(f: Any) -> dict[str, Any]:
    mark = f.note if isinstance(f.note, str) else ""
    growth = numbers.percent(numbers.growth(f.value, f.before), session.lang(), signed=True)
    return {
        "line": drill.key_of(f.key),
        "name": in_words(f.name, session.lang()) if isinstance(f.name, str) else words("filter.none"),
        "now": float(f.value),
        "before": float(f.before),
        "mark": mark,
        "label": f"{money(f.value)} {words(f'page.account.{mark}') if mark else growth}",
        "now_text": money_full(f.value),
        "before_text": money_full(f.before),
    }


def concessions() -> None:
    """Discount against margin by quarter."""
    made = _concessions()
    if made is None:
        return
    spec, table, note = made
    with cards.card("concessions", words("page.account.concessions"), table, note):
        cards.chart("concessions_chart", spec, words("page.account.concessions"))


@session.kept
def _concessions() -> tuple[Spec, Table, str] | None:
    """None where neither list values nor cost are loaded."""
    frame, look = _section("quarter").tail(12), session.colours()
    if not (frame.before.notna().any() or frame.other.notna().any()):
        return None
    rows = [_quarter_row(f) for f in frames.rows(frame)]
    said = {
        "discount": words("measure.discount_rate.label"),
        "margin": words("measure.gross_margin.label"),
        "revenue": words("measure.revenue.label"),
    }
    note = cards.legend(("solid", look.actual, said["margin"]), ("outline", look.bad, said["discount"]))
    shown = frame[["day", "value", "before", "other"]].set_axis(
        ["month", "revenue", "gross_margin", "discount"], axis=1
    )
    units = {"month": "date", "revenue": "money", "gross_margin": "percent", "discount": "percent"}
    return charts.concessions(look, rows, said), Table(shown, units), note


def _quarter_row(f: Any) -> dict[str, Any]:
    lang = session.lang()
    return {
        "month": _period_of(f.day.date()),
        "name": numbers.quarter(f.day, lang),
        "discount": _known(f.other),
        "margin": _known(f.before),
        "discount_text": numbers.percent(f.other, lang),
        "margin_text": numbers.percent(f.before, lang),
        "revenue_text": money_full(f.value),
    }


def _period_of(first: date) -> str:
    """The quarter as a period, in fiscal years."""
    return query.label(first, "quarter", session.calendar())


# --- lists


def deals() -> None:
    lang = session.lang()
    frame = _section("deal")
    rows = [
        [
            words(f"outcome.{f.note}") if f.note in ("won", "lost", "open") else in_words(str(f.note), lang),
            in_words(_text(f.name), lang),
            money(f.value),
            _day(f.day),
        ]
        for f in frames.rows(frame.head(8))
    ]
    heads = [words("column.stage"), words("column.product_line"), words("column.amount"), words("column.closes")]
    _list("deals", "opportunities", rows, heads, frame, numbers.full(len(frame), lang, "count"))


def contracts() -> None:
    """Committed, bought and time gone."""
    as_of, lang = session.calendar().as_of, session.lang()
    frame = _section("contract")
    rows = []
    for f in frames.rows(frame.head(5)):
        start, end = f.day.date(), f.until.date()
        gone = max(0.0, min(1.0, ((as_of - start).days + 1) / max((end - start).days + 1, 1)))
        done = f.before / f.value if f.value else None
        rows.append(
            [
                f"{_day(f.day)} – {_day(f.until)}",
                money(f.value),
                numbers.percent(done, lang),
                numbers.percent(gone, lang),
            ]
        )
    heads = [words("column.term"), words("column.committed"), words("column.bought_of_it"), words("column.time_gone")]
    _list("contracts", "contracts", rows, heads, frame, numbers.full(len(frame), lang, "count"))


def service() -> None:
    """Visits, calls and tickets over the last 12 months."""
    lang = session.lang()
    frame = _section("service")
    rows = [
        [
            words(f"event.{f.key}") if f.key in KINDS else str(f.key),
            numbers.full(f.value, lang, "count"),
            numbers.full(f.before, lang, "count"),
            _day(f.day),
        ]
        for f in frames.rows(frame)
    ]
    heads = ["", words("page.account.trailing"), words("page.account.before"), words("column.last")]
    _list("service", "activities", rows, heads, frame, "")


def tickets() -> None:
    lang = session.lang()
    frame = _section("ticket")
    rows = [
        [
            _day(f.day),
            in_words(_text(f.name), lang),
            words("page.account.hours", n=numbers.short(f.value, lang, "plain"))
            if pd.notna(f.value)
            else words("page.account.unanswered"),
            _day(f.until) if pd.notna(f.until) else words("page.account.open"),
            numbers.full(f.other, lang, "count") if pd.notna(f.other) else "–",
        ]
        for f in frames.rows(frame.head(6))
    ]
    heads = [
        words("column.opened"),
        words("page.account.about"),
        words("column.answered"),
        words("column.resolved"),
        words("column.satisfaction"),
    ]
    _list("tickets", "tickets", rows, heads, frame, numbers.full(len(frame), lang, "count"))


def contacts() -> None:
    lang = session.lang()
    frame = _section("contact")
    rows = [
        [
            own_script(_text(f.name), lang),
            " · ".join(in_words(part, lang) for part in _text(f.note).split(" · ")),
            numbers.full(f.value, lang, "count"),
            _day(f.day) if pd.notna(f.day) else "–",
        ]
        for f in frames.rows(frame.head(8))
    ]
    heads = [words("column.contact"), words("column.role"), words("column.met"), words("column.last")]
    _list("contacts", "contacts", rows, heads, frame, numbers.full(len(frame), lang, "count"))


def partners() -> None:
    """Who delivers: direct, or which partners."""
    lang = session.lang()
    frame = _section("partner")
    rows = [
        [
            own_script(f.name, lang) if isinstance(f.name, str) else words("page.account.direct"),
            money(f.value or 0),
            money(f.before or 0),
            _day(f.day),
        ]
        for f in frames.rows(frame.fillna({"value": 0, "before": 0}))
    ]
    heads = ["", words("page.account.trailing"), words("page.account.before"), words("column.last_order")]
    _list("partners", "partners", rows, heads, frame, "")


def _list(key: str, table: str, rows: list[Row], heads: list[str], frame: pd.DataFrame, n: str) -> None:
    """A short list with the whole of it behind the dots; where the table was never loaded, its template."""
    question = words(f"page.account.{key}")
    shown = frame.drop(columns="section").dropna(axis=1, how="all")
    units = {"value": "count", "before": "count", "other": "count", "day": "date", "until": "date"}
    behind = Table(shown, units | ({"name": "person"} if key == "contacts" else {})) if len(rows) else None
    with cards.card(key, question, behind, _note(n)):
        if rows:
            _facts(rows, heads)
        elif table != "partners" and not session.facts().has(table):
            states.not_loaded(table, question)
        else:
            st.caption(words("page.account.none"))


# --- everything that happened


def timeline() -> None:
    """All events, newest first; the pills choose kinds."""
    frame = _section("event")
    kinds = [k for k in KINDS if k in {_kind(f) for f in frame.key}]
    with cards.card("timeline", words("page.account.timeline"), _events_table(frame)):
        chosen = st.pills(
            words("column.kind"),
            kinds,
            selection_mode="multi",
            format_func=lambda k: words(f"event.{k}"),
            key="event_kinds",
            label_visibility="collapsed",
        )
        shown = frame[[not chosen or _kind(k) in chosen for k in frame.key]].head(MOST_EVENTS)
        if shown.empty:
            st.caption(words("page.account.none"))
        else:
            st.html(_timeline(tuple(shown.index)))


def _events_table(frame: pd.DataFrame) -> Table:
    shown = frame[["day", "key", "name", "value", "note"]].set_axis(
        ["date", "kind", "what", "amount", "number"], axis=1
    )
    is_met = shown["kind"].isin(MET)
    shown.insert(3, "contact", shown["what"].where(is_met))
    shown["what"] = shown["what"].mask(is_met)
    shown["kind"] = [words(f"event.{k}") if k in texts_of_events() else k for k in shown["kind"]]
    return Table(shown, {"date": "date", "amount": "money", "contact": "person"})


def texts_of_events() -> tuple[str, ...]:
    """The kinds of events that have words."""
    return (*KINDS, "deal_opened", "deal_won", "deal_lost", "contract_start", "contract_end")


def _kind(key: str) -> str:
    return key.split("_")[0]


@session.kept
def _timeline(index: tuple[int, ...]) -> str:
    frame, look = _section("event").loc[list(index)], session.colours()
    colours = {
        "return": look.bad,
        "ticket": look.bad,
        "deal_lost": look.bad,
        "order": look.actual,
        "deal_won": look.good,
    }
    parts, month = [], ""
    for f in frames.rows(frame):
        if (this := numbers.month(f.day.date(), session.lang())) != month:
            month = this
            parts.append(f'<div class="kam-month">{html.escape(this)}</div>')
        dot = colours.get(f.key, look.before)
        label = words(f"event.{f.key}") if f.key in texts_of_events() else str(f.key)
        parts.append(
            f'<div class="kam-event"><span>{html.escape(numbers.day_of_year(f.day.date(), session.lang()))}</span>'
            f'<i style="background:{dot}"></i><b>{html.escape(label)}</b> {html.escape(_event_text(f))}</div>'
        )
    return f'<div class="kam-timeline"><div>{"".join(parts)}</div></div>'


def _event_text(f: Any) -> str:
    lang = session.lang()
    said = [money(f.value)] if pd.notna(f.value) and f.key != "tier" else []
    if f.key == "tier":
        said.append(f"{_text(f.name)} → {f.note}")
    elif isinstance(f.name, str):
        said.append(in_words(f.name, lang))
    elif f.key == "manager":
        said.append(_colleague(f.name))
    if f.key == "ticket":
        said.append(
            words("page.account.answered_in", n=numbers.short(f.other, lang, "plain"))
            if pd.notna(f.other)
            else words("page.account.unanswered")
        )
    if f.key in ("order", "return", "deal_won", "deal_lost", "deal_opened", "ticket", "contract_start"):
        said.append(str(f.note))
    return " · ".join(said)


# --- the order lines


def order_lines() -> None:
    """The order lines of the period with the file and line they came from; where a product line is picked, those of it
    in the 12 months that its bar stands for.
    """
    line, note = st.session_state.get("line"), ""
    frame = _order_lines()
    if line:
        name = words("filter.none") if line == NONE else in_words(line, session.lang())
        note = f"{name} · {words('page.account.trailing')}"
        frame = frame[[drill.key_of(v) == line for v in frame.product_line]]
    known = [c for c in LINES if frame[c].notna().any() and (c != "line" or frame["file"].notna().any())]
    table = Table(frame[known], LINES)
    with cards.card("lines", words("page.account.lines"), table, _note(note)):
        if line:
            st.button(words("page.account.all_lines"), on_click=_all_lines, type="tertiary", key="all_lines")
        if frame.empty:
            st.caption(words("page.account.no_orders"))
        else:
            cards.show("line_table", table, words("page.account.lines"), height=330)


def _order_lines() -> pd.DataFrame:
    view = session.view()
    if st.session_state.get("line"):
        end = cards.span_of(view).end
        view = view.over(Period.between(add_months(end, -12), end))
    return session.report(view, "account_orders", limit=2000)


def _all_lines() -> None:
    st.session_state["line"] = ""
    address.touched()


# --- small things


def _facts(rows: list[Row], heads: list[str] | None = None) -> None:
    """Short facts as a quiet table: the first column says what, figures stand to the right."""
    head = "".join(f"<th>{html.escape(h)}</th>" for h in heads) if heads else ""
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    kind, first = ("kam-facts kam-listed", f"<tr>{head}</tr>") if heads else ("kam-facts", "")
    st.html(f'<div class="kam-scroll"><table class="{kind}">{first}{body}</table></div>')


def _note(text: str) -> str:
    return f'<div class="kam-legend">{html.escape(text)}</div>' if text else ""


def _day(value: Any) -> str:
    return numbers.day(None if pd.isna(value) else value.date(), session.lang())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "–"


def _colleague(name: Any) -> str:
    """A manager's name, where the person may see it."""
    return own_script(name, session.lang()) if isinstance(name, str) else words("view_as.colleague")


def _known(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
