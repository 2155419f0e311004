"""Any table, asked: profiles, answers, totals, comparisons and rows, against figures worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kam_core.explore import shape
from kam_core.explore.filters import Filter, condition, fits
from kam_core.explore.profile import Profile, fences, grain_of, profile
from kam_core.explore.shape import Ask, Windows, add_months, answer, bucket_end, rows_behind, windows
from kam_core.explore.source import Column, Source, quote, shown, table
from kam_core.explore.suggest import bins, suggest
from kam_core.warehouse.engine import UploadReader, workbench

# Region, day, amount, product. By hand: East 10 + 20 + 30 = 60, North 40 + missing = 40, South 5 = 5, none 1; all 106.
SALES = """
    select * from (values
        ('East', date '2026-01-05', 10.0::double, 'a'), ('East', date '2026-01-20', 20, 'b'),
        ('East', date '2025-01-10', 30, 'a'), ('North', date '2026-02-03', 40, 'a'),
        ('North', date '2026-02-04', null, 'b'), ('South', date '2025-12-31', 5, 'c'), (null, date '2026-02-28', 1, 'c')
    ) as t(region, day, amount, product)
"""
HOSTILE = [
    'a"; drop table t1; --', "line\nbreak", "日期 📅", "שלום", "</script><b>x</b>", "a.b[0]", "x" * 10_000, " ",
    "$f0_0",
]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Source]]:
    """`made("select …")` → that select as the table t1 of an upload."""
    readers: list[UploadReader] = []
    folder = tmp_path_factory.mktemp("explore")

    def make(select: str, rows: list[tuple] | None = None) -> Source:
        path: Path = folder / f"{len(readers)}.duckdb"
        con = workbench(path)
        con.execute(f"create table t1 as {select}")
        if rows:
            con.executemany(f"insert into t1 values ({', '.join('?' for _ in rows[0])})", rows)
        con.close()
        readers.append(UploadReader([path], folder / "spill", 20))
        return table(readers[-1], "t1")

    yield make
    for reader in readers:
        reader.close()


@pytest.fixture(scope="module")
def sales(made: Callable[..., Source]) -> Source:
    return made(SALES)


def parts(source: Source, ask: Ask, *filters: Filter, compared: Windows | None = None) -> list[tuple]:
    """(x, value) of the cells, in the order drawn."""
    cells = answer(source, ask, filters, compared).part("cell").astype(object)
    cells = cells.where(cells.notna(), None)
    return [(x if x is None else str(x)[:10], v) for x, v in zip(cells["x"], cells["value"], strict=True)]


class TestProfile:
    def column(self, made, select: str) -> Profile:
        return profile(made(select))[0]

    def test_a_number_is_described_by_its_quartiles(self, made):
        # 1 … 99 and 1000: median of 100 values (50 + 51)/2 = 50.5; quartiles at 25.75 and 75.25 (linear, of 0 … 99).
        p = self.column(made, "select i::double as amount from range(1, 100) r(i) union all select 1000")
        assert (p.rows, p.missing, p.distinct, p.is_exact) == (100, 0, 100, True)
        assert p.quartiles == (25.75, 50.5, 75.25)
        assert (p.least, p.most, p.mean) == (1, 1000, (99 * 100 / 2 + 1000) / 100)

    def test_outliers_lie_beyond_three_interquartile_ranges(self, made):
        # Quartiles 25.75 and 75.25, 49.5 apart: fences 25.75 − 148.5 = −122.75 and 75.25 + 148.5 = 223.75.
        p = self.column(made, "select i::double as amount from range(1, 100) r(i) union all select 1000")
        assert p.fences is not None
        assert (p.fences.low, p.fences.high, p.fences.scale) == (-122.75, 223.75, "values")
        assert (p.fences.below, p.fences.above) == (0, 1)
        assert sum(b.rows for b in p.bins) == 99  # the outlier is in no bin
        assert p.bins[-1].high == 223.75

    def test_skewed_amounts_are_fenced_by_their_logarithms(self):
        # Quartiles 10, 100, 10000: logarithms 1, 2, 4 (base 10), 3 apart: 1 − 9 = −8 and 4 + 9 = 13.
        low, high, scale = fences(1, 10, 100, 10_000)
        assert scale == "logarithms"
        assert low == pytest.approx(1e-8) and high == pytest.approx(1e13)

    def test_nothing_is_said_of_outliers_where_the_middle_is_one_value(self, made):
        p = self.column(made, "select case when i < 20 then i else 7 end::double as amount from range(100) r(i)")
        assert p.fences is None

    def test_missing_and_not_a_number_are_missing(self, made):
        p = self.column(made, "select unnest([1.5, null, 'nan'::double, 'inf'::double, 2.5]) as price")
        assert (p.missing, p.known, p.most) == (3, 2, 2.5)
        p = self.column(made, "select unnest(['', 'x', null]) as name")
        assert (p.missing, p.distinct, p.top) == (2, 1, (("x", 1),))

    def test_dates_are_counted_by_a_readable_grain(self, made):
        p = self.column(made, "select date '2024-01-01' + (i * 10)::int as day from range(60) r(i)")
        # 590 days: by months; January 2024 has the 1st, 11th, 21st and 31st.
        assert (p.kind, p.bins[0].low, p.bins[0].rows, sum(b.rows for b in p.bins)) == ("date", date(2024, 1, 1), 4, 60)
        assert (p.least, p.most) == (date(2024, 1, 1), date(2025, 8, 13))

    @pytest.mark.parametrize(
        ("last", "distinct", "grain"),
        [
            (date(2025, 1, 31), 31, "day"), (date(2025, 5, 31), 100, "week"), (date(2025, 12, 15), 300, "month"),
            (date(2025, 12, 1), 12, "month"),  # 334 days, 30 between two: not weeks, of which most would be empty
            (date(2034, 1, 1), 10, "year"), (date(2025, 10, 1), 4, "quarter"), (date(2025, 1, 1), 1, "day"),
        ],
    )  # fmt: skip
    def test_the_grain_follows_the_span_and_the_dates_in_it(self, last: date, distinct: int, grain: str):
        assert grain_of(date(2025, 1, 1), last, distinct) == grain

    def test_estimates_are_said_to_be_such(self, made):
        many, few = profile(made("select i % 1000 as a, 'x' || i % 4 as b from range(200_000) r(i)"))
        assert not many.is_exact and many.distinct == pytest.approx(1000, rel=0.1)
        assert few.is_exact and few.distinct == 4  # all of its values are listed

    @pytest.mark.parametrize(
        ("select", "kind"),
        [
            ("select i as \"Order No\" from range(100) r(i)", "id"),
            ("select i as \"订单编号\" from range(100) r(i)", "id"),
            ("select 'A-' || i as customer_id from range(100) r(i)", "id"),
            ("select i % 4 as \"SalesTerritoryKey\" from range(100) r(i)", "id"),
            ("select i % 9 as number_of_cds from range(100) r(i)", "count"),
            ("select i % 2 as \"Channel\" from range(100) r(i)", "name"),
            ("select '客户' || i % 29 as \"客户ID\" from range(100) r(i)", "id"),
            ("select i % 9 as quantity from range(100) r(i)", "count"),
            ("select i % 9 as \"数量\" from range(100) r(i)", "count"),
            ("select i * 1.5 as anything from range(100) r(i)", "amount"),
            ("select i as \"销售额\" from range(100) r(i)", "amount"),
            ("select i / 100.0 as discount_rate from range(100) r(i)", "percent"),
            ("select 2020 + i % 5 as year from range(100) r(i)", "name"),
            ("select unnest(['Y', 'N', 'y']) as paid", "yes_no"),
            ("select unnest(['是', '否']) as flag", "yes_no"),
            ("select true as ok", "yes_no"),
            ("select 'Region ' || i % 4 as region from range(100) r(i)", "name"),
            ("select 'a long remark that somebody wrote about order ' || i as note from range(100) r(i)", "text"),
            ("select null::varchar as nothing from range(3)", "empty"),
            ("select timestamp '2026-01-01 10:00:00' as at", "date"),
        ],
    )  # fmt: skip
    def test_a_column_is_taken_for_what_it_is(self, made, select: str, kind: str):
        assert self.column(made, select).kind == kind

    def test_names_that_set_traps_are_columns_like_others(self, made):
        names = ", ".join(f"{n} + i % 3 as {quote(name)}" for n, name in enumerate(HOSTILE))
        source = made(f"select {names} from range(10) r(i)")
        assert [p.name for p in profile(source)] == HOSTILE
        for ask in suggest(profile(source)):
            assert answer(source, ask).total["rows"] == 10
        for place, name in enumerate(HOSTILE):
            # Values are place, place + 1, place + 2; of ten rows four have the first.
            assert answer(source, Ask(x=name), (Filter(name, "is", (str(place),)),)).total["rows"] == 4

    def test_empty_tables_single_rows_and_many_columns_are_described(self, made):
        assert [p.kind for p in profile(made("select 1 as a, 'x' as b where false"))] == ["empty", "empty"]
        assert suggest(profile(made("select 1 as a, 'x' as b where false"))) == []
        assert [p.distinct for p in profile(made("select 1 as a, 'x' as b, date '2026-01-01' as c"))] == [1, 1, 1]
        wide = made("select " + ", ".join(f"i * {n} as c{n}" for n in range(500)) + " from range(5) r(i)")
        assert [p.most for p in profile(wide)] == [4 * n for n in range(500)]

    def test_values_of_other_types_are_looked_at_as_text(self, made):
        source = made("select [1, 2] as l, {'a': 1} as s, time '10:00:00' as t, 'x'::blob as b, interval 1 day as i")
        assert [p.examples for p in profile(source)] == [("[1, 2]",), ("{'a': 1}",), ("10:00:00",), ("x",), ("1 day",)]


class TestAnswer:
    def test_a_sum_by_value_is_sorted_and_missing_is_a_part(self, sales):
        assert parts(sales, Ask(x="region", y="amount")) == [("East", 60), ("North", 40), ("South", 5), (None, 1)]

    def test_others_are_all_that_is_not_among_the_first(self, sales):
        found = answer(sales, Ask(x="region", y="amount", top=1)).part("cell")
        assert found["value"].tolist() == [60, 46]  # 106 − 60
        assert found["x_place"].tolist() == [1, 2]

    def test_the_mean_of_others_is_that_of_their_rows(self, sales):
        # Means: North 40 (one of two known), East 20, South 5, none 1. Others than North: (10+20+30+5+1)/5 = 13.2.
        found = answer(sales, Ask(x="region", y="amount", how="mean", top=1))
        assert found.part("cell")["value"].tolist() == pytest.approx([40, 13.2])
        assert found.total["value"] == pytest.approx(106 / 6)

    @pytest.mark.parametrize(
        ("how", "east", "total"),
        [
            ("sum", 60, 106), ("mean", 20, 106 / 6), ("median", 20, 15), ("min", 10, 1), ("max", 30, 40),
            ("count", 3, 6), ("distinct", 3, 6),
        ],
    )  # fmt: skip
    def test_every_way_to_put_together(self, sales, how: str, east: float, total: float):
        # All amounts: 1, 5, 10, 20, 30, 40; their median is (10 + 20)/2 = 15.
        found = answer(sales, Ask(x="region", y="amount", how=how))
        cells = found.part("cell").set_index("x")["value"]
        assert cells["East"] == pytest.approx(east) and found.total["value"] == pytest.approx(total)

    def test_without_a_measure_rows_are_counted(self, sales):
        assert parts(sales, Ask(x="product")) == [("a", 3), ("b", 2), ("c", 2)]
        assert parts(sales, Ask(x="region", y="product", how="distinct")) == [
            ("East", 2), ("North", 2), ("South", 1), (None, 1)
        ]  # fmt: skip

    def test_a_pivot_has_exact_totals(self, sales):
        """Means of means would be wrong: product a, mean (10 + 30 + 40)/3 = 26.67, not (20 + 40)/2."""
        found = answer(sales, Ask(x="region", colour="product", y="amount", how="mean"))
        by_product = found.part("colour").set_index("c")["value"]
        assert by_product["a"] == pytest.approx(80 / 3) and by_product["b"] == 20 and by_product["c"] == 3
        assert found.part("x").set_index("x")["value"]["East"] == 20
        assert found.total["value"] == pytest.approx(106 / 6)
        cell = found.part("cell").set_index(["x", "c"])["value"]
        assert cell["East", "a"] == 20 and cell["East", "b"] == 20

    def test_time_runs_in_order_by_any_grain(self, sales):
        ask = Ask(x="day", grain="month", y="amount")
        assert parts(sales, ask) == [("2025-01-01", 30), ("2025-12-01", 5), ("2026-01-01", 30), ("2026-02-01", 41)]
        assert parts(sales, replace(ask, grain="year")) == [("2025-01-01", 35), ("2026-01-01", 71)]
        assert parts(sales, replace(ask, grain="quarter"))[0] == ("2025-01-01", 30)
        assert parts(sales, replace(ask, grain="week"))[0] == ("2025-01-06", 30)  # a Monday
        assert parts(sales, replace(ask, grain="day"))[-1] == ("2026-02-28", 1)

    def test_bins_take_in_what_lies_beyond_and_never_what_is_missing(self, sales):
        # Steps of ten from 0 to 20: [0, 10) 1 and 5; [10, 20) 10; from 20 on 20, 30, 40; one is missing.
        found = parts(sales, Ask(x="amount", grain="10.0:0.0:20.0"))
        assert found == [("0.0", 2), ("10.0", 1), ("20.0", 3), (None, 1)]

    def test_long_numbers_keep_all_their_digits(self, made):
        source = made("select 900000000000000000 + i as order_no from range(3) r(i)")
        assert parts(source, Ask(x="order_no", top=1))[0] == ("9000000000", 1)
        cells = answer(source, Ask(x="order_no", top=1)).part("cell")
        assert cells["x"].tolist()[0] == "900000000000000000"

    def test_one_measure_against_another(self, made):
        source = made("select 'k' || i % 2 as k, i::double as a, i * 10.0 as b from range(4) r(i)")
        found = answer(source, Ask(x="k", y="a", against="b", chart="scatter")).part("cell").set_index("x")
        assert (found["value"]["k1"], found["against"]["k1"]) == (4, 40)  # 1 + 3, 10 + 30

    def test_a_column_that_is_not_there_never_reaches_the_engine(self, sales):
        with pytest.raises(KeyError):
            answer(sales, Ask(x='region" from t1; --'))
        with pytest.raises(KeyError):
            answer(sales, Ask(x="region", y="product", how="sum"))  # the sum of a text


class TestFilters:
    @pytest.mark.parametrize(
        ("filter_", "rows"),
        [
            (Filter("region", "is", ("East",)), 3),
            (Filter("region", "is", ("South", None)), 2),
            (Filter("region", "not", ("East",)), 4),  # the missing one stays
            (Filter("region", "not", ("East", None)), 3),
            (Filter("region", "missing"), 1),
            (Filter("amount", "present"), 6),
            (Filter("amount", "between", ("10", "30")), 3),  # both ends
            (Filter("amount", "range", ("10", "30")), 2),  # without its end
            (Filter("amount", "between", (None, "5")), 2),
            (Filter("amount", "is", ("10",)), 1),
            (Filter("amount", "is", ("ten",)), 0),  # no number: no row, no error
            (Filter("day", "between", ("2026-01-01", "2026-01-31")), 2),
            (Filter("day", "is", ("2026-02-28",)), 1),
            (Filter("region", "contains", ("TH",)), 3),
            (Filter("region", "is", ("' or 1=1 --",)), 0),
        ],
    )
    def test_a_filter_leaves_its_rows(self, sales, filter_: Filter, rows: int):
        assert answer(sales, Ask(x="region"), (filter_,)).total["rows"] == rows

    def test_a_day_of_moments_lasts_until_midnight(self, made):
        source = made("select unnest([timestamp '2026-01-31 23:59:59', timestamp '2026-02-01 00:00:00']) as at")
        assert answer(source, Ask(x="at"), (Filter("at", "between", ("2026-01-01", "2026-01-31")),)).total["rows"] == 1

    def test_filters_add_up_and_survive_an_address(self, sales):
        filters = (Filter("region", "is", ("East", None)), Filter("amount", "between", ("15", None)))
        assert [Filter.from_list(f.to_list()) for f in filters] == list(filters)
        assert answer(sales, Ask(x="region"), filters).total["rows"] == 2  # 20 and 30

    @pytest.mark.parametrize("parts", [["a", "like", "x"], ["a", "between", "1"], [1, "is"], ["a", "is", {"x": 1}], []])
    def test_what_is_no_filter_is_refused(self, parts: list):
        with pytest.raises(ValueError, match=r"not a filter|two ends|not enough values"):
            Filter.from_list(parts)

    @pytest.mark.parametrize(
        ("column", "ends", "does"),
        [
            ("amount", ("1", None), True), ("amount", ("nan", "2"), False), ("amount", ("x", None), False),
            ("day", ("2026-01-01", None), True), ("day", ("soon", None), False), ("region", ("a", "b"), False),
        ],
    )  # fmt: skip
    def test_the_ends_of_a_range_are_of_the_columns_family(self, sales, column: str, ends: tuple, does: bool):
        assert fits(sales.column(column), Filter(column, "between", ends)) is does

    def test_values_are_bound(self, sales):
        sql, params = condition(sales, [Filter("region", "is", ("'; drop",))])
        assert "drop" not in sql and list(params.values()) == ["'; drop"]


class TestComparison:
    def test_a_year_earlier_are_the_same_days(self, sales):
        ask = Ask(x="region", y="amount", compare="previous_year")
        found = windows(ask, "day", date(2025, 1, 10), date(2026, 2, 28), [])
        # The calendar year of the last day, up to it: 1 Jan – 28 Feb 2026 against 1 Jan – 28 Feb 2025.
        assert (found.start, found.end) == (date(2026, 1, 1), date(2026, 2, 28))
        assert (found.before_start, found.before_end) == (date(2025, 1, 1), date(2025, 2, 28))
        cells = answer(sales, ask, (), found).part("cell").set_index("x")
        assert (cells["value"]["East"], cells["before"]["East"]) == (30, 30)  # 10 + 20 against 30
        assert answer(sales, ask, (), found).total["before"] == 30

    def test_along_time_each_month_stands_beside_the_same_of_last_year(self, sales):
        ask = Ask(x="day", grain="month", y="amount", compare="previous_year")
        found = windows(ask, "day", date(2025, 1, 10), date(2026, 2, 28), [])
        assert (found.start, found.before_start) == (date(2025, 1, 10), date(2024, 1, 10))
        cells = answer(sales, ask, (), found).part("cell")
        january = cells[cells["x"] == "2026-01-01"].iloc[0]
        assert (january["value"], january["before"]) == (30, 30)

    def test_the_period_before_a_filter_of_whole_months_is_as_many_months(self, sales):
        dates = Filter("day", "between", ("2026-02-01", "2026-02-28"))
        ask = Ask(x="region", y="amount", compare="previous_period")
        found = windows(ask, "day", date(2025, 1, 10), date(2026, 2, 28), [dates])
        assert (found.before_start, found.before_end, found.months) == (date(2026, 1, 1), date(2026, 1, 31), 1)
        total = answer(sales, ask, (dates,), found).total
        assert (total["value"], total["before"]) == (41, 30)  # 40 + 1 against 10 + 20

    def test_the_period_before_other_days_is_as_many_days(self):
        dates = Filter("day", "range", ("2026-02-03", "2026-02-13"))  # the 3rd to the 12th: ten days
        found = windows(Ask(compare="previous_period"), "day", date(2025, 1, 1), date(2026, 3, 1), [dates])
        assert (found.start, found.end, found.days) == (date(2026, 2, 3), date(2026, 2, 12), 10)
        assert (found.before_start, found.before_end) == (date(2026, 1, 24), date(2026, 2, 2))

    def test_months_end_where_they_end(self):
        assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
        assert add_months(date(2025, 12, 31), 2) == date(2026, 2, 28)
        assert add_months(date(2026, 3, 31), -1) == date(2026, 2, 28)
        assert add_months(date(2026, 1, 15), -13) == date(2024, 12, 15)
        assert bucket_end(date(2024, 2, 1), "month") == date(2024, 2, 29)
        assert bucket_end(date(2026, 10, 1), "quarter") == date(2026, 12, 31)


class TestRows:
    def test_the_rows_behind_are_those_of_the_filter(self, sales):
        sql, params = rows_behind(sales, [Filter("region", "is", ("North",))])
        assert [row[2] for row in sales.reader.rows(sql, params)] == [40, None]

    def test_a_search_looks_into_every_column(self, sales):
        for text, rows in (("north", 2), ("2026-02", 3), ("40", 1), ("%", 0)):
            sql, params = rows_behind(sales, [], text, 10)
            assert len(sales.reader.rows(sql, params)) == rows, text


class TestSuggestions:
    def test_the_first_chart_is_the_measure_over_time(self, sales):
        first, second, *_ = suggest(profile(sales))
        assert first == Ask(x="day", grain="month", y="amount")
        assert second == Ask(x="region", y="amount") or second == Ask(x="product", y="amount")

    def test_prices_are_averaged_and_not_the_first_choice(self, made):
        source = made("select 'p' || i % 5 as product, i * 1.0 as unit_price, i * 2.0 as sales from range(100) r(i)")
        asks = suggest(profile(source))
        assert asks[0] == Ask(x="product", y="sales")
        assert any(a.against == "unit_price" for a in asks)

    def test_ranges_are_round_numbers(self, made):
        (p,) = profile(made("select i * 0.37 as amount from range(1000) r(i)"))
        assert bins(p) == "20.0:0.0:360.0"  # 369.63 / 20 = 18.5 → 20; 369.63 lies in the last, from 360

    def test_keys_stand_in_where_there_are_no_names(self, made):
        source = made("select i % 5 as region_key, i as order_no, i * 1.5 as sales from range(100) r(i)")
        assert suggest(profile(source))[0] == Ask(x="region_key", y="sales")

    def test_where_nothing_can_be_measured_rows_are_counted(self, made):
        assert suggest(profile(made("select 'x' as only from range(3)"))) == [Ask(x="only")]


class TestAsk:
    def test_a_question_survives_its_way_through_an_address(self):
        ask = Ask(x="a", grain="month", colour="b", y="c", how="mean", chart="line", top=5, compare="previous_year")
        assert Ask.from_dict(ask.to_dict()) == ask

    @pytest.mark.parametrize(
        "values",
        [{"how": "drop"}, {"chart": "pie"}, {"top": 0}, {"top": 10**9}, {"grain": "x"}, {"grain": "1:2"}, {"x": 1},
         {"grain": "nan:0:1"}, {"grain": "1:0:inf"}, {"compare": "x"}, {"nope": ""}, {"top": True}],
    )  # fmt: skip
    def test_what_is_no_question_is_refused(self, values: dict):
        with pytest.raises(ValueError, match=r"not a|more parts"):
            Ask.from_dict(values)


def test_what_controls_the_screen_is_not_shown():
    assert shown("a\u202eb\nc\x00d") == "a b c d"
    assert shown("x" * 100, 10) == "x" * 9 + "…"
    assert shown("\u200f") == "–"


# --- whatever the rows, parts add up

VALUES = st.one_of(st.none(), st.integers(-1000, 1000))
KEYS = st.one_of(st.none(), st.sampled_from("abcdefgh"))
ROWS = st.lists(st.tuples(KEYS, st.sampled_from("xyz"), VALUES), max_size=30)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, top=st.integers(1, 9))
def test_cells_totals_and_others_add_up(tmp_path_factory, rows: list, top: int):
    con = workbench()
    con.execute("create table t1 (k varchar, c varchar, v integer)")
    if rows:
        con.executemany("insert into t1 values (?, ?, ?)", rows)
    source = Source(_Plain(con), '"t1"', (Column("k", "VARCHAR"), Column("c", "VARCHAR"), Column("v", "INTEGER")))
    found = answer(source, Ask(x="k", colour="c", y="v", top=top, colours=2))
    whole = sum(v for *_, v in rows if v is not None)
    for level in ("cell", "x", "colour", "total"):
        assert found.part(level)["value"].fillna(0).sum() == whole
        assert found.part(level)["rows"].sum() == len(rows)
    means = answer(source, Ask(x="k", y="v", how="mean", top=top))
    known = [v for *_, v in rows if v is not None]
    assert known == [] or means.total["value"] == pytest.approx(whole / len(known))
    con.close()


class _Plain:
    """A reader over an open connection, for tables that live as long as one example."""

    def __init__(self, con):
        self.con = con

    def rows(self, sql, params=None):
        return self.con.execute(sql, params or {}).fetchall()

    def frame(self, sql, params=None):
        return self.con.execute(sql, params or {}).df()


def test_a_chart_has_a_bound_on_its_parts(made, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shape, "MOST_PARTS", 10)
    source = made("select date '2026-01-01' + i::int as day from range(30) r(i)")
    found = answer(source, Ask(x="day", grain="day"))
    assert found.is_cut and found.total["rows"] == 30 and len(found.frame) == 10
