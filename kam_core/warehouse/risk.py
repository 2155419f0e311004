"""Fits and scores at build time: who may leave, what that would cost, what an account is worth, and how well it went.

Everything is stored with the data it was worked out from, so that pages only read. Data that is too thin for a model
never stops a load: the plain rule of models.rhythm takes its place, and `mart.model_fit` says so in a sentence.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from kam_core.errors import KamError
from kam_core.models import btyd, history, value
from kam_core.models.backtest import MODEL
from kam_core.models.rhythm import SILENCE_RULE, overdue, rhythm, silence_rule
from kam_core.models.score import Scores, score
from kam_core.policy import Policy
from kam_core.view import add_months
from kam_core.warehouse import backtest
from kam_core.warehouse.backtest import rows_of

SQL = Path(__file__).parent / "sql" / "retention"
LOG = logging.getLogger("kam")
YEAR_IN_WEEKS = 365.25 / 7.0
# Futures that each account plays for its interval; the sums over many accounts need fewer than one account's own.
FUTURES = 20
INTERVAL = 0.8
FIT_COLUMNS = {
    "as_of": "date", "data_from": "date", "horizon_days": "integer", "accounts": "bigint", "season": "double",
    "model": "varchar", "problem": "varchar", "statement": "varchar",
    **{
        f"{part}_{name}": kind
        for part in ("risk", "value")
        for name, kind in {
            "model": "varchar", "k": "integer", **dict.fromkeys(("r", "alpha", "a", "b", "loglik"), "double"),
            "accounts": "bigint", "repeat_buyers": "bigint",
        }.items()
    },
    **{f"spend_{name}": "double" for name in ("p", "q", "v", "loglik", "accounts", "correlation")},
    "learned_from": "date", "learned_dates": "integer", "learned_outcomes": "bigint",
    "value_months": "integer", "value_level": "double", "value_of_margin": "boolean",
    "in_use": "varchar", "backtest_problem": "varchar", "key_share": "double",
}  # fmt: skip
SCORED = (
    "orders", "silence_days", "mean_gap_days", "median_gap_days", "rule_band", "p_alive", "churn_risk",
    "expected_orders", "spend_per_order",
)  # fmt: skip


@contextmanager
def scoring(con: Any, policy: Policy, as_of: date) -> Iterator[None]:
    """Fill mart.account_risk, account_reason, model_fit, backtest_account and backtest_score from orders to `as_of`.

    The arithmetic is done beside the body of the `with`, which builds other marts; the results are stored at its end.
    """
    con.execute(_sql("account_day"), {"as_of": as_of})
    days, margins = con.execute(backtest.DAYS).df(), _margins(con, as_of)
    most = 2 if len(days) > backtest.MANY_ACCOUNT_DAYS else 4
    with ThreadPoolExecutor(2, "churn") as pool:
        grading = pool.submit(backtest.grade, days, policy.churn.horizon_days, most=most)
        scored = pool.submit(_scored, days, policy, as_of, margins)
        yield
        graded, (frame, fit) = grading.result(), scored.result()
    if graded.in_use != MODEL and not fit["problem"]:
        frame["churn_risk"] = backtest.risk_by_baseline(graded, days, as_of)
    fit |= {"in_use": graded.in_use, "backtest_problem": graded.problem, "key_share": backtest.KEY_SHARE}
    backtest.store(con, graded)
    _store(con, frame, fit, policy, as_of)
    for name in ("account_reason", "return_chance"):
        con.execute(_sql(name), {"as_of": as_of})


def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text("utf-8")


def _margins(con: Any, as_of: date) -> pd.DataFrame:
    """Per account: its place, what it has brought so far, and the margin share of its last twelve months, or of all."""
    return con.execute(_sql("margins"), {"as_of": as_of}).df()


def _scored(
    days: pd.DataFrame, policy: Policy, as_of: date, margins: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """One row per account that has ordered, and one row about the fit."""
    facts: dict[str, Any] = {
        "as_of": as_of,
        "horizon_days": policy.churn.horizon_days,
        "value_months": policy.lifetime_value.horizon_months,
        "value_level": INTERVAL,
        "value_of_margin": bool(margins.company_share.notna().any()),
        "problem": "",
        "statement": "",
    }
    if not (days.sold > 0).any():
        return _nothing(), facts | {
            "problem": "no_orders",
            "model": SILENCE_RULE,
            "statement": "No order has an amount above zero.",
        }
    rows = rows_of(days)
    try:
        with np.errstate(all="ignore"):
            found = score(*rows[:3], as_of, policy.churn.horizon_days, lines=rows[3])
            return _with_value(found, policy, margins), facts | _fit_facts(found)
    except (KamError, ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
        LOG.warning("no churn model: %s", error)
        words = "The churn model could not be fitted to these orders; silence against the own mean gap is used instead."
        return _by_rule(rows, as_of, margins), facts | {"problem": "failed", "model": SILENCE_RULE, "statement": words}


def _nothing() -> pd.DataFrame:
    texts = dict.fromkeys(("rule_band", "model"), "str")
    numbers = [c for c in SCORED if c != "rule_band"] + ["expected_revenue", "expected_margin", *_VALUES]
    return pd.DataFrame({
        "place": pd.Series(dtype="int32"), **{c: pd.Series(dtype=kind) for c, kind in texts.items()},
        "first_order_on": pd.Series(dtype="datetime64[us]"), "last_order_on": pd.Series(dtype="datetime64[us]"),
        **{c: pd.Series(dtype="float64") for c in numbers},
    })  # fmt: skip


_VALUES = ("past_revenue", "past_margin", "expected_value", "expected_value_low", "expected_value_high")


def _base(table: dict[str, Any], model: str, margins: pd.DataFrame) -> pd.DataFrame:
    frame = pd.DataFrame({name: table[name] for name in SCORED})
    frame.insert(0, "place", table["account"])
    frame["first_order_on"], frame["last_order_on"] = (
        table[n].astype("datetime64[us]") for n in ("first_day", "last_day")
    )
    frame["model"] = model
    for column in ("expected_revenue", "expected_margin", *_VALUES):
        frame[column] = np.nan
    earned = margins.set_index("place").reindex(frame["place"])
    frame["past_revenue"], frame["past_margin"] = earned.past_revenue.to_numpy(), earned.past_margin.to_numpy()
    return frame


def _with_value(found: Scores, policy: Policy, margins: pd.DataFrame) -> pd.DataFrame:
    """Adds what needs the fitted models: orders and revenue of the next twelve months, lifetime value."""
    frame = _base(found.table, str(found.facts["model"]), margins)
    if found.fit is None or found.summary is None:
        return frame
    s = found.summary
    frame["expected_orders"] = btyd.expected_orders(found.fit, s.x, s.t_x, s.T, YEAR_IN_WEEKS)
    # Were it still with us for certain; the risk that it is not is what this is multiplied with later.
    seldom = frame.p_alive < 1e-200  # too small to divide by: their own pace so far
    if_here: Any = np.where(seldom, YEAR_IN_WEEKS * s.x / np.maximum(s.T, 1e-9), frame.expected_orders / frame.p_alive)
    frame["expected_revenue"] = np.minimum(if_here, 366.0) * frame.spend_per_order
    share = _margin_share(frame.place, margins)
    frame["expected_margin"] = frame.expected_revenue * share
    months, monthly = policy.lifetime_value.horizon_months, (1 + policy.lifetime_value.annual_discount) ** (1 / 12) - 1
    worth = value.lifetime_value(found.fit, frame.spend_per_order, s.x, s.t_x, s.T, months, monthly)
    frame["expected_value"] = worth * share.fillna(1.0)
    if found.spend_fit is not None:
        spread = btyd.covariance(found.fit, s.x, s.t_x, s.T)
        mean_order = _implied_mean_order(found, frame.spend_per_order)
        range_ = value.value_interval(
            found.fit,
            found.spend_fit,
            s.x,
            s.t_x,
            s.T,
            mean_order,
            spread,
            months,
            monthly,
            level=INTERVAL,
            draws=FUTURES,
        )
        ends = np.sort(np.outer([1.0, 1.0], share.fillna(1.0)) * np.stack([range_.low, range_.high]), axis=0) + 0.0
        frame["expected_value_low"], frame["expected_value_high"] = ends
    return frame


def _implied_mean_order(found: Scores, spend: Any) -> Any:
    """The mean repeat order behind the expected spend: p (v + x z) / (p x + q - 1) solved for z."""
    fit, x = found.spend_fit, found.summary.x  # type: ignore[union-attr]
    total = np.asarray(spend) * (fit.p * x + fit.q - 1) / fit.p - fit.v  # type: ignore[union-attr]
    return np.where(x > 0, total / np.maximum(x, 1), 0.0)


def _margin_share(places: Any, margins: pd.DataFrame) -> pd.Series:
    """Own margin share, the company's where an account has none, nothing where no cost is loaded."""
    found = margins.set_index("place").reindex(places)
    return found.margin_share.fillna(found.company_share).clip(-1.0, 1.0).reset_index(drop=True)


def _fit_facts(found: Scores) -> dict[str, Any]:
    facts = found.facts
    stored = {key: facts[key] for key in ("data_from", "accounts", "season", "model")} | {"statement": found.statement}
    if found.fit is None:
        return stored | {"problem": "too_thin"}
    for name, part in (
        ("risk", facts["risk_timing"]),
        ("value", facts["value_timing"]),
        ("spend", facts["value_spend"]),
    ):
        stored |= {f"{name}_{key}": value for key, value in (part or {}).items()}
    origins = facts["earlier_origins"]
    return stored | {"learned_from": origins[-1] if origins else None, "learned_dates": len(origins),
                     "learned_outcomes": facts["earlier_outcomes"]}  # fmt: skip


def _by_rule(rows: tuple[Any, ...], as_of: date, margins: pd.DataFrame) -> pd.DataFrame:
    """Only what needs no model."""
    end = int(btyd.as_days(as_of))
    known = history.read(*rows).until(end)
    own = rhythm(known, end)
    nothing = np.full(len(known.accounts), np.nan)
    table = dict.fromkeys(SCORED, nothing) | {
        "account": known.accounts, "orders": own.orders, "silence_days": own.silence, "mean_gap_days": own.mean_gap,
        "median_gap_days": own.median_gap, "rule_band": silence_rule(own),
        "first_day": own.first_day.astype("datetime64[D]"), "last_day": own.last_day.astype("datetime64[D]"),
    }  # fmt: skip
    return _base(table | {"overdue": overdue(own)}, SILENCE_RULE, margins)


def _store(con: Any, frame: pd.DataFrame, fit: dict[str, Any], policy: Policy, as_of: date) -> None:
    """What came out, as tables; what has no value is null, as Arrow takes pandas' NaN to be."""
    con.register("scored", pa.Table.from_pandas(frame, preserve_index=False))
    con.execute(
        "create temp table scores as select a.account_id, s.* exclude (place) replace ("
        "cast(first_order_on as date) as first_order_on, cast(last_order_on as date) as last_order_on) from scored as s"
        " inner join (select distinct place, account_id from core.account_day) as a on a.place = s.place"
    )
    con.unregister("scored")
    con.execute(_sql("account_risk"), _rules(policy, as_of))
    con.execute("drop table scores")
    columns = ", ".join(f"{name} {kind}" for name, kind in FIT_COLUMNS.items())
    con.execute(f"create table mart.model_fit ({columns})")
    con.execute(
        f"insert into mart.model_fit ({', '.join(fit)}) values ({', '.join('?' for _ in fit)})", list(fit.values())
    )


def _rules(policy: Policy, as_of: date) -> dict[str, Any]:
    life = policy.lifecycle
    return {
        "as_of": as_of, "high": policy.churn.high, "medium": policy.churn.medium, "new_months": life.new_months,
        "lost_days": (as_of - add_months(as_of, -life.lost_months)).days, "lost_gap_factor": life.lost_gap_factor,
        "won_back_months": life.won_back_months,
    }  # fmt: skip
