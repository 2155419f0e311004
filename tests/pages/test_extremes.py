"""Every page on odd companies: a sensible statement, no crash, and no NaN, None or null on screen."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from kam_core.ui import cards
from tests.pages.conftest import APP
from tests.tiny import Rows, order

FIRST = date(2025, 1, 1)
COMPANIES: dict[str, Rows] = {
    "one order of one account": [order("2025-01-01", "a", 5)],
    "all orders on one day": [order("2025-01-01", f"a{n}", 5) for n in range(60)],
    "no repeat orders": [order(str(FIRST + timedelta(n)), f"a{n}", 5) for n in range(60)],
    "10,000 orders of one account": [
        order(str(FIRST + timedelta(n % 400)), "a", 5, order_id=str(n)) for n in range(10_000)
    ],
    "a date in the future": [order("2025-01-01", "a", 5), order("2099-01-01", "b", 5)],
    "negative totals": [
        order(str(FIRST + timedelta(n)), f"a{n % 9}", -9 if n % 2 else 3, cost=20, list_amount=1) for n in range(200)
    ],
    "returns only": [order("2025-01-01", "a", -5)],
}
UNREADABLE = re.compile(r"\b(?:nan|NaN|NaT|null|inf|Infinity|undefined|None(?! on record| is above|: ))\b")


def pages() -> list[str]:
    """The pages about accounts, deals and people, as app.py names them."""
    tree = ast.parse(Path(APP).read_text("utf-8"))
    menu = next(n.value for n in tree.body if isinstance(n, ast.Assign) and n.targets[0].id == "PAGES")
    sections = ast.literal_eval(menu)
    return [path for section in ("portfolio", "retention", "pipeline", "people") for path in sections[section].values()]


def read_aloud(page: AppTest) -> list[str]:
    """Every text on screen: what is written, what figures say, what stands in cells of text."""
    html = [re.sub(r"<[^>]+>", " ", e.proto.body) for e in page.get("html") if "<style" not in e.proto.body]
    kinds = ("markdown", "caption", "subheader", "title", "info", "warning")
    written = [e.value for kind in kinds for e in page.get(kind)]
    cells = []
    for table in page.dataframe:
        assert table.proto.placeholder == cards.UNKNOWN, table.key
        for column in table.value.select_dtypes(include=["object", "str"]):
            cells += [v for v in table.value[column] if isinstance(v, str) and column != "trend"]
        for column in table.value.select_dtypes(include="number"):
            assert not table.value[column].isin([float("inf"), -float("inf")]).any(), column
    return [unescape(str(text)) for text in [*html, *written, *cells] if not pd.isna(text)]


@pytest.mark.parametrize("company", COMPANIES)
def test_no_page_crashes_or_shows_what_is_no_word(publish: Callable[..., None], company: str):
    publish(orders=COMPANIES[company])
    page = AppTest.from_file(APP, default_timeout=60).run()
    for path in pages():
        page.switch_page(path)
        if path.endswith("account.py"):
            page.query_params["account"] = "a"
        page.run()
        assert not page.exception and not page.error, path
        assert page.title or page.subheader, path
        for text in read_aloud(page):
            found = UNREADABLE.search(text)
            assert not found, f"{path}: {text[max(0, found.start() - 60):found.end() + 60]!r}"
        page.query_params.clear()
