"""The pages in a real browser: links, filters, clicks, back, language, theme, a narrow screen."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

TITLES = {
    "": "How are our key accounts doing?",
    "accounts": "Which accounts, and how are they going?",
    "status": "What data is behind this?",
    "profit": "Who earns, and who only looks big?",
}
CHARTS = ("revenue", "matrix", "movers", "tiers")
Ready = Callable[[Page, str], None]


def menu() -> list[str]:
    """The addresses of all pages, as app.py names them; the overview's is the root."""
    tree = ast.parse((Path(__file__).parents[2] / "app.py").read_text("utf-8"))
    pages = next(n.value for n in tree.body if isinstance(n, ast.Assign) and n.targets[0].id == "PAGES")
    return ["" if name == "overview" else name for section in ast.literal_eval(pages).values() for name in section]


@pytest.mark.parametrize("path", menu())
def test_every_address_as_the_first_request_of_a_fresh_server(path, fresh_server, page: Page, goto_ready: Ready):
    """A deep link must not run a page's file without the menu around it, nor be answered by "page not found"."""
    goto_ready(page, f"{fresh_server().url}/{path}")
    expect(page.locator("h1")).to_have_text(TITLES.get(path) or re.compile(r"\w+"))
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    assert page.locator('[data-testid="stSidebar"] a').count() >= 6  # a link a section at least


def test_the_overview_fits_one_screen_and_draws_every_chart(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, app_url)
    for name in CHARTS:
        expect(page.locator(f".st-key-{name}_chart svg.marks")).to_be_visible()
    expect(page.locator(".kam-kpi")).to_have_count(6)
    height, seen = page.locator('[data-testid="stMain"]').evaluate("e => [e.scrollHeight, e.clientHeight]")
    assert height <= seen == 900


def test_the_totals_of_the_matrix_tie_out(app_url, page: Page, goto_ready: Ready):
    """The grand total of the matrix is the revenue of the first figure, to the last digit."""
    goto_ready(page, app_url)
    cell = page.locator('.st-key-matrix_chart svg.marks [aria-label*="Total · Total"]').first
    total = cell.get_attribute("aria-label") or ""
    revenue = page.locator('[data-measure="revenue"] .kam-tip b').text_content() or ""
    assert revenue.strip("¥") in total


def test_a_filter_changes_the_figures_the_sentence_and_the_address(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, app_url)
    whole = page.locator('[data-measure="revenue"] b').first.text_content()
    choose(page, "region", "East")
    expect(page.locator(".kam-sentence")).to_contain_text("Accounts in East")
    expect(page).to_have_url(f"{app_url}/?region=East")
    expect(page.locator('[data-measure="revenue"] b').first).not_to_have_text(whole or "")


def test_a_click_on_a_cell_opens_its_accounts_and_back_returns(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, f"{app_url}/?region=South")
    before = page.locator(".kam-sentence").text_content()
    click_in(page, "matrix", 0.5, 0.3)
    expect(page.locator("h1")).to_have_text(TITLES["accounts"])
    expect(page.locator(".kam-sentence")).to_contain_text("Accounts in South · ")
    expect(page).to_have_url(re.compile("region=South&industry="))
    page.go_back()
    expect(page.locator("h1")).to_have_text(TITLES[""])
    expect(page.locator(".kam-sentence")).to_have_text(before or "")


def test_a_click_on_a_month_or_a_tier_narrows_the_list(app_url, page: Page, goto_ready: Ready, wait_ready):
    goto_ready(page, app_url)
    click_in(page, "revenue", 0.5, 0.7)
    expect(page.locator("h1")).to_have_text(TITLES["accounts"])
    expect(page).to_have_url(re.compile("period=2026-"))
    goto_ready(page, app_url)
    click_in(page, "tiers", 0.6, 0.4)
    expect(page.locator(".kam-sentence")).to_contain_text("Tier ")


def test_a_mover_opens_the_account_and_the_way_back_is_one_step(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, app_url)
    click_in(page, "movers", 0.8, 0.06)
    expect(page.locator(".st-key-card_lines")).to_be_visible()
    expect(page).to_have_url(re.compile("account="))
    page.locator(".st-key-back a").click()
    expect(page.locator("h1")).to_have_text(TITLES[""])
    page.go_back()
    expect(page.locator(".st-key-card_lines")).to_be_visible()


def test_a_sentence_is_a_door(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, app_url)
    page.locator(".st-key-changes_list a", has_text="regions").first.click()
    expect(page.locator("h1")).to_have_text(TITLES["accounts"])
    expect(page).to_have_url(re.compile("region="))
    page.go_back()
    expect(page.locator("h1")).to_have_text(TITLES[""])


def test_filters_hold_over_pages_by_the_menu(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, f"{app_url}/?region=East&tier=A")
    page.locator('[data-testid="stSidebar"] a', has_text="Portfolio").click()
    page.locator('[data-testid="stSidebar"] a', has_text="Accounts").click()
    expect(page.locator("h1")).to_have_text(TITLES["accounts"])
    expect(page).to_have_url(f"{app_url}/accounts?region=East&tier=A")
    expect(page.locator(".kam-sentence")).to_contain_text("Tier A accounts in East")


def test_the_figures_behind_a_chart_are_one_click_away(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, app_url)
    page.locator(".st-key-more_revenue button").first.click()
    with page.expect_download() as download:
        page.locator(".st-key-csv_revenue button").click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0] == "Month,Revenue,Last year,Target"
    assert lines[1].startswith("2026-01,")


def test_language(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, app_url)
    page.get_by_role("radio", name="中文").or_(page.get_by_text("中文", exact=True)).first.click()
    expect(page.locator("h1")).to_have_text("大客户经营得怎么样？")
    expect(page).to_have_url(f"{app_url}/?lang=zh")


def test_a_chinese_browser_is_greeted_in_chinese(app_url, open_page, goto_ready: Ready):
    page = open_page(locale="zh-CN")
    goto_ready(page, app_url)
    expect(page.locator("h1")).to_have_text("大客户经营得怎么样？")


def test_dark_theme_reaches_the_charts(app_url, open_page, goto_ready: Ready):
    page = open_page(color_scheme="dark", locale="en-US")
    goto_ready(page, app_url)
    bars = page.locator('.st-key-revenue_chart svg.marks path[fill="#C3CEDA"]')
    expect(bars.first).to_be_visible()
    background = page.locator('[data-testid="stApp"]').evaluate("e => getComputedStyle(e).backgroundColor")
    assert background == "rgb(18, 23, 30)"


@pytest.mark.parametrize("path", TITLES)
def test_nothing_overflows_on_a_phone(path, app_url, open_page, goto_ready: Ready):
    page = open_page(viewport={"width": 390, "height": 844}, locale="en-US")
    goto_ready(page, f"{app_url}/{path}")
    expect(page.locator("h1")).to_be_visible()
    wide, seen = page.locator('[data-testid="stMain"]').evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert wide <= seen


NAMELESS = """() => [...document.querySelectorAll('button, a[href], input')].filter(e =>
    e.checkVisibility({visibilityProperty: true})
    && ![e.ariaLabel, e.textContent, e.placeholder, ...[...e.labels ?? []].map(l => l.textContent)].join('').trim()
).map(e => e.outerHTML)"""
FOCUSED = """() => {
    const e = document.activeElement, box = e.getBoundingClientRect();
    const inside = box.right > 0 && box.left < innerWidth && box.bottom > 0;
    return {said: e.ariaLabel || e.textContent, seen: inside || e === document.body};  // after the last: the body
}"""


@pytest.mark.parametrize("path", ["", "accounts", "churn", "upload"])
def test_on_a_phone_every_control_has_a_name_and_the_keyboard_stays_in_sight(
    path, app_url, open_page, goto_ready: Ready
):
    page = open_page(viewport={"width": 390, "height": 844}, locale="en-US")
    goto_ready(page, f"{app_url}/{path}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(NAMELESS) == []
    for _ in range(12):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert focused["seen"], focused["said"]


def test_the_link_of_the_open_page_shows_the_keyboard(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, app_url)
    link = page.locator('[data-testid="stSidebar"] a', has_text="Overview")
    expect(link).to_have_css("outline-style", "none")
    page.keyboard.press("Tab")  # to the main part
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(link).to_have_css("outline-style", "solid")


def test_on_a_phone_sentence_figures_chart_and_list_follow_each_other(app_url, open_page, goto_ready: Ready):
    page = open_page(viewport={"width": 390, "height": 844}, locale="en-US")
    goto_ready(page, app_url)
    order = [".kam-sentence", ".kam-kpis", ".st-key-revenue_chart", ".st-key-changes_list", ".st-key-matrix_chart"]
    tops = [(page.locator(css).first.bounding_box() or {"y": -1})["y"] for css in order]
    assert tops == sorted(tops)


def choose(page: Page, key: str, option: str) -> None:
    page.locator(f".st-key-{key} input").first.click()
    page.locator('[role="option"]', has_text=option).first.click()
    page.keyboard.press("Escape")


def click_in(page: Page, name: str, across: float, down: float) -> None:
    """Click in a chart, at shares of its width and height."""
    marks = page.locator(f".st-key-{name}_chart svg.marks")
    expect(marks).to_be_visible()
    box = marks.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
