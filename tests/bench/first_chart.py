"""From drop to chart: a large CSV in a real browser, from the drop to the first chart, from a click to the next one.

    python tests/bench/first_chart.py [--rows 1000000 | --file FILE.csv] [--warehouse FOLDER] [--json]

Writes a file of orders, or takes one, serves the app as run.py does, drops the file, opens "Explore this table".
Prints seconds to each step, the server's processor seconds, and its memory before, at its highest and after the session
has ended.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import CHROMIUM_FLAGS, find_chromium, start_server, stop_server  # noqa: E402

MINUTE = 60_000
PATIENCE = 15 * MINUTE
CHART = ".st-key-card_explore svg.marks, .st-key-card_explore canvas.marks"


def write(path: Path, rows: int) -> None:
    """Orders of two years of 5,000 accounts, as an ERP exports them."""
    dice = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        file.write("Order Date,Customer ID,Customer Name,Product Line,Quantity,Sales,Order Number\n")
        for n in range(rows):
            account, line = dice.randint(1, 5000), ("Storage", "Laptops", "Servers")[n % 3]
            day = f"{dice.randint(2024, 2025)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"
            amount = dice.random() * 9000
            sold = f"{line},{dice.randint(1, 40)},{amount:.2f}"
            file.write(f"{day},C{account:05d},Company {account} Ltd,{sold},S{n // 3}\n")


class Watched:
    """A server's processor seconds and highest memory, looked at ten times a second."""

    def __init__(self, pid: int) -> None:
        self.process, self.highest, self._ended = psutil.Process(pid), 0.0, threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def seconds(self) -> float:
        family = [self.process, *self.process.children(recursive=True)]
        return sum(sum(p.cpu_times()[:2]) for p in family) + sum(self.process.cpu_times()[2:4])

    def megabytes(self) -> float:
        return float(sum(p.memory_info().rss for p in [self.process, *self.process.children(recursive=True)])) / 1e6

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            try:
                self.highest = max(self.highest, self.megabytes())
            except psutil.Error:
                return


def measure(page: Page, url: str, file: Path, server: Watched) -> dict[str, float]:
    page.goto(f"{url}/upload")
    uploader = page.locator('[data-testid="stFileUploader"] input[type="file"]')
    uploader.wait_for(state="attached", timeout=MINUTE)
    page.wait_for_timeout(3000)
    found = {"memory_before_mb": server.megabytes()}
    cpu, start = server.seconds(), time.monotonic()
    uploader.set_input_files(str(file))
    page.locator(".st-key-explore button").click(timeout=PATIENCE)
    found["read_s"] = time.monotonic() - start
    expect(page.locator(CHART).first).to_be_visible(timeout=PATIENCE)
    found["first_chart_s"] = time.monotonic() - start
    found["first_chart_cpu_s"] = server.seconds() - cpu
    page.wait_for_timeout(8000)  # what runs on behind the first chart is over
    for place in (1, 2):
        found[f"chart_{place + 1}_s"] = another(page, place)
    return found


def another(page: Page, place: int) -> float:
    """Seconds from a click on a suggestion until its chart is there."""
    before = page.locator(CHART).first.evaluate("drawing => drawing.outerHTML.length + drawing.textContent")
    start = time.monotonic()
    page.locator(f".st-key-ask_{place} button").click()
    page.wait_for_function(
        """([chart, before]) => { const d = document.querySelector(chart);
           return d && d.outerHTML.length + d.textContent !== before }""",
        arg=[CHART, before], timeout=MINUTE,
    )  # fmt: skip
    return time.monotonic() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--warehouse", type=Path, default=ROOT / "data" / "warehouse")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = chosen.file or Path(folder) / "orders.csv"
        if not chosen.file:
            write(file, chosen.rows)
        server, process = start_server(chosen.warehouse, Path(folder) / "log.txt")
        try:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(Path(playwright.chromium.executable_path)), args=CHROMIUM_FLAGS
            )
            watched = Watched(server.pid)
            found = {"file_mb": file.stat().st_size / 1e6}
            found |= measure(browser.new_page(viewport={"width": 1440, "height": 900}), server.url, file, watched)
            found["memory_highest_mb"] = watched.highest
            browser.close()
            time.sleep(5)
            found["memory_after_mb"] = watched.megabytes()
        finally:
            stop_server(process)
    rounded = {key: round(value, 2) for key, value in found.items()}
    print(json.dumps(rounded) if chosen.json else "\n".join(f"{key:20} {value:>12,}" for key, value in rounded.items()))


if __name__ == "__main__":
    main()
