"""The policy tried out: move a threshold or a weight, see who changes class and whose work grows, keep a draft."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts.tokens import TIERS
from kam_core.policy import Policy, in_force, to_toml
from kam_core.text import numbers
from kam_core.text.sentence import own_script
from kam_core.ui import cards, exports, saved, session, states, tiers
from kam_core.ui.cards import Table
from kam_core.ui.session import words

RULES = ("a_below", "b_below", "new_months", "new_orders", "strategic_annual_revenue")
Rules = dict[str, float]


def card() -> None:
    """Sliders for the tier rules and for the score's weights, each with what it changes."""
    with cards.card("simulator", words("page.tiers.simulator")):
        st.caption(words("page.tiers.simulator_note"))
        _alone()


@st.fragment
def _alone() -> None:
    with states.guarded("the policy tried out"):
        _body()


def _body() -> None:
    st.session_state.update(st.session_state.pop("_try", {}))
    left, right = st.columns([1, 1.9], gap="medium")
    with left:
        rules, weights = _rules(), _weights()
    with right:
        if rules["b_below"] <= rules["a_below"]:
            st.warning(words("page.tiers.b_above_a"))
            return
        _tier_change(rules)
        _score_change(weights)
        _draft(rules, weights)


def _policy() -> Policy:
    stages = session.report(session.everything(), "stages")
    found = list(stages[["stage", "outcome", "probability"]].itertuples(index=False, name=None))
    return in_force(session.facts().policy, found)


def _rules() -> Rules:
    """A slider for each rule, standing where the policy in force has it."""
    now = _policy().tiers

    def cut(key: str) -> float:
        value: int = st.slider(
            words(f"policy.{key}"), 5, 100, round(getattr(now, key) * 100), format="%d%%", key=f"try_{key}"
        )
        return value / 100

    rules: Rules = {"a_below": cut("a_below"), "b_below": cut("b_below")}
    rules["new_months"] = st.slider(words("policy.new_months"), 0, 36, now.new_months, key="try_new_months")
    rules["new_orders"] = st.slider(words("policy.new_orders"), 0, 20, now.new_orders, key="try_new_orders")
    rules["strategic_annual_revenue"] = st.number_input(
        words("policy.strategic_annual_revenue", currency=session.facts().currency),
        0.0,
        1e12,
        now.strategic_annual_revenue,
        step=1e6,
        format="%.0f",
        key="try_strategic",
    )
    return rules


def _weights() -> Rules:
    now = _policy().score
    with st.popover(words("page.tiers.weights"), key="try_weights", width="stretch"):
        return {
            part: st.slider(words(f"score.{part}"), 0, 100, round(getattr(now, part) * 100), key=f"try_weight_{part}")
            / 100
            for part in tiers.PARTS
        }


def _tier_change(rules: Rules) -> None:
    """How many accounts and how much revenue change class, tier by tier, and the managers whose work changes most."""
    summary, by_tier, managers = _changes(tuple(rules.items()))
    st.markdown(summary)
    cards.show("try_tiers", by_tier, words("page.tiers.simulator"))
    if not managers.frame.empty:
        st.caption(words("page.tiers.workload"))
        cards.show("try_managers", managers, words("page.tiers.workload"), height=178)


@session.kept
def _changes(rules: tuple[tuple[str, float], ...]) -> tuple[str, Table, Table]:
    found = session.report(tiers.alone(), "tier_simulation", **_moved_only(dict(rules)))
    return _summary(found), _by_tier(found), _by_manager(found)


def _moved_only(rules: Rules) -> Rules:
    """Only what differs from the policy in force, so that an untouched slider rounds nothing."""
    now = _policy().tiers
    return {
        key: value for key, value in rules.items() if abs(value - getattr(now, key)) > 0.0051 * (key.endswith("below"))
    }


def _summary(found: pd.DataFrame) -> str:
    lang, moved = session.lang(), found[found.tier_now != found.tier_then]
    if moved.empty:
        return words("page.tiers.nothing_changes")
    return words(
        "page.tiers.change_summary",
        n=numbers.full(moved.accounts.sum(), lang, "count"),
        share=numbers.percent(moved.accounts.sum() / found.accounts.sum(), lang),
        revenue=session.money(moved.revenue.sum()),
        revenue_share=numbers.percent(moved.revenue.sum() / (found.revenue.sum() or 1), lang),
        hours=numbers.delta(found.hours_then.sum() - found.hours_now.sum(), lang, "count"),
        total=numbers.short(found.hours_now.sum(), lang, "count"),
    )


def _by_tier(found: pd.DataFrame) -> Table:
    now, then = (
        found.groupby(f"tier_{side}")
        .agg(accounts=("accounts", "sum"), revenue=("revenue", "sum"), hours=(f"hours_{side}", "sum"))
        .reindex(list(TIERS), fill_value=0)
        for side in ("now", "then")
    )
    frame = pd.DataFrame({"tier": list(TIERS)})
    for column in ("accounts", "revenue", "hours"):
        frame[f"{column}_now"], frame[f"{column}_then"] = now[column].to_numpy(), then[column].to_numpy()
    units = {"accounts": "count", "revenue": "money", "hours": "count"}
    return Table(frame, {f"{c}_{side}": unit for c, unit in units.items() for side in ("now", "then")})


def _by_manager(found: pd.DataFrame) -> Table:
    """The managers whose hours a month change, most first."""
    sums = found.groupby(["manager_id", "manager_name"], as_index=False, dropna=False)[
        ["hours_now", "hours_then"]
    ].sum()
    sums["hours_change"] = sums.hours_then - sums.hours_now
    sums = sums[sums.hours_change.abs() > 1e-9].sort_values("hours_change", key=abs, ascending=False)
    names = [
        own_script(n, session.lang()) if isinstance(n, str) else words("column.unassigned") for n in sums.manager_name
    ]
    frame = sums.assign(manager=names)[["manager", "hours_now", "hours_then", "hours_change"]].reset_index(drop=True)
    return Table(frame, dict.fromkeys(("hours_now", "hours_then", "hours_change"), "index"))


def _score_change(weights: Rules) -> None:
    """Who would come into and drop out of as many accounts by score as there are key accounts today."""
    now = _policy().score
    changed = {part: weight for part, weight in weights.items() if abs(weight - getattr(now, part)) > 0.0051}
    if not changed:
        return
    if sum(weights.values()) == 0:
        st.warning(words("page.tiers.no_weight"))
        return
    summary, table = _score_changes(tuple(changed.items()))
    st.markdown(summary)
    if not table.frame.empty:
        cards.show("try_score", table, words("page.tiers.weights"), height=180)


@session.kept
def _score_changes(changed: tuple[tuple[str, float], ...]) -> tuple[str, Table]:
    lang, view = session.lang(), tiers.alone()
    before = session.report(view, "key_account_score")
    after = session.report(view, "key_account_score", **dict(changed))
    top = int(before.tier.isin(["S", "A"]).sum())
    was, now = (frame[frame.score.notna()].head(top) for frame in (before, after))
    came, went = now[~now.account_id.isin(was.account_id)], was[~was.account_id.isin(now.account_id)]
    summary = words(
        "page.tiers.score_change",
        top=numbers.full(top, lang, "count"),
        came=numbers.full(len(came), lang, "count"),
        came_revenue=session.money(came.revenue.sum()),
        went=numbers.full(len(went), lang, "count"),
        went_revenue=session.money(went.revenue.sum()),
    )
    rows = pd.concat(
        [part.head(100).assign(result=words(f"page.tiers.{side}")) for part, side in ((came, "came"), (went, "went"))]
    )
    rows["account"] = [own_script(n, lang) for n in rows.name]
    return summary, Table(rows[["account", "result", "tier", "industry", "revenue"]], {"revenue": "money"})


def _draft(rules: Rules, weights: Rules) -> None:
    drafted = _drafted(rules, weights)
    with st.container(horizontal=True):
        saved.button("policy_draft", lambda: {"rules": rules, "weights": weights}, _open)
        _download(drafted)


def _open(body: dict[str, Any]) -> None:
    """Put every slider where it stood when the draft was kept."""
    rules, weights = body["rules"], body["weights"]
    st.session_state["_try"] = {
        **{f"try_{key}": round(rules[key] * 100) for key in ("a_below", "b_below")},
        **{f"try_{key}": int(rules[key]) for key in ("new_months", "new_orders")},
        "try_strategic": float(rules["strategic_annual_revenue"]),
        **{f"try_weight_{part}": round(weight * 100) for part, weight in weights.items()},
    }


def _download(drafted: bytes) -> None:
    exports.button(
        words("action.draft"),
        lambda: drafted,
        "policy-draft.toml",
        "application/toml",
        key="draft",
        what=words("action.draft"),
        help=words("page.tiers.draft_help"),
    )


def _drafted(rules: Rules, weights: Rules) -> bytes:
    """The policy in force with what was moved, the changes named at the top."""
    policy = _policy()
    changed: dict[str, Any] = _moved_only(rules)
    score = {part: w for part, w in weights.items() if abs(w - getattr(policy.score, part)) > 0.0051}
    draft = replace(policy, tiers=replace(policy.tiers, **changed), score=replace(policy.score, **score))
    changes = [f"# tiers.{k}: {getattr(policy.tiers, k)} -> {v}" for k, v in changed.items()]
    changes += [f"# score.{k}: {getattr(policy.score, k)} -> {v}" for k, v in score.items()]
    head = [f"# {words('page.tiers.draft_head')}", *(changes or [f"# {words('page.tiers.nothing_changes')}"])]
    return ("\n".join(head) + "\n\n" + to_toml(draft)).encode()
