"""Who a person is: roles from the users file and from the loaded managers, added up to one scope."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from kam_core.access.person import EXECUTIVE, INDUSTRY, MANAGER, REGION, RIGHTS, ROLES, STEWARD, Person
from kam_core.access.scope import Scope
from kam_core.access.users import Entry, Users
from kam_core.errors import KamError

SEES_ALL = {EXECUTIVE, STEWARD}
Arm = tuple[str, str]


class Reader(Protocol):
    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[tuple[Any, ...]]: ...


@dataclass(frozen=True)
class _Held:
    """What one row of the managers table says of a person."""

    manager_id: str
    name: str
    directs: str | None
    has_left: bool


def find(reader: Reader | None, users: Users, email: str) -> Person | None:
    """The person with this address, or None where nobody has it. Roles add up; who has left has none.

    `reader` is None where nothing is loaded yet: then only the users file is asked.
    """
    entry, rows = users.entry(email), _rows(reader, users, email)
    if entry is None and not rows:
        return None
    name = entry.name if entry and entry.name else rows[0].name if rows else ""
    key = entry.email if entry else email.strip()
    if rows and all(row.has_left for row in rows):
        return Person(key.casefold(), name)
    here = [row for row in rows if not row.has_left]
    known = _known(reader)
    arms = {*_arms_of_entry(reader, users, entry), *(arm for row in here for arm in _arms_of_row(users, known, row))}
    roles = set(entry.roles if entry else ()) | _roles_of(arms)
    scope = Scope(None if roles & SEES_ALL else tuple(sorted(arms)), contacts=bool(roles & RIGHTS["contacts"]))
    return Person(key.casefold(), name, tuple(r for r in ROLES if r in roles), scope)


def required(reader: Reader, users: Users, email: str) -> Person:
    """As `find`; KamError where nobody has the address."""
    found = find(reader, users, email)
    if found is None:
        raise KamError(f"nobody has the e-mail address {email!r}: it is neither in users.toml nor among the managers")
    return found


def everybody(reader: Reader | None, users: Users) -> list[tuple[str, str]]:
    """Address and name of all who could come in, by name."""
    found = {e.email.casefold(): e.name for e in users.people}
    if reader is not None and users.managers_table:
        sql = "select lower(email), name from mart.manager where email is not null and email <> ''"
        for email, name in reader.rows(sql):
            found[email] = found.get(email) or name
    return sorted(found.items(), key=lambda one: (one[1] or one[0], one[0]))


def _rows(reader: Reader | None, users: Users, email: str) -> list[_Held]:
    if reader is None or not users.managers_table:
        return []
    sql = "select manager_id, name, manager_of, left_on from mart.manager where lower(email) = lower($email)"
    found = reader.rows(f"{sql} order by manager_id", {"email": email.strip()})
    return [_Held(m, name, directs, left is not None and left <= date.today()) for m, name, directs, left in found]


def _known(reader: Reader | None) -> dict[str, set[str]]:
    """The regions and the industries that accounts and managers have."""
    names: dict[str, set[str]] = {"region": set(), "industry": set()}
    if reader is not None:
        for region, industry in reader.rows(
            "select region, industry from mart.account union select region, industry from mart.manager"
        ):
            names["region"].add(region)
            names["industry"].add(industry)
    return names


def _arms_of_row(users: Users, known: dict[str, set[str]], row: _Held) -> Iterable[Arm]:
    """Own accounts, and what the manager directs: a region where one has that name, else an industry."""
    yield "manager_id", row.manager_id
    if row.directs:
        inside = users.within(row.directs)
        kind = "region" if known["region"] & set(inside) else "industry"
        yield from ((kind, name) for name in inside if name in known[kind])


def _arms_of_entry(reader: Reader | None, users: Users, entry: Entry | None) -> Iterable[Arm]:
    if entry is None:
        return
    yield from (("region", name) for region in entry.regions for name in users.within(region))
    yield from (("industry", name) for industry in entry.industries for name in users.within(industry))
    if MANAGER in entry.roles and entry.manager_id and not _has_left(reader, entry.manager_id):
        yield "manager_id", entry.manager_id


def _has_left(reader: Reader | None, manager_id: str) -> bool:
    if reader is None:
        return False
    rows = reader.rows("select left_on from mart.manager where manager_id = $manager", {"manager": manager_id})
    return any(left is not None and left <= date.today() for (left,) in rows)


def _roles_of(arms: Iterable[Arm]) -> set[str]:
    roles = {"region": REGION, "industry": INDUSTRY, "manager_id": MANAGER}
    return {roles[column] for column, _ in arms}
