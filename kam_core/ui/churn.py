"""The cards of the churn page: who is about to leave, why, what it is worth, and whom to call first."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts.parts import Spec
from kam_core.charts.risk import BANDS, at_risk_bars, band_colour, risk_map
from kam_core.text import numbers
from kam_core.text.sentence import name_of, own_script
from kam_core.ui import address, cards, drill, reasons, session, tiles
from kam_core.ui.cards import Table
from kam_core.ui.session import money, money_full, words
from kam_core.ui.tiles import Tile
from kam_core.view import Period, View

LISTED, CALLED, DRAWN, PARTS = 400, 7, 400, 9
SPLITS = ("region", "industry", "tier", "manager", "band")
LIST = {
    "account": "",
    "tier": "",
    "risk": "percent",
    "band": "",
    "value_at_risk": "money",
    "rhythm": "",
    "why": "",
    "next_step": "",
    "last_contact": "date",
    "manager": "",
    "region": "",
    "industry": "",
    "trailing_revenue": "money",
    "expected_revenue": "money",
    "margin_at_risk": "money",
    "last_order": "date",
    "account_id": "",
}


def standing() -> View:
    """Risk is known as of the last day loaded, whatever the period."""
    return session.view().over(Period())


def each(frame: pd.DataFrame) -> list[Any]:
    """The rows of a report, their columns as names."""
    return list(frame.itertuples())


def fit() -> Any:
    """What is known of the model, or None where there are no orders."""
    frame = session.report(session.everything(), "model_fit")
    return None if frame.empty else frame.iloc[0]


def note() -> None:
    """What the risk is, and what is used where a model cannot be."""
    known = fit()
    if known is not None:
        st.caption(_note(known))


def _note(known: Any) -> str:
    if known.problem:
        return words("risk.rule", problem=words(f"risk.{known.problem}"))
    date = numbers.day(known.as_of, session.lang())
    return words("page.churn.note", days=int(known.horizon_days), date=date, method=_method(known))


def _method(known: Any) -> str:
    """What is not the usual way: a baseline, or parameters for each segment."""
    if known.in_use != "model":
        return words("risk.by_baseline", baseline=words(f"grader.{known.in_use}"))
    return fitted_apart(known)


def fitted_apart(known: Any) -> str:
    """By what, and for how many groups, the model is fitted apart, and what that saved; nothing where it is one fit."""
    if pd.isna(known.fitted_by):
        return ""
    saved = numbers.percent(known.fitted_saved, session.lang())
    return words(f"risk.fitted_by_{known.fitted_by}", count=int(known.fitted_apart), saved=saved)


def empty() -> bool:
    """Whether no account in view still buys."""
    return session.report(standing(), "risk_parts").empty


# --- figures


def figures() -> None:
    tiles.show(_figures())


@session.kept
def _figures() -> list[Tile]:
    lang, known, frame = session.lang(), fit(), session.report(standing(), "risk_parts")
    total: Any = frame[frame.section == "total"].iloc[0]
    bands = frame[frame.section == "band"].set_index("value")
    cuts = {name: numbers.percent(float(session.facts().policy[f"churn.{name}"]), lang) for name in ("high", "medium")}

    def tile(key: str, value: str, note: str = "", tone: str = "", **tip: Any) -> Tile:
        texts = f"page.churn.tile_{key}"
        return Tile(f"risk_{key}", words(texts), value, note, words(f"{texts}_tip", **tip), tone)

    def of_band(band: str) -> tuple[str, str]:
        row: Any = bands.loc[band] if band in bands.index else None
        count = numbers.short(0 if row is None else row.accounts, lang, "count")
        return count, words("page.churn.tile_high_note", value=money(0.0 if row is None else row.value_at_risk))

    share = numbers.percent(total.value_at_risk / total.expected_revenue if total.expected_revenue else None, lang)
    expected = session.report(standing(), "what_if_retention")
    lost = expected.accounts_expected_lost.iloc[0] if len(expected) else None
    return [
        tile(
            "value",
            money(total.value_at_risk),
            words("page.churn.tile_value_note", share=share),
            margin=money(total.margin_at_risk),
        ),
        tile("high", *of_band("high"), tone="bad", cut=cuts["high"]),
        tile("medium", *of_band("medium"), cut=cuts["medium"], high=cuts["high"]),
        tile(
            "lost",
            numbers.short(lost, lang, "count"),
            words("page.churn.tile_lost_note", accounts=numbers.short(total.accounts, lang, "count")),
            days=int(known.horizon_days),
        ),
        tile("trust", *_trust()),
    ]


def _trust() -> tuple[str, str]:
    scores = session.report(session.everything(), "backtest_scores")
    found = scores[(scores.score == "model") & (scores.figure == "revenue_caught")]
    if found.empty or pd.isna(found["mean"].iloc[0]):
        return words("app.not_available"), words("page.churn.tile_trust_none")
    share = numbers.percent(found["mean"].iloc[0], session.lang())
    return words("page.churn.tile_trust_value", share=share), words("page.churn.tile_trust_note")


# --- whom to call


def call_first() -> None:
    """The accounts with the most value at high or medium risk, each with why and what to do; a line opens it."""
    with cards.card("call_first", words("page.churn.call_first")), st.container(key="changes_call", gap="xxsmall"):
        lines = _calls()
        for account, text in lines:
            drill.link(text, account=account)
        if not lines:
            st.caption(words("page.churn.nobody"))


@session.kept
def _calls() -> list[tuple[str, str]]:
    frame = _report()
    urgent = frame[frame.band.isin(["high", "medium"])].head(CALLED)
    return [(row.account_id, _call(row)) for row in each(urgent)]


def _call(row: Any) -> str:
    risky = pd.notna(row.value_at_risk)
    return words(
        "page.churn.call_line" if risky else "page.churn.call_line_rule",
        name=own_script(row.name, session.lang()),
        value=money(row.value_at_risk if risky else row.trailing_revenue),
        risk=reasons.risk(row.churn_risk) if risky else "",
        why=reasons.sentence(row, 2),
        next=reasons.first_step(row),
    )


def _report(view: View | None = None, band: str = "all", cause: str = "") -> pd.DataFrame:
    return session.report(view or standing(), "churn_risk", limit=LISTED, band=band, cause=cause or "all")


# --- risk × value


def value_map() -> None:
    """Risk against money; a click on a point opens the account."""
    made = _value_map()
    if made is None:
        return
    with cards.card("risk_map", words("page.churn.map"), made[2], _bands_legend()):
        cards.chart("risk_map_chart", made[0], made[1])


@session.kept
def _value_map() -> tuple[Spec, str, Table] | None:
    frame = _report()
    frame = frame[frame.churn_risk.notna() & (frame.expected_revenue > 0)].head(DRAWN)
    if frame.empty:
        return None
    rows = [
        {
            "account": row.account_id,
            "risk": row.churn_risk,
            "money": row.expected_revenue,
            "at_risk": row.value_at_risk,
            "band": row.band,
            "name": own_script(row.name, session.lang()),
            "at_risk_text": money_full(row.value_at_risk),
            "risk_text": numbers.percent(row.churn_risk, session.lang()),
            "money_text": money_full(row.expected_revenue),
        }
        for row in each(frame)
    ]
    said = {
        "risk": words("page.churn.map_x"),
        "money": words("page.churn.map_y"),
        "at_risk": words("column.value_at_risk"),
    }
    policy, axis = session.facts().policy, numbers.axis_expression(session.lang(), "money", session.facts().currency)
    cuts = (float(policy["churn.medium"]), float(policy["churn.high"]))
    alt = words("page.churn.map_alt", name=rows[0]["name"], value=money(rows[0]["at_risk"]))
    columns = {"name": "account", "churn_risk": "risk"}
    table = frame[["name", "churn_risk", "band", "expected_revenue", "value_at_risk"]].rename(columns=columns)
    return risk_map(session.colours(), rows, said, cuts, axis, 300), alt, Table(table, LIST)


def _bands_legend() -> str:
    look = session.colours()
    return cards.legend(*(("solid", band_colour(look, band), words(f"risk.{band}")) for band in BANDS))


# --- parts and reasons


def parts() -> None:
    """Value at risk by one dimension; a bar lists its accounts below."""
    by = str(st.session_state.get("by") if st.session_state.get("by") in SPLITS else SPLITS[0])
    spec, alt, table = _parts(by)
    look = session.colours()
    note = cards.legend(("solid", look.risk[0], words("column.high")), ("solid", look.risk[2], words("chart.total")))
    with cards.card("risk_parts", words("page.churn.parts"), table, note):
        st.session_state["by"] = by
        st.segmented_control(
            words("page.churn.by"),
            SPLITS,
            key="by",
            required=True,
            on_change=address.touched,
            format_func=lambda d: words(f"column.{d}"),
            label_visibility="collapsed",
        )
        if by == "band":
            cards.marks("risk_parts_chart", spec, alt, "band", "value")
        else:
            cards.marks("risk_parts_chart", spec, alt, "part", by, "value")


@session.kept
def _parts(by: str) -> tuple[Spec, str, Table]:
    frame = session.report(standing(), "risk_parts")
    part = frame[frame.section == by].copy()
    by_money = bool(part.value_at_risk.notna().any())
    part["total"] = part.value_at_risk if by_money else part.high + part.medium
    part["inside"] = (part.value_high if by_money else part.high).fillna(0.0)
    rows = [_part(by, row, by_money) for row in each(part.sort_values("total", ascending=False).head(PARTS))]
    said = {"total": words("column.value_at_risk"), "high": words("column.high"), "accounts": words("column.accounts")}
    summary = "; ".join(f"{r['name']} {r['label']}" for r in rows)
    alt = words("page.churn.parts_alt", dimension=words(f"column.{by}"), summary=summary)
    table = part[["value", "accounts", "high", "medium", "value_at_risk", "expected_revenue"]].rename(
        columns={"value": by}
    )
    units = dict.fromkeys(("accounts", "high", "medium"), "count") | LIST
    spec = at_risk_bars(session.colours(), rows, "value", said, 26 * max(len(rows), 1) + 8)
    return spec, alt, Table(table, units)


def _part(by: str, row: Any, by_money: bool) -> dict[str, Any]:
    lang = session.lang()
    value = row.value if isinstance(row.value, str) else None
    name = words(f"risk.{value}") if by == "band" else name_of(by, value, lang, session.names())
    write = money_full if by_money else (lambda v: numbers.full(v, lang, "count"))
    bands = (f"{words(f'risk.{band}')} {getattr(row, band)}" for band in ("high", "medium"))
    counts = " · ".join([numbers.full(row.accounts, lang, "count"), *bands])
    total = 0.0 if pd.isna(row.total) else float(row.total)
    return {
        "value": drill.key_of(value),
        "name": name,
        "total": total,
        "high": float(row.inside),
        "label": money(total) if by_money else numbers.short(total, lang, "count"),
        "total_text": write(total),
        "high_text": write(row.inside),
        "accounts_text": counts,
    }


def why() -> None:
    """Accounts at risk by their weightiest reason; a click keeps those accounts in the list below."""
    spec, alt, table = _why()
    with cards.card("risk_reasons", words("page.churn.reasons"), table):
        if table.frame.empty:
            st.caption(words("page.churn.nobody"))
        else:
            cards.marks("risk_reasons_chart", spec, alt, "cause", "reason")


@session.kept
def _why() -> tuple[Spec, str, Table]:
    frame = session.report(standing(), "risk_parts")
    part = frame[frame.section == "reason"].sort_values("accounts", ascending=False).head(PARTS)
    rows = [
        {
            "name": reasons.label(row.value),
            "total": float(row.accounts),
            "high": float(row.high),
            "label": numbers.short(row.accounts, session.lang(), "count"),
            "reason": row.value,
            "total_text": numbers.full(row.accounts, session.lang(), "count"),
            "high_text": numbers.full(row.high, session.lang(), "count"),
            "accounts_text": money_full(row.value_at_risk),
        }
        for row in each(part)
    ]
    said = {"total": words("column.accounts"), "high": words("column.high"), "accounts": words("column.value_at_risk")}
    alt = words("page.churn.reasons_alt", summary="; ".join(f"{r['name']} {r['label']}" for r in rows))
    table = part[["value", "accounts", "high", "medium", "value_at_risk"]].assign(value=[r["name"] for r in rows])
    units = dict.fromkeys(("accounts", "high", "medium"), "count") | LIST
    spec = at_risk_bars(session.colours(), rows, "reason", said, 26 * max(len(rows), 1) + 8)
    return spec, alt, Table(table.rename(columns={"value": "why"}), units)


# --- the list


def listing() -> None:
    """One row an account, most value at risk first, of the band, the reason and the part of the accounts that were
    clicked; ticking one opens it.
    """
    band = st.session_state.get("band") if st.session_state.get("band") in BANDS else "all"
    cause, (by, value) = _cause(), _part_chosen()
    table, total = _list(band, cause, by, value)
    with cards.card("risk_list", _question(cause, by, value)):
        st.session_state["band"] = band
        with st.container(horizontal=True, vertical_alignment="center", key="risk_list_head"):
            st.segmented_control(
                words("column.band"),
                ("all", *BANDS),
                key="band",
                required=True,
                format_func=lambda b: words(f"risk.{b}"),
                on_change=address.touched,
                label_visibility="collapsed",
            )
            count = {
                "n": numbers.full(len(table.frame), session.lang(), "count"),
                "all": numbers.full(total, session.lang(), "count"),
            }
            st.caption(words("page.churn.list_count", **count))
            cards.unmark("cause", "part")
            cards.downloads("churn_risk", words("page.churn.list"), table)
        ids = table.frame["account_id"].tolist()
        cards.show(
            "risk_table",
            table,
            words("page.churn.list_alt"),
            height=430,
            selection_mode="single-row",
            on_select=lambda: drill.ticked("risk_table", "account", ids),
        )


def _question(cause: str, by: str, value: str) -> str:
    named = [name_of(by, value, session.lang(), session.names())] if by else []
    if cause:
        return words("page.churn.list_cause", cause=" · ".join([*named, reasons.label(cause)]))
    return words("page.churn.list_part", part=named[0]) if named else words("page.churn.list")


def _cause() -> str:
    """The weightiest reason whose bar was clicked, where there is such a reason."""
    chosen = str(st.session_state.get("cause") or "")
    return chosen if chosen in _values("reason") else ""


def _part_chosen() -> tuple[str, str]:
    """Dimension and value of the bar that was clicked, where there is such a one in view."""
    by, _, value = str(st.session_state.get("part") or "").partition(":")
    return (by, value) if by in SPLITS and value in _values(by) else ("", "")


def _values(section: str) -> set[str]:
    parts = session.report(standing(), "risk_parts")
    return {drill.key_of(v) for v in parts[parts.section == section]["value"]}


@session.kept
def _list(band: str, cause: str, by: str, value: str) -> tuple[Table, int]:
    lang = session.lang()
    view = standing().keep(**{by: value}) if by else standing()
    frame = _report(view, band, cause)
    counts = session.report(view, "risk_parts")
    chosen = counts[
        (counts.section == "total") if band == "all" else ((counts.section == "band") & (counts.value == band))
    ]
    rows = each(frame)
    shown = pd.DataFrame(
        {
            "account": [own_script(r.name, lang) for r in rows],
            "tier": frame.tier,
            "risk": frame.churn_risk,
            "band": [words(f"risk.{r.band}") for r in rows],
            "value_at_risk": frame.value_at_risk,
            "rhythm": [reasons.rhythm(r) for r in rows],
            "why": [reasons.causes(r) for r in rows],
            "next_step": [reasons.first_step(r) for r in rows],
            "last_contact": frame.last_contact_on,
            "manager": [own_script(r.manager_name, lang) if isinstance(r.manager_name, str) else None for r in rows],
            "region": frame.region,
            "industry": frame.industry,
            "trailing_revenue": frame.trailing_revenue,
            "expected_revenue": frame.expected_revenue,
            "margin_at_risk": frame.margin_at_risk,
            "last_order": frame.last_order_on,
            "account_id": frame.account_id,
        }
    )
    known = [c for c in LIST if shown[c].notna().any() or c in ("account", "account_id")]
    return Table(shown[known], LIST), len(frame) if cause else int(chosen.accounts.sum())


# --- early warnings


def warnings() -> None:
    """Signs beyond silence with the day each began; ticking one opens the account."""
    table = _warnings()
    with cards.card("warnings", words("page.churn.warnings"), table):
        if table.frame.empty:
            st.caption(words("page.churn.no_warnings"))
            return
        st.caption(words("page.churn.warnings_note"))
        ids = table.frame["account_id"].tolist()
        cards.show(
            "warning_table",
            table,
            words("page.churn.warnings_alt"),
            height=330,
            selection_mode="single-row",
            on_select=lambda: drill.ticked("warning_table", "account", ids),
        )


@session.kept
def _warnings() -> Table:
    lang, frame = session.lang(), session.report(standing(), "early_warnings", limit=300)
    shown = pd.DataFrame(
        {
            "account": [own_script(n, lang) for n in frame.name],
            "tier": frame.tier,
            "sign": [reasons.label(r) for r in frame.reason],
            "why": [reasons.said(r.reason, r.now, r.usual, r.detail) for r in each(frame)],
            "began_on": frame.began_on,
            "risk": frame.churn_risk,
            "trailing_revenue": frame.trailing_revenue,
            "manager": [own_script(m, lang) if isinstance(m, str) else None for m in frame.manager_name],
            "account_id": frame.account_id,
        }
    )
    return Table(shown, LIST | {"began_on": "date"})
