"""Tiny warehouses written by hand: rows in, tables of the data model out."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from kam_core.access.scope import Scope
from kam_core.schema import TABLES
from kam_core.view import Filters, Period, View

Rows = list[dict[str, Any]]


def raw_tables(con: Any) -> None:
    """Every table of the data model in the schema raw, empty."""
    con.execute("create schema raw")
    con.execute("create schema meta")
    con.execute("create table meta.files (source_id integer, name varchar)")
    for table in TABLES.values():
        columns = ", ".join(f"{c.name} {c.sql_type}" for c in table.stored)
        con.execute(f"create table raw.{table.name} ({columns}, source_id integer, source_line bigint)")


def insert(con: Any, table: str, rows: Rows) -> None:
    """Rows of the same columns that follow each other in one statement: thousands then take no time."""
    numbered = [{**row, "source_id": 1, "source_line": number} for number, row in enumerate(rows, 1)]
    for columns, group in groupby(numbered, key=tuple):
        part = list(group)
        for some in (part[n : n + 500] for n in range(0, len(part), 500)):
            marks = ", ".join([f"({', '.join('?' for _ in columns)})"] * len(some))
            values = [value for row in some for value in row.values()]
            con.execute(f"insert into raw.{table} ({', '.join(columns)}) values {marks}", values)


def order(day: str, account: str, amount: float, **more: Any) -> dict[str, Any]:
    """One order line."""
    return {"order_date": day, "account_id": account, "amount": amount, **more}


def everything(period: str = "all", **filters: tuple[str, ...]) -> View:
    """The view of somebody who may see all."""
    return View(Scope.everything(), Filters(**filters), Period(period))


# What a company might be called that wants to run in somebody's browser.
MARKUP = "<script>window.evil=1</script><img src=x onerror=window.evil=1>[x](javascript:evil)$x$"
