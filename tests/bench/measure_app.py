"""Times the overview in a real browser, over ten million orders, beside the app that people write first.

    python tests/bench/measure_app.py ../shared/tools/measure [--work FOLDER] [--runs 7]

The folder is that of the measuring tool: its data generator, its naive app and its browser probe are used as they are.
Needs playwright, psutil, requests and a Chromium on the PATH. Prints medians in milliseconds: cold load, warm reload, a
new filter to the last chart ready; and the server's memory.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OVERVIEW_CHARTS = 4
NAIVE_CHARTS = 8
EXPORTS = {
    "accounts": "select account_id, account_name as name, industry, region, manager_id, tier as segment from accounts",
    "managers": "select manager_id, manager_name as name, region from managers",
    "orders": "select order_id, order_date, account_id, product_line, quantity, revenue as amount from orders",
    "opportunities": "select opportunity_id, account_id, stage, amount, created_date as created_on from opportunities",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", type=Path)
    parser.add_argument("--work", type=Path, help="keep the data here, and use what is there")
    parser.add_argument("--runs", type=int, default=7)
    chosen = parser.parse_args()
    work = chosen.work or Path(tempfile.mkdtemp(prefix="kam-measure-"))
    work.mkdir(parents=True, exist_ok=True)
    _prepare(chosen.tool.resolve(), work)
    for name, script, environment, charts in (
        ("overview", ROOT / "server.py", {"KAM_WAREHOUSE": str(work / "warehouse")}, OVERVIEW_CHARTS),
        ("naive", work / "naive" / "app.py", {}, NAIVE_CHARTS),
    ):
        print(f"== {name}", flush=True)
        _measure(chosen.tool.resolve(), work, name, script, environment, charts, chosen.runs)


def _prepare(tool: Path, work: Path) -> None:
    """The tool's ten million orders, as its naive app reads them and loaded as a company would load them."""
    import duckdb

    if not (work / "kam.duckdb").exists():
        subprocess.run([sys.executable, tool / "gen.py", "kam.duckdb"], cwd=work, check=True)
        shutil.copytree(tool / "naive", work / "naive", dirs_exist_ok=True)
        os.replace(work / "kam.duckdb", work / "naive" / "kam.duckdb")
        os.symlink(work / "naive" / "kam.duckdb", work / "kam.duckdb")
    if not (work / "files").exists():
        (work / "files").mkdir()
        con = duckdb.connect(str(work / "naive" / "kam.duckdb"), read_only=True)
        for name, select in EXPORTS.items():
            con.execute(f"copy ({select}) to '{work / 'files' / name}.parquet'")
        con.close()
    command = "rebuild" if (work / "warehouse").exists() else "load"
    files = [] if command == "rebuild" else [work / "files"]
    subprocess.run(
        [sys.executable, "-m", "kam_core", "--warehouse", work / "warehouse", command, *files], cwd=ROOT, check=True
    )


def _measure(
    tool: Path, work: Path, name: str, script: Path, environment: dict[str, str], charts: int, runs: int
) -> None:
    port = 8790
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port), "--server.headless", "true",
         "--server.address", "127.0.0.1", "--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false"],
        cwd=script.parent, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        out = work / f"{name}.json"
        subprocess.run(
            [sys.executable, __file__, "--probe", tool, "--app", "kam" if name == "overview" else "streamlit",
             "--url", f"http://127.0.0.1:{port}/", "--charts", str(charts), "--runs", str(runs),
             "--server-pid", str(server.pid), "--out", out],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        _print(json.loads(out.read_text()))
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str) -> None:
    for _ in range(120):
        try:
            urllib.request.urlopen(url, timeout=2).read()
            return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("the server did not start")


def _print(results: dict) -> None:
    for phase in ("cold", "warm", "filter"):
        ready = sorted(sample["ready"] for sample in results[phase])
        middle = ready[len(ready) // 2]
        print(f"{phase:<7} {middle:7.0f} ms  ({ready[0]:.0f} to {ready[-1]:.0f}, n {len(ready)})")
    print(f"memory  {results['mem'][0]:7.0f} MB", flush=True)


def _probe(tool: Path) -> None:
    """The tool itself, taught how this app's filter is changed: a list of several values instead of one."""
    sys.path.insert(0, str(tool))
    import adapters

    class Overview(adapters.Streamlit):
        def change_filter(self, page, value):
            box = page.locator('[data-testid="stMultiSelect"]', has_text=self.a.filter_label).first
            while box.locator('[data-baseweb="tag"]').count():
                box.locator('[data-baseweb="tag"] [role="presentation"]').first.click()
                page.wait_for_timeout(1500)
            box.locator("input").first.click()
            page.keyboard.type(value)
            option = page.locator('[role="option"]', has_text=value).first
            option.wait_for(state="visible")
            page.evaluate("__probe.arm()")
            option.click()

        def headline(self, page):
            return page.locator(".kam-kpi .kam-value").first.inner_text()

    adapters.ADAPTERS["kam"] = Overview
    _without_content_policy()
    runpy.run_path(str(tool / "measure.py"), run_name="__main__")


def _without_content_policy() -> None:
    """The probe makes its state function from text, which the server's content policy forbids to any page."""
    from playwright.sync_api import Browser

    new_context = Browser.new_context
    Browser.new_context = lambda self, **options: new_context(self, bypass_csp=True, **options)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--probe"]:
        folder = Path(sys.argv[2])
        sys.argv = ["measure.py", *sys.argv[3:]]
        _probe(folder)
    else:
        main()
