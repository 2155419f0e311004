"""The cards of the managers page: how each is doing against peers, and one manager with the calls of the week."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts.parts import PICK, Spec
from kam_core.charts.people import pace_and_care
from kam_core.text import numbers
from kam_core.text.sentence import in_words, own_script
from kam_core.ui import address, cards, drill, reasons, session, tiles
from kam_core.ui.cards import Table
from kam_core.ui.session import money, words
from kam_core.ui.tiles import Tile
from kam_core.view import View

FEW = 10  # below so many cases a figure says little: it is greyed, says n, and is not held against anybody
CALLS = 8
LEAST = 0.01  # stands for nothing at all where factors are compared


@dataclass(frozen=True)
class Kpi:
    """A figure of a manager that peers are compared by.

    `step` is how far from the peers' median a value stands out: percentage points as a fraction, or with `times` a
    factor. `n` names the column that counts the cases behind it.
    """

    key: str
    unit: str
    direction: str
    step: float
    times: bool = False
    n: str = ""


KPIS = (
    Kpi("pace", "percent", "up", 0.15, n="accounts"),
    Kpi("growth", "percent", "up", 0.25, n="accounts"),
    Kpi("nrr", "percent", "up", 0.20, n="retention_n"),
    Kpi("grr", "percent", "up", 0.12, n="retention_n"),
    Kpi("logo_churn", "percent", "down", 0.10, n="retention_n"),
    Kpi("adjusted_retention", "percent", "up", 0.05, n="adjusted_n"),
    Kpi("gross_margin", "percent", "up", 0.05, n="accounts"),
    Kpi("discount_rate", "percent", "down", 0.05, n="accounts"),
    Kpi("new_accounts", "count", "up", 8.0),
    Kpi("win_rate", "percent", "up", 0.15, n="closed_n"),
    Kpi("visits_kept", "percent", "up", 1.5, times=True, n="accounts"),
    Kpi("untouched_share", "percent", "down", 0.15, n="accounts"),
    Kpi("response_hours", "hours", "down", 2.0, times=True, n="tickets_n"),
    Kpi("resolution_hours", "hours", "down", 2.0, times=True, n="tickets_n"),
    Kpi("satisfaction", "index", "up", 0.4, n="satisfaction_n"),
    Kpi("hours", "hours", "load", 1.6, times=True),
)
BOARD = {
    "manager": "", "stands_out": "", "trend": "trend", "revenue": "money", "growth": "percent",
    "attainment": "percent", "pace": "percent", "gap_per_week": "money", "nrr": "percent", "grr": "percent",
    "logo_churn": "percent",
    "adjusted_retention": "percent", "margin_lead": "percent", "discount_lead": "percent", "new_accounts": "count",
    "pipeline": "money", "win_rate": "percent", "cycle_days": "count", "visits_kept": "percent", "visit_debt":
    "count",
    "untouched": "count", "response_hours": "index", "response_kept": "percent", "resolution_hours": "index",
    "resolution_kept": "percent", "satisfaction": "index", "accounts": "count", "key_accounts": "count",
    "held_revenue": "money", "hours": "count", "hours_peers": "count", "value_at_risk": "money", "region": "",
    "industry": "", "team": "", "retention_n": "count", "closed_n": "count", "tickets_n": "count", "manager_id": "",
}  # fmt: skip
HELD = {
    "account": "", "tier": "", "risk": "percent", "value_at_risk": "money", "revenue": "money",
    "revenue_before": "money", "growth": "percent", "visits_done": "count", "visit_debt": "index",
    "days_untouched": "count", "open_tickets": "count", "late_tickets": "count", "open_deals": "count",
    "open_amount": "money", "contract_end_on": "date", "contacts": "count", "active_contacts": "count", "hours":
    "index", "region": "", "industry": "", "account_id": "",
}  # fmt: skip


def prepare() -> None:
    """The two long questions of the scoreboard, side by side."""
    session.together(everybody, _gap_per_week)


def everybody() -> pd.DataFrame:
    """The scoreboard of the view; a manager chosen in the sidebar is one row of it.

    What looks back on a year that is not loaded whole is not said of anybody.
    """
    view = session.view()
    unsaid = ["growth"] if session.no_comparison() else []
    if session.loaded_only_from(view, "nrr"):
        unsaid += ["nrr", "grr", "logo_churn"]
    nothing = {f"{key}{of}": math.nan for key in unsaid for of in ("", "_peers")}
    return session.report(view, "managers").assign(**nothing)


def opened() -> Any | None:
    """The row of the manager whose page is open: the one that the filter leaves, where it names exactly one."""
    if len(session.view().filters.manager) != 1:
        return None
    frame = everybody()
    return frame.iloc[0] if len(frame) == 1 else None


# --- against peers


def lead(kpi: Kpi, row: Any) -> float | None:
    """How far a value stands from the peers' median, in steps, good positive; None where too few cases say
    nothing."""
    value, peers = getattr(row, kpi.key), getattr(row, f"{kpi.key}_peers", None)
    if peers is None or pd.isna(value) or pd.isna(peers) or (kpi.n and getattr(row, kpi.n) < FEW):
        return None
    if kpi.times:
        ratio = max(float(value), LEAST) / max(float(peers), LEAST)
        signed = max(-5.0, min(math.log(ratio) / math.log(kpi.step), 5.0))
    else:
        signed = float(value - peers) / kpi.step
    if kpi.direction == "load":  # a light load is no merit
        return min(-signed, 0.0)
    return signed if kpi.direction == "up" else -signed


def stands_out(row: Any, most: int = 2, bad_only: bool = False) -> str:
    """The figures that are furthest from the peers', worst first: "visits 23% (peers 185%)"."""
    found = [(value, kpi) for kpi in KPIS if (value := lead(kpi, row)) is not None and abs(value) >= 1]
    bad = sorted((f for f in found if f[0] < 0), key=lambda f: f[0])
    good = sorted((f for f in found if f[0] > 0), key=lambda f: -f[0])
    parts = [
        words(
            "page.managers.against",
            mark="▼" if value < 0 else "▲",
            name=words(f"kpi.{kpi.key}"),
            value=figure(kpi.unit, getattr(row, kpi.key)),
            peers=figure(kpi.unit, getattr(row, f"{kpi.key}_peers")),
        )
        for value, kpi in [*bad, *([] if bad_only else good)][:most]
    ]
    return words("app.semicolon").join(parts)


def figure(unit: str, value: Any) -> str:
    """A KPI in words: no more digits than such small numbers carry."""
    if pd.isna(value):
        return words("app.not_available")
    if unit == "percent":
        return numbers.percent(round(float(value), 2), session.lang())
    if unit == "hours":
        shown = numbers.full(round(float(value), 0 if value >= 10 else 1), session.lang(), "index")
        return words("page.managers.hours", n=shown)
    if unit == "index":
        return numbers.full(round(float(value), 1), session.lang(), "index")
    return numbers.short(value, session.lang(), unit, session.facts().currency)


# --- the scoreboard


def figures() -> None:
    tiles.show(_figures())


@session.kept
def _figures() -> list[Tile]:
    frame, lang = everybody(), session.lang()
    here = frame[frame.left_on.isna()]
    paced, cared = here[here.pace.notna()], here[here.visits_kept.notna()]
    limit = float(session.facts().policy["workload.hours_per_month"])
    due, done = cared.visits_due.sum(), cared.visits_done.sum()
    gone = frame[frame.left_on.notna() & (frame.accounts > 0)]

    def tile(key: str, shown: str, tone: str = "", /, needs: tuple[str, ...] = (), **said: Any) -> Tile:
        text = f"page.managers.tile_{key}"
        missing = [words(f"missing.{table}") for table in needs if not session.facts().has(table)]
        note = missing[0] if missing else words(f"{text}_note", **said)
        return Tile(f"people_{key}", words(text), shown, note, words(f"{text}_tip"), tone)

    def of(part: pd.DataFrame, whole: pd.DataFrame) -> str:
        if whole.empty:
            return words("app.not_available")
        return words("page.managers.n_of", n=len(part), all=len(whole))

    low_care = cared[cared.visits_kept < cared.visits_kept_peers / 1.5]
    over = here[here.hours > limit]
    untouched = frame.untouched.sum(min_count=1)
    return [
        tile("pace", of(paced[paced.pace >= 1], paced), needs=("orders", "targets"), gap=_gap_per_week()),
        tile("care", figure("percent", done / due if due else None), "bad" if len(low_care) else "",
             needs=("activities",), n=len(low_care)),
        tile("untouched", numbers.short(None if pd.isna(untouched) else untouched, lang, "count"),
             needs=("activities",), accounts=numbers.short(frame.tiered_accounts.sum(), lang, "count")),
        tile("over", of(over, here), "bad" if len(over) else "", limit=figure("hours", limit)),
        tile("left", numbers.short(len(gone), lang, "count"), "bad" if len(gone) else "",
             accounts=numbers.short(gone.accounts.sum(), lang, "count")),
    ]  # fmt: skip


def _gap_per_week() -> str:
    """What all in view together still need a week: the figure of the page of the target, not a sum of the managers'."""
    frame = session.report(session.view(), "forecast")
    return money(frame.gap_per_week.iloc[0] if len(frame) else None)


def dots() -> None:
    """Pace against care, a dot a manager."""
    made = _dots()
    with cards.card("people_dots", words("page.managers.dots"), None, made[2] if made else ""):
        if made is None:
            st.caption(words("page.managers.no_dots"))
        else:
            st.vega_lite_chart(
                made[0], key="people_dots_chart", alt=made[1], width="stretch",
                on_select=lambda: open_picked("people_dots_chart"),
            )  # fmt: skip


def open_picked(key: str) -> None:
    """Callback of a chart: open the manager whose mark was clicked."""
    picked = st.session_state[key]["selection"].get(PICK)
    if picked and picked[0].get("manager"):
        _open(picked[0]["manager"])


def _open(manager_id: str) -> None:
    st.session_state["manager"] = [manager_id]
    address.touched()


def close() -> None:
    st.session_state["manager"] = []
    address.touched()


@session.kept
def _dots() -> tuple[Spec, str, str] | None:
    """None where neither targets nor visits are loaded."""
    frame = everybody()
    frame = frame[frame.pace.notna() & frame.visits_kept.notna()]
    if frame.empty:
        return None
    look, lang = session.colours(), session.lang()
    top, right = frame.pace.quantile(0.99) * 1.1, frame.visits_kept.quantile(0.99) * 1.1
    rows = [
        {
            "manager": r.manager_id,
            "name": own_script(r.manager_name, lang),
            "pace": float(min(r.pace, top)),
            "care": float(min(r.visits_kept, right)),
            "hours": float(r.hours),
            "tone": _tone(r),
            "pace_text": figure("percent", r.pace),
            "care_text": figure("percent", r.visits_kept),
            "hours_text": figure("hours", r.hours),
        }
        for r in rows_of(frame)
    ]
    said = {"name": words("dimension.manager"), **{k: words(f"kpi.{k}") for k in ("pace", "hours")}}
    said["care"] = words("kpi.visits_kept")
    legend = cards.legend(
        ("solid", look.bad, words("page.managers.low_care")), ("solid", look.muted, words("page.managers.like_peers"))
    )
    alt = words("page.managers.dots_alt", n=len(rows), low=sum(r["tone"] == "bad" for r in rows))
    return pace_and_care(look, rows, said), alt, legend


def _tone(row: Any) -> str:
    care = lead(next(k for k in KPIS if k.key == "visits_kept"), row)
    return "bad" if care is not None and care <= -1 else "plain"


def worst() -> None:
    """In sentences: who stands out most, to be talked with first."""
    with cards.card("people_worst", words("page.managers.worst")), st.container(key="changes_people", gap="xxsmall"):
        for manager_id, text in _worst():
            st.button(text, key=f"worst_{manager_id}", type="tertiary", on_click=_open, args=(manager_id,))
        if not _worst():
            st.caption(words("page.managers.nobody"))


@session.kept
def _worst() -> list[tuple[str, str]]:
    frame = everybody()
    scored = []
    for row in rows_of(frame[frame.left_on.isna()]):
        leads = [value for kpi in KPIS if (value := lead(kpi, row)) is not None and value <= -1]
        if leads:
            scored.append((sum(leads), row))
    scored.sort(key=lambda s: s[0])
    return [
        (row.manager_id, f":orange[▼] **{own_script(row.manager_name, session.lang())}**{words('app.colon')}"
         f"{stands_out(row, bad_only=True).replace('▼ ', '')}")
        for _, row in scored[:7]
    ]  # fmt: skip


def board() -> None:
    """The table: sortable, what stands out in words, small samples grey."""
    table = _board()
    with cards.card("people_board", words("page.managers.board", n=len(table.frame)), table):
        st.caption(words("page.managers.board_note", few=FEW))
        ids = table.frame.manager_id.tolist()
        cards.show(
            "people_table", table, words("page.managers.board_alt"), height=440, style=_greyed,
            on_select=lambda: _open_ticked(ids), selection_mode="single-row",
        )  # fmt: skip


def _open_ticked(ids: list[str]) -> None:
    rows = st.session_state["people_table"]["selection"]["rows"]
    if rows:
        _open(ids[rows[0]])


@session.kept
def _board() -> Table:
    frame, lang = everybody().copy(), session.lang()
    frame["stands_out"] = [stands_out(row) or None for row in rows_of(frame)]
    frame["manager"] = [own_script(v, lang) for v in frame.manager_name]
    frame["trend"] = frame.trend.map(list, na_action="ignore")
    # What is known of nobody stands last: without orders the table begins with the deals.
    known = [c for c in BOARD if frame[c].notna().any()]
    return Table(frame[[*known, *(c for c in BOARD if c not in known)]], BOARD)


def _greyed(frame: pd.DataFrame) -> Any:
    """Figures of few cases in grey.

    Streamlit takes two things from a Styler: the rules of its cells, and a text of each. Pandas would walk through
    every cell for both, a third of the page's time; the rules are known here, and the texts are those of the frame.
    """
    cells = []
    for place, column in enumerate(frame.columns):
        n = next((kpi.n for kpi in KPIS if kpi.key == column), "")
        if n in frame:
            cells += [f"row{row}_col{place}" for row in (frame[n] < FEW).to_numpy().nonzero()[0]]
    grey = {"props": [("color", session.colours().muted), ("opacity", ".55")], "selectors": cells}
    style: Any = frame.style
    style._compute = lambda: style
    style._translate = lambda *_: {"cellstyle": [grey] if cells else []}
    return style


# --- one manager


def heading(row: Any) -> None:
    """Name, place, portfolio, and the way back."""
    lang = session.lang()
    with st.container(horizontal=True, vertical_alignment="center", key="back"):
        st.button(words("page.managers.all"), on_click=close, key="back_to_managers")
    st.title(own_script(row.manager_name, lang), anchor=False)
    said = [in_words(v, lang) for v in (row.region, row.industry, row.team) if isinstance(v, str)]
    if pd.notna(row.held_revenue):
        said.append(money(row.held_revenue) + words("page.managers.year"))
        said.append(words("page.managers.holds", n=int(row.accounts), of_these=int(row.key_accounts)))
    if row.open_deals:
        value = words("missing.open_without_amount") if pd.isna(row.pipeline) else money(row.pipeline)
        said.append(words("page.managers.deals", n=int(row.open_deals), value=value))
    if pd.notna(row.value_at_risk):
        said.append(words("page.managers.risk", n=int(row.high_risk), value=money(row.value_at_risk)))
    if pd.notna(row.visit_debt):
        said.append(words("page.managers.owed", n=numbers.short(row.visit_debt, lang, "count")))
    if pd.notna(row.left_on):
        said.append(words("page.managers.left", date=numbers.day(row.left_on, lang)))
    st.html(f'<p class="kam-sentence">{" · ".join(said)}</p>')


def tiles_of(row: Any) -> None:
    """The figures that decide, each beside the peers' median."""
    chosen = ("pace", "nrr", "adjusted_retention", "visits_kept", "response_hours", "hours")
    tiles.show([_tile(next(k for k in KPIS if k.key == key), row) for key in chosen])


def _tile(kpi: Kpi, row: Any) -> Tile:
    away = lead(kpi, row)
    n = int(getattr(row, kpi.n)) if kpi.n else 0
    note = words("page.managers.peers", value=figure(kpi.unit, getattr(row, f"{kpi.key}_peers")))
    if kpi.n and n < FEW:
        note += words("page.managers.small", n=n)
    tone = "" if away is None or abs(away) < 1 else "good" if away > 0 else "bad"
    label = words(f"kpi.{kpi.key}")
    value = figure(kpi.unit, getattr(row, kpi.key))
    return Tile(f"kpi_{kpi.key}", label, value, note, words(f"kpi_means.{kpi.key}"), tone)


def against_peers(row: Any) -> None:
    """Every figure beside the peers' median, with how many cases it rests on."""
    lines = []
    for kpi in KPIS:
        away = lead(kpi, row)
        mark = "" if away is None or abs(away) < 1 else "▲" if away > 0 else "▼"
        lines.append({
            "figure": words(f"kpi.{kpi.key}"), "now_value": figure(kpi.unit, getattr(row, kpi.key)),
            "of_peers": figure(kpi.unit, getattr(row, f"{kpi.key}_peers", None)), "mark": mark,
            "n": str(int(getattr(row, kpi.n))) if kpi.n else "",
        })  # fmt: skip
    table = Table(pd.DataFrame(lines), {})
    peers = 0 if pd.isna(row.peers) else int(row.peers)
    with cards.card("people_peers", words("page.managers.versus"), table):
        st.caption(words("page.managers.versus_note", n=peers))
        cards.show("people_peers_table", table, words("page.managers.versus"), height=555)


def calls(view: View | None = None) -> None:
    """Whom to call this week, in sentences; each opens the account."""
    frame = session.report(view or session.view(), "call_list")
    with cards.card("people_calls", words("page.managers.calls"), _call_table(frame)):
        with st.container(key="changes_calls", gap="xxsmall"):
            for row in rows_of(frame.head(CALLS)):
                drill.link(_call(row), account=row.account_id)
        if frame.empty:
            st.caption(words("page.managers.no_calls"))


def _call(row: Any) -> str:
    name = own_script(row.name, session.lang())
    worth = words("page.managers.at_risk", value=money(row.value_at_risk)) if pd.notna(row.value_at_risk) else ""
    tier = row.tier if isinstance(row.tier, str) else words("tier.none")
    return words(
        "page.managers.call", name=name, tier=tier, worth=worth, why=reasons.sentence(row), next=reasons.first_step(row)
    )


def _call_table(frame: pd.DataFrame) -> Table:
    lang = session.lang()
    made = pd.DataFrame({
        "account": [own_script(v, lang) for v in frame["name"]], "tier": frame.tier.to_numpy(),
        "value_at_risk": frame.value_at_risk.to_numpy(), "why": [reasons.sentence(r) for r in rows_of(frame)],
        "next_step": [reasons.first_step(r) for r in rows_of(frame)], "last_contact": frame.last_contact_on.to_numpy(),
        "manager": [own_script(v, lang) for v in frame.manager_name], "account_id": frame.account_id.to_numpy(),
    })  # fmt: skip
    return Table(made, {"value_at_risk": "money", "last_contact": "date"})


def portfolio() -> None:
    """The accounts held: risk, care owed, what is open; ticking a row opens the account."""
    table = _portfolio()
    with cards.card("people_held", words("page.managers.held", n=len(table.frame)), table):
        ids = table.frame.account_id.tolist()
        cards.show(
            "people_held_table", table, words("page.managers.held_alt"), height=420, selection_mode="single-row",
            on_select=lambda: drill.ticked("people_held_table", "account", ids),
        )  # fmt: skip


@session.kept
def _portfolio() -> Table:
    frame = session.report(session.view(), "manager").rename(columns={"churn_risk": "risk"})
    frame["account"] = [own_script(v, session.lang()) for v in frame["name"]]
    return Table(frame[list(HELD)], HELD)


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    yield from frame.itertuples()
