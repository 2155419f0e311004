"""Propose which of our tables a sheet could be and which column is which: by name, by type and by content."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from kam_core.ingest.assumptions import ASK, CERTAIN, LIKELY, Why
from kam_core.ingest.exports import EXPORTS
from kam_core.ingest.grid import Grid
from kam_core.ingest.guess import candidate, normal
from kam_core.ingest.looks import DATE, NUMBER, TEXT, YES_NO, Column
from kam_core.schema import TABLES, Table

Known = dict[str, set[str]]  # table → ids and names that we have: {"accounts": {"A001", "Contoso Ltd"}}
OURS = {"account_id": "accounts", "name": "accounts", "manager_id": "managers", "partner_id": "partners"}
MATCHED = 0.5  # half of the values are ours: then the column is that
ALIKE = 0.9  # how alike two headings must be, from 0 to 1
KEYED = 0.9  # of a table's rows have a key of their own
REPEATED = 0.5  # customers: not more of them than half the rows
CODE = re.compile(r"[A-Za-z]{0,4}[-_]?\d{3,}")  # shorter ones may be quantities
TYPES = {"date": DATE, "timestamp": DATE, "money": NUMBER, "quantity": NUMBER, "ratio": NUMBER, "int": NUMBER}
MONEY_WORDS = re.compile(r"amount|value|sales|revenue|charge|spend|price|total|金额|额$|收入|売上", re.I)
WHO_WORDS = re.compile(r"customer|client|account|company|store|shop|buyer|客户|单位|公司|店", re.I)


@dataclass(frozen=True)
class Pairing:
    """A column of ours and the heading that is proposed for it, how sure that is, and why."""

    column: str
    heading: str
    sure: str  # certain, likely, ask
    why: Why


@dataclass(frozen=True)
class Proposal:
    """How a sheet could fill one of our tables: what pairs with what, and which required columns are still missing."""

    table: str
    pairs: tuple[Pairing, ...]
    missing: tuple[str, ...]
    score: float


def propose(grid: Grid, columns: list[Column], rows: list[list[str]], known: Known | None = None) -> list[Proposal]:
    """The tables that a sheet could be, the likeliest first; `rows` is a sample, cells in the order of `columns`."""
    values = {c.heading: {row[i].strip() for row in rows if row[i].strip()} for i, c in enumerate(columns)}
    proposals = [_proposal(grid, table, columns, rows, values, known or {}) for table in TABLES.values()]
    return sorted((p for p in proposals if p.pairs), key=lambda p: (-p.score, len(p.missing)))


def _proposal(grid: Grid, table: Table, columns: list[Column], rows: list[list[str]], values: dict[str, set[str]],
              known: Known) -> Proposal:
    found = candidate(grid, table)
    pairs = [_by_name(table, ours, theirs) for ours, theirs in found.columns.items()]
    pairs = _by_our_values(table, pairs, columns, values, known)
    pairs += _by_likeness(table, pairs, columns, values)
    pairs += _by_type(table, pairs, columns)
    if table.name == "orders" and not pairs and grid.layout and not grid.layout.header_line:
        pairs = _by_content(columns, values, rows)
    pairs = _without_false_key(table, pairs, columns, rows)
    there = {p.column for p in pairs}
    if table.name == "orders" and {"quantity", "unit_price"} <= there:
        there.add("amount")
    if table.name == "accounts" and len(there & {"account_id", "name"}) == 1:  # a list of names alone, or of ids
        one = next(p for p in pairs if p.column in ("account_id", "name"))
        other = "name" if one.column == "account_id" else "account_id"
        pairs.append(Pairing(other, one.heading, ASK, ("reading.why.same", {"heading": one.heading})))
        there.add(other)
    missing = tuple(c for c in table.required if c not in there)
    order = [c.name for c in table.columns]
    weight = {CERTAIN: 1.0, LIKELY: 1.0, ASK: 0.25}
    score = sum(weight[p.sure] for p in pairs) + (found.score - len(found.columns)) - 1.5 * len(missing)
    return Proposal(table.name, tuple(sorted(pairs, key=lambda p: order.index(p.column))), missing, score)


def _by_name(table: Table, ours: str, theirs: str) -> Pairing:
    own = normal(theirs) == normal(ours)
    return Pairing(ours, theirs, CERTAIN if own else LIKELY, ("reading.why.name", {"heading": theirs}))


def _by_our_values(table: Table, pairs: list[Pairing], columns: list[Column], values: dict[str, set[str]],
                   known: Known) -> list[Pairing]:
    """A column whose values are our accounts, managers or partners is theirs, whatever it is called."""
    result = list(pairs)
    for name in (c.name for c in table.columns if OURS.get(c.name) in known and c.name != "name"):
        ours = known[OURS[name]]
        shares = {heading: len(theirs & ours) / len(theirs) for heading, theirs in values.items() if theirs}
        best = max(shares, key=lambda h: shares[h], default=None)
        if best is not None and shares[best] >= MATCHED:
            result = [p for p in result if p.column != name]
            why: Why = (f"reading.why.our_{OURS[name]}", {"share": f"{shares[best]:.0%}"})
            result.append(Pairing(name, best, CERTAIN, why))
    return result


def _by_likeness(table: Table, pairs: list[Pairing], columns: list[Column],
                 values: dict[str, set[str]]) -> list[Pairing]:
    """Columns not paired yet whose headings are nearly ours, or begin or end with one of our names."""
    taken, found = {p.heading for p in pairs}, []
    for column in table.columns:
        if any(p.column == column.name for p in pairs):
            continue
        names = [normal(n) for n in (column.name, *column.synonyms, *EXPORTS.get((table.name, column.name), ()))]
        for theirs in columns:
            if theirs.heading in taken or not _fits(column.kind, theirs.type, values[theirs.heading]):
                continue
            if column.name.endswith("_id") and theirs.type == YES_NO:  # yes and no are nobody
                continue
            key = normal(theirs.heading)
            holds = any(2 * len(n) >= len(key) and (key.startswith(n) or key.endswith(n)) for n in names)
            if holds or difflib.get_close_matches(key, names, 1, ALIKE):
                found.append(Pairing(column.name, theirs.heading, ASK, ("reading.why.alike", {
                    "heading": theirs.heading})))
                taken.add(theirs.heading)
                break
    return found


def _without_false_key(table: Table, pairs: list[Pairing], columns: list[Column],
                       rows: list[list[str]]) -> list[Pairing]:
    """A key that repeats is none: doubtful columns of it are let go (a number of invoices is no invoice number). The
    first part of a key may repeat where its rows are one customer's, as the lines of an order are."""
    places = {c.heading: i for i, c in enumerate(columns)}
    key = [places[p.heading] for p in pairs if p.column in table.key]
    doubtful = [p for p in pairs if p.column in table.key and p.sure == ASK and not table.column(p.column).required]
    said = [tuple(row[i] for i in key) for row in rows]
    who = next((places[p.heading] for p in pairs if p.column == "account_id"), None)
    if len(key) < len(table.key) and who is not None:
        owned = {(parts, row[who]) for parts, row in zip(said, rows, strict=True) if any(parts)}
        is_key = len(owned) == len({parts for parts, _ in owned})
    else:
        is_key = len(set(said)) >= KEYED * len(said)
    return pairs if is_key else [p for p in pairs if p not in doubtful]


def _by_type(table: Table, pairs: list[Pairing], columns: list[Column]) -> list[Pairing]:
    """Required columns still missing, where just one column of the file can be meant."""
    there, taken = {p.column for p in pairs}, {p.heading for p in pairs}
    if not there or (table.name == "orders" and {"quantity", "unit_price"} <= there):
        return []
    found = []
    for column in table.columns:
        if not column.required or column.name in there:
            continue
        free = [c for c in columns if c.heading not in taken and TYPES.get(column.kind, TEXT) == c.type]
        if column.kind == "money":
            free = [c for c in free if MONEY_WORDS.search(c.heading)] or [c for c in free if c.decimals == 2]
        elif column.name == "account_id":
            free = [c for c in free if WHO_WORDS.search(c.heading)]
        elif column.kind not in ("date", "timestamp"):
            free = []
        if len(free) == 1:
            found.append(Pairing(column.name, free[0].heading, ASK, ("reading.why.only", {"heading": free[0].heading})))
            taken.add(free[0].heading)
    return found


def _by_content(columns: list[Column], values: dict[str, set[str]], rows: list[list[str]]) -> list[Pairing]:
    """Orders without headings: the only dates, the only amounts with decimals, and the numbers that stand for the
    customer, which come again and again; all three or none."""
    dates = [c for c in columns if c.type == DATE]
    amounts = [c for c in columns if c.type == NUMBER and c.decimals]
    codes = [c for c in columns if c not in dates and not c.decimals and _come_again(values[c.heading], len(rows))]
    if len(dates) != 1 or len(amounts) != 1 or not codes:
        return []
    who = max(codes, key=lambda c: len(values[c.heading]))
    return [Pairing(ours, column.heading, ASK, (f"reading.why.content_{what}", {"heading": column.heading}))
            for ours, column, what in (("order_date", dates[0], "date"), ("account_id", who, "who"),
                                       ("amount", amounts[0], "amount"))]


def _come_again(values: set[str], rows: int) -> bool:
    """True for numbers or codes of which most stand on several rows."""
    return 1 < len(values) <= REPEATED * rows and all(CODE.fullmatch(v) for v in values)


def _fits(kind: str, type: str, values: set[str]) -> bool:
    """True where a column's type is what ours needs; a share is at most 1 or carries its mark."""
    if kind == "ratio" and not all("%" in v or re.fullmatch(r"-?(0?[.,]\d+|[01]([.,]0*)?)", v) for v in values):
        return False
    return kind in ("text", "bool") or TYPES.get(kind) == type
