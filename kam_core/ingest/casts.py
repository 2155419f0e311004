"""Turn text into dates, numbers and truth values, by SQL over whole columns and by rules that are said aloud.

A column is looked at as a whole before it is cast: its decimal mark and the order of day and month are decided
once, over all its values, and what had to be assumed is handed back as a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kam_core.ingest.grid import Connection, Operand, quoted
from kam_core.schema import SQL_TYPES

NUMBERS = ("money", "quantity", "ratio", "int")
DATES = ("date", "timestamp")
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")
NUMERIC = (*INTEGERS, "DOUBLE", "FLOAT", "DECIMAL")
MISSING = ("n/a", "#n/a", "na", "nan", "nat", "null", "none", "nil", "-", "--", "—", "\\n", "无", "空")
WIDE = "０１２３４５６７８９．，－＋（）％／：　￥＄−–"
BLANKS = " \t\r\n\u00a0\u3000\ufeff"
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


@dataclass
class Cast:
    """The typed SQL of a value, the reason given where it fails, and the assumptions behind it."""

    sql: str
    reason: str
    notes: list[str] = field(default_factory=list)


def text_of(operand: Operand) -> str:
    """An operand as trimmed text, missing where blank; whole numbers held as doubles lose their `.0`."""
    if operand.type == "VARCHAR":
        return f"nullif(trim({operand.sql}, {quoted(BLANKS)}), '')"
    if operand.type in ("DOUBLE", "FLOAT"):
        return (f"case when {operand.sql} = trunc({operand.sql}) and abs({operand.sql}) < 1e15 "
                f"then {operand.sql}::bigint::varchar else {operand.sql}::varchar end")
    return f"{operand.sql}::varchar"


def plan(con: Connection, relation: str, values: list[Value], format: dict[str, Any]) -> dict[str, Cast]:
    """Decide how to cast each value, looking at all rows of `relation` at most twice; column → Cast."""
    numbers = [v for v in values if v.kind in NUMBERS and not _is_numeric(v.operand)]
    dates = [v for v in values if v.kind in DATES and not _is_temporal(v.operand)]
    casts = {v.column: _simple_cast(v) for v in values if v not in numbers and v not in dates}
    casts |= _number_casts(con, relation, numbers, format)
    casts |= _date_casts(con, relation, dates, format)
    return casts


def _is_numeric(operand: Operand) -> bool:
    return operand.type.split("(")[0] in NUMERIC


def _is_temporal(operand: Operand) -> bool:
    return operand.type == "DATE" or operand.type.startswith("TIMESTAMP")


def _simple_cast(value: Value) -> Cast:
    """Casts that need no look at the values: text, truth values, and what is typed already."""
    sql, type = value.operand.sql, SQL_TYPES[value.kind]
    if value.kind == "text":
        return Cast(text_of(value.operand), "is not text")
    if value.kind == "bool":
        return Cast(sql if value.operand.type == "BOOLEAN" else _bool_sql(text_of(value.operand)), "is neither yes nor no")
    if value.kind == "int":
        return Cast(f"case when {sql} = trunc({sql}) then try_cast({sql} as bigint) end", "is not a whole number")
    return Cast(f"try_cast({sql} as {type})", "is not a number" if value.kind in NUMBERS else "is not a date")


def _bool_sql(text: str) -> str:
    def listed(words: tuple[str, ...]) -> str:
        return ", ".join(quoted(w) for w in words)
    return f"case when lower({text}) in ({listed(TRUE)}) then true when lower({text}) in ({listed(FALSE)}) then false end"


def _ask(con: Connection, relation: str, questions: list[str]) -> list[Any]:
    """The answers to aggregate expressions over a relation, in one pass."""
    return list(con.execute(f"select {', '.join(questions)} from {relation}").fetchone()) if questions else []


def _grouped(answers: list[Any], size: int) -> list[list[Any]]:
    return [answers[i:i + size] for i in range(0, len(answers), size)]


# Numbers

def _number_casts(con: Connection, relation: str, values: list[Value], format: dict[str, Any]) -> dict[str, Cast]:
    """Plain numbers are cast as they are; only columns with other signs in them are looked at closely."""
    texts = [text_of(v.operand) for v in values]
    asked = _ask(con, relation, [q for t in texts for q in (
        f"count({t})", f"count(try_cast({t} as double))", f"count(*) filter (where {t} like '%.%')",
        f"count(*) filter (where {t} like '%.___' and {t} not like '%.%.%' and {t} not like '0%' and {t} not like '-0%')")])
    casts, messy = {}, []
    for value, text, (filled, plain, dotted, thousandths) in zip(values, texts, _grouped(asked, 4), strict=True):
        if filled == plain and "decimal" not in format and (not dotted or thousandths < dotted):
            casts[value.column] = Cast(_plain_number(text, value.kind), _number_reason(value.kind))
        else:
            messy.append(value)
    return casts | _messy_number_casts(con, relation, messy, format)


def _number_reason(kind: str) -> str:
    return "is not a whole number" if kind == "int" else "is not a number"


def _plain_number(text: str, kind: str) -> str:
    if kind == "int":
        number = f"try_cast({text} as decimal(28,6))"
        return f"case when {number} = trunc({number}) then try_cast({number} as bigint) end"
    return f"try_cast({text} as {SQL_TYPES[kind]})"


def _bare(text: str) -> str:
    """A number's text without currency, with narrow digits, missing where it says so in words."""
    narrow = f"lower(translate({text}, {quoted(WIDE)}, {quoted(NARROW)}))"
    no_words = f"case when {narrow} in ({', '.join(quoted(m) for m in MISSING)}) then null else {narrow} end"
    currency = r"rmb|cny|usd|eur|gbp|jpy|hkd|us\$|hk\$|[¥$€£元圆]"
    spaced = f"translate({no_words}, {quoted(chr(0xA0) + chr(0x202F) + chr(0x2009) + '’')}, {quoted('    ')})"
    return f"trim(regexp_replace({spaced}, {quoted(currency)}, '', 'g'))"


def _messy_number_casts(con: Connection, relation: str, values: list[Value], format: dict[str, Any]) -> dict[str, Cast]:
    bares = [_bare(text_of(v.operand)) for v in values]
    asked = _ask(con, relation, [q for b in bares for q in (
        # Proof of a decimal point: one after a comma, or one not followed by exactly three digits; and the mirror image.
        rf"count(*) filter (where regexp_matches({b}, ',\d+\.|(^|[^\d.,])\d*\.(\d|\d\d|\d{{4,}})([^\d.,]|$)|(^|[^\d])0\.\d|\d,\d{{3}},'))",
        rf"count(*) filter (where regexp_matches({b}, '\.\d+,|(^|[^\d.,])\d*,(\d|\d\d|\d{{4,}})([^\d.,]|$)|(^|[^\d])0,\d|\d\.\d{{3}}\.'))",
        f"count(*) filter (where {b} like '%,%')", f"count(*) filter (where {b} like '%.%')",
        f"min({text_of(values[bares.index(b)].operand)}) filter (where {b} like '%,%' or {b} like '%.%')")])
    evidence = dict(zip((v.column for v in values), _grouped(asked, 5), strict=True))
    usual = _usual_mark(evidence)
    casts = {}
    for value, bare in zip(values, bares, strict=True):
        mark, notes = _decimal_mark(value.label, evidence[value.column], usual, format)
        casts[value.column] = Cast(_number_sql(bare, value.kind, mark), f"{_number_reason(value.kind)} (decimal mark {mark})", notes)
    return casts


def _usual_mark(evidence: dict[str, list[Any]]) -> str | None:
    """The decimal mark that the file's other columns prove, or None where they prove none or both."""
    points, commas = (any(e[i] for e in evidence.values()) for i in (0, 1))
    return None if points == commas else "." if points else ","


def _decimal_mark(label: str, evidence: list[Any], usual: str | None, format: dict[str, Any]) -> tuple[str, list[str]]:
    points, commas, with_comma, with_point, example = evidence
    if "decimal" in format:
        return format["decimal"], []
    if points or commas:
        mark = "." if points >= commas else ","
        doubt = f"; {min(points, commas):,} values are written the other way" if points and commas else ""
        return mark, [f"{label}: the decimal mark is {mark!r}{doubt}"]
    if not with_comma and not with_point:
        return ".", []
    if usual:
        return usual, [f"{label}: the decimal mark is taken as {usual!r}, as in the file's other columns (such as {example})"]
    other = "thousands" if with_comma else "decimals"
    return ".", [f"{label}: {example} could be read in two ways; the point is taken as the decimal mark, so the digits after "
                 f"the mark are {other}; set decimal under [table.format] if that is wrong"]


def _number_sql(bare: str, kind: str, mark: str) -> str:
    """Signs, brackets, %, 万, 亿 and thousands marks read; anything else leaves nothing, and so a refusal."""
    group, point = (r"[, '']", r"\.") if mark == "." else (r"[. '']", ",")
    digits = rf"(?:\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}|\d+)(?:{point}\d*)?|{point}\d+|\d+(?:\.\d+)?e[+-]?\d+"
    whole = rf"^\s*([(+-]?)\s*({digits})\s*(%|千|万|亿)?\s*([)-]?)$"
    part = [f"regexp_extract({bare}, '{whole}', {i})" for i in range(5)]
    number = f"translate({part[2]}, {', '.join([quoted(', ' + chr(39)), quoted('')] if mark == '.' else [quoted('. ' + chr(39)), quoted('')])})"
    number = f"replace({number}, ',', '.')" if mark == "," else number
    unit = f"case {part[3]} when '%' then 0.01 when '千' then 1000 when '万' then 10000 when '亿' then 100000000 else 1 end"
    sign = f"case when {part[1]} in ('(', '-') or {part[4]} = '-' then -1 else 1 end"
    paired = f"(({part[1]} = '(') = ({part[4]} = ')')) and not ({part[1]} <> '' and {part[4]} = '-')"
    value = f"case when {part[0]} <> '' and {paired} then try(try_cast({number} as decimal(24,6)) * {unit} * {sign}) end"
    if kind == "int":
        return f"case when {value} = trunc({value}) then try_cast({value} as bigint) end"
    return f"try_cast({value} as {SQL_TYPES[kind]})"


# Dates

ISO = r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}([ t].*)?$"
NUMERIC_DATE = r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{2}|\d{4})((?:[ t,]+.*)?)$"
TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%g", " %I:%M %p", " %I:%M:%S %p")
NAMED = ("%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%d-%B-%Y", "%d/%b/%Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y",
         "%d-%b-%y", "%d %b %y", "%Y-%b-%d", "%B %Y", "%b %Y", "%b-%Y", "%b-%y")
SHAPES = {
    "iso": ISO,
    "words": r"^\d{4}\s*[年.]\s*\d{1,2}\s*[月.]\s*\d{1,2}\s*日?([ t].*)?$",
    "compact": r"^(19|20)\d{6}$",
    "serial": r"^[2-7]\d{4}(\.\d+)?$",
    "month": r"^(19|20)\d\d([-/.]|年)\s*\d{1,2}月?$|^(19|20)\d{4}$",
    "quarter": r"^(19|20)\d\d\s*[-/年]?\s*q[1-4]$|^q[1-4]\s*[-/]?\s*(19|20)\d\d$",
    "year": r"^(19|20)\d\d年?$",
    "numeric": NUMERIC_DATE,
    "named": r"[a-z]{3}",
}


def _date_casts(con: Connection, relation: str, values: list[Value], format: dict[str, Any]) -> dict[str, Cast]:
    """ISO dates are cast as they are; other columns are looked at for the shapes of their values."""
    if "date" in format:
        return {v.column: _patterned(v, format["date"]) for v in values}
    texts = [text_of(v.operand) for v in values]
    asked = _ask(con, relation, [q for t in texts for q in (
        f"count({t})", f"count(try_cast({t} as timestamp))", f"min(try_cast({t} as timestamp)) >= '1000-01-01'")])
    casts, messy = {}, []
    for value, text, (filled, native, four_digits) in zip(values, texts, _grouped(asked, 3), strict=True):
        if filled == native and (four_digits or not filled):
            casts[value.column] = Cast(f"try_cast({text} as {SQL_TYPES[value.kind]})", "is not a date")
        else:
            messy.append(value)
    return casts | _messy_date_casts(con, relation, messy)


def _patterned(value: Value, pattern: str) -> Cast:
    sql = f"try_strptime({text_of(value.operand)}, {quoted(pattern)})::{SQL_TYPES[value.kind]}"
    return Cast(sql, f"is not a date written as {pattern}")


def _narrow_date(text: str) -> str:
    narrow = f"lower(translate({text}, {quoted(WIDE)}, {quoted(NARROW)}))"
    return f"case when {narrow} in ({', '.join(quoted(m) for m in MISSING)}) then null else {narrow} end"


def _messy_date_casts(con: Connection, relation: str, values: list[Value]) -> dict[str, Cast]:
    narrow = [_narrow_date(text_of(v.operand)) for v in values]
    questions = []
    for text in narrow:
        first, second = (f"try_cast(nullif(regexp_extract({text}, '{NUMERIC_DATE}', {i}), '') as int)" for i in (1, 2))
        questions += [f"count(*) filter (where {first} > 12)", f"count(*) filter (where {second} > 12)",
                      f"count({first})", f"count(distinct {first})", f"count(distinct {second})",
                      f"min({text}) filter (where {first} is not null)",
                      f"count(*) filter (where regexp_matches({text}, '{SHAPES['serial']}'))",
                      f"bool_and({text} like '%.%') filter (where {first} is not null)"]
    evidence = dict(zip((v.column for v in values), _grouped(_ask(con, relation, questions), 8), strict=True))
    proven = {_proven_order(e) for e in evidence.values()} - {None}
    usual = proven.pop() if len(proven) == 1 else None
    casts = {}
    for value, text in zip(values, narrow, strict=True):
        order, notes = _date_order(value.label, evidence[value.column], usual)
        if evidence[value.column][6]:
            notes.append(f"{value.label}: {evidence[value.column][6]:,} numbers are read as Excel's day numbers")
        reason = f"is not a date (order {order})" if evidence[value.column][2] else "is not a date"
        casts[value.column] = Cast(f"({_date_sql(text, order, value.allow_years)})::{SQL_TYPES[value.kind]}", reason, notes)
    return casts


def _proven_order(evidence: list[Any]) -> str | None:
    day_first, month_first = evidence[0], evidence[1]
    return None if bool(day_first) == bool(month_first) else "day/month" if day_first else "month/day"


def _date_order(label: str, evidence: list[Any], usual: str | None) -> tuple[str, list[str]]:
    """Day or month first: by values over 12, else as in the file's other dates, else by which part varies, else assumed."""
    day_first, month_first, numeric, firsts, seconds, example, _, dotted = evidence
    if not numeric:
        return "day/month", []
    if day_first or month_first:
        order = "day/month" if day_first >= month_first else "month/day"
        doubt = f"; {min(day_first, month_first):,} dates are written the other way and are refused" if day_first and month_first else ""
        return order, [f"{label}: dates are {order}/year{doubt}"]
    if usual:
        return usual, [f"{label}: dates such as {example} are read as {usual}/year, as in the file's other columns"]
    if dotted:
        return "day/month", [f"{label}: dates such as {example} are read as day.month.year"]
    if seconds == 1 and firsts > 1:
        return "month/day", [f"{label}: dates such as {example} are read as month/day/year, since only the first part varies"]
    return "day/month", [f"{label}: dates such as {example} could be read in two ways; day/month/year is assumed; "
                         "set date under [table.format] if that is wrong"]


def _date_sql(text: str, order: str, allow_years: bool) -> str:
    """One `case` branch per shape, each a timestamp or nothing."""
    first, second = ("d", "m") if order == "day/month" else ("m", "d")
    numeric = [f"%{first}/%{second}/%{year}{time}" for year in "yY" for time in TIMES]
    named = [pattern + time for pattern in NAMED for time in TIMES[:3]]
    slashed = rf"regexp_replace({text}, '^(\d{{1,2}})[-/. ](\d{{1,2}})[-/. ](\d+)[ t,]*', '\1/\2/\3 ')"
    words = rf"regexp_replace({text}, '^(\d{{4}})\s*[年.]\s*(\d{{1,2}})\s*[月.]\s*(\d{{1,2}})\s*日?', '\1-\2-\3')"
    month = rf"regexp_replace({text}, '^(\d{{4}})([-/.]|年)?\s*(\d{{1,2}})月?$', '\1-\3-01')"
    year_of = rf"regexp_extract({text}, '(\d{{4}})', 1)::int"
    branches = {
        "iso": f"try_cast({text} as timestamp)",
        "words": f"try_cast({words} as timestamp)",
        "compact": f"try_strptime({text}, '%Y%m%d')",
        "serial": f"timestamp '1899-12-30' + to_seconds(round(try_cast({text} as double) * 86400))",
        "month": f"try_cast({month} as timestamp)",
        "quarter": rf"make_date({year_of}, regexp_extract({text}, 'q(\d)', 1)::int * 3 - 2, 1)::timestamp",
        "numeric": f"try_strptime(rtrim({slashed}), [{', '.join(map(quoted, numeric))}])",
        "named": f"try_strptime({text}, [{', '.join(map(quoted, named))}])",
    }
    if allow_years:
        branches["year"] = f"make_date({year_of}, 1, 1)::timestamp"
    cases = " ".join(f"when regexp_matches({text}, '{SHAPES[shape]}') then {sql}" for shape, sql in branches.items())
    return f"case {cases} end"
