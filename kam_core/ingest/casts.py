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


@dataclass
class Cast:
    """The typed SQL of a value, the reason given where it fails, and the assumptions behind it.

    `filled` counts the values there are; `sound` says that all of them cast, between `lowest` and `highest`:
    what is known here need not be checked again row by row.
    """

    sql: str
    reason: str
    present: str = "true"
    prepared: dict[str, str] = field(default_factory=dict)  # columns that `sql` reads, to be selected one level below
    notes: list[str] = field(default_factory=list)
    filled: int | None = None
    sound: bool = False
    lowest: Any = None
    highest: Any = None


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


def plan(con: Connection, relation: str, values: list[Value], format: dict[str, Any]) -> dict[str, Cast]:
    """Decide how to cast each value, looking at all rows of `relation` at most twice; column → Cast."""
    numbers = [v for v in values if v.kind in NUMBERS and not _is_numeric(v.operand)]
    dates = [v for v in values if v.kind in DATES and not _is_temporal(v.operand)]
    others = [v for v in values if v not in numbers and v not in dates]
    return (_simple_casts(con, relation, others) | _number_casts(con, relation, numbers, format)
            | _date_casts(con, relation, dates, format))


def _is_numeric(operand: Operand) -> bool:
    return operand.type.split("(")[0] in NUMERIC


def _is_temporal(operand: Operand) -> bool:
    return operand.type == "DATE" or operand.type.startswith("TIMESTAMP")


def with_prepared(relation: str, prepared: dict[str, str]) -> str:
    """A relation with columns worked out beside its own: what many branches of a cast read is worked out once."""
    return f"(select *, {', '.join(f'{sql} as {name}' for name, sql in prepared.items())} from {relation})" \
        if prepared else relation


def _prepared_name(value: Value) -> str:
    return '"text of ' + value.column.replace('"', '""') + '"'


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
    sql, type = value.operand.sql, SQL_TYPES[value.kind]
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

DECIMALS = {"money": 2, "quantity": 4, "ratio": 6, "int": 0}


def _number_casts(con: Connection, relation: str, values: list[Value], format: dict[str, Any]) -> dict[str, Cast]:
    """Plain numbers are cast as they are; only columns with other signs in them are looked at closely."""
    asked = _ask(con, relation, values, [_number_questions(v) for v in values])
    casts, messy = {}, []
    for value in values:
        filled, plain, low, high, dotted, thousandths, fine = asked[value.column]
        if filled == plain and not {"decimal", "thousands"} & set(format) and (not dotted or thousandths < dotted):
            sql = _plain_number(value, exact=not fine)
            present, sound = f"{value.operand.sql} is not null", value.kind != "int" or not dotted
            casts[value.column] = Cast(sql, _number_reason(value.kind), present, {}, [], filled, sound, low, high)
        else:
            messy.append(value)
    return casts | _messy_number_casts(con, relation, messy, format)


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
    text, type = f"nullif({value.operand.sql}, '')", SQL_TYPES[value.kind]
    if value.kind == "int":
        number = f"try_cast({text} as double)"
        return f"case when {number} = trunc({number}) then try_cast({number} as bigint) end"
    return f"try_cast(try_cast({text} as double) as {type})" if exact else f"try_cast({text} as {type})"


def _bare(text: str) -> str:
    """A number's text without currency, with narrow digits, missing where it says so in words."""
    narrow = f"lower(translate({text}, {quoted(WIDE)}, {quoted(NARROW)}))"
    no_words = f"case when {narrow} in ({', '.join(quoted(m) for m in MISSING)}) then null else {narrow} end"
    currency = r"rmb|cny|usd|eur|gbp|jpy|hkd|us\$|hk\$|[¥$€£元圆]"
    spaced = f"translate({no_words}, {quoted(chr(0xA0) + chr(0x202F) + chr(0x2009) + '’')}, {quoted('    ')})"
    return f"trim(regexp_replace({spaced}, {quoted(currency)}, '', 'g'))"


# Proof of a decimal point: one after a comma, one not before exactly three digits, 0.125, or two thousands commas.
# The mirror image proves a decimal comma.
POINT = r",\d+\.|(^|[^\d.,])\d*\.(\d|\d\d|\d{4,})([^\d.,]|$)|(^|\D)0\.\d|\d,\d{3},"
COMMA = r"\.\d+,|(^|[^\d.,])\d*,(\d|\d\d|\d{4,})([^\d.,]|$)|(^|\D)0,\d|\d\.\d{3}\."


def _messy_number_casts(con: Connection, relation: str, values: list[Value], format: dict[str, Any]) -> dict[str, Cast]:
    prepared = {_prepared_name(v): _bare(text_of(v.operand)) for v in values}
    evidence = _ask(con, with_prepared(relation, prepared), values, [[
        f"count(*) filter (where regexp_matches({b}, '{POINT}'))",
        f"count(*) filter (where regexp_matches({b}, '{COMMA}'))",
        f"count(*) filter (where contains({b}, ','))", f"count(*) filter (where contains({b}, '.'))",
        f"min({b}) filter (where contains({b}, ',') or contains({b}, '.'))"] for b in prepared])
    usual = _usual_mark(evidence)
    casts = {}
    for value in values:
        mark, notes = _decimal_mark(value.label, evidence[value.column], usual, format)
        reason = f"{_number_reason(value.kind)} (decimal mark {mark})"
        bare = _prepared_name(value)
        casts[value.column] = Cast(_number_sql(bare, value.kind, mark), reason, f"{bare} is not null",
                                   {bare: prepared[bare]}, notes)
    return casts


def _usual_mark(evidence: dict[str, list[Any]]) -> str | None:
    """The decimal mark that the file's other columns prove, or None where they prove none or both."""
    points, commas = (any(e[i] for e in evidence.values()) for i in (0, 1))
    return None if points == commas else "." if points else ","


def _decimal_mark(label: str, evidence: list[Any], usual: str | None, format: dict[str, Any]) -> tuple[str, list[str]]:
    """The decimal mark of a column, and a sentence on how sure that is."""
    points, commas, with_comma, with_point, example = evidence
    if "decimal" in format:
        return format["decimal"], []
    if "thousands" in format:
        return ("," if format["thousands"] == "." else "."), []
    if points or commas:
        mark = "." if points >= commas else ","
        doubt = f"; {min(points, commas):,} values are written the other way" if points and commas else ""
        return mark, [f"{label}: the decimal mark is {mark!r}{doubt}"]
    if not with_comma and not with_point:
        return ".", []
    if usual:
        return usual, [f"{label}: the decimal mark of {example} is taken as {usual!r}, as in other columns"]
    parts = "thousands" if with_comma else "decimals"
    return ".", [f"{label}: values such as {example} could be read in two ways; their last three digits are taken as "
                 f"{parts}; set decimal under [table.format] if that is wrong"]


def _number_sql(bare: str, kind: str, mark: str) -> str:
    """Signs, brackets, %, 千, 万, 亿 and thousands marks read; anything else leaves nothing, and so a refusal."""
    group, point, marks = (r"[, '']", r"\.", ", '") if mark == "." else (r"[. '']", ",", ". '")
    digits = rf"(?:\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}|\d+)(?:{point}\d*)?|{point}\d+"
    simple = rf"-?(?:{digits}|\d+(?:{point}\d+)?e[+-]?\d+)"
    signed = rf"[+-]?\s*(?:{digits})\s*[%千万亿]?|(?:{digits})\s*[%千万亿]?\s*-|\(\s*(?:{digits})\s*[%千万亿]?\s*\)"

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
    "full": r"^\d{1,2}[-/. ]\d{1,2}[-/. ]\d{4}([ t]\d{1,2}:\d{2}(:\d{2})?)?$",
    "numeric": NUMERIC_DATE,
    "named": r"[a-z]{3}",
}


def _date_casts(con: Connection, relation: str, values: list[Value], format: dict[str, Any]) -> dict[str, Cast]:
    """ISO dates are cast as they are; other columns are looked at for the shapes of their values."""
    if "date" in format:
        return {v.column: _patterned(v, format["date"]) for v in values}
    asked = _ask(con, relation, values, [_date_questions(v) for v in values])
    casts, messy = {}, []
    for value in values:
        filled, native, low, high, four_digits = asked[value.column]
        if filled == native and (four_digits or not filled):
            sql = f"try_cast(nullif({value.operand.sql}, '') as {SQL_TYPES[value.kind]})"
            present = f"{value.operand.sql} is not null"
            casts[value.column] = Cast(sql, "is not a date", present, {}, [], filled, True, low, high)
        else:
            messy.append(value)
    return casts | _messy_date_casts(con, relation, messy)


def _date_questions(value: Value) -> list[str]:
    date = f"try_cast(nullif({value.operand.sql}, '') as {SQL_TYPES[value.kind]})"
    return [f"count(nullif({value.operand.sql}, ''))", f"count({date})", f"min({date})", f"max({date})",
            f"min({date}) >= '1000-01-01'"]


def _patterned(value: Value, pattern: str) -> Cast:
    text = text_of(value.operand)
    sql = f"try_strptime({text}, {quoted(pattern)})::{SQL_TYPES[value.kind]}"
    return Cast(sql, f"is not a date written as {pattern}", f"{text} is not null")


def _narrow_date(text: str) -> str:
    narrow = f"lower(translate({text}, {quoted(WIDE)}, {quoted(NARROW)}))"
    return f"case when {narrow} in ({', '.join(quoted(m) for m in MISSING)}) then null else {narrow} end"


def _messy_date_casts(con: Connection, relation: str, values: list[Value]) -> dict[str, Cast]:
    prepared = {_prepared_name(v): _narrow_date(text_of(v.operand)) for v in values}
    evidence = _ask(con, with_prepared(relation, prepared), values, [_order_questions(name) for name in prepared])
    proven = {_proven_order(e) for e in evidence.values()} - {None}
    usual = proven.pop() if len(proven) == 1 else None
    casts = {}
    for value in values:
        text, facts = _prepared_name(value), evidence[value.column]
        order, notes = _date_order(value.label, facts, usual)
        if facts[6]:
            notes.append(f"{value.label}: {facts[6]:,} numbers are read as Excel's day numbers")
        reason = f"is not a date (order {order})" if facts[2] else "is not a date"
        sql = f"({_date_sql(text, order, value.allow_years)})::{SQL_TYPES[value.kind]}"
        casts[value.column] = Cast(sql, reason, f"{text} is not null", {text: prepared[text]}, notes)
    return casts


def _order_questions(text: str) -> list[str]:
    """What tells day and month apart in dates such as 5/1/2025, and how many values are Excel's day numbers."""
    first, second = (f"try_cast(nullif(regexp_extract({text}, '{NUMERIC_DATE}', {i}), '') as int)" for i in (1, 2))
    return [f"count(*) filter (where {first} > 12)", f"count(*) filter (where {second} > 12)", f"count({first})",
            f"count(distinct {first})", f"count(distinct {second})", f"min({text}) filter (where {first} is not null)",
            f"count(*) filter (where regexp_matches({text}, '{SHAPES['serial']}'))",
            f"bool_and(contains({text}, '.')) filter (where {first} is not null)"]


def _proven_order(evidence: list[Any]) -> str | None:
    day_first, month_first = evidence[0], evidence[1]
    return None if bool(day_first) == bool(month_first) else "day/month" if day_first else "month/day"


def _date_order(label: str, evidence: list[Any], usual: str | None) -> tuple[str, list[str]]:
    """Day or month first: by values over 12, as in the file's other dates, by which part varies, or assumed."""
    day_first, month_first, numeric, firsts, seconds, example, _, dotted = evidence
    if not numeric:
        return "day/month", []
    if day_first or month_first:
        order = "day/month" if day_first >= month_first else "month/day"
        others = min(day_first, month_first)
        doubt = f"; {others:,} are written the other way and are refused" if others else ""
        return order, [f"{label}: dates are {order}/year{doubt}"]
    if usual:
        return usual, [f"{label}: dates such as {example} are read as {usual}/year, as in the file's other columns"]
    if dotted:
        return "day/month", [f"{label}: dates such as {example} are read as day.month.year"]
    if seconds == 1 and firsts > 1:
        return "month/day", [f"{label}: dates such as {example} are read as month/day/year: only the first part varies"]
    return "day/month", [f"{label}: dates such as {example} could be read in two ways; day/month/year is assumed; "
                         "set date under [table.format] if that is wrong"]


def _date_sql(text: str, order: str, allow_years: bool) -> str:
    """One `case` branch per shape, each a timestamp or nothing."""
    first, second = ("d", "m") if order == "day/month" else ("m", "d")
    numeric = [f"%{first}/%{second}/%{year}{time}" for year in "yY" for time in TIMES]
    turned = r"\3-\2-\1" if order == "day/month" else r"\3-\1-\2"
    four_digits = rf"regexp_replace({text}, '^(\d{{1,2}})[-/. ](\d{{1,2}})[-/. ](\d{{4}})', '{turned}')"
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
        # The cast is ten times as fast as the patterns, which are left for two-digit years and for AM and PM.
        "full": f"try_cast({four_digits} as timestamp)",
        "numeric": f"try_strptime(rtrim({slashed}), [{', '.join(map(quoted, numeric))}])",
        "named": f"try_strptime({text}, [{', '.join(map(quoted, named))}])",
    }
    if allow_years:
        branches["year"] = f"make_date({year_of}, 1, 1)::timestamp"
    cases = " ".join(f"when regexp_matches({text}, '{SHAPES[shape]}') then {sql}" for shape, sql in branches.items())
    return f"case {cases} end"
