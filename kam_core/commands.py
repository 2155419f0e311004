"""What each command does: its arguments in, text or JSON on stdout, progress and notes on stderr."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from kam_core import backup as backups
from kam_core import ingest, ledger
from kam_core import policy as policies
from kam_core.access import people, users
from kam_core.access.person import LOCAL, RIGHTS, Person
from kam_core.demo import generate
from kam_core.errors import KamError
from kam_core.metrics import query, reports
from kam_core.metrics.facts import Facts
from kam_core.metrics.measures import MEASURES
from kam_core.state import State, path_for
from kam_core.text.i18n import t
from kam_core.view import Filters, Period, View
from kam_core.warehouse import backtest as replays
from kam_core.warehouse import load as loading
from kam_core.warehouse.engine import Reader
from kam_core.warehouse.snapshots import Snapshot, Store, user
from kam_core.warehouse.version import built_by

Arguments = argparse.Namespace


def demo(args: Arguments) -> None:
    truths: dict[str, Any] = {}
    store = Store(args.warehouse)

    def put(con: Any) -> None:
        truths.update(generate(con, args.scale, seed=args.seed, orders=args.orders))

    snapshot = loading.fill(store, put, policies.load(args.policy), _progress("building the demo company"))
    _record(args, "demo", snapshot)
    path = args.warehouse / "demo_truths.json"
    path.write_text(json.dumps(truths, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    _say(f"built {snapshot.id}; the planted truths are in {path.name}")


def load(args: Arguments) -> None:
    mapping = ingest.Mapping.load(args.mapping) if args.mapping else None
    report = loading.load(
        Store(args.warehouse), args.paths, mapping, args.as_table, args.mode, policies.load(args.policy),
        args.dry_run, args.rejects, _progress("loading"), args.wait,
    )
    if report.snapshot:
        _record(args, "load", report.snapshot)
    if args.json:
        _print_json(report.to_dict())
        return
    for name, counts in report.tables.items():
        said = [f"{n:,} {word.replace('_', ' ')}" for word, n in counts.items() if n or word == "read"]
        print(f"{name}: {', '.join(said)}")
    for row in report.refused_examples:
        print("  refused {file} line {line}: {column_name} {value!r}: {reason}".format_map(row))
    for sentence in [*report.warnings, *report.notes]:
        print(sentence)
    if report.snapshot:
        print(f"published {report.snapshot.id}")
    else:
        print("nothing was changed (dry run)" if report.dry_run else "nothing changed: all of it was loaded before")


def mapping(args: Arguments) -> None:
    print(ingest.guess(args.paths, args.as_table).to_toml(), end="")


def snapshots(args: Arguments) -> None:
    _allowed(args, "history")
    found = [_described(s) for s in Store(args.warehouse).list()]
    if args.json:
        _print_json(found)
        return
    for one in found:
        changes = "; ".join(
            f"{name} +{c.get('added', 0):,} ~{c.get('updated', 0):,}" for name, c in one["tables"].items()
        )
        print(f"{one['id']}  {one['created_at']}  {one['kind']:<6} {one['created_by']}  {changes}")
    if not found:
        _say("nothing has been loaded yet")


def _described(snapshot: Snapshot) -> dict[str, Any]:
    manifest = snapshot.manifest
    return {
        "id": snapshot.id, "created_at": snapshot.created_at.isoformat(), "created_by": manifest.created_by,
        "kind": manifest.kind, "parent": manifest.parent, "files": manifest.files, "tables": manifest.tables,
        "notes": manifest.notes, "takes_back": manifest.takes_back,
    }


def undo(args: Arguments) -> None:
    snapshot = Store(args.warehouse).undo(args.to)
    _record(args, "undo", snapshot)
    taken = ", ".join(snapshot.manifest.takes_back) or "nothing"
    print(f"published {snapshot.id}, which equals {snapshot.manifest.equals}; taken back: {taken}")


def verify(args: Arguments) -> int:
    store = Store(args.warehouse)
    _current(store)
    problems = store.verify()
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print("the current snapshot is whole")
    return 1 if problems else 0


def rebuild(args: Arguments) -> None:
    snapshot = loading.rebuild(Store(args.warehouse), policies.load(args.policy), _progress("rebuilding"))
    if snapshot:
        _record(args, "rebuild", snapshot)
    print(f"published {snapshot.id}" if snapshot else "nothing changed: policy and version are those in force")


def audit(args: Arguments) -> None:
    """Who did what, latest first."""
    _allowed(args, "audit")
    found = _state(args).events(args.search, args.person, args.action, args.since, args.until, args.limit)
    if args.json:
        _print_json([asdict(event) | {"at": event.at.isoformat()} for event in found])
        return
    for e in found:
        who = f"{e.person} as {e.acting_for}" if e.acting_for else e.person
        rows = "" if e.rows is None else f"  {e.rows:,} rows"
        print(f"{e.at:%Y-%m-%d %H:%M:%S}Z  {who}  {e.action}{rows}  {json.dumps(e.what, ensure_ascii=False)}")
    if not found:
        _say("nothing was recorded that fits")


def backup(args: Arguments) -> None:
    listed = backups.write(_installation(args), args.file)
    files = listed["files"]
    size = sum(one["bytes"] for one in files.values())
    _log(args, "backup", {"file": args.file.name, "bytes": size})
    print(f"{args.file}: {len(files)} files, {size:,} bytes, every one read again and its checksum compared")


def restore(args: Arguments) -> None:
    listed, aside = backups.restore(_installation(args), args.file, args.replace)
    _log(args, "restore", {"file": args.file.name, "of": listed["created_at"], "by": listed["created_by"]})
    print(f"restored {len(listed['files'])} files of the backup of {listed['created_at']}, all as they were written")
    if aside:
        print(f"what was here is in {aside}")


def _installation(args: Arguments) -> backups.Installation:
    policy = args.policy or policies.DEFAULT_PATH
    return backups.Installation(args.warehouse, path_for(args.warehouse), policy, users.path())


def _state(args: Arguments) -> State:
    return State(path_for(args.warehouse))


def _record(args: Arguments, action: str, snapshot: Snapshot) -> None:
    """Into the audit log. What is done is done: where the log cannot be written, that is said."""
    keep_days = policies.load(args.policy).audit.keep_days
    try:
        ledger.published(_state(args), user(), action, Store(args.warehouse), snapshot, keep_days)
    except KamError as error:
        _say(f"not in the audit log: {error}")


FILTERS = ("region", "industry", "tier", "manager", "segment", "account", "product_line", "partner")


def _exported(args: Arguments, frame: pd.DataFrame, names: list[str]) -> None:
    """What leaves as data for other programs is an export; a table on the screen is not."""
    if args.format != "table":
        asked = (*FILTERS, "period", "start", "end", "as_of")
        filters = {name: getattr(args, name) for name in asked if getattr(args, name)}
        _log(args, "export", {"what": names, "format": args.format, **filters}, len(frame))


def _log(args: Arguments, action: str, what: dict[str, Any], rows: int | None = None) -> None:
    try:
        _state(args).record(user(), action, what, rows, acting_for=getattr(args, "as_user", None))
    except KamError as error:
        _say(f"not in the audit log: {error}")


def check(args: Arguments) -> None:
    _allowed(args, "rows")
    frame = _reader(args).frame("select * from meta.quality order by severity desc, table_name, check_name")
    if args.json:
        _print_json(_records(frame))
        return
    for row in _records(frame):
        where = ".".join(filter(None, (row["table_name"], row["column_name"])))
        what = t("en", f"check.{row['check_name']}")
        print(f"{row['severity']}: {what}: {where}: {row['rows']:,} rows, such as {row['examples']}")
    if frame.empty:
        print("no check found anything")


def metrics(args: Arguments) -> None:
    found = [
        {
            "key": m.key, "label": t("en", f"measure.{m.key}.label"),
            "definition": t("en", f"measure.{m.key}.definition"),
            "unit": m.unit, "direction": m.direction, "dimensions": list(query.dimensions_of(m)),
        }
        for m in MEASURES.values()
    ]
    if args.json:
        _print_json(found)
        return
    for one in found:
        print(f"{one['key']:<22} {one['unit']:<8} {one['label']}: {one['definition']}")


def metric(args: Arguments) -> None:
    reader = _reader(args)
    view = _view(args, reader)
    by = [d.strip() for d in args.by.split(",") if d.strip()]
    frame = query.measure(reader, view, args.keys, by)
    _print_frame(frame, args.format)
    _exported(args, frame, args.keys)
    for key in args.keys:
        if frame[key].isna().all():
            reason = query.why_missing(reader, view, key, by)
            _say(f"{key}: {t('en', 'missing.' + reason)}")
        elif first := query.loaded_only_from(Facts.read(reader), view, key):
            _say(f"{key}: {t('en', 'missing.loaded_only_from', date=first.isoformat())}")


def report(args: Arguments) -> None:
    settings = dict(_setting(text) for text in args.settings)
    reader = _reader(args)
    frame = reports.report(reader, _view(args, reader), args.name, **settings)
    _print_frame(frame, args.format)
    _exported(args, frame, [args.name])


def backtest(args: Arguments) -> None:
    rules = policies.load(args.policy).churn
    horizon = args.horizon or rules.horizon_days
    found = replays.report(_reader(args), horizon, args.as_of or [], rules.high, rules.medium)
    if args.json:
        _print_json(_cleaned(found))
    else:
        print(replays.described(found))


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _cleaned(inner) for key, inner in value.items()}
    return [_cleaned(inner) for inner in value] if isinstance(value, (list, tuple)) else _plain(value)


def bench(args: Arguments) -> None:
    from kam_core import bench as benching

    results = benching.run(args.orders, _progress("measuring"))
    if args.json:
        _print_json(results)
    else:
        print(benching.described(results))


def _setting(text: str) -> tuple[str, Any]:
    key, mark, value = text.partition("=")
    if not mark:
        raise KamError(f"--set takes KEY=VALUE, not {text!r}")
    return key, reports.parsed(value)


def _current(store: Store) -> Snapshot:
    snapshot = store.current()
    if snapshot is None:
        raise KamError(
            f"nothing is loaded in {store.folder}: run `python -m kam_core demo`,"
            " or `python -m kam_core load PATH` with your files"
        )
    if snapshot.fallback_reason:
        _say(f"serving {snapshot.id}: {snapshot.fallback_reason}")
    return snapshot


def _readable(snapshot: Snapshot) -> Snapshot:
    if snapshot.manifest.built_by != built_by():
        raise KamError(
            "the data were built by another version of this product:"
            " run `python -m kam_core rebuild`; nothing that is loaded is lost"
        )
    return snapshot


def _reader(args: Arguments) -> Reader:
    return Reader(_readable(_current(Store(args.warehouse))).path)


def _view(args: Arguments, reader: Reader) -> View:
    """What the filters ask for, in the scope of who is asked for; without a period, everything that is loaded."""
    if args.start or args.end:
        if args.period:
            raise KamError("give either --period or --start and --end")
        if not (args.start and args.end):
            raise KamError("--start and --end go together; --end is the first day that no longer counts")
        period = Period.between(args.start, args.end)
    else:
        period = Period(args.period or "all")
    filters = Filters(**{name: tuple(getattr(args, name)) for name in FILTERS})
    scope = _person(args, reader).scope
    allowed = replace(scope, contacts=scope.contacts and args.contacts)
    return View(allowed, filters, period, args.as_of, args.roll_up)


def _person(args: Arguments, reader: Reader) -> Person:
    """Who is asked for; whoever can read the warehouse's files sees all of it without that."""
    return people.required(reader, users.load(), args.as_user) if args.as_user else LOCAL


def _allowed(args: Arguments, action: str) -> None:
    if args.as_user and not _person(args, _reader(args)).may(action):
        raise KamError(f"{args.as_user} may not see this: it is for {' and '.join(sorted(RIGHTS[action]))} only")


def _progress(what: str) -> Callable[[str, float], None]:
    """Shares of the work on stderr: one line that moves on a terminal, silence elsewhere."""
    last = [""]

    def show(words: str, share: float) -> None:
        line = f"{what}: {words} {share:.0%}"
        if sys.stderr.isatty() and line != last[0]:
            print(f"\r\033[K{line}", end="\r" if share >= 1 else "", file=sys.stderr, flush=True)
            last[0] = line

    return show


def _say(words: str) -> None:
    print(words, file=sys.stderr)


def _print_json(content: Any) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=1, default=str))


def _print_frame(frame: pd.DataFrame, form: str) -> None:
    records = _records(frame)
    if form == "json":
        _print_json(records)
    elif form == "csv":
        plain = pd.DataFrame(records, columns=list(frame.columns), dtype=object)
        print(plain.to_csv(index=False, lineterminator="\n"), end="")
    else:
        _print_table(list(frame.columns), records)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): _plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    """A value as JSON has it: whole numbers as integers, days as text, what is missing as null."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(v) for v in value]
    if value is None or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, (pd.Timestamp, datetime)):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00")
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        value = round(value, 10)
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value


def _print_table(columns: list[str], records: list[dict[str, Any]]) -> None:
    """Aligned columns, figures to the right."""
    cells = [[_cell(r[c]) for c in columns] for r in records]
    numeric = [any(isinstance(r[c], (int, float)) for r in records) for c in columns]
    widths = [max([len(c), *(len(row[i]) for row in cells)]) for i, c in enumerate(columns)]
    for row in [columns, *cells]:
        print("  ".join(v.rjust(w) if n else v.ljust(w) for v, w, n in zip(row, widths, numeric, strict=True)).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return "n/a"
    if isinstance(value, list):
        return " ".join(_cell(v) for v in value)
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else str(value)


