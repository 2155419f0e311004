"""How long fitting and scoring take: every account's risk, expected orders and spend, from its orders alone.

    python tests/bench/score.py [--accounts 20000 200000] [--runs 3]

Makes companies of that many accounts, each ordering at its own rate until it leaves, over four years, and scores them
as a build does. Prints the median and the processor time in seconds, and the process's largest memory.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from kam_core.models.score import score

DAYS = 4 * 365
LAST = np.datetime64("2026-11-18")


def company(accounts: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Account, date and amount of each order: rates Gamma(1.3, mean 8 a year), one order in thirty the last one."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(1.3, 8 / 1.3, accounts) / 365
    begun = rng.integers(0, DAYS - 120, accounts)
    most = rng.geometric(1 / 30, accounts)
    count = np.minimum(rng.poisson(rate * (DAYS - begun)), most - 1)
    who = np.repeat(np.arange(accounts), count)
    day = begun[who] + rng.random(len(who)) * (DAYS - begun[who])
    who, day = np.r_[np.arange(accounts), who], np.r_[begun, day].astype(int)
    return who, LAST - (DAYS - 1 - day).astype("timedelta64[D]"), rng.gamma(3.0, 400.0, len(who))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    for accounts in asked.accounts:
        orders, wall, processor = company(accounts), [], []
        for _ in range(asked.runs):
            begun, used = time.perf_counter(), time.process_time()
            found = score(*orders, LAST)
            wall.append(time.perf_counter() - begun)
            processor.append(time.process_time() - used)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{accounts:,} accounts, {len(orders[0]):,} orders: {statistics.median(wall):.2f} s,"
            f" {statistics.median(processor):.2f} processor s, {memory:,.0f} MB. {found.statement}"
        )


if __name__ == "__main__":
    main()
