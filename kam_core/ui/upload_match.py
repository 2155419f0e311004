"""Who in this file are our accounts: matched, likely (to be confirmed), new, and key accounts that are not in it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from kam_core.text import numbers
from kam_core.ui import cards, session
from kam_core.ui import upload_state as work
from kam_core.ui.cards import Table
from kam_core.ui.session import words
from kam_core.uploads.match import Account, Matching, Pair, match
from kam_core.uploads.upload import Upload

MOST = 2000  # names in a list on screen; the download has all
ASKED = 100  # likely names asked about at once


def accounts() -> None:
    """The question, answered on demand: comparing names takes a while in large files."""
    upload = work.upload()
    if upload.check is None or not upload.check.parties:
        return
    with cards.card("accounts_in_file", words("page.upload.accounts")):
        ours = work.company_accounts()
        if not ours:
            st.caption(words("page.upload.no_accounts"))
            return
        found: Matching | None = work.result("match")
        if found is None:
            st.caption(words("page.upload.accounts_why", n=_n(len(upload.check.parties))))
            parties, denied = upload.check.parties, _denied()
            st.button(
                words("page.upload.accounts_do"), key="match", disabled=work.running() is not None,
                on_click=work.start, args=("match", lambda _job: match(parties, ours, denied)),
            )  # fmt: skip
            return
        _found(upload, found)


def _denied() -> list[str]:
    found: list[str] = st.session_state.get("_denied", [])
    return found


def _found(upload: Upload, found: Matching) -> None:
    confirmed = upload.accounts
    likely = [p for p in found.of("likely") if p.theirs.id not in confirmed and p.theirs.id not in _denied()]
    matched = [p for p in found.pairs if p.ours and (p.how in ("id", "name") or p.theirs.id in confirmed)]
    named = {p.ours.id for p in matched if p.ours}
    absent = [a for a in found.absent if a.id not in named]
    new = [p for p in found.pairs if p not in matched and p not in likely]
    sizes = {"matched": len(matched), "likely": len(likely), "new": len(new), "absent": len(absent)}
    st.markdown(words("page.upload.accounts_found", **{kind: _n(size) for kind, size in sizes.items()}))
    tabs = st.tabs([words(f"page.upload.{kind}", n=_n(size)) for kind, size in sizes.items()])
    with tabs[0]:
        _show("matched", _matched(matched))
    with tabs[1]:
        _ask(upload, likely[:ASKED])
    with tabs[2]:
        _show("new", _new(new))
    with tabs[3]:
        _show("absent", _absent(absent))
    if confirmed:
        st.caption(words("page.upload.confirmed", n=_n(len(confirmed))))


def _absent(accounts: list[Account]) -> Table:
    rows = [(work.shown_name(a), a.tier, a.manager, a.revenue) for a in accounts]
    return Table(pd.DataFrame(rows, columns=["account", "tier", "manager", "revenue"]), {"revenue": "money"})


def _n(count: int) -> str:
    return numbers.full(count, session.lang(), "count")


def _show(key: str, table: Table) -> None:
    if table.frame.empty:
        st.caption(words("page.upload.nobody"))
        return
    shown = Table(table.frame.head(MOST), table.units)
    cards.show(f"{key}_table", shown, words("page.upload.accounts"), height=min(380, 36 * (len(shown.frame) + 1) + 2))
    cards.downloads(key, words("page.upload.accounts"), table)


def _matched(pairs: list[Pair]) -> Table:
    """What the file has beside what we know; `adds` is what only the file says."""
    frame = pd.DataFrame(
        [
            {
                "in_file": p.theirs.name, "account": work.shown_name(p.ours), "tier": p.ours.tier,
                "manager": p.ours.manager, "rows": p.theirs.rows, "amount_in_file": p.theirs.amount,
                "revenue": p.ours.revenue, "adds": _adds(p),
            }
            for p in pairs if p.ours
        ]
    )  # fmt: skip
    return Table(frame, {"rows": "count", "amount_in_file": "money", "revenue": "money"})


def _adds(pair: Pair) -> str:
    return "; ".join(f"{words(f'column.{key}')}: {text}" for key, text in pair.adds.items())


def _new(pairs: list[Pair]) -> Table:
    frame = pd.DataFrame(
        [
            {"in_file": p.theirs.name, "rows": p.theirs.rows, "amount_in_file": p.theirs.amount,
             "industry": p.theirs.about.get("industry"), "region": p.theirs.about.get("region")}
            for p in pairs
        ]
    )  # fmt: skip
    return Table(frame, {"rows": "count", "amount_in_file": "money"})


# --- likely: confirmed or turned down, line by line


def _ask(upload: Upload, pairs: list[Pair]) -> None:
    if not pairs:
        st.caption(words("page.upload.nobody"))
        return
    st.caption(words("page.upload.likely_why"))
    yes, choices = words("column.same"), ["", words("app.yes"), words("app.no")]
    frame = pd.DataFrame(
        [
            {yes: None, "in_file": p.theirs.name, "account": work.shown_name(p.ours), "alike": p.score / 100,
             "tier": p.ours.tier, "manager": p.ours.manager, "amount_in_file": p.theirs.amount}
            for p in pairs if p.ours
        ]
    )  # fmt: skip
    frame[yes] = [words("app.yes") if p.score >= 99.5 else "" for p in pairs]
    units = {"alike": "percent", "amount_in_file": "money"}
    answered = st.data_editor(
        frame, key=f"likely_{len(upload.accounts)}_{len(_denied())}", hide_index=True, placeholder="",
        disabled=[c for c in frame.columns if c != yes],
        column_config={
            yes: st.column_config.SelectboxColumn(yes, options=choices, pinned=True),
            **{c: cards.column(c, units.get(c, "")) for c in frame.columns if c != yes},
        },
    )  # fmt: skip
    answers = answered[yes].tolist()
    st.button(
        words("page.upload.confirm"), key="confirm", type="primary", on_click=_confirm, args=(upload, pairs, answers),
        disabled=not any(answers),
    )  # fmt: skip


def _confirm(upload: Upload, pairs: list[Pair], answers: list[str]) -> None:
    """Confirmed accounts are loaded under our number; those turned down stay as the file has them."""
    for pair, answer in zip(pairs, answers, strict=True):
        if answer == words("app.yes") and pair.ours:
            upload.accounts[pair.theirs.id] = pair.ours.id
        elif answer == words("app.no"):
            st.session_state["_denied"] = [*_denied(), pair.theirs.id]
    upload.own = None
    st.session_state.pop("_propose", None)
