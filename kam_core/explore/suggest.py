"""Which questions a table invites, from the profiles of its columns: the first is drawn when the table is opened."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from kam_core.explore.kinds import MEASURES, default_how, hints
from kam_core.explore.profile import Profile, grain_of
from kam_core.explore.shape import Ask

MOST = 9
BINS_WANTED = 20
SHORT = 200  # rows of a list in which each may have a name of its own


def suggest(profiles: Sequence[Profile]) -> list[Ask]:
    """Questions in the order in which they are likely to be asked; none where no column holds anything."""
    found = list(dict.fromkeys(_questions(dates(profiles), measures(profiles), categories(profiles))))
    return found[:MOST] or list(_anything(profiles))[:1]


def _questions(times: list[Profile], figures: list[Profile], names: list[Profile]) -> Iterator[Ask]:
    y, how = (figures[0].name, default_how(figures[0].name, figures[0].kind)) if figures else (None, "sum")
    if times:
        yield by_time(times[0], y, how)
    if names:
        yield Ask(x=names[0].name, y=y, how=how)
    few = [p for p in names if p.distinct <= 8]
    if times and few:
        yield Ask(**{**by_time(times[0], y, how).to_dict(), "colour": few[0].name})
    if len(names) > 1:
        yield Ask(x=names[1].name, y=y, how=how)
    if len(figures) > 1 and names:
        point = max(names, key=lambda p: min(p.distinct, 500))
        other = figures[1]
        yield Ask(x=point.name, y=y, against=other.name, how=how, chart="scatter", top=500)
    if figures and not math.isclose(figures[0].least, figures[0].most):
        yield distribution(figures[0])
    if len(names) > 1:
        yield Ask(x=names[0].name, colour=names[1].name, y=y, how=how, chart="heat", colours=10)
    if figures and names and names[0].distinct < names[0].known:
        yield Ask(x=names[0].name)
    if figures and times:
        yield by_time(times[0], None, "sum")
    for other in figures[1:3]:
        if times:
            yield by_time(times[0], other.name, default_how(other.name, other.kind))


def _anything(profiles: Sequence[Profile]) -> Iterator[Ask]:
    """Where nothing looks like a date, a measure or a name: how often each value is there, or how values are spread."""
    for p in profiles:
        if p.known:
            yield distribution(p) if p.bins and p.column.family == "number" else Ask(x=p.name)


def by_time(time: Profile, y: str | None, how: str) -> Ask:
    grain = grain_of(time.least, time.most, time.distinct)
    return Ask(x=time.name, grain=grain, y=y, how=how, chart="line" if len(time.bins) > 36 else "bar")


def distribution(p: Profile) -> Ask:
    """How often each range of a measure's values is there; without its outliers, which the last bins take in."""
    return Ask(x=p.name, grain=bins(p))


def bins(p: Profile) -> str:
    """The grain that cuts a number into about twenty round ranges, "step:low:high"; "" where values are few."""
    if not p.bins or p.column.family != "number":
        return ""
    low, high = p.bins[0].low, p.bins[-1].high
    step = _round((high - low) / BINS_WANTED, whole=p.kind in ("count", "id"))
    if step <= 0 or not math.isfinite(step):
        return ""
    first, last = math.floor(low / step) * step, math.floor(high / step) * step
    return f"{step!r}:{first!r}:{last!r}"


def _round(step: float, whole: bool) -> float:
    """The next of 1, 2, 2.5 (where values need not be whole), 5, 10 … times a power of ten."""
    if step <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(step))
    factors = (1.0, 2.0, 5.0, 10.0) if whole else (1.0, 2.0, 2.5, 5.0, 10.0)
    rounded = next(f for f in factors if f * power >= step * (1 - 1e-9)) * power
    return max(1.0, rounded) if whole else rounded


# --- which columns are good for what


def dates(profiles: Sequence[Profile]) -> list[Profile]:
    """Dates that are mostly known and more than one day, fullest first."""
    found = [p for p in profiles if p.kind == "date" and p.distinct > 1]
    return sorted(found, key=lambda p: round(p.missing / p.rows, 1))


def measures(profiles: Sequence[Profile]) -> list[Profile]:
    """Amounts of money first, then counts, then shares; prices and the like, which cannot be summed, later."""
    found = [p for p in profiles if p.kind in MEASURES and p.distinct > 1]
    return sorted(found, key=_weight_of_measure)


def _weight_of_measure(p: Profile) -> tuple[bool, int, bool]:
    said = hints(p.name)
    order = 0 if "amount" in said and "average" not in said and p.kind != "percent" else 1 + MEASURES.index(p.kind)
    return p.missing > 0.5 * p.rows, order, "average" in said


def categories(profiles: Sequence[Profile]) -> list[Profile]:
    """Names with a readable number of values first, then those with many (of which the largest are shown).

    A name of its own in every row tells parts apart in a short list, and nothing in a long one. Where there are no
    names, as in a table of keys, ids that come again and again stand in.
    """
    named = [p for p in profiles if p.kind in ("name", "yes_no") and p.distinct > 1]
    named = named or [p for p in profiles if p.kind == "id" and 1 < p.distinct <= 0.5 * p.known]
    found = [p for p in named if p.distinct < p.known or p.known <= SHORT]
    return sorted(found, key=_weight_of_name)


def _weight_of_name(p: Profile) -> tuple[bool, int, bool, bool]:
    is_leading = "leading" in hints(p.name)
    return p.missing > 0.5 * p.rows, _readable(p.distinct), not is_leading, p.kind == "yes_no"


def _readable(distinct: int) -> int:
    return 0 if 3 <= distinct <= 30 else 1 if distinct <= 5000 else 2 if distinct > 2 else 3
