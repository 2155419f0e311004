"""The pages about deals in a real browser: a click on a mark lists what is behind it, and back takes it off again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

Ready = Callable[[Page, str], None]
FIRST = {"funnel": "stages", "movement": "steps", "forecast": "outlook", "lifecycle": "states"}
LIST = {"funnel": "deals", "movement": "moved", "forecast": "late", "lifecycle": "lives"}


@pytest.mark.parametrize("path", FIRST)
def test_a_click_on_a_bar_lists_what_is_behind_it(path, app_url, page: Page, goto_ready: Ready, wait_ready):
    goto_ready(page, f"{app_url}/{path}?period=this_quarter")
    chart = page.locator(f".st-key-{FIRST[path]}_chart svg.marks")
    expect(chart).to_be_visible()
    question = page.locator(f".st-key-head_{LIST[path]} h3")
    before = question.text_content() or ""
    box = chart.bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.1 * box["height"])
    expect(question).not_to_have_text(before)
    expect(page).to_have_url(re.compile("mark=|step="))
    page.go_back()
    expect(question).to_have_text(before)


@pytest.mark.parametrize("path", FIRST)
def test_a_phone_shows_it_without_scrolling_sideways(path, app_url, page: Page, goto_ready: Ready):
    page.set_viewport_size({"width": 390, "height": 844})
    goto_ready(page, f"{app_url}/{path}")
    wide, seen = page.locator('[data-testid="stMain"]').evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert wide <= seen
