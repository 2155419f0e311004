"""Every mark is a door: a click on a chart or a ticked row opens what is behind it, and back returns.

A click either lists what is behind the mark on the same page, or opens accounts or one account with the filters kept.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import open_and_wait, wait_until_drawn
from tests.reader import Reader, finished

ACCOUNT = "account="
POINT = (None, None)  # instead of a place in the chart: its first point
# A page, and of each of its charts: where to click (shares of width and height), the list that changes, what the
# address then says.
LISTS = {
    "retention": [
        ("kept_chart", (0.5, 0.6), "kept_accounts", "mark=kept"),
        ("churned_chart", (0.6, 0.6), "kept_accounts", "mark=gone"),
        ("bridge_chart", (0.22, 0.5), "kept_accounts", "mark=step%3Anew"),
        ("cohorts_chart", (0.4, 0.15), "kept_accounts", "mark=cell"),
    ],
    "trust": [
        ("alarms_chart", (0.9, 0.25), "replayed", "mark=alarm%3Amissed%3Ahigh"),
        ("calibration_chart", POINT, "replayed", "mark=group"),
        ("lift_chart", POINT, "replayed", "mark=called"),
    ],
    "value?by=cohort": [("value_parts_chart", (0.4, 0.1), "value_accounts", "mark=2022")],
    "churn": [
        ("risk_parts_chart", (0.3, 0.06), "risk_list", "part=region%3A"),
        ("risk_reasons_chart", (0.5, 0.1), "risk_list", "cause="),
    ],
    "churn?by=manager": [("risk_parts_chart", (0.3, 0.06), "risk_list", "part=manager%3AM")],
    "churn?by=band": [("risk_parts_chart", (0.3, 0.2), "risk_list", "band=high")],
    "concentration": [
        ("history_shares_chart", (0.3, 0.5), "largest", "at=202"),
        ("history_hhi_chart", (0.3, 0.5), "largest", "at=202"),
    ],
    "forecast?period=this_quarter": [
        ("grades_chart", (0.5, 0.5), "late", "mark=was"), ("outlook_chart", (0.3, 0.1), "late", "mark=South"),
    ],
}
# A page, and of its charts and tables: the place in a chart, or None for the tick of a table's first row; what the
# address of the page that opens says.
OPENS = {
    "churn": [
        ("risk_map_chart", POINT, ACCOUNT), ("risk_table", None, ACCOUNT), ("warning_table", None, ACCOUNT),
    ],
    "retention": [("kept_table", None, "region="), ("kept_accounts_table", None, ACCOUNT)],
    "trust": [("replayed_table", None, ACCOUNT)],
    "value": [("value_parts_chart", (0.3, 0.1), "tier="), ("value_accounts_table", None, ACCOUNT)],
    "whatif": [("best_table", None, ACCOUNT)],
    "winback": [("lost_table", None, ACCOUNT)],
    "coverage": [("busiest_chart", (0.4, 0.1), "manager=M"), ("thin_table", None, "industry=")],
    "accounts": [("account_table", None, ACCOUNT)],
    "potential": [("potential_table", None, ACCOUNT)],
    "profit": [("profit_table", None, ACCOUNT)],
    "tiers": [("score_table", None, ACCOUNT)],
    "lifecycle": [("lives_table", None, ACCOUNT)],
    "funnel": [("deals_table", None, ACCOUNT)],
    "movement": [("moved_table", None, ACCOUNT)],
    "forecast": [("late_table", None, ACCOUNT)],
    "matrix?cell=East%7C": [("cell_manager_table", None, "manager=M"), ("cell_account_table", None, ACCOUNT)],
    "managers?manager=M006": [("people_held_table", None, ACCOUNT)],
    "concentration?at=2025-12-31&parent=A00005": [("members_table", None, ACCOUNT)],
    "handover?taker=M007&past=1": [("taken_table", None, ACCOUNT), ("past_table", None, ACCOUNT)],
}


def click_in(page: Page, chart: str, place: tuple[float | None, float | None]) -> None:
    """Click in a chart, at shares of its width and height, or on its first point."""
    marks = page.locator(f".st-key-{chart} svg.marks").first
    marks.scroll_into_view_if_needed()
    across, down = place
    if across is None or down is None:
        marks.locator(".mark-symbol path").first.click(force=True)
        return
    box = marks.bounding_box()
    assert box
    page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])


def tick_first_row(page: Page, table: str, column: str = "Account") -> str:
    """Tick the first row of a table; returns whose it is. A table draws its cells first, then says them for readers."""
    rows = page.locator(f".st-key-{table} canvas").first
    rows.scroll_into_view_if_needed()
    rows.locator("tbody td").first.wait_for(state="attached")
    heads = rows.locator("thead th").all_text_contents()
    cells = rows.locator("tbody tr").first.locator("td").all_text_contents()
    box = rows.bounding_box()
    assert box
    page.mouse.click(box["x"] + 20, box["y"] + 55)
    return dict(zip(heads, cells, strict=False)).get(column, "")


@pytest.mark.parametrize("path", LISTS)
def test_a_mark_lists_what_is_behind_it(shared_page: Page, app_url, path):
    page = shared_page
    open_and_wait(page, f"{app_url}/{path}")
    address = page.url
    for chart, place, listed, said in LISTS[path]:
        question = page.locator(f".st-key-head_{listed} h3").first
        before = question.text_content() or ""
        click_in(page, chart, place)
        expect(page).to_have_url(re.compile(re.escape(said)))
        if not said.startswith("band"):  # the bands stand beside their list, whose question stays
            expect(question).not_to_have_text(before)
        page.go_back()
        expect(page).to_have_url(address)
        expect(question).to_have_text(before)
        wait_until_drawn(page)


@pytest.mark.parametrize("path", OPENS)
def test_a_mark_or_a_row_opens_another_page_and_back_returns(shared_page: Page, app_url, path):
    page = shared_page
    name, _, own = path.partition("?")
    open_and_wait(page, f"{app_url}/{name}?industry=Government{own and '&'}{own}")
    address, title = page.url, page.locator("h1").text_content() or ""
    sentence = page.locator(".kam-sentence").first.text_content() or ""
    for key, place, said in OPENS[path]:
        account = click_in(page, key, place) if place else tick_first_row(page, key)
        expect(page).to_have_url(re.compile(f"(?=.*industry=Government)(?=.*{re.escape(said)})"))
        if said == ACCOUNT:
            expect(page.locator(".st-key-card_timeline")).to_be_visible()
            if account:
                expect(page.locator("h1")).to_have_text(account)
        else:
            expect(page.locator(".st-key-account_table")).to_be_visible()
        page.go_back()
        expect(page.locator("h1")).to_have_text(title)
        expect(page).to_have_url(address)
        expect(page.locator(".kam-sentence").first).to_have_text(sentence)
        wait_until_drawn(page)


def test_a_row_of_the_scoreboard_opens_its_manager_and_again_after_back(shared_page: Page, app_url):
    page = shared_page
    open_and_wait(page, f"{app_url}/managers?industry=Government")
    title = page.locator("h1").text_content() or ""
    for _ in range(2):
        name = tick_first_row(page, "people_table", "Account manager")
        expect(page.locator("h1")).to_have_text(name)
        expect(page).to_have_url(re.compile("(?=.*industry=Government)(?=.*manager=M)"))
        expect(page.locator(".st-key-card_people_held")).to_be_visible()
        page.go_back()
        expect(page.locator("h1")).to_have_text(title)
        expect(page).to_have_url(f"{app_url}/managers?industry=Government")
        wait_until_drawn(page)


def test_an_account_of_the_same_group_opens_and_back_returns(shared_page: Page, app_url):
    page = shared_page
    open_and_wait(page, f"{app_url}/account?account=A00005")
    heading, links = page.locator("h1"), page.locator(".st-key-changes_group button")
    parent, sister = heading.inner_text(), links.first.inner_text().rpartition(" · ")[0]
    links.first.click()
    expect(heading).to_have_text(sister)
    expect(links.filter(has_text=re.compile(f"^{re.escape(parent)} · "))).to_have_count(1)
    page.go_back()
    expect(heading).to_have_text(parent)
    expect(page).to_have_url(f"{app_url}/account?account=A00005")


def test_what_a_browser_still_says_of_the_filters_of_the_page_before_chooses_nothing(app_url):
    """A filter went with a step back; a browser that has not drawn that yet speaks of the old one once more."""
    async def regions() -> list[str]:
        async with Reader(app_url) as reader:
            await reader.visit("retention", region="South")
            old = reader.widget("Region")
            await reader.visit("retention")
            reader.widget = lambda _label: old  # type: ignore[method-assign]
            await reader.set("Region", string_array_value=["North"])
            return [text for text in reader.texts() if "kam-sentence" in text and ("South" in text or "North" in text)]

    assert finished(regions()) == []
