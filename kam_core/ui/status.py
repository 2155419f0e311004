"""The data status page: what was loaded, what was refused, what should be looked at."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from kam_core.schema import TABLES
from kam_core.ui import cards, session
from kam_core.ui.cards import Table
from kam_core.ui.session import words
from kam_core.ui.upload_words import labels


def tables() -> None:
    """How many rows each table holds."""
    values = session.facts().values
    frame = pd.DataFrame({"table": [words(f"table.{t}") for t in TABLES], "rows": [int(values[t]) for t in TABLES]})
    with cards.card("tables", words("page.status.tables"), Table(frame, {"rows": "count"})):
        cards.show("tables_table", Table(frame, {"rows": "count"}), words("page.status.tables"))


def loads() -> None:
    frame = session.meta("loads").rename(columns={"created_at": "loaded_at", "table_name": "table"})
    columns = {
        "loaded_at": "moment",
        "kind": "",
        "created_by": "",
        "table": "",
        "rows_read": "count",
        "added": "count",
        "updated": "count",
        "unchanged": "count",
        "refused": "count",
    }
    _card("loads", frame.iloc[::-1], columns, words("page.status.none_loads"))


def checks() -> None:
    """Their examples are raw values of rows: for those who repair them."""
    if not session.may("rows"):
        return
    names = {
        "check_name": "check",
        "table_name": "table",
        "column_name": "column",
        "severity": "result",
        "examples": "found",
    }
    columns = {"check": "", "table": "", "column": "", "result": "", "rows": "count", "found": ""}
    _card("checks", session.meta("quality").rename(columns=names), columns, words("page.status.none_checks"))


def refused() -> None:
    """Raw rows, likewise."""
    if not session.may("rows"):
        return
    frame = session.meta("refused").rename(columns={"table_name": "table", "column_name": "column"})
    columns = {"table": "", "file": "", "line": "count", "column": "", "value": "", "reason": ""}
    _card("refused", frame, columns, words("page.status.none_refused"))


def _card(name: str, frame: pd.DataFrame, columns: dict[str, str], nothing: str) -> None:
    question = words(f"page.status.{name}")
    table = Table(_in_words(frame[list(columns)].copy()), columns) if len(frame) else None
    with cards.card(name, question, table):
        if table is None:
            st.caption(nothing)
        else:
            cards.show(f"{name}_table", table, question, height=min(420, 36 * (len(frame) + 1) + 2))


def _in_words(frame: pd.DataFrame) -> pd.DataFrame:
    """Names of tables, columns, kinds and checks as people say them."""
    if "column" in frame:
        places = zip(frame["table"], frame["column"], strict=True)
        frame["column"] = [(labels(t, c) or c) if isinstance(c, str) else "" for t, c in places]
    for column, group in {"table": "table", "kind": "kind", "check": "check", "result": "severity"}.items():
        if column in frame:
            frame[column] = [words(f"{group}.{v}") if isinstance(v, str) else "" for v in frame[column]]
    return frame
