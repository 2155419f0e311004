"""The command line: everything that a page shows, by the same code. `python -m kam_core COMMAND --help`."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

from kam_core import commands
from kam_core.errors import KamError
from kam_core.metrics import reports
from kam_core.metrics.query import DIMENSIONS
from kam_core.state import ACTIONS

DEFAULT_WAREHOUSE = Path(__file__).resolve().parent.parent / "data" / "warehouse"


def main(argv: list[str] | None = None) -> int:
    """Run one command. 0: done. 1: refused or failed, the reason on stderr in one line. 2: wrong usage."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments) or 0)
    except KamError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; nothing was changed", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kam_core", description="Key account management from files.",
                                     parents=[_common()])
    parser.set_defaults(
        warehouse=Path(os.environ.get("KAM_WAREHOUSE") or DEFAULT_WAREHOUSE),
        policy=Path(os.environ["KAM_POLICY"]) if os.environ.get("KAM_POLICY") else None,
    )
    add = _Commands(parser.add_subparsers(required=True, metavar="COMMAND")).add
    _loading(add)
    _history(add)
    _asking(add)
    return parser


def _common() -> argparse.ArgumentParser:
    """Options that stand before or after the command; made anew each time, as parsers share what they inherit."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--warehouse", type=Path, metavar="DIR", default=argparse.SUPPRESS,
                        help="the warehouse folder (default: $KAM_WAREHOUSE, else data/warehouse)")
    common.add_argument("--policy", type=Path, metavar="FILE", default=argparse.SUPPRESS,
                        help="the policy file (default: $KAM_POLICY, else data/policy.toml)")
    return common


class _Commands:
    """Adds one command after another, each with its example and the options common to all."""

    def __init__(self, parsers: argparse._SubParsersAction[Any]) -> None:
        self.parsers = parsers

    def add(self, name: str, run: object, words: str, example: str) -> argparse.ArgumentParser:
        found = self.parsers.add_parser(
            name, help=words, description=words, parents=[_common()],
            epilog=f"example: python -m kam_core {example}", formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        found.set_defaults(run=run)
        return found


def _loading(add) -> None:  # type: ignore[no-untyped-def]
    demo = add("demo", commands.demo, "build the demo warehouse: a fictional computer vendor", "demo --scale small")
    demo.add_argument("--scale", choices=["small", "reference", "large"], default="reference")
    demo.add_argument("--seed", type=int, default=1, help="same seed, same data")
    demo.add_argument("--orders", type=int, metavar="N", help="about this many order lines")
    load = add("load", commands.load, "read files or folders into a new snapshot, or refuse and change nothing",
               "load sales.csv customers.xlsx --dry-run")
    load.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    load.add_argument("--as", dest="as_table", metavar="TABLE", help="what the files hold, where it cannot be guessed")
    load.add_argument("--mapping", type=Path, metavar="FILE.toml")
    mode = load.add_mutually_exclusive_group()
    mode.add_argument("--replace", dest="mode", action="store_const", const="replace", default="merge",
                      help="take the files as the whole of their tables")
    mode.add_argument("--append", dest="mode", action="store_const", const="append",
                      help="only add; a known key with other content is refused")
    load.add_argument("--dry-run", action="store_true", help="check and report, change nothing")
    load.add_argument("--rejects", type=Path, metavar="FILE", help="write the refused rows, with their reasons, as CSV")
    load.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="wait for another load to end")
    load.add_argument("--json", action="store_true")
    mapping = add("mapping", commands.mapping, "print the mapping that load would use, as TOML to edit",
                  "mapping exports/")
    mapping.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    mapping.add_argument("--as", dest="as_table", metavar="TABLE")


def _history(add) -> None:  # type: ignore[no-untyped-def]
    snapshots = add("snapshots", commands.snapshots, "what was loaded, newest first", "snapshots --json")
    snapshots.add_argument("--json", action="store_true")
    _as_user(snapshots)
    undo = add("undo", commands.undo, "go back: a new snapshot that equals an earlier one", "undo")
    undo.add_argument("--to", metavar="ID", help="the snapshot to go back to (default: the one before the last load)")
    add("verify", commands.verify, "check that the current snapshot is whole", "verify")
    add("rebuild", commands.rebuild, "apply a changed policy, or a newer version, to what is loaded", "rebuild")
    audit = add("audit", commands.audit, "who did what, latest first", "audit --action export --since 2026-11-01")
    audit.add_argument("--search", default="", metavar="TEXT", help="anywhere in an entry")
    audit.add_argument("--person", default="", metavar="EMAIL")
    audit.add_argument("--action", default="", choices=["", *ACTIONS], metavar="ACTION", help=", ".join(ACTIONS))
    audit.add_argument("--since", type=date.fromisoformat, metavar="DAY")
    audit.add_argument("--until", type=date.fromisoformat, metavar="DAY")
    audit.add_argument("--limit", type=int, default=100, metavar="N")
    audit.add_argument("--as-user", metavar="EMAIL", help="refused unless this person may see it")
    audit.add_argument("--json", action="store_true")
    backup = add("backup", commands.backup, "the whole installation in one file, also while the dashboard runs",
                 "backup kam-2026-11-18.tar")
    backup.add_argument("file", type=Path, metavar="FILE")
    restore = add("restore", commands.restore, "put back what a backup holds, after checking every byte of it",
                  "restore kam-2026-11-18.tar --replace")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument("--replace", action="store_true", help="although there are data; they are kept aside")
    check = add("check", commands.check, "data quality of the current snapshot", "check --json")
    check.add_argument("--json", action="store_true")
    _as_user(check)


def _asking(add) -> None:  # type: ignore[no-untyped-def]
    metrics = add("metrics", commands.metrics, "every measure: key, label, definition, unit, dimensions",
                  "metrics --json")
    metrics.add_argument("--json", action="store_true")
    metric = add("metric", commands.metric, "the value of one or more measures",
                 "metric revenue gross_margin --by month --region East --period 2026 --format json")
    metric.add_argument("keys", nargs="+", metavar="KEY")
    metric.add_argument("--by", default="", metavar="DIM[,DIM]", help=f"one row per value of: {', '.join(DIMENSIONS)}")
    report = add("report", commands.report, f"a shaped result: {', '.join(reports.names())}",
                 "report top_movers --set limit=5")
    report.add_argument("name", metavar="NAME")
    report.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    for command in (metric, report):
        _filters(command)
    backtest = add("backtest", commands.backtest,
                   "replay the churn list as of earlier dates and grade it against simple rules",
                   "backtest --horizon 90 --as-of 2026-05-31 --json")
    backtest.add_argument("--horizon", type=int, metavar="DAYS", help="no order for so long is a loss")
    backtest.add_argument("--as-of", type=date.fromisoformat, nargs="+", action="extend", metavar="DATE",
                          help="the days to replay; may be repeated (default: the latest whose outcome is known)")
    backtest.add_argument("--json", action="store_true")
    bench = add("bench", commands.bench, "generate, load, build, and time each page's queries",
                "bench --orders 1000000 --json")
    bench.add_argument("--orders", type=int, default=1_000_000, metavar="N")
    bench.add_argument("--json", action="store_true")


def _as_user(command: argparse.ArgumentParser) -> None:
    command.add_argument("--as-user", metavar="EMAIL", help="only what this person may see")


def _filters(command: argparse.ArgumentParser) -> None:
    command.add_argument("--format", choices=["table", "csv", "json"], default="table")
    command.add_argument("--period", metavar="PERIOD",
                         help="this_month, this_quarter, this_year, last_12_months, all, YYYY, YYYY-Qn or YYYY-MM")
    command.add_argument("--start", type=date.fromisoformat, metavar="DAY")
    command.add_argument("--end", type=date.fromisoformat, metavar="DAY", help="the first day that no longer counts")
    command.add_argument("--as-of", type=date.fromisoformat, metavar="DAY")
    _as_user(command)
    command.add_argument("--contacts", action="store_true", help="with the names of contact persons, where allowed")
    command.add_argument("--roll-up", action="store_true", help="count groups: children with their parent")
    for name in ("region", "industry", "tier", "manager", "segment", "account", "product-line", "partner"):
        command.add_argument(f"--{name}", action="append", default=[], metavar="VALUE",
                             help="value or id; may be repeated")


if __name__ == "__main__":
    sys.exit(main())
