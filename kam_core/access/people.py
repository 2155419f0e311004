"""Who a person is, from the loaded managers: account manager, director of a region or an industry, or nobody."""

from __future__ import annotations

from typing import Any, Protocol

from kam_core.access.scope import Scope
from kam_core.errors import KamError


class Reader(Protocol):
    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[tuple[Any, ...]]: ...


def scope_of(reader: Reader, email: str) -> Scope:
    """What the person with this e-mail address may see: own accounts, and the region or industry directed.

    Several entries with one address add up. Who has left sees nothing more. KamError where no manager has the address.
    """
    found = reader.rows(
        "select manager_id, manager_of, left_on is not null from mart.manager where lower(email) = lower($email)",
        {"email": email.strip()},
    )
    if not found:
        raise KamError(f"no manager has the e-mail address {email!r}; load the managers with their addresses")
    regions = {row[0] for row in reader.rows("select distinct region from mart.account where region is not null")}
    arms: list[tuple[str, str]] = []
    for manager_id, directed, has_left in found:
        if has_left:
            continue
        arms.append(("manager_id", manager_id))
        if directed:
            arms.append(("region" if directed in regions else "industry", directed))
    return Scope(tuple(sorted(set(arms))))
