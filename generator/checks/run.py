"""Every rule tried on a book: results one by one, and what to say about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product

from ..editions import Edition
from ..model.book import Book
from ..model.expression import Binary
from ..model.figure import ZERO
from ..model.finding import Finding, Severity
from . import report, rules
from .coded import CODED, Subject
from .formula import READABLE, NotApplicable, Operand, Reads, Side, State, satisfied, side
from .implied import relations
from .rule import Check, Each, Outcome, Rule, RuleResult, Scope, Sums

_WORST_FIRST = tuple(Severity)
_BY_NAME = dict(CODED)
_TO_SAY = frozenset({Outcome.BROKEN, Outcome.UNANSWERABLE})
_NO_NUMBER = frozenset({State.BLANK, State.ABSENT})


def run(edition: Edition, book: Book) -> tuple[Finding, ...]:
    """What the reader said and what the rules say, worst first."""
    reads = Reads(edition, book)
    results = [r for r in _results(edition, book, reads) if r.tail or r.outcome in _TO_SAY]
    said = [*book.findings, *report.findings(reads, results)]
    return tuple(sorted(dict.fromkeys(said), key=lambda finding: _WORST_FIRST.index(finding.severity)))


def evaluate(edition: Edition, book: Book) -> tuple[RuleResult, ...]:
    """Each check of each rule in each of its places, in the order of the rules."""
    return tuple(_results(edition, book, Reads(edition, book)))


def _results(edition: Edition, book: Book, reads: Reads) -> Iterator[RuleResult]:
    found = rules.load(edition)
    subject = Subject(edition, book, reads, found)
    for rule in found:
        for check in rule.checks:
            if check.formula is not None:
                yield from _formula(reads, rule, check, check.formula)
            elif check.implied:
                yield from _implied(reads, rule, check)
            else:
                for verdict in _BY_NAME[check.coded](subject, check):
                    yield RuleResult(
                        rule, check, verdict.outcome, verdict.cells, blame=verdict.blame, words=verdict.words
                    )


def _implied(reads: Reads, rule: Rule, check: Check) -> Iterator[RuleResult]:
    for scope in check.scope:
        if reads.book.sheet(scope.form) is None:
            gone = Operand(scope.form, "", "", State.NO_SHEET, ZERO, None, True)
            yield RuleResult(rule, check, Outcome.UNANSWERABLE, blame=(gone,))
    for relation in relations(reads, check):
        left, right = relation.sides
        if relation.total.state is State.BLANK and any(o.value for _, o in relation.addends):
            cells = tuple(dict.fromkeys(left.cells + right.cells))
            blame = (relation.total,)
            yield RuleResult(rule, check, Outcome.UNANSWERABLE, cells, left, right, blame=blame, how=relation.how)
        else:
            yield _judge(rule, check, "=", left, right, relation.how)


def _formula(reads: Reads, rule: Rule, check: Check, formula: Binary) -> Iterator[RuleResult]:
    names = [each.name for each in check.each]
    for chosen in product(*(_keys(reads, each) for each in check.each)):
        places = dict(zip(names, chosen, strict=True))
        try:
            left, right = side(reads, formula.left, places), side(reads, formula.right, places)
            blame, applies = _conditions(reads, check, places)
        except NotApplicable:
            yield RuleResult(rule, check, Outcome.NOT_APPLICABLE)
            continue
        if not applies:
            yield RuleResult(rule, check, Outcome.NOT_APPLICABLE, left=left, right=right)
        else:
            yield _judge(rule, check, formula.operator, left, right, None, blame)


def _keys(reads: Reads, each: Each) -> tuple[str, ...]:
    if each.keys:
        return each.keys
    found: dict[str, None] = {}
    for scope in each.codes:
        found.update(dict.fromkeys(_codes(reads, scope)))
    return tuple(code for code in found if not each.digits or len(code) == each.digits)


def _codes(reads: Reads, scope: Scope) -> Iterator[str]:
    data = reads.book.sheet(scope.form)
    for block in reads.edition.form(scope.form).blocks:
        if not scope.covers(block):
            continue
        fixed = {row.key for row in block.rows}
        yield from (row.key for row in block.rows if row.code)
        rows = data.blocks.get(block.key) if data is not None else None
        if block.open is not None and block.open.by_code and rows is not None:
            yield from (row.key for row in rows.rows if row.key not in fixed)


def _conditions(reads: Reads, check: Check, places: Mapping[str, str]) -> tuple[tuple[Operand, ...], bool]:
    """Operands of the conditions that can't be read, and whether the check applies."""
    blame: list[Operand] = []

    def holds(tree: Binary) -> bool:
        left, right = side(reads, tree.left, places), side(reads, tree.right, places)
        blame.extend(o for _, o in (*left.terms, *right.terms) if o.state not in READABLE)
        return satisfied(tree.operator, left.value, right.value)

    wanted = [holds(tree) for tree in check.when]  # all are tried: each may have something to blame
    unwanted = [holds(tree) for tree in check.unless]
    applies = all(wanted) and not (unwanted and all(unwanted))
    return tuple(blame), applies or bool(blame)


def _judge(
    rule: Rule,
    check: Check,
    operator: str,
    left: Side,
    right: Side,
    how: Sums | None = None,
    blame: tuple[Operand, ...] = (),
) -> RuleResult:
    operands = [operand for _, operand in (*left.terms, *right.terms)]
    cells = tuple(dict.fromkeys(left.cells + right.cells))
    blame = (*(o for o in operands if o.state not in READABLE), *blame)
    if blame:
        return RuleResult(rule, check, Outcome.UNANSWERABLE, cells, left, right, blame=blame, how=how)
    gap = left.value - right.value
    if satisfied(operator, left.value, right.value):
        empty = all(operand.state in _NO_NUMBER for operand in operands)
        outcome = Outcome.NOT_APPLICABLE if empty else Outcome.HOLDS
        return RuleResult(rule, check, outcome, cells, left, right, gap, how=how)
    if satisfied(operator, left.value, right.value, _envelope(check, left, right, operands)):
        return RuleResult(rule, check, Outcome.HOLDS, cells, left, right, gap, tail=True, how=how)
    return RuleResult(rule, check, Outcome.BROKEN, cells, left, right, gap, how=how)


def _envelope(check: Check, left: Side, right: Side, operands: list[Operand]) -> Decimal:
    """How far shown figures may differ by rounding: per figure really there; nothing where amounts are exact."""
    if not check.tolerance or any(not o.money or o.divisor != 1 for o in operands):
        return ZERO
    return check.tolerance * max(left.numbers + right.numbers, 1)
