"""Findings that take another workbook: what rule they belong to, with the user's answers to warnings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal

from ..checks import rules
from ..checks.answers import answered
from ..checks.rule import Check, Rule
from ..editions import Edition
from ..model.book import Book
from ..model.cell import CellRef
from ..model.finding import Finding

CENT = Decimal("0.01")

Compare = Callable[[Edition, Book], tuple[Finding, ...]]
"""What ``pipeline.check`` puts to a book beside the rules."""


def rule_of(edition: Edition, coded: str) -> tuple[Rule, Check] | None:
    """The rule that is kept by ``coded``; None when the edition has none: then there is nothing to say."""
    return next(((rule, c) for rule in rules.load(edition) for c in rule.checks if c.coded == coded), None)


def finding(kept: tuple[Rule, Check], message: str, cells: Iterable[CellRef]) -> Finding:
    rule, check = kept
    return Finding(rule.id, check.severity, message, check.fix, tuple(cells))


def all_of(*compares: Compare) -> Compare | None:
    """All comparisons one after the other; None when there are none."""
    if not compares:
        return None
    return lambda edition, book: answered(book, [f for compare in compares for f in compare(edition, book)])


def shown(value: Decimal) -> str:
    """An amount in 万元, with as many decimals as it has but at least two."""
    two = value.quantize(CENT, ROUND_HALF_UP)
    return f"{two:,f}" if two == value else f"{value.normalize():,f}"
