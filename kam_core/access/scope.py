"""What one person may see: arms of the matrix that add up, turned into one SQL condition on accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ARMS = ("region", "industry", "manager_id")


@dataclass(frozen=True)
class Scope:
    """`arms` is None for everything; otherwise pairs (column of accounts, value) of which one must hold.

    No pairs means nothing at all: a person known but without a role sees no account. `contacts` tells whether
    the persons at the accounts are named. As the scope is part of every cache's key, so is this.
    """

    arms: tuple[tuple[str, str], ...] | None = ()
    contacts: bool = False

    def __post_init__(self) -> None:
        unknown = {column for column, _ in self.arms or ()} - set(ARMS)
        if unknown:
            raise ValueError(f"a scope cannot be made of {sorted(unknown)}")

    @classmethod
    def everything(cls) -> Scope:
        return cls(arms=None, contacts=True)

    @property
    def regions(self) -> list[str]:
        """The regions directed."""
        return [value for column, value in self.arms or () if column == "region"]

    def condition(self) -> tuple[str, dict[str, Any]]:
        """The condition on a relation with the columns `ARMS`, and its bound values."""
        if self.arms is None:
            return "true", {}
        params = {f"scope_{c}": sorted(v for column, v in self.arms if column == c) for c in ARMS}
        used = {name: values for name, values in params.items() if values}
        if not used:
            return "false", {}
        return "(" + " or ".join(f"list_contains(${n}, {n.removeprefix('scope_')})" for n in used) + ")", dict(used)
