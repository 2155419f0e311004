"""Ten sessions at work while things fail: what each of them sees meanwhile, and what is left afterwards.

KAM_ROUNDS makes it longer (default: each fault once; `KAM_ROUNDS=10 pytest -s tests/hostile/test_in_use.py`).
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from websockets.exceptions import WebSocketException

import run
from kam_core.state import State
from kam_core.warehouse.snapshots import Store
from tests.browser.conftest import Server, start_server, stop_server
from tests.reader import Failed, Reader, finished

resource = pytest.importorskip("resource", reason="no limits of this kind on this system")
pytestmark = pytest.mark.slow
SESSIONS = 10
ROUNDS = int(os.environ.get("KAM_ROUNDS", "1"))
PAGES = ("", "tiers", "accounts", "status")
LINES = 40
GONE = (OSError, WebSocketException, TimeoutError)


class Installation:
    """A warehouse of a few accounts, its server, and what loads acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.warehouse, self.files = folder, folder / "w", 0
        self.state = State(self.warehouse / "state.sqlite")
        self.acknowledged = 0  # lines of the loads that ended with success
        self.dice = random.Random(7)
        self.server: Server | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def serve(self) -> None:
        self.server, self.process = start_server(self.warehouse, self.folder / "log.txt")

    def kill(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def start_load(self, **options: object) -> subprocess.Popen[str]:
        """A load of `LINES` lines of its own, by the command line."""
        self.files += 1
        file = self.folder / f"orders{self.files}.csv"
        lines = [f"2025-{1 + i % 12:02d}-05,A{i % 5},{i}.50,F{self.files}-{i},1,East" for i in range(LINES)]
        file.write_text("order_date,account_id,amount,order_id,line_no,region\n" + "\n".join(lines) + "\n")
        command = [sys.executable, "-m", "kam_core", "load", str(file), "--as", "orders"]
        return subprocess.Popen(
            [*command, "--warehouse", str(self.warehouse)], cwd=run.ROOT, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **options,  # type: ignore[call-overload]
        )  # fmt: skip

    def load(self, **options: object) -> tuple[int, str]:
        """Its exit code and what it said; what it acknowledged is counted."""
        process = self.start_load(**options)
        _, said = process.communicate(timeout=120)
        self.acknowledged += LINES if process.returncode == 0 else 0
        return process.returncode, said

    def lines(self) -> int:
        """The order lines that are served now, checked byte by byte."""
        store = Store(self.warehouse)
        assert store.verify() == []
        current = store.current()
        assert current is not None
        assert current.fallback_reason is None
        return int(current.manifest.tables["orders"]["rows"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    found = Installation(tmp_path_factory.mktemp("in_use"))
    for _ in range(2):  # one to serve, and one before it to fall back to
        assert found.load()[0] == 0
    found.serve()
    yield found
    assert found.process is not None
    stop_server(found.process)


async def at_work(place: Installation, fault: Callable[[], Awaitable[None]]) -> Counter[str]:
    """Ten sessions open pages while `fault` happens, and once more after it; a lost connection is made anew.

    Returns what they met: "answered", "no connection" while the server was down, or what the screen said.
    """
    over, met = asyncio.Event(), Counter[str]()

    async def session(number: int) -> None:
        dice, last = random.Random(number), False
        while not last:
            try:
                assert place.server is not None
                async with Reader(place.server.url) as reader:
                    while not last:
                        last = over.is_set()
                        await reader.visit(dice.choice(PAGES))
                        met["answered"] += 1
                        await asyncio.sleep(dice.uniform(0.05, 0.4))
            except Failed as failure:
                met[str(failure)] += 1
            except GONE:
                met["no connection"] += 1
                last = False
                await asyncio.sleep(0.2)

    async def happen() -> None:
        await asyncio.sleep(0.5)
        try:
            await fault()
        finally:
            over.set()

    await asyncio.gather(happen(), *(session(number) for number in range(SESSIONS)))
    return met


def said(met: Counter[str], what: str) -> None:
    """Nobody met an error; with `-s` the figures are printed."""
    print(f"\n{what}: {dict(met)}")
    assert set(met) <= {"answered", "no connection"}
    assert met["answered"] >= SESSIONS


def test_the_loader_is_killed(place: Installation):
    async def fault() -> None:
        for _ in range(ROUNDS):
            before, process = place.lines(), place.start_load()
            await asyncio.sleep(place.dice.uniform(0.3, 2.5))
            process.kill()
            await asyncio.to_thread(process.communicate)
            after = place.lines()
            assert after in (before, before + LINES), "a part of a load is served"
            place.acknowledged += after - before  # it was done, and died before it could say so
            assert (await asyncio.to_thread(place.load))[0] == 0

    said(finished(at_work(place, fault)), f"loader killed {ROUNDS} times")
    assert place.lines() == place.acknowledged


def test_the_server_is_killed(place: Installation):
    async def fault() -> None:
        for n in range(ROUNDS):
            place.state.save("note", f"note {n}", "ann", {"text": f"{n}"}, about="A1")
            place.state.record("ann", "export", {"n": n})
            await asyncio.sleep(place.dice.uniform(0.1, 1.0))
            place.kill()
            await asyncio.to_thread(place.serve)

    met = finished(at_work(place, fault))
    said(met, f"server killed {ROUNDS} times")
    assert met["no connection"] >= 1
    assert len(place.state.saved("note", "ann")) == ROUNDS
    assert len(place.state.events(action="export")) == ROUNDS
    assert place.lines() == place.acknowledged


def limited() -> None:
    """No file may grow beyond a megabyte: to the loader the disk is full."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))


def test_the_disk_is_full_in_the_middle_of_a_load(place: Installation):
    async def fault() -> None:
        for _ in range(ROUNDS):
            code, words = await asyncio.to_thread(place.load, preexec_fn=limited)
            assert code == 1
            assert "nothing was changed" in words
            assert len(words.strip().splitlines()) == 1
            assert not (place.warehouse / "building").exists()

    said(finished(at_work(place, fault)), f"disk full {ROUNDS} times")
    assert place.lines() == place.acknowledged
    assert place.load()[0] == 0


def test_the_folder_cannot_be_written(place: Installation):
    """Whoever may not write reads on, and is told why a load is refused. Root may always write: so a file stands
    where the folder of half-written loads would be made."""
    async def fault() -> None:
        in_the_way = place.warehouse / "building"
        in_the_way.write_text("")
        try:
            code, words = await asyncio.to_thread(place.load)
        finally:
            in_the_way.unlink(missing_ok=True)
        assert code == 1
        assert "Traceback" not in words

    said(finished(at_work(place, fault)), "folder not writable")
    assert place.lines() == place.acknowledged


def test_the_clock_moved_back(place: Installation):
    """The next load and the next entry come after the former ones, whatever time they say it is."""
    async def fault() -> None:
        code = (
            "import datetime, sys\n"
            "from kam_core.__main__ import main\n"
            "from kam_core.state import store\n"
            "from kam_core.warehouse import snapshots\n"
            "class Past(datetime.datetime):\n"
            "    @classmethod\n"
            "    def now(cls, tz=None): return super().now(tz) - datetime.timedelta(days=400)\n"
            "store.datetime = snapshots.datetime = Past\n"
            "sys.exit(main(sys.argv[1:]))"
        )
        place.files += 1
        file = place.folder / f"past{place.files}.csv"
        file.write_text("order_date,account_id,amount,order_id,line_no,region\n2025-01-01,A1,1,P,1,East\n")
        command = [sys.executable, "-c", code, "load", str(file), "--as", "orders", "--warehouse", str(place.warehouse)]
        done = await asyncio.to_thread(subprocess.run, command, cwd=run.ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        place.acknowledged += 1

    before = Store(place.warehouse).current()
    said(finished(at_work(place, fault)), "clock moved back")
    after = Store(place.warehouse).current()
    assert before is not None
    assert after is not None
    assert after.created_at < before.created_at, "the clock stood in the past"
    assert after.id > before.id
    assert after.manifest.parent == before.id
    first, second = place.state.events(limit=2)
    assert first.action == "load"
    assert first.at < second.at
    assert place.lines() == place.acknowledged


def test_the_current_load_is_damaged(place: Installation):
    """The ten see the load before, and that it is not the last one; loading again heals it."""
    before = Store(place.warehouse).current()
    assert before is not None
    content = before.path.read_bytes()

    async def fault() -> None:
        before.path.write_bytes(content[: len(content) // 2])
        await asyncio.sleep(1)
        assert place.server is not None
        async with Reader(place.server.url) as reader:
            await reader.visit()
            assert any("The last load cannot be read" in text for text in reader.texts())

    try:
        said(finished(at_work(place, fault)), "current load cut in half")
        assert Store(place.warehouse).verify() != []
    finally:
        before.path.write_bytes(content)
    assert place.lines() == place.acknowledged


def test_the_warehouse_is_deleted_and_restored(place: Installation):
    backup, command = place.folder / "b.tar", [sys.executable, "-m", "kam_core"]
    there = ["--warehouse", str(place.warehouse), "--policy", str(place.folder / "policy.toml")]
    environment = {**os.environ, "KAM_USERS": str(place.folder / "users.toml")}
    (place.folder / "users.toml").write_text('mode = "single"\n')

    def call(*arguments: str) -> None:
        whole = [*command, *arguments, *there]
        done = subprocess.run(whole, cwd=run.ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    async def fault() -> None:
        await asyncio.to_thread(call, "backup", str(backup))
        shutil.rmtree(place.warehouse)
        assert place.server is not None
        async with Reader(place.server.url) as reader:
            await reader.visit()
            assert any("There were data here" in text for text in reader.texts())
        await asyncio.to_thread(call, "restore", str(backup))

    place.state.save("note", "a note", "ann", {"text": "kept"}, about="A1")
    began, notes = time.monotonic(), len(place.state.saved("note", "ann"))
    said(finished(at_work(place, fault)), "warehouse deleted and restored")
    print(f"{time.monotonic() - began:.1f} s with the backup")
    assert place.lines() == place.acknowledged
    assert len(place.state.saved("note", "ann")) == notes
