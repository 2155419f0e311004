"""The small safe language of mappings: columns, numbers, texts, + - * / ( ), concat and coalesce; nothing else."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from kam_core.errors import KamError

FUNCTIONS = ("concat", "coalesce")


@dataclass(frozen=True)
class Heading:
    name: str


@dataclass(frozen=True)
class Number:
    text: str


@dataclass(frozen=True)
class Text:
    value: str


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Operation:
    operator: str
    left: Node
    right: Node


Node = Heading | Number | Text | Call | Operation

TOKEN = re.compile(r"""\s*(?:
    (?P<number>\d+(?:\.\d+)?)(?![\w.]) | (?P<quoted>`[^`]+`|"[^"]+") | (?P<text>'(?:[^']|'')*') |
    (?P<word>[^\W\d]\w*(?:\.\w+)*|\d\w*) | (?P<mark>[-+*/(),]) )""", re.X)


def parse(text: str, headings: list[str], where: str) -> Node:
    """Parse a mapping's value against a file's headings; `where` opens each error ("[orders] amount").

    A value that is exactly a heading is that column, blanks and signs and all.
    """
    found = find_heading(text, headings)
    if found is not None:
        return Heading(found)
    tokens = _tokens(text, where)
    if len(tokens) > 200:
        raise KamError(f"{where}: the expression is too long; simplify it")
    node, rest = _sum(tokens, headings, where)
    if rest:
        raise KamError(f"{where}: cannot read {rest[0][1]!r} in {text!r}; put headings with blanks in `backticks`")
    return node


def reads(text: str, headings: list[str]) -> bool:
    """True where a value of a mapping can be worked out from these headings."""
    try:
        parse(text, headings, "")
    except KamError:
        return False
    return True


def find_heading(name: str, headings: list[str]) -> str | None:
    """The heading that is written so, or else the only one that differs in case and outer blanks alone."""
    if name in headings:
        return name
    wanted = _folded(name)
    alike = [h for h in headings if _folded(h) == wanted]
    return alike[0] if len(alike) == 1 else None


def added(own: Iterable[str], more: Iterable[str]) -> list[str]:
    """The headings of a second file that can be named beside those of the first: those that are written otherwise."""
    taken = {_folded(heading) for heading in own}
    return [heading for heading in more if _folded(heading) not in taken]


def _folded(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def unknown_heading(name: str, headings: list[str], where: str) -> KamError:
    near = difflib.get_close_matches(name, headings, n=2, cutoff=0.6)
    hint = f"; did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
    listed = ", ".join(h for h in headings[:40] if h) + (" …" if len(headings) > 40 else "")
    return KamError(f"{where}: there is no column {name!r}{hint} The columns are: {listed}"
                    if near else f"{where}: there is no column {name!r}; the columns are: {listed}")


Tokens = list[tuple[str, str]]


def _tokens(text: str, where: str) -> Tokens:
    tokens, position = [], 0
    while text[position:].strip():
        match = TOKEN.match(text, position)
        if not match:
            raise KamError(f"{where}: cannot read {text[position:].strip()[:20]!r} in {text!r}; "
                           "allowed are columns, numbers, 'texts', + - * / ( ), concat and coalesce")
        tokens.append((str(match.lastgroup), match.group(str(match.lastgroup))))
        position = match.end()
    return tokens


def _sum(tokens: Tokens, headings: list[str], where: str) -> tuple[Node, Tokens]:
    node, tokens = _product(tokens, headings, where)
    while tokens and tokens[0][1] in ("+", "-") and tokens[0][0] == "mark":
        right, rest = _product(tokens[1:], headings, where)
        node, tokens = Operation(tokens[0][1], node, right), rest
    return node, tokens


def _product(tokens: Tokens, headings: list[str], where: str) -> tuple[Node, Tokens]:
    node, tokens = _unit(tokens, headings, where)
    while tokens and tokens[0][1] in ("*", "/") and tokens[0][0] == "mark":
        right, rest = _unit(tokens[1:], headings, where)
        node, tokens = Operation(tokens[0][1], node, right), rest
    return node, tokens


def _unit(tokens: Tokens, headings: list[str], where: str) -> tuple[Node, Tokens]:
    if not tokens:
        raise KamError(f"{where}: the expression breaks off; something is missing at its end")
    (kind, value), rest = tokens[0], tokens[1:]
    if kind == "number":
        return Number(value), rest
    if kind == "text":
        return Text(value[1:-1].replace("''", "'")), rest
    if value == "-":
        node, rest = _unit(rest, headings, where)
        return Operation("-", Number("0"), node), rest
    if value == "(":
        node, rest = _sum(rest, headings, where)
        return node, _expect(")", rest, where)
    if kind == "word" and rest and rest[0] == ("mark", "("):
        return _call(value, rest[1:], headings, where)
    if kind in ("word", "quoted"):
        name = value[1:-1] if kind == "quoted" else value
        found = find_heading(name, headings)
        if found is None:
            raise unknown_heading(name, headings, where)
        return Heading(found), rest
    raise KamError(f"{where}: {value!r} stands where a column or a number should; correct the expression")


def _call(function: str, tokens: Tokens, headings: list[str], where: str) -> tuple[Node, Tokens]:
    if function.lower() not in FUNCTIONS:
        raise KamError(f"{where}: there is no function {function!r}; there are {' and '.join(FUNCTIONS)}")
    first, tokens = _sum(tokens, headings, where)
    arguments = [first]
    while tokens and tokens[0] == ("mark", ","):
        argument, tokens = _sum(tokens[1:], headings, where)
        arguments.append(argument)
    return Call(function.lower(), tuple(arguments)), _expect(")", tokens, where)


def _expect(mark: str, tokens: Tokens, where: str) -> Tokens:
    if not tokens or tokens[0] != ("mark", mark):
        raise KamError(f"{where}: a {mark!r} is missing; close every bracket")
    return tokens[1:]


def headings_in(node: Node) -> list[str]:
    """The headings an expression reads, in order, each once."""
    if isinstance(node, Heading):
        return [node.name]
    children: tuple[Node, ...] = ()
    if isinstance(node, Call):
        children = node.arguments
    elif isinstance(node, Operation):
        children = (node.left, node.right)
    return list(dict.fromkeys(name for child in children for name in headings_in(child)))


def is_numeric(node: Node) -> bool:
    """True for arithmetic: its columns are cast to numbers first, while all else passes on text as it stands."""
    if isinstance(node, Call):
        return node.function == "coalesce" and any(is_numeric(a) for a in node.arguments)
    return isinstance(node, (Number, Operation))
