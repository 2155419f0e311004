"""The sections of one account, against figures worked out by hand and against the measures."""

import pytest

from kam_core.metrics import query, reports
from tests.tiny import everything, order

# Five accounts of one industry, in the 12 months up to 2025-12-31: revenue 100, 200, 300, 400, 400.
AMOUNTS = {"a": 100, "b": 200, "c": 300, "d": 400, "e": 400}


@pytest.fixture(scope="module")
def reader(built):
    return built(
        accounts=[{"account_id": a, "name": "Twin" if a in "ab" else a, "industry": "Steel"} for a in AMOUNTS],
        orders=[
            *(order("2025-06-30", a, n, order_id=a, cost=n / 2, list_amount=n * 2) for a, n in AMOUNTS.items()),
            order("2025-12-31", "e", 0, order_id="last"),
            order("2024-06-30", "a", 70, order_id="old", product_line="Servers"),
            order("2025-07-10", "a", 30, order_id="new", product_line="Storage", cost=30, list_amount=30),
            order("2025-07-20", "a", -10, order_id="back", product_line="Storage", cost=-10, list_amount=-10),
        ],
        contracts=[{"contract_id": "k", "account_id": "a", "start_on": "2025-07-01", "end_on": "2025-12-31",
                    "committed_amount": 40}],
        activities=[{"account_id": "a", "date": "2025-03-01", "kind": "visit"}],
    )  # fmt: skip


def section(reader, name, account="a", period="2025"):
    frame = reports.report(reader, everything(period, account=(account,)), "account")
    return frame[frame.section == name]


def test_every_line_stands_once_in_the_copy_by_account(reader):
    rows = reader.rows("select account_id, order_id, cast(amount as integer), product_line from mart.line_by_account")
    assert rows == [
        ("a", "old", 70, "Servers"), ("a", "a", 100, None), ("a", "new", 30, "Storage"), ("a", "back", -10, "Storage"),
        ("b", "b", 200, None), ("c", "c", 300, None), ("d", "d", 400, None), ("e", "e", 400, None),
        ("e", "last", 0, None),
    ]  # fmt: skip


def test_the_newest_lines_come_with_all_their_columns(reader):
    frame = reports.report(reader, everything("2025", account=("a",)), "account_orders", limit=2)
    assert frame[["order_id", "amount", "list_amount"]].values.tolist() == [["back", -10, -10], ["new", 30, 30]]


def test_months_and_lines_add_up_to_the_measure(reader):
    view = everything("2025", account=("a",))
    revenue, margin = query.measure(reader, view, ["revenue", "margin"]).iloc[0]
    months = section(reader, "month")
    this_year = months[months.day >= "2025-01-01"]
    assert this_year.value.sum() == revenue == 120  # 100 + 30 − 10
    assert this_year.other.sum() == margin == 50
    assert section(reader, "line").value.sum() == revenue


def test_standing_equals_the_measures(reader):
    keys = ["revenue", "gross_margin", "orders", "average_order_value", "discount_rate", "return_rate"]
    frame = reports.report(reader, everything("2025"), "account_standing", account="a").set_index("key")
    measured = query.measure(reader, everything("2025", account=("a",)), keys).iloc[0]
    assert frame.loc[keys, "value"].tolist() == pytest.approx(measured.tolist())
    # The median of the other four's 200, 300, 400, 400.
    assert frame.loc["revenue", "peers"] == 350
    assert frame.loc["revenue", "peer_accounts"] == 4


def test_lines_gained_and_lost(reader):
    rows = {r.key: (r.value, r.before, r.note) for r in section(reader, "line").itertuples() if isinstance(r.key, str)}
    assert rows == {"Storage": (20, 0, "gained"), "Servers": (0, 70, "lost")}


def test_contract_attainment_counts_what_was_bought_in_its_days(reader):
    (row,) = section(reader, "contract").itertuples()
    assert (row.value, row.before) == (40, 20)


def test_the_timeline_holds_every_kind_newest_first(reader):
    events = section(reader, "event")
    assert events.day.is_monotonic_decreasing
    assert {"order", "return", "visit", "contract_start", "contract_end"} <= set(events.key)


def test_scores_are_the_mean_rank_in_fifths(reader):
    def scores(account):
        frame = reports.report(reader, everything("2025"), "account_rfm", account=account)
        return dict(zip(frame["key"], frame["score"], strict=True)), frame.set_index("key")

    # Revenue 120, 200, 300, 400, 400: ranks 1, 2, 3 and the mean 4.5 of the tie: ceil(5 · 4.5 / 5) = 5.
    assert [scores(a)[0]["monetary"] for a in "abcde"] == [1, 2, 3, 5, 5]
    cuts = scores("a")[1].loc["monetary"]
    assert cuts[["cut_2", "cut_3", "cut_5"]].tolist() == [200, 300, 400]
    assert cuts["cut_4"] != cuts["cut_4"]  # nobody has a 4


def test_two_accounts_of_one_name_stay_two(reader):
    assert len(reports.report(reader, everything("2025", account=("Twin",)), "account")) == 0
    assert section(reader, "month", "b").value.sum() == 200


def test_without_one_account_there_are_no_rows(reader):
    assert reports.report(reader, everything(), "account").empty


@pytest.mark.parametrize(("period", "order"), [("2025", "decba"), ("2024", "abcde")])
def test_neighbours_stand_in_the_order_of_the_list(reader, period, order):
    """By revenue of the period, then by id: 400, 400, 300, 200, 100 + 30 - 10 in 2025; of 2024 only 70 of a."""
    view = everything(period)
    assert reports.report(reader, view, "account_places").account_id.tolist() == list(order)
    assert reports.report(reader, view, "accounts").account_id.tolist() == list(order)
