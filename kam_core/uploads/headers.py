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
        whole = {key: value for key, value in self.sheet.format.items() if not isinstance(value, dict)}
        return Join(self.key, self.their_key, self.sheet.file_pattern, whole)

    def to_remember(self) -> dict[str, str]:
        return {"shape": shape(self.sheet.look), "key": self.key, "their_key": self.their_key}


def format_of(lines: Sheet) -> dict[str, Any]:
    """How lines are read: what was chosen for single columns of their header holds for what they take from it."""
    format = dict(lines.format)
    for key, said in (lines.header.sheet.look.chosen if lines.header else {}).items():
        if isinstance(said, dict):
            theirs = {heading: choice for heading, choice in said.items() if heading not in lines.look.headings}
            format[key] = {**format.get(key, {}), **theirs}
    return format


def find(sheets: Iterable[Sheet]) -> None:
    """Give each sheet of order lines the header that it lacks, where there is one among the sheets."""
    sheets = list(sheets)
    for lines in sheets:
        if lines.header or (lines.table not in (None, "orders") and lines.is_mapped):
            continue
        parts = {id(sheet): _part(sheet) for sheet in sheets}
        match = partner.partner(parts[id(lines)], parts.values())
        if match is None or (match.sure != LIKELY and lines.table != "orders"):
            continue
        header = next(s for s in sheets if parts[id(s)] is match.part)
        columns = parts[id(lines)].columns
        lines.take("orders", {**match.columns, **columns})
        lines.header = HeaderOf(header, match.key, match.their_key, match.sure, match.why)
        header.take(None)  # one row an order: neither accounts nor, beside its lines, orders once more


def take(lines: Sheet, other: Sheet | None, key: str | None = None, their_key: str | None = None) -> None:
    """Let lines take what is missing from another sheet, by these keys or by those that fit best; from none: None."""
    lines.remembered = False
    if other is None:
        leave(lines)
        return
    ours, theirs = _part(lines), _part(other)
    keys = [(ours.columns.get(partner.KEY), theirs.columns.get(partner.KEY))]
    keys += [(h, h) for h in lines.look.headings if h in other.look.headings]
    best = next(((a, b) for a, b in keys if a and b), (lines.look.headings[0], other.look.headings[0]))
    adds = partner.additions(ours, theirs) if lines.table == "orders" else {}
    match = partner.joined(ours, theirs, key or best[0], their_key or best[1], adds)
    if lines.header and lines.header.sheet is not other:
        leave(lines)
    lines.header = HeaderOf(other, match.key, match.their_key, CERTAIN if key else match.sure, match.why)
    lines.columns = {**match.columns, **lines.columns}
    if other.table == "orders":
        other.take(None)  # its amounts, if it has any, are those of the lines


def take_again(lines: Sheet, join: dict[str, str] | None, sheets: Iterable[Sheet]) -> None:
    """Take the header that was taken for a file of this shape before, where such a one is here."""
    for other in sheets if join else ():
        if join and other is not lines and shape(other.look) == join["shape"]:
            lines.header = HeaderOf(other, join["key"], join["their_key"], CERTAIN, ("page.upload.why_remembered", {}))
            return


def leave(lines: Sheet) -> None:
    """Forget the header, and what was taken from it."""
    lines.header = None
    lines.columns = {ours: text for ours, text in lines.columns.items() if expressions.reads(text, lines.headings)}


def leave_gone(sheets: Iterable[Sheet]) -> None:
    """Forget headers whose sheet, or whose key, is there no more."""
    there = list(sheets)
    for lines in there:
        header = lines.header
        if header and not (
            any(header.sheet is sheet for sheet in there)
            and header.key in lines.look.headings and header.their_key in header.sheet.look.headings
        ):  # fmt: skip
            leave(lines)


def _part(sheet: Sheet) -> partner.Part:
    """A sheet as the search for headers sees it: by its mapping where it is one of orders, else by what is proposed."""
    if sheet.table == "orders":
        own = {c: text for c, text in sheet.columns.items() if text in sheet.look.headings}
        return partner.Part(sheet.look.name, sheet.look.headings, sheet.look.sample, own, tuple(sheet.missing))
    proposal = next((p for p in sheet.proposals if p.table == "orders"), None)
    columns = {pair.column: pair.heading for pair in proposal.pairs} if proposal else {}
    missing = proposal.missing if proposal else ORDERS.required
    return partner.Part(sheet.look.name, sheet.look.headings, sheet.look.sample, columns, missing)
