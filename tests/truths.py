"""How well what the demo plants is found: `python -m tests.truths FOLDER`, filled by `python -m kam_core demo`.

A death is judged as of the first month end three months after it, from orders up to that day only; the band high is
that of the policy, among accounts that ordered within a year.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from kam_core.metrics.reports import report
from kam_core.models.score import score
from kam_core.policy import Policy
from kam_core.view import add_months, month_start
from kam_core.warehouse.backtest import DAYS, rows_of
from kam_core.warehouse.engine import Reader
from kam_core.warehouse.snapshots import Store
from tests.tiny import everything

CAUSES = {
    "falling_frequency": "falling_frequency", "unanswered_tickets": "open_tickets", "no_visits": "no_visit",
    "manager_changed": "manager_changed", "lost_to_competitor": "lost_to_competitor",
    "low_satisfaction": "low_satisfaction",
}  # fmt: skip
THREE_MONTHS, YEAR = 91, 365


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    found: int
    all: int

    def __str__(self) -> str:
        return f"{self.found} of {self.all}" + (f" ({self.found / self.all:.0%})" if self.all else "")


def read(reader: Reader, truths: dict[str, Any]) -> dict[str, Share]:
    """Each question in words, with its answer."""
    return {
        **_deaths(reader, truths),
        **_causes(reader, truths),
        **_fake_big(reader, truths),
        **_managers(reader, truths),
    }


def _deaths(reader: Reader, truths: dict[str, Any]) -> dict[str, Share]:
    as_of = reader.rows("select as_of from mart.facts")[0][0]
    day_of = {t["account_id"]: date.fromisoformat(t["died_on"]) for t in truths["died"] + truths["natural_churn"]}
    planted = {t["account_id"] for t in truths["died"]}
    judged = {a: _judged_on(day_of[a]) for a in planted}
    caught = dead_high = high = 0
    for day, scores in _scored(reader, sorted({d for d in judged.values() if d <= as_of})):
        warned = set(scores[(scores.churn_risk >= Policy().churn.high) & (scores.silence_days <= YEAR)].account)
        caught += sum(judged[a] == day and a in warned for a in planted)
        dead_high += sum(a in day_of and day_of[a] <= day for a in warned)
        high += len(warned)
    return {
        "planted deaths at high risk three months later": Share(caught, sum(d <= as_of for d in judged.values())),
        "accounts at high risk on those days that are dead": Share(dead_high, high),
    }


def _judged_on(died: date) -> date:
    """The first month end at least three months after a death."""
    return add_months(month_start(died + timedelta(THREE_MONTHS)), 1) - timedelta(days=1)


def _scored(reader: Reader, days: list[date]) -> Iterator[tuple[date, pd.DataFrame]]:
    frame = reader.frame(DAYS)
    names = frame.groupby("place").account_id.first()
    rows = rows_of(frame)
    for day in days:
        found = score(rows[0], rows[1], rows[2], day, Policy().churn.horizon_days, lines=rows[3])
        scores = pd.DataFrame({c: found.table[c] for c in ("account", "churn_risk", "silence_days")})
        yield day, scores.assign(account=names.loc[scores.account].to_numpy())


def _causes(reader: Reader, truths: dict[str, Any]) -> dict[str, Share]:
    ranked = reader.rows("select account_id, reason from mart.account_reason order by account_id, weight desc, reason")
    reasons: dict[str, list[str]] = {}
    for account, reason in ranked:
        reasons.setdefault(account, []).append(reason)
    died = [(reasons.get(t["account_id"], []), CAUSES[t["cause"]]) for t in truths["died"]]
    return {
        "planted deaths whose cause is among the reasons": Share(sum(c in r for r, c in died), len(died)),
        "planted deaths whose cause is named first": Share(sum(r[:1] == [c] for r, c in died), len(died)),
    }


def _fake_big(reader: Reader, truths: dict[str, Any]) -> dict[str, Share]:
    planted = {t["account_id"] for t in truths["fake_big"]}
    found = set(report(reader, everything(), "fake_big").account_id)
    return {
        "planted fake big accounts on the list": Share(len(found & planted), len(planted)),
        "fake big accounts on the list that are planted": Share(len(found & planted), len(found)),
    }


def _managers(reader: Reader, truths: dict[str, Any]) -> dict[str, Share]:
    """Planted managers among as many with the fewest visits kept, or the slowest answers, or the most hours."""
    frame = report(reader, everything("this_year"), "managers").set_index("manager_id")
    here = frame[frame.left_on.isna()]
    neglectful = {t["manager_id"] for t in truths["neglectful_manager"]}
    hoarding = {t["manager_id"] for t in truths["hoarding_manager"]}
    slow = set(here.response_hours.nlargest(len(neglectful)).index)
    rare = set(here.drop(list(neglectful), errors="ignore").visits_kept.nsmallest(len(hoarding)).index)
    return {
        "neglectful managers among the slowest to answer": Share(len(slow & neglectful), len(neglectful)),
        "hoarding managers among those who visit least": Share(len(rare & hoarding), len(hoarding)),
    }


def main(folder: Path) -> None:
    snapshot = Store(folder).current()
    assert snapshot, f"{folder} holds no data: run `python -m kam_core demo --warehouse {folder}`"
    truths = json.loads((folder / "demo_truths.json").read_text("utf-8"))
    for question, answer in read(Reader(snapshot.path), truths).items():
        print(f"{question}: {answer}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
