"""Deals at build time: their stages, how each stood day by day, and what past ones say of those still open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SQL = Path(__file__).parent / "sql" / "pipeline"
TABLES = ("deal_stage", "deal", "deal_state", "deal_step", "stage_chance")


def follow_deals(con: Any) -> None:
    """Fill mart.deal_stage, deal, deal_state, deal_step and stage_chance from raw.opportunities and its history."""
    for name in TABLES:
        con.execute((SQL / f"{name}.sql").read_text("utf-8"))
