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
from kam_core.models.btyd import Fit
from kam_core.models.rhythm import SILENCE_RULE, overdue, rhythm, silence_rule
from kam_core.models.score import Scores, score
from kam_core.models.spend import SpendFit
from kam_core.models.timing import REST, joined
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
TIMING_COLUMNS = {
    f"{part}_{name}": kind
    for part in ("risk", "value")
    for name, kind in {
        "model": "varchar", "k": "integer", **dict.fromkeys(("r", "alpha", "a", "b", "loglik"), "double"),
        "accounts": "bigint", "repeat_buyers": "bigint",
    }.items()
}  # fmt: skip
FIT_COLUMNS = {
    "as_of": "date", "data_from": "date", "horizon_days": "integer", "accounts": "bigint", "season": "double",
    "model": "varchar", "problem": "varchar", "statement": "varchar",
    **TIMING_COLUMNS,
    **{f"spend_{name}": "double" for name in ("p", "q", "v", "loglik", "accounts", "correlation")},
    "learned_from": "date", "learned_dates": "integer", "learned_outcomes": "bigint",
    "value_months": "integer", "value_level": "double", "value_of_margin": "boolean",
    "fitted_by": "varchar", "fitted_apart": "integer", "fitted_saved": "double",
    "in_use": "varchar", "backtest_problem": "varchar", "key_share": "double",
}  # fmt: skip
SEGMENT_COLUMNS = {
    "attribute": "varchar", "value": "varchar", "accounts": "bigint", "data_from": "date", "as_of": "date",
    **TIMING_COLUMNS,
}  # fmt: skip
Facts = dict[str, Any]
SCORED = (
    "orders", "silence_days", "mean_gap_days", "median_gap_days", "rule_band", "p_alive", "churn_risk",
    "expected_orders", "spend_per_order",
)  # fmt: skip


@contextmanager
def scoring(con: Any, policy: Policy, as_of: date) -> Iterator[None]:
    """Fill mart.account_risk, account_reason, model_fit, model_segment, backtest_account and backtest_score from orders
    to `as_of`.

    The arithmetic is done beside the body of the `with`, which builds other marts; the results are stored at its end.
    """
    con.execute(_sql("account_day"), {"as_of": as_of})
    days, margins = con.execute(backtest.DAYS).df(), _margins(con, as_of)
    attributes = con.execute(backtest.ATTRIBUTES).df()
    most = 2 if len(days) > backtest.MANY_ACCOUNT_DAYS else 4
    with ThreadPoolExecutor(2, "churn") as pool:
        grading = pool.submit(backtest.grade, days, attributes, policy.churn.horizon_days, most=most)
        scored = pool.submit(_scored, days, attributes, policy, as_of, margins)
        yield
        graded, (frame, fit, segments) = grading.result(), scored.result()
    if graded.in_use != MODEL and not fit["problem"]:
        frame["churn_risk"] = backtest.risk_by_baseline(graded, days, as_of)
    fit |= {"in_use": graded.in_use, "backtest_problem": graded.problem, "key_share": backtest.KEY_SHARE}
    backtest.store(con, graded)
    _store(con, frame, fit, segments, policy, as_of)
    for name in ("account_reason", "return_chance"):
        con.execute(_sql(name), {"as_of": as_of})


def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text("utf-8")


def _margins(con: Any, as_of: date) -> pd.DataFrame:
    """Per account: its place, what it has brought so far, and the margin share of its last twelve months, or of all."""
    return con.execute(_sql("margins"), {"as_of": as_of}).df()


def _scored(
    days: pd.DataFrame, attributes: pd.DataFrame, policy: Policy, as_of: date, margins: pd.DataFrame
) -> tuple[pd.DataFrame, Facts, list[Facts]]:
    """One row per account that has ordered, one row about the fit, one per segment that was fitted apart."""
    facts: Facts = {
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
        }, []
    rows = rows_of(days)
    try:
        with np.errstate(all="ignore"):
            codes, names = backtest.coded(attributes)
            parts = backtest.of_rows(codes, rows[0])
            found = score(*rows[:3], as_of, policy.churn.horizon_days, lines=rows[3], parts=parts)
            return _with_value(found, policy, margins), facts | _fit_facts(found), _segments(found, names)
    except (KamError, ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
        LOG.warning("no churn model: %s", error)
        words = "The churn model could not be fitted to these orders; silence against the own mean gap is used instead."
        failed = facts | {"problem": "failed", "model": SILENCE_RULE, "statement": words}
        return _by_rule(rows, as_of, margins), failed, []


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
    months, monthly = policy.lifetime_value.horizon_months, (1 + policy.lifetime_value.annual_discount) ** (1 / 12) - 1
    columns = [_future(found, rows, fit, months, monthly) for rows, fit in found.fits]
    frame["expected_orders"], if_here, worth, low, high = (
        joined((rows, part[n]) for (rows, _), part in zip(found.fits, columns, strict=True)) for n in range(5)
    )
    frame["expected_revenue"] = np.minimum(if_here, 366.0) * frame.spend_per_order
    share = _margin_share(frame.place, margins)
    frame["expected_margin"] = frame.expected_revenue * share
    frame["expected_value"] = worth * share.fillna(1.0)
    ends = np.sort(np.outer([1.0, 1.0], share.fillna(1.0)) * np.stack([low, high]), axis=0) + 0.0
    frame["expected_value_low"], frame["expected_value_high"] = ends
    return frame


def _future(found: Scores, rows: np.ndarray, fit: Fit, months: int, monthly: float) -> tuple[np.ndarray, ...]:
    """Of accounts that share a fit: orders of twelve months, the same were they still here, value and its interval."""
    assert found.summary
    s, spend = found.summary.rows(rows), found.table["spend_per_order"][rows]
    orders = btyd.expected_orders(fit, s.x, s.t_x, s.T, YEAR_IN_WEEKS)
    # Were it still with us for certain; the risk that it is not is what this is multiplied with later.
    p_alive = found.table["p_alive"][rows]
    seldom = p_alive < 1e-200  # too small to divide by: their own pace so far
    if_here = np.where(seldom, YEAR_IN_WEEKS * s.x / np.maximum(s.T, 1e-9), orders / p_alive)
    worth = value.lifetime_value(fit, spend, s.x, s.t_x, s.T, months, monthly)
    if found.spend_fit is None:
        nothing = np.full(len(rows), np.nan)
        return orders, if_here, worth, nothing, nothing
    seen = found.summary if fit is found.fit else s
    spread = btyd.covariance(fit, seen.x, seen.t_x, seen.T)
    range_ = value.value_interval(
        fit,
        found.spend_fit,
        s.x,
        s.t_x,
        s.T,
        _implied_mean_order(found.spend_fit, s.x, spend),
        spread,
        months,
        monthly,
        level=INTERVAL,
        draws=FUTURES,
    )
    return orders, if_here, worth, range_.low, range_.high


def _implied_mean_order(fit: SpendFit, x: np.ndarray, spend: np.ndarray) -> np.ndarray:
    """The mean repeat order behind the expected spend: p (v + x z) / (p x + q - 1) solved for z."""
    total = spend * (fit.p * x + fit.q - 1) / fit.p - fit.v
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
    stored |= _timing_facts(facts) | {f"spend_{key}": value for key, value in (facts["value_spend"] or {}).items()}
    if facts["fitted_by"]:
        stored |= {name: facts[name] for name in ("fitted_by", "fitted_apart", "fitted_saved")}
    origins = facts["earlier_origins"]
    return stored | {"learned_from": origins[-1] if origins else None, "learned_dates": len(origins),
                     "learned_outcomes": facts["earlier_outcomes"]}  # fmt: skip


def _timing_facts(facts: Facts) -> Facts:
    return {f"{part}_{key}": value for part in ("risk", "value") for key, value in facts[f"{part}_timing"].items()}


def _segments(found: Scores, names: dict[str, pd.Index]) -> list[Facts]:
    """One row for each fit, where accounts are fitted apart; that of all others has no value."""
    by = found.facts.get("fitted_by", "")
    return [
        {
            "attribute": by,
            "value": None if part["code"] == REST else str(names[by][part["code"]]),
            "accounts": part["accounts"],
            "data_from": part["data_from"],
            "as_of": found.facts["as_of"],
            **_timing_facts(part),
        }
        for part in found.facts.get("segments", ())
    ]


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


def _store(
    con: Any, frame: pd.DataFrame, fit: Facts, segments: list[Facts], policy: Policy, as_of: date
) -> None:
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
    _store_rows(con, "model_fit", FIT_COLUMNS, [fit])
    _store_rows(con, "model_segment", SEGMENT_COLUMNS, segments)


def _store_rows(con: Any, table: str, columns: dict[str, str], rows: list[Facts]) -> None:
    con.execute(f"create table mart.{table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
    for row in rows:
        marks = ", ".join("?" for _ in row)
        con.execute(f"insert into mart.{table} ({', '.join(row)}) values ({marks})", list(row.values()))


def _rules(policy: Policy, as_of: date) -> dict[str, Any]:
    life = policy.lifecycle
    return {
        "as_of": as_of, "high": policy.churn.high, "medium": policy.churn.medium, "new_months": life.new_months,
        "lost_days": (as_of - add_months(as_of, -life.lost_months)).days, "lost_gap_factor": life.lost_gap_factor,
        "won_back_months": life.won_back_months,
    }  # fmt: skip
