"""An exploration kept as data: filters, charts, SQL and what columns were taken for, to be run on next month's file."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kam_core.explore.filters import Filter, fits
from kam_core.explore.kinds import KINDS
from kam_core.explore.shape import OF_ANY, TIMES, Ask
from kam_core.explore.source import Column

VERSION = 1
MOST = 100  # charts or filters of one recipe


class NotARecipe(ValueError):
    """A file or text that holds no recipe."""


@dataclass(frozen=True)
class Recipe:
    """`asks`: the charts that were kept; `kinds`: what the reader said a column is; `families`: number, date, …"""

    name: str
    asks: tuple[Ask, ...] = ()
    filters: tuple[Filter, ...] = ()
    kinds: dict[str, str] = field(default_factory=dict)
    sql: str = ""
    families: dict[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """The columns that it needs, in the order of their use."""
        used = [c for ask in self.asks for c in ask.columns] + [f.column for f in self.filters] + list(self.kinds)
        return list(dict.fromkeys(used))

    def to_dict(self) -> dict[str, Any]:
        return {
            "recipe": VERSION, "name": self.name, "charts": [ask.to_dict() for ask in self.asks],
            "filters": [f.to_list() for f in self.filters], "kinds": self.kinds, "sql": self.sql,
            "columns": self.families,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, body: Any) -> Recipe:
        """NotARecipe where it is not one: a recipe may have been sent by anybody."""
        try:
            if body["recipe"] != VERSION or max(len(body["charts"]), len(body["filters"])) > MOST:
                raise NotARecipe
            kinds = {str(k): v for k, v in body["kinds"].items() if v in KINDS}
            return cls(
                str(body["name"])[:120], tuple(Ask.from_dict(a) for a in body["charts"]),
                tuple(Filter.from_list(f) for f in body["filters"]), kinds, str(body["sql"]),
                {str(k): str(v) for k, v in body["columns"].items()},
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NotARecipe from error

    def to_json(self) -> bytes:
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Recipe:
        try:
            return cls.from_dict(json.loads(content))
        except (ValueError, RecursionError) as error:
            raise NotARecipe from error


def kept(
    name: str, columns: Iterable[Column], asks: Sequence[Ask], filters: Sequence[Filter], kinds: dict[str, str],
    sql: str,
) -> Recipe:  # fmt: skip
    """The recipe of what is on screen."""
    recipe = Recipe(name, tuple(asks), tuple(filters), dict(kinds), sql)
    families = {c.name: c.family for c in columns}
    return replace(recipe, families={name: families[name] for name in recipe.columns if name in families})


# --- on another table


@dataclass(frozen=True)
class Fitted:
    """A recipe on another table: what runs, and what was in the way. `renamed`: column of the recipe → column here.

    `missing`: columns that are not here; `other`: (column, family wanted, family here) that are here as something else.
    """

    recipe: Recipe
    renamed: dict[str, str]
    missing: tuple[str, ...]
    other: tuple[tuple[str, str, str], ...]
    asks_left_out: tuple[Ask, ...]
    filters_left_out: tuple[Filter, ...]

    @property
    def is_whole(self) -> bool:
        return not self.asks_left_out and not self.filters_left_out


def fit(recipe: Recipe, columns: Sequence[Column], chosen: dict[str, str] | None = None) -> Fitted:
    """What of a recipe runs on these columns. Names are matched exactly, then as `chosen`, then apart from case and
    punctuation.
    """
    here = {c.name: c for c in columns}
    found = {name: _match(name, here, chosen or {}) for name in recipe.columns}
    missing = tuple(name for name, to in found.items() if to is None)
    names = {name: to for name, to in found.items() if to is not None}
    asks = [(ask, _renamed(ask, names)) for ask in recipe.asks]
    filters = [(f, replace(f, column=names[f.column]) if f.column in names else None) for f in recipe.filters]
    runs = [new for _, new in asks if new and _can_run(new, here)]
    kept_filters = [new for _, new in filters if new and fits(here[new.column], new)]
    return Fitted(
        replace(
            recipe, asks=tuple(runs), filters=tuple(kept_filters),
            kinds={names[k]: v for k, v in recipe.kinds.items() if k in names},
        ),
        {name: to for name, to in names.items() if name != to}, missing,
        tuple(
            (to, recipe.families[name], here[to].family)
            for name, to in names.items()
            if recipe.families.get(name, here[to].family) != here[to].family
        ),
        tuple(old for old, new in asks if not new or not _can_run(new, here)),
        tuple(old for old, new in filters if new not in kept_filters),
    )  # fmt: skip


def _match(name: str, here: dict[str, Column], chosen: dict[str, str]) -> str | None:
    if name in here:
        return name
    if chosen.get(name) in here:
        return chosen[name]
    alike = [other for other in here if _plain(other) == _plain(name)]
    return alike[0] if len(alike) == 1 and _plain(name) else None


def _plain(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())


def _renamed(ask: Ask, names: dict[str, str]) -> Ask | None:
    if any(column not in names for column in ask.columns):
        return None
    x, colour, y, against = (c and names[c] for c in (ask.x, ask.colour, ask.y, ask.against))
    return replace(ask, x=x, colour=colour, y=y, against=against)


def _can_run(ask: Ask, here: dict[str, Column]) -> bool:
    """Whether the columns are still of a kind that the question can be put to."""
    for name, grain in ((ask.x, ask.grain), (ask.colour, ask.colour_grain)):
        wanted = "date" if grain in TIMES else "number" if grain else None
        if name is not None and wanted and here[name].family != wanted:
            return False
    figures = [name for name in (ask.y, ask.against) if name is not None and ask.how not in OF_ANY]
    return all(here[name].family in ("number", "yes_no") for name in figures)
