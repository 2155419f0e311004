"""Periods to dates, and the scope that fails closed."""

from datetime import date

import pytest

from kam_core.access.scope import Scope
from kam_core.errors import KamError
from kam_core.view import Calendar, Period, Span, View, add_months, year_before

CALENDAR = Calendar(first_day=date(2022, 11, 1), as_of=date(2026, 11, 18))
FISCAL = Calendar(first_day=date(2022, 11, 1), as_of=date(2026, 11, 18), fiscal_start=4)


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("this_month", date(2026, 11, 1), date(2026, 11, 19)),
        ("this_quarter", date(2026, 10, 1), date(2026, 11, 19)),
        ("this_year", date(2026, 1, 1), date(2026, 11, 19)),
        ("last_12_months", date(2025, 11, 19), date(2026, 11, 19)),
        ("all", date(2022, 11, 1), date(2026, 11, 19)),
        ("2025", date(2025, 1, 1), date(2026, 1, 1)),
        ("2025-Q3", date(2025, 7, 1), date(2025, 10, 1)),
        ("2025-02", date(2025, 2, 1), date(2025, 3, 1)),
        ("2026", date(2026, 1, 1), date(2026, 11, 19)),
    ],
)
def test_a_period_ends_with_the_as_of_day(name, start, end):
    assert Period(name).span(CALENDAR) == Span(start, end)


def test_fiscal_years_begin_in_the_policys_month_and_are_named_after_the_year_they_begin_in():
    assert Period("this_year").span(FISCAL).start == date(2026, 4, 1)
    assert Period("2025").span(FISCAL) == Span(date(2025, 4, 1), date(2026, 4, 1))
    # The fourth fiscal quarter of 2025 runs from January to March 2026.
    assert Period("2025-Q4").span(FISCAL) == Span(date(2026, 1, 1), date(2026, 4, 1))
    assert Period("this_quarter").span(FISCAL).start == date(2026, 10, 1)


def test_the_same_days_of_the_year_before():
    assert year_before(Span(date(2026, 1, 1), date(2026, 11, 19))) == Span(date(2025, 1, 1), date(2025, 11, 19))
    # A whole February stays whole, with or without its 29th.
    assert year_before(Span(date(2024, 2, 1), date(2024, 3, 1))) == Span(date(2023, 2, 1), date(2023, 3, 1))
    assert year_before(Span(date(2025, 2, 1), date(2025, 3, 1))) == Span(date(2024, 2, 1), date(2024, 3, 1))


def test_months_are_added_without_leaving_the_month():
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert add_months(date(2024, 12, 15), 1) == date(2025, 1, 15)
    assert add_months(date(2024, 3, 31), -13) == date(2023, 2, 28)


@pytest.mark.parametrize("name", ["yesterday", "2025-Q5", "2025-13", "25", ""])
def test_a_period_that_is_none_is_refused(name):
    with pytest.raises(KamError, match="is not a period"):
        Period(name)


def test_a_period_that_ends_before_it_starts_is_refused():
    with pytest.raises(KamError, match="start day before its end day"):
        Period.between(date(2025, 2, 1), date(2025, 1, 1))


def test_nobody_sees_anything_until_given_something():
    assert View().scope.condition() == ("false", {})
    assert Scope.everything().condition() == ("true", {})


def test_arms_of_a_scope_add_up():
    condition, values = Scope((("region", "East"), ("industry", "Energy"), ("region", "North"))).condition()
    assert condition == "(list_contains($scope_region, region) or list_contains($scope_industry, industry))"
    assert values == {"scope_region": ["East", "North"], "scope_industry": ["Energy"]}


def test_a_scope_is_made_of_known_arms_only():
    with pytest.raises(ValueError, match="name"):
        Scope((("name", "Haihe"),))
