"""The cards of the what-if: what less churn would bring on own figures, what it costs, and where a budget does most."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from kam_core.text import numbers
from kam_core.text.sentence import own_script
from kam_core.ui import cards, churn, drill, session, tiles
from kam_core.ui.cards import Table
from kam_core.ui.session import money, words
from kam_core.ui.tiles import Tile

LISTED = 300
SAVED = {
    "account": "", "risk": "percent", "gain": "money", "effort": "money", "spent": "money", "margin_at_risk": "money",
    "manager": "", "region": "", "industry": "", "account_id": "",
}  # fmt: skip


def possible() -> bool:
    """Whether churn and margin are both known."""
    frame = session.report(churn.standing(), "what_if_retention")
    return not frame.empty and bool(frame.margin_at_risk.notna().iloc[0]) and bool(frame.churn_now.notna().iloc[0])


def assumptions() -> dict[str, float]:
    """What the reader assumes: shares as fractions, money in the reporting currency."""
    with cards.card("whatif_settings", words("page.whatif.settings")):
        share: dict[str, Any] = {"step": 1, "format": "%d%%"}
        reduction = st.slider(words("page.whatif.reduction"), 1, 50, 5, key="whatif_reduction", **share)
        discount = st.slider(words("page.whatif.discount"), 0, 30, 2, key="whatif_discount", **share)
        factor = st.slider(words("page.whatif.replace_factor"), 1, 15, 5, key="whatif_factor")
        success = st.slider(words("page.whatif.success"), 5, 90, 30, key="whatif_success", **share)
        keep = st.number_input(words("page.whatif.keep_cost"), 0, 1_000_000, 500, 100, key="whatif_keep")
        budget = st.number_input(words("page.whatif.budget"), 0, 1_000_000_000, 1_000_000, 100_000, key="whatif_budget")
    return {
        "reduction": reduction / 100, "discount": discount / 100, "replace_factor": float(factor),
        "success": success / 100, "keep_cost": float(keep), "budget": float(budget),
    }  # fmt: skip


def result(chosen: dict[str, float]) -> None:
    """What comes out, each figure with its formula on hover, and the claim of the books on own data."""
    asked = {k: chosen[k] for k in ("reduction", "discount", "replace_factor", "keep_cost")}
    row = session.report(churn.standing(), "what_if_retention", **asked).iloc[0]
    with cards.card("whatif_result", words("page.whatif.result")):
        shown = _tiles(row, chosen)
        tiles.show(shown)
        st.caption("  \n".join(f"{tile.label} = {tile.explained}" for tile in shown))
        st.markdown(_claim(row, chosen))
        st.markdown(_replace(row, chosen))


def _tiles(row: Any, chosen: dict[str, float]) -> list[Tile]:
    share = _share
    before, after, rate = share(row.churn_now), share(row.churn_after), share(_policy_rate())
    saved_note = words("page.whatif.saved_note", revenue=money(row.revenue_saved))
    saved = words("page.whatif.saved_tip", at_risk=money(row.margin_at_risk), reduction=share(chosen["reduction"]))
    cost_note = words("page.whatif.cost_note", discount=money(row.discount_cost), care=money(row.care_cost))
    cost = words(
        "page.whatif.cost_tip", n=numbers.full(row.accounts_called, session.lang(), "count"),
        revenue=money(row.revenue_called), rate=share(chosen["discount"]), keep=money(chosen["keep_cost"]),
    )  # fmt: skip
    lift = words("page.whatif.lift_tip", saved=money(row.margin_saved), margin=money(row.margin_now))
    life = words("page.whatif.life_tip", before=before, after=after, rate=rate)
    spent = row.discount_cost + row.care_cost
    tone = "good" if row.net > 0 else "bad"
    return [
        Tile("whatif_saved", words("page.whatif.saved"), money(row.margin_saved), saved_note, saved),
        Tile("whatif_cost", words("page.whatif.cost"), money(spent), cost_note, cost),
        Tile("whatif_net", words("page.whatif.net"), session.money_change(row.net), words("page.whatif.net_tip"),
             words("page.whatif.net_tip"), tone),
        Tile("whatif_lift", words("page.whatif.lift"), _share(row.profit_lift, True), "", lift),
        Tile("whatif_life", words("page.whatif.life"), _share(row.life_lift, True), "", life),
    ]  # fmt: skip


def _claim(row: Any, chosen: dict[str, float]) -> str:
    values = {
        "churn": _share(row.churn_now), "reduction": _share(chosen["reduction"]), "life": _share(row.life_lift),
        "lift": _share(row.profit_lift),
    }  # fmt: skip
    if pd.isna(row.life_lift_five_points):
        return words("page.whatif.claim_small", **values)
    return words("page.whatif.claim", five=_share(row.life_lift_five_points), **values)


def _replace(row: Any, chosen: dict[str, float]) -> str:
    """An account kept that would have left against one won in its place: each with all that it takes."""
    lang = session.lang()
    return words(
        "page.whatif.replace", n=numbers.full(round(row.accounts_saved), lang, "count"),
        lost=numbers.full(round(row.accounts_expected_lost), lang, "count"), reduction=_share(chosen["reduction"]),
        spent=money(row.discount_cost + row.care_cost), called=numbers.full(row.accounts_called, lang, "count"),
        kept=money(row.cost_per_kept), margin=money(row.margin_per_kept),
        factor=numbers.full(chosen["replace_factor"], lang, "index"), won=money(row.cost_per_won),
        cost=money(row.cost_of_replacing),
    )  # fmt: skip


def _share(value: Any, signed: bool = False) -> str:
    return numbers.percent(None if pd.isna(value) else value, session.lang(), signed=signed)


def _policy_rate() -> Any:
    return session.facts().policy["lifetime_value.annual_discount"]


def best_use(chosen: dict[str, float]) -> None:
    """The accounts on which the budget does most; ticking one opens it."""
    asked = {k: chosen[k] for k in ("budget", "success", "discount", "keep_cost")}
    frame = session.report(churn.standing(), "save_list", limit=5000, **asked)
    frame = frame[frame.is_affordable]
    table = _saved(frame.head(LISTED))
    with cards.card("best_use", words("page.whatif.best"), table):
        values = {"n": numbers.full(len(frame), session.lang(), "count"), "cost": money(frame.cost.sum())}
        st.caption(words("page.whatif.best_note", gain=money(frame.gain.sum()), **values))
        ids = table.frame["account_id"].tolist()
        cards.show(
            "best_table", table, words("page.whatif.best_alt"), height=360, selection_mode="single-row",
            on_select=lambda: drill.ticked("best_table", "account", ids),
        )  # fmt: skip


def _saved(frame: pd.DataFrame) -> Table:
    lang = session.lang()
    shown = pd.DataFrame({
        "account": [own_script(n, lang) for n in frame.name], "risk": frame.churn_risk, "gain": frame.gain,
        "effort": frame.cost, "spent": frame.spent, "margin_at_risk": frame.margin_at_risk,
        "manager": [own_script(m, lang) if isinstance(m, str) else None for m in frame.manager_name],
        "region": frame.region, "industry": frame.industry, "account_id": frame.account_id,
    })  # fmt: skip
    return Table(shown, SAVED)
