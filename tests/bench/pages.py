"""How long each page takes to answer a changed filter, end to end in a real browser.

    python -m kam_core demo --scale large --warehouse FOLDER      20,000 accounts, 10 million order lines
    python tests/bench/pages.py FOLDER [--pages funnel,tiers] [--runs 5]

Each page is opened, then one industry after another is chosen, none of which was asked for before on that page (on the
page of one account: one period after another). Printed are the milliseconds from the click to the last change of the
page (median, least, most), and what the answer took of processor time on the server and on the page's main thread,
which other work on the machine does not change. Needs playwright, psutil and a Chromium on the PATH.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import CDPSession, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
NOT_FILTERED = {"status", "upload", "explore", "history", "audit"}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]
PERIODS = ["Last 12 months", "This quarter", "This month", "FY2025", "FY2024", "FY2023"]
QUIET = 700  # milliseconds without a change: the answer is complete

# Notes when the page was clicked and when it last changed: its elements, its canvases, what the server sent. What
# stands inside a canvas is never drawn: a table keeps a copy of its cells there for screen readers, and renews it
# 200 ms later.
WATCH = """(() => {
  const seen = window.__seen = {click: 0, last: 0};
  const now = () => { seen.last = performance.now(); };
  document.addEventListener('click', () => { seen.click = performance.now(); seen.last = 0; }, {capture: true});
  for (const name of ['fillRect', 'fillText', 'drawImage', 'stroke']) {
    const draw = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...a) {
      if (this.canvas.isConnected) now();
      return draw.apply(this, a);
    };
  }
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...a) { super(...a); this.addEventListener('message', now); }
  };
  new MutationObserver(changes => {
    for (const { type, attributeName, target } of changes) {
      const element = target.nodeType === 1 ? target : target.parentElement;
      if (type === 'attributes' && attributeName === 'class') continue;
      if (element && element.closest('[data-testid="stMain"]') && !element.closest('canvas')) return now();
    }
  }).observe(document, {childList: true, subtree: true, characterData: true, attributes: true});
})()"""
DONE = """quiet => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app && app.dataset.testScriptState === 'notRunning' && !document.querySelector('[data-stale="true"]')
    && document.querySelector('h1') && window.__seen.last && performance.now() - window.__seen.last > quiet;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--pages", type=lambda text: text.split(","), default=_pages())
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--port", type=int, default=8660)
    chosen = parser.parse_args()
    print(f"{'page':<14} {'median':>7} {'least':>7} {'most':>7} ms   {'server':>6} {'page':>6} ms of processor")
    with _server(chosen.warehouse.resolve(), chosen.port) as process, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name in chosen.pages:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.add_init_script(WATCH)
            address = f"http://127.0.0.1:{chosen.port}/" + ("" if name == "overview" else name)
            if name == "account":
                address += f"?account={_account(chosen.warehouse)}"
            samples = list(_answers(page, address, chosen.runs, process, periods=name == "account"))
            clock, server, thread = ([sample[n] for sample in samples] for n in range(3))
            print(
                f"{name:<14} {statistics.median(clock):7.0f} {min(clock):7.0f} {max(clock):7.0f}      "
                f"{statistics.median(server):6.0f} {statistics.median(thread):6.0f}",
                flush=True,
            )
            page.close()
        browser.close()


def _pages() -> list[str]:
    """The pages that take filters, as app.py names them."""
    tree = ast.parse((ROOT / "app.py").read_text("utf-8"))
    menu = next(n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "PAGES")
    return [name for pages in ast.literal_eval(menu).values() for name in pages if name not in NOT_FILTERED]


def _account(warehouse: Path) -> str:
    """The account with most revenue: the one with most to show."""
    found = subprocess.run(
        [sys.executable, "-m", "kam_core", "--warehouse", warehouse, "metric", "revenue", "--by", "account",
         "--format", "csv"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    rows = [line.rsplit(",", 1) for line in found.stdout.splitlines()[1:]]
    return max(rows, key=lambda row: float(row[1] or 0))[0]


@contextmanager
def _server(warehouse: Path, port: int) -> Iterator[psutil.Process]:
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "server.py", "--server.port", str(port)],
        cwd=ROOT, env={**os.environ, "KAM_WAREHOUSE": str(warehouse)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2).read()
                break
            except OSError:
                time.sleep(0.5)
        time.sleep(5)  # it warms up beside the first requests
        yield psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()


def _answers(
    page: Page, address: str, runs: int, server: psutil.Process, periods: bool
) -> Iterator[tuple[float, float, float]]:
    """Milliseconds to the last change, of the server's processor, of the page's thread; the first is not counted."""
    page.goto(address)
    _settle(page)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    options = PERIODS if periods else _industries(page)
    for n, value in enumerate(options[: runs + 1]):
        box = page.get_by_test_id("stSelectbox" if periods else "stMultiSelect")
        box = box.filter(has_text="Period" if periods else "Industry").first
        while not periods and box.locator('[data-baseweb="tag"]').count():
            box.locator('[data-baseweb="tag"] [role="presentation"]').first.click()
            _settle(page)
        box.locator("input").first.click()
        page.keyboard.type(value)
        option = page.get_by_role("option", name=value, exact=True).first
        option.wait_for()
        page.wait_for_timeout(300)
        before = _spent(server), _thread(session)
        option.click()
        _settle(page)
        if n:
            clock: float = page.evaluate("window.__seen.last - window.__seen.click")
            yield clock, _spent(server) - before[0], _thread(session) - before[1]


def _industries(page: Page) -> list[str]:
    page.get_by_test_id("stMultiSelect").filter(has_text="Industry").first.locator("input").first.click()
    page.get_by_role("option").first.wait_for()
    names = page.get_by_role("option").all_inner_texts()
    page.keyboard.press("Escape")
    return names


def _settle(page: Page) -> None:
    page.wait_for_function(DONE, arg=QUIET, timeout=60_000, polling=100)


def _spent(server: psutil.Process) -> float:
    times = server.cpu_times()
    return 1000 * (times.user + times.system)


def _thread(session: CDPSession) -> float:
    found: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
    return 1000 * next(metric["value"] for metric in found if metric["name"] == "TaskDuration")


if __name__ == "__main__":
    main()
