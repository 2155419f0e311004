"""Profit, value × potential and one account in a real browser: click, arrive where expected, go back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

Ready = Callable[[Page, str], None]
PROFIT = "Who earns, and who only looks big?"


def click_in(page: Page, key: str, x: float, y: float) -> None:
    """Click at a place of a chart, as shares of its width and height."""
    box = page.locator(f".st-key-{key} svg.marks").first
    box.scroll_into_view_if_needed()
    size = box.bounding_box()
    assert size
    box.click(position={"x": x * size["width"], "y": y * size["height"]})


def test_a_click_on_the_curve_opens_the_account_there_and_back_returns(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, app_url)
    goto_ready(page, f"{app_url}/profit?region=East")
    click_in(page, "whale_chart", 0.5, 0.5)
    expect(page.locator(".st-key-card_timeline")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/account\?.*account=A"))
    page.go_back()
    expect(page.locator("h1")).to_have_text(PROFIT)
    expect(page.locator(".kam-sentence")).to_contain_text("Accounts in East")


def test_a_click_on_a_field_lists_its_accounts(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, f"{app_url}/profit")
    click_in(page, "fields_chart", 0.5, 0.2)  # upper left: quiet earners
    expect(page).to_have_url(f"{app_url}/profit?field=quiet_earner")


def test_a_price_is_part_of_the_link_and_of_the_figures(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, f"{app_url}/profit")
    usual = page.locator('[data-measure="service_cost"] b').text_content()
    goto_ready(page, f"{app_url}/profit?visit=2000")
    expect(page.locator('[data-measure="service_cost"] b')).not_to_have_text(usual or "")
    page.locator(".st-key-as_policy button").click()
    expect(page.locator('[data-measure="service_cost"] b')).to_have_text(usual or "")
    expect(page).to_have_url(f"{app_url}/profit")


def test_the_next_account_is_the_next_of_the_list(app_url, page: Page, goto_ready: Ready, wait_ready):
    goto_ready(page, f"{app_url}/account?account=A00001")
    first = page.locator("h1").text_content()
    page.locator(".st-key-go_1 button").or_(page.locator(".st-key-go_-1 button")).last.click()
    expect(page.locator("h1")).not_to_have_text(first or "")
    page.go_back()
    expect(page.locator("h1")).to_have_text(first or "")


def test_a_product_line_shows_its_order_lines(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, f"{app_url}/account?account=A00001")
    click_in(page, "product_lines", 0.5, 0.1)
    expect(page.locator(".st-key-all_lines button")).to_be_visible()
    expect(page).to_have_url(re.compile("line="))


def test_a_share_of_wallet_lists_its_accounts_and_a_point_opens_one(app_url, page: Page, goto_ready: Ready, wait_ready):
    goto_ready(page, f"{app_url}/potential")
    click_in(page, "wallet_chart", 0.7, 0.07)  # the first band: up to a fifth of the wallet
    expect(page).to_have_url(f"{app_url}/potential?wallet=0")
    wait_ready(page)
    page.locator(".st-key-map_chart svg.marks .mark-symbol path").last.click(force=True)
    expect(page.locator(".st-key-card_timeline")).to_be_visible()
    page.go_back()
    expect(page.locator("h1")).to_have_text("Where would more effort pay?")
    expect(page).to_have_url(re.compile("wallet=0"))


@pytest.mark.parametrize("path", ["profit", "potential", "account?account=A00001"])
def test_neither_page_overflows_on_a_phone(path, app_url, open_page, goto_ready: Ready):
    page = open_page(viewport={"width": 390, "height": 844}, locale="en-US")
    goto_ready(page, f"{app_url}/{path}")
    wide, seen = page.locator('[data-testid="stMain"]').evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert wide <= seen
