"""The cards of the profit page: who earns after what serving them costs, who only looks big, and what would turn it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts import profit as charts
from kam_core.charts.parts import PICK, Spec
from kam_core.text import numbers
from kam_core.text.sentence import own_script
from kam_core.ui import address, cards, drill, frames, session, states, tiles
from kam_core.ui.cards import Table
from kam_core.ui.session import money, money_full, words
from kam_core.ui.tiles import Tile
from kam_core.view import Period, add_months

# Every assumption that can be moved: the rule of the policy that it stands for.
PRICES = {
    "visit": "cost_to_serve.visit",
    "call": "cost_to_serve.call",
    "meeting": "cost_to_serve.meeting",
    "care": "cost_to_serve.care",
    "ticket": "cost_to_serve.ticket",
    "order_line": "cost_to_serve.order_line",
    "late_payment_rate": "cost_to_serve.late_payment_rate",
    "minimum_margin": "profit.minimum_margin",
}
RATES = ("late_payment_rate", "minimum_margin")
LEAKS = ("discount", "returns", "contact_cost", "ticket_cost", "late_cost", "profit")
LIST = {
    "account": "",
    "tier": "",
    "revenue": "money",
    "profit": "money",
    "kept": "money",
    "profit_margin": "percent",
    "turned": "",
    "gross_margin": "percent",
    "discount": "money",
    "returns": "money",
    "contact_cost": "money",
    "ticket_cost": "money",
    "order_line_cost": "money",
    "late_cost": "money",
    "revenue_place": "count",
    "profit_place": "count",
    "manager": "",
    "account_id": "",
}
MOST_POINTS = 350  # of the fake big accounts, and of all others: each costs time, in words and on screen
MOST_ROWS = 1000


def use_year() -> None:
    """The test looks at the 12 months up to the end of the chosen period; the page says so."""
    view = session.view()
    end = view.period.span(session.calendar()).end
    session.use(view.over(Period.between(add_months(end, -12), end)))


# --- assumptions


def settings() -> tuple[tuple[str, float], ...]:
    """The assumptions that differ from the policy, as settings of the reports."""
    chosen = {key: _number(st.session_state.get(key)) for key in PRICES}
    return tuple((key, value) for key, value in chosen.items() if value is not None)


def _number(text: Any) -> float | None:
    try:
        return max(-1.0, min(float(text), 1e6)) if text else None
    except ValueError:
        return None


def _rule(key: str) -> float:
    return float(session.facts().policy[PRICES[key]])


def assumptions() -> None:
    """A slider for each price of serving that these data use, and the minimum margin; the policy is the start."""
    with cards.card("assumptions", words("page.profit.assumptions")):
        for key in _moved_by():
            _slider(key)
        st.button(
            words("page.profit.as_policy"),
            on_click=_as_policy,
            disabled=not settings(),
            type="tertiary",
            key="as_policy",
        )


def _moved_by() -> list[str]:
    facts = session.facts()
    served = ["visit", "call", "meeting", "care"] if facts.has("activities") else []
    served += ["ticket"] if facts.has("tickets") else []
    served += ["order_line"] if _rule("order_line") else []
    served += ["late_payment_rate"] if facts.has("has_paid_on") else []
    return served + (["minimum_margin"] if facts.has("has_cost") else [])


def _slider(key: str) -> None:
    scale, rule = (100 if key in RATES else 1), _rule(key)
    most = max(30.0, 4 * rule * scale) if key in RATES else max(100.0, 4 * rule)
    value = (_number(st.session_state.get(key)) if st.session_state.get(key) else rule) or 0.0
    st.session_state[f"slider_{key}"] = max(0.0, min(float(value * scale), most))
    st.slider(
        words(f"price.{key}"),
        0.0,
        most,
        step=0.5 if key in RATES else most / 40,
        key=f"slider_{key}",
        on_change=_slid,
        args=(key,),
        format="%.1f%%" if key in RATES else "%.0f",
    )


def _slid(key: str) -> None:
    value = st.session_state[f"slider_{key}"] / (100 if key in RATES else 1)
    st.session_state[key] = "" if abs(value - _rule(key)) < 1e-9 else f"{value:g}"
    address.touched()


def _as_policy() -> None:
    for key in PRICES:
        st.session_state[key] = ""
    address.touched()


# --- what can be tested


def missing() -> None:
    """Says which part of the test these data allow, and offers what is missing."""
    facts = session.facts()
    if facts.has("has_cost"):
        return
    served = facts.has("activities") or facts.has("tickets") or facts.has("has_paid_on")
    with st.container(border=True, key="card_missing"):
        left = words("page.profit.no_cost" if served else "page.profit.no_service")
        st.markdown(f"**{words('page.profit.no_cost_title')}** {left}")
        with st.container(horizontal=True):
            for table in (
                ["orders"] + ["activities"] * (not facts.has("activities")) + ["tickets"] * (not facts.has("tickets"))
            ):
                states.template(table)


def _has_cost() -> bool:
    return session.facts().has("has_cost")


def _kept_word() -> str:
    return words("column.profit" if _has_cost() else "column.kept")


# --- figures


def curve() -> pd.DataFrame:
    return session.report(session.view(), "whale", **dict(settings()))


def figures() -> None:
    """Profit, cost to serve, what the loss-makers take away, and the fake big accounts."""
    tiles.show(_figures(settings()))


@session.kept
def _figures(_settings: Any) -> list[Tile]:
    frame, lang = curve(), session.lang()
    kept, revenue = frame.kept.sum(), frame.revenue.sum()
    lost = frame.kept.clip(upper=0).sum()
    fake, big = frame[frame.field == "fake_big"], frame[frame.field.isin(["fake_big", "true_big"])]
    peak = frame.kept.clip(lower=0).sum() / kept if kept > 0 else None
    share = numbers.percent(fake.revenue.sum() / revenue if revenue > 0 else None, lang)
    return [
        Tile(
            "profit",
            _kept_word(),
            money(kept),
            words("page.profit.of_revenue", share=numbers.percent(kept / revenue if revenue else None, lang)),
            words("page.profit.profit_means" if _has_cost() else "page.profit.kept_means"),
        ),
        Tile(
            "service_cost",
            words("column.service_cost"),
            money(frame.service_cost.sum()),
            words(
                "page.profit.of_revenue",
                share=numbers.percent(frame.service_cost.sum() / revenue if revenue else None, lang),
            ),
            words("page.profit.service_means"),
        ),
        Tile(
            "peak",
            words("page.profit.peak"),
            numbers.percent(peak, lang) if peak else money(frame.kept.clip(lower=0).sum()),
            words("page.profit.lost", n=numbers.full(int((frame.kept < 0).sum()), lang, "count"), value=money(lost)),
            words("page.profit.peak_means"),
            "bad" if lost < 0 else "",
        ),
        Tile(
            "fake_big",
            words("field.fake_big"),
            numbers.full(len(fake), lang, "count"),
            words("page.profit.fake_of", n=numbers.full(len(big), lang, "count"), share=share),
            words("field_means.fake_big"),
            "bad" if len(fake) else "",
        ),
    ]


# --- whale curve


def whale() -> None:
    spec, alt, table = _whale(settings())
    with cards.card("whale", words("page.profit.whale"), table):
        cards.chart("whale_chart", spec, alt)


@session.kept
def _whale(_settings: Any) -> tuple[Spec, str, Table]:
    frame, lang = curve(), session.lang()
    frame = frame[frame.kept.notna()]
    is_share = bool(len(frame) and frame.kept_share.notna().any())
    rows = [
        _whale_row(row, is_share, lang, session.facts().currency) for row in frames.rows(frame[_drawn(len(frame), 160)])
    ]
    for row, following in zip(rows, [*rows[1:], {"share": 1.0}], strict=True):
        row["until"] = following["share"]
    if rows:
        top = max(rows, key=lambda r: r["total"])
        top["peak"], top["label"] = True, words("page.profit.peak_at", total=top["total_text"], share=top["share_text"])
    said = {"accounts": words("chart.accounts"), "total": words("page.profit.so_far"), "profit": _kept_word()}
    axis = numbers.axis_expression(lang, "percent" if is_share else "money", session.facts().currency)
    alt = words("page.profit.whale_alt", summary=next((r["label"] for r in rows if r["peak"]), ""))
    units = {"place": "count", "revenue": "money", "service_cost": "money", "kept": "money", "kept_so_far": "money"}
    table = Table(frame[["account_id", "name", "tier", *units]].rename(columns={"name": "account"}), units)
    return charts.whale(session.colours(), rows, said, axis), alt, table


def _drawn(n: int, most: int) -> list[bool]:
    """Which of `n` accounts are drawn: all at both ends, where the curve bends, the others evenly."""
    step, edge = max(1, n // most), most // 5
    return [i < edge or i >= n - edge or i % step == 0 for i in range(n)]


def _whale_row(row: Any, is_share: bool, lang: str, currency: str) -> dict[str, Any]:
    total = row.kept_share if is_share else row.kept_so_far
    return {
        "account": row.account_id,
        "name": own_script(row.name, lang),
        "share": row.account_share,
        "total": total,
        "peak": False,
        "label": "",
        "share_text": numbers.percent(row.account_share, lang),
        "profit_text": numbers.short(row.kept, lang, "money", currency),
        "total_text": numbers.short(total, lang, "percent" if is_share else "money", currency),
    }


# --- revenue rank against profit rank


def fields() -> None:
    """Four fields; a click on a point opens the account, on a field lists its accounts below."""
    spec, alt, table, note = _fields(settings())
    with cards.card("fields", words("page.profit.fields"), table, note):
        cards.choice("fields_chart", spec, alt, "field", _picked)


def _picked(selection: Any) -> str | None:
    """A click anywhere makes both selections; only that on a point names an account, and opens it."""
    if any(mark.get("account") for mark in selection.get(PICK) or []):
        drill.clicked("fields_chart")
        return None
    area = selection.get(charts.AREA)
    return str(area[0]["field"]) if area else None


@session.kept
def _fields(_settings: Any) -> tuple[Spec, str, Table, str]:
    frame, lang = curve(), session.lang()
    frame = frame[frame.kept.notna()]
    n = max(len(frame), 1)
    cut = float(frame.cut.iloc[0]) / n if len(frame) else 0.2
    areas = [_area(frame, field, cut) for field in charts.FIELDS]
    drawn = _sampled(frame)
    points = _points(drawn, n)
    said = {
        "x": words("page.profit.by_revenue"),
        "y": words("page.profit.by_profit" if _has_cost() else "page.profit.by_kept"),
        "field": words("column.field"),
        "revenue": words("column.revenue"),
        "profit": _kept_word(),
    }
    note = (
        words(
            "page.profit.drawn", n=numbers.full(len(drawn), lang, "count"), all=numbers.full(len(frame), lang, "count")
        )
        if len(drawn) < len(frame)
        else ""
    )
    alt = words("page.profit.fields_alt", summary="; ".join(f"{a['name']}: {a['note']}" for a in areas))
    units = {"revenue_place": "count", "profit_place": "count", "revenue": "money", "kept": "money"}
    shown = frame[["account_id", "name", "field", *units]].rename(columns={"name": "account"})
    table = Table(shown.assign(field=shown["field"].map({f: words(f"field.{f}") for f in charts.FIELDS})), units)
    return (
        charts.fields(session.colours(), points, areas, cut, said),
        alt,
        table,
        f'<div class="kam-legend">{note}</div>',
    )


def _area(frame: pd.DataFrame, field: str, cut: float) -> dict[str, Any]:
    part, lang = frame[frame.field == field], session.lang()
    is_big, is_good = field in ("fake_big", "true_big"), field in ("true_big", "quiet_earner")
    accounts = numbers.full(len(part), lang, "count")
    note = words("page.profit.area", n=accounts, revenue=money(part.revenue.sum()))
    more = f"{_kept_word()} {money(part.kept.sum())}"
    left, right = (cut, 0) if is_big else (1, cut)
    bottom, top = (cut, 0) if is_good else (1, cut)
    return {
        "field": field,
        "name": words(f"field.{field}"),
        "note": note,
        "more": more,
        "left": left,
        "right": right,
        "top": top,
        "bottom": bottom,
    }


def _sampled(frame: pd.DataFrame) -> pd.DataFrame:
    """The fake big accounts and the others, each evenly by revenue."""
    is_fake = frame.field == "fake_big"
    parts = [part.sort_values("revenue_place") for part in (frame[~is_fake], frame[is_fake])]
    return pd.concat([part.iloc[:: max(1, -(-len(part) // MOST_POINTS))] for part in parts])


def _points(drawn: pd.DataFrame, n: int) -> list[dict[str, Any]]:
    """What all points share is looked up once: there are hundreds of them."""
    lang, currency = session.lang(), session.facts().currency
    named = {field: words(f"field.{field}") for field in charts.FIELDS}
    return [
        {
            "account": row.account_id,
            "name": own_script(row.name, lang),
            "field": row.field,
            "x": round((row.revenue_place - 1) / n, 5),
            "y": round((row.profit_place - 1) / n, 5),
            "field_text": named[row.field],
            "revenue_text": numbers.short(row.revenue, lang, "money", currency),
            "profit_text": numbers.short(row.kept, lang, "money", currency),
        }
        for row in frames.rows(drawn)
    ]


# --- the list


def listing() -> None:
    """The accounts of one field with where the money goes; a ticked row opens the account."""
    counts = curve().field.value_counts()
    if st.session_state.get("field") not in charts.FIELDS:  # an address that somebody typed
        st.session_state["field"] = "fake_big"
    chosen = st.session_state["field"]
    frame, table = _listed(chosen, settings())
    with cards.card("listing", words("page.profit.listing")):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.segmented_control(
                words("column.field"),
                charts.FIELDS,
                key="field",
                required=True,
                on_change=address.touched,
                label_visibility="collapsed",
                format_func=lambda f: (
                    f"{words(f'field.{f}')} {numbers.full(int(counts.get(f, 0)), session.lang(), 'count')}"
                ),
            )
            more = words("page.profit.first_rows", n=MOST_ROWS) if counts.get(chosen, 0) > MOST_ROWS else ""
            st.caption(f"{words(f'field_means.{chosen}')} {more}")
            cards.downloads("fake_big", words(f"field.{chosen}"), table)
        if frame.empty:
            st.caption(words("page.profit.none"))
        else:
            ids = table.frame.account_id.tolist()
            cards.show(
                "profit_table",
                table,
                words("page.profit.listing"),
                height=min(420, 36 * len(frame) + 38),
                selection_mode="single-row",
                on_select=lambda: drill.ticked("profit_table", "account", ids),
            )


@session.kept
def _listed(field: str, chosen: tuple[tuple[str, float], ...]) -> tuple[pd.DataFrame, Table]:
    lang = session.lang()
    frame = session.report(session.view(), "fake_big", field=field, **dict(chosen)).head(MOST_ROWS)
    shown = frame.rename(columns={"name": "account", "manager_name": "manager"})
    has_verdict = field in ("fake_big", "true_big")
    shown["turned"] = [_turn(row, dict(chosen)) if has_verdict else "" for row in frames.rows(frame)]
    for column in ("account", "manager"):
        shown[column] = [own_script(v, lang) if isinstance(v, str) else v for v in shown[column]]
    unneeded = {"kept" if _has_cost() else "profit"} | (set() if has_verdict else {"turned"})
    keep = [c for c in LIST if c not in unneeded and _says_something(shown[c])]
    return frame, Table(shown[keep], LIST)


def _says_something(column: pd.Series) -> bool:
    return bool(column.notna().any() and (column.dtype.kind != "f" or column.abs().sum() > 0))


def _turn(row: Any, chosen: dict[str, float]) -> str:
    """The assumption that would turn the verdict, with the value it would have to take."""
    if not isinstance(row.turned_by, str):
        lost_before = (
            pd.notna(row.margin) and row.field == "fake_big" and row.margin < _min_margin(chosen) * row.revenue
        )
        return words("page.profit.sold_cheap" if lost_before else "page.profit.no_turn")
    lang, key = session.lang(), row.turned_by
    value = (chosen.get(key) if key in chosen else _rule(key)) * (1 + row.turned_at)
    said = numbers.percent(value, lang) if key in RATES else money(value)
    return words(
        "page.profit.turn",
        price=words(f"price.{key}"),
        change=numbers.percent(row.turned_at, lang, signed=True),
        value=said,
    )


def _min_margin(chosen: dict[str, float]) -> float:
    return chosen.get("minimum_margin", _rule("minimum_margin"))


# --- where the money goes


def leaks() -> None:
    made = _leaks(settings())
    if made is None:
        return
    spec, alt, table, note = made
    with cards.card("leaks", words("page.profit.leaks"), table, note):
        cards.choice("leaks_chart", spec, alt, "field", _picked)


@session.kept
def _leaks(chosen: tuple[tuple[str, float], ...]) -> tuple[Spec, str, Table, str] | None:
    """Shares of revenue before discount and returns, fake big beside true big; none without big accounts."""
    frame, lang, look = curve(), session.lang(), session.colours()
    rows = []
    for field, part in frame[frame.field.isin(["fake_big", "true_big"])].groupby("field"):
        before = (part.revenue + part.discount.fillna(0) + part.returns.fillna(0)).sum()
        sums = {key: part["kept" if key == "profit" and not _has_cost() else key].sum() for key in LEAKS}
        rows += [
            {
                "part": _leak_word(key),
                "field": field,
                "field_text": words(f"field.{field}"),
                "share": float(value / before),
                "label": numbers.percent(value / before, lang),
                "amount_text": money_full(value),
                "amount": float(value),
            }
            for key, value in sums.items()
            if value and before > 0
        ]
    if not rows:
        return None
    names = [_leak_word(key) for key in LEAKS]
    rows.sort(key=lambda r: (names.index(str(r["part"])), str(r["field"])))
    said = {
        "field": words("column.field"),
        "share": words("page.profit.share_of_list"),
        "amount": words("column.amount"),
    }
    legend = cards.legend(
        *[("solid", charts.field_colour(look, f), words(f"field.{f}")) for f in ("fake_big", "true_big")]
    )
    shown = pd.DataFrame(rows)[["part", "field_text", "amount", "share"]].rename(
        columns={"part": "reason", "field_text": "field"}
    )
    height = 40 * shown.reason.nunique()
    spec = charts.leaks(look, rows, said, height)
    return spec, words("page.profit.leaks_alt"), Table(shown, {"amount": "money", "share": "percent"}), legend


def _leak_word(key: str) -> str:
    return _kept_word() if key == "profit" else words(f"column.{key}")
