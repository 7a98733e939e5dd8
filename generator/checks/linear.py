"""The linear relations of a book as rows of (sign, cell): what the search for the wrong cell works on.

A sum that stands in the workbook as a living formula is replaced by its addends, so that only cells a person typed
remain. Work and memory grow with the cells the relations read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ..model.book import Book
from ..model.cell import CellRef
from ..model.expression import Binary, Expression, Negative, Number, Ref
from ..model.figure import ZERO
from ..model.finding import Severity
from .formula import HALF_CENT, NotApplicable, Operand, Reads, Side, State, side
from .rule import Check, Outcome, RuleKind, RuleResult

Terms = Mapping[int, Decimal | int]


@dataclass(frozen=True, slots=True)
class Interval:
    """From ``low`` to ``high``, both included; None is no bound."""

    low: Decimal | None
    high: Decimal | None

    def holds(self, value: Decimal) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def within(self, other: Interval) -> Interval:
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return Interval(max(lows, default=None), min(highs, default=None))

    def solved(self, factor: Decimal | int, gap: Decimal) -> Interval:
        """The changes d with ``gap + factor * d`` inside."""
        low = None if self.low is None else (self.low - gap) / factor
        high = None if self.high is None else (self.high - gap) / factor
        return Interval(low, high) if factor > 0 else Interval(high, low)


@dataclass(frozen=True, slots=True)
class Relation:
    """``gap`` is the sum of the terms (a factor for each cell number) and a constant; it has to be in ``allowed``.

    ``hard`` relations are errors when broken, soft ones only warn. Changing one of the cells in ``lifts`` would
    make the relation's own condition false.
    """

    result: RuleResult
    terms: Terms
    gap: Decimal
    allowed: Interval
    hard: bool
    lifts: frozenset[int] = frozenset()

    @property
    def broken(self) -> bool:
        return not self.allowed.holds(self.gap)


@dataclass
class System:
    """All relations of a book; ``cells`` and ``of`` (the relations that read a cell) go by cell number."""

    relations: list[Relation] = field(default_factory=list)
    cells: list[Operand] = field(default_factory=list)
    of: list[list[int]] = field(default_factory=list)


def envelope(check: Check, left: Side, right: Side) -> Decimal:
    """How far shown figures may differ by rounding: per figure really there; nothing where amounts are exact."""
    if not check.tolerance or any(not o.money or o.divisor != 1 for _, o in (*left.terms, *right.terms)):
        return ZERO
    return check.tolerance * max(left.numbers + right.numbers, 1)


def is_linear(check: Check) -> bool:
    """Is it a relation of sums and differences? Declared sums always are."""
    if check.formula is None:
        return True  # a coded check that gives two sides compares sums
    return _adds(check.formula.left) and _adds(check.formula.right)


def _adds(tree: Expression) -> bool:
    if isinstance(tree, Negative):
        return _adds(tree.operand)
    if isinstance(tree, Binary):
        return tree.operator in ("+", "-") and _adds(tree.left) and _adds(tree.right)
    return isinstance(tree, (Ref, Number))


def is_total_without_amount(result: RuleResult) -> bool:
    """A declared sum whose total is blank: not decided, yet the addends say what should stand there."""
    blank = bool(result.blame) and all(o.state is State.BLANK for o in result.blame)
    return result.outcome is Outcome.UNANSWERABLE and result.how is not None and blank


def build(reads: Reads, results: Sequence[RuleResult]) -> System:
    """The system of all ``results`` that are linear relations with readable cells and in force."""
    return _Builder(reads, results).system


class _Builder:
    def __init__(self, reads: Reads, results: Sequence[RuleResult]) -> None:
        self.reads = reads
        self.system = System()
        self._numbers: dict[CellRef, int] = {}
        self._lifting: dict[int, frozenset[int]] = {}
        self._kinds: dict[int, bool] = {}
        self._sums = _living_sums(reads.book, results)
        self._leaves: dict[CellRef, dict[int, int]] = {}
        for result in results:
            if self._usable(result):
                self._add(result)

    def _usable(self, result: RuleResult) -> bool:
        if result.single is not None:
            return result.outcome in (Outcome.HOLDS, Outcome.BROKEN)
        if result.left is None or result.right is None or not result.cells:
            return False
        known = self._kinds.get(id(result.check))
        if known is None:
            known = self._kinds[id(result.check)] = is_linear(result.check)
        return known and (result.outcome is not Outcome.UNANSWERABLE or is_total_without_amount(result))

    def _add(self, result: RuleResult) -> None:
        terms: Terms
        if result.single is not None:
            factors = [(factor, o) for factor, o in result.single.factors if factor and o.cell is not None]
            terms = {self._number(o.cell, o): factor for factor, o in factors if o.cell is not None}
            gap, allowed = result.single.gap, Interval(-result.single.slack, result.single.slack)
        else:
            assert result.left is not None
            assert result.right is not None
            terms = self._combined([*result.left.terms, *((-sign, o) for sign, o in result.right.terms)])
            gap, allowed = result.left.value - result.right.value, _allowed(result)
        if not terms:
            return  # a sum of formulas by two ways: nothing that was typed can break it
        hard = result.check.severity is Severity.ERROR
        relation = Relation(result, terms, gap, allowed, hard, self._lifts(result.check))
        number = len(self.system.relations)
        self.system.relations.append(relation)
        for cell in terms:
            self.system.of[cell].append(number)

    def _combined(self, terms: Sequence[tuple[int, Operand]]) -> dict[int, int]:
        found: dict[int, int] = {}
        for sign, operand in terms:
            if operand.cell is None:
                continue
            for cell, factor in self._expanded(operand.cell, operand).items():
                found[cell] = found.get(cell, 0) + sign * factor
        return {cell: factor for cell, factor in found.items() if factor}

    def _expanded(self, ref: CellRef, operand: Operand) -> dict[int, int]:
        """The cell itself, or the typed cells that its living formula comes down to."""
        done = self._leaves.get(ref)
        if done is None:
            addends = self._sums.pop(ref, None)  # taken out: a circle of sums ends at its first cell
            done = self._leaves[ref] = {self._number(ref, operand): 1} if addends is None else self._combined(addends)
        return done

    def _number(self, ref: CellRef, operand: Operand) -> int:
        number = self._numbers.setdefault(ref, len(self.system.cells))
        if number == len(self.system.cells):
            self.system.cells.append(operand)
            self.system.of.append([])
        return number

    def _lifts(self, check: Check) -> frozenset[int]:
        """Cells of the check's equations that hold as conditions: any other amount there would lift them."""
        known = self._lifting.get(id(check))
        if known is None:
            trees = () if check.conditions_vary else check.when
            known = self._lifting[id(check)] = frozenset(cell for tree in trees for cell in self._conditions(tree))
        return known

    def _conditions(self, tree: Binary) -> Iterator[int]:
        if tree.operator != "=" or not (_adds(tree.left) and _adds(tree.right)):
            return
        try:
            left, right = side(self.reads, tree.left, {}), side(self.reads, tree.right, {})
        except NotApplicable:
            return
        yield from self._combined([*left.terms, *((-sign, o) for sign, o in right.terms)])


def _allowed(result: RuleResult) -> Interval:
    assert result.left is not None
    assert result.right is not None
    slack = max(envelope(result.check, result.left, result.right), HALF_CENT)
    usual = "<=" if result.check.kind is RuleKind.ORDER else "="
    operator = result.check.formula.operator if result.check.formula is not None else usual
    if operator == "=":
        return Interval(-slack, slack)
    return Interval(None, slack) if operator in ("<=", "<") else Interval(-slack, None)


def _living_sums(book: Book, results: Sequence[RuleResult]) -> dict[CellRef, tuple[tuple[int, Operand], ...]]:
    """Totals that are formulas and do show the sum of their addends, with these."""
    formulas = {
        cell.ref
        for data in book
        for block in data.blocks.values()
        for row in block.rows
        for cell in row.cells.values()
        if cell.formula
    }
    found: dict[CellRef, tuple[tuple[int, Operand], ...]] = {}
    for result in results if formulas else ():
        if result.how is None or result.left is None or result.right is None:
            continue
        total = result.left.terms[0][1].cell
        if total in formulas and abs(result.left.value - result.right.value) <= HALF_CENT:
            assert total is not None
            found.setdefault(total, result.right.terms)
    return found
