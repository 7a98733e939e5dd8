"""The small formula language of editions: rules, ``show:`` cells and sums are written in it.

    totals.income_grand_total.amount = income.all.total + 0.5 * ratio(this - last, last)

A reference is a dotted path of keys (``form.row.column``, or fewer parts where the place supplies the rest); a part
in braces, ``{code}``, is filled by the place too. This module only parses: checks evaluate the tree over a Book,
the workbook writer turns it into spreadsheet formulas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache


class ExpressionError(ValueError):
    """The text is not an expression; the message says where."""


@dataclass(frozen=True, slots=True)
class Number:
    value: Decimal


@dataclass(frozen=True, slots=True)
class Ref:
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """``operator`` is one of + - * / = <= >= < > .. (a range of keys)."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Negative:
    operand: Expression


Expression = Number | Ref | Call | Binary | Negative

_TOKEN = re.compile(r"\s*(?:(?P<name>[{\w][\w{}]*(?:\.(?!\.)[\w{}]+)*)|(?P<op>\.\.|<=|>=|[-+*/=<>(),]))")
_LEVELS: tuple[tuple[str, ...], ...] = (("=", "<=", ">=", "<", ">"), ("+", "-"), ("*", "/"), ("..",))
_NUMBER = re.compile(r"\d+(\.\d+)?$")


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """The tree of ``text``; ExpressionError when it is not well formed."""
    tokens: list[tuple[bool, str]] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionError(f"“{text}”中的“{text[at:].strip()[0]}”放错了地方")
        tokens.append((match["name"] is not None, match["name"] or match["op"]))
        at = match.end()
    tree, rest = _binary(tokens, 0, text)
    if rest:
        raise ExpressionError(f"“{text}”中的“{rest[0][1]}”放错了地方")
    return tree


def references(tree: Expression) -> Iterator[Ref]:
    """The references in it, from left to right."""
    if isinstance(tree, Ref):
        yield tree
    elif isinstance(tree, Negative):
        yield from references(tree.operand)
    elif isinstance(tree, Binary):
        yield from references(tree.left)
        yield from references(tree.right)
    elif isinstance(tree, Call):
        for argument in tree.arguments:
            yield from references(argument)


def _binary(tokens: list[tuple[bool, str]], level: int, text: str) -> tuple[Expression, list[tuple[bool, str]]]:
    if level == len(_LEVELS):
        return _operand(tokens, text)
    left, tokens = _binary(tokens, level + 1, text)
    while tokens and not tokens[0][0] and tokens[0][1] in _LEVELS[level]:
        right, rest = _binary(tokens[1:], level + 1, text)
        left, tokens = Binary(tokens[0][1], left, right), rest
    return left, tokens


def _operand(tokens: list[tuple[bool, str]], text: str) -> tuple[Expression, list[tuple[bool, str]]]:
    if not tokens:
        raise ExpressionError(f"“{text}”没有写完")
    (is_name, token), rest = tokens[0], tokens[1:]
    if not is_name:
        if token == "-":
            operand, rest = _operand(rest, text)
            return Negative(operand), rest
        if token == "(":
            inner, rest = _binary(rest, 0, text)
            return inner, _expect(")", rest, text)
        raise ExpressionError(f"“{text}”中的“{token}”放错了地方")
    if rest and rest[0] == (False, "("):
        arguments: list[Expression] = []
        rest = rest[1:]
        while rest and rest[0] != (False, ")"):
            argument, rest = _binary(rest, 0, text)
            arguments.append(argument)
            if rest and rest[0] == (False, ","):
                rest = rest[1:]
        return Call(token, tuple(arguments)), _expect(")", rest, text)
    # Row keys such as 201 are digits too: a plain number is a Number only where it can't be a key, which is
    # next to * and /; sums of keys are read with `terms`.
    if _NUMBER.match(token) and "." in token:
        return Number(Decimal(token)), rest
    return Ref(tuple(token.split("."))), rest


def _expect(token: str, tokens: list[tuple[bool, str]], text: str) -> list[tuple[bool, str]]:
    if not tokens or tokens[0] != (False, token):
        raise ExpressionError(f"“{text}”中缺少“{token}”")
    return tokens[1:]


def terms(text: str, keys: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    """A declared sum, ``a + b - c`` or ``first..last``, as signed keys; a range follows the order of ``keys``."""

    def walk(tree: Expression, sign: int) -> list[tuple[int, str]]:
        if isinstance(tree, Binary) and tree.operator in "+-":
            return walk(tree.left, sign) + walk(tree.right, sign if tree.operator == "+" else -sign)
        if isinstance(tree, Binary) and tree.operator == "..":
            first, last = key_of(tree.left), key_of(tree.right)
            chosen = keys[keys.index(first) : keys.index(last) + 1]
            if not chosen:
                raise ExpressionError(f"“{text}”中 {first}..{last} 的先后颠倒了")
            return [(sign, key) for key in chosen]
        if isinstance(tree, Negative):
            return walk(tree.operand, -sign)
        return [(sign, key_of(tree))]

    def key_of(tree: Expression) -> str:
        if not isinstance(tree, Ref) or len(tree.parts) != 1:
            raise ExpressionError(f"“{text}”不是几个 key 的和")
        if tree.parts[0] not in keys:
            raise ExpressionError(f"“{text}”中没有名为 {tree.parts[0]} 的行或列")
        return tree.parts[0]

    return tuple(walk(parse(text), 1))
