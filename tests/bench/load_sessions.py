"""Many readers at once: browses with real sessions over the app's own protocol and says how it went.

    python tests/bench/load_sessions.py --warehouse data/warehouse [--sessions 50] [--seconds 300] [--think 5 15]

Serves that warehouse by itself, as run.py does. Each session opens pages, sets filters, changes periods and language,
and thinks 5 to 15 seconds in between. An action is timed from its click to the end of its answer. Prints actions,
errors, median, 95th and 99th percentile and slowest in seconds, processor seconds an action, and the server's memory:
at the start, the median of each minute, the most.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import start_server, stop_server  # noqa: E402
from tests.reader import Reader  # noqa: E402

THINK = (5.0, 15.0)
PERIODS = ("this_month", "this_quarter", "this_year", "last_12_months", "2025", "2025-Q4", "all")


@dataclass
class Seen:
    """What all sessions saw."""

    seconds: list[float] = field(default_factory=list)
    by_page: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[float, float]] = field(default_factory=list)  # seconds since the start, megabytes


async def browse(url: str, number: int, until: float, think: tuple[float, float], seen: Seen) -> None:
    """One session: arrives within the first seconds, then acts and thinks until the end."""
    dice = random.Random(number)
    await asyncio.sleep(dice.uniform(0, min(20.0, (until - time.monotonic()) / 4)))
    async with Reader(url) as reader:
        await timed(reader, seen, "", {})
        known = regions(reader)
        while time.monotonic() < until:
            await asyncio.sleep(dice.uniform(*think))
            await timed(reader, seen, *chosen(reader, dice, known))


def chosen(reader: Reader, dice: random.Random, known: list[str]) -> tuple[str, dict[str, str]]:
    """A page, and what is filtered: half the time nothing, else a region, a period, both, sometimes the language."""
    page = dice.choice([name for name in reader.pages if name != "account"])
    query = {}
    if dice.random() < 0.4:
        query["region"] = dice.choice(known)
    if dice.random() < 0.3:
        query["period"] = dice.choice(PERIODS)
    if dice.random() < 0.2:
        query["lang"] = "zh"
    return page, query


def regions(reader: Reader) -> list[str]:
    """What the sidebar of the overview lets one choose; without it there are no data, and nothing to measure."""
    found = [widget for widget in reader.widgets() if getattr(widget, "label", None) == "Region"]
    if not found:
        raise SystemExit("there is nothing to browse: the overview shows no filter")
    return list(found[0].options)


async def timed(reader: Reader, seen: Seen, page: str, query: dict[str, str]) -> None:
    began = time.monotonic()
    try:
        await reader.visit(page, **query)
    except Exception as error:  # whatever it is: it is counted, and the session goes on
        seen.errors[f"{page or 'overview'}: {error!r}"[:300]] += 1
    took = time.monotonic() - began
    seen.seconds.append(took)
    seen.by_page[page or "overview"].append(took)


async def watch(process: psutil.Process, until: float, seen: Seen) -> None:
    began = time.monotonic()
    while time.monotonic() < until:
        seen.memory.append((time.monotonic() - began, process.memory_info().rss / 2**20))
        await asyncio.sleep(2)


async def run(url: str, pid: int, sessions: int, seconds: float, think: tuple[float, float]) -> dict[str, Any]:
    """Browse with so many sessions for so long; returns the figures."""
    seen, process, until = Seen(), psutil.Process(pid), time.monotonic() + seconds
    before = process.cpu_times()
    readers = [browse(url, number, until, think, seen) for number in range(sessions)]
    watching = asyncio.create_task(watch(process, until, seen))
    ended = await asyncio.gather(*readers, return_exceptions=True)
    await watching
    for error in ended:
        if isinstance(error, BaseException):
            seen.errors[f"session ended: {error!r}"[:300]] += 1
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return figures(seen, used, sessions, seconds)


def figures(seen: Seen, cpu: float, sessions: int, seconds: float) -> dict[str, Any]:
    ordered = sorted(seen.seconds)
    minutes = [[mb for at, mb in seen.memory if n <= at / 60 < n + 1] for n in range(int(seconds // 60))]
    slowest = sorted(seen.by_page, key=lambda page: -statistics.median(seen.by_page[page]))[:5]
    return {
        "sessions": sessions,
        "seconds": seconds,
        "actions": len(ordered),
        "errors": sum(seen.errors.values()),
        "what_failed": dict(seen.errors),
        "p50": round(statistics.median(ordered), 3),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 3),
        "p99": round(ordered[int(0.99 * (len(ordered) - 1))], 3),
        "slowest": round(ordered[-1], 3),
        "cpu_seconds_an_action": round(cpu / len(ordered), 4),
        "memory_start_mb": round(seen.memory[0][1]),
        "memory_each_minute_mb": [round(statistics.median(minute)) for minute in minutes if minute],
        "memory_most_mb": round(max(megabytes for _, megabytes in seen.memory)),
        "medians_of_slowest_pages": {page: round(statistics.median(seen.by_page[page]), 3) for page in slowest},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--warehouse", type=Path, required=True)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--think", type=float, nargs=2, default=THINK, metavar=("LEAST", "MOST"), help="seconds")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server, process = start_server(asked.warehouse, Path(folder) / "log.txt")
        try:
            found = asyncio.run(run(server.url, server.pid, asked.sessions, asked.seconds, asked.think))
        finally:
            stop_server(process)
    print(json.dumps(found, indent=1, ensure_ascii=False) if asked.json else described(found))
    return 1 if found["errors"] else 0


def described(found: dict[str, Any]) -> str:
    return "\n".join(f"{key.replace('_', ' ')}: {value}" for key, value in found.items())


if __name__ == "__main__":
    sys.exit(main())
