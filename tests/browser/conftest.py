"""A real app in a real browser: servers on free ports, a page that must not talk to anyone else."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

import run

HERE = Path(__file__).parent
MUST_RUN = os.environ.get("KAM_REQUIRE_BROWSER") == "1" or os.environ.get("CI") == "true"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # what tries to leave is recorded, and fails anyway
]
LOCAL_SCHEMES = {"data", "blob", "about"}
SERVER_PATIENCE = 60  # seconds to wait for a server, on a busy machine with two cores
PAGE_PATIENCE = 60_000  # milliseconds to wait for a page
CALM = 0.3  # seconds at rest before a page counts as drawn
expect.set_options(timeout=PAGE_PATIENCE)  # what is expected may take as long as a page

ENDED = '[data-testid="stApp"][data-test-script-state="notRunning"][data-test-connection-state="CONNECTED"]'
SOMETHING = '[data-testid="stMain"] [data-testid="stElementContainer"]'
UNFINISHED = '[data-stale="true"], [data-testid="stSkeleton"]'


# --- which tests these are, and when they may be skipped ---


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder and run them last: the quick ones speak first."""
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker("browser")
    items.sort(key=lambda item: HERE in item.path.parents)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    return forbid_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    report = yield
    return forbid_skip(report)


def forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> pytest.TestReport | pytest.CollectReport:
    """Where browser tests must run, a skipped one is a failed one."""
    if MUST_RUN and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"a browser test was skipped where it must run: {report.longrepr}"
    return report


# --- servers ---


@dataclass(frozen=True)
class Server:
    """A running app: its address, its process id (to measure it), and where its output goes."""

    url: str
    pid: int
    log: Path


@pytest.fixture(scope="session")
def small_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small demo, built by the command line as a user would."""
    folder = tmp_path_factory.mktemp("warehouse")
    command = [sys.executable, "-m", "kam_core", "demo", "--scale", "small", "--warehouse", str(folder)]
    done = subprocess.run(command, cwd=run.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def app_url(small_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one server on the small demo, shared by all tests that only look."""
    server, process = start_server(small_warehouse, tmp_path_factory.mktemp("server") / "log.txt")
    yield server.url
    stop_server(process)


@pytest.fixture
def fresh_server(small_warehouse: Path, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a server that nobody has asked anything: `fresh_server()`, or `fresh_server(warehouse=folder)`."""
    processes = []

    def start(warehouse: Path = small_warehouse) -> Server:
        server, process = start_server(warehouse, tmp_path / f"server{len(processes)}.txt")
        processes.append(process)
        return server

    yield start
    for process in processes:
        stop_server(process)


def start_server(
    warehouse: Path, log: Path, *options: str, **environment: str
) -> tuple[Server, subprocess.Popen[bytes]]:
    """Serve as run.py does, on a free port; returns when the server says that it is healthy."""
    port = free_port()
    process = subprocess.Popen(
        [*run.server_command(Path(sys.executable), port), *options],
        cwd=run.ROOT,
        env={**os.environ, "KAM_WAREHOUSE": str(warehouse), **environment},
        stdin=subprocess.DEVNULL,
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    server = Server(f"http://{run.HOST}:{port}", process.pid, log)
    try:
        wait_until_healthy(server, process)
    except BaseException:
        stop_server(process)
        raise
    return server, process


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((run.HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_healthy(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SERVER_PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"the server did not start:\n{server.log.read_text('utf-8', 'replace')}")


def stop_server(process: subprocess.Popen[bytes]) -> None:
    """End the server and whatever it started."""
    if os.name == "nt":
        process.kill()
    elif process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture(scope="module")
def own_server(small_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """`own_server(*options, KAM_…=…)`: a server with settings of its own, for all tests of one file."""
    processes = []

    def start(*options: str, **environment: str) -> Server:
        log = tmp_path_factory.mktemp("own") / "log.txt"
        server, process = start_server(small_warehouse, log, *options, **environment)
        processes.append(process)
        return server

    yield start
    for process in processes:
        stop_server(process)


# --- the browser ---


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium from the system, or the one that Playwright installed."""
    with sync_playwright() as playwright:
        executable = find_chromium(Path(playwright.chromium.executable_path))
        started = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield started
        started.close()


def find_chromium(of_playwright: Path) -> Path:
    found = [Path(path) for path in map(shutil.which, CHROMIUM_NAMES) if path]
    if of_playwright.exists():
        found.append(of_playwright)
    if not found:
        pytest.skip("no Chromium on this machine; install one, on Debian: sudo apt install chromium fonts-noto-cjk")
    return found[0]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser of its own: `open_page(color_scheme="dark", locale="zh-CN", viewport={…})`.

    The test fails when a request of any of its pages leaves this machine.
    """
    contexts: list[BrowserContext] = []
    requested: list[str] = []

    def open_one(**options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        context.on("request", lambda request: requested.append(request.url))
        context.on("page", lambda opened: opened.on("websocket", lambda socket: requested.append(socket.url)))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PAGE_PATIENCE)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert [url for url in requested if not stays_here(url)] == [], "requests left this machine"


def stays_here(url: str) -> bool:
    address = urlsplit(url)
    return address.scheme in LOCAL_SCHEMES or address.hostname == run.HOST


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A page of 1440 × 900, light, in English."""
    return open_page(locale="en-US", color_scheme="light")


@pytest.fixture(scope="module")
def shared_page(browser: Browser, app_url: str) -> Iterator[Page]:
    """One page of 1440 × 900, light, in English, for a whole file: what a browser keeps need not be fetched again."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US", color_scheme="light")
    page = context.new_page()
    page.set_default_timeout(PAGE_PATIENCE)
    open_and_wait(page, app_url)
    yield page
    context.close()


@pytest.fixture
def goto_ready() -> Callable[[Page, str], None]:
    """`goto_ready(page, url)` opens an address and waits until all of it is drawn."""
    return open_and_wait


@pytest.fixture
def wait_ready() -> Callable[[Page], None]:
    """`wait_ready(page)` waits, after a click, until all of the page is drawn."""
    return wait_until_drawn


def open_and_wait(page: Page, url: str) -> None:
    page.goto(url)
    wait_until_drawn(page)


def wait_until_drawn(page: Page) -> None:
    """Wait for Streamlit: connected, the script ended, nothing stale, no placeholder left, and all that for a moment.

    For a moment, because the first run of a process ends in a rerun: the page is at rest in between, and empty.
    """
    deadline = time.monotonic() + PAGE_PATIENCE / 1000
    calm_since = None
    while time.monotonic() < deadline:
        if not is_drawn(page):
            calm_since = None
        elif calm_since is None:
            calm_since = time.monotonic()
        elif time.monotonic() - calm_since >= CALM:
            return
        page.wait_for_timeout(25)
    pytest.fail(f"{page.url} was not drawn in {PAGE_PATIENCE // 1000} s; it says: {page.locator('body').inner_text()}")


def is_drawn(page: Page) -> bool:
    drawn = page.locator(ENDED).count() == 1 and page.locator(SOMETHING).count() > 0
    return drawn and page.locator(UNFINISHED).count() == 0
