"""Order lines and their header: which other sheet of the upload has the date and the customer that a sheet lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kam_core.ingest import Join, expressions, partner
from kam_core.ingest.assumptions import CERTAIN, LIKELY, Why
from kam_core.ingest.examine import shape
from kam_core.schema import ORDERS

if TYPE_CHECKING:
    from kam_core.uploads.upload import Sheet


@dataclass(frozen=True)
class HeaderOf:
    """The sheet from which lines take what they lack, the columns by which both are matched, how sure, and why."""

    sheet: Sheet
    key: str
    their_key: str
    sure: str
    why: Why

    def join(self) -> Join:
        """It as a mapping says it."""
        return Join(self.key, self.their_key, self.sheet.file_pattern, self.sheet.format)

    def to_remember(self) -> dict[str, str | None]:
        return {"shape": shape(self.sheet.look), "key": self.key, "their_key": self.their_key,
                "table": self.sheet.table}


def find(sheets: Iterable[Sheet], new: set[str]) -> None:
    """Give each sheet of order lines the header that it lacks, where one of the two is `new` (ids): what was decided
    about those that were here before stays."""
    sheets = list(sheets)
    for lines in sheets:
        if lines.header or (lines.table not in (None, "orders") and lines.is_mapped):
            continue
        others = [s for s in sheets if s is not lines and (lines.look.id in new or s.look.id in new)]
        parts = {id(sheet): _part(sheet) for sheet in others}
        ours = _part(lines)
        match = partner.partner(ours, parts.values())
        if match is None or (match.sure != LIKELY and lines.table != "orders"):
            continue
        header = next(sheet for sheet in others if parts[id(sheet)] is match.part)
        own = lines.columns if lines.table == "orders" else ours.columns  # of orders, formulas too
        lines.take("orders", {**match.columns, **own})
        lines.header = HeaderOf(header, match.key, match.their_key, match.sure, match.why)
        header.take(None)  # one row an order: neither accounts nor, beside its lines, orders once more


def take(lines: Sheet, other: Sheet | None, key: str | None = None, their_key: str | None = None) -> None:
    """Let lines take what is missing from another sheet, by these keys or by those that fit best; from none: None."""
    lines.remembered = False
    if other is None:
        leave(lines)
        return
    ours, theirs = _part(lines), _part(other)
    keys = (key, their_key) if key and their_key else _best_keys(ours, theirs)
    adds = partner.additions(ours, theirs) if lines.table == "orders" else {}
    match = partner.joined(ours, theirs, *keys, adds)
    if lines.header and lines.header.sheet is not other:
        leave(lines)
    lines.header = HeaderOf(other, match.key, match.their_key, CERTAIN if key else match.sure, match.why)
    lines.columns = {**match.columns, **lines.columns}
    if other.table == "orders":
        other.take(None)  # its amounts, if it has any, are those of the lines


def _best_keys(lines: partner.Part, header: partner.Part) -> tuple[str, str]:
    """The columns with most in common: both order numbers, or two of the same name; else the first of each."""
    pairs = [(lines.columns.get(partner.KEY, ""), header.columns.get(partner.KEY, ""))]
    pairs += [(h, h) for h in lines.headings if h in header.headings]
    return max(((a, b) for a, b in pairs if a and b), key=lambda pair: partner.share(lines, pair[0], header, pair[1]),
               default=(lines.headings[0], header.headings[0]))


def take_again(lines: Sheet, join: dict[str, Any], sheets: Iterable[Sheet]) -> None:
    """Take the header that was taken for a file of this shape before, where such a one is here, and leave it the table
    that it was then."""
    for other in sheets:
        key = expressions.find_heading(join["key"], lines.look.headings)
        their_key = expressions.find_heading(join["their_key"], other.look.headings)
        if other is not lines and shape(other.look) == join["shape"] and key and their_key:
            lines.header = HeaderOf(other, key, their_key, CERTAIN, ("page.upload.why_remembered", {}))
            if join.get("table") is None:
                other.take(None)
            return


def leave(lines: Sheet) -> None:
    """Forget the header, and what was taken from it."""
    lines.header = None
    lines.columns = {ours: text for ours, text in lines.columns.items() if expressions.reads(text, lines.headings)}


def leave_gone(sheets: Iterable[Sheet]) -> None:
    """Forget headers whose sheet, or whose key, is there no more; those that stay are no orders beside their lines."""
    there = list(sheets)
    for lines in there:
        header = lines.header
        if header and not (
            any(header.sheet is sheet for sheet in there)
            and header.key in lines.look.headings and header.their_key in header.sheet.look.headings
        ):  # fmt: skip
            leave(lines)
        elif header and header.sheet.table == "orders":
            header.sheet.take(None)


def _part(sheet: Sheet) -> partner.Part:
    """A sheet as the search for headers sees it: by its mapping where it is one of orders, else by what is proposed."""
    if sheet.table == "orders":
        own = {c: text for c, text in sheet.columns.items() if text in sheet.look.headings}
        return partner.Part(sheet.look.name, sheet.look.headings, sheet.look.sample, own, tuple(sheet.missing))
    proposal = next((p for p in sheet.proposals if p.table == "orders"), None)
    columns = {pair.column: pair.heading for pair in proposal.pairs} if proposal else {}
    missing = proposal.missing if proposal else ORDERS.required
    return partner.Part(sheet.look.name, sheet.look.headings, sheet.look.sample, columns, missing)
