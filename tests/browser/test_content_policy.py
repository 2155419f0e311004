"""Under the strict content policy every kind of chart is drawn, and nothing that a name contains ever runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

import run
from kam_core.state import State
from tests.browser.conftest import Server, free_port, stop_server, wait_until_healthy
from tests.tiny import MARKUP

DRAWN = (
    ".js-plotly-plot .main-svg", ".js-plotly-plot canvas", ".stVegaLiteChart .marks", ".stEChartsChart canvas",
)  # fmt: skip
CHARTS = Path(__file__).parent / "charts" / "server.py"


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page with one chart of every kind, behind the product's own layers."""
    port, log = free_port(), tmp_path_factory.mktemp("charts") / "log.txt"
    command = [*run.server_command(Path(sys.executable), port)]
    command[command.index("server.py")] = str(CHARTS)
    environment = {**os.environ, "PYTHONPATH": str(run.ROOT)}
    process = subprocess.Popen(
        command, cwd=run.ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log.open("wb"),
        stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    server = Server(f"http://{run.HOST}:{port}", process.pid, log)
    try:
        wait_until_healthy(server, process)
        yield server.url
    finally:
        stop_server(process)


def watched(page: Page) -> list[str]:
    """What the browser complains about: refusals by the content policy, errors of scripts, dialogs."""
    complaints: list[str] = []
    page.on("console", lambda said: "Content Security Policy" in said.text and complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
    return complaints


def test_every_kind_of_chart_is_drawn(page: Page, charts: str, goto_ready: Callable[[Page, str], None]):
    complaints = watched(page)
    goto_ready(page, charts)
    for drawn in DRAWN:
        page.locator(drawn).first.wait_for(state="attached")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").last.click()
    assert Path(download.value.path()).read_bytes() == b"a"
    file = {"name": f"{MARKUP}.csv", "mimeType": "text/csv", "buffer": b"a\n"}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.locator("[data-testid=stFileChip]").wait_for()
    assert page.evaluate("window.evil") is None
    assert complaints == []


def test_the_policy_stops_what_would_run(page: Page, charts: str, goto_ready: Callable[[Page, str], None]):
    """So that the other tests cannot pass because nothing is forbidden."""
    complaints = watched(page)
    goto_ready(page, charts)
    with page.expect_console_message(lambda said: "Content Security Policy" in said.text):
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=none onerror=\"window.evil=1\">')")
    assert page.evaluate("window.evil") is None
    assert complaints, "the browser said nothing"


PAGES = ["/", "/accounts", "/account?account=A1", "/concentration", "/churn", "/audit", "/status"]


def test_markup_in_names_of_accounts_views_and_notes_stays_text(
    hostile_warehouse: Path, fresh_server: Callable[..., Server], page: Page, goto_ready: Callable[[Page, str], None]
):
    state = State(hostile_warehouse / "state.sqlite")
    name = MARKUP[:119]
    state.save("view", name, MARKUP, {"page": "tiers", "params": {}}, shared=True)
    state.save("note", "n1", MARKUP, {"text": MARKUP}, shared=True, about="A1")
    state.record(MARKUP, "export", {"what": MARKUP})
    complaints, url = watched(page), fresh_server(hostile_warehouse).url
    for path in PAGES:
        goto_ready(page, url + path)
        assert page.evaluate("window.evil") is None, path
        assert page.locator("main a[href^='javascript']").count() == 0, path
    goto_ready(page, url + "/account?account=A1")
    assert MARKUP in page.locator(".kam-note p").inner_text()
    page.get_by_role("button", name="Saved views").click()
    kept = page.locator("[role=dialog] .kam-kept b")
    kept.wait_for()
    assert kept.inner_text() == name
    assert page.evaluate("window.evil") is None
    assert complaints == []
