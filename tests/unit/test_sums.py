"""What must add up on a whole company: the matrix, tiers both ways, one account; and what is planted is found."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kam_core.metrics import query
from kam_core.metrics.reports import report
from kam_core.view import Filters, View
from tests import truths as planted
from tests.tiny import everything

SUMMED = ("revenue", "margin", "orders", "active_accounts", "quantity")
RATIOS = ("gross_margin", "discount_rate", "return_rate", "average_order_value")
THIS_YEAR = everything("this_year")


@pytest.fixture(scope="module")
def matrix(small_demo) -> Any:
    return report(small_demo[0], THIS_YEAR, "matrix")


@pytest.mark.parametrize("key", SUMMED)
def test_cells_regions_and_industries_add_up_to_the_company_to_the_cent(small_demo, matrix, key):
    whole = query.measure(small_demo[0], THIS_YEAR, [key])[key].iloc[0]
    for kind in ("cell", "region", "industry", "total"):
        part = matrix[matrix.kind == kind]
        exact = sum((Decimal(str(v)) for v in part[key].dropna()), Decimal(0))
        assert round(exact, 2) == round(Decimal(str(whole)), 2), kind


@pytest.mark.parametrize("key", RATIOS)
def test_ratios_are_those_of_the_sums_in_every_cell(small_demo, matrix, key):
    reader, _ = small_demo
    asked = {"total": [], "region": ["region"], "industry": ["industry"], "cell": ["region", "industry"]}
    for kind, by in asked.items():
        wanted = query.measure(reader, THIS_YEAR, [key], by=by)
        found = matrix[matrix.kind == kind].merge(wanted, on=by) if by else matrix[matrix.kind == kind].assign(
            **{f"{key}_y": wanted[key].iloc[0], f"{key}_x": matrix[matrix.kind == kind][key]})
        known = found[found[f"{key}_x"].notna()]
        assert len(known) and (known[f"{key}_x"] - known[f"{key}_y"]).abs().max() < 1e-9, kind


def test_the_bands_of_migration_equal_both_margins(small_demo):
    reader, _ = small_demo
    bands = report(reader, THIS_YEAR, "tier_migration")
    for tier, revenue, day in (("from_tier", "revenue_before", "since"), ("to_tier", "revenue", "until")):
        sql = "select tier, count(*), sum(revenue) from mart.account_tier where as_of = $day group by tier"
        margin = {t: (n, money) for t, n, money in reader.rows(sql, {"day": bands[day].iloc[0]})}
        sums = bands.groupby(tier).agg(accounts=("accounts", "sum"), revenue=(revenue, "sum"))
        assert {t: (int(r.accounts), round(r.revenue, 2)) for t, r in sums.iterrows()} == {
            t: (n, pytest.approx(float(money))) for t, (n, money) in margin.items()
        }


def test_the_page_of_an_account_shows_what_the_measures_say_of_it(small_demo):
    """Its row, its industry card and its months are `metric` with that account, for accounts of every size."""
    reader, _ = small_demo
    keys = ["revenue", "orders", "gross_margin", "average_order_value", "discount_rate", "return_rate"]
    listed = report(reader, THIS_YEAR, "accounts")
    for account in listed.account_id.iloc[[0, 1, 50, 200, 399]]:
        view = View(THIS_YEAR.scope, Filters(account=(account,)), THIS_YEAR.period)
        told = query.measure(reader, view, keys).iloc[0]
        row = listed.set_index("account_id").loc[account]
        assert (row.revenue, row.orders) == (told.revenue, told.orders)
        assert row.gross_margin == pytest.approx(told.gross_margin, nan_ok=True)
        own = report(reader, THIS_YEAR, "account_standing", account=account).set_index("key").value.to_dict()
        for key in set(own) & set(keys):
            assert own[key] == pytest.approx(told[key], nan_ok=True), (account, key)
        months = query.measure(reader, view, ["revenue"], by=["month"]).revenue.sum()
        assert float(months) == pytest.approx(float(told.revenue))


def test_no_account_is_at_risk_only_from_tomorrow_on(small_demo):
    later = "select count(*) from mart.account_risk where state_since > as_of"
    assert small_demo[0].rows(later) == [(0,)]


def test_what_is_planted_is_found(small_demo):
    """`python -m tests.truths FOLDER` says the same of a folder of any scale."""
    found = planted.read(*small_demo)

    def share(question: str) -> float:
        answer = found[question]
        return answer.found / answer.all

    assert share("planted deaths at high risk three months later") >= 0.7
    assert share("accounts at high risk on those days that are dead") >= 0.5
    assert share("planted deaths whose cause is named first") >= 0.5
    assert share("planted fake big accounts on the list") >= 0.9
    assert share("fake big accounts on the list that are planted") >= 0.8
    assert share("neglectful managers among the slowest to answer") == 1
    assert share("hoarding managers among those who visit least") == 1
