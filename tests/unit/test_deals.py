"""Deals: measures and reports against figures worked out by hand."""

from __future__ import annotations

import pytest

from kam_core.metrics import query, reports
from tests.tiny import everything, order


def deal(name: str, stage: str, amount: float | None, **more: object) -> dict[str, object]:
    return {"opportunity_id": name, "account_id": "x", "stage": stage, "amount": amount, **more}


def step(name: str, stage: str, day: str, amount: float | None = None, close: str | None = None) -> dict[str, object]:
    return {"opportunity_id": name, "stage": stage, "entered_on": day, "amount": amount, "expected_close": close}


ACCOUNTS = [
    {"account_id": "x", "name": "X", "region": "East", "manager_id": "m"},
    {"account_id": "y", "name": "Y", "region": "West", "manager_id": "n"},
]
ORDERS = [order("2024-01-01", "x", 1), order("2025-03-10", "x", 1)]  # as of 10 March 2025


@pytest.fixture(scope="module")
def plain(built):
    """Only what a deals file says: no history. As of 10 March 2025."""
    return built(
        accounts=ACCOUNTS, orders=ORDERS,
        managers=[{"manager_id": n, "name": n, "region": r} for n, r in (("m", "East"), ("n", "West"))],
        targets=[
            {"manager_id": "m", "period": f"2025-0{month}-01", "target_amount": 100, "granularity": "month"}
            for month in (1, 2, 3)
        ],
        opportunities=[
            deal("a", "Proposal", 100, created_on="2025-01-01", expected_close="2025-03-20", product_line="P"),
            deal("b", "lead", 60, created_on="2025-02-01", expected_close="2025-05-01"),
            deal("late", "Lead", 40, created_on="2025-02-01", expected_close="2025-02-28"),  # should have closed
            deal("w1", "Won", 50, created_on="2025-01-01", closed_on="2025-01-21"),  # 20 days
            deal("w2", "Closed", 30, outcome="Won", created_on="2025-02-01", closed_on="2025-02-11"),  # 10 days
            deal("l1", "Lost", 20, created_on="2025-01-01", closed_on="2025-03-02", account_id="y"),  # 60 days
            deal("old", "Won", 999, created_on="2024-01-01", closed_on="2024-02-20"),
            deal("none", "Lead", None, created_on="2025-03-01", account_id=None),
        ],
    )  # fmt: skip


def value(reader, key, view=None, **by):
    return query.measure(reader, view or everything("2025-Q1"), [key])[key].iloc[0]


def test_open_deals_and_what_they_are_worth(plain):
    assert value(plain, "open_deals") == 4
    assert value(plain, "pipeline_amount") == 100 + 60 + 40
    # By policy: a Proposal is won in 45 of 100, a Lead in 5.
    assert value(plain, "weighted_pipeline") == pytest.approx(100 * 0.45 + (60 + 40) * 0.05)


def test_the_deals_closed_in_the_period(plain):
    assert value(plain, "won_amount") == 80
    assert value(plain, "win_rate") == pytest.approx(2 / 3)
    assert value(plain, "win_rate_amount") == pytest.approx(80 / 100)
    assert value(plain, "sales_cycle_days") == (20 + 10 + 60) / 3
    frame = query.measure(plain, everything("2025-Q1"), ["won_amount", "win_rate"], by=["month"]).set_index("month")
    assert frame["won_amount"].fillna(0).to_dict() == {"2025-01": 50, "2025-02": 30, "2025-03": 0}
    assert frame["win_rate"].to_dict() == {"2025-01": 1, "2025-02": 1, "2025-03": 0}


def test_deals_are_cut_by_what_their_accounts_and_they_themselves_say(plain):
    by = query.measure(plain, everything("2025-Q1"), ["win_rate", "open_deals"], by=["region"]).set_index("region")
    assert by["win_rate"].to_dict() == pytest.approx({"East": 1, "West": 0, None: float("nan")}, nan_ok=True)
    assert by["open_deals"].sum() == 4
    lines = query.measure(plain, everything("2025-Q1"), ["pipeline_amount"], by=["product_line"])
    assert lines.set_index("product_line")["pipeline_amount"].dropna().to_dict() == {"P": 100, None: 100}
    assert value(plain, "open_deals", everything("2025-Q1", region=("East",))) == 3  # not the one without an account


def test_coverage_is_open_and_closing_over_what_is_missing(plain):
    # Of the open ones only `a` closes this quarter and is not overdue: 100. Target 300 less 80 won: 220.
    assert value(plain, "coverage") == pytest.approx(100 / 220)
    # The whole month counts though only ten days have passed: 100 closing, target 100, nothing won in March.
    frame = query.measure(plain, everything("2025-Q1"), ["coverage"], by=["month"]).set_index("month")
    assert frame["coverage"]["2025-03"] == pytest.approx(100 / 100)
    assert frame["coverage"][["2025-01", "2025-02"]].isna().all()  # over: nothing is to come any more
    assert query.measure(plain, everything("2024"), ["coverage"])["coverage"].isna().all()


def test_the_pipeline_of_an_earlier_day(plain):
    # On 31 January a was open (created 1 January), and l1, lost on 2 March.
    assert value(plain, "pipeline_amount", everything("2025-01")) == 100 + 20


def records(reader, name, view=None, **settings):
    return reports.report(reader, view or everything("2025-Q1"), name, **settings).to_dict("records")


@pytest.fixture(scope="module")
def followed(built):
    """With the whole history of stages, as of 10 March 2025.

    q: 100 → 120, Lead and Proposal, closing this quarter, won on 1 March. g: grew from 50 to 80. s: shrank from 40 to
    30 and passed Qualified. out: slipped from March to May. back: pulled in from May to March. l: lost. n: new.
    """
    history = [
        step("q", "Lead", "2025-01-01", 100, "2025-03-01"), step("q", "Proposal", "2025-01-11", 100, "2025-03-01"),
        step("q", "Won", "2025-03-01", 120, "2025-03-01"),
        step("g", "Lead", "2025-01-05", 50, "2025-03-20"), step("g", "Lead", "2025-02-20", 80, "2025-03-25"),
        step("s", "Lead", "2025-01-05", 40, "2025-03-20"), step("s", "Qualified", "2025-01-25", 40, "2025-03-20"),
        step("s", "Qualified", "2025-02-25", 30, "2025-03-20"),
        step("out", "Lead", "2025-01-10", 25, "2025-03-01"), step("out", "Lead", "2025-02-27", 25, "2025-05-01"),
        step("back", "Lead", "2025-01-10", 70, "2025-05-01"), step("back", "Lead", "2025-02-27", 75, "2025-03-15"),
        step("l", "Lead", "2025-01-02", 35, "2025-03-10"), step("l", "Lost", "2025-02-15", 30, "2025-02-15"),
        step("n", "Lead", "2025-02-20", 15, "2025-03-30"),
    ]  # fmt: skip
    latest = {h["opportunity_id"]: h for h in history}
    first = {h["opportunity_id"]: h["entered_on"] for h in reversed(history)}
    reasons = {"l": {"lost_reason": "price", "competitor": "Rival"}}
    return built(
        accounts=ACCOUNTS, orders=ORDERS, stage_history=history,
        opportunities=[
            deal(
                name, h["stage"], h["amount"], created_on=first[name], expected_close=h["expected_close"],
                closed_on=h["entered_on"] if h["stage"] in ("Won", "Lost") else None, **reasons.get(name, {}),
            )
            for name, h in latest.items()
        ],
    )  # fmt: skip


def test_movement_between_two_days(followed):
    rows = records(followed, "pipeline_movement", since="2025-02-01", until="2025-03-10")
    assert {r["step"]: (r["deals"], r["amount"]) for r in rows} == {
        "start": (5, 100 + 50 + 40 + 25 + 35),  # q, g, s, out, l; `back` closes in May
        "new": (1, 15),
        "grew": (2, 20 + 30),  # q by its last amount, g
        "shrank": (1, -10),
        "pulled_in": (1, 75),
        "slipped_out": (1, -25),
        "won": (1, -120),
        "lost": (1, -35),
        "end": (4, 80 + 30 + 75 + 15),
    }  # fmt: skip
    assert sum(r["amount"] for r in rows[:-1]) == rows[-1]["amount"]
    behind = records(followed, "movement_deals", since="2025-02-01", until="2025-03-10", step="slipped_out")
    assert [(r["opportunity_id"], r["amount"]) for r in behind] == [("out", -25)]


def test_whatever_closes_when_nothing_slips(followed):
    rows = {
        r["step"]: r["amount"]
        for r in records(followed, "pipeline_movement", since="2025-02-01", until="2025-03-10", closing="any")
    }
    assert rows["start"] == 100 + 50 + 40 + 25 + 35 + 70
    assert (rows["pulled_in"], rows["slipped_out"], rows["grew"]) == (0, 0, 20 + 30 + 5)
    assert rows["end"] == 80 + 30 + 25 + 75 + 15


def test_the_funnel_counts_how_far_deals_came(followed):
    rows = {r["stage"]: r for r in records(followed, "funnel")}
    assert list(rows) == ["Lead", "Qualified", "Proposal", "Won", "Lost"]  # nobody has been in Negotiation
    # 7 deals begun: all were leads; q (past it) and s reached Qualified, q Proposal; q won, l lost.
    assert [rows[s]["reached"] for s in rows] == [7, 2, 1, 1, 1]
    assert rows["Qualified"]["of_previous"] == pytest.approx(2 / 7)
    assert rows["Won"]["of_previous"] == 1
    assert rows["Won"]["of_first"] == pytest.approx(1 / 7)
    assert rows["Lead"]["reached_amount"] == 120 + 80 + 30 + 25 + 75 + 30 + 15
    assert rows["Qualified"]["amount_of_first"] == pytest.approx(150 / 375)
    assert [rows[s]["deals"] for s in rows] == [4, 1, 0, 1, 1]
    # Leads left: q after 10 days, s after 20, l after 44: the middle one is 20.
    assert rows["Lead"]["days_in_stage"] == 20
    # q was won after 59 days (1 January to 1 March): older are g (64), s (64), out (59 is not: 10 January is 59), back.
    assert rows["Lead"]["days_of_won"] == 59
    assert (rows["Lead"]["older_than_won"], rows["Qualified"]["older_than_won"]) == (1, 1)
    assert (rows["Lead"]["known"], rows["Lead"]["unknown"]) == (7, 0)


def test_without_history_the_funnel_says_what_it_cannot_know(plain):
    rows = {r["stage"]: r for r in records(plain, "funnel")}
    # w2 stands at a stage of its own, but its outcome says won.
    assert {stage: r["deals"] for stage, r in rows.items()} == {"Lead": 3, "Proposal": 1, "Won": 2, "Lost": 1}
    assert (rows["Lead"]["known"], rows["Lead"]["unknown"]) == (0, 7)
    assert all(r["reached"] != r["reached"] or r["reached"] is None for r in rows.values())
    assert rows["Lead"]["past_close"] == 1
    late = {r["opportunity_id"]: r["days_past_close"] for r in records(plain, "deals", outcome="open")}
    assert (late["late"], late["a"]) == (10, 0)  # 28 February to 10 March
    assert late["none"] != late["none"]  # no date to be past of


def test_the_funnel_by_part_adds_up(followed):
    rows = records(followed, "funnel", by="region")
    assert {r["part"] for r in rows} == {"East"}
    assert sum(r["deals"] for r in rows) == 7


def test_each_bar_of_the_funnel_opens_its_deals(followed):
    assert {r["opportunity_id"] for r in records(followed, "deals", reached="Qualified")} == {"q", "s"}
    assert {r["opportunity_id"] for r in records(followed, "deals", stage="Lead")} == {"g", "out", "back", "n"}
    assert {r["opportunity_id"] for r in records(followed, "deals", flag="old")} == {"g", "s"}


def test_why_deals_were_lost(followed):
    rows = {(r["kind"], r["value"]): (r["deals"], r["amount"], r["share"]) for r in records(followed, "losses")}
    assert rows == {("reason", "price"): (1, 30, 1), ("competitor", "Rival"): (1, 30, 1)}


def test_the_forecast_of_the_running_quarter(plain):
    row = records(plain, "forecast")[0]
    assert (row["won"], row["won_deals"], row["target"]) == (80, 2, 300)
    assert row["days_left"] == 21  # 11 to 31 March
    # Only `a` closes in time: 100 · 45 %; `late` is past its date and listed apart.
    assert (row["closing_deals"], row["closing_amount"]) == (1, 100)
    assert row["weighted_forecast"] == pytest.approx(80 + 45)
    assert (row["past_close_deals"], row["past_close_amount"]) == (1, 40)
    assert row["coverage"] == pytest.approx(100 / 220) == value(plain, "coverage")
    # 2 won of 3 closed in the last twelve months: 1.5 times the gap is needed.
    assert row["needed_coverage"] == pytest.approx(1.5)
    # Orders of 1 so far: 299 missing, in three weeks.
    assert (row["revenue"], row["gap"]) == (1, 299)
    assert row["gap_per_week"] == pytest.approx(299 / 3)
    # Of last year's quarter (one order, on 1 January) all was earned by 10 March: pace = 1 / (1 · 300).
    assert row["pace"] == pytest.approx(1 / 300)
    parts = {r["part"]: r for r in records(plain, "forecast", by="region")}
    assert (parts["East"]["won"], parts["East"]["target"], parts["West"]["won"]) == (80, 300, 0)
    # Deals won 80 in the last twelve months, orders brought 1: deals are not a part of revenue here, and it shows.
    assert row["deal_share"] == 80


def test_a_short_past_gives_no_interval_and_no_invented_one(followed):
    row = records(followed, "forecast")[0]
    assert row["low"] != row["low"]
    assert len(records(followed, "forecast_grades")) == 0


def test_on_the_demo_the_interval_of_the_forecast_holds_about_as_often_as_it_says(small_demo):
    ((held, n),) = small_demo[0].rows(
        "select avg(cast(held as integer)), count(*) from mart.forecast_grade"
        " where region is null and kind in ('this_month', 'this_quarter')"
    )
    assert n > 40
    assert 0.7 <= held <= 0.9  # 80 of 100 by design


def test_stages_that_the_policy_does_not_know_come_in_the_usual_order(built):
    """By name Engaging would stand before Prospecting; words that say nothing of a step come last, by name."""
    stages = ["Engaging", "Prospecting", "Zeta", "Proposal sent", "Alpha", "谈判中"]
    reader = built(accounts=ACCOUNTS, orders=ORDERS, opportunities=[deal(s, s, 1) for s in stages])
    funnel = reports.report(reader, everything(), "funnel")
    assert funnel["stage"].tolist() == ["Prospecting", "Engaging", "Proposal sent", "谈判中", "Alpha", "Zeta"]


def test_an_open_pipeline_without_amounts_says_so(built):
    reader = built(accounts=ACCOUNTS, orders=ORDERS, opportunities=[deal("a", "Lead", None)])
    assert query.why_missing(reader, everything(), "pipeline_amount") == "open_without_amount"
    odd = built(accounts=ACCOUNTS, orders=ORDERS, opportunities=[deal("a", "Engaging", 5)])
    assert query.why_missing(odd, everything(), "weighted_pipeline") == "open_without_chance"
    assert query.why_missing(reader, everything(region=("West",)), "pipeline_amount") == "nothing_in_view"


def test_without_orders_nothing_is_sold_and_win_rates_are_known(built):
    """m won one of three; n has one open deal and closed none."""
    reader = built(
        accounts=[{"account_id": "x", "name": "X"}],
        opportunities=[
            *(deal(f"l{n}", "Lost", 1, manager_id="m", closed_on="2025-03-02") for n in range(2)),
            deal("w", "Won", 1, manager_id="m", closed_on="2025-03-02"), deal("o", "Lead", None, manager_id="n"),
        ],
    )  # fmt: skip
    frame = reports.report(reader, everything(), "managers").set_index("manager_id")
    assert frame["win_rate"].to_dict() == {"m": pytest.approx(1 / 3), "n": pytest.approx(float("nan"), nan_ok=True)}
    assert frame["open_deals"].to_dict() == {"m": 0, "n": 1}
    assert frame[["revenue", "growth", "pace", "held_revenue", "new_accounts", "pipeline"]].isna().all(axis=None)
    sold = query.measure(reader, everything(), ["revenue", "orders", "active_accounts"])
    assert sold.isna().all(axis=None)
    assert query.why_missing(reader, everything(), "revenue") == "orders"
    choices = reports.report(reader, everything(), "choices").query("dimension == 'manager'")
    assert {"m", "n"} <= set(choices["id"])  # they can be opened, though no account names them
