"""In the browser: what is exported stands in the log, a view is kept and opens again, a note stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from kam_core.state import State
from tests.browser.conftest import Server


def test_exports_views_and_notes(
    hostile_warehouse: Path, fresh_server: Callable[..., Server], page: Page,
    goto_ready: Callable[[Page, str], None], wait_ready: Callable[[Page], None],
):  # fmt: skip
    state, url = State(hostile_warehouse / "state.sqlite"), fresh_server(hostile_warehouse).url
    goto_ready(page, f"{url}/accounts?region=West&period=2025")
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").get_by_role("button").first.click()
    assert len(Path(download.value.path()).read_text("utf-8-sig").splitlines()) == 2, "the heading, and account A2"
    (event,) = state.events(action="export", person="local")
    assert (event.person, event.rows, event.what["file"]) == ("local", 1, "accounts.csv")
    assert event.what["filter"].startswith("Accounts in West")

    page.get_by_role("button", name="Saved views").click()
    dialog = page.get_by_role("dialog")
    kept = dialog.locator("[class*=st-key-kept_]", has_text="West of 2025")
    dialog.get_by_label("Name").fill("West of 2025")
    dialog.get_by_role("button", name="Save", exact=True).click()
    kept.wait_for()
    goto_ready(page, f"{url}/account?account=A1")
    page.get_by_placeholder("Write a note").fill("Ask for Mr Li\nafter nine")
    page.get_by_role("button", name="Add note").click()
    page.get_by_text("Ask for Mr Li").wait_for()
    page.get_by_role("button", name="Saved views").click()
    kept.get_by_role("button", name="Open").click()
    page.get_by_text("Accounts in West").wait_for()
    wait_ready(page)
    assert "region=West" in page.url
    assert "period=2025" in page.url
    page.get_by_role("button", name="Saved views").click()
    kept.get_by_role("button", name="✕").click()
    kept.wait_for(state="detached")
    notes = [note.body["text"] for note in state.saved("note", "local", about="A1") if note.owner == "local"]
    assert notes == ["Ask for Mr Li\nafter nine"]
    assert [view.name for view in state.saved("view", "local") if view.owner == "local"] == []
