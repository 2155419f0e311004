"""A file that nobody knows, in a real browser: the first chart by itself, a click that filters, downloads, SQL."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

Ready = Callable[[Page, str], None]
REGIONS = ("East", "North", "South")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """300 rows over 12 months: East sells 3 a row, North 2, South 1; 100 rows each: 300, 200 and 100, in all 600."""
    path = tmp_path / "unknown.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["Where", "When", "Money", "=Risky"])
        for n in range(300):
            place = n % 3
            writer.writerow([REGIONS[place], f"2025-{n % 12 + 1:02}-15", f"{3 - place}.00", "=1+1"])
    return path


@pytest.fixture
def explored(app_url: str, page: Page, goto_ready: Ready, wait_ready, file: Path) -> Page:
    """The explore page of a session that dropped the file."""
    goto_ready(page, f"{app_url}/upload")
    page.locator('input[type="file"]').first.set_input_files(file)
    page.locator(".st-key-explore button").click()
    expect(page.locator("h1")).to_have_text("What is in this file?")
    wait_ready(page)
    return page


def title(page: Page) -> str:
    return page.locator(".st-key-head_explore h3").inner_text()


def test_a_file_is_understood_by_clicking(explored: Page, wait_ready, tmp_path: Path):
    page = explored
    expect(page.locator(".kam-sentence")).to_contain_text("300 rows · 4 columns")
    assert title(page) == "How does Money develop month by month?"
    expect(page.locator(".st-key-drawn_explore svg.marks")).to_be_visible()

    page.locator(".st-key-card_suggestions").get_by_text("Which Where leads in Money?").click()
    expect(page.locator(".st-key-head_explore h3")).to_have_text("Which Where leads in Money?")
    expect(page.locator(".st-key-card_explore")).to_contain_text("In all 600, from 300 rows.")
    wait_ready(page)
    box = page.locator(".st-key-drawn_explore svg.marks").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.15)  # the longest bar: East
    expect(page.locator(".st-key-chip_0")).to_contain_text("Where: East")
    expect(page.locator(".st-key-explore_chips")).to_contain_text("100 of 300 rows")
    expect(page).to_have_url(re.compile("filters="))
    page.go_back()
    expect(page.locator(".st-key-chip_0")).to_have_count(0)
    expect(page.locator(".st-key-head_explore h3")).to_have_text("Which Where leads in Money?")
    page.go_forward()
    expect(page.locator(".st-key-chip_0")).to_contain_text("Where: East")

    page.locator(".st-key-explore_look").get_by_text("Rows", exact=True).click()
    expect(page.locator(".st-key-card_rows")).to_contain_text("Rows: 100.")
    wait_ready(page)
    with page.expect_download() as download:
        page.locator(".st-key-csv_rows button").click()
    rows = list(csv.reader(download.value.path().open(encoding="utf-8-sig", newline="")))
    assert rows[0] == ["Where", "When", "Money", "'=Risky"] and len(rows) == 101
    assert {(row[0], float(row[2]), row[3]) for row in rows[1:]} == {("East", 3.0, "'=1+1")}

    page.locator(".st-key-chip_0 button").click()
    expect(page.locator(".st-key-card_rows")).to_contain_text("Rows: 300.")


def test_a_filter_from_the_dialog_and_a_pivot(explored: Page, wait_ready):
    page = explored
    page.locator(".st-key-add_filter button").click()
    dialog = page.get_by_role("dialog")
    dialog.locator(".st-key-filter_values input").click()
    page.get_by_role("option").filter(has_text="North").click()
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Apply").click()
    expect(page.locator(".st-key-chip_0")).to_contain_text("Where: North")
    expect(page.locator(".st-key-card_explore")).to_contain_text("In all 200, from 100 rows.")

    page.locator(".st-key-explore_chart input").click()
    page.get_by_role("option").filter(has_text="pivot table").click()
    expect(page).to_have_url(re.compile("table%22"))
    wait_ready(page)
    cells = page.locator(".st-key-card_explore canvas").first
    expect(cells).to_be_visible()
    box = cells.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 55)  # a figure of the first row
    expect(page.locator(".st-key-chip_1")).to_be_visible()
    page.go_back()
    expect(page.locator(".st-key-chip_1")).to_have_count(0)


def test_a_ticked_column_is_shown_in_full(explored: Page, wait_ready):
    page = explored
    expect(page.locator(".st-key-card_columns")).to_contain_text("Tick a column")
    wait_ready(page)
    box = page.locator(".st-key-columns_table canvas").first.bounding_box()
    assert box
    page.mouse.click(box["x"] + 20, box["y"] + 55)  # the tick of the first row: Where, of three values
    detail = page.locator(".st-key-column_detail")
    expect(detail).to_be_visible()
    expect(detail).to_contain_text("Where")


def test_the_sql_box_draws_its_result(explored: Page, wait_ready):
    page = explored
    page.locator(".st-key-explore_look").get_by_text("SQL", exact=True).click()
    box = page.locator(".st-key-card_sql textarea")
    box.fill('select "Where", sum("Money") as s from data group by 1')
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".st-key-card_sql")).to_contain_text("Rows: 3.")
    expect(page.locator(".st-key-card_sql svg.marks")).to_be_visible()
    box.fill("select * from duckdb_settings()")
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".st-key-card_sql")).to_contain_text("duckdb_settings is not available here")
