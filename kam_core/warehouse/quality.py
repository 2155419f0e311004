"""Data-quality checks of a snapshot: each a count of rows, with examples, kept in meta.quality."""

from __future__ import annotations

from typing import Any

from kam_core.schema import TABLES

_EXAMPLES = 5


def check(con: Any) -> None:
    """Run every check on the raw and core tables of `con` and keep the results that found something."""
    con.execute(
        "create or replace table meta.quality"
        " (check_name varchar, table_name varchar, column_name varchar, severity varchar, rows bigint,"
        " examples varchar)"
    )
    for table in TABLES.values():
        for column, target in table.references:
            _unknown_references(con, table.name, column, target)
    _record(con, "conflicting_attribute", "orders", "", "note",
            "select account_id as example from core.order_attribute where others > 0 and attribute <> 'manager_id'")
    _record(con, "same_name", "accounts", "name", "note",
            "select name as example from raw.accounts group by name having count(*) > 1")
    _record(con, "future_date", "orders", "order_date", "warning",
            "select cast(o.order_date as varchar) as example from raw.orders as o, mart.facts as f"
            " where o.order_date > f.as_of")
    _record(con, "no_rate", "orders", "currency", "warning",
            "select o.currency as example from raw.orders as o, mart.facts as f where o.currency is not null"
            " and o.currency <> f.currency and not exists (select 1 from raw.rates as r"
            " where r.currency = o.currency and r.date <= o.order_date)")
    _record(con, "no_region", "accounts", "region", "note",
            "select account_id as example from core.accounts where region is null")
    _record(con, "no_industry", "accounts", "industry", "note",
            "select account_id as example from core.accounts where industry is null")
    _record(con, "no_manager", "accounts", "manager_id", "note",
            "select account_id as example from core.accounts where manager_id is null")
    _record(con, "unknown_stage", "opportunities", "stage", "warning",
            "select s.stage as example from raw.opportunities as o"
            " inner join mart.deal_stage as s on s.key = lower(trim(o.stage)) where not s.is_known")
    _record(con, "no_account", "opportunities", "account_id", "note",
            "select opportunity_id as example from raw.opportunities where account_id is null")
    _record(con, "above_potential", "accounts", "potential_annual_revenue", "warning",
            "select t.account_id as example from mart.account_tier as t"
            " inner join mart.facts as f on t.as_of = f.as_of"
            " inner join mart.account as a on a.account_id = t.account_id"
            " where a.potential_annual_revenue > 0 and t.revenue > a.potential_annual_revenue")


def _unknown_references(con: Any, table: str, column: str, target: str) -> None:
    key = TABLES[target].key[0]
    _record(
        con, "unknown_reference", table, column, "warning",
        f"select t.{column} as example from raw.{table} as t where t.{column} is not null"
        f" and (select count(*) from raw.{target}) > 0"
        f" and not exists (select 1 from raw.{target} as r where r.{key} = t.{column})",
    )


def _record(con: Any, name: str, table: str, column: str, severity: str, found: str) -> None:
    rows, examples = con.execute(
        f"with found as ({found}), few as (select distinct example from found order by example limit {_EXAMPLES})"
        " select (select count(*) from found), (select string_agg(example, ', ' order by example) from few)"
    ).fetchone()
    if rows:
        found_here = [name, table, column, severity, rows, examples]
        con.execute("insert into meta.quality values (?, ?, ?, ?, ?, ?)", found_here)
