"""The cards of the value × potential page: what accounts bring, what they could, where more effort would pay."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts import potential as charts
from kam_core.charts.parts import PICK, Spec
from kam_core.text import numbers
from kam_core.text.sentence import own_script
from kam_core.ui import address, cards, drill, frames, groups, session, states, tiles
from kam_core.ui.cards import Table
from kam_core.ui.session import money, words
from kam_core.ui.tiles import Tile

WEIGHTS = {"value": 0.4, "headroom": 0.4, "risk": 0.2}  # as the report's own defaults
BANDS = ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.0))
LIST = {
    "place": "count",
    "account": "",
    "tier": "",
    "value": "money",
    "revenue": "money",
    "potential": "money",
    "headroom": "money",
    "share_of_wallet": "percent",
    "churn_risk": "percent",
    "score": "percent",
    "quarter": "",
    "manager": "",
    "account_id": "",
}
MOST_POINTS, MOST_ROWS = 500, 1000  # each costs time, in words and on screen


# --- weights


def weights() -> tuple[tuple[str, float], ...]:
    """The weights that differ from the usual ones, as settings of the report."""
    chosen = {key: _number(st.session_state.get(f"w_{key}")) for key in WEIGHTS}
    return tuple((key, value) for key, value in chosen.items() if value is not None)


def _number(text: Any) -> float | None:
    try:
        return max(0.0, min(float(text), 1.0)) if text else None
    except ValueError:
        return None


def sliders() -> None:
    """What counts, and how much: visible, to be argued about."""
    with cards.card("weights", words("page.potential.weights")):
        for key, usual in WEIGHTS.items():
            value = dict(weights()).get(key, usual)
            st.session_state[f"slider_w_{key}"] = round(100 * value)
            st.slider(
                words(f"page.potential.weight_{key}"),
                0,
                100,
                step=5,
                key=f"slider_w_{key}",
                on_change=_slid,
                args=(key,),
                format="%d%%",
            )
        st.caption(words("page.potential.score_means"))


def _slid(key: str) -> None:
    value = st.session_state[f"slider_w_{key}"] / 100
    st.session_state[f"w_{key}"] = "" if abs(value - WEIGHTS[key]) < 1e-9 else f"{value:g}"
    address.touched()


# --- figures


def accounts() -> pd.DataFrame:
    return session.report(session.view(), "value_potential", **dict(weights()))


def is_known() -> bool:
    """Whether any account in view has a potential."""
    return bool(accounts().potential.notna().any())


def unknown() -> None:
    """No account has a potential: what to add to the accounts."""
    with st.container(border=True, key="no_potential"):
        st.subheader(words("page.potential.none_title"), anchor=False)
        st.write(words("page.potential.none_why", what=words("page.potential.shows")))
        states.template("accounts")


def _value_word() -> str:
    return words("column.margin" if session.facts().has("has_cost") else "column.revenue")


def figures() -> None:
    tiles.show(_figures())


@session.kept
def _figures() -> list[Tile]:
    frame, lang = accounts(), session.lang()
    known = frame[frame.potential.notna() & ~frame.is_above]
    share = known.revenue.sum() / known.potential.sum() if len(known) else None
    unknown, above = int(frame.potential.isna().sum()), int(frame.is_above.sum())
    covered = frame[frame.potential.notna()].revenue.clip(lower=0).sum() / max(frame.revenue.clip(lower=0).sum(), 1)

    def count(n: int) -> str:
        return numbers.full(n, lang, "count")

    return [
        Tile(
            "share_of_wallet",
            words("column.share_of_wallet"),
            numbers.percent(share, lang),
            words("page.potential.of_accounts", n=count(len(known))),
            words("page.potential.share_means"),
        ),
        Tile(
            "headroom",
            words("column.headroom"),
            money(known.headroom.sum()),
            words("page.potential.of_potential", value=money(known.potential.sum())),
            words("page.potential.headroom_means"),
        ),
        Tile(
            "unknown",
            words("page.potential.unknown"),
            count(unknown),
            words("page.potential.covered", share=numbers.percent(covered, lang)),
            words("page.potential.unknown_means"),
        ),
        Tile(
            "above",
            words("page.potential.above"),
            count(above),
            words("page.potential.to_correct") if above else words("page.potential.none_above"),
            words("page.potential.above_means"),
            "bad" if above else "",
        ),
    ]


# --- the map


def value_map() -> None:
    """Value against headroom; a point opens the account, a quarter lists its accounts below."""
    spec, alt, table, note = _map(weights())
    with cards.card("map", words("page.potential.map"), table, note):
        cards.choice("map_chart", spec, alt, "quarter", _map_picked)


def _map_picked(selection: Any) -> str | None:
    if any(mark.get("account") for mark in selection.get(PICK) or []):
        drill.clicked("map_chart")
        return None
    area = selection.get(charts.AREA)
    return area[0].get("quarter") if area else None


@session.kept
def _map(_weights: Any) -> tuple[Spec, str, Table, str]:
    lang = session.lang()
    frame = accounts()
    known = frame[frame.quarter != "unknown"]
    step = max(1, -(-len(known) // MOST_POINTS))
    drawn = known.sort_values("value").iloc[::step]
    areas = _areas(known)
    said = {
        "x": words("page.potential.x"),
        "y": words("page.potential.y", value=_value_word()),
        "value": _value_word(),
        "headroom": words("column.headroom"),
        "share": words("column.share_of_wallet"),
        "risk": words("column.churn_risk"),
    }
    axis = numbers.axis_expression(lang, "money", session.facts().currency)
    alt = words("page.potential.map_alt", summary="; ".join(a["label"] for a in areas))
    n, of = numbers.full(len(drawn), lang, "count"), numbers.full(len(known), lang, "count")
    said_of = [words("page.potential.drawn", n=n, all=of)] if step > 1 else []
    without = int((frame.headroom.notna() & frame.value.isna()).sum())  # counted in the tiles all the same
    said_of += [words("page.potential.without_value", n=without, value=_value_word())] if without else []
    note = f'<div class="kam-legend">{" · ".join(said_of)}</div>' if said_of else ""
    points = [_point(row, lang, session.facts().currency) for row in frames.rows(drawn)]
    spec = charts.value_map(session.colours(), points, areas, said, axis)
    columns = ["account_id", "name", "value", "headroom", "share_of_wallet"]
    units = {"value": "money", "headroom": "money", "share_of_wallet": "percent"}
    return spec, alt, Table(known[columns].rename(columns={"name": "account"}), units), note


def _areas(known: pd.DataFrame) -> list[dict[str, Any]]:
    """The four quarters, cut where the report cuts them."""
    rich, wide = known[known.quarter.isin(["develop", "keep"])], known[known.quarter.isin(["develop", "grow"])]
    low, high = min(0.0, known["value"].min()), known["value"].max() * 1.3
    cut_value, cut_room = (
        rich["value"].min() if len(rich) else high,
        wide.headroom.min() if len(wide) else known.headroom.max(),
    )
    far = known.headroom.max() * 1.3
    made = []
    for quarter in charts.QUARTERS:
        left, right = (cut_room, far) if quarter in ("develop", "grow") else (0, cut_room)
        bottom, top = (cut_value, high) if quarter in ("develop", "keep") else (low, cut_value)
        part, name = known[known.quarter == quarter], words(f"quarter.{quarter}")
        n = numbers.full(len(part), session.lang(), "count")
        note = words("page.potential.area", n=n, headroom=money(part.headroom.sum()))
        place = {"left": left, "right": right, "bottom": bottom, "top": top}
        made.append({"quarter": quarter, "name": name, "note": note, "label": f"{name} · {n}", **place})
    return made


def _point(row: Any, lang: str, currency: str) -> dict[str, Any]:
    return {
        "account": row.account_id,
        "name": own_script(row.name, lang),
        "x": float(row.headroom),
        "y": float(row.value),
        "quarter": row.quarter,
        "value_text": numbers.short(row.value, lang, "money", currency),
        "headroom_text": numbers.short(row.headroom, lang, "money", currency),
        "share_text": numbers.percent(row.share_of_wallet, lang),
        "risk_text": numbers.percent(row.churn_risk, lang),
    }


# --- share of wallet


def wallet() -> None:
    """How many accounts give us how much of their wallet; a click lists them below."""
    spec, table = _wallet()
    with cards.card("wallet", words("page.potential.wallet"), table):
        alt = words("page.potential.wallet")
        cards.marks("wallet_chart", spec, alt, "wallet", "band")


def _bands(frame: pd.DataFrame) -> pd.Series:
    """Each account's band: the place in BANDS as text, `above` or `unknown`."""
    share = frame.share_of_wallet
    bands = share.clip(lower=0, upper=0.9999).floordiv(0.2).map(lambda v: "" if pd.isna(v) else str(int(v)))
    return bands.mask(frame.is_above, "above").mask(share.isna(), "unknown")


@session.kept
def _wallet() -> tuple[Spec, Table]:
    lang, frame = session.lang(), accounts()
    bands = _bands(frame)
    rows = []
    for key in [*(str(n) for n in range(len(BANDS))), "above", "unknown"]:
        part = frame[bands == key]
        kind = {"above": "error", "unknown": "unknown"}.get(key, "known")
        rows.append(
            {
                "band": key,
                "name": _band_name(key),
                "accounts": len(part),
                "label": numbers.full(len(part), lang, "count"),
                "kind": kind,
                "headroom": float(part.headroom.sum()),
                "headroom_text": money(part.headroom.sum() if kind == "known" else None),
            }
        )
    said = {"accounts": words("column.accounts"), "headroom": words("column.headroom")}
    shown = pd.DataFrame(rows)[["name", "accounts", "headroom"]].rename(columns={"name": "share_of_wallet"})
    return charts.wallet(session.colours(), rows, said), Table(shown, {"accounts": "count", "headroom": "money"})


def _band_name(key: str) -> str:
    if key in ("above", "unknown"):
        return words(f"page.potential.band_{key}")
    low, high = BANDS[int(key)]
    return f"{low:.0%}–{high:.0%}"


# --- the list


def listing() -> None:
    """The ranked list, of one quarter or band where one was clicked; a ticked row opens the account."""
    chosen = _one_of("quarter", (*charts.QUARTERS, "unknown"))
    band = _one_of("wallet", (*(str(n) for n in range(len(BANDS))), "above", "unknown"))
    table, n = _listed(chosen, band, weights())
    with cards.card("potential_list", words("page.potential.listing")):
        with st.container(horizontal=True, vertical_alignment="center"):
            said = ([words(f"quarter.{chosen}")] if chosen else []) + ([_band_name(band)] if band else [])
            said.append(groups.counted(numbers.full(n, session.lang(), "count")))
            said += [words("page.profit.first_rows", n=MOST_ROWS)] if n > MOST_ROWS else []
            st.caption(" · ".join(said))
            if chosen or band:
                st.button(words("action.clear"), on_click=_clear, type="tertiary", key="clear_potential")
            cards.downloads("value_potential", words("page.potential.listing"), table)
        ids = table.frame.account_id.tolist()
        cards.show(
            "potential_table",
            table,
            words("page.potential.listing"),
            height=420,
            selection_mode="single-row",
            on_select=lambda: drill.ticked("potential_table", "account", ids),
        )


def _one_of(key: str, known: tuple[str, ...]) -> str:
    """What the address says, where it makes sense."""
    chosen = str(st.session_state.get(key) or "")
    return chosen if chosen in known else ""


def _clear() -> None:
    st.session_state["quarter"] = st.session_state["wallet"] = ""
    address.touched()


@session.kept
def _listed(quarter: str, band: str, _weights: Any) -> tuple[Table, int]:
    lang, frame = session.lang(), accounts()
    if quarter:
        frame = frame[frame.quarter == quarter]
    if band:
        frame = frame[_bands(frame) == band]
    shown = frame.head(MOST_ROWS).rename(columns={"name": "account", "manager_name": "manager"})
    for column in ("account", "manager"):
        shown[column] = [own_script(v, lang) if isinstance(v, str) else v for v in shown[column]]
    shown["quarter"] = shown["quarter"].map({q: words(f"quarter.{q}") for q in (*charts.QUARTERS, "unknown")})
    if session.facts().has("has_cost"):
        shown = shown.drop(columns="margin").rename(columns={"value": "margin"})
        units = {("margin" if k == "value" else k): v for k, v in LIST.items()}
    else:
        units = {k: v for k, v in LIST.items() if k != "value"}
    keep = [c for c in units if c != "churn_risk" or shown[c].notna().any()]
    return Table(shown[keep], units), len(frame)
