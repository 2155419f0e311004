"""The cards of the page that grades the churn list: earlier dates replayed on the company's own orders."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from kam_core.charts.parts import Spec
from kam_core.charts.risk import calibration as calibration_chart
from kam_core.charts.risk import lift as lift_chart
from kam_core.charts.risk import outcomes
from kam_core.text import numbers
from kam_core.text.i18n import join
from kam_core.text.sentence import own_script
from kam_core.ui import cards, churn, session
from kam_core.ui.cards import Table
from kam_core.ui.session import money, money_full, words

GRADERS = ("model", "recency", "rfm", "silence_over_gap")
FIGURES = ("auc", "lift", "revenue_caught")
COUNTED = ("caught", "missed", "false_alarm")
FEWEST_LOST = 20  # fewer say nothing about which rule is best; the build uses the same number
Z90 = 1.645


def tested() -> bool:
    """Whether earlier dates could be replayed."""
    return not session.report(session.everything(), "backtest_scores").empty


def untested() -> None:
    """Why there is no test yet, and what it needs."""
    known = churn.fit()
    days = int(known.horizon_days) if known is not None else session.facts().policy["churn.horizon_days"]
    problem = words("risk.no_orders") if known is None else known.backtest_problem
    with st.container(border=True, key="untested"):
        st.subheader(words("page.trust.none_title"), anchor=False)
        st.write(words("page.trust.none_why", days=int(days), problem=problem))


def note() -> None:
    """Which dates, which accounts, what lost means."""
    st.caption(_note())


@session.kept
def _note() -> str:
    known, lang = churn.fit(), session.lang()
    rows = session.report(churn.standing(), "backtest_accounts", limit=1_000_000)
    days = sorted(set(rows.origin))
    share = numbers.percent(known.key_share, lang)
    dates = join(lang, [numbers.day(day, lang) for day in days]) or words("app.not_available")
    method = churn.fitted_apart(known)
    return words("page.trust.note", dates=dates, share=share, days=int(known.horizon_days), method=method)


def _scores() -> Any:
    return session.report(session.everything(), "backtest_scores").set_index(["score", "figure"])


def _backtest() -> pd.DataFrame:
    return session.report(churn.standing(), "backtest")


# --- the verdict, in words


def verdict() -> None:
    """What can be relied on, in plain words with intervals."""
    with cards.card("verdict", words("page.trust.verdict")):
        for sentence in _verdict():
            st.markdown(f"- {sentence}")


@session.kept
def _verdict() -> list[str]:
    said = [_against_baselines()]
    high = _backtest().query("section == 'alarm' and step == 'high'")
    if len(high):
        said += _about_alarms(high.iloc[0])
    caught = _scores().loc[("model", "revenue_caught")]
    if pd.notna(caught["mean"]):
        values = {
            k: numbers.percent(caught[c], session.lang())
            for k, c in (("share", "mean"), ("low", "low"), ("high", "high"))
        }
        said.append(words("page.trust.verdict_tenth", **values))
    return [*said, *_about_calibration()]


def _against_baselines() -> str:
    scores = _scores()
    auc = {name: scores.loc[(name, "auc"), "mean"] for name in GRADERS}
    lost = scores.loc[("model", "lost"), "mean"] * _dates()
    if lost < FEWEST_LOST or math.isnan(auc["model"]):
        return words("page.trust.verdict_few", lost=round(lost))
    second = max((name for name in GRADERS if name != "model"), key=lambda name: auc[name])
    own, leads = scores.loc[("model", "auc")], scores.loc[(second, "auc")]
    kind = "baseline" if auc[second] > auc["model"] else "model" if leads.low > 0 else "close"
    hundred = {
        k: f"{100 * v:.0f}"
        for k, v in {"auc": own["mean"], "low": own.low, "high": own.high, "second_auc": auc[second]}.items()
    }
    return words(f"page.trust.verdict_{kind}", second=_name(second), **hundred)


def _dates() -> int:
    return max(session.report(session.everything(), "backtest_accounts", limit=1_000_000).origin.nunique(), 1)


def _name(score: str) -> str:
    name = words(f"grader.{score}")
    return name if session.lang() == "zh" or name.startswith("RFM") else name[0].lower() + name[1:]


def _about_alarms(high: Any) -> list[str]:
    lang = session.lang()
    warned, lost = high.caught + high.false_alarms, high.caught + high.missed
    precision = numbers.percent(high.caught / warned if warned else None, lang)
    count = {
        k: numbers.full(v, lang, "count")
        for k, v in {"warned": warned, "caught": high.caught, "false": high.false_alarms}.items()
    }
    missed = {"missed": numbers.full(high.missed, lang, "count"), "lost": numbers.full(lost, lang, "count")}
    gone = _known(high.missed_money), _known(high.caught_money) + _known(high.missed_money)
    return [
        words("page.trust.verdict_high", precision=precision, **count),
        words("page.trust.verdict_missed", missed_money=money(gone[0]), lost_money=money(gone[1]), **missed),
    ]


def _about_calibration() -> list[str]:
    groups = _backtest().query("section == 'tenth'")
    n = groups.accounts.sum()
    error = _scores().loc[("model", "calibration_error"), "mean"]
    if not n or math.isnan(error):
        return []
    values = {"said": (groups.x * groups.accounts).sum() / n, "came": groups.caught.sum() / n, "error": error}
    return [
        words("page.trust.verdict_calibration", **{k: numbers.percent(v, session.lang()) for k, v in values.items()})
    ]


def _known(value: Any) -> float:
    return 0.0 if pd.isna(value) else float(value)


# --- caught, missed, in vain


def alarms() -> None:
    """Two bars: what calling everybody at high, or at medium risk, would have caught, missed and raised in vain."""
    spec, alt, table = _alarms()
    look = session.colours()
    note = cards.legend(
        ("solid", look.good, words("page.trust.caught")),
        ("solid", look.bad, words("page.trust.missed")),
        ("solid", look.before, words("page.trust.false_alarm")),
    )
    with cards.card("alarms", words("page.trust.alarms"), table, note):
        cards.marks("alarms_chart", spec, alt, "mark", "alarm", "kind", "band")
        st.caption(words("page.trust.alarms_note"))


@session.kept
def _alarms() -> tuple[Spec, str, Table]:
    frame = _backtest().query("section == 'alarm'").sort_values("x", ascending=False)
    rows = [piece for row in churn.each(frame) for piece in _pieces(row)]
    high = frame.iloc[0] if len(frame) else None
    counts = (
        {"caught": high.caught, "missed": high.missed, "false": int(high.false_alarms)}
        if high is not None
        else dict.fromkeys(("caught", "missed", "false"), 0)
    )
    names = {"step": "band", "x": "risk"}
    table = frame[["step", "x", "caught", "missed", "false_alarms"]].rename(columns=names)
    table["band"] = [words(f"risk.{b}") for b in table.band]
    units = {"risk": "percent", "caught": "count", "missed": "count", "false_alarms": "count"}
    return outcomes(session.colours(), rows, 120), words("page.trust.alarms_alt", **counts), Table(table, units)


def _pieces(row: Any) -> list[dict[str, Any]]:
    lang, start, pieces = session.lang(), 0.0, []
    total = max(row.caught + row.missed + row.false_alarms, 1)
    for kind, count, worth in (
        ("caught", row.caught, row.caught_money),
        ("missed", row.missed, row.missed_money),
        ("false_alarm", row.false_alarms, row.false_alarm_money),
    ):
        name = words(f"page.trust.at_{row.step}", cut=numbers.percent(row.x, lang))
        pieces.append(
            {
                "list": name,
                "start": start,
                "end": start + count,
                "kind": kind,
                "band": row.step,
                "name": words(f"page.trust.{kind}"),
                "label": numbers.full(count, lang, "count") if count / total > 0.04 else "",
                "count_text": numbers.full(count, lang, "count"),
                "money_text": money_full(_known(worth)),
            }
        )
        start += count
    return pieces


# --- calibration and lift


def calibration() -> None:
    """Said against came, in ten groups."""
    spec, alt, table = _calibration()
    with cards.card("calibration", words("page.trust.calibration"), table):
        cards.marks("calibration_chart", spec, alt, "mark", "group", "tenth")


@session.kept
def _calibration() -> tuple[Spec, str, Table]:
    lang, frame = session.lang(), _backtest().query("section == 'tenth'").sort_values("x")
    frame = frame.assign(came=frame.caught / frame.accounts)
    rows = []
    for row in churn.each(frame):
        low, high = _wilson(row.caught, row.accounts)
        rows.append(
            {
                "tenth": row.step,
                "said": row.x,
                "came": row.came,
                "low": low,
                "high": high,
                "said_text": numbers.percent(row.x, lang),
                "came_text": _between(numbers.percent, row.came, low, high),
                "n_text": f"{row.caught} / {row.accounts}",
            }
        )
    most = min(1.0, 1.08 * max([r["said"] for r in rows] + [r["high"] for r in rows] + [0.1]))
    said = {
        "said": words("page.trust.calibration_x"),
        "came": words("page.trust.calibration_y"),
        "perfect": words("page.trust.calibration_perfect"),
    }
    alt = words(
        "page.trust.calibration_alt",
        summary="; ".join(f"{r['said_text']} → {numbers.percent(r['came'], lang)}" for r in rows),
    )
    table = frame[["x", "accounts", "caught", "came"]].rename(
        columns={"x": "mean_risk", "came": "share_lost", "caught": "outcome"}
    )
    units = {"mean_risk": "percent", "share_lost": "percent", "accounts": "count", "outcome": "count"}
    return calibration_chart(session.colours(), rows, said, most, 270), alt, Table(table, units)


def _between(write: Any, value: float, low: float, high: float) -> str:
    """A share with its interval: 34.1% (31.0%–37.2%); changes are in points."""
    unit = {"unit": "percent"} if write is numbers.delta else {}
    mean, lowest, highest = (write(v, session.lang(), **unit) for v in (value, low, high))
    return f"{mean} ({lowest} … {highest})"


def _wilson(count: float, n: float) -> tuple[float, float]:
    """90 % interval of a share (Wilson 1927): honest for few cases, never outside 0 to 1."""
    p, z2 = count / n, Z90 * Z90
    middle, half = p + z2 / (2 * n), Z90 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return (max(0.0, (middle - half) / (1 + z2 / n)), min(1.0, (middle + half) / (1 + z2 / n)))


def lift() -> None:
    """Lost revenue found by working through the list, against simple rules and chance."""
    spec, alt, table = _lift()
    look = session.colours()
    colours = (look.actual, look.good, look.bad, look.before)
    note = cards.legend(*(("solid", c, words(f"grader.{g}")) for c, g in zip(colours, GRADERS, strict=True)))
    with cards.card("lift", words("page.trust.lift"), table, note):
        cards.marks("lift_chart", spec, alt, "mark", "called", "grader", "share")


@session.kept
def _lift() -> tuple[Spec, str, Table]:
    lang, frame = session.lang(), _backtest().query("section == 'lift'")
    frame = frame.assign(found=frame.caught_money / frame.money.where(frame.money > 0)).dropna(subset=["found"])
    names = [words(f"grader.{g}") for g in GRADERS]
    rows = [
        {
            "score": words(f"grader.{row.step}"),
            "grader": row.step,
            "share": row.x,
            "found": row.found,
            "share_text": numbers.percent(row.x, lang),
            "found_text": numbers.percent(row.found, lang),
        }
        for row in churn.each(frame.sort_values(["step", "x"]))
    ]
    said = {
        "share": words("page.trust.lift_x"),
        "found": words("page.trust.lift_y"),
        "chance": words("page.trust.lift_chance"),
    }
    tenth = frame[(frame.x - 0.1).abs() < 1e-9]
    summary = "; ".join(f"{words(f'grader.{r.step}')} {numbers.percent(r.found, lang)}" for r in churn.each(tenth))
    table = frame[["step", "x", "found"]].rename(columns={"step": "score", "x": "share", "found": "revenue_caught"})
    table["score"] = [words(f"grader.{s}") for s in table.score]
    spec = lift_chart(session.colours(), rows, said, names, 270)
    return (
        spec,
        words("page.trust.lift_alt", summary=summary),
        Table(table, {"share": "percent", "revenue_caught": "percent"}),
    )


# --- figures against simple rules, accounts


def against() -> None:
    """The figures of the model and of the simple rules, with the model's lead."""
    table = _against()
    with cards.card("against", words("page.trust.against"), table):
        st.caption(words("page.trust.against_note"))
        cards.show("against_table", table, words("page.trust.against_alt"))


@session.kept
def _against() -> Table:
    scores, in_use = _scores(), churn.fit().in_use
    rows = []
    for name in GRADERS:
        lead = scores.loc[(name, "auc")]
        spread = "" if name == "model" else (_between(numbers.delta, lead["lead"], lead.low, lead.high))
        mark = " ●" if name == in_use else ""
        rows.append(
            {
                "score": words(f"grader.{name}") + mark,
                **{f: scores.loc[(name, f), "mean"] for f in FIGURES},
                "lead": spread,
            }
        )
    frame = pd.DataFrame(rows)
    frame["lift"] = [f"{v:.1f} ×" if pd.notna(v) else words("app.not_available") for v in frame["lift"]]
    return Table(frame, {"auc": "percent", "revenue_caught": "percent"})


def accounts() -> None:
    """The losses that were caught or missed, and the calls in vain, or those behind the mark that was clicked."""
    question, asked = _asked(str(st.session_state.get("mark") or ""))
    table = _accounts(tuple(asked.items()))
    ids = table.frame["account_id"].tolist()
    cards.accounts("replayed", question, table, ids, words("page.trust.accounts_note"), "mark")


def _asked(mark: str) -> tuple[str, dict[str, Any]]:
    """What the list is called, and the settings of its report."""
    kind, _, rest = mark.partition(":")
    first, _, second = rest.partition(":")
    if kind == "alarm" and first in COUNTED and second in ("high", "medium"):
        name = words("app.colon").join((words(f"page.trust.{first}"), words(f"risk.{second}")))
        return words("page.trust.accounts_of", what=name), {"kind": first, "band": second}
    if kind == "group" and first.isdigit() and 1 <= int(first) <= 10:
        return words("page.trust.accounts_group", n=int(first)), {"tenth": int(first)}
    if kind == "called" and first in GRADERS and (share := _share_of(second)):
        said = {"share": numbers.percent(share, session.lang()), "score": words(f"grader.{first}")}
        return words("page.trust.accounts_called", **said), {"score": first, "share": share}
    return words("page.trust.accounts"), {}


def _share_of(text: str) -> float:
    try:
        return float(text) if 0 < float(text) <= 1 else 0.0
    except ValueError:
        return 0.0


@session.kept
def _accounts(asked: tuple[tuple[str, Any], ...]) -> Table:
    lang, frame = session.lang(), session.report(churn.standing(), "backtest_accounts", limit=400, **dict(asked))
    shown = pd.DataFrame(
        {
            "outcome": [words(f"page.trust.{k}") for k in frame.kind],
            "account": [own_script(n, lang) for n in frame.name],
            "as_of_day": frame.origin,
            "risk": frame.risk,
            "revenue": frame.revenue,
            "days_silent": frame.silence_days,
            "region": frame.region,
            "industry": frame.industry,
            "account_id": frame.account_id,
        }
    )
    units = {"as_of_day": "date", "risk": "percent", "revenue": "money", "days_silent": "count"}
    return Table(shown, units)
