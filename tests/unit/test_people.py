"""Managers, their care and their load, against figures worked out by hand; and the planted ones of the demo company."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kam_core.metrics import handover, reports
from kam_core.warehouse.engine import Reader
from tests.tiny import everything, order


@pytest.fixture(scope="module")
def reader(built) -> Reader:
    """As of 30 June 2026. Account 1 (S) and 2 (lost) are held by m, 3 (A) by n, 4 (N) by q who left, 5 by nobody."""
    return built(
        managers=[
            {"manager_id": "m", "name": "Mo", "region": "East"},
            {"manager_id": "n", "name": "Ny", "region": "East"},
            {"manager_id": "q", "name": "Qi", "region": "West", "left_on": "2026-05-01"},
        ],
        accounts=[
            {"account_id": "1", "name": "One", "region": "East", "industry": "E", "manager_id": "m", "strategic": True},
            {"account_id": "2", "name": "Two", "region": "East", "industry": "E", "manager_id": "m"},
            {"account_id": "3", "name": "Three", "region": "East", "industry": "F", "manager_id": "n"},
            {"account_id": "4", "name": "Four", "region": "West", "industry": "F", "manager_id": "q"},
            {"account_id": "5", "name": "Five", "region": "West", "industry": "G"},
        ],
        orders=[
            order("2025-01-10", "1", 1000), order("2026-03-10", "1", 600), order("2025-04-10", "2", 500),
            order("2025-05-10", "3", 400), order("2025-11-10", "3", 1900), order("2026-05-10", "3", 800),
            order("2026-06-30", "3", 100), order("2026-06-01", "4", 300),
        ],
        targets=[{"manager_id": "m", "period": "2026-01-01", "target_amount": 2400, "granularity": "year"}],
        assignments=[{"account_id": "1", "manager_id": "m", "from_on": "2026-03-02"}],
        activities=[
            {"account_id": "1", "date": "2026-03-05", "kind": "visit"},
            {"account_id": "1", "date": "2026-06-20", "kind": "meeting"},
            {"account_id": "1", "date": "2026-06-25", "kind": "call"},
        ],
        tickets=[
            {"ticket_id": "a", "account_id": "1", "opened_at": "2026-06-01 08:00", "satisfaction": 4,
             "first_response_at": "2026-06-01 09:30", "resolved_at": "2026-06-02 10:00"},
            {"ticket_id": "b", "account_id": "1", "opened_at": "2026-06-29 08:00"},
        ],
        opportunities=[
            {"opportunity_id": "w", "account_id": "1", "stage": "Won", "amount": 100, "outcome": "won",
             "created_on": "2026-01-01", "closed_on": "2026-01-31"},
            {"opportunity_id": "l", "account_id": "1", "stage": "Lost", "amount": 100, "outcome": "lost",
             "created_on": "2026-01-01", "closed_on": "2026-02-10"},
            {"opportunity_id": "o", "account_id": "1", "stage": "Proposal", "amount": 500, "outcome": "open",
             "created_on": "2026-05-01", "expected_close": "2026-06-01"},
        ],
    )  # fmt: skip


def one(reader: Reader, name: str, key: str, period: str = "this_year", **filters: tuple[str, ...]) -> dict[str, Any]:
    frame = reports.report(reader, everything(period, **filters), name)
    return frame[frame.iloc[:, 0] == key].iloc[0].to_dict()


def test_sales_and_targets_of_a_manager(reader: Reader):
    mo = one(reader, "managers", "m")
    assert (mo["revenue"], mo["revenue_before"], mo["accounts"]) == (600, 1500, 2)  # before: 1000 + 500
    assert mo["growth"] == pytest.approx(-0.6)
    assert mo["attainment"] == pytest.approx(0.5)  # 600 / (6 months of 200)
    # By 30 June last year 1000 + 500 + 400 of 3800 were sold, one half: 600 / (0.5 × 2400).
    assert mo["pace"] == pytest.approx(0.5)
    assert mo["gap"] == 1800
    assert mo["gap_per_week"] == pytest.approx(1800 / (184 / 7))  # 1 July to 31 December
    assert one(reader, "managers", "q")["new_accounts"] == 1
    assert np.isnan(one(reader, "managers", "n")["attainment"])  # no target is not a target of 0


def test_an_accounts_year_is_the_same_where_it_is_held_and_where_it_is_handed_over(built):
    # As of 15 June 2026 the year begins on 16 June 2025: 70 + 30, and neither the 500 before it nor whole months only.
    reader = built(
        managers=[{"manager_id": "q", "name": "Qi", "left_on": "2026-05-01"}],
        accounts=[{"account_id": "1", "name": "One", "region": "East", "manager_id": "q"}],
        orders=[order("2025-06-15", "1", 500), order("2025-06-20", "1", 70), order("2026-06-15", "1", 30)],
    )
    frames = {name: reports.report(reader, everything(), name) for name in ("handover", "workload", "coverage")}
    assert frames["handover"].trailing_revenue.tolist() == [100]
    assert frames["workload"].held_revenue.tolist() == frames["coverage"].held_revenue.tolist() == [100]


def test_targets_need_no_deals_to_be_held_against_revenue(built):
    # 2400 + 800 for the year, 600 + 900 sold: the 100 that Ny sold beyond the target sets off what Mo lacks.
    bare = built(
        accounts=[{"account_id": "1", "name": "One", "manager_id": "m"}, {"account_id": "2", "manager_id": "n"}],
        managers=[{"manager_id": "m", "name": "Mo"}, {"manager_id": "n", "name": "Ny"}],
        orders=[order("2026-06-30", "1", 600), order("2026-06-30", "2", 900)],
        targets=[{"manager_id": m, "period": "2026-01-01", "target_amount": t, "granularity": "year"}
                 for m, t in (("m", 2400), ("n", 800))],
    )  # fmt: skip
    row = reports.report(bare, everything("this_year"), "forecast").iloc[0]
    assert (row["gap"], row["revenue"], row["target"]) == (3200 - 1500, 1500, 3200)
    assert row["gap_per_week"] == pytest.approx(1700 / (184 / 7))
    assert pd.isna(row["won"]) and pd.isna(row["coverage"]) and pd.isna(row["deal_share"])  # no deals are loaded


def test_retention_of_a_portfolio(reader: Reader):
    mo, ny = one(reader, "managers", "m"), one(reader, "managers", "n")
    assert (mo["nrr"], mo["grr"], mo["logo_churn"], mo["retention_n"]) == (0.4, 0.4, 0.5, 2)  # 600 of 1500; 1 of 2
    assert (ny["nrr"], ny["grr"], ny["retention_n"]) == (7, 1, 1)  # 1900 + 800 + 100 over 400


def test_care_is_owed_since_the_account_was_taken_over(reader: Reader):
    mo, ny = one(reader, "managers", "m"), one(reader, "managers", "n")
    assert mo["visits_due"] == pytest.approx(121 / 30)  # S: every 30 days, 2 March to 30 June; account 2 has no tier
    assert mo["visits_kept"] == pytest.approx(2 / (121 / 30))
    assert (mo["untouched"], mo["unvisited"]) == (0, 0)  # five and ten days ago
    assert ny["visits_due"] == pytest.approx(181 / 45)  # A: every 45 days, 1 January to 30 June
    assert (ny["visits_kept"], ny["untouched"]) == (0, 1)  # nothing for 117 days, as far as visits are loaded


def test_the_last_contact_is_kept_for_the_last_day_and_found_for_earlier_ones(reader: Reader):
    rows = reader.rows("select account_id, contact_id, last_contact_on, last_visit_on from mart.last_contact")
    assert rows == [("1", None, date(2026, 6, 25), date(2026, 6, 20))]  # a call, after a meeting
    found = {}
    for as_of in (date(2026, 6, 30), date(2026, 6, 22)):
        frame = reports.report(reader, replace(everything(account=("1",)), as_of=as_of), "manager")
        found[as_of.day] = frame[["days_untouched", "days_unvisited"]].iloc[0].tolist()
    assert found == {30: [5, 10], 22: [2, 2]}  # on 22 June the call is yet to come


def test_tickets_against_the_service_level_of_the_tier(reader: Reader):
    mo = one(reader, "managers", "m")
    # S is promised an answer in 2 hours and a solution in 24: 1.5 h and 26 h; the second waits 40 hours for both.
    assert (mo["tickets_n"], mo["response_hours"], mo["resolution_hours"]) == (2, 1.5, 26)
    assert (mo["response_kept"], mo["resolution_kept"], mo["satisfaction"]) == (0.5, 0, 4)


def test_deals_of_a_manager(reader: Reader):
    mo = one(reader, "managers", "m")
    assert (mo["win_rate"], mo["closed_n"], mo["cycle_days"], mo["pipeline"]) == (0.5, 2, 35, 500)  # 30 and 40 days


def test_margin_against_those_who_sell_the_same(built):
    """a: P 100 − 50, Q 100 − 90 → 30 %; b: P 200 − 120, Q 100 − 80 → 33.3 %.

    The mix of a at b's margins (P 40 %, Q 20 %): 30 %, so 0 ahead. That of b at a's (50 %, 10 %): 36.7 %, 3.3 behind.
    """
    lines = [("a", "P", 100, 50), ("a", "Q", 100, 90), ("b", "P", 200, 120), ("b", "Q", 100, 80)]
    reader = built(
        accounts=[{"account_id": m, "name": m, "manager_id": m} for m in "ab"],
        orders=[order("2026-03-01", m, amount, cost=cost, product_line=line) for m, line, amount, cost in lines],
    )
    frame = reports.report(reader, everything("this_year"), "managers").set_index("manager_id")
    assert frame.gross_margin.to_dict() == pytest.approx({"a": 0.3, "b": 1 / 3})
    assert frame.margin_lead.to_dict() == pytest.approx({"a": 0, "b": 1 / 3 - 0.11 / 0.3}, abs=1e-9)


def test_peers_are_of_all_managers_even_where_one_is_asked_for(reader: Reader):
    alone = reports.report(reader, everything("this_year", manager=("m",)), "managers")
    assert alone.manager_id.tolist() == ["m"]
    assert alone.hours_peers.tolist() == [5]  # Ny's A account; Qi has left and is nobody's peer


def test_the_call_list_names_reasons_and_leaves_out_who_is_lost(reader: Reader):
    frame = reports.report(reader, everything("this_year"), "call_list").set_index("account_id")
    assert frame.index.tolist() == ["3", "1"]  # by what is at stake; 2 is lost, 4 was won a month ago
    assert list(frame.reasons["1"]) == ["ticket_late", "deal_overdue"]  # called five days ago, but a promise is broken
    assert list(frame.reasons["3"]) == ["no_visit"]
    assert list(frame.reason_now["3"]) == [117]  # since 5 March, the first contact loaded of anybody
    assert list(frame.reason_usual["3"]) == [45]


def test_one_managers_accounts(reader: Reader):
    frame = reports.report(reader, everything("this_year", manager=("m",)), "manager").set_index("account_id")
    assert sorted(frame.index) == ["1", "2"]
    row = frame.loc["1"]
    assert (row.hours, row.late_tickets, row.open_deals, row.overdue_deals) == (12, 1, 1, 1)
    assert (row.revenue, row.revenue_before) == (600, 1000)


def test_workload_and_coverage_against_the_policy(reader: Reader):
    mo = one(reader, "workload", "m")
    assert (mo["hours"], mo["busy"], mo["accounts_s"], mo["accounts_none"]) == (12, 0.1, 1, 1)  # of 120 hours a month
    frame = reports.report(reader, everything("this_year"), "workload")
    assert frame[frame.manager_id.isna()].accounts.tolist() == [1]
    cells = reports.report(reader, everything("this_year"), "coverage").set_index(["region", "industry"])
    assert cells.covered[("East", "E")] == 1
    assert cells.covered[("West", "F")] == 0  # its manager left
    assert (cells.orphaned_accounts[("West", "F")], cells.unowned_accounts[("West", "G")]) == (1, 1)
    small = reports.report(reader, everything("this_year"), "coverage", hours_per_month=6)
    assert small.set_index(["region", "industry"]).covered[("East", "E")] == 0.5  # 6 of the 12 hours asked for


def test_the_accounts_of_who_left_are_up_for_handover(reader: Reader):
    assert reports.report(reader, everything("this_year"), "handover").account_id.tolist() == ["4"]
    chosen = reports.report(reader, everything("this_year", manager=("m",)), "handover")
    assert sorted(chosen.account_id) == ["1", "2"]


def test_a_loaded_handover_moves_the_account(built):
    """What the handover page writes, an assignments file, is enough: the account is listed under its new manager."""
    reader = built(
        accounts=[{"account_id": "1", "name": "One", "manager_id": "m"}],
        orders=[order("2026-03-01", "1", 10), order("2026-06-30", "1", 20)],
        assignments=[
            {"account_id": "1", "manager_id": "m", "from_on": "2025-01-01"},
            {"account_id": "1", "manager_id": "n", "from_on": "2026-06-01"},
        ],
    )
    assert reports.report(reader, everything("all"), "accounts").manager_id.tolist() == ["n"]
    sold = reports.report(reader, everything("all"), "managers").set_index("manager_id").revenue
    assert sold.to_dict() == {"m": 10, "n": 20}  # each order to its holder of the day


def test_transferred_against_matched(built):
    """1 moves on 10 Jan 2026: Feb–Jul 2025 100, 2026 60. Its match 2, of like size: 120 and 120; 3 is too big."""
    amounts = {"1": (100, 60), "2": (120, 120), "3": (900, 900)}
    reader = built(
        accounts=[{"account_id": a, "name": a, "manager_id": "n" if a == "1" else "m"} for a in amounts],
        orders=[
            order(day, a, amount)
            for a, (before, after) in amounts.items()
            for day, amount in (("2025-03-05", before), ("2026-03-05", after), ("2026-08-31", 1))
        ],
        assignments=[
            {"account_id": "1", "manager_id": "m", "from_on": "2025-01-01", "to_on": "2026-01-10"},
            {"account_id": "1", "manager_id": "n", "from_on": "2026-01-10"},
        ],
    )
    pairs = reports.report(reader, everything("all"), "handover_pairs")
    columns = ["account_id", "other_id", "before", "after", "other_after"]
    assert pairs[columns].values.tolist() == [["1", "2", 100, 60, 120]]
    found = handover.effect(pd.concat([pairs, pairs]))
    assert (found["handed"], found["stayed"], found["pairs"]) == (0.6, 1.0, 2)
    assert found["low"] == found["high"] == pytest.approx(-0.4)  # twice the same pair: nothing varies


# --- the plan


@pytest.fixture(scope="module")
def company() -> tuple[pd.DataFrame, handover.Receivers]:
    """60 accounts to hand over in two regions and four industries, 24 managers of uneven load who know two each."""
    draw = np.random.default_rng(3)
    fields = [f"I{n}" for n in range(4)]
    holdings = pd.DataFrame([
        {"manager_id": f"M{m:02}", "manager_name": f"M{m:02}", "manager_region": ("East", "West")[m % 2],
         "manager_industry": fields[m // 2 % 4], "left_on": None, "region": ("East", "West")[m % 2],
         "industry": fields[(m // 2 + k) % 4], "accounts": 20, "hours": float(draw.integers(15, 60))}
        for m in range(24) for k in range(2)
    ])  # fmt: skip
    accounts = pd.DataFrame({
        "region": draw.choice(["East", "West"], 60), "industry": draw.choice(fields, 60),
        "hours": draw.choice([12.0, 5.0, 1.5, 0.4, 0.0], 60, p=[0.05, 0.2, 0.25, 0.4, 0.1]),
        "value": draw.random(60),
    })  # fmt: skip
    return accounts, handover.receivers(holdings, set())


def greedy(accounts: pd.DataFrame, to: handover.Receivers) -> pd.Series:
    """As by hand: the most valuable first, to the least busy colleague of the region who knows the industry."""
    load, found = dict(zip(to.frame.manager_id, to.frame.hours, strict=True)), {}
    for row in accounts.sort_values("value", ascending=False).itertuples():
        there = [m for m in load if row.region in to.regions[m]]
        knowing = [m for m in there if row.industry in to.industries[m]] or there
        found[row.Index] = min(knowing, key=lambda m: load[m])
        load[found[row.Index]] += row.hours
    return pd.Series(found).reindex(accounts.index)


def spread(accounts: pd.DataFrame, to: handover.Receivers, plan: pd.Series) -> float:
    return float(handover.workload(accounts, to, plan).hours_after.std())


def test_the_plan_beats_a_greedy_and_random_ones_and_keeps_the_region(company):
    accounts, to = company
    plan = handover.propose(accounts, to)
    assert handover.kept(accounts, to, plan)["region"] == 1
    assert handover.kept(accounts, to, plan)["industry"] > 0.6
    assert spread(accounts, to, plan) < spread(accounts, to, greedy(accounts, to))
    draw = np.random.default_rng(5)
    for _ in range(20):
        drawn = pd.Series([draw.choice([m for m in to.regions if r in to.regions[m]]) for r in accounts.region])
        assert spread(accounts, to, plan) < spread(accounts, to, drawn)


def test_an_industry_that_is_worth_much_is_kept(company):
    accounts, to = company
    assert handover.kept(accounts, to, handover.propose(accounts, to, industry_worth=100))["industry"] == 1


def test_the_plan_is_the_even_one_where_that_can_be_seen():
    """Ny holds 10 hours, Mo 4; accounts of 5, 1 and 1 hours: Mo takes the 5 and one 1 (10), or all (11); even is 10.5:
    squares 10² + 11² = 221 either way (Mo 10, Ny 11, or Mo 11, Ny 10); the 5 goes to Mo in both."""
    holdings = pd.DataFrame([
        {"manager_id": m, "manager_name": m, "manager_region": "East", "manager_industry": "E", "left_on": None,
         "region": "East", "industry": "E", "accounts": 1, "hours": hours} for m, hours in (("m", 4.0), ("n", 10.0))
    ])  # fmt: skip
    accounts = pd.DataFrame({"region": ["East"] * 3, "industry": ["E"] * 3, "hours": [5.0, 1.0, 1.0]})
    to = handover.receivers(holdings, set())
    plan = handover.propose(accounts, to)
    assert plan[0] == "m"
    assert sorted(handover.workload(accounts, to, plan).hours_after) == [10, 11]


# --- the demo company


def test_planted_neglect_is_seen_in_visits_and_answers(small_demo):
    reader, truths = small_demo
    frame = reports.report(reader, everything("this_year"), "managers").set_index("manager_id")
    planted = [t["manager_id"] for t in truths["neglectful_manager"]]
    assert set(frame.visits_kept.nsmallest(len(planted)).index) == set(planted)
    assert set(frame.response_hours.nlargest(len(planted)).index) == set(planted)
    assert (frame.visits_kept[planted] < 0.5 * frame.visits_kept_peers[planted]).all()


def test_planted_hoarding_is_seen_in_accounts_and_visits(small_demo):
    reader, truths = small_demo
    frame = reports.report(reader, everything("this_year"), "managers").set_index("manager_id")
    planted = [t["manager_id"] for t in truths["hoarding_manager"]]
    neglected = [t["manager_id"] for t in truths["neglectful_manager"]]
    here = frame[frame.left_on.isna()].drop(neglected)
    assert set(here.visits_kept.nsmallest(len(planted)).index) == set(planted)
    assert (frame.hours[planted] > 2 * frame.hours_peers[planted]).all()
    assert (frame.response_hours[planted] < 8).all()  # busy, not careless


def test_who_left_is_up_for_handover_with_all_accounts(small_demo):
    reader, truths = small_demo
    frame = reports.report(reader, everything("this_year"), "handover")
    (left,) = truths["manager_left"]
    assert set(frame.manager_id) == {left["manager_id"]}
    assert len(frame) == left["accounts"]
