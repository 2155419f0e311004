"""Tiers, matrix and concentration in a real browser: a click, what it opens, and back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

Ready = Callable[[Page, str], None]
TIERS, MATRIX, CONCENTRATION = "Who is key?", "Which region and industry stand where?", "Do we hang on a few?"


@pytest.fixture(scope="module", autouse=True)
def known_pages(app_url: str, browser: Browser) -> None:
    """A process knows its pages after its first request; a deep link before that is told "Page not found"."""
    page = browser.new_page()
    page.goto(app_url)
    expect(page.locator("h1")).to_be_visible()
    page.close()


def click_in(page: Page, chart: str, across: float, down: float, kind: str = "svg.marks") -> None:
    """Click in a chart, at shares of its width and height."""
    drawing: Locator = page.locator(f".st-key-{chart} {kind}").first
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    assert box
    drawing.click(position={"x": box["width"] * across, "y": box["height"] * down})


def test_a_place_on_the_pareto_curve_opens_its_account(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, f"{app_url}/tiers?region=East")
    click_in(page, "pareto_chart", 0.15, 0.6)
    expect(page).to_have_url(re.compile("region=East.*account=A"))
    page.go_back()
    expect(page.locator("h1")).to_have_text(TIERS)
    expect(page.locator(".kam-sentence").first).to_contain_text("Accounts in East")


def test_a_band_lists_its_accounts_and_one_of_them_opens(app_url, page: Page, goto_ready: Ready, wait_ready):
    goto_ready(page, f"{app_url}/tiers")
    everyone = page.locator(".st-key-card_moves h3").text_content() or ""
    click_in(page, "flow_chart", 0.4, 0.5, "canvas")
    expect(page.locator(".st-key-card_moves h3")).not_to_have_text(everyone)
    expect(page.locator(".st-key-card_moves h3")).to_contain_text("→")
    expect(page).to_have_url(re.compile("move="))
    band = page.locator(".st-key-card_moves h3").text_content() or ""
    page.go_back()
    expect(page.locator(".st-key-card_moves h3")).to_have_text(everyone)
    page.go_forward()
    expect(page.locator(".st-key-card_moves h3")).to_have_text(band)
    wait_ready(page)
    box = page.locator(".st-key-moves_table canvas").first.bounding_box()
    assert box
    page.mouse.click(box["x"] + 20, box["y"] + 55)  # the tick of the first row
    expect(page).to_have_url(re.compile("account=A"))
    page.go_back()
    expect(page.locator("h1")).to_have_text(TIERS)
    expect(page.locator(".st-key-card_moves h3")).to_have_text(band)


def test_a_slider_shows_at_once_what_other_rules_change(app_url, page: Page, goto_ready: Ready, wait_ready):
    goto_ready(page, f"{app_url}/tiers")
    card = page.locator(".st-key-card_simulator")
    expect(card).to_contain_text("Nothing changes: these are the rules in force.")
    card.locator('.st-key-try_a_below input[type="range"]').first.focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    expect(card).to_contain_text("change class, with ¥")
    wait_ready(page)
    with page.expect_download() as download:
        card.get_by_role("button", name="Download as a draft policy").click()
    assert "# tiers.a_below: 0.8 -> 0.7" in download.value.path().read_text("utf-8")


def test_a_cell_shows_its_managers_and_accounts(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, f"{app_url}/matrix")
    expect(page.locator(".st-key-card_cell_managers")).to_have_count(0)
    click_in(page, "grid_chart", 0.3, 0.4)
    expect(page.locator(".st-key-card_cell_managers h3")).to_contain_text("Who manages ")
    expect(page).to_have_url(re.compile("cell="))
    where = (page.locator(".st-key-cell_head h3").first.text_content() or "").strip()
    page.get_by_text("Open all its accounts").click()
    expect(page.locator("h1")).to_have_text("Which accounts, and how are they going?")
    expect(page.locator(".kam-sentence").first).to_contain_text(f"Accounts in {where}")
    page.go_back()
    expect(page.locator("h1")).to_have_text(MATRIX)
    expect(page.locator(".st-key-cell_head h3").first).to_have_text(where)
    page.go_back()
    expect(page.locator(".st-key-card_cell_managers")).to_have_count(0)


def test_the_grand_total_of_the_matrix_is_the_revenue(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, f"{app_url}/matrix")
    cell = page.locator('.st-key-grid_chart svg.marks [aria-label*="Total · Total"]').first
    revenue = page.locator('[data-measure="revenue"] .kam-tip b').text_content() or ""
    assert revenue.strip("¥") in (cell.get_attribute("aria-label") or "")


def test_the_largest_opens_and_a_region_that_would_lose_lists_its_accounts(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, f"{app_url}/concentration")
    click_in(page, "largest_chart", 0.3, 0.02)
    expect(page).to_have_url(re.compile("account=A"))
    page.go_back()
    expect(page.locator("h1")).to_have_text(CONCENTRATION)
    click_in(page, "leaving_chart", 0.3, 0.06)
    expect(page.locator("h1")).to_have_text("Which accounts, and how are they going?")
    expect(page).to_have_url(re.compile("region="))
    page.go_back()
    expect(page.locator("h1")).to_have_text(CONCENTRATION)


def test_no_page_is_wider_than_a_phone(app_url, open_page, goto_ready: Ready):
    page = open_page(viewport={"width": 390, "height": 844}, color_scheme="dark", locale="zh-CN")
    for path in ("tiers", "matrix", "concentration"):
        goto_ready(page, f"{app_url}/{path}")
        width = page.locator('[data-testid="stMain"]').evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert width[0] <= width[1], path
