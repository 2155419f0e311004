"""Histories that nobody exports: stages of deals and holders of accounts, told by successive loads.

Rows told here have no line in a file (`source_line` is null). Where a company loads the history itself, for a deal or
an account, the loaded rows are all there is.
"""

from __future__ import annotations

from datetime import date
from typing import Any

SUBJECT = {"stage_history": "opportunity_id", "assignments": "account_id"}


def carry(con: Any, table: str, before: str) -> None:
    """Take over the rows of a history that earlier loads told. `before`: the relation of the served snapshot."""
    con.execute(
        f"insert into raw.{table} by name select * from {before} as t"
        f" where t.source_line is null and {_not_loaded(table, f't.{SUBJECT[table]}')}"
    )


def tell(con: Any, opportunities: str, accounts: str, today: date) -> list[str]:
    """Add what this load changed, given the relations of the rows before it; a sentence for each history that grew."""
    return _tell_stages(con, opportunities, today) + _tell_holders(con, accounts, today)


def _tell_stages(con: Any, old: str, today: date) -> list[str]:
    """A first sight counts from the day the deal was closed or else created, a later change from the load."""
    con.execute(
        f"""
        create or replace temp table told as
        select
            n.opportunity_id,
            n.stage,
            case when o.opportunity_id is null then coalesce(n.closed_on, n.created_on, $today) else $today end as day,
            n.amount,
            n.expected_close,
            n.source_id,
            cast(null as bigint) as source_line
        from raw.opportunities as n
        left join {old} as o on o.opportunity_id = n.opportunity_id
        where
            (
                o.opportunity_id is null
                or row(n.stage, n.amount, n.expected_close) is distinct from row(o.stage, o.amount, o.expected_close)
            )
            and {_not_loaded("stage_history", "n.opportunity_id")}
        """,
        {"today": today},
    )
    # two loads on one day: the later one says how the day ended
    con.execute(
        "delete from raw.stage_history as h using told as t"
        " where h.opportunity_id = t.opportunity_id and h.stage = t.stage and h.entered_on = t.day"
    )
    return _insert_told(con, "stage_history", "a deal's stage, amount or expected close, as this load shows them")


def _tell_holders(con: Any, old: str, today: date) -> list[str]:
    """A first sight counts from the account's creation or first order, a change of manager from the day of the load."""
    con.execute(
        f"""
        create or replace temp table told as
        select
            n.account_id,
            n.manager_id,
            case when o.account_id is null then least(coalesce(n.created_on, $today), f.day) else $today end as from_on,
            cast(null as date) as to_on,
            n.source_id,
            cast(null as bigint) as source_line
        from raw.accounts as n
        left join {old} as o on o.account_id = n.account_id
        left join (select account_id, min(order_date) as day from raw.orders group by account_id) as f
            on f.account_id = n.account_id
        where n.manager_id is distinct from o.manager_id and {_not_loaded("assignments", "n.account_id")}
        """,
        {"today": today},
    )
    con.execute(
        "update raw.assignments as a set to_on = $today from told as t"
        " where a.account_id = t.account_id and a.to_on is null and a.source_line is null",
        {"today": today},
    )
    con.execute("delete from raw.assignments where source_line is null and from_on >= to_on")  # held for no whole day
    con.execute("delete from told where manager_id is null")
    return _insert_told(con, "assignments", "who holds an account, as this load shows it")


def _insert_told(con: Any, table: str, what: str) -> list[str]:
    con.execute(f"insert into raw.{table} select * from told")
    (rows,) = con.execute("select count(*) from told").fetchone()
    con.execute("drop table told")
    return [f"{table}: {rows:,} rows added from {what}"] if rows else []


def _not_loaded(table: str, subject: str) -> str:
    return f"{subject} not in (select {SUBJECT[table]} from raw.{table} where source_line is not null)"
