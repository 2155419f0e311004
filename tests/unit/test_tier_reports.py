"""Moves between tiers, other rules tried out and the key account score, by hand."""

from dataclasses import replace

import pytest

from kam_core.errors import KamError
from kam_core.metrics import reports
from kam_core.policy import Policy, Score, Tiers
from tests.tiny import everything, order

AT_ONCE = Policy(tiers=Tiers(new_months=0, new_orders=0, periods_to_move=1))


def report(reader, name, view=None, **settings):
    return reports.report(reader, view or everything(), name, **settings)


@pytest.fixture(scope="module")
def moved(built):
    """2024: a 80 (A), b 15 (B: .80 before it), c 5 (C: .95). Year to 15 June 2025: b 85 (A), a 10 (B), d 5 (C)."""
    years = {"2024-06-15": {"a": 80, "b": 15, "c": 5}, "2025-06-15": {"a": 10, "b": 85, "d": 5}}
    accounts = [{"account_id": a, "name": a, "manager_id": "m" if a < "c" else "n"} for a in "abcd"]
    return built(
        AT_ONCE, accounts=accounts,
        orders=[order(day, account, amount) for day, sums in years.items() for account, amount in sums.items()],
    )  # fmt: skip


def test_bands_say_who_rose_fell_entered_and_left(moved):
    frame = report(moved, "tier_migration", since="2025-01-15")  # the month end before it: 31 December 2024
    assert {str(d)[:10] for d in frame["since"]} == {"2024-12-31"}
    assert {str(d)[:10] for d in frame["until"]} == {"2025-06-15"}
    bands = {r.movement: (r.from_tier, r.to_tier, r.accounts, r.revenue_before, r.revenue) for r in frame.itertuples()}
    none = frame["to_tier"].isna() | frame["from_tier"].isna()
    assert {k: v for k, v in bands.items() if k in ("fell", "rose")} == {
        "fell": ("A", "B", 1, 80, 10), "rose": ("B", "A", 1, 15, 85),
    }  # fmt: skip
    assert bands["left"][0] == "C" and bands["left"][2:] == (1, 5, 0)
    assert bands["entered"][1] == "C" and bands["entered"][2:] == (1, 0, 5)
    assert none.sum() == 2


def test_bands_equal_both_margins(moved):
    """Summed by the tier left, the accounts and revenue of the first day; by the tier reached, those of the second."""
    frame = report(moved, "tier_migration", since="2024-12-31")
    history = dict(moved.rows("select as_of || tier, count(*) from mart.account_tier group by all"))
    for side, day in (("from_tier", "2024-12-31"), ("to_tier", "2025-06-15")):
        for tier, accounts in frame.dropna(subset=side).groupby(side)["accounts"].sum().items():
            assert accounts == history[day + tier]
    assert (frame["revenue_before"].sum(), frame["revenue"].sum()) == (100, 100)


def test_the_accounts_behind_a_band(moved):
    since = {"since": "2024-12-31"}
    assert report(moved, "tier_moves", **since)["account_id"].tolist() == ["b", "a", "c", "d"]  # 85, 80, 5, 5
    assert report(moved, "tier_moves", **since, movement="rose")["account_id"].tolist() == ["b"]
    assert report(moved, "tier_moves", **since, **{"from": "-", "to": "C"})["account_id"].tolist() == ["d"]
    assert report(moved, "tier_moves", everything(manager=("n",)), **since)["account_id"].tolist() == ["c", "d"]


def test_a_day_that_is_none_is_refused(moved):
    with pytest.raises(KamError, match="report tier_migration: since takes a day such as 2025-12-31, not 'soon'"):
        report(moved, "tier_migration", since="soon")


def test_tiers_lists_what_the_rules_look_at(moved):
    rows = report(moved, "tiers").set_index("account_id")
    assert rows["tier"].to_dict() == {"b": "A", "a": "B", "d": "C"}
    assert rows["share_before"].round(6).to_dict() == {"b": 0, "a": 0.85, "d": 0.95}
    assert rows["orders"].to_dict() == {"a": 2, "b": 2, "d": 1}


def simulated(reader, **rules):
    frame = report(reader, "tier_simulation", **rules)
    return {(r.manager_id, r.tier_now, r.tier_then): (r.accounts, r.revenue, r.hours_now, r.hours_then)
            for r in frame.itertuples()}  # fmt: skip


def test_the_rules_in_force_change_nothing(moved):
    # Hours a month by policy: A 5, B 1.5, C 0.4.
    assert simulated(moved) == {
        ("m", "A", "A"): (1, 85, 5, 5), ("m", "B", "B"): (1, 10, 1.5, 1.5), ("n", "C", "C"): (1, 5, 0.4, 0.4),
    }  # fmt: skip


def test_a_cut_moved_changes_class_and_work(moved):
    # .85 before a is now below .90: A instead of B, 5 hours instead of 1.5.
    assert simulated(moved, a_below=0.9) == {
        ("m", "A", "A"): (1, 85, 5, 5), ("m", "B", "A"): (1, 10, 1.5, 5), ("n", "C", "C"): (1, 5, 0.4, 0.4),
    }  # fmt: skip
    # Nobody has three orders, so all are N; but S from 85 a year takes b first.
    assert set(simulated(moved, new_orders=3, strategic_annual_revenue=85)) == {
        ("m", "A", "S"), ("m", "B", "N"), ("n", "C", "N"),
    }  # fmt: skip


def test_an_account_younger_than_the_limit_is_new(moved):
    # First orders 15 June 2024, a year before the last day: not younger than 12 months, but younger than 13.
    assert set(simulated(moved, new_months=12)) == {("m", "A", "A"), ("m", "B", "B"), ("n", "C", "N")}
    assert set(simulated(moved, new_months=13)) == {("m", "A", "N"), ("m", "B", "N"), ("n", "C", "N")}


def test_the_settled_tiers_are_those_of_the_mart_where_nothing_is_pending(moved):
    now = {tier: n for (_, tier, _), (n, *_) in simulated(moved).items()}
    assert now == report(moved, "tiers")["tier"].value_counts().to_dict()


SCORED = replace(
    AT_ONCE,
    score=Score(revenue=0.4, frequency=0.2, margin=0.2, tenure=0.2, potential=0, strategic=0, reference=0),
)


@pytest.fixture(scope="module")
def scored(built):
    """Banking: x 300 in 3 orders since March, y 100 in 1 since February, z 100 in 1 since March. Steel: w alone."""
    orders = [
        *(order(f"2025-0{m}-01", "x", 100, order_id=f"x{m}", cost=90) for m in (3, 4, 5)),
        order("2025-02-01", "y", 100, order_id="y", cost=40),
        order("2025-03-01", "z", 100, order_id="z", cost=60),
        order("2025-05-02", "w", 10, order_id="w"),
    ]
    accounts = [{"account_id": a, "name": a, "industry": "Banking"} for a in "xyz"]
    return built(SCORED, orders=orders, accounts=[*accounts, {"account_id": "w", "name": "w", "industry": "Steel"}])


def test_key_account_score_is_a_weighted_mean_of_percentiles(scored):
    rows = report(scored, "key_account_score").set_index("account_id")
    # Percentile: (mean rank − ½) / 3. Revenue: x 3rd: 2.5/3; y, z share 1 and 2: mean 1.5: 1/3. Frequency the same.
    # Margin x 30, z 40, y 60: .5/3, 1.5/3, 2.5/3. Tenure: y longest 2.5/3; x, z share: 1/3.
    assert rows.loc["x", "score"] == pytest.approx(100 * (0.6 * 2.5 / 3 + 0.2 * 0.5 / 3 + 0.2 / 3))
    assert rows.loc["y", "score"] == pytest.approx(100 * (0.6 / 3 + 0.2 * 2.5 / 3 + 0.2 * 2.5 / 3))
    assert rows.loc["z", "score"] == pytest.approx(100 * (0.6 / 3 + 0.2 * 1.5 / 3 + 0.2 / 3))
    # Alone in its industry: the middle. No cost: 0.8 of the weight is known.
    assert rows.loc["w", ["score", "weight_known"]].tolist() == pytest.approx([50, 0.8])


def test_weights_can_be_tried_and_too_little_known_is_unknown(scored):
    rows = report(scored, "key_account_score", margin=0, tenure=0, frequency=0).set_index("account_id")
    assert rows.loc["x", "score"] == pytest.approx(100 * 2.5 / 3)
    # Margin at 0.8 of 1.6: w knows half the weight.
    rows = report(scored, "key_account_score", margin=0.8).set_index("account_id")
    assert rows["score"].isna().to_dict() == {"x": False, "y": False, "z": False, "w": True}
    # A filter narrows the list, not the industry that an account is compared with.
    one = report(scored, "key_account_score", everything(account=("x",)))
    assert one["score"].iloc[0] == pytest.approx(100 * (0.6 * 2.5 / 3 + 0.2 * 0.5 / 3 + 0.2 / 3))


def test_key_accounts_inside_an_industry(scored):
    frame = report(scored, "tier_by_industry")
    banking = frame[frame["industry"] == "Banking"]
    # Before x 0, before y and z 300 of 510 = .588: all A; w .98: C, and alone in Steel.
    assert banking[["tier", "accounts", "revenue", "revenue_share"]].values.tolist() == [["A", 3, 500, 1]]
    assert frame[frame["industry"] == "Steel"]["tier"].tolist() == ["C"]


def test_pareto_by_group_counts_children_with_their_parent(built):
    accounts = [{"account_id": "p", "name": "Parent"}, {"account_id": "c", "name": "Child", "parent_account_id": "p"},
                {"account_id": "s", "name": "Single"}]  # fmt: skip
    orders = [order("2025-01-01", "p", 30), order("2025-01-01", "c", 30), order("2025-01-01", "s", 40)]
    reader = built(AT_ONCE, orders=orders, accounts=accounts)
    frame = reports.report(reader, replace(everything(), roll_up=True), "pareto")
    assert frame[["account_id", "name", "revenue"]].values.tolist() == [["p", "Parent", 60], ["s", "Single", 40]]
