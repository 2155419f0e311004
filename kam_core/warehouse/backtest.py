"""The churn list replayed as of earlier dates on the company's own orders: stored by a build, asked by a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from kam_core.errors import KamError
from kam_core.models import backtest as models
from kam_core.models import btyd, history
from kam_core.models.backtest import BASELINES, MODEL, Backtest
from kam_core.models.history import History

DAYS = "select account_id, place, day, sold, returned, lines from core.account_day order by place, day"
# What accounts may be fitted by, as known today; the n-th row is the account in place n.
ATTRIBUTES = "select segment, industry, region from mart.account order by account_id"
# A build replays four dates where that takes a second or two, two where the orders are very many.
MANY_ACCOUNT_DAYS = 200_000
KEY_SHARE = 0.2
SHARES = ("auc", "calibration_error", "revenue_caught", "revenue_caught_by_score")
FEWEST_LOST = 20  # with fewer losses to compare by, no score is shown to be the better one, and the model stays
DRAWS = 30  # for intervals: enough to tell a lead from luck


class Frames(Protocol):
    """Runs a query; warehouse.engine.Reader does."""

    def frame(self, sql: str, params: dict[str, Any] | None = None) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Graded:
    """What replaying said, or in `problem` why it said nothing; `accounts` are the ids that replays point into."""

    horizon_days: int
    found: Backtest | None
    accounts: np.ndarray
    problem: str = ""

    @property
    def in_use(self) -> str:
        """The score to work with: the model, or the baseline that did better on enough losses to tell."""
        return self.found.in_use() if self.found and self.lost >= FEWEST_LOST else MODEL

    @property
    def lost(self) -> int:
        """Accounts lost in the replays, each counted at every date."""
        return sum(int(np.count_nonzero(r.lost)) for r in self.found.replays) if self.found else 0


def rows_of(days: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows as the models want them: place, day, amount and lines; sales and returns of a day are rows of their own."""
    sold, back = days[days.sold > 0], days[days.returned < 0]
    return (
        np.concatenate([sold.place, back.place]),
        np.concatenate([sold.day, back.day]).astype("datetime64[D]"),
        np.concatenate([sold.sold, back.returned]),
        np.concatenate([sold.lines, np.zeros(len(back))]),
    )


def coded(attributes: pd.DataFrame) -> tuple[dict[str, np.ndarray], dict[str, pd.Index]]:
    """By attribute: the code of each place, -1 where nothing is known, and the values that the codes stand for."""
    found = {str(name): pd.factorize(values, sort=True) for name, values in attributes.items()}
    return {name: codes for name, (codes, _) in found.items()}, {name: values for name, (_, values) in found.items()}


def read(days: pd.DataFrame, attributes: pd.DataFrame) -> History:
    """The history of `days`, with what accounts may be fitted by."""
    rows = rows_of(days)
    return history.read(*rows, parts=of_rows(coded(attributes)[0], rows[0]))


def of_rows(codes: Mapping[str, np.ndarray], place: np.ndarray) -> dict[str, np.ndarray]:
    """The codes of the accounts on these rows."""
    return {name: of_place[place] for name, of_place in codes.items()}


def grade(
    days: pd.DataFrame,
    attributes: pd.DataFrame,
    horizon_days: int,
    origins: Sequence[date] | None = None,
    most: int = 4,
) -> Graded:
    """Replay `days` (mart places, days, money) at the origins, by default the latest ones whose outcome is known.

    Raises KamError where an origin is given that cannot be replayed; without one, data that is too thin is a problem.
    """
    ids = days.drop_duplicates("place").set_index("place")["account_id"]
    places = np.full(int(ids.index.max()) + 1 if len(ids) else 0, "", dtype=object)
    places[ids.index.to_numpy()] = ids.to_numpy()
    if origins:
        known = read(days, attributes)
        return Graded(horizon_days, _replayed(known, [int(btyd.as_days(d)) for d in origins], horizon_days), places)
    try:
        known = read(days, attributes)
        chosen = models.default_origins(known, horizon_days, most)
        if not chosen:
            raise KamError(
                f"A replay over {horizon_days} days needs a year of orders before it and {horizon_days} days after it."
            )
        return Graded(horizon_days, _replayed(known, chosen, horizon_days), places)
    except (KamError, ArithmeticError, ValueError, np.linalg.LinAlgError) as thin:
        return Graded(horizon_days, None, places, str(thin))


def _replayed(known: History, origins: Sequence[int], horizon_days: int) -> Backtest:
    with np.errstate(all="ignore"):
        found = models.backtest(known, origins, horizon_days, KEY_SHARE)
    empty = [r for r in found.replays if not len(r.account)]
    if empty:
        day = np.datetime64(empty[0].origin, "D")
        raise KamError(f"No account ordered in the year before {day}: choose a later date.")
    return found


def risk_by_baseline(graded: Graded, days: pd.DataFrame, as_of: date) -> np.ndarray:
    """Where a baseline told the lost from the kept better than the model: the share lost, in the replays, of accounts
    that scored as each account does now. One value for each account with an order, in order of place.
    """
    assert graded.found
    end = int(btyd.as_days(as_of))
    now = history.read(*rows_of(days)).until(end)
    score = models.baselines(now, end, now.revenue_between(end - history.YEAR, end))[graded.in_use]
    then = models.pool(graded.found.replays)
    groups = models.calibration(then, graded.in_use)
    return np.interp(score, [g.mean_risk for g in groups], [g.share_lost for g in groups])


# --- at build time


def store(con: Any, graded: Graded) -> None:
    """mart.backtest_account: one row per origin and key account; mart.backtest_score: one per score and figure."""
    con.register("replayed", pa.Table.from_pandas(_account_rows(graded), preserve_index=False))
    con.execute("create table mart.backtest_account as select * from replayed order by origin, account_id")
    con.unregister("replayed")
    con.register("figures", pa.Table.from_pandas(_score_rows(graded), preserve_index=False))
    con.execute("create table mart.backtest_score as select * from figures")
    con.unregister("figures")


def _account_rows(graded: Graded) -> pd.DataFrame:
    parts = [
        pd.DataFrame({
            "origin": np.full(len(r.account), r.origin).astype("datetime64[D]").astype("datetime64[s]"),
            "account_id": graded.accounts[r.account], "revenue": r.revenue, "risk": r.scores[MODEL],
            **{name: r.scores[name].astype(float) for name in BASELINES},
            "expected": r.expected, "orders": r.orders.astype(float), "lost": r.lost,
        })
        for r in (graded.found.replays if graded.found else ())
    ]  # fmt: skip
    if parts:
        return pd.concat(parts).astype({"origin": pd.ArrowDtype(pa.date32()), "account_id": pd.ArrowDtype(pa.string())})
    kinds = {"origin": pa.date32(), "account_id": pa.string(), "lost": pa.bool_()}
    names = ("origin", "account_id", "revenue", "risk", *BASELINES, "expected", "orders", "lost")
    return pd.DataFrame({n: pd.Series(dtype=pd.ArrowDtype(kinds.get(n, pa.float64()))) for n in names})


def _score_rows(graded: Graded) -> pd.DataFrame:
    """Each figure's mean over the origins with its interval, and the model's lead over a baseline with its own."""
    rows: list[tuple[Any, ...]] = []
    if graded.found:
        own = graded.found.intervals(MODEL, draws=DRAWS)
        means = {score: asdict(graded.found.mean(score)) for score in (MODEL, *BASELINES)}
        for score, figures in means.items():
            leads = graded.found.intervals(MODEL, against=score, draws=DRAWS) if score != MODEL else {}
            for figure, mean in figures.items():
                low, high = (
                    np.clip(own[figure], 0.0, 1.0 if figure in SHARES else None) if score == MODEL else leads[figure]
                )
                lead = None if score == MODEL else means[MODEL][figure] - mean
                rows.append((score, figure, mean, lead, low, high))
    frame = pd.DataFrame(rows, columns=["score", "figure", "mean", "lead", "low", "high"])
    return frame.astype({"score": "str", "figure": "str", **dict.fromkeys(("mean", "lead", "low", "high"), "float64")})


# --- on demand


def report(reader: Frames, horizon_days: int, origins: Sequence[date], high: float, medium: float) -> dict[str, Any]:
    """The whole backtest as one document; KamError where it cannot be done."""
    graded = grade(reader.frame(DAYS), reader.frame(ATTRIBUTES), horizon_days, origins or None)
    if graded.found is None:
        raise KamError(graded.problem)
    found = graded.found
    return {
        "horizon_days": horizon_days,
        "key_share": KEY_SHARE,
        "as_of": [str(np.datetime64(r.origin, "D")) for r in found.replays],
        "method": [" + ".join(r.steps) for r in found.replays],
        "in_use": graded.in_use,
        "scores": {score: asdict(found.mean(score)) for score in models.SCORES},
        "intervals": found.intervals(draws=100),
        "lead": {
            score: {
                "auc": found.mean().auc - found.mean(score).auc,
                "auc_interval": found.intervals(against=score, draws=100)["auc"],
            }
            for score in BASELINES
        },
        "by_as_of": [asdict(m) for m in found.by_origin()],
        "alarms": {name: asdict(found.alarms(at)) for name, at in (("high", high), ("medium", medium))},
        "calibration": [asdict(group) for group in found.calibration()],
    }


def described(found: dict[str, Any]) -> str:
    """The document of `report` in words and a table."""
    names = {MODEL: "churn risk", "uncorrected": "uncorrected", "recency": "recency", "rfm": "RFM",
             "silence_over_gap": "silence / gap"}  # fmt: skip
    lines = [
        f"Key accounts (top {found['key_share']:.0%} by revenue) as of {', '.join(found['as_of'])};"
        f" lost: no order within {found['horizon_days']} days.",
        f"{'':<14}{'AUC':>8}{'Brier':>8}{'calib.':>8}{'lift':>8}{'caught':>8}{'MAE':>8}",
    ]
    for score, figures in found["scores"].items():
        cells = ("auc", "brier_skill", "calibration_error", "lift", "revenue_caught", "mae_orders")
        lines.append(f"{names[score]:<14}" + "".join(_figure(figures[c]) for c in cells))
    for name, a in found["alarms"].items():
        lines.append(
            f"At {name} risk ({a['threshold']:.0%} or more): {a['caught']} caught, {a['missed']} missed,"
            f" {a['false_alarms']} false alarms; revenue of the lost caught {a['caught_money']:,.0f},"
            f" missed {a['missed_money']:,.0f}."
        )
    return "\n".join([*lines, f"In use: {names[found['in_use']]}."])


def _figure(value: float) -> str:
    return f"{value:>8.3f}" if np.isfinite(value) else f"{'n/a':>8}"
