"""Turn text into dates, numbers and truth values, by SQL over whole columns and by rules that are said aloud.

A column is looked at as a whole before it is cast: its decimal mark and the order of day and month are decided
once, over all its values, and what had to be assumed is handed back as a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from kam_core.ingest.assumptions import Said, said
from kam_core.ingest.grid import Connection, Operand, quoted, quoted_name
from kam_core.schema import SQL_TYPES

TYPES = SQL_TYPES | {"float": "double"}  # a number of any size and precision, for tables that are only explored
NUMBERS = ("money", "quantity", "ratio", "int", "float")
DATES = ("date", "timestamp")
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
            "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")
NUMERIC = (*INTEGERS, "DOUBLE", "FLOAT", "DECIMAL")
MISSING = ("n/a", "#n/a", "na", "nan", "nat", "null", "none", "nil", "-", "--", "—", "\\n", "无", "空")
BLANKS = " \t\r\n\u00a0\u3000\ufeff"
WIDE = "０１２３４５６７８９．，－＋（）％／：　￥＄−–"
NARROW = "0123456789.,-+()%/: ¥$--"

TRUE = ("y", "yes", "t", "true", "1", "on", "x", "是", "真", "有", "对")
FALSE = ("n", "no", "f", "false", "0", "off", "否", "假", "无", "错")


@dataclass
class Value:
    """What one column of ours is read from: SQL for its text (or typed value) and what it is to become."""

    column: str
    kind: str
    operand: Operand
    label: str  # their heading, for sentences
    allow_years: bool = False  # "2024" alone is a period, but no date


@dataclass(frozen=True)
class Lookup:
    """A table that holds each distinct text of a column once, read: `key` is the column's text, `columns` are names
    under which its `narrow` text and its `value` are selected. What few texts stand for is worked out but once."""

    table: str
    key: str
    columns: tuple[str, str]


@dataclass
class Cast:
    """The typed SQL of a value, the reason given where it fails, and the assumptions behind it.

    `filled` counts the values there are, `rounded` those with more decimals than the type keeps;
    `sound` says that all of them cast, between `lowest` and `highest`:
    what is known here need not be checked again row by row.
    """

    sql: str
    reason: str
    present: str = "true"
    prepared: dict[str, str] = field(default_factory=dict)  # columns that `sql` reads, to be selected one level below
    notes: list[Said] = field(default_factory=list)
    filled: int | None = None
    sound: bool = False
    lowest: Any = None
    highest: Any = None
    lookup: Lookup | None = None  # columns that `sql` reads, to be joined one level below
    rounded: int = 0


def text_of(operand: Operand) -> str:
    """An operand as trimmed text, missing where blank; whole numbers held as doubles lose their `.0`."""
    if operand.type == "VARCHAR":
        return f"nullif({operand.sql if operand.trimmed else trimmed(operand.sql)}, '')"
    if operand.type in ("DOUBLE", "FLOAT"):
        return (f"case when {operand.sql} = trunc({operand.sql}) and abs({operand.sql}) < 1e15 "
                f"then {operand.sql}::bigint::varchar else {operand.sql}::varchar end")
    return f"{operand.sql}::varchar"


def trimmed(sql: str) -> str:
    return f"trim({sql}, {quoted(BLANKS)})"


Shown = Callable[[], dict[str, dict[str, str]]]  # "dates" and "decimals", each heading → order or mark: `looks.shown`


def plan(con: Connection, relation: str, values: list[Value], format: dict[str, Any],
         shown: Shown | None = None) -> dict[str, Cast]:
    """Decide how to cast each value, looking at all rows of `relation` at most twice; column → Cast.

    Where the values themselves leave it open how they are written, `shown` says what else is known of their columns.
    """
    numbers = [v for v in values if v.kind in NUMBERS and not _is_numeric(v.operand)]
    dates = [v for v in values if v.kind in DATES and not _is_temporal(v.operand)]
    others = [v for v in values if v not in numbers and v not in dates]
    return (_simple_casts(con, relation, others) | _number_casts(con, relation, numbers, format, shown)
            | _date_casts(con, relation, dates, format, shown))


def _is_numeric(operand: Operand) -> bool:
    return operand.type.split("(")[0] in NUMERIC


def _is_temporal(operand: Operand) -> bool:
    return operand.type == "DATE" or operand.type.startswith("TIMESTAMP")


def with_prepared(relation: str, prepared: dict[str, str], lookups: list[Lookup] | None = None) -> str:
    """A relation with columns worked out beside its own: what many branches of a cast read is worked out once."""
    columns = [f"{sql} as {name}" for name, sql in prepared.items()]
    joins = ""
    for place, lookup in enumerate(lookups or []):
        columns += [f"l{place}.narrow as {lookup.columns[0]}", f"l{place}.value as {lookup.columns[1]}"]
        joins += f" left join {lookup.table} as l{place} on l{place}.key = {lookup.key}"
    return f"(select r.*, {', '.join(columns)} from {relation} as r{joins})" if columns else relation


def _prepared_name(value: Value) -> str:
    return quoted_name(f"text of {value.column}")


def _looked_at_for_blanks(con: Connection, relation: str, values: list[Value]) -> list[Value]:
    """Values whose texts have no outer blanks are marked so: looking once is far cheaper than trimming each time."""
    texts = [v for v in values if v.operand.type == "VARCHAR" and not v.operand.trimmed]
    blank = quoted(f"^[{BLANKS}]|[{BLANKS}]$")
    found = _ask(con, relation, texts, [[f"count(*) filter (where regexp_matches({v.operand.sql}, {blank}))"]
                                        for v in texts])
    return [replace(v, operand=replace(v.operand, trimmed=True)) if found.get(v.column) == [0] else v for v in values]


def _ask(con: Connection, relation: str, values: list[Value], questions: list[list[str]]) -> dict[str, list[Any]]:
    """The answers to each value's questions (aggregate expressions), all in one pass; column → answers."""
    flat = [q for group in questions for q in group]
    answers = iter(con.execute(f"select {', '.join(flat)} from {relation}").fetchall()[0] if flat else ())
    return {v.column: [next(answers) for _ in group] for v, group in zip(values, questions, strict=True)}


# Text, truth values, and what is typed already

def _simple_casts(con: Connection, relation: str, values: list[Value]) -> dict[str, Cast]:
    casts = {v.column: _simple_cast(v) for v in values}
    questions = []
    for value in values:
        sql = casts[value.column].sql
        extremes = [f"min({sql})", f"max({sql})"] if value.kind in (*NUMBERS, *DATES) else []
        questions.append([f"count({value.operand.sql})", f"count({sql})", *extremes])
    answers = _ask(con, relation, values, questions)
    for column, cast in casts.items():
        cast.filled, cast.sound = answers[column][1], answers[column][0] == answers[column][1]
        cast.lowest, cast.highest = answers[column][2:] or (None, None)
    return casts


def _simple_cast(value: Value) -> Cast:
    sql, type = value.operand.sql, TYPES[value.kind]
    text = text_of(value.operand)
    if value.kind == "text":
        return Cast(text, "is not text", f"{text} is not null")
    present = f"{sql} is not null"
    if value.kind == "bool":
        cast = sql if value.operand.type == "BOOLEAN" else _bool_sql(text)
        return Cast(cast, "is neither yes nor no", f"{text} is not null")
    if value.kind == "int":
        whole = f"case when {sql} = trunc({sql}) then try_cast({sql} as bigint) end"
        return Cast(whole, "is not a whole number", present)
    cast = sql if value.operand.type == type.upper() else f"try_cast({sql} as {type})"
    return Cast(cast, "is not a number" if value.kind in NUMBERS else "is not a date", present)


def _bool_sql(text: str) -> str:
    def listed(words: tuple[str, ...]) -> str:
        return ", ".join(quoted(w) for w in words)
    lower = f"lower({text})"
    return f"case when {lower} in ({listed(TRUE)}) then true when {lower} in ({listed(FALSE)}) then false end"


# Numbers

MAX_JUNK = 200  # letters beside digits in all shapes of a column; more is no column of numbers
MANY_ROWS = 5_000  # from here on reading each distinct text once is worth a table of them
DECIMALS = {"money": 2, "quantity": 4, "ratio": 6, "int": 0, "float": 16}


def _number_casts(con: Connection, relation: str, values: list[Value], format: dict[str, Any],
                  shown: Shown | None) -> dict[str, Cast]:
    """Plain numbers are cast as they are; only columns with other signs in them are looked at closely."""
    asked = _ask(con, relation, values, [_number_questions(v) for v in values])
    casts, messy = {}, []
    for value in values:
        filled, plain, low, high, dotted, thousandths, fine = asked[value.column]
        told = {"decimal", "thousands"} & set(format) or value.label in format.get("decimals", {})
        if filled == plain and not told and (not dotted or thousandths < dotted):
            sql = _plain_number(value, exact=not fine)
            present, sound = f"{value.operand.sql} is not null", value.kind != "int" or not dotted
            casts[value.column] = Cast(sql, _number_reason(value.kind), present, {}, [], filled, sound, low, high,
                                       rounded=fine)
        else:
            messy.append(value)
    return casts | _messy_number_casts(con, relation, messy, format, shown)


def _number_questions(value: Value) -> list[str]:
    """How many values, plain numbers, dots, dots before just three digits, and finer decimals than are kept."""
    text = f"nullif({value.operand.sql}, '')"
    number, finer = f"try_cast({text} as double)", "%." + "_" * (DECIMALS[value.kind] + 1) + "%"
    return [f"count({text})", f"count({number})", f"min({number})", f"max({number})",
            f"count(*) filter (where contains({text}, '.'))",
            f"count(*) filter (where {text} like '%.___' and {text} not like '%.%.%' "
            f"and {text} not like '0%' and {text} not like '-0%')",
            f"count(*) filter (where {text} like '{finer}' or {text} ilike '%e%')"]


def _number_reason(kind: str) -> str:
    return "is not a whole number" if kind == "int" else "is not a number"


def _plain_number(value: Value, exact: bool) -> str:
    """SQL of a column of plain numbers. Where none has more decimals than are kept, the way through DOUBLE gives the
    same digits (below 10^13) in a third of the time."""
    text, type = f"nullif({value.operand.sql}, '')", TYPES[value.kind]
    if value.kind == "int":
        number = f"try_cast({text} as double)"
        return f"case when {number} = trunc({number}) then try_cast({number} as bigint) end"
    return f"try_cast(try_cast({text} as double) as {type})" if exact else f"try_cast({text} as {type})"


CURRENCY = r"rmb|cny|usd|eur|gbp|jpy|hkd|us\$|hk\$|[¥$€£元圆]"


def _bare(text: str) -> str:
    """A number's text without currency, with narrow digits, missing where it says so in words."""
    narrow = f"lower(translate({text}, {quoted(WIDE)}, {quoted(NARROW)}))"
    no_words = f"case when {narrow} in ({', '.join(quoted(m) for m in MISSING)}) then null else {narrow} end"
    spaced = f"translate({no_words}, {quoted(chr(0xA0) + chr(0x202F) + chr(0x2009) + '’')}, {quoted('    ')})"
    return f"trim(regexp_replace({spaced}, {quoted(CURRENCY)}, '', 'g'))"


# Proof of a decimal point: one after a comma, one not before exactly three digits, 0.125, or two thousands commas.
# The mirror image proves a decimal comma.
POINT = r",\d+\.|(^|[^\d.,])\d*\.(\d|\d\d|\d{4,})([^\d.,]|$)|(^|\D)0\.\d|\d,\d{3},"
COMMA = r"\.\d+,|(^|[^\d.,])\d*,(\d|\d\d|\d{4,})([^\d.,]|$)|(^|\D)0,\d|\d\.\d{3}\."


def _messy_number_casts(con: Connection, relation: str, values: list[Value], format: dict[str, Any],
                        shown: Shown | None) -> dict[str, Cast]:
    """What a number's text means depends on its shape alone, its digits put aside: there are few shapes of many values,
    so that only shapes are looked at, and each value is read in the cheapest way that is right for all its shapes."""
    if not values:
        return {}
    values = _looked_at_for_blanks(con, relation, values)
    shapes = {v.column: _shapes(con, relation, v, _beside(relation, f"shapes{i}")) for i, v in enumerate(values)}
    questions = [f"coalesce(sum(n) filter (where regexp_matches(bare, '{POINT}')), 0)::bigint",
                 f"coalesce(sum(n) filter (where regexp_matches(bare, '{COMMA}')), 0)::bigint",
                 "coalesce(sum(n) filter (where contains(bare, ',')), 0)::bigint",
                 "coalesce(sum(n) filter (where contains(bare, '.')), 0)::bigint",
                 "min(bare) filter (where contains(bare, ',') or contains(bare, '.'))"]
    seen = f"select n, {_bare('lowest')} as bare from "
    evidence = {column: list(con.execute(f"select {', '.join(questions)} from ({seen} {table})").fetchall()[0])
                for column, table in shapes.items()}
    usual = usual_mark(evidence)
    is_open = any((commas or dots) and not points and not decimals
                  for points, decimals, commas, dots, _ in evidence.values())
    known = shown()["decimals"] if shown and is_open else {}
    casts = {}
    for value in values:
        mark, notes = decimal_mark(value.label, evidence[value.column], known.get(value.label, usual), format)
        casts[value.column] = _messy_number(con, relation, value, shapes[value.column], mark, notes)
        con.execute(f"drop table {shapes[value.column]}")
    return casts


def _shapes(con: Connection, relation: str, value: Value, table: str) -> str:
    """The shapes of a column's texts, every digit but 0 as 9: how many texts have each, and the lowest of them."""
    text = text_of(value.operand)
    con.execute(f"""
        create or replace temp table {table} as
        select translate(t, '12345678', '99999999') as shape, count(*) as n, min(t) as lowest
        from (select {text} as t from {relation}) where t is not null group by 1""")
    return table


def _messy_number(con: Connection, relation: str, value: Value, shapes: str, mark: str, notes: list[Said]) -> Cast:
    """The cheap way where it is right for every shape, and for the texts that it cannot read the long one."""
    text, reason = text_of(value.operand), f"{_number_reason(value.kind)} (decimal mark {mark})"
    finer, known = rf"\{mark}\d{{{DECIMALS[value.kind] + 1},}}", _number_sql("bare", value.kind, mark)
    seen = f"(select lowest, {_bare('lowest')} as bare from {shapes})"
    rounded, missing = con.execute(f"select count(*) filter (where regexp_matches(bare, {quoted(finer)})), "
                                   f"list(lowest) filter (where bare is null) from {seen}").fetchall()[0]
    cheap = _cheap_number(con, shapes, value.kind, mark, bool(rounded))
    wrong, left = con.execute(f"""
        select count(*) filter (where cheap is not null and cheap is distinct from known),
            count(*) filter (where cheap is null and bare is not null)
        from (select {cheap('lowest')} as cheap, {known} as known, bare from {seen})""").fetchall()[0]
    if wrong:
        cheap = _no_way
    present = f"{text} is not null"
    if missing:
        present = f"coalesce({text} not in ({', '.join(map(quoted, missing))}), false)"
    if not (wrong or left):
        return Cast(cheap(text), reason, present, notes=notes, rounded=rounded)
    lookup = _lookup(con, relation, value, f"where {cheap('key')} is null", _bare("key"), known)
    if lookup:
        return Cast(f"coalesce({cheap(text)}, {lookup.columns[1]})", reason, present, notes=notes, lookup=lookup,
                    rounded=rounded)
    name = _prepared_name(value)
    return Cast(_number_sql(name, value.kind, mark), reason, f"{name} is not null", {name: _bare(text)}, notes,
                rounded=rounded)


def _no_way(text: str) -> str:
    return "null"


def _cheap_number(con: Connection, shapes: str, kind: str, mark: str, rounded: bool) -> Callable[[str], str]:
    """SQL that takes all marks of thousands and currencies out of a text and casts what stays.

    Texts with more decimals than are kept go through six, as in the long way: the last digit is then rounded alike.
    """
    junk = con.execute(f"select string_agg(distinct translate(shape, '09.-', ''), '') from {shapes}").fetchall()[0][0]
    if len(junk or "") > MAX_JUNK:
        return _no_way
    marks = sorted(set((junk or "") + (".," if mark == "," else "")) - set("()%千万亿eE" + mark))

    def cheap(text: str) -> str:
        digits = text
        for char in marks:
            digits = f"replace({digits}, {quoted(char)}, '')"
        digits = digits if mark == "." else f"replace({digits}, ',', '.')"
        if kind == "int":
            number = f"try_cast({digits} as decimal(28,6))"
            return f"case when {number} = trunc({number}) then try_cast({number} as bigint) end"
        if rounded:
            digits = f"try_cast({digits} as decimal(28,6))"
        return f"try_cast({digits} as {TYPES[kind]})"
    return cheap


def _lookup(con: Connection, relation: str, value: Value, where: str, narrow: str, sql: str) -> Lookup | None:
    """Read each distinct text of a column once, `sql` of its `bare` text; None where there are too many of them for
    that to pay. (It must be clear to DuckDB which side of the join is the small one: rows keep their order then.)"""
    key, table = text_of(value.operand), _beside(relation, f"texts {value.column}")
    con.execute(f"""
        create or replace temp table {table} as select key, count(*) as n
        from (select {key} as key from {relation}) {where} {'and' if where else 'where'} key is not null group by 1""")
    texts, rows = con.execute(f"select count(*), (select count(*) from {relation}) from {table}").fetchall()[0]
    if rows < MANY_ROWS or 6 * texts > rows:
        con.execute(f"drop table {table}")
        return None
    con.execute(f"create or replace temp table {table} as "
                f"select key, bare as narrow, {sql} as value from (select key, {narrow} as bare from {table})")
    return Lookup(table, key, (_prepared_name(value), quoted_name(f"value of {value.column}")))


def _beside(relation: str, what: str) -> str:
    """The name of a table that belongs to a relation."""
    return quoted_name(f"{relation.strip(chr(34))} {what}")


def usual_mark(evidence: dict[str, list[Any]]) -> str | None:
    """The decimal mark that the file's other columns prove, or None where they prove none or both."""
    points, commas = (any(e[i] for e in evidence.values()) for i in (0, 1))
    return None if points == commas else "." if points else ","


def decimal_mark(label: str, evidence: list[Any], usual: str | None, format: dict[str, Any]) -> tuple[str, list[Said]]:
    """The decimal mark of a column, and a sentence on how sure that is."""
    points, commas, with_comma, with_point, example = evidence
    told = format.get("decimals", {}).get(label, format.get("decimal"))
    if told:
        return told, []
    if "thousands" in format:
        return ("," if format["thousands"] == "." else "."), []
    if points or commas:
        mark = "." if points >= commas else ","
        if points and commas:
            return mark, [said("reading.note.mark_doubt", column=label, mark=mark, others=min(points, commas))]
        return mark, [said("reading.note.mark", column=label, mark=mark)]
    if not with_comma and not with_point:
        return ".", []
    if usual:
        return usual, [said("reading.note.mark_usual", column=label, mark=usual, example=example)]
    return ".", [said("reading.note.mark_thousands" if with_comma else "reading.note.mark_decimals", column=label,
                      example=example)]


def number_patterns(mark: str) -> tuple[str, str]:
    """What is read as a number by a decimal mark: plain ones, and those with signs, brackets, % or a Chinese unit."""
    group, point = (r"[, '']", r"\.") if mark == "." else (r"[. '']", ",")
    digits = rf"(?:\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}|\d+)(?:{point}\d*)?|{point}\d+"
    simple = rf"-?(?:{digits}|\d+(?:{point}\d+)?e[+-]?\d+)"
    signed = rf"[+-]?\s*(?:{digits})\s*[%千万亿]?|(?:{digits})\s*[%千万亿]?\s*-|\(\s*(?:{digits})\s*[%千万亿]?\s*\)"
    return simple, signed


def _number_sql(bare: str, kind: str, mark: str) -> str:
    """Signs, brackets, %, 千, 万, 亿 and thousands marks read; anything else leaves nothing, and so a refusal."""
    marks = ", '" if mark == "." else ". '"
    simple, signed = number_patterns(mark)

    def digits_of(others: str) -> str:
        return f"try_cast(replace(translate({bare}, {quoted(marks + others)}, ''), ',', '.') as decimal(28,6))"
    units = {"%": "0.01", "千": "1e3", "万": "1e4", "亿": "1e8"}
    factor = " ".join(f"when contains({bare}, '{unit}') then {size}" for unit, size in units.items())
    sign = f"case when contains({bare}, '-') or contains({bare}, '(') then -1 else 1 end"
    scaled = f"{digits_of('()+-%千万亿')} * (case {factor} else 1 end)::decimal(12,2) * ({sign})::decimal(2,0)"
    value = (f"case when regexp_full_match({bare}, '{simple}') then {digits_of('')} "
             f"when regexp_full_match({bare}, '{signed}') then try({scaled}) end")
    if kind == "int":
        return f"case when {value} = trunc({value}) then try_cast({value} as bigint) end"
    return f"try_cast({value} as {TYPES[kind]})"


# Dates

SWAP, AS_IS = "swap", "keep"
ISO = r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}([ t].*)?$"
NUMERIC_DATE = r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{2}|\d{4})((?:[ t,]+.*)?)$"
TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%g", " %I:%M %p", " %I:%M:%S %p")
NAMED = ("%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%d-%B-%Y", "%d/%b/%Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y",
         "%d-%b-%y", "%d %b %y", "%Y-%b-%d", "%B %Y", "%b %Y", "%b-%Y", "%b-%y")
PATTERNS = tuple(first + time for first in (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%Y年%m月%d日", "%Y.%m.%d",
    "%Y%m%d", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d, %Y") for time in TIMES)
SHAPES = {
    "iso": ISO,
    "words": r"^\d{4}\s*[年.]\s*\d{1,2}\s*[月.]\s*\d{1,2}\s*日?([ t].*)?$",
    "compact": r"^(19|20)\d{6}$",
    "serial": r"^[2-7]\d{4}(\.\d+)?$",
    "month": r"^(19|20)\d\d([-/.]|年)\s*\d{1,2}月?$|^(19|20)\d{4}$",
    "quarter": r"^(19|20)\d\d\s*[-/年]?\s*q[1-4]$|^q[1-4]\s*[-/]?\s*(19|20)\d\d$",
    "year": r"^(19|20)\d\d年?$",
    "full": r"^\d{1,2}[-/. ]\d{1,2}[-/. ]\d{4}([ t]\d{1,2}:\d{2}(:\d{2})?)?$",
    "numeric": NUMERIC_DATE,
    "short": r"^(\d{1,2}[-/ ])?[a-z]{3,9}[-/ ]\d{2}( |$)",  # 05-jan-24: a year of four digits would take it for 24
    "named": r"[a-z]{3}",
}


def _date_casts(con: Connection, relation: str, values: list[Value], format: dict[str, Any],
                shown: Shown | None) -> dict[str, Cast]:
    """ISO dates are cast as they are; other columns are looked at for the shapes of their values."""
    said = {v.column: format.get("dates", {}).get(v.label, format.get("date", "")) for v in values}
    patterned = {v.column: _patterned(v, said[v.column]) for v in values if "%" in said[v.column]}
    values = [v for v in values if v.column not in patterned]
    asked = _ask(con, relation, values, [_date_questions(v) for v in values])
    casts, messy = {}, []
    for value in values:
        filled, native, low, high, four_digits = asked[value.column]
        told = {value.label} & {*format.get("dates", {}), *format.get("swapped", {})}
        if filled == native and (four_digits or not filled) and not told:
            sql = f"try_cast(nullif({value.operand.sql}, '') as {TYPES[value.kind]})"
            present = f"{value.operand.sql} is not null"
            casts[value.column] = Cast(sql, "is not a date", present, {}, [], filled, True, low, high)
        else:
            messy.append(value)
    return patterned | casts | _messy_date_casts(con, relation, messy, format, shown)


def _date_questions(value: Value) -> list[str]:
    date = f"try_cast(nullif({value.operand.sql}, '') as {TYPES[value.kind]})"
    return [f"count(nullif({value.operand.sql}, ''))", f"count({date})", f"min({date})", f"max({date})",
            f"min({date}) >= '1000-01-01'"]


def _patterned(value: Value, pattern: str) -> Cast:
    text = text_of(value.operand)
    sql = f"try_strptime({text}, {quoted(pattern)})::{TYPES[value.kind]}"
    return Cast(sql, f"is not a date written as {pattern}", f"{text} is not null")


def _narrow_date(text: str) -> str:
    narrow = f"lower(translate({text}, {quoted(WIDE)}, {quoted(NARROW)}))"
    return f"case when {narrow} in ({', '.join(quoted(m) for m in MISSING)}) then null else {narrow} end"


def _messy_date_casts(con: Connection, relation: str, values: list[Value], format: dict[str, Any],
                      shown: Shown | None) -> dict[str, Cast]:
    """Each distinct text is read once and looked up for all rows: a column of dates has few of them."""
    values = _looked_at_for_blanks(con, relation, values)
    evidence = {v.column: _order_evidence(con, relation, v) for v in values}
    usual = usual_order(evidence)
    is_open = any(facts[2] and not facts[0] and not facts[1] for facts in evidence.values())
    known = shown()["dates"] if shown and is_open else {}
    casts = {}
    for value in values:
        facts = evidence[value.column]
        order, notes = date_order(value.label, facts, known.get(value.label, usual), format)
        if facts[6]:
            notes.append(said("reading.note.serial", column=value.label, rows=facts[6]))
        reason = f"is not a date (order {order})" if facts[2] else "is not a date"
        swap = format.get("swapped", {}).get(value.label) == SWAP

        def read(text: str, value: Value = value, order: str = order, swap: bool = swap) -> str:
            return f"({_date_sql(text, order, value.allow_years, swap)})::{TYPES[value.kind]}"
        lookup = _lookup(con, relation, value, "", _narrow_date("key"), read("bare"))
        pattern = _one_pattern(con, lookup, TYPES[value.kind]) if lookup else None
        if lookup and pattern:
            con.execute(f"drop table {lookup.table}")
            casts[value.column] = Cast(_patterned(value, pattern).sql, reason, f"{lookup.key} is not null", notes=notes)
        elif lookup:
            casts[value.column] = Cast(lookup.columns[1], reason, f"{lookup.columns[0]} is not null", notes=notes,
                                       lookup=lookup)
        else:
            text = _prepared_name(value)
            prepared = {text: _narrow_date(text_of(value.operand))}
            casts[value.column] = Cast(read(text), reason, f"{text} is not null", prepared, notes)
    return casts


def _one_pattern(con: Connection, lookup: Lookup, type: str) -> str | None:
    """The one pattern that reads all texts of a column as they were read, the cheapest way there is; else None."""
    for pattern in PATTERNS:
        odd = con.execute(f"select count(*) from {lookup.table} where narrow is null or "
                          f"try_strptime(key, {quoted(pattern)})::{type} is distinct from value").fetchall()[0][0]
        if not odd:
            return pattern
    return None


def _order_evidence(con: Connection, relation: str, value: Value) -> list[Any]:
    """The answers to `_order_questions` over a column's distinct texts."""
    texts = f"(select t, count(*) as n from (select {text_of(value.operand)} as t from {relation}) group by 1)"
    narrow = f"(select n, {_narrow_date('t')} as narrow from {texts})"
    return list(con.execute(f"select {', '.join(_order_questions('narrow'))} from {narrow}").fetchall()[0])


def _order_questions(text: str) -> list[str]:
    """What tells day and month apart in dates such as 5/1/2025, and how many values are Excel's day numbers; each
    distinct text stands for `n` rows."""
    first, second = (f"try_cast(nullif(regexp_extract({text}, '{NUMERIC_DATE}', {i}), '') as int)" for i in (1, 2))

    def rows(condition: str) -> str:
        return f"coalesce(sum(n) filter (where {condition}), 0)::bigint"
    return [rows(f"{first} > 12"), rows(f"{second} > 12"), rows(f"{first} is not null"),
            f"count(distinct {first})", f"count(distinct {second})", f"min({text}) filter (where {first} is not null)",
            rows(f"regexp_matches({text}, '{SHAPES['serial']}')"),
            f"bool_and(contains({text}, '.')) filter (where {first} is not null)"]


def proven_order(evidence: list[Any]) -> str | None:
    day_first, month_first = evidence[0], evidence[1]
    return None if bool(day_first) == bool(month_first) else "day/month" if day_first else "month/day"


def usual_order(evidence: dict[str, list[Any]]) -> str | None:
    """The order that the file's other dates prove, or None where they prove none or both."""
    proven = {proven_order(facts) for facts in evidence.values()} - {None}
    return proven.pop() if len(proven) == 1 else None


def date_order(label: str, evidence: list[Any], usual: str | None, format: dict[str, Any]) -> tuple[str, list[Said]]:
    """Day or month first: as told, by values over 12, as in the file's other dates, by what varies, or assumed."""
    if label in format.get("dates", {}):
        return format["dates"][label], []
    day_first, month_first, numeric, firsts, seconds, example, _, dotted = evidence
    if not numeric:
        return "day/month", []
    if day_first or month_first:
        order = "day/month" if day_first >= month_first else "month/day"
        others = min(day_first, month_first)
        if others:
            return order, [said(f"reading.note.order_doubt_{first_part(order)}", column=label, others=others)]
        return order, [said(f"reading.note.order_{first_part(order)}", column=label)]
    if usual:
        return usual, [said(f"reading.note.order_usual_{first_part(usual)}", column=label, example=example)]
    if dotted:
        return "day/month", [said("reading.note.order_dotted", column=label, example=example)]
    if seconds == 1 and firsts > 1:
        return "month/day", [said("reading.note.order_first_varies", column=label, example=example)]
    return "day/month", [said("reading.note.order_assumed", column=label, example=example)]


def first_part(order: str) -> str:
    return order.partition("/")[0]


def _date_sql(text: str, order: str, allow_years: bool, swap: bool = False) -> str:
    """One `case` branch per shape, each a timestamp or nothing; `swap` turns back the day and the month of the dates
    that a spreadsheet took for its own."""
    first, second = ("d", "m") if order == "day/month" else ("m", "d")
    numeric = [f"%{first}/%{second}/%{year}{time}" for year in "yY" for time in TIMES]
    turned = r"\3-\2-\1" if order == "day/month" else r"\3-\1-\2"
    four_digits = rf"regexp_replace({text}, '^(\d{{1,2}})[-/. ](\d{{1,2}})[-/. ](\d{{4}})', '{turned}')"
    named, short = ([pattern + time for pattern in NAMED for time in TIMES[:3] if f"%{y}" in pattern] for y in "Yy")
    iso = f"try_cast({text} as timestamp)"
    swapped = f"case when day({iso}) <= 12 then {iso} + to_months((day({iso}) - month({iso}))::int) " \
              f"- to_days((day({iso}) - month({iso}))::int) else {iso} end"
    slashed = rf"regexp_replace({text}, '^(\d{{1,2}})[-/. ](\d{{1,2}})[-/. ](\d+)[ t,]*', '\1/\2/\3 ')"
    words = rf"regexp_replace({text}, '^(\d{{4}})\s*[年.]\s*(\d{{1,2}})\s*[月.]\s*(\d{{1,2}})\s*日?', '\1-\2-\3')"
    month = rf"regexp_replace({text}, '^(\d{{4}})([-/.]|年)?\s*(\d{{1,2}})月?$', '\1-\3-01')"
    year_of = rf"regexp_extract({text}, '(\d{{4}})', 1)::int"
    branches = {
        "iso": swapped if swap else iso,
        "words": f"try_cast({words} as timestamp)",
        "compact": f"try_strptime({text}, '%Y%m%d')",
        "serial": f"timestamp '1899-12-30' + to_seconds(round(try_cast({text} as double) * 86400))",
        "month": f"try_cast({month} as timestamp)",
        "quarter": rf"make_date({year_of}, regexp_extract({text}, 'q(\d)', 1)::int * 3 - 2, 1)::timestamp",
        # The cast is ten times as fast as the patterns, which are left for two-digit years and for AM and PM.
        "full": f"try_cast({four_digits} as timestamp)",
        "numeric": f"try_strptime(rtrim({slashed}), [{', '.join(map(quoted, numeric))}])",
        "short": f"try_strptime({text}, [{', '.join(map(quoted, short))}])",
        "named": f"try_strptime({text}, [{', '.join(map(quoted, named))}])",
    }
    if allow_years:
        branches["year"] = f"make_date({year_of}, 1, 1)::timestamp"
    cases = " ".join(f"when regexp_matches({text}, '{SHAPES[shape]}') then {sql}" for shape, sql in branches.items())
    return f"case {cases} end"
