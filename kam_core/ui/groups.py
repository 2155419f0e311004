"""Groups of accounts: the switch of the pages that can count either (`group=1` in the address), and who belongs."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from kam_core.ui import cards, frames, session
from kam_core.ui.cards import Table
from kam_core.ui.session import words

MEMBERS = {
    "account": "", "tier": "", "revenue": "money", "revenue_before": "money", "change": "money", "last_order": "date",
    "manager": "", "region": "", "industry": "", "account_id": "",
}  # fmt: skip


def use() -> None:
    """Take the view of groups where that was chosen: the sentence, the figures and the lists then speak of them."""
    if chosen() and there_are():
        session.use(replace(session.view(), roll_up=True))


def chosen() -> bool:
    return st.session_state.get("group") == "1"


def counted(n: str) -> str:
    """"363 groups", "363 accounts"."""
    return words("page.accounts.count_groups" if session.view().roll_up else "page.accounts.count", n=n)


def there_are() -> bool:
    """Whether any account has a parent."""
    row = session.report(session.everything(), "groups").iloc[0]
    return bool(row.groups < row.accounts)


def members(frame: pd.DataFrame) -> Table:
    """The accounts of a group, of the report group_accounts."""
    return Table(frames.named(frame, session.lang())[list(MEMBERS)], MEMBERS)


def switch() -> None:
    """Nothing to choose where every account stands alone."""
    if not there_are():
        return
    cards.switch("group", words("filter.by_group"), words("filter.by_group_help"))
