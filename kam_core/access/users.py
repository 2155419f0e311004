"""Who may come in and with which roles: data/users.toml, checked before it is used."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kam_core import policy
from kam_core.access.person import INDUSTRY, REGION, ROLES
from kam_core.errors import KamError

DEFAULT_PATH = Path(__file__).resolve().parents[2] / "data" / "users.toml"
MODES = ("single", "oidc", "proxy")
LISTED = {REGION: "regions", INDUSTRY: "industries"}  # roles that need to be told of what


@dataclass(frozen=True)
class Entry:
    """One person of the file: address, roles, and what they are roles of."""

    email: str = ""
    name: str = ""
    roles: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    manager_id: str = ""


@dataclass(frozen=True)
class Parent:
    """A region or industry that holds others: who directs it sees them too."""

    name: str = ""
    holds: tuple[str, ...] = ()


@dataclass(frozen=True)
class SignIn:
    """How somebody is recognised once the provider or the proxy has said who it is."""

    claim: str = "email"
    provider: str = ""
    hours: float = field(default=12.0, metadata={"low": 0.05, "high": 720.0})
    sign_out: str = ""


@dataclass(frozen=True)
class Users:
    """The whole file; without one there is a single user on one machine."""

    mode: str = field(default="single", metadata={"choices": MODES})
    managers_table: bool = True
    public_address: bool = False
    sign_in: SignIn = SignIn()
    parents: tuple[Parent, ...] = ()
    people: tuple[Entry, ...] = ()

    def entry(self, email: str) -> Entry | None:
        """The person with this address; upper and lower case are the same."""
        return next((p for p in self.people if p.email.casefold() == email.casefold()), None)

    def within(self, name: str) -> tuple[str, ...]:
        """A region or industry and all that it holds, and what those hold."""
        found = [name]
        for one in found:
            inner = [held for parent in self.parents if parent.name == one for held in parent.holds]
            found += [held for held in inner if held not in found]
        return tuple(found)


def path() -> Path:
    """The file in use: what KAM_USERS names, else data/users.toml."""
    return Path(os.environ.get("KAM_USERS") or DEFAULT_PATH)


def load(file: Path | None = None) -> Users:
    """Read and check the file. KamError names what is wrong, with its line or the person it stands with."""
    file = file or path()
    if not file.exists() and os.environ.get("KAM_USERS"):
        raise KamError(f"KAM_USERS names {file}, which does not exist")
    users: Users = policy.read(Users, file)[0]
    _check(users, file.name)
    return users


def _check(users: Users, name: str) -> None:
    seen: set[str] = set()
    for person in users.people:
        problem = _problem(person) or ("stands in it twice" if person.email.casefold() in seen else "")
        if problem:
            raise KamError(f"{name}: people: {person.email or '(no email)'} {problem}")
        seen.add(person.email.casefold())
    for parent in users.parents:
        if not parent.name or not parent.holds:
            raise KamError(f"{name}: parents: each needs a name and what it holds")


def _problem(person: Entry) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", person.email):
        return "needs an email such as name@company.example"
    if not person.roles:
        return f"needs roles, of {', '.join(ROLES)}"
    unknown = [role for role in person.roles if role not in ROLES]
    if unknown:
        return f"has a role {unknown[0]!r}; known are {', '.join(ROLES)}"
    for role, listed in LISTED.items():
        values: Any = getattr(person, listed)
        if (role in person.roles) != bool(values):
            return f"needs {listed} = [...]" if role in person.roles else f"has {listed}, which need the role {role}"
    return ""
