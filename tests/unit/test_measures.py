"""Each measure against figures worked out by hand."""

from dataclasses import replace
from datetime import date

import pytest

from kam_core.access.scope import Scope
from kam_core.errors import KamError
from kam_core.metrics import query
from kam_core.metrics.facts import Facts
from kam_core.metrics.measures import MEASURES
from kam_core.text.i18n import has
from kam_core.view import Period, Span, View
from tests.tiny import everything, order


@pytest.fixture(scope="module")
def reader(built):
    """Two accounts in 2024 and 2025; as of 30 June 2025, so that 2025 is half a year.

    North: 100 (10 Jan 24), 60 (20 Jun 24), 40 (20 Aug 24) · 150 (15 Jan 25), −30 (1 Feb 25), 90 (30 Jun 25)
    South: 50 (1 Feb 24) · 25 (1 Mar 25)
    """
    return built(
        accounts=[
            {"account_id": "n", "name": "North Ltd", "region": "North", "industry": "Energy", "manager_id": "m1"},
            {"account_id": "s", "name": "South Ltd", "region": "South", "manager_id": "m2", "parent_account_id": "n"},
        ],
        managers=[
            {"manager_id": "m1", "name": "Ann", "region": "North"},
            {"manager_id": "m2", "name": "Bo", "region": "South"},
        ],
        orders=[
            order("2024-01-10", "n", 100, order_id="1"),
            order("2024-02-01", "s", 50, order_id="2"),
            order("2024-06-20", "n", 60, order_id="3"),
            order("2024-08-20", "n", 40, order_id="4"),
            order("2025-01-15", "n", 100, order_id="5", line_no=1, cost=60, list_amount=125, product_line="PC"),
            order("2025-01-15", "n", 50, order_id="5", line_no=2, list_amount=50, product_line="Server"),
            order("2025-02-01", "n", -30, order_id="6"),
            order("2025-03-01", "s", 25, order_id="7", cost=15, manager_id="m1"),
            order("2025-06-30", "n", 90, order_id="8"),
        ],
        targets=[
            {"manager_id": "m1", "period": "2025-01-01", "target_amount": 600, "granularity": "year"},
            {"manager_id": "m2", "period": "2025-04-01", "target_amount": 20, "granularity": "quarter"},
        ],
    )  # fmt: skip


def value(reader, key, view):
    return query.measure(reader, view, [key])[key].iloc[0]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("revenue", 235),  # 100 + 50 − 30 + 25 + 90
        ("orders", 4),  # 5, 6, 7, 8
        ("active_accounts", 2),
        ("average_order_value", 58.75),  # 235 / 4
        ("margin", 50),  # (100 − 60) + (25 − 15)
        ("gross_margin", 50 / 125),
        ("cost_coverage", 125 / 235),
        ("discount_rate", 1 - 150 / 175),
        ("return_rate", 30 / 265),  # 30 / (100 + 50 + 25 + 90)
        ("growth", (235 - 210) / 210),  # January to June 2024: 100 + 50 + 60
        ("target", 320),  # half of 600, and the whole quarter's 20
        ("attainment", 235 / 320),
        ("hhi", 10_000),  # South belongs to North: one group
    ],
)
def test_the_year_to_date(reader, key, expected):
    assert value(reader, key, everything("2025")) == pytest.approx(expected, rel=1e-12)


def test_retention_of_the_trailing_year(reader):
    # As of 30 June 2025. July 2023 to June 2024: n 160, s 50. July 2024 to June 2025: n 40 + 150 − 30 + 90 = 250, s 25.
    view = everything("2025")
    assert value(reader, "nrr", view) == pytest.approx((250 + 25) / 210)
    assert value(reader, "grr", view) == pytest.approx((160 + 25) / 210)
    assert value(reader, "logo_churn", view) == 0


def test_published_retention_pin(built):
    # R0 100, 50, 30 and R1 120, 20, 0: NRR 140/180, GRR 120/180, one of three lost.
    reader = built(orders=[
        order("2024-02-01", "a", 100), order("2024-02-01", "b", 50), order("2024-02-29", "c", 30),
        order("2025-02-01", "a", 120), order("2025-02-28", "b", 20),
    ])  # fmt: skip
    frame = query.measure(reader, everything(), ["nrr", "grr", "logo_churn"])
    assert frame.iloc[0].round(4).tolist() == [0.7778, 0.6667, 0.3333]


def test_months_of_a_period_with_an_empty_one(reader):
    frame = query.measure(reader, everything("2025-Q1"), ["revenue", "orders", "gross_margin"], by=["month"])
    assert frame["month"].tolist() == ["2025-01", "2025-02", "2025-03"]
    assert frame["revenue"].tolist() == [150, -30, 25]
    assert frame["orders"].tolist() == [1, 1, 1]
    assert frame["gross_margin"].isna().tolist() == [False, True, False]


def test_quarters_and_years(reader):
    quarters = query.measure(reader, everything(), ["revenue"], by=["quarter"])
    assert dict(zip(quarters["quarter"], quarters["revenue"], strict=True)) == {
        "2024-Q1": 150, "2024-Q2": 60, "2024-Q3": 40, "2024-Q4": 0, "2025-Q1": 145, "2025-Q2": 90,
    }  # fmt: skip
    years = query.measure(reader, everything(), ["revenue"], by=["year"])
    assert years.to_dict("records") == [{"year": "2024", "revenue": 250}, {"year": "2025", "revenue": 235}]


def test_a_part_of_a_month_is_exact_to_the_day(reader):
    # 15 January to 31 January: both lines of order 5. From the 16th: nothing.
    view = everything().over(Period.between(date(2025, 1, 15), date(2025, 2, 1)))
    assert value(reader, "revenue", view) == 150
    assert value(reader, "orders", view) == 1
    assert value(reader, "revenue", view.over(Period.between(date(2025, 1, 16), date(2025, 2, 1)))) == 0
    # Three months cut at both ends: order 5 on the first day counts, order 7 on the day after the last does not.
    assert value(reader, "revenue", view.over(Period.between(date(2025, 1, 15), date(2025, 3, 1)))) == 120


def test_as_of_an_earlier_day(reader):
    view = replace(everything("this_year"), as_of=date(2025, 2, 1))
    assert value(reader, "revenue", view) == 120
    assert value(reader, "revenue", replace(view, as_of=date(2025, 1, 31))) == 150


def test_the_manager_who_is_credited_is_the_orders_own_else_the_accounts(reader):
    frame = query.measure(reader, everything("2025"), ["revenue", "target"], by=["manager"])
    # Order 7 of the southern account is credited to Ann (m1); nobody's order is credited to Bo, who has a target.
    assert frame.set_index("manager")["revenue"].fillna(0).to_dict() == {"m1": 235, "m2": 0}
    assert frame.set_index("manager")["target"].to_dict() == {"m1": 300, "m2": 20}
    assert value(reader, "revenue", everything("2025", manager=("Ann",))) == 235
    assert value(reader, "revenue", everything("2025", manager=("m2",))) == 0


def test_a_portfolios_retention_is_of_the_accounts_held_today(reader):
    frame = query.measure(reader, everything("2025"), ["nrr"], by=["manager"])
    assert frame.set_index("manager")["nrr"].to_dict() == pytest.approx({"m1": 250 / 160, "m2": 25 / 50})


def test_dimensions_of_accounts_and_of_lines(reader):
    regions = query.measure(reader, everything("2025"), ["revenue"], by=["region", "industry"])
    assert regions.to_dict("records") == [
        {"region": "North", "industry": "Energy", "revenue": 210},
        {"region": "South", "industry": None, "revenue": 25},
    ]
    lines = query.measure(reader, everything("2025"), ["revenue"], by=["product_line"])
    assert {r["product_line"]: r["revenue"] for r in lines.to_dict("records")} == {"PC": 100, "Server": 50, None: 85}


def test_filters_narrow_and_take_ids_or_names_or_none(reader):
    assert value(reader, "revenue", everything("2025", region=("South",))) == 25
    assert value(reader, "revenue", everything("2025", account=("South Ltd",))) == 25
    assert value(reader, "revenue", everything("2025", industry=("-",))) == 25
    assert value(reader, "revenue", everything("2025", region=("South",), industry=("Energy",))) == 0
    assert value(reader, "revenue", everything("2025", product_line=("PC",))) == 100


def test_compared_with_the_same_days_of_the_year_before(reader):
    frame = query.measure(reader, everything("2025"), ["revenue", "active_accounts"], compare=True)
    assert frame.to_dict("records") == [
        {"revenue": 235, "active_accounts": 2, "revenue_before": 210, "active_accounts_before": 2}
    ]
    months = query.measure(reader, everything("2025-Q1"), ["revenue"], by=["month"], compare=True)
    assert months["revenue_before"].tolist() == [100, 50, 0]


def test_scope_limits_every_figure(reader):
    mine = View(scope=Scope((("region", "South"),)), period=everything("2025").period)
    assert value(reader, "revenue", mine) == 25
    assert value(reader, "target", mine) == 20
    nothing = View(period=everything("2025").period)
    assert value(reader, "revenue", nothing) == 0
    assert value(reader, "active_accounts", nothing) == 0


def test_what_cannot_be_computed_is_missing_and_says_why(built):
    reader = built(orders=[order("2025-03-01", "a", 10)])
    view = everything()
    frame = query.measure(reader, view, ["gross_margin", "discount_rate", "nrr", "attainment", "growth"])
    assert frame.isna().all(axis=None)
    reasons = [query.why_missing(reader, view, k) for k in frame.columns]
    assert reasons == ["has_cost", "has_list_amount", "no_earlier_year", "targets", "no_earlier_year"]
    assert all(has(f"missing.{reason}") for reason in reasons)


def test_targets_are_managers_and_cannot_be_split_by_tier(reader):
    assert query.measure(reader, everything("2025", tier=("A",)), ["target"])["target"].isna().all()
    assert query.why_missing(reader, everything("2025", tier=("A",)), "target") == "targets_by_manager"


def test_a_month_of_a_quarters_target_takes_the_odd_cents_last(built):
    # 100 over three months: 33.33, 33.33, 33.34.
    reader = built(
        orders=[order("2025-03-31", "a", 1)],
        targets=[{"manager_id": "m", "period": "2025-01-01", "target_amount": 100, "granularity": "quarter"}],
    )
    frame = query.measure(reader, everything("2025"), ["target"], by=["month"])
    assert frame["target"].tolist() == [33.33, 33.33, 33.34]


def test_unknown_names_are_refused_with_those_that_there_are(reader):
    with pytest.raises(KamError, match="'turnover' is not a measure; known are revenue"):
        query.measure(reader, everything(), ["turnover"])
    with pytest.raises(KamError, match="'planet' is not a dimension; known are month"):
        query.measure(reader, everything(), ["revenue"], by=["planet"])
    with pytest.raises(KamError, match="one of month, quarter and year at a time"):
        query.measure(reader, everything(), ["revenue"], by=["month", "year"])


@pytest.mark.parametrize("key", sorted(MEASURES))
def test_every_measure_has_its_words_in_both_languages(key):
    assert has(f"measure.{key}.label")
    assert has(f"measure.{key}.definition")


def test_a_figure_that_looks_back_further_than_is_loaded_says_since_when(reader):
    # Loaded from 10 January 2024. Retention in 2025 compares July 2024 to June 2025 with July 2023 to June 2024.
    assert query.loaded_only_from(Facts.read(reader), everything("2025"), "nrr") == date(2024, 1, 10)
    assert query.loaded_only_from(Facts.read(reader), everything("2025"), "growth") is None
    assert query.loaded_only_from(Facts.read(reader), everything("2024"), "growth") == date(2024, 1, 10)
    assert query.loaded_only_from(Facts.read(reader), everything("2025"), "revenue", compared=True) is None
    assert query.loaded_only_from(Facts.read(reader), everything("2024"), "revenue", compared=True) == date(2024, 1, 10)


def test_any_stretches_of_days_at_once(reader):
    spans = {"january": Span(date(2025, 1, 1), date(2025, 2, 1)), "two days": Span(date(2025, 1, 31), date(2025, 2, 2))}
    frame = query.over(reader, everything(), ["revenue", "return_rate", "nrr"], spans)
    assert frame["revenue"].to_dict() == {"january": 150, "two days": -30}
    # February 2024 to January 2025: n 60 + 40 + 150 = 250, s 50; the year before only n's 100 in January 2024.
    assert frame["nrr"]["january"] == pytest.approx(2.5)
