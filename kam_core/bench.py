"""Times the whole way from files to figures on this machine: generate, load, build, and each page's queries."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kam_core import demo
from kam_core.access.scope import Scope
from kam_core.metrics import query, reports
from kam_core.policy import Policy
from kam_core.schema import TABLES
from kam_core.view import Filters, Period, View
from kam_core.warehouse import load as loading
from kam_core.warehouse.engine import Reader, workbench
from kam_core.warehouse.snapshots import Store

Progress = Callable[[str, float], None]
KPIS = ["revenue", "gross_margin", "active_accounts", "key_account_share", "nrr", "attainment"]
PLAIN_SCAN = "select sum(amount) from raw.orders"
RUNS = 5

# What each page asks for, as the page asks for it.
QUERIES: dict[str, Callable[[Reader, View], object]] = {
    "overview: figures": lambda reader, view: query.measure(reader, view, KPIS, compare=True),
    "overview: figures by month": lambda reader, view: query.measure(
        reader, view.over(Period("last_12_months")), KPIS, by=["month"]
    ),
    "overview: revenue by month": lambda reader, view: query.measure(
        reader, view, ["revenue", "target"], by=["month"], compare=True
    ),
    "overview: tiers, matrix, movers, changes": lambda reader, view: reports.report(reader, view, "overview"),
    "accounts: list": lambda reader, view: reports.report(reader, view, "accounts"),
    "account: order lines": lambda reader, view: reports.report(
        reader, view.keep(account=_first_account(reader)), "account_orders"
    ),
}


def run(orders: int, progress: Progress) -> dict[str, Any]:
    """Generate about `orders` order lines, load and query them in a folder that is removed afterwards.

    Times in seconds (steps) and milliseconds (queries: median over `RUNS` different filters, so that nothing is
    answered from a cache), `ratio` to a plain scan of the same order lines, memory as peak MB of this process.
    """
    with tempfile.TemporaryDirectory(prefix="kam-bench-", ignore_cleanup_errors=True) as folder:
        files, store = Path(folder) / "files", Store(Path(folder) / "warehouse")
        files.mkdir()
        progress("generate", 0.0)
        generated, lines = _timed(lambda: _generate(files, orders))
        progress("load and build", 0.3)
        loaded, report = _timed(lambda: loading.load(store, [files], policy=Policy()))
        memory = _peak_megabytes()
        progress("queries", 0.8)
        reader = Reader(report.snapshot.path)
        scan = _median_ms(lambda _view: reader.rows(PLAIN_SCAN), _views(reader))
        queries = [_measured(name, ask, reader, scan) for name, ask in QUERIES.items()]
        reader.close()
        return {
            "order_lines": lines,
            "generate_seconds": round(generated, 1),
            "load_and_build_seconds": round(loaded, 1),
            "load_peak_megabytes": memory,
            "warehouse_megabytes": round(report.snapshot.path.stat().st_size / 2**20),
            "plain_scan_ms": scan,
            "queries": queries,
        }


def described(results: dict[str, Any]) -> str:
    """The results as a table to read."""
    head = [f"{key.replace('_', ' ')}: {value:,}" for key, value in results.items() if key != "queries"]
    rows = [f"{q['name']:<42} {q['median_ms']:>8.1f} ms  {q['ratio']:>6.1f} × plain scan" for q in results["queries"]]
    return "\n".join([*head, *rows])


def _generate(folder: Path, orders: int) -> int:
    """The demo company as one Parquet file a table; the number of order lines."""
    con = workbench()
    con.execute("create schema raw")
    demo.generate(con, "large", orders=orders)
    tables = con.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall()
    for name in sorted({row[0] for row in tables} & set(TABLES)):
        columns = ", ".join(c.name for c in TABLES[name].stored)
        con.execute(f"copy (select {columns} from raw.{name}) to '{folder / name}.parquet' (format parquet)")
    lines = con.execute("select count(*) from raw.orders").fetchall()[0][0]
    con.close()
    return int(lines)


def _views(reader: Reader) -> list[View]:
    """The default view, unfiltered and filtered to one industry after another."""
    industries = [row[0] for row in reader.rows("select distinct industry from mart.account order by 1") if row[0]]
    filters = [Filters(), *(Filters(industry=(name,)) for name in industries)]
    return [View(Scope.everything(), chosen) for chosen in filters[:RUNS]]


def _measured(name: str, ask: Callable[[Reader, View], object], reader: Reader, scan: float) -> dict[str, Any]:
    ask(reader, _views(reader)[-1])  # not counted: the first touch reads from disk
    median = _median_ms(lambda view: ask(reader, view), _views(reader))
    return {"name": name, "median_ms": median, "ratio": round(median / scan, 1)}


def _median_ms(ask: Callable[[View], object], views: list[View]) -> float:
    return round(statistics.median(_timed(ask, view)[0] for view in views) * 1000, 1)


def _timed(action: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    result = action(*arguments)
    return time.perf_counter() - start, result


def _first_account(reader: Reader) -> str:
    return str(reader.rows("select min(account_id) from mart.account")[0][0])


def _peak_megabytes() -> int | None:
    """The most memory this process has used; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
