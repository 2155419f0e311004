"""Value × potential, against figures worked out by hand."""

import pytest

from kam_core.metrics import reports
from tests.tiny import everything, order

# Margin: a 500, b 300, c 100, d nothing bought. Potential: a 4000, b 1500, c 600 (below its 1000), d 2500, e unknown.
POTENTIAL = {"a": 4000, "b": 1500, "c": 600, "d": 2500, "e": None}


@pytest.fixture(scope="module")
def reader(built):
    return built(
        accounts=[{"account_id": a, "name": a, "potential_annual_revenue": p} for a, p in POTENTIAL.items()],
        orders=[
            order("2025-01-31", "a", 1000, cost=500),
            order("2025-02-28", "b", 600, cost=300),
            order("2025-03-31", "c", 1000, cost=900),
            order("2025-06-30", "e", 200, cost=150),
        ],
    )


def rows(reader, **settings):
    frame = reports.report(reader, everything(), "value_potential", **settings)
    return frame.set_index("account_id").to_dict("index")


def test_share_of_wallet(reader):
    found = rows(reader)
    assert found["a"]["share_of_wallet"] == pytest.approx(0.25)
    assert (found["a"]["headroom"], found["a"]["value"]) == (3000, 500)
    assert found["d"]["share_of_wallet"] == 0 and found["d"]["headroom"] == 2500


def test_unknown_is_not_nothing(reader):
    e = rows(reader)["e"]
    assert e["share_of_wallet"] != e["share_of_wallet"] and e["headroom"] != e["headroom"]
    assert e["quarter"] == "unknown"


def test_above_its_potential_is_an_error_of_the_data(reader):
    c = rows(reader)["c"]
    assert c["is_above"] and c["share_of_wallet"] == pytest.approx(1000 / 600)
    assert c["headroom"] != c["headroom"]


def test_the_list_follows_the_weights(reader):
    # Ranks of value among d 0, e 50, c 100, b 300, a 500: 0, .25, .5, .75, 1;
    # of headroom among b 900, d 2500, a 3000: 0, .5, 1.
    only_value = {account: row["score"] for account, row in rows(reader, value=1.0, headroom=0.0, risk=0.0).items()}
    assert only_value == {"a": 1, "b": 0.75, "c": 0.5, "e": 0.25, "d": 0}
    assert list(only_value) == ["a", "b", "c", "e", "d"]
    both = rows(reader, value=0.5, headroom=0.5, risk=0.0)
    assert {k: both[k]["score"] for k in "abd"} == {"a": 1, "b": 0.375, "d": 0.25}
    assert both["e"]["score"] != both["e"]["score"]  # half of the weight is known, less than 60 %


def test_without_cost_revenue_is_the_value(built):
    reader = built(accounts=[{"account_id": "a", "name": "a", "potential_annual_revenue": 100}], orders=[
        order("2025-01-31", "a", 40)
    ])  # fmt: skip
    assert rows(reader)["a"]["value"] == 40
