"""A recipe on next month's file: what runs, what is renamed, what is missing, and said so."""

from __future__ import annotations

import json

import pytest

from kam_core.explore.filters import Filter
from kam_core.explore.recipe import NotARecipe, Recipe, fit, kept
from kam_core.explore.shape import Ask
from kam_core.explore.source import Column

JANUARY = [Column("Region", "VARCHAR"), Column("Order Date", "DATE"), Column("Net amount", "DOUBLE")]
BY_REGION = Ask(x="Region", y="Net amount")
BY_MONTH = Ask(x="Order Date", grain="month", y="Net amount")
EAST = Filter("Region", "is", ("East", None))


@pytest.fixture
def recipe() -> Recipe:
    return kept("Monthly", JANUARY, [BY_REGION, BY_MONTH], [EAST], {"Region": "name"}, "select 1")


def test_a_recipe_survives_its_file(recipe: Recipe):
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert recipe.families == {"Region": "text", "Net amount": "number", "Order Date": "date"}


def test_on_a_file_of_the_same_shape_all_of_it_runs(recipe: Recipe):
    fitted = fit(recipe, JANUARY)
    assert fitted.is_whole and fitted.recipe == recipe and fitted.renamed == {}


def test_a_name_written_otherwise_is_found_and_said(recipe: Recipe):
    here = [Column("REGION", "VARCHAR"), Column("order_date", "TIMESTAMP"), Column("Ｎet Amount", "BIGINT")]
    fitted = fit(recipe, here)
    assert fitted.renamed == {"Region": "REGION", "Order Date": "order_date", "Net amount": "Ｎet Amount"}
    assert fitted.recipe.asks[1] == Ask(x="order_date", grain="month", y="Ｎet Amount")
    assert fitted.recipe.filters == (Filter("REGION", "is", ("East", None)),)
    assert fitted.recipe.kinds == {"REGION": "name"}


def test_what_needs_a_missing_column_is_left_out_and_the_rest_runs(recipe: Recipe):
    fitted = fit(recipe, JANUARY[1:])
    assert fitted.missing == ("Region",)
    assert fitted.recipe.asks == (BY_MONTH,) and fitted.asks_left_out == (BY_REGION,)
    assert fitted.recipe.filters == () and fitted.filters_left_out == (EAST,)


def test_the_reader_says_what_a_column_is_called_now(recipe: Recipe):
    fitted = fit(recipe, [Column("大区", "VARCHAR"), *JANUARY[1:]], {"Region": "大区"})
    assert fitted.is_whole and fitted.recipe.asks[0] == Ask(x="大区", y="Net amount")


def test_two_names_alike_are_not_guessed_between(recipe: Recipe):
    fitted = fit(recipe, [Column("region", "VARCHAR"), Column("REGION", "VARCHAR"), *JANUARY[1:]])
    assert fitted.missing == ("Region",)


def test_a_column_that_holds_something_else_now_is_said(recipe: Recipe):
    fitted = fit(recipe, [JANUARY[0], Column("Order Date", "VARCHAR"), JANUARY[2]])
    assert fitted.other == (("Order Date", "date", "text"),)
    assert fitted.recipe.asks == (BY_REGION,) and fitted.asks_left_out == (BY_MONTH,)


def test_a_range_of_days_is_left_out_where_the_column_holds_text_now():
    days = Filter("Order Date", "between", ("2026-01-01", "2026-01-31"))
    recipe = kept("Monthly", JANUARY, [BY_REGION], [days, EAST], {}, "")
    assert fit(recipe, JANUARY).recipe.filters == (days, EAST)
    fitted = fit(recipe, [JANUARY[0], Column("Order Date", "VARCHAR"), JANUARY[2]])
    assert fitted.recipe.filters == (EAST,) and fitted.filters_left_out == (days,)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"recipe": 2}',
        json.dumps({"recipe": 1, "name": "x", "charts": [{"how": "drop"}], "filters": [], "kinds": {}, "sql": "",
                    "columns": {}}).encode(),
        json.dumps({"recipe": 1, "name": "x", "charts": [], "filters": [["a", "like", "b"]], "kinds": {}, "sql": "",
                    "columns": {}}).encode(),
        json.dumps({"recipe": 1, "name": "x", "charts": [{}] * 101, "filters": [], "kinds": {}, "sql": "",
                    "columns": {}}).encode(),
        json.dumps({"recipe": 1, "name": "x", "charts": [{"x": {"a": 1}}], "filters": [], "kinds": {}, "sql": "",
                    "columns": {}}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_recipe_is_refused(content: bytes):
    with pytest.raises(NotARecipe):
        Recipe.from_json(content)
