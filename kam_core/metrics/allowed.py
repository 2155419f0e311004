"""What the asker may see of accounts, colleagues, partners and persons, whatever the filters say: the scope in SQL.

The prelude puts these texts under the marts' plain names, so that no query can ask for more.
"""

from __future__ import annotations

from dataclasses import dataclass

from kam_core.access.scope import Scope

# The columns of loaded tables that name a colleague.
COLLEAGUES = {"activities": "manager_id", "assignments": "manager_id", "tickets": "owner"}


@dataclass(frozen=True)
class Allowed:
    """Texts over `permitted` and `managers`, the names under which the prelude has the first two of them."""

    scope: Scope

    @property
    def everything(self) -> bool:
        return self.scope.arms is None

    @property
    def condition(self) -> str:
        """The scope as a condition on region, industry and manager_id."""
        return f"({self.scope.condition()[0]})"

    def accounts(self) -> str:
        """Accounts in the scope. A group whose parent is not in it goes by its first account that is."""
        if self.everything:
            return "select * from mart.account"
        seen = "in (select account_id from own) then"
        return (
            f"with own as (select * from mart.account where {self.condition}) select * replace ("
            f" case when parent_account_id {seen} parent_account_id end as parent_account_id,"
            f" case when group_id {seen} group_id else min(account_id) over groups end as group_id,"
            f" case when group_id {seen} group_name else arg_min(name, account_id) over groups end as group_name)"
            " from own window groups as (partition by group_id)"
        )

    def managers(self) -> str:
        """Oneself, the colleagues of the region or industry that one directs, and who holds an account in the scope."""
        if self.everything:
            return "select * from mart.manager"
        holders = "select manager_id from permitted"
        return f"select * from mart.manager where {self.condition} or manager_id in ({holders})"

    def partners(self) -> str:
        """Partners who serve an account in the scope, sell to it or have a deal with it."""
        if self.everything:
            return "select * from mart.partner"
        dealt = " union ".join(
            f"select x.partner_id from mart.{table} as x inner join permitted as p on p.account_id = x.account_id"
            for table in ("account_month_line", "deal")
        )
        return f"select * from mart.partner where partner_id in (select partner_id from permitted union {dealt})"

    def grades(self) -> str:
        """How forecasts came true: the company's for those who see all of it, a region's for who directs it."""
        narrowed = "" if self.everything else " where list_contains($directed_regions, region)"
        return f"select * from mart.forecast_grade{narrowed}"

    def segments(self) -> str:
        """The fits by segment, which tell how many accounts each has, for those who see all of the company."""
        return f"select * from mart.model_segment{'' if self.everything else ' where false'}"

    def colleague(self, column: str) -> str:
        """A manager's id, or null for a colleague whose name the asker may not see."""
        known = f"case when {column} in (select manager_id from managers) then {column} end"
        return column if self.everything else known

    def credited(self, alias: str, column: str = "manager_id") -> str:
        """To follow `alias.*`: the same with the colleague in `column` only where the asker may see the name."""
        return "" if self.everything else f" replace ({self.colleague(f'{alias}.{column}')} as {column})"

    def loaded(self, table: str) -> str:
        """To follow `x.*` of a loaded table: contacts without name and birthday where the role does not need them."""
        if table == "contacts" and not self.scope.contacts:
            return " replace (left(x.name, 1) || '…' as name, cast(null as date) as birthday)"
        column = COLLEAGUES.get(table)
        return self.credited("x", column) if column else ""
