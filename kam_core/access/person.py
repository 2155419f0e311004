"""Who is asking: one person with a name, roles and the scope that they add up to."""

from __future__ import annotations

from dataclasses import dataclass, field

from kam_core.access.scope import Scope

EXECUTIVE, REGION, INDUSTRY, MANAGER, STEWARD = (
    "executive", "regional_director", "industry_director", "account_manager", "steward"
)
ROLES = (EXECUTIVE, REGION, INDUSTRY, MANAGER, STEWARD)
EVERYBODY = frozenset(ROLES)

# Who may do what. A person with several roles may do what any of them may.
RIGHTS: dict[str, frozenset[str]] = {
    "load": frozenset({STEWARD}),  # publish files into the company's data
    "undo": frozenset({STEWARD}),
    "policy": frozenset({STEWARD}),
    "view_as": frozenset({STEWARD}),
    "audit": frozenset({STEWARD}),
    "rows": frozenset({STEWARD}),  # raw values of rows as they were loaded: refused rows, examples of checks
    "history": frozenset({STEWARD, EXECUTIVE}),  # what was loaded, when and by whom
    "contacts": frozenset({STEWARD, REGION, INDUSTRY, MANAGER}),  # who a contact is, and how to reach them
    "export": EVERYBODY,
    "sql": EVERYBODY,  # in one's own upload
}


@dataclass(frozen=True)
class Person:
    """`key` is the e-mail address, or "local" for the one user of one machine; nothing is given that is not said."""

    key: str
    name: str = ""
    roles: tuple[str, ...] = ()
    scope: Scope = field(default_factory=Scope)
    acting_for: str | None = None  # the steward's own key, while a steward looks as this person

    def may(self, action: str) -> bool:
        """Whether any of the roles allows it; what is done while viewing as somebody else only reads."""
        if action not in RIGHTS:
            raise ValueError(f"no right is called {action!r}")
        if self.acting_for and action not in ("contacts", "history", "rows"):
            return False
        return bool(RIGHTS[action] & set(self.roles))


LOCAL = Person("local", "", ROLES, Scope.everything())
