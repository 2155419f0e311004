"""Orders of many accounts as sorted arrays, and what was known of them on an earlier day."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kam_core.errors import KamError
from kam_core.models.btyd import Array, Numbers, as_days

YEAR = 365


@dataclass(frozen=True)
class History:
    """One row per account and day, sorted: `code` points into `accounts`, `day` counts from 1970, `net` is its money.

    A day is an order day where some row of it was positive: a day with nothing but returns changes revenue, not the
    rhythm. `lines` counts order lines (1 a row where the caller knows no better). `parts` holds, by attribute, a code
    for each account's value of it, below 0 where it has none; as known today, not as of earlier days.
    """

    accounts: Array
    code: Array
    day: Array
    net: Array
    is_order: Array
    lines: Array
    parts: Mapping[str, Array] = field(default_factory=dict)

    def until(self, end: int) -> "History":
        """Only what was known at the end of the day `end`; accounts without an order by then disappear.

        Raises KamError when none is left.
        """
        known = self.day <= end
        if not np.any(known & self.is_order):
            day = np.datetime64(end, "D")
            raise KamError(f"No order is dated on or before {day}: choose a later date or load earlier orders.")
        ordered = np.zeros(len(self.accounts), dtype=bool)
        ordered[self.code[known & self.is_order]] = True
        return self._keep(known & ordered[self.code], ordered)

    def sample(self, most: int) -> "History":
        """Every n-th account, so that at most `most` remain."""
        chosen = np.arange(len(self.accounts)) % max(-(-len(self.accounts) // most), 1) == 0
        return self._keep(chosen[self.code], chosen)

    def _keep(self, rows: Array, accounts: Array) -> "History":
        code = (np.cumsum(accounts) - 1)[self.code[rows]]
        day, net, is_order, lines = (column[rows] for column in (self.day, self.net, self.is_order, self.lines))
        parts = {name: values[accounts] for name, values in self.parts.items()}
        return History(self.accounts[accounts], code, day, net, is_order, lines, parts)

    def order_days(self) -> tuple[Array, Array]:
        """(code, day) of the order days, sorted."""
        return self.code[self.is_order], self.day[self.is_order]

    def orders_between(self, after: int, until: int) -> Array:
        """Order days of each account in (after, until]."""
        rows = self.is_order & (self.day > after) & (self.day <= until)
        return np.bincount(self.code[rows], minlength=len(self.accounts))

    def revenue_between(self, after: int, until: int) -> Array:
        """Net money of each account in (after, until]."""
        rows = (self.day > after) & (self.day <= until)
        return np.bincount(self.code[rows], weights=self.net[rows], minlength=len(self.accounts))

    def lines_between(self, after: int, until: int) -> Array:
        """Order lines of each account in (after, until]."""
        rows = self.is_order & (self.day > after) & (self.day <= until)
        return np.bincount(self.code[rows], weights=self.lines[rows], minlength=len(self.accounts))


def read(
    account_ids: Numbers,
    dates: Any,
    amounts: Numbers,
    lines: Numbers | None = None,
    parts: Mapping[str, Array] | None = None,
) -> History:
    """Sort and sum order rows by account and day; several rows a day are fine, returns are rows with a negative amount.

    `parts`: by attribute of accounts, such as the segment, the code of its value for each row, below 0 for none.
    Missing amounts count as 0. Raises KamError when the arrays differ in length or no row is positive.
    """
    accounts, code = _codes(np.asarray(account_ids))
    day = as_days(dates)
    amount = np.nan_to_num(np.asarray(amounts, dtype=float))
    line = np.ones(len(day)) if lines is None else np.nan_to_num(np.asarray(lines, dtype=float))
    if not len(code) == len(day) == len(amount) == len(line):
        raise KamError(
            f"Orders have {len(code)} accounts, {len(day)} dates, {len(amount)} amounts and {len(line)} line counts: "
            "give one of each for every row."
        )
    if not np.any(amount > 0):
        raise KamError("No order has an amount above zero: load orders with amounts before asking for churn or value.")
    known = _by_account_and_day(accounts, code, day, amount, line)
    return replace(known, parts={name: _by_account(values, code) for name, values in (parts or {}).items()})


def _codes(account_ids: Array) -> tuple[Array, Array]:
    """Distinct accounts, sorted, and the position of each row's account among them."""
    if account_ids.dtype.kind in "iu" and len(account_ids):
        low, high = int(account_ids.min()), int(account_ids.max())
        if high - low < 4 * len(account_ids) + 1024:  # dense numbers: counting is ten times as fast as sorting
            offset = account_ids.astype(np.int64) - low
            present = np.bincount(offset) > 0
            return (np.flatnonzero(present) + low).astype(account_ids.dtype), (np.cumsum(present) - 1)[offset]
    accounts, code = np.unique(account_ids, return_inverse=True)
    return accounts, code


def _by_account(values: Array, code: Array) -> Array:
    """One value for each account of those on its rows, which are the same."""
    found = np.empty(int(code.max()) + 1, dtype=values.dtype)
    found[code] = values
    return found


def _by_account_and_day(accounts: Array, code: Array, day: Array, amount: Array, line: Array) -> History:
    first = int(day.min())
    span = int(day.max()) - first + 1
    key = code * span + (day - first)
    if np.any(key[1:] < key[:-1]):
        order = np.argsort(key, kind="stable")
        key, amount, line = key[order], amount[order], line[order]
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    key = key[starts]
    ordered = amount > 0
    return History(
        accounts,
        key // span,
        key % span + first,
        np.add.reduceat(amount, starts),
        np.logical_or.reduceat(ordered, starts),
        np.add.reduceat(np.where(ordered, line, 0.0), starts),
    )
