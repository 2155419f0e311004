"""A rhythm and the reasons for a risk in words, with one of a thing and with more."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from kam_core.ui import reasons, session
from tests.pages.conftest import APP, shown
from tests.pages.test_account import at
from tests.tiny import order


@pytest.mark.parametrize(
    ("reason", "now", "usual", "english", "chinese"),
    [
        ("silence", 71, 32, "no order for 71 days; it orders every 32 on average", "已 71 天未下单，平均每 32 天一单"),
        ("silence", 1, 1, "no order for 1 day; it orders every day on average", "已 1 天未下单，平均每天一单"),
        ("silence", 9, 2.7, "no order for 9 days; it orders every 2.7 on average", "已 9 天未下单，平均每 2.7 天一单"),
        ("no_visit", 117, 45, "not visited for 117 days, due every 45", "117 天未拜访，应每 45 天一次"),
        ("no_visit", 1.02, 1, "not visited for 1 day, due every day", "1 天未拜访，应每天一次"),
        ("manager_changed", 1, None, "account manager changed 1 day ago", "1 天前更换了客户经理"),
        ("contract_ending", 1, None, "contract ends within 1 day, none follows", "合同 1 天内到期，尚无续约"),
        ("contract_ending", -1, None, "contract has ended, none follows", "合同已到期，尚无续约"),
        ("falling_frequency", 1, 4, "1 order in its last six months, usually 4", "最近半年下单 1 次，通常 4 次"),
        ("falling_frequency", 2, 4, "2 orders in its last six months, usually 4", "最近半年下单 2 次，通常 4 次"),
        ("open_tickets", 1, None, "1 service ticket unsolved", "1 张服务工单未解决"),
        ("repeated_tickets", 3, 1, "3 service tickets in three months, usually 1", "三个月内 3 张服务工单，通常 1 张"),
    ],
)
def test_a_reason_counts_as_people_do(monkeypatch, reason, now, usual, english, chinese):
    for lang, said in (("en", english), ("zh", chinese)):
        monkeypatch.setattr(session, "lang", lambda lang=lang: lang)
        assert reasons.said(reason, now, usual, None) == said


@pytest.mark.parametrize(
    ("silence", "gap", "english", "chinese"),
    [
        (71, 32.4, "every 32 days, now 71 days", "每 32 天一单，现 71 天"),
        (1, 1.0, "every day, now 1 day", "每天一单，现 1 天"),
        (1, None, "one order, 1 day ago", "仅一单，1 天前"),
    ],
)
def test_a_rhythm_of_one_day(monkeypatch, silence, gap, english, chinese):
    for lang, said in (("en", english), ("zh", chinese)):
        monkeypatch.setattr(session, "lang", lambda lang=lang: lang)
        assert reasons.rhythm(SimpleNamespace(silence_days=silence, mean_gap_days=gap)) == said


def test_the_page_of_an_account_that_orders_every_day(publish, monkeypatch):
    """Orders on 7, 8 and 9 March; the last day loaded is the 10th: one day of silence, as its rhythm."""
    publish(
        accounts=[{"account_id": "d", "name": "Daily"}],
        orders=[*(order(f"2026-03-0{n}", "d", 10, order_id=f"{n}") for n in (7, 8, 9)), order("2026-03-10", "x", 5)],
    )
    said = {
        "en": ("Orders every day on average; the last order was 1 day ago: as long as usual.",
               "last order 9 Mar 2026, 1 day ago"),
        "zh": ("平均每天下单一次；最近一次在 1 天前，与其节奏相当。", "最近下单 2026年3月9日，距今 1 天"),
    }  # fmt: skip
    for lang, (rhythm, silence) in said.items():
        monkeypatch.setattr(session, "default_lang", lambda lang=lang: lang)
        app = at(AppTest.from_file(APP, default_timeout=60), "d")
        assert rhythm in [m.value for m in app.markdown]
        assert silence in shown(app)
