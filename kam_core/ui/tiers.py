"""The cards of the tiers page: who is key, who moved, by which rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts.flows import tier_flow
from kam_core.charts.pareto import pareto_curve
from kam_core.charts.parts import Spec
from kam_core.charts.stacks import pieces, tier_stack
from kam_core.charts.tokens import TIERS
from kam_core.text import numbers
from kam_core.text.sentence import name_of, own_script
from kam_core.ui import address, cards, drill, frames, session, states
from kam_core.ui.cards import Table
from kam_core.ui.session import money_full, words
from kam_core.view import NONE, Period, View, add_months, month_start

SHARE = 0.8  # the share of revenue that the Pareto curve is read at
POINTS = 220  # places of the curve that are drawn: more than there are pixels to point at
MOVEMENTS = ("rose", "fell", "entered", "left", "classed")
LISTED = 500  # rows of a list on the page; the command line has all
YEAR = "last_12_months"  # the revenue that stands as of a day, and so the period of the accounts behind it
ORDER = [*TIERS, None]


def standing() -> View:
    """The view for what stands as of a day, whatever the period: kept figures then serve every period."""
    return session.view().over(Period())


def alone() -> View:
    """As `standing`, of accounts also where groups are chosen: rules and scores are those of accounts."""
    return replace(standing(), roll_up=False)


def prepare(keys: Sequence[str]) -> None:
    """What the cards ask for, the row of `keys` too, before the first of them."""
    session.together(lambda: cards.figures(tuple(keys)), _pareto, _distribution, _migration, _industries, _scored)


# --- Pareto


def pareto() -> None:
    """Accounts from the largest down against the revenue they make together; a click opens the account."""
    with st.container(key="pareto_box"):
        made = _pareto()
        with cards.card(
            "pareto", words("page.tiers.pareto", share=numbers.percent(SHARE, session.lang())), made and made[2]
        ):
            if made is None:
                st.caption(words("missing.nothing_in_view"))
            else:
                cards.chart("pareto_chart", made[0], made[1])


def choice(key: str, options: tuple[str, ...], texts: str) -> str:
    """One of a few ways to look, kept in the address."""
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0]
    st.segmented_control(
        words(f"{texts}.label"),
        options,
        key=key,
        required=True,
        format_func=lambda o: words(f"{texts}.{o}"),
        on_change=address.touched,
        label_visibility="collapsed",
    )
    return str(st.session_state[key])


@session.kept
def _pareto() -> tuple[Spec, str, Table] | None:
    frame = session.report(session.view(), "pareto")
    by = "group" if session.view().roll_up else "account"
    if frame.empty:
        return None
    lang, n = session.lang(), len(frame)
    at = int((frame.revenue_share >= SHARE - 1e-12).to_numpy().argmax())
    share, reached = float(frame.account_share[at]), float(frame.revenue_share[at])
    label = words(
        f"page.tiers.pareto_read_{by}",
        accounts=numbers.percent(share, lang),
        n=numbers.full(at + 1, lang, "count"),
        share=numbers.percent(SHARE, lang),
    )
    step = max(1, n // POINTS)
    drawn = sorted({*range(min(40, n)), *range(0, n, step), at, n - 1})
    shown = frame.iloc[drawn]
    starts = [0.0, *shown.account_share.tolist()[:-1]]
    rows = [_place(row, start, n) for row, start in zip(shown.itertuples(), starts, strict=True)]
    said = {
        "name": words("column.account"),
        "place": words("column.place"),
        "revenue": words("column.revenue"),
        "share": words("page.tiers.pareto_so_far"),
        "accounts": words(f"page.tiers.pareto_axis_{by}"),
    }
    spec = pareto_curve(session.colours(), rows, said, {"x": share, "y": reached, "label": label}, 268)
    table = frame.head(LISTED).rename(
        columns={"name": "account", "account_share": "share_accounts", "revenue_share": "share_revenue"}
    )
    units = {"place": "count", "revenue": "money", "share_accounts": "percent", "share_revenue": "percent"}
    return spec, words("page.tiers.pareto_alt", read=label), Table(table, units)


def _place(row: Any, start: float, n: int) -> dict[str, Any]:
    lang, tier = session.lang(), row.tier if isinstance(row.tier, str) else None
    return {
        "account": row.account_id,
        "from": start,
        "to": row.account_share,
        "share": row.revenue_share,
        "tier": tier,
        "name": f"{own_script(row.name, lang)}{' · ' + tier if tier else ''}",
        "place_text": f"{numbers.full(row.place, lang, 'count')} {words('app.of')} {numbers.full(n, lang, 'count')}",
        "revenue_text": money_full(row.revenue),
        "share_text": numbers.percent(row.revenue_share, lang),
    }


# --- distribution, and industries


def distribution() -> None:
    """Accounts, revenue and margin by tier, one line each."""
    spec, alt, table = _distribution()
    with cards.card("distribution", words("page.tiers.distribution"), table, _legend_with_none(table)):
        cards.chart("distribution_chart", spec, alt)


def tier_legend(*more: str) -> str:
    """What colour stands for which tier; `more` are others than the usual."""
    look = session.colours()
    return cards.legend(*(("solid", look.tier(t), words(f"tier.{t}")) for t in (*TIERS, *more)))


def _legend_with_none(table: Table) -> str:
    return tier_legend("none") if table.frame.tier.isna().any() else tier_legend()


@session.kept
def _distribution() -> tuple[Spec, str, Table]:
    frame = session.report(session.view(), "tier_distribution")
    lang = session.lang()
    figures = [("accounts", "count"), ("revenue", "money"), ("margin", "money")]
    rows: list[dict[str, Any]] = []
    for column, unit in figures:
        if frame[column].notna().any():
            rows += _line(frame, words(f"column.{column}"), column, unit)
    units = {
        "accounts": "count",
        "revenue": "money",
        "revenue_before": "money",
        "margin": "money",
        "share_accounts": "percent",
        "share_revenue": "percent",
        "margin_share": "percent",
    }
    table = frame.rename(columns={"account_share": "share_accounts", "revenue_share": "share_revenue"})
    spec = tier_stack(session.colours(), rows, _stack_words(), ("tier",), 66 * len({r["line"] for r in rows}))
    key = frame[frame.tier.isin(["S", "A"])]
    alt = words(
        "page.tiers.distribution_alt",
        accounts=numbers.percent(key.account_share.sum(), lang),
        revenue=numbers.percent(key.revenue_share.sum(), lang),
    )
    return spec, alt, Table(table[["tier", *units]], units)


def _line(frame: pd.DataFrame, line: str, column: str, unit: str, **more: Any) -> list[dict[str, Any]]:
    """One line cut into tiers; what is below zero takes no room."""
    lang, currency = session.lang(), session.facts().currency
    values = [(row.tier if isinstance(row.tier, str) else None, float(row[column])) for _, row in frame.iterrows()]
    total = sum(max(v, 0) for _, v in values if v == v) or 1
    shown = [(tier, max(v, 0) / total) for tier, v in values if v == v and v > 0]
    amounts = dict(values)
    return [
        {
            "line": line,
            "tier": tier or NONE,
            "from": start,
            "to": end,
            **more,
            "label": f"{tier or words('tier.none')} {cards.whole_share(end - start)}",
            "name": f"{line} · {words('tier.none') if tier is None else words('column.tier') + ' ' + tier}",
            "value_text": numbers.full(amounts[tier], lang, unit, currency),
            "share_text": numbers.percent(end - start, lang),
        }
        for tier, start, end in pieces(shown)
    ]


def _stack_words() -> dict[str, str]:
    return {"name": words("column.tier"), "value": words("column.value"), "share": words("chart.share")}


def industries() -> None:
    """How much of each industry's revenue its own tiers carry: key accounts compared inside an industry."""
    made = _industries()
    if made is None:
        with cards.card("industries", words("page.tiers.industries")):
            states.no_places(words("page.tiers.industries"))
        return
    with cards.card("industries", words("page.tiers.industries"), made[2], tier_legend()):
        cards.chart("industries_chart", made[0], made[1])


@session.kept
def _industries() -> tuple[Spec, str, Table] | None:
    frame = session.report(standing(), "tier_by_industry")
    if frame.industry.isna().all():
        return None
    rows: list[dict[str, Any]] = []
    for industry, part in list(frame.groupby("industry", sort=False, dropna=False))[:16]:
        key = drill.key_of(industry)
        line = name_of("industry", key, session.lang(), session.names())
        rows += _line(part, line, "revenue", "money", industry=key, period=YEAR)
    fields, height = ("industry", "tier", "period"), 25 * len({r["line"] for r in rows})
    spec = tier_stack(session.colours(), rows, _stack_words(), fields, height)
    units = {"accounts": "count", "revenue": "money", "share_accounts": "percent", "share_revenue": "percent"}
    table = frame.rename(columns={"account_share": "share_accounts", "revenue_share": "share_revenue"})
    return (
        spec,
        words("page.tiers.industries_alt", first=rows[0]["line"]),
        Table(table[["industry", "tier", *units]], units),
    )


# --- migration


def migration() -> None:
    """Who rose, fell, entered and left between two dates; a band or a movement lists its accounts beside it."""
    since, until = _dates()
    left, right = st.columns([1.1, 1], gap="xsmall")
    with left:
        _flow_card(since, until)
    with right:
        _moves_card(since, until)


def _migration() -> None:
    since, until = _dates()
    _flow(since, until)
    _moved(since, until, _move())


def _move() -> str:
    return st.session_state.get("move") or ""


def _dates() -> tuple[str, str]:
    """The two days compared, each a day for which tiers were worked out."""
    days = _days()
    last, year = (
        days[0],
        next((d for d in days if d <= add_months(date.fromisoformat(days[0]), -12).isoformat()), days[-1]),
    )
    state = st.session_state
    return (
        state.get("since") if state.get("since") in days else year,
        state.get("until") if state.get("until") in days else last,
    )  # type: ignore[return-value]


def _days() -> list[str]:
    """The last day loaded and the month ends before it, newest first."""
    calendar = session.calendar()
    days, month = [calendar.as_of], month_start(calendar.as_of)
    while month > calendar.first_day:
        days.append(month - timedelta(days=1))
        month = add_months(month, -1)
    return [day.isoformat() for day in dict.fromkeys(days)]


def _flow_card(since: str, until: str) -> None:
    spec, alt, table, bands, nodes = _flow(since, until)
    with cards.card("flow", words("page.tiers.migration"), table, _flow_legend()):
        with st.container(horizontal=True, gap="small", key="flow_dates"):
            _date_choice("since", since)
            _date_choice("until", until)
        if not bands:
            st.caption(words("missing.nothing_in_view"))
            return
        drawn = drill.drawn_as("flow_chart", "move")
        st.echarts_chart(
            spec, key=drawn, height=330, alt=alt, theme=None, on_select=lambda: _pick(drawn, bands, nodes)
        )


def _flow_legend() -> str:
    look = session.colours()
    return cards.legend(
        ("solid", look.good, words("page.tiers.up")),
        ("solid", look.bad, words("page.tiers.down")),
        ("solid", look.before, words("page.tiers.same")),
    )


def _date_choice(key: str, chosen: str) -> None:
    st.session_state[f"pick_{key}"] = chosen

    def take() -> None:
        st.session_state[key] = st.session_state[f"pick_{key}"]
        address.touched()

    st.selectbox(
        words(f"page.tiers.{key}"),
        _days(),
        key=f"pick_{key}",
        on_change=take,
        width=190,
        format_func=lambda d: numbers.day(date.fromisoformat(d), session.lang()),
    )


def _pick(drawn: str, bands: list[str], nodes: list[str]) -> None:
    """A click on a band lists its accounts; on a tier, all that were or are in it; beside them, all that moved."""
    picked = st.session_state[drawn]["selection"]["selected"]
    ways = [(bands if p["data_type"] == "edge" else nodes)[i] for p in picked for i in p["data_indices"]]
    drill.choose("flow_chart", "move", ways[0] if ways else "")


@session.kept
def _flow(since: str, until: str) -> tuple[Spec, str, Table, list[str], list[str]]:
    frame = session.report(standing(), "tier_migration", since=since, until=until)
    lang = session.lang()
    rows: list[tuple[str, str, Any]] = [(_key(r.from_tier), _key(r.to_tier), r) for r in frame.itertuples()]
    nodes, keys = [], []
    for side, place in (("from", 0), ("to", 1)):
        for tier in [*TIERS, NONE]:
            count = sum(row[2].accounts for row in rows if row[place] == tier)
            if count:
                nodes.append(
                    {
                        "key": f"{side}{tier}",
                        "side": side,
                        "tier": None if tier == NONE else tier,
                        "label": f"{_tier_name(tier, side)}  {numbers.full(count, lang, 'count')}",
                    }
                )
                keys.append(f"{tier}>" if side == "from" else f">{tier}")
    bands = [
        {
            "source": f"from{a}",
            "target": f"to{b}",
            "value": int(r.accounts),
            "movement": r.movement,
            "text": _band_text(a, b, r),
        }
        for a, b, r in rows
    ]
    counts = frame.groupby("movement").accounts.sum()
    said = "; ".join(f"{words('movement.' + m)} {counts.get(m, 0):,}" for m in MOVEMENTS)
    units = {"accounts": "count", "revenue_before": "money", "revenue": "money", "change": "money"}
    table = frame[["from_tier", "to_tier", "movement", *units]].copy()
    table["movement"] = [words(f"movement.{m}") for m in table.movement]
    spec = tier_flow(session.colours(), nodes, bands)
    return (
        spec,
        words("page.tiers.migration_alt", summary=said),
        Table(table, units),
        [f"{a}>{b}" for a, b, _ in rows],
        keys,
    )


def _key(tier: Any) -> str:
    return tier if isinstance(tier, str) else NONE


def _tier_name(tier: str, side: str) -> str:
    return words(f"page.tiers.outside_{side}") if tier == NONE else tier


def _band_text(a: str, b: str, row: Any) -> str:
    lang = session.lang()
    return (
        f"<b>{_tier_name(a, 'from')} → {_tier_name(b, 'to')}</b> · {words('movement.' + row.movement)}<br>"
        f"{numbers.full(row.accounts, lang, 'count')} {words('chart.accounts')}<br>"
        f"{words('column.revenue')} {money_full(row.revenue_before)} → {money_full(row.revenue)}"
    )


def _moves_card(since: str, until: str) -> None:
    move = _move()
    found, n = _moved(since, until, move)
    with cards.card("moves", _moves_title(move, n), Table(found, MOVES)):
        st.session_state["movement"] = move if move in MOVEMENTS else None
        st.pills(
            words("page.tiers.movement"),
            MOVEMENTS,
            key="movement",
            on_change=_take_movement,
            format_func=lambda m: words(f"movement.{m}"),
            label_visibility="collapsed",
        )
        if found.empty:
            st.caption(words("page.tiers.nobody_moved"))
            return
        ids = found.account_id.tolist()
        cards.show(
            "moves_table",
            Table(found, MOVES),
            words("page.tiers.moves_alt"),
            height=316,
            on_select=lambda: drill.ticked("moves_table", "account", ids),
            selection_mode="single-row",
        )


MOVES = {
    "account": "",
    "from_tier": "",
    "to_tier": "",
    "change": "money",
    "revenue_since": "money",
    "revenue_until": "money",
    "region": "",
    "industry": "",
    "manager": "",
    "account_id": "",
}


def _take_movement() -> None:
    st.session_state["move"] = st.session_state["movement"] or ""
    address.touched()


def _moves_title(move: str, n: int) -> str:
    count = numbers.full(n, session.lang(), "count")
    if move in MOVEMENTS:
        return words("page.tiers.moves_of", what=words(f"movement.{move}"), n=count)
    source, _, target = move.partition(">")
    if not move:
        return words("page.tiers.moves", n=count)
    way = " → ".join(_tier_name(t, side) if t else "…" for t, side in ((source, "from"), (target, "to")))
    return words("page.tiers.moves_of", what=way, n=count)


@session.kept
def _moved(since: str, until: str, move: str) -> tuple[pd.DataFrame, int]:
    """The largest accounts that went one way, and how many went it."""
    bands = session.report(standing(), "tier_migration", since=since, until=until)
    source, arrow, target = move.partition(">")
    if arrow:
        ways: dict[str, Any] = {"from": source or "any", "to": target or "any"}
        keep = [source in ("", _key(b.from_tier)) and target in ("", _key(b.to_tier)) for b in bands.itertuples()]
    else:
        ways = {"movement": move if move in MOVEMENTS else "moved"}
        keep = [m == move or (not move and m != "stayed") for m in bands.movement]
    frame = session.report(standing(), "tier_moves", since=since, until=until, limit=LISTED, **ways)
    frame = frame.fillna({"from_tier": "–", "to_tier": "–"})
    frame = frame.rename(columns={"revenue_before": "revenue_since", "revenue": "revenue_until"})
    return frames.named(frame, session.lang())[list(MOVES)], int(bands.accounts[keep].sum())


# --- rules in words


def rules() -> None:
    """The tier rules in force, as sentences with their figures."""
    with cards.card("rules", words("page.tiers.rules")):
        st.markdown("\n".join(f"- {sentence}" for sentence in _rules()))


def _rules() -> list[str]:
    lang, policy = session.lang(), session.facts().policy

    def rule(key: str) -> float:
        return float(policy[f"tiers.{key}"])

    strategic = rule("strategic_annual_revenue")
    said = [
        words("rule.basis", basis=words(f"measure.{policy['tiers.basis']}.label").lower()),
        words("rule.a", a=numbers.percent(rule("a_below"), lang), b=numbers.percent(rule("b_below"), lang)),
        words("rule.n", months=int(rule("new_months")), orders=int(rule("new_orders"))),
        words("rule.s_from", amount=session.money(strategic)) if strategic else words("rule.s"),
        words("rule.move", periods=int(rule("periods_to_move")), points=f"{rule('jump_points'):g}"),
        words("rule.loss"),
    ]
    hours = "; ".join(f"{t} {float(policy[f'service.{t}.hours_per_month']):g}" for t in TIERS)
    return [*said, words("rule.hours", hours=hours)]


# --- key account score

PARTS = ("revenue", "frequency", "margin", "tenure", "potential", "strategic", "reference")
SCORE = {
    "account": "",
    "tier": "",
    "score": "index",
    "industry": "",
    "revenue": "money",
    **{f"{part}_part": "percent" for part in PARTS},
    "weight_known": "percent",
    "region": "",
    "manager": "",
    "account_id": "",
}


def score() -> None:
    """Accounts by key account score: a percentile inside the industry for each part, weighted by policy."""
    found, scored = _scored()
    with cards.card("score", words("page.tiers.score"), Table(found, SCORE)):
        if not scored:
            st.caption(words("page.tiers.score_unknown"))
            return
        st.caption(words("page.tiers.score_note", weights=_weights(), n=numbers.full(scored, session.lang(), "count")))
        ids = found.account_id.tolist()
        cards.show(
            "score_table",
            Table(found, SCORE),
            words("page.tiers.score_alt"),
            height=360,
            on_select=lambda: drill.ticked("score_table", "account", ids),
            selection_mode="single-row",
        )


@session.kept
def _scored() -> tuple[pd.DataFrame, int]:
    """The highest scores, without the parts that are known of none; and how many accounts are scored."""
    found = session.report(alone(), "key_account_score", limit=LISTED)
    shown = frames.named(found, session.lang())[list(SCORE)]
    unknown = [c for c in shown.columns if c.endswith("_part") and shown[c].isna().all()]
    return shown.drop(columns=unknown), int(found.scored.max()) if len(found) else 0


def _weights() -> str:
    policy = session.facts().policy
    weights = {part: float(policy[f"score.{part}"]) for part in PARTS}
    total = sum(weights.values()) or 1
    lang = session.lang()
    return " · ".join(f"{words(f'score.{p}')} {numbers.percent(w / total, lang)}" for p, w in weights.items() if w)
