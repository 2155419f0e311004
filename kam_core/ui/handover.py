"""The cards of the handover page: what a leaving manager holds, who takes over, the pack, what came of others."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextvars import copy_context
from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts.parts import Spec
from kam_core.charts.people import before_and_after
from kam_core.errors import KamError
from kam_core.export import tables
from kam_core.metrics import handover
from kam_core.metrics.reports import report
from kam_core.text import numbers
from kam_core.text.i18n import join
from kam_core.text.sentence import own_script
from kam_core.ui import address, cards, drill, exports, frames, saved, session, tiles
from kam_core.ui.cards import Table
from kam_core.ui.people import figure, rows_of
from kam_core.ui.session import money, words
from kam_core.ui.tiles import Tile
from kam_core.view import View

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LIST = {
    "account": "", "new_manager": "", "tier": "", "region": "", "industry": "", "value_at_risk": "money",
    "trailing_revenue": "money", "hours": "index", "open_deals": "count", "open_amount": "money",
    "contract_end_on": "date", "open_tickets": "count", "contacts": "count", "active_contacts": "count",
    "last_contact": "date", "account_id": "", "manager_id": "",
}  # fmt: skip
SHEETS = {
    "deals": {"account": "", "opportunity_id": "", "stage": "", "amount": "money", "expected_close": "date",
              "product_line": "", "account_id": ""},
    "contracts": {"account": "", "contract_id": "", "start_on": "date", "end_on": "date", "committed_amount": "money",
                  "product_line": "", "account_id": ""},
    "contacts": {"account": "", "contact": "", "role": "", "title": "", "last_contact": "date", "account_id": ""},
    "tickets": {"account": "", "ticket_id": "", "opened_on": "date", "account_id": ""},
}  # fmt: skip
WORTHS = (0.0, 0.25, 0.5, 1.0, 2.0)
DRAWN = 24


# --- who leaves


def choose() -> None:
    """Who leaves; without a choice, all who have left and still hold accounts."""
    if "_leaving" in st.session_state:
        st.session_state.update(st.session_state.pop("_leaving"))
        address.touched()
    names = session.names().get("manager", {})
    options = ["", *sorted((k for k in names if k != "-"), key=lambda k: names[k])]
    if st.session_state.get("leaving") not in options:
        st.session_state["leaving"] = ""
    st.selectbox(
        words("page.handover.who"), options, key="leaving", on_change=address.touched, width=360,
        format_func=lambda k: own_script(names[k], session.lang()) if k else words("page.handover.all_left"),
    )  # fmt: skip


def _view() -> View:
    """The accounts of who leaves: the other filters stay, a manager filter gives way to the choice."""
    leaving = st.session_state.get("leaving")
    return session.view().keep(manager=leaving) if leaving else session.view()


def accounts() -> pd.DataFrame:
    return session.report(_view(), "handover")


# --- what is handed over


def figures() -> None:
    frame, lang = accounts(), session.lang()
    contracts = frame.contract_end_on.notna()
    weak = (frame.is_single.fillna(False) | frame.is_silent.fillna(False)).astype(bool)

    def tile(key: str, shown: str, /, **said: Any) -> Tile:
        text = f"page.handover.tile_{key}"
        return Tile(f"handover_{key}", words(text), shown, words(f"{text}_note", **said), words(f"{text}_tip"))

    def count(value: Any) -> str:
        return numbers.short(int(value), lang, "count")

    tiles.show([
        tile("accounts", count(len(frame)), value=money(frame.trailing_revenue.sum())),
        tile("risk", money(frame.value_at_risk.sum(min_count=1)), n=count((frame.band == "high").sum())),
        tile("deals", count(frame.open_deals.sum()), value=money(frame.open_amount.sum())),
        tile("contracts", count(contracts.sum()), value=money(frame.committed.sum())),
        tile("tickets", count(frame.open_tickets.sum()), n=count(frame.late_tickets.sum())),
        tile("contacts", count(weak.sum()), n=count(frame.is_silent.fillna(False).astype(bool).sum())),
    ])  # fmt: skip


# --- who takes over


@session.kept
def _plan(leaving: str, worth: float) -> tuple[pd.DataFrame, handover.Receivers, list[str]] | str:
    """The accounts, who could take them, and the proposed manager of each; or why there is none."""
    frame = accounts()
    everybody = session.report(View(session.scope()), "holdings")
    try:
        to = handover.receivers(everybody, set(frame.manager_id))
        return frame, to, list(handover.propose(frame, to, worth))
    except KamError as problem:
        return str(problem)


def plan() -> None:
    """The proposal as a table to be changed by hand, with the load that it leads to and the files to take away."""
    leaving = str(st.session_state.get("leaving") or "")
    worth = st.session_state.setdefault("industry_worth", handover.INDUSTRY_WORTH)
    made = _plan(leaving, worth)
    if isinstance(made, str):
        st.warning(words("page.handover.nobody_left"))
        return
    frame, to, proposed = made
    name, planned = _opened(frame, to, proposed, leaving)
    left, right = st.columns([2.1, 1], gap="xsmall")
    with left:
        new = _editor(frame, to, proposed, planned, f"plan_{leaving}_{worth}_{session.lang()}_{name}")
    with right:
        _load(frame, to, new)
    _taken(frame, to, new)
    _files(frame, to, new, leaving)


def _opened(frame: pd.DataFrame, to: handover.Receivers, proposed: list[str], leaving: str) -> tuple[str, list[str]]:
    """The managers of a plan that was kept for who leaves now, where they can still take over; else those proposed."""
    plan = st.session_state.get("_plan") or {}
    if plan.get("leaving") != leaving:
        return "", proposed
    kept = plan["managers"]
    ids = zip(frame.account_id, proposed, strict=True)
    return plan["at"], [kept[a] if kept.get(a) in to.regions else p for a, p in ids]


def _open(body: dict[str, Any]) -> None:
    """Who leaves, and how much the industry counts, as when the plan was kept."""
    st.session_state["_plan"] = {**body, "at": str(time.time_ns())}  # an editor that was changed by hand starts anew
    st.session_state["_leaving"] = {"leaving": body["leaving"], "industry_worth": body["worth"]}


def _editor(
    frame: pd.DataFrame, to: handover.Receivers, proposed: list[str], planned: list[str], key: str
) -> pd.Series:
    """The table; returns each account's new manager, as planned or as chosen by hand, which is marked."""
    labels = _labels(to)
    ids = {label: m for m, label in labels.items()}
    chosen = [ids.get(label, m) for label, m in zip(_edited(key, len(frame)), planned, strict=True)]
    by_hand = [
        words("page.handover.instead", name=labels[was]) if now != was else ""
        for now, was in zip(chosen, proposed, strict=True)
    ]
    units = {**dict(list(LIST.items())[:2]), "by_hand": "", **LIST}
    taken = _shown(frame, [labels[m] for m in chosen]).assign(by_hand=by_hand)[list(units)]
    shown = taken.assign(new_manager=[labels[m] for m in planned])  # the editor itself puts what was chosen over it
    with cards.card("plan", words("page.handover.plan"), Table(taken, units)):
        _worth()
        st.caption(_note(frame, to, chosen, sum(map(bool, by_hand))))
        config = {c: cards.column(c, u) for c, u in units.items()}
        config["by_hand"] = st.column_config.TextColumn(words("column.by_hand"), width="medium")
        config["new_manager"] = st.column_config.SelectboxColumn(
            words("column.new_manager"), options=sorted(labels.values()), required=True, width="medium"
        )
        edited = st.data_editor(
            shown, key=key, hide_index=True, height=430, column_config=config,
            disabled=[c for c in units if c != "new_manager"], width="stretch", placeholder=cards.UNKNOWN,
        )  # fmt: skip
    return pd.Series([ids[label] for label in edited["new_manager"]], index=frame.index)


def _edited(key: str, n: int) -> list[str]:
    """What was chosen by hand in each of the editor's `n` rows; "" where nothing was."""
    rows = (st.session_state.get(key) or {}).get("edited_rows", {})
    return [str(rows.get(row, {}).get("new_manager") or "") for row in range(n)]


def _note(frame: pd.DataFrame, to: handover.Receivers, chosen: list[str], by_hand: int) -> str:
    """What the plan keeps as it stands, and which regions have nobody else."""
    lang, kept = session.lang(), handover.kept(frame, to, pd.Series(chosen))
    shares = {name: numbers.percent(_not_all(share), lang) for name, share in kept.items()}
    changed = {"n": numbers.full(by_hand, lang, "count")} if by_hand else {}
    said = words("page.handover.plan_note_by_hand" if by_hand else "page.handover.plan_note", **shares, **changed)
    alone = sorted({r for r in frame.region.dropna() if not any(r in regions for regions in to.regions.values())})
    return said + (words("page.handover.alone", regions=join(lang, alone)) if alone else "")


def _not_all(share: float) -> float:
    """Whole percents; 100 only where it is all of them."""
    return round(share, 2) if share == 1 or share < 0.995 else min(round(share, 3), 0.999)


def _worth() -> None:
    st.segmented_control(
        words("page.handover.worth"), WORTHS, key="industry_worth", required=True,
        help=words("page.handover.worth_help"),
        format_func=lambda v: words("page.handover.worth_none") if not v else numbers.percent(v, session.lang()),
    )  # fmt: skip


def _labels(to: handover.Receivers) -> dict[str, str]:
    """Names to choose from; where two share one, their number is said."""
    names = {r.manager_id: own_script(r.manager_name, session.lang()) for r in rows_of(to.frame)}
    times = Counter(names.values())
    return {m: f"{n} ({m})" if times[n] > 1 else n for m, n in names.items()}


def _shown(frame: pd.DataFrame, new: list[str]) -> pd.DataFrame:
    made = frame.rename(columns={"last_contact_on": "last_contact"})
    made = made.assign(account=[own_script(v, session.lang()) for v in frame["name"]], new_manager=new)
    return made[list(LIST)]


def _load(frame: pd.DataFrame, to: handover.Receivers, new: pd.Series) -> None:
    """Hours before and after, of those who take something over and of colleagues who could."""
    table = handover.workload(frame, to, new)
    takers = table[table.accounts_taken > 0].sort_values("hours_after", ascending=False)
    spec, alt = _load_chart(takers.head(DRAWN))
    shown = table.assign(manager=[own_script(v, session.lang()) for v in table.manager_name])
    units = {"manager": "", "hours_before": "index", "hours_after": "index", "accounts_taken": "count"}
    with cards.card("plan_load", words("page.handover.load"), Table(shown[list(units)], units)):
        there = table[[bool(to.regions[m] & set(frame.region)) for m in table.manager_id]]
        there = there if len(there) else table
        st.caption(words("page.handover.spread", n=len(takers), before=figure("hours", there.hours_before.std(ddof=0)),
                         after=figure("hours", there.hours_after.std(ddof=0))))  # fmt: skip
        cards.marks("plan_load_chart", spec, alt, "taker", "manager")


def _load_chart(takers: pd.DataFrame) -> tuple[Spec, str]:
    rows = [
        {
            "manager": r.manager_id, "name": own_script(r.manager_name, session.lang()),
            "before": float(r.hours_before), "after": float(r.hours_after),
            "label": words(
                "page.handover.from_to", before=figure("hours", r.hours_before), after=figure("hours", r.hours_after)
            ),
            "taken_text": numbers.full(r.accounts_taken, session.lang(), "count"),
        }
        for r in rows_of(takers)
    ]  # fmt: skip
    said = {"name": words("dimension.manager"), "hours": words("column.hours"), "taken": words("column.accounts_taken")}
    spec = before_and_after(session.colours(), rows, said, 22 * max(len(rows), 1) + 8)
    return spec, words("page.handover.load_alt", n=len(rows))


TAKEN = {
    "account": "", "tier": "", "trailing_revenue": "money", "value_at_risk": "money", "hours": "index", "region": "",
    "industry": "", "account_id": "",
}  # fmt: skip


def _taken(frame: pd.DataFrame, to: handover.Receivers, new: pd.Series) -> None:
    """What the manager takes over whose bar was clicked; a ticked row opens the account."""
    taker = str(st.session_state.get("taker") or "")
    if taker not in set(new):
        return
    part = frames.named(frame[(new == taker).to_numpy()], session.lang())
    question = words("page.handover.taken", name=_labels(to)[taker], n=numbers.full(len(part), session.lang(), "count"))
    cards.accounts("taken", question, Table(part[list(TAKEN)], TAKEN), part.account_id.tolist(), field="taker")


# --- the files


def _files(frame: pd.DataFrame, to: handover.Receivers, new: pd.Series, leaving: str) -> None:
    """The pack, and the assignments that make the handover true once they are loaded."""
    with cards.card("handover_files", words("page.handover.files")):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            day = st.date_input(
                words("page.handover.day"), _first_day(frame), key="handover_day", width=200, format="YYYY-MM-DD",
            )  # fmt: skip
            named = st.checkbox(words("page.handover.named"), key="handover_named")
            saved.button("handover_plan", lambda: _kept(frame, new, leaving), _open)
            exports.button(
                words("page.handover.pack"), _pack(frame, to, new, named), f"handover_{leaving or 'all'}.xlsx", XLSX,
                key="handover_pack", what=words("page.handover.pack"), rows=len(frame),
            )  # fmt: skip
            exports.button(
                words("page.handover.assignments"), lambda: tables.csv(assignments(frame, new, day)), "assignments.csv",
                "text/csv", key="handover_assignments", what=words("page.handover.assignments"), rows=len(frame),
                type="primary",
            )  # fmt: skip
        st.caption(words("page.handover.load_it"))


def _kept(frame: pd.DataFrame, new: pd.Series, leaving: str) -> dict[str, Any]:
    managers = dict(zip(frame.account_id, new, strict=True))
    return {"leaving": leaving, "worth": st.session_state["industry_worth"], "managers": managers}


def _first_day(frame: pd.DataFrame) -> date:
    """The day after the last one loaded: nothing that is known is credited anew."""
    return session.facts().as_of + timedelta(days=1)


def assignments(frame: pd.DataFrame, new: pd.Series, day: Any) -> pd.DataFrame:
    """The table `assignments` of the data model: the former holder's stretch ends as the new one's begins."""
    return pd.DataFrame({
        "account_id": frame.account_id, "manager_id": new.to_numpy(), "from_on": str(day), "to_on": ""
    })  # fmt: skip


Sheet = tuple[str, pd.DataFrame, dict[str, str]]


def _pack(frame: pd.DataFrame, to: handover.Receivers, new: pd.Series, named: bool) -> Callable[[], bytes]:
    """Writes the pack on the click, when nothing is known any more of who asks: that is held from now on."""
    held, reader, view = copy_context(), session.reader(), _view()

    def ask(name: str) -> pd.DataFrame:
        return report(reader, view, name)

    return lambda: held.copy().run(lambda: tables.book(_sheets(frame, _labels(to), new, named, ask)))


def _sheets(
    frame: pd.DataFrame, labels: dict[str, str], new: pd.Series, named: bool, ask: Callable[[str], pd.DataFrame]
) -> list[Sheet]:
    """The accounts with their new owners, open deals, contracts, contact persons (masked), tickets."""
    owner = dict(zip(frame.account_id, new, strict=True))
    sheets = [(words("page.handover.sheet_accounts"), Table(_shown(frame, [labels[m] for m in new]), LIST))]
    for name, units in SHEETS.items():
        part = ask(f"handover_{name}").rename(columns={"last_contact_on": "last_contact"})
        part["account"] = [own_script(v, session.lang()) for v in part["name"]]
        if name == "contacts" and not named:
            part["contact"] = [f"{v[:1]}…" for v in part.contact]
        part = part[list(units)]
        part.insert(1, "new_manager", [labels[owner[a]] for a in part.account_id])
        sheets.append((words(f"page.handover.sheet_{name}"), Table(part, {"new_manager": "", **units})))
    return [(title, t.named(), t.named_units()) for title, t in sheets]


# --- what came of past handovers


def past() -> None:
    """Asked for, not shown at once: it compares every account handed over with one that stayed."""
    with cards.card("past", words("page.handover.past")):
        if cards.switch("past", words("page.handover.past_show")):
            _past()


def _past() -> None:
    pairs = session.report(View(session.scope(), session.view().filters), "handover_pairs")
    found = handover.effect(pairs)
    if len(pairs) < 2:
        st.caption(words("page.handover.past_none"))
        return
    lang = session.lang()
    st.markdown(words(
        "page.handover.past_said", n=numbers.full(found["pairs"], lang, "count"),
        handed=numbers.percent(found["handed"], lang), stayed=numbers.percent(found["stayed"], lang),
        change=numbers.delta(found["handed"] - found["stayed"], lang, "percent"),
        low=numbers.delta(found["low"], lang, "percent"), high=numbers.delta(found["high"], lang, "percent"),
    ))  # fmt: skip
    st.caption(words("page.handover.past_note"))
    units = {"account": "", "tier": "", "region": "", "industry": "", "handed_on": "date", "before": "money",
             "after": "money", "other": "", "other_before": "money", "other_after": "money"}
    shown = pairs.assign(account=[own_script(v, lang) for v in pairs["name"]],
                         other=[own_script(v, lang) for v in pairs.other_name])  # fmt: skip
    table, ids = Table(shown[list(units)].head(500), units), pairs.account_id.tolist()
    cards.show(
        "past_table", table, words("page.handover.past"), height=300, selection_mode="single-row",
        on_select=lambda: drill.ticked("past_table", "account", ids),
    )  # fmt: skip
