"""What the columns of a sample are: numbers, dates, yes or no, or text; how they are written, and how sure that is.

The same rules as in `casts`, over a few thousand texts in Python, so that a file can be looked at before it is loaded.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from kam_core.ingest import casts
from kam_core.ingest.assumptions import ASK, CERTAIN, LIKELY, Assumption, Why, chosen

TEXT, NUMBER, WHOLE, DATE, YES_NO = "text", "number", "whole number", "date", "yes/no"
TYPES = (TEXT, NUMBER, DATE, YES_NO)
ORDERS = ("day/month", "month/day")
MARKS = (".", ",")
MOSTLY = 0.8  # a column is what four of five of its values are
DATE_WORDS = re.compile(r"date|day|日期|时间|_on$|_at$|period|month|年月|日$", re.I)
NO_HEADING = re.compile(r"column \d+")
FEW = 20  # different numbers that all happen to be days are days
WORDS = {*casts.MISSING, ""}
CURRENCY = re.compile(casts.CURRENCY)
SHAPES = {name: re.compile(pattern) for name, pattern in casts.SHAPES.items()}
MONTH_NAME = re.compile(r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec")
TIME = re.compile(r"\d[ t]\d{1,2}:\d{2}")
YES = {*casts.TRUE, *casts.FALSE} - {"1", "0", "x", "on", "off", "无"}


@dataclass
class Column:
    """What a column seems to be, how its values are written, and how many decimals they have at most."""

    heading: str
    type: str
    decimals: int = 0
    timed: bool = False
    said: list[Assumption] = field(default_factory=list)


def look_at_columns(headings: list[str], rows: list[list[str]], format: dict[str, Any],
                    types: dict[str, str] | None = None) -> list[Column]:
    """Look at each column of a sample; what `format` names is taken as given, and the `types` that a file states
    (heading → Arrow type)."""
    narrow = _narrow_columns(headings, rows)
    columns = [_column(h, values, format, (types or {}).get(h, "")) for h, values in zip(headings, narrow, strict=True)]
    _say_marks(columns, narrow, format)
    _say_orders(columns, narrow, format)
    return columns


def _narrow_columns(headings: list[str], rows: list[list[str]]) -> list[dict[str, int]]:
    return [_narrowed(Counter(row[i].strip() for row in rows if i < len(row))) for i in range(len(headings))]


def _narrowed(counts: Counter[str]) -> dict[str, int]:
    """Values in narrow digits and small letters, without those that say in words that there is none."""
    result: dict[str, int] = {}
    for value, n in counts.items():
        narrow = unicodedata.normalize("NFKC", value).lower().replace("−", "-").replace("–", "-")
        if narrow not in WORDS:
            result[narrow] = result.get(narrow, 0) + n
    return result


def _column(heading: str, values: dict[str, int], format: dict[str, Any], stated: str) -> Column:
    told = format.get("types", {}).get(heading)
    total = sum(values.values())
    if told:
        column = Column(heading, told)
        column.said.append(chosen("types", told, TYPES, heading))
    elif not total:
        return Column(heading, TEXT)
    else:
        column = _typed(heading, values, total)
        if stated:
            column = Column(heading, _stated(stated, column.type))
    if column.type in (NUMBER, WHOLE):
        column.decimals = max((len(v.rstrip("%").rpartition(".")[2].rpartition(",")[2]) for v in values
                               if re.search(r"[.,]\d+%?$", v)), default=0)
        column.decimals += 2 if any("%" in v for v in values) else 0
        column.type = NUMBER
    column.timed = any(TIME.search(v) for v in values)
    return column


def _stated(stated: str, seen: str) -> str:
    """The type that a file states; its texts stay texts unless they are dates."""
    if stated.startswith(("int", "uint", "float", "double", "decimal", "halffloat")):
        return NUMBER
    if stated.startswith(("date", "timestamp")):
        return DATE
    return YES_NO if stated == "bool" else DATE if seen == DATE else TEXT


def _typed(heading: str, values: dict[str, int], total: int) -> Column:
    def share(fits: Any) -> float:
        return sum(n for v, n in values.items() if fits(v)) / total
    if len(values) <= 2 and all(v in YES for v in values):
        return Column(heading, YES_NO)
    if share(is_date) >= MOSTLY:
        return Column(heading, DATE, said=_mixed_dates(heading, values))
    if all(SHAPES["compact"].match(v) and _is_compact_date(v) for v in values) and (
            DATE_WORDS.search(heading) or (NO_HEADING.fullmatch(heading) and len(values) > FEW)):
        return Column(heading, DATE, said=[Assumption(
            "types", heading, DATE, LIKELY, ("reading.why.compact", {"example": next(iter(values))}), (DATE, NUMBER))])
    if all(SHAPES["serial"].match(v) for v in values) and DATE_WORDS.search(heading):
        return Column(heading, DATE, said=[Assumption(
            "types", heading, DATE, LIKELY, ("reading.why.serial", {"example": next(iter(values))}), (DATE, NUMBER))])
    if share(is_number) >= MOSTLY:
        ids = [v for v in values if re.fullmatch(r"0\d+|\d{16,}", v)]
        ids = ids or _codes(values)
        if ids:
            return Column(heading, TEXT, said=[Assumption(
                "types", heading, TEXT, LIKELY, ("reading.why.zeros_first", {"example": ids[0]}), (TEXT, NUMBER))])
        return Column(heading, NUMBER, said=_mixed_numbers(heading, values))
    return Column(heading, TEXT)


def _codes(values: dict[str, int]) -> list[str]:
    """Values such as C4711 among whole numbers: then all of them are codes."""
    if any(re.search(r"[.,%¥$€£]", v) for v in values if is_number(v)):
        return []
    return [v for v in values if re.fullmatch(r"[a-z]{1,4}[-_ ]?\d+|\d+[-_ ]?[a-z]{1,4}", v) and not is_number(v)]


def is_date(value: str) -> bool:
    """True for a day, with or without a time, a month or a quarter in one of the known ways of writing."""
    named = ("iso", "words", "numeric", "quarter")
    if any(SHAPES[shape].search(value) for shape in named):
        return True
    return bool(re.match(r"(19|20)\d\d(-|/|年)", value) and SHAPES["month"].search(value)) or \
        bool(MONTH_NAME.search(value) and re.search(r"\d", value) and re.fullmatch(r"[\w ,./:-]{5,30}", value)
             and re.search(r"(^|[\d ,/-])(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*([\d ,/.-]|$)", value))


def _is_compact_date(value: str) -> bool:
    try:
        dt.date(int(value[:4]), int(value[4:6]), int(value[6:8]))
    except ValueError:
        return False
    return True


def bare(value: str) -> str:
    """A number's text without its currency."""
    return CURRENCY.sub("", value.replace("\u00a0", " ").replace("\u202f", " ").replace("’", " ")).strip()


def is_number(value: str) -> bool:
    """True for what `casts` reads as a number by one decimal mark or the other."""
    text = bare(value)
    return any(re.fullmatch(pattern, text) for mark in MARKS for pattern in casts.number_patterns(mark))


def _mixed_dates(heading: str, values: dict[str, int]) -> list[Assumption]:
    """Dates written in several ways; and those that a spreadsheet turned round: real dates with days to 12 only, the
    others left as text."""
    groups: dict[str, list[str]] = {}
    for value in values:
        shape = next((s for s in ("iso", "words", "numeric") if SHAPES[s].search(value)), "named")
        groups.setdefault(shape, []).append(value)
    rest = [v for v in values if not is_date(v)]
    said = []
    swapped = _swapped(groups)
    if swapped:
        text_order, examples = swapped
        why: Why = (f"reading.why.swapped_{casts.first_part(text_order)}", {
            "dates": len(groups["iso"]), "texts": len(groups["numeric"])})
        said.append(Assumption("swapped", heading, casts.AS_IS, ASK, why, (casts.AS_IS, casts.SWAP), examples))
    elif len(groups) > 1 or rest:
        examples = tuple(g[0] for g in [*groups.values(), *([rest] if rest else [])])[:4]
        said.append(Assumption("mixed", heading, len(groups), LIKELY, (
            "reading.why.mixed_dates", {"examples": ", ".join(examples)}), (), examples))
    return said


def _swapped(groups: dict[str, list[str]]) -> tuple[str, tuple[str, ...]] | None:
    dates, texts = groups.get("iso", []), groups.get("numeric", [])
    if len(dates) < 2 or len(texts) < 2 or any(int(re.split(r"[-/ t]", d)[2]) > 12 for d in dates):
        return None
    parts = [SHAPES["numeric"].search(v) for v in texts]
    firsts, seconds = ([int(p.group(i)) for p in parts if p] for i in (1, 2))
    if all(f > 12 for f in firsts) and all(s <= 12 for s in seconds):
        return "day/month", (*dates[:2], *texts[:2])
    if all(s > 12 for s in seconds) and all(f <= 12 for f in firsts):
        return "month/day", (*dates[:2], *texts[:2])
    return None


def _mixed_numbers(heading: str, values: dict[str, int]) -> list[Assumption]:
    """Numbers beside words, or shares beside plain numbers."""
    words = [v for v in values if not is_number(v)]
    shares = [v for v in values if "%" in v]
    plain = [v for v in values if "%" not in v and v not in words]
    odd = words or (shares if plain and shares else [])
    if not odd:
        return []
    examples = tuple([*odd[:2], *plain[:2]])
    return [Assumption("mixed", heading, len(odd), LIKELY,
                       ("reading.why.mixed_numbers", {"examples": ", ".join(examples)}), (), examples)]


# Marks and orders are told over all columns: what one proves helps another

def shown(headings: list[str], rows: list[list[str]]) -> dict[str, dict[str, str]]:
    """What a sample proves of its columns, each by itself or by the others: {"dates": {heading: "day/month"},
    "decimals": {heading: ","}}. A load asks for it where the rows that it takes leave that open."""
    narrow = _narrow_columns(headings, rows)
    columns = [_column(heading, values, {}, "") for heading, values in zip(headings, narrow, strict=True)]
    orders, marks = _order_evidence(columns, narrow), _mark_evidence(columns, narrow)
    order, mark = casts.usual_order(orders), casts.usual_mark(marks)
    dates = {heading: casts.proven_order(facts) or order for heading, facts in orders.items()}
    decimals = {heading: casts.usual_mark({heading: facts}) or mark for heading, facts in marks.items()}
    return {"dates": {h: said for h, said in dates.items() if said},
            "decimals": {h: said for h, said in decimals.items() if said}}


def _mark_evidence(columns: list[Column], narrow: list[dict[str, int]]) -> dict[str, list[Any]]:
    evidence: dict[str, list[Any]] = {}
    for column, values in zip(columns, narrow, strict=True):
        if column.type == NUMBER:
            texts = {bare(v): n for v, n in values.items()}

            def weight(pattern: str, texts: dict[str, int] = texts) -> int:
                return sum(n for t, n in texts.items() if re.search(pattern, t))
            evidence[column.heading] = [weight(casts.POINT), weight(casts.COMMA), weight(","), weight(r"\."),
                                        min((t for t in texts if "," in t or "." in t), default=None)]
    return evidence


def _say_marks(columns: list[Column], narrow: list[dict[str, int]], format: dict[str, Any]) -> None:
    evidence = _mark_evidence(columns, narrow)
    usual = casts.usual_mark(evidence)
    for column in columns:
        if column.heading not in evidence:
            continue
        facts = evidence[column.heading]
        mark, notes = casts.decimal_mark(column.heading, facts, usual, format)
        told = format.get("decimals", {}).get(column.heading) or format.get("decimal")
        if told:
            column.said.append(chosen("decimals", mark, MARKS, column.heading))
        elif notes and (facts[2] or facts[3]) and not _is_plain(facts):
            # Many values whose only mark is a comma before three digits are thousands; a point may be either.
            many = facts[2] and not facts[3] and sum(1 for v in narrow[columns.index(column)] if "," in v) > 2
            sure = CERTAIN if bool(facts[0]) != bool(facts[1]) else LIKELY if usual or facts[0] or many else ASK
            why = ("reading.why.mark_ask", {"example": facts[4]}) if sure == ASK else notes[0].why
            column.said.append(Assumption("decimals", column.heading, mark, sure, why, MARKS,
                                          _examples(narrow[columns.index(column)], r"[.,]")))


def _is_plain(facts: list[Any]) -> bool:
    """True where nothing but decimal points stand in the column: there is nothing to tell."""
    return bool(facts[0]) and not facts[1] and not facts[2]


def _say_orders(columns: list[Column], narrow: list[dict[str, int]], format: dict[str, Any]) -> None:
    evidence = _order_evidence(columns, narrow)
    usual = casts.usual_order(evidence)
    for column, values in zip(columns, narrow, strict=True):
        facts = evidence.get(column.heading)
        if not facts or not facts[2]:
            continue
        order, notes = casts.date_order(column.heading, facts, usual, format)
        if column.heading in format.get("dates", {}):
            column.said.append(chosen("dates", order, ORDERS, column.heading))
            continue
        both = facts[0] and facts[1]
        sure = LIKELY if both else CERTAIN if facts[0] or facts[1] else \
            LIKELY if usual or facts[7] or (facts[4] == 1 and facts[3] > 1) else ASK
        deciding = r"^(1[3-9]|[23]\d)[-/. ]|^\d{1,2}[-/. ](1[3-9]|[23]\d)[-/. ]" if facts[0] or facts[1] else r"^\d"
        why = ("reading.why.order_ask", {"example": facts[5]}) if sure == ASK else notes[0].why
        column.said.append(Assumption("dates", column.heading, order, sure, why, ORDERS,
                                      _examples(values, deciding)))


def _order_evidence(columns: list[Column], narrow: list[dict[str, int]]) -> dict[str, list[Any]]:
    return {c.heading: _order_facts(v) for c, v in zip(columns, narrow, strict=True) if c.type == DATE}


def _order_facts(values: dict[str, int]) -> list[Any]:
    """The answers to the questions of `casts`: how often the first and the second part are over 12, and so on."""
    found = [(m, n, v) for v, n in values.items() if (m := SHAPES["numeric"].search(v))]
    firsts = [int(m.group(1)) for m, _, _ in found]
    seconds = [int(m.group(2)) for m, _, _ in found]
    over_12 = [sum(n for m, n, _ in found if int(m.group(part)) > 12) for part in (1, 2)]
    return [*over_12, sum(n for _, n, _ in found), len(set(firsts)), len(set(seconds)),
            min((v for _, _, v in found), default=None), 0, all("." in v for _, _, v in found) if found else None]


def _examples(values: dict[str, int], pattern: str) -> tuple[str, ...]:
    return tuple(v for v in values if re.search(pattern, v))[:3]
