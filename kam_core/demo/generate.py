"""Fill `raw.*` with the demo company, one .sql file an entity, in the order in which they need each other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kam_core.demo.truths import read_truths
from kam_core.errors import KamError
from kam_core.schema import TABLES

SQL = Path(__file__).parent / "sql"
LINES_PER_ACCOUNT = 62.5  # at the reference scale, over the four years
LINES_PER_ORDER = 2.48
RETURN_SHARE = 0.025
# of accounts, and never fewer than five
PLANTED_SHARE = {"died": 0.02, "fake_big": 0.02, "channel_conflict": 0.01, "price_sensitive": 0.0125,
                 "deep_discount": 0.01, "growth_star": 0.01, "single_threaded": 0.0125}
LINES_AT_A_TIME = 1_000_000  # bounds the memory of one insert at ten million lines


@dataclass(frozen=True)
class Scale:
    """How large the company is."""

    accounts: int
    managers: int
    partners: int
    order_lines: int


SCALES = {
    "small": Scale(400, 12, 20, 25_000),
    "reference": Scale(20_000, 300, 1_000, 1_250_000),
    "large": Scale(20_000, 300, 1_000, 10_000_000),
}

BEFORE_ORDERS = ("macros", "vocabulary", "calendar", "catalogue", "partners", "managers", "profiles", "plants",
                 "accounts", "occasions", "lines")
AFTER_ORDERS = ("account_rows", "assignments", "targets", "contacts", "activities", "tickets", "contracts",
                "opportunities", "truths")


def generate(con: Any, scale: str, seed: int = 1, orders: int | None = None) -> dict[str, Any]:
    """Fill every raw table of `con` and return the planted truths by kind, ready for JSON.

    `orders` is the exact number of order lines to make instead of the scale's own; accounts stay, they buy more often.
    Raises KamError for an unknown scale or too few lines for the accounts.
    """
    company = _company(scale, orders)
    variables = _variables(company, seed)
    for name, value in variables.items():
        con.execute(f"set variable demo_{name} = {value}")
    _create_raw_tables(con)
    for name in BEFORE_ORDERS:
        con.execute(_sql(name))
    _insert_orders(con)
    for name in AFTER_ORDERS:
        con.execute(_sql(name))
    truths = {"scale": scale, "seed": seed, **read_truths(con)}
    _drop_scratch(con, variables)
    return truths


def _company(scale: str, orders: int | None) -> Scale:
    if scale not in SCALES:
        raise KamError(f"unknown demo scale “{scale}”: choose one of {', '.join(SCALES)}")
    company = SCALES[scale]
    if orders is None:
        return company
    fewest = 10 * company.accounts
    if orders < fewest:
        raise KamError(f"{orders} order lines are too few for {company.accounts} accounts: ask for {fewest} or more")
    return Scale(company.accounts, company.managers, company.partners, orders)


def _variables(company: Scale, seed: int) -> dict[str, float]:
    """The numbers that the SQL reads."""
    accounts, managers = company.accounts, company.managers
    returns = round(company.order_lines * RETURN_SHARE)
    return {
        "seed": seed, "accounts": accounts, "managers": managers, "partners": company.partners,
        "groups": max(5, round(accounts * 0.012)),
        "nominal_orders": accounts * LINES_PER_ACCOUNT * (1 - RETURN_SHARE) / LINES_PER_ORDER,
        "boost": company.order_lines / (accounts * LINES_PER_ACCOUNT),
        "sales_lines": company.order_lines - returns, "return_lines": returns,
        "hoards": max(2, managers * 3 // 100), "neglects": max(2, managers * 3 // 100),
        "left": max(1, managers * 2 // 100),
        **{kind: max(5, round(accounts * share)) for kind, share in PLANTED_SHARE.items()},
    }


def _create_raw_tables(con: Any) -> None:
    """Empty tables with exactly the stored columns, so that every insert is cast to the schema."""
    con.execute("create schema if not exists raw")
    for table in TABLES.values():
        columns = ", ".join(f"{c.name} {c.sql_type}" for c in table.stored)
        con.execute(f"create or replace table raw.{table.name} ({columns}, source_id integer, source_line bigint)")


def _insert_orders(con: Any) -> None:
    """Insert the lines in stretches, oldest first: the table is sorted by date and memory stays small."""
    statement = _sql("orders")
    ((lines,),) = con.execute("select count(*) from demo_line").fetchall()
    for after in range(0, lines, LINES_AT_A_TIME):
        con.execute(statement, {"after": after, "until": after + LINES_AT_A_TIME})


def _drop_scratch(con: Any, variables: Iterable[str]) -> None:
    """Leave nothing on the connection but the raw tables."""
    tables = con.execute("select table_name from duckdb_tables() where temporary").fetchall()
    for (name,) in tables:
        if name.startswith("demo_"):
            con.execute(f"drop table temp.{name}")
    for name in re.findall(r"temp macro (\w+)", _sql("macros")):
        con.execute(f"drop macro temp.{name}")
    for name in variables:
        con.execute(f"reset variable demo_{name}")


def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
