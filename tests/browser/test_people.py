"""Managers, coverage and handover in a real browser: a click opens, back returns, files are what they say."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

TITLES = {
    "managers": "How is each account manager doing?",
    "coverage": "Is there time for every account?",
    "handover": "A manager leaves: who takes over?",
}
Ready = Callable[[Page, str], None]


def test_a_name_opens_the_manager_and_back_returns(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, f"{app_url}/managers")
    expect(page.locator(".st-key-people_dots_chart svg.marks")).to_be_visible()
    first = page.locator(".st-key-changes_people button").first
    name = first.locator("strong").text_content() or ""
    first.click()
    expect(page.locator("h1")).to_have_text(name)
    expect(page.locator(".st-key-card_people_held")).to_be_visible()
    expect(page).to_have_url(re.compile("manager=M"))
    page.locator(".st-key-back_to_managers button").click()
    expect(page.locator("h1")).to_have_text(TITLES["managers"])


def test_a_call_of_the_week_opens_the_account(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, f"{app_url}/managers?manager=M006")
    page.locator(".st-key-changes_calls a").first.click()
    page.wait_for_url("**/account?*account=A*")
    page.go_back()
    expect(page.locator(".st-key-card_people_calls")).to_be_visible()


def test_a_cell_of_the_coverage_map_opens_its_accounts(app_url, page: Page, goto_ready: Ready):
    goto_ready(page, f"{app_url}/coverage")
    marks = page.locator(".st-key-coverage_chart svg.marks")
    expect(marks).to_be_visible()
    box = marks.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    expect(page.locator("h1")).to_have_text("Which accounts, and how are they going?")
    expect(page).to_have_url(re.compile("region=.*industry="))
    page.go_back()
    expect(page.locator("h1")).to_have_text(TITLES["coverage"])


def test_the_handover_files(app_url, page: Page, goto_ready: Ready):
    """One line an account of who left, given to somebody else, from the day after the last order."""
    goto_ready(page, app_url)
    goto_ready(page, f"{app_url}/handover")
    expect(page.locator(".st-key-card_plan_load")).to_contain_text("4 managers take accounts over")
    with page.expect_download() as download:
        page.locator(".st-key-handover_assignments button").click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0] == "account_id,manager_id,from_on,to_on"
    assert len(lines) == 54  # 53 accounts of M010
    assert all(",2026-11-19," in line and ",M010," not in line for line in lines[1:])
    with page.expect_download() as download:
        page.locator(".st-key-handover_pack button").click()
    assert download.value.path().read_bytes()[:2] == b"PK"


@pytest.mark.parametrize("path", TITLES)
def test_nothing_overflows_on_a_phone(path, app_url, open_page, goto_ready: Ready):
    page = open_page(viewport={"width": 390, "height": 844}, locale="en-US")
    goto_ready(page, f"{app_url}/{path}")
    expect(page.locator("h1")).to_have_text(TITLES[path])
    wide, seen = page.locator('[data-testid="stMain"]').evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert wide <= seen
