"""What follows from other columns of a row, and what can be wrong with it."""

from __future__ import annotations

import datetime as dt

from kam_core.ingest import casts
from kam_core.ingest.columns import Typed
from kam_core.ingest.grid import quoted
from kam_core.schema import Table

ABSURD = 1_000_000_000_000
WON = ("won", "closed won", "win", "赢单", "成交", "已成交", "中标", "已赢单")
LOST = ("lost", "closed lost", "lose", "输单", "丢单", "失败", "流失", "已输单", "未中标")
OPEN = ("open", "in progress", "进行中", "跟进中")
GRANULARITIES = {"month": ("month", "monthly", "m", "月", "月度"),
                 "quarter": ("quarter", "quarterly", "q", "季", "季度"),
                 "year": ("year", "yearly", "annual", "y", "年", "年度")}


def derived_columns(table: Table, mapped: set[str]) -> dict[str, str]:
    """Columns that follow from others of the row: column → SQL over the typed columns."""
    if table.name == "orders" and {"quantity", "unit_price"} <= mapped:
        return _derived_amounts(mapped)
    if table.name == "opportunities":
        return {"outcome": _outcome(given="outcome" in mapped)}
    if table.name == "targets":
        return _target_period(given="granularity" in mapped)
    return {}


def _derived_amounts(mapped: set[str]) -> dict[str, str]:
    """amount = quantity × unit_price × (1 − discount) where absent; with a discount, list_amount is that before it."""
    full = "try(quantity::decimal(28,4) * unit_price)"  # a wide factor first: DuckDB keeps 18 digits for narrow ones
    factor = "(1 - coalesce(discount, 0))::decimal(10,6)"
    net = f"try(cast({full} as decimal(28,8)) * {factor})" if "discount" in mapped else full
    amount = f"try_cast({net} as decimal(18,2))"
    derived = {"amount": f"coalesce(amount, {amount})" if "amount" in mapped else amount}
    if "discount" in mapped and "list_amount" not in mapped:
        derived["list_amount"] = f"try_cast({full} as decimal(18,2))"
    return derived


def _outcome(given: bool) -> str:
    """won, lost or open by the words of the outcome or else of the stage; other words in an outcome are refused."""
    word = "lower(coalesce(outcome, stage))" if given else "lower(stage)"
    rest = f"if(outcome is null or {_among(word, OPEN)}, 'open', null)" if given else "'open'"
    return f"case when {_among(word, WON)} then 'won' when {_among(word, LOST)} then 'lost' else {rest} end"


def _target_period(given: bool) -> dict[str, str]:
    """Granularity as given, else as the period is written (2024Q1, 2024), else month; the period's first day."""
    shown = (f"case when regexp_matches(lower(raw_period), '{casts.SHAPES['quarter']}') then 'quarter' "
             f"when regexp_matches(raw_period, '{casts.SHAPES['year']}') then 'year' else 'month' end")
    words = " ".join(f"when {_among('lower(granularity)', w)} then '{name}'" for name, w in GRANULARITIES.items())
    granularity = f"case when granularity is null then {shown} {words} end" if given else shown
    return {"granularity": granularity, "period": f"date_trunc(coalesce({granularity}, 'month'), period)::date"}


def _among(text: str, words: tuple[str, ...]) -> str:
    return f"{text} in ({', '.join(quoted(w) for w in words)})"


Reason = tuple[str, str, str]  # (column, SQL that is true where it is wrong, what to say)


def reasons_to_refuse(table: Table, typed: list[Typed], derived: dict[str, str], today: dt.date,
                      rows: int) -> list[Reason]:
    """All that can be wrong with a row, in the order in which its first reason is told.

    What the look at the whole column has shown to be right of all `rows` is not asked of each again.
    """
    reasons: list[Reason] = []
    for item in typed:
        name, kind, cast = item.column.name, item.column.kind, item.cast
        if kind != "text" and name not in derived and not cast.sound:
            reasons.append((name, f"has_{name} and {name} is null", cast.reason))
        wanted = item.column.required and not item.column.may_be_empty
        if wanted and name not in derived and not (cast.sound and cast.filled == rows):
            reasons.append((name, f"{name} is null", "is missing"))
        if kind in casts.DATES:
            reasons += _date_reasons(name, cast, today)
        if kind == "money" and not (cast.sound and (not cast.filled or max(-cast.lowest, cast.highest) < ABSURD)):
            reasons.append((name, f"abs({name}) >= {ABSURD}", "is 10^12 or more, which no amount here can be"))
    return reasons + _derived_reasons(table, {t.column.name: t for t in typed}, derived)


def _date_reasons(name: str, cast: casts.Cast, today: dt.date) -> list[Reason]:
    earliest = dt.date(1900 if name == "birthday" else 1970, 1, 1)
    latest = today.replace(year=today.year + 10, day=min(today.day, 28))
    if cast.sound and (not cast.filled or (str(cast.lowest) >= str(earliest) and str(cast.highest) <= str(latest))):
        return []
    return [(name, f"{name} < '{earliest}'", f"is before {earliest}, which cannot be"),
            (name, f"{name} > '{latest}'", "is more than 10 years ahead, which cannot be")]


def _derived_reasons(table: Table, typed: dict[str, Typed], derived: dict[str, str]) -> list[Reason]:
    reasons: list[Reason] = []
    if "amount" in derived:
        if "discount" in typed:
            reasons.append(("discount", "discount > 1", "is above 100%; write 0.1 or 10%"))
        if "amount" in typed:
            reasons.append(("amount", "has_amount and amount is null", typed["amount"].cast.reason))
        reasons.append(("amount", "amount is null", "is missing, and quantity × unit price gives none"))
    if "outcome" in derived and "outcome" in typed:
        reasons.append(("outcome", "outcome is null", "is not open, won or lost"))
    if "granularity" in derived:
        reasons.append(("granularity", "granularity is null", "is not month, quarter or year"))
        reasons.append(("period", "has_period and period is null", typed["period"].cast.reason))
        reasons.append(("period", "period is null", "is missing"))
    return reasons
