"""Find the sheet of order headers for a sheet of order lines: it has the date and the customer, and shares a key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kam_core.ingest.assumptions import ASK, LIKELY, Why
from kam_core.schema import ORDERS

KEY, CUSTOMER = "order_id", "account_id"
UNIQUE = 0.9  # of a header's keys: where they repeat more often, it is no header
SHARED = 0.5  # half of the lines' keys stand in the header: then it is the right one
ABOUT_ORDERS = ("text", "date", "bool")  # a header's amounts are those of whole orders: no line takes them


@dataclass(frozen=True)
class Part:
    """A sheet that could be lines or headers: the first rows, and what of orders its columns could be."""

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    columns: dict[str, str]  # ours → theirs
    missing: Sequence[str]

    def values(self, heading: str) -> list[str]:
        place = list(self.headings).index(heading)
        return [row[place].strip() for row in self.rows if place < len(row) and row[place].strip()]


@dataclass(frozen=True)
class Partner:
    """The header proposed for some lines: which part, by which keys, what it adds, how sure that is, and why."""

    part: Part
    key: str
    their_key: str
    columns: dict[str, str]  # ours → theirs, those that the lines lack
    share: float  # of the lines' first keys that are among the header's first
    sure: str
    why: Why


def partner(lines: Part, others: Iterable[Part]) -> Partner | None:
    """The header that gives the lines all they lack, the one with most keys in common; None where there is none."""
    if not lines.missing or "amount" in lines.missing:
        return None
    found = [match for other in others if other is not lines for match in _matches(lines, other)]
    return max(found, key=lambda match: match.share, default=None)


def additions(lines: Part, header: Part) -> dict[str, str]:
    """What the lines can take from the header: ours → theirs."""
    return {ours: theirs for ours, theirs in header.columns.items()
            if ORDERS.column(ours).kind in ABOUT_ORDERS and ours not in lines.columns and theirs not in lines.headings}


def _matches(lines: Part, header: Part) -> list[Partner]:
    adds = additions(lines, header)
    if not set(lines.missing) <= set(adds):
        return []
    return [joined(lines, header, key, their_key, adds) for key, their_key in _keys(lines, header)]


def _keys(lines: Part, header: Part) -> list[tuple[str, str]]:
    """Columns by which the two could be joined: both order numbers, or of the same name and the same values. Not the
    customer: what stands once for a customer, as in a list of accounts, is no date of an order."""
    named = [(lines.columns[KEY], header.columns[KEY])] if KEY in lines.columns and KEY in header.columns else []
    customers = {part.columns.get(CUSTOMER) for part in (lines, header)}
    alike = [(h, h) for h in lines.headings if h and h in header.headings and h not in customers]
    alike = [(h, h) for h, _ in alike if (h, h) not in named and share(lines, h, header, h) >= SHARED]
    return [(key, their_key) for key, their_key in [*named, *alike] if _is_unique(header.values(their_key))]


def joined(lines: Part, header: Part, key: str, their_key: str, adds: dict[str, str]) -> Partner:
    """The proposal by one pair of keys."""
    common = share(lines, key, header, their_key)
    sure = LIKELY if common >= SHARED else ASK
    why: Why = (f"reading.why.header_{sure}", {"header": header.name, "column": key, "share": f"{common:.0%}"})
    return Partner(header, key, their_key, adds, common, sure, why)


def share(lines: Part, key: str, header: Part, their_key: str) -> float:
    """How many of the lines' first keys are among the header's first."""
    wanted, there = set(lines.values(key)), set(header.values(their_key))
    return len(wanted & there) / len(wanted) if wanted else 0.0


def _is_unique(values: list[str]) -> bool:
    return bool(values) and len(set(values)) >= UNIQUE * len(values)
