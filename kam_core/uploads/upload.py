"""One session's upload: the files, what was understood of each sheet, what the person changed, and what came of it.

Steps are run by a `Job`, one at a time: `look` (and read into tables), `check_rows`, `build`. Nothing here touches the
company's data; `publish` does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from kam_core.errors import KamError
from kam_core.ingest import Mapping, TableMapping, expressions, prepare
from kam_core.ingest.assumptions import Assumption as Assumption
from kam_core.ingest.cells import Cells
from kam_core.ingest.examine import (
    ColumnRead,
    Examined,
    Problem,
    Proposal,
    SheetLook,
    examine,
    guess_table,
    quoted_name,
    read_text,
    read_typed,
)
from kam_core.ingest.examine import shape as shape
from kam_core.policy import Policy
from kam_core.schema import TABLES
from kam_core.uploads import headers
from kam_core.uploads.headers import HeaderOf
from kam_core.uploads.job import Job
from kam_core.uploads.workspace import Workspace
from kam_core.warehouse.engine import workbench
from kam_core.warehouse.load import load
from kam_core.warehouse.snapshots import Snapshot, Store

MOST_REFUSED = 1000  # refused rows that are shown and can be mended; the download and the counts have all
MOST_PARTIES = 100_000
LONGEST_NAME = 120  # bytes of a file's name
CHUNK = 4 * 1024**2
ABOUT = ("name", "industry", "region", "segment", "city", "manager_id")  # what a file may say about an account
Known = dict[str, set[str]]  # table → ids and names that the company has of it


@dataclass
class Sheet:
    """One table of a file: how it was understood, what it is taken for, and the cells corrected by hand."""

    look: SheetLook
    proposals: list[Proposal] = field(default_factory=list)
    table: str | None = None  # one of ours, or None: only to be explored
    columns: dict[str, str] = field(default_factory=dict)  # ours → theirs
    header: HeaderOf | None = None
    cells: Cells = field(default_factory=dict)
    remembered: bool = False  # the mapping is the one that the person made for a file of this shape
    held: str | None = None  # the name of its table in the workspace
    rows: int | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    typed: list[ColumnRead] = field(default_factory=list)
    read_by: tuple[dict[str, Any], Cells] | None = None  # the format and the corrected cells that its table has

    def is_read_by(self, format: dict[str, Any]) -> bool:
        return self.read_by == (format, self.cells)

    def was_read(self) -> None:
        self.read_by = dict(self.look.chosen), {line: dict(texts) for line, texts in self.cells.items()}

    @property
    def headings(self) -> list[str]:
        """All headings that can fill a column of ours: those of the sheet, then those of its header."""
        own = self.look.headings
        return [*own, *expressions.added(own, self.header.sheet.look.headings)] if self.header else own

    @property
    def missing(self) -> list[str]:
        """The required columns of the table that no column of the file fills yet."""
        if self.table is None:
            return []
        filled = set(self.columns)
        if self.table == "orders" and {"quantity", "unit_price"} <= filled:
            filled.add("amount")
        return [column for column in TABLES[self.table].required if column not in filled]

    @property
    def is_mapped(self) -> bool:
        return self.table is not None and not self.missing

    def mapping(self, repairs: dict[str, str]) -> TableMapping:
        """How the sheet fills its table. `repairs`: their account → ours, as confirmed."""
        assert self.table
        has_account = "account_id" in self.columns and repairs
        return TableMapping(
            self.table,
            dict(self.columns),
            (self.file_pattern,),
            self.format,
            values={"account_id": dict(repairs)} if has_account else {},
            cells={line: dict(texts) for line, texts in self.cells.items()},
            join=self.header.join() if self.header else None,
        )

    @property
    def file_pattern(self) -> str:
        """What names the sheet's file in a mapping."""
        return re.sub(r"([*?\[])", r"[\1]", self.look.file)

    @property
    def format(self) -> dict[str, Any]:
        """How the sheet is read, as a mapping says it."""
        return self.look.chosen | ({"sheet": self.look.sheet} if self.look.sheet else {})

    def propose(self, known: Known, remembered: dict[str, Any] | None, others: Iterable[Sheet] = ()) -> None:
        """Take what was made for a file of this shape before, else the likeliest table where it is complete."""
        self.proposals, self.header = guess_table(self.look, known), None
        if remembered and remembered.get("table") in TABLES:
            if "join" in remembered:
                headers.take_again(self, remembered["join"], others)
            if all(expressions.reads(text, self.headings) for text in remembered["columns"].values()):
                self.take(remembered["table"], dict(remembered["columns"]))
                self.remembered = True
                return
            self.header = None
        if self.proposals:
            best = self.proposals[0]
            likely = not best.missing or len(best.pairs) >= 3
            self.take(best.table if likely else None)

    def pair(self, column: str, text: str | None) -> None:
        """Fill a column of ours by one of theirs, or by a formula over them; KamError where that cannot be read."""
        if text is None:
            self.columns.pop(column, None)
        else:
            expressions.parse(text, self.headings, column)
            self.columns[column] = text
        self.remembered = False

    def to_remember(self) -> dict[str, Any]:
        """The mapping, to be taken again for the next file of this shape."""
        join = {"join": self.header.to_remember()} if self.header else {}
        return {"table": self.table, "columns": dict(self.columns), **join}

    def take(self, table: str | None, columns: dict[str, str] | None = None) -> None:
        """Take the sheet for a table; without columns, those that are proposed."""
        self.table, self.remembered = table, False
        if columns is None:
            pairs = [pair for proposal in self.proposals if proposal.table == table for pair in proposal.pairs]
            columns = {pair.column: pair.heading for pair in pairs}
        self.columns = columns


@dataclass(frozen=True)
class Refusal:
    """One refused row: the sheet, the line, our column, their heading, what stood there, and why it cannot be."""

    sheet: str
    table: str
    line: int | None
    column: str
    heading: str | None  # None where no single cell is to blame: it cannot be mended here
    value: str | None
    reason: str


@dataclass(frozen=True)
class Party:
    """An account as the files name it: how many rows and what amount, and what the files say about it."""

    id: str
    rows: int
    amount: float | None
    about: dict[str, str]

    @property
    def name(self) -> str:
        return self.about.get("name") or self.id


@dataclass(frozen=True)
class Check:
    """What a load of the upload would take and refuse. `reasons`: table, our column, reason, rows."""

    counts: dict[str, dict[str, int]]  # table → read, taken, refused, left_out
    left_out: dict[str, dict[str, int]]
    reasons: list[tuple[str, str, str, int]]
    refused: list[Refusal]
    parties: list[Party]
    notes: list[str]


class Upload:
    """All that one session brought."""

    def __init__(self, workspace: Workspace, policy: Policy) -> None:
        self.workspace, self.policy = workspace, policy
        self.paths: list[Path] = []
        self.formats: dict[str, dict[str, Any]] = {}
        self.sheets: dict[str, Sheet] = {}
        self.problems: list[Problem] = []
        self.check: Check | None = None
        self.accounts: dict[str, str] = {}  # their account → ours, confirmed by the person
        self.own: Snapshot | None = None  # the app's own figures over this upload, once they were asked for
        self._builds = 0
        self._examined: Examined | None = None
        self._looked_at: list[Path] = []

    # --- files

    def add(self, name: str, content: IO[bytes]) -> Path:
        """Keep a dropped file under its own name, without what could lead out of the folder."""
        path = self._free(safe_name(name))
        with path.open("wb") as file:
            while chunk := content.read(CHUNK):
                file.write(chunk)
        self.paths.append(path)
        self._changed()
        return path

    def remove(self, path: Path) -> None:
        """Take a file back, with its sheets and tables."""
        self.paths.remove(path)
        for id, sheet in list(self.sheets.items()):
            if sheet.look.file == path.name or sheet.look.file.startswith(path.name + "/"):
                del self.sheets[id]
                self.workspace.forget(id)
        headers.leave_gone(self.sheets.values())  # at once: the page is drawn before the files are looked at again
        self.problems = [p for p in self.problems if p.file != path.name]
        path.unlink(missing_ok=True)
        self._changed()

    def _free(self, name: str) -> Path:
        stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
        names = [name, *(f"{stem} ({n}){suffix}" for n in range(2, 10_000))]
        return next(path for path in (self.workspace.files / n for n in names) if not path.exists())

    def _changed(self) -> None:
        self.check = self.own = None

    # --- steps

    def look(self, job: Job, known: Known, remembered: dict[str, dict[str, Any]]) -> None:
        """See what the files are and read each new or corrected sheet into a table of the workspace."""
        before = self._examined if self._looked_at == self.paths else None
        folder, stopped = self.workspace.folder, lambda: job.was_stopped
        found = examine(self.paths, self.formats, job.part(0, 0.2), stopped, before, folder)
        if self._examined and before is None:
            self._examined.close()
        self._examined, self._looked_at, self.problems = found, list(self.paths), list(found.problems)
        self._take_in(found.sheets, known, remembered)
        unread = [s for s in self.sheets.values() if not s.is_read_by(s.look.chosen)]
        for place, sheet in enumerate(unread):
            self._read(sheet, job, 0.2 + 0.8 * place / len(unread), 0.2 + 0.8 * (place + 1) / len(unread))

    def _take_in(self, looks: list[SheetLook], known: Known, remembered: dict[str, dict[str, Any]]) -> None:
        """Keep what is known of each sheet; those that are new, or whose headings are, are proposed anew."""
        before = {id: sheet.look.headings for id, sheet in self.sheets.items()}
        new = [look for look in looks if before.get(look.id) != look.headings]
        for look in looks:
            sheet = self.sheets.setdefault(look.id, Sheet(look))
            sheet.look = look
        self.sheets = {look.id: self.sheets[look.id] for look in looks}
        # Lines come last: the header that they had before is then known as what it was.
        for look in sorted(new, key=lambda look: "join" in remembered.get(shape(look), {})):
            self.sheets[look.id].propose(known, remembered.get(shape(look)), self.sheets.values())
        headers.leave_gone(self.sheets.values())
        headers.find(self.sheets.values(), {look.id for look in new})

    def lines_of(self, sheet: Sheet) -> list[Sheet]:
        """The sheets of order lines whose header this one is."""
        return [lines for lines in self.sheets.values() if lines.header and lines.header.sheet is sheet]

    def _read(self, sheet: Sheet, job: Job, start: float, end: float) -> None:
        middle = start + (end - start) * 0.6
        try:
            with self.workspace.writing(sheet.look.id, sheet.look.name) as (con, name):
                job.on_stop(con.interrupt)
                job.tell("upload.step.read", start)
                read = read_text(con, sheet.look, f"{name}_text", job.part(start, middle), lambda: job.was_stopped)
                _correct_cells(con, f"{name}_text", sheet)
                job.tell("upload.step.types", middle)
                sheet.typed = read_typed(con, f"{name}_text", name, sheet.look)
                job.tell("upload.step.types", end)
        except KamError as error:
            if job.was_stopped:
                raise
            sheet.was_read()
            self.problems.append(Problem(sheet.look.file, ("reading.problem.other", {"message": str(error)})))
            return
        sheet.held, sheet.rows, sheet.left_out = name, read.rows, dict(read.left_out)
        sheet.was_read()

    @property
    def is_read(self) -> bool:
        """Whether every file and every correction of the format has been looked at."""
        return self._looked_at == self.paths and all(
            sheet.is_read_by(self.formats.get(id, {})) for id, sheet in self.sheets.items()
        )

    @property
    def is_mapped(self) -> bool:
        return any(sheet.is_mapped for sheet in self.sheets.values())

    def correct(self, sheet: str, key: str, column: str | None, value: Any) -> None:
        """Change one thing that was assumed; `look` then reads the sheet by it."""
        format = dict(self.formats.get(sheet, {}))
        if column is None:
            format[key] = value
        else:
            format[key] = {**(format.get(key) or {}), column: value}
        self.formats[sheet] = format
        self._changed()

    def mapping(self) -> Mapping:
        """How the sheets that are mapped fill our tables; KamError where none is."""
        tables = [sheet.mapping(self.accounts) for sheet in self.sheets.values() if sheet.is_mapped]
        if not tables:
            raise KamError("no sheet of this upload is mapped to a table yet")
        return Mapping(tuple(tables))

    def check_rows(self, job: Job) -> Check:
        """Let every row of the mapped sheets be checked, as a load would, and forget the rows again."""
        mapping = self.mapping()
        job.tell("upload.step.check", 0.1)
        path = self.workspace.folder / "check.duckdb"
        _remove(path)
        con = workbench(path, 1.0)
        try:
            job.on_stop(con.interrupt)
            con.execute("set threads = 1")  # it runs by itself behind the page: whoever explores comes first
            staged = prepare(con, self.paths, mapping, None, self.policy)
            job.tell("upload.step.check", 0.8)
            sheets = {f.source_id: f"{f.name}/{f.sheet}" if f.sheet else f.name for f in staged.files}
            self.check = Check(
                {
                    table: {
                        "read": n.rows_read, "taken": n.taken, "refused": n.refused,
                        "left_out": sum(n.left_out_by_reason.values()),
                    }
                    for table, n in staged.counts.items()
                },
                {table: dict(n.left_out_by_reason) for table, n in staged.counts.items()},
                con.execute(
                    "select table_name, coalesce(column_name, ''), reason, count(*) from staged.refused"
                    " group by all order by count(*) desc, 1, 2, 3"
                ).fetchall(),
                [self._refusal(sheets, row) for row in self._refused(con)],
                parties(con, set(staged.counts)),
                list(staged.warnings),
            )  # fmt: skip
        finally:
            con.close()
            _remove(path)
        return self.check

    def _refused(self, con: Any) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = con.execute(
            "select source_id, table_name, line, coalesce(column_name, ''), value, reason from staged.refused"
            f" order by source_id, line limit {MOST_REFUSED}"
        ).fetchall()
        return rows

    def _refusal(self, sheets: dict[int, str], row: tuple[Any, ...]) -> Refusal:
        source_id, table, line, column, value, reason = row
        sheet = self.sheets.get(sheets[source_id])
        heading = sheet.columns.get(column) if sheet else None
        is_cell = sheet is not None and heading in sheet.headings
        return Refusal(sheets[source_id], table, line, column, heading if is_cell else None, value, reason)

    def build(self, job: Job) -> Snapshot:
        """The app's own figures over this upload alone, in a private store beside its files."""
        self._builds += 1
        store = Store(self.workspace.folder / f"own{self._builds}")
        report = load(
            store, self.paths, self.mapping(), policy=self.policy,
            progress=lambda _step, share: job.tell("upload.step.build", share),
        )  # fmt: skip
        assert report.snapshot
        self.own = report.snapshot
        return report.snapshot

    def rows_of(self, refusals: Iterable[Refusal], sheet: Sheet) -> dict[int, dict[str, Any]]:
        """Line → the whole row as the file has it, for refused rows of one sheet."""
        lines = sorted({r.line for r in refusals if r.line is not None})
        if not lines or sheet.held is None:
            return {}
        listed = ", ".join(str(int(line)) for line in lines)
        frame = self.workspace.reader().frame(f'select * from {sheet.held}_text where "_line" in ({listed})')
        rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
        return {int(row.pop("_line")): {str(k): v for k, v in row.items()} for row in rows}

    def mend(self, sheet: str, line: int, heading: str, text: str) -> None:
        """Put down what should have stood in a cell."""
        self.sheets[sheet].cells.setdefault(line, {})[heading] = text
        self._changed()


def _correct_cells(con: Any, table: str, sheet: Sheet) -> None:
    """Put corrections into the sheet's own table; those of what its header says are no cells of it."""
    for line, texts in sheet.cells.items():
        for heading, text in ((h, text) for h, text in texts.items() if h in sheet.look.headings):
            con.execute(f'update {table} set {quoted_name(heading)} = ? where "_line" = ?', [text, line])


def parties(con: Any, tables: set[str]) -> list[Party]:
    """The accounts that the staged rows speak of, the largest first."""
    sources = []
    for table in sorted(tables):
        columns = {c.name for c in TABLES[table].stored}
        if table == "rates" or "account_id" not in columns:
            continue
        about = ", ".join(f"{c if c in columns else 'null'}::varchar as {c}" for c in ABOUT)
        amount = "amount::double" if table == "orders" else "null::double"
        sources.append(f"select account_id, {amount} as amount, {about} from staged.{table}")
    if not sources:
        return []
    said = ", ".join(f"max({c}) as {c}" for c in ABOUT)
    rows = con.execute(
        f"select account_id, count(*), sum(amount), {said} from ({' union all '.join(sources)})"
        " where account_id is not null group by account_id"
        f" order by sum(amount) desc nulls last, account_id limit {MOST_PARTIES}"
    ).fetchall()
    return [
        Party(row[0], row[1], row[2], {c: text for c, text in zip(ABOUT, row[3:], strict=True) if text}) for row in rows
    ]


def safe_name(name: str) -> str:
    """A file name that is only a name: no folder, no control or direction marks, not too long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*').strip(". ")
    path = PurePosixPath(kept or "file")
    stem = path.stem.encode("utf-8")[: LONGEST_NAME - len(path.suffix)].decode("utf-8", "ignore")
    return (stem or "file") + path.suffix[:16]


def _remove(path: Path) -> None:
    for leftover in (path, path.with_name(path.name + ".wal")):
        leftover.unlink(missing_ok=True)

