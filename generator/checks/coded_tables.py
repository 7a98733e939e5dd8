"""Official tables that nobody filled in: said once and first, instead of the relations that an empty table breaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..model.book import FormData
from ..model.cell import CellRef
from .coded import Coded, Subject, Verdict
from .formula import Reads, amount_columns
from .rule import Check, Outcome, RuleResult

FILLED = "tables_filled"


def tables_filled(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Every table of the scope has an amount; one verdict per table."""
    for scope in check.scope:
        data = subject.book.sheet(scope.form)
        if data is None:
            continue  # a missing sheet is the reader's affair
        filled, first = _filled(subject.reads, data)
        if filled is None:
            continue  # its head or its rows were not found: the reader's affair too
        cells = (first,) if first is not None else data.to_fill()
        yield Verdict(Outcome.HOLDS if filled else Outcome.BROKEN, cells, {"sheet": data.sheet, "form": data.form.id})


def _filled(reads: Reads, data: FormData) -> tuple[bool | None, CellRef | None]:
    """Whether the table has an amount (None: it has no cell for one), and its first cell to be typed.

    The zeros of formulas over blank cells are no amounts. What can't be read may be filled in, and the reader speaks
    of it.
    """
    first: CellRef | None = None
    seen = filled = False
    for block in data.form.blocks:
        rows = data.blocks.get(block.key)
        for row in rows.rows if rows is not None else ():
            declared = reads.declared(data.form.id, row.key)
            for column in amount_columns(block, declared):
                operand = reads.in_row(data, row, column.key)
                cell = row.cells.get(column.key)
                if first is None and cell is not None and not cell.formula:
                    first = cell.ref  # the first to be typed
                seen, filled = True, filled or bool(operand.value) or not operand.readable
    return filled if seen else None, first


def empty(reads: Reads, results: Iterable[RuleResult]) -> frozenset[str]:
    """The forms that should be filled in and are not.

    Where none of those is that every unit fills in, nobody has begun: then the tables that may be empty, or that
    others ask for, are waited for as well.
    """
    asked = [r for r in results if r.check.coded == FILLED and r.outcome is Outcome.BROKEN]
    found = frozenset(r.words["form"] for r in asked)
    always = {scope.form for r in asked if not (r.check.when or r.check.unless) for scope in r.check.scope}
    if not found or not always <= found:
        return found
    sheets = (reads.book.sheet(form.id) for form in reads.edition.tables)
    blank = {data.form.id for data in sheets if data is not None and _filled(reads, data)[0] is False}
    return found | (blank if always else set())


def kept(results: Iterable[RuleResult], forms: frozenset[str]) -> tuple[RuleResult, ...]:
    """Without what is said of empty tables first, and without what reads one: it says nothing before."""
    return tuple(r for r in results if r.check.coded != FILLED and not (forms and _reads(r, forms)))


def _reads(result: RuleResult, forms: frozenset[str]) -> bool:
    sides = (side for side in (result.left, result.right) if side is not None)
    operands = [*(operand for side in sides for _, operand in side.terms), *result.blame, *result.asks]
    return any(operand.form in forms for operand in operands)


CODED: dict[str, Coded] = {FILLED: tables_filled}
