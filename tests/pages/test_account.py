"""The page of one account, through app.py."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from kam_core.access.scope import Scope
from kam_core.ui import session
from tests.pages.conftest import ACCOUNTS, APP, ORDERS, shown
from tests.tiny import order

PAGE = "pages/portfolio/account.py"


def at(app: AppTest, account: str) -> AppTest:
    app.run().switch_page(PAGE)
    app.query_params["account"] = account
    return app.run()


def text(app: AppTest) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", shown(app))).split())


def test_its_figures_and_where_each_line_came_from(app: AppTest):
    at(app, "1")
    assert app.title[0].value == "Haihe Power"
    assert "Juan Luo" in shown(app)
    assert "Revenue ¥1.75K ▲ +25%" in text(app)
    assert app.dataframe[0].value["amount"].tolist() == [250, 500, 1000]  # newest first


def test_without_a_model_the_risk_is_a_rules_and_no_value_is_made_up(app: AppTest):
    at(app, "1")
    assert "Is it at risk, and what is it worth? too few orders for a model: a plain rule" in text(app)
    assert "Expected," not in text(app)


def test_previous_and_next_follow_the_list(app: AppTest):
    """By revenue: 1 with 1750, 2 with 400, 3 with 30."""
    at(app, "1")
    assert app.button(key="go_-1").disabled
    app.button(key="go_1").click().run()
    assert app.title[0].value == "白塔银行"
    assert "2 of 3" in [c.value for c in app.caption]


def test_the_others_of_its_group_stand_with_what_they_bought_and_open(publish: Callable[..., None]):
    """3 (30) belongs to 1 (1750): 1780; 2 stands alone."""
    publish(
        accounts=[{**a, "parent_account_id": "1"} if a["account_id"] == "3" else a for a in ACCOUNTS], orders=ORDERS
    )
    for account, other in (("1", "Lanjiang Steel · ¥30"), ("3", "Haihe Power · ¥1.75K"), ("2", "")):
        app = at(AppTest.from_file(APP, default_timeout=60), account)
        assert ("Who else belongs to its group?" in shown(app)) == bool(other)
        assert ("Haihe Power, 2 accounts: ¥1.78K" in [c.value for c in app.caption]) == bool(other)
        members = [button for button in app.button if str(button.key).startswith("member_")]
        assert [button.label for button in members] == [other] * bool(other)
        if other:
            members[0].click().run()
            assert app.title[0].value == other.partition(" · ")[0]


@pytest.fixture
def rich(publish: Callable[..., None]) -> AppTest:
    """Account 1 with all that the other tables can say of it; its industry's other account is 2."""
    publish(
        accounts=[{**a, "industry": "Energy"} if a["account_id"] == "2" else a for a in ACCOUNTS],
        orders=[*ORDERS, order("2025-01-11", "1", 100, order_id="x", product_line="Servers", partner_id="p"),
                order("2026-02-12", "1", 60, order_id="y", product_line="Storage")],
        managers=[{"manager_id": "m", "name": "罗娟 Juan Luo"}],
        partners=[{"partner_id": "p", "name": "Anping Channel"}],
        opportunities=[{"opportunity_id": "d1", "account_id": "1", "stage": "Proposal", "amount": 900,
                        "outcome": "open", "created_on": "2026-02-01", "expected_close": "2026-05-01"}],
        contracts=[{"contract_id": "k1", "account_id": "1", "start_on": "2026-01-01", "end_on": "2026-12-31",
                    "committed_amount": 3620}],
        activities=[{"account_id": "1", "date": "2026-03-01", "kind": "visit", "contact_id": "c1", "manager_id": "m"}],
        contacts=[{"contact_id": "c1", "account_id": "1", "name": "He Xinyi", "role": "decision maker"}],
        tickets=[{"ticket_id": "t1", "account_id": "1", "opened_at": "2026-03-02 10:00:00",
                  "first_response_at": "2026-03-02 13:00:00"}],
        assignments=[{"account_id": "1", "manager_id": "m", "from_on": "2025-06-01"}],
    )  # fmt: skip
    return AppTest.from_file(APP, default_timeout=60)


def test_everything_about_one_account(rich: AppTest):
    said = text(at(rich, "1"))
    assert "Open – ¥900 1 May 2026" in said  # the opportunity
    assert "¥3.62K 50% 18.9%" in said  # 1810 of 3620 bought, 69 of 365 days gone
    assert "He Xinyi decision maker 1 1 Mar 2026" in said
    assert "2 Mar 2026 – 3 h open –" in said  # the ticket
    assert "Anping Channel ¥0 ¥100" in said  # served by a partner in the 12 months before
    assert "1 Jun 2025 Juan Luo" in said
    assert "Revenue ¥1.81K ¥400" in said  # beside the median of its industry: account 2 alone
    assert "Visit He Xinyi" in said and "Opportunity opened ¥900" in said


def test_its_own_rhythm(rich: AppTest):
    # 2025-01-10 · 2025-01-11 (1) · 2026-01-10 (364) · 2026-02-10 (31) · 2026-02-12 (2) · 2026-03-09 (25):
    # 423 days in five gaps, 84.6 a gap: the mean, as in the reasons for a risk; 1 / 84.6 = 0.01.
    said = [m.value for m in at(rich, "1").markdown]
    assert "Orders every 85 days on average; the last order was 1 day ago: 0.01 times its rhythm." in said


@pytest.mark.parametrize("account", ["99", "Haihe Power", "1' or '1'='1"])
def test_an_unknown_account_says_so(app: AppTest, account: str):
    at(app, account)
    assert app.subheader[0].value == "There is no such account"
    assert not app.dataframe


def test_a_forbidden_account_looks_like_one_that_does_not_exist(app: AppTest, monkeypatch: pytest.MonkeyPatch):
    at(app, "99")
    unknown = text(app)
    monkeypatch.setattr(session, "scope", lambda: Scope(arms=(("region", "North"),)))
    at(app, "1")
    assert app.subheader[0].value == "There is no such account"
    assert "Haihe" not in text(app)
    assert len(text(app)) <= len(unknown)
