"""Shaped results against figures worked out by hand."""

import pytest

from kam_core.errors import KamError
from kam_core.metrics import query, reports
from tests.tiny import everything, order


def records(reader, name, view, **settings):
    return reports.report(reader, view, name, **settings).to_dict("records")


def test_price_volume_mix_pin(built):
    """metrics.md: A 100@10→120@11, B 50@20→45@22, new 10@15, lost 20@5 → 210 + 200 − 100 + 150 − 100 = 360."""
    # Price: 120·1 + 45·2 = 210. Volume: (165 − 150)·2000/150 = 200.
    # Mix: (120 − 165·100/150)·10 + (45 − 165·50/150)·20 = 100 − 200 = −100. New 150, lost −100.
    reader = built(orders=[
        order("2024-03-01", "x", 1000, product="A", quantity=100),
        order("2024-03-01", "x", 1000, product="B", quantity=50),
        order("2024-03-01", "x", 100, product="D", quantity=20),
        order("2025-03-01", "x", 1320, product="A", quantity=120),
        order("2025-03-01", "x", 990, product="B", quantity=45),
        order("2025-03-01", "x", 150, product="C", quantity=10),
    ])  # fmt: skip
    frame = reports.report(reader, everything("2025"), "price_volume_mix")
    assert dict(zip(frame["effect"], frame["change"].round(6), strict=True)) == {
        "price": 210, "volume": 200, "mix": -100, "new": 150, "lost": -100, "unexplained": 0,
    }  # fmt: skip
    assert frame["change"].sum() == pytest.approx(1320 + 990 + 150 - 2100)


def test_what_sold_without_a_quantity_is_unexplained_not_guessed(built):
    reader = built(orders=[order("2024-03-01", "x", 100, product="A"), order("2025-03-01", "x", 130, product="A")])
    frame = reports.report(reader, everything("2025"), "price_volume_mix")
    assert dict(zip(frame["effect"], frame["change"], strict=True))["unexplained"] == 30


@pytest.fixture(scope="module")
def reader(built):
    """Six accounts, January to March of 2024 and of 2025 (as of 31 March 2025).

    grows 100 → 150 · shrinks 80 → 30 · leaves 60 → 0 · new 0 → 40 · back: 2023 20, 2024 0 → 10 · returns 50 → −5
    """
    amounts = {
        "grows": (0, 100, 150), "shrinks": (0, 80, 30), "leaves": (0, 60, 0), "new": (0, 0, 40), "back": (20, 0, 10),
        "returns": (0, 50, -5),
    }  # fmt: skip
    return built(
        accounts=[{"account_id": a, "name": a.title(), "region": "East" if a < "m" else "West"} for a in amounts],
        orders=[
            order(f"{2023 + n}-03-{31 if a == 'grows' else 10}", a, amount)
            for a, series in amounts.items() for n, amount in enumerate(series) if amount
        ],
    )  # fmt: skip


def test_revenue_bridge_sums_to_the_change(reader):
    rows = {r["cause"]: (r["accounts"], r["change"]) for r in records(reader, "revenue_bridge", everything("2025-Q1"))}
    assert rows == {
        "new": (1, 40), "won_back": (1, 10), "expansion": (1, 50), "contraction": (1, -50), "lost": (2, -60 - 55),
    }  # fmt: skip
    # Revenue 225 against 290: −65.
    assert sum(change for _, change in rows.values()) == -65


def test_movers_name_both_ends(reader):
    rows = records(reader, "top_movers", everything("2025-Q1"), limit=2)
    assert [(r["name"], r["change"]) for r in rows] == [("Grows", 50), ("New", 40), ("Returns", -55), ("Leaves", -60)]
    assert rows[0]["growth"] == pytest.approx(0.5)


def test_pareto_shares_end_at_one(reader):
    rows = records(reader, "pareto", everything("2025-Q1"))
    # Above zero: 150, 40, 30, 10 = 230.
    assert [(r["place"], r["account_id"], r["revenue"]) for r in rows] == [
        (1, "grows", 150), (2, "new", 40), (3, "shrinks", 30), (4, "back", 10),
    ]  # fmt: skip
    assert rows[0]["revenue_share"] == pytest.approx(150 / 230)
    assert rows[-1]["revenue_share"] == rows[-1]["account_share"] == 1


def test_concentration(reader):
    row = records(reader, "concentration", everything("2025-Q1"))[0]
    # Shares of 230: .6522, .1739, .1304, .0435; squares .42533 + .03025 + .01701 + .00189 = .47448.
    assert row["hhi"] == pytest.approx(1e4 * (150**2 + 40**2 + 30**2 + 10**2) / 230**2)
    assert row["effective_groups"] == pytest.approx(230**2 / (150**2 + 40**2 + 30**2 + 10**2))
    assert row["top_1_share"] == pytest.approx(150 / 230)
    assert row["hhi"] == query.measure(reader, everything("2025-Q1"), ["hhi"])["hhi"].iloc[0]


def test_accounts_are_listed_with_both_years(reader):
    rows = {r["account_id"]: r for r in records(reader, "accounts", everything("2025-Q1"))}
    assert len(rows) == 6
    assert (rows["shrinks"]["revenue"], rows["shrinks"]["revenue_before"]) == (30, 80)
    assert rows["shrinks"]["growth"] == pytest.approx(-0.625)
    assert rows["leaves"]["days_since_order"] == 386  # 10 March 2024 to 31 March 2025
    assert list(records(reader, "accounts", everything("2025-Q1", region=("West",)))[0]) == list(rows["new"])


def test_tier_distribution_adds_up_to_the_revenue(reader):
    rows = records(reader, "tier_distribution", everything("2025-Q1"))
    assert sum(r["revenue"] for r in rows) == 225
    assert sum(r["account_share"] for r in rows) == pytest.approx(1)


def test_an_order_line_can_be_traced_to_its_file_and_line(built):
    reader = built(
        orders=[order("2025-03-01", "x", 5), order("2025-03-02", "x", 7)],
        fill=lambda con: con.execute("insert into meta.files values (1, 'sales.csv')"),
    )
    rows = records(reader, "account_orders", everything("2025"))
    assert [(r["amount"], r["file"], r["line"]) for r in rows] == [(7, "sales.csv", 2), (5, "sales.csv", 1)]


def test_unknown_reports_and_settings_are_refused(reader):
    with pytest.raises(KamError, match="'paretto' is not a report; known are"):
        reports.report(reader, everything(), "paretto")
    with pytest.raises(KamError, match="report top_movers has no setting 'most'; it has limit"):
        reports.report(reader, everything(), "top_movers", most=3)


@pytest.fixture(scope="module")
def empty(built):
    return built(orders=[])


@pytest.mark.parametrize("name", reports.names())
def test_every_report_answers_an_empty_warehouse_and_says_its_grain(empty, name):
    assert reports.grain(name).startswith("one row")
    frame = reports.report(empty, everything(), name)
    if name != "stages":  # which are those of the policy, whatever is loaded
        assert frame.select_dtypes("number").fillna(0).to_numpy().sum() == 0
