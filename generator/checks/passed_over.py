"""Numbers stored as text, which the workbook's own sums pass over: named as the cause, and their effects undone.

A spreadsheet's SUM takes text for nothing, so a total may be short by what a cell plainly says. The totals are then
right as formulas and wrong as amounts: whoever followed the checks to them would overwrite the formula. What follows
from the text alone is found by asking which totals agree with their addends once text counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from decimal import Decimal

from ..model.book import Book
from ..model.cell import Cell, CellRef
from ..model.figure import ZERO
from ..model.finding import Finding, Severity
from . import places
from .formula import HALF_CENT, Operand, Reads
from .linear import is_linear
from .rule import RuleKind, RuleResult

_RULE = "S4"  # as the reader names what it takes for a number
_FEW = 4  # cells named in one sentence
_FIX = "请把该单元格的格式改为数值并重新录入数字，合计公式不要改动；重新计算、保存后再校验。"

_Terms = tuple[tuple[int, Operand], ...]


@dataclass(frozen=True)
class PassedOver:
    """The book as its formulas would show it if the texts were numbers, and what to say of the texts."""

    book: Book
    findings: tuple[Finding, ...] = ()

    def said(self, findings: Sequence[Finding]) -> list[Finding]:
        """Without the hints on cells that are now errors."""
        mine = {(f.rule, cell) for f in self.findings for cell in f.cells}
        return [
            f
            for f in findings
            if f.severity is not Severity.INFO or not f.cells or not all((f.rule, c) in mine for c in f.cells)
        ]


def found(reads: Reads, whole: Callable[[Book], Sequence[RuleResult]]) -> PassedOver:
    """``whole`` gives all results of a book; it is asked only where there are texts and formulas."""
    book = reads.book
    texts = {cell.ref: cell for cell in _cells(book) if cell.typed and cell.number}
    if not texts or not any(cell.formula for cell in _cells(book)):
        return PassedOver(book)
    behind = _Behind(reads, texts, whole(_with(book, dict.fromkeys(texts, ZERO))))
    short = {ref: gap for ref in behind.totals if (gap := behind.of(ref))}
    if not short:
        return PassedOver(book)
    causes = {text for ref in short for text in behind.causes(ref)}
    right = {ref: (total.value + short[ref]) * _unit(total) for ref, total in behind.totals.items() if ref in short}
    by_sheet: dict[str, list[Cell]] = {}
    for ref, cell in texts.items():
        if ref in causes:
            by_sheet.setdefault(ref.sheet, []).append(cell)
    said = tuple(_finding(reads, cells, behind, short) for cells in by_sheet.values())
    return PassedOver(_with(book, right), said)


def _cells(book: Book) -> Iterator[Cell]:
    return (
        cell for data in book for block in data.blocks.values() for row in block.rows for cell in row.cells.values()
    )


def _with(book: Book, amounts: Mapping[CellRef, Decimal]) -> Book:
    """The book with other amounts in some cells."""
    sheets = {}
    for form, group in book.sheets.items():
        made = []
        for data in group:
            blocks = {}
            for key, block in data.blocks.items():
                rows = []
                for row in block.rows:
                    new = {
                        column: cell._replace(number=amounts[cell.ref], text=f"{amounts[cell.ref]:f}")
                        for column, cell in row.cells.items()
                        if cell.ref in amounts
                    }
                    rows.append(replace(row, cells={**row.cells, **new}) if new else row)
                blocks[key] = replace(block, rows=tuple(rows))
            made.append(replace(data, blocks=blocks))
        sheets[form] = tuple(made)
    return replace(book, sheets=sheets)


@dataclass
class _Behind:
    """By how much formulas are short (in 万元, or a count), and for which texts."""

    reads: Reads
    texts: Mapping[CellRef, Cell]
    results: Sequence[RuleResult]
    totals: dict[CellRef, Operand] = field(default_factory=dict)

    def __post_init__(self) -> None:
        formulas = {cell.ref for cell in _cells(self.reads.book) if cell.formula and not cell.typed}
        own: dict[CellRef, list[_Terms]] = {}
        linked: dict[CellRef, list[_Terms]] = {}
        for result in self.results:
            if not _agrees(result):
                continue
            assert result.left is not None
            assert result.right is not None
            for one, other in ((result.left, result.right), (result.right, result.left)):
                if len(one.terms) != 1 or one.terms[0][0] != 1 or one.terms[0][1].cell not in formulas:
                    continue
                total = one.terms[0][1]
                assert total.cell is not None
                self.totals[total.cell] = total
                inside = all(o.cell is None or o.cell.sheet == total.cell.sheet for _, o in other.terms)
                (own if inside else linked).setdefault(total.cell, []).append(other.terms)
        # A formula with addends on its own sheet is their sum; one without brings an amount over from elsewhere.
        self._made_of = {ref: own.get(ref) or linked.get(ref, []) for ref in self.totals}
        self._amounts = {o.cell: o for terms in self._made_of.values() for made in terms for _, o in made}
        self._known: dict[CellRef, tuple[Decimal, frozenset[CellRef]]] = {}

    def of(self, ref: CellRef) -> Decimal:
        return self._short(ref)[0]

    def causes(self, ref: CellRef) -> frozenset[CellRef]:
        return self._short(ref)[1]

    def next_to(self, ref: CellRef, texts: Set[CellRef]) -> bool:
        """Is one of the texts itself an addend of the total?"""
        return any(o.cell in texts for terms in self._made_of[ref] for _, o in terms)

    def _short(self, ref: CellRef) -> tuple[Decimal, frozenset[CellRef]]:
        known = self._known.get(ref)
        if known is not None:
            return known
        found: tuple[Decimal, frozenset[CellRef]] = (ZERO, frozenset())
        self._known[ref] = found  # a circle of sums ends here
        if ref in self.texts:
            number, operand = self.texts[ref].number or ZERO, self._amounts[ref]
            found = (number / _unit(operand), frozenset([ref]))
        else:
            for terms in self._made_of.get(ref, ()):
                parts = [(sign, *self._short(o.cell)) for sign, o in terms if o.cell is not None]
                gap = sum((sign * part for sign, part, _ in parts), ZERO)
                if gap:
                    found = (gap, frozenset().union(*(causes for _, _, causes in parts)))
                    break
        self._known[ref] = found
        return found


def _unit(operand: Operand) -> Decimal | int:
    """What an operand's value is multiplied by to stand in the workbook."""
    return operand.divisor if operand.money else 1


def _agrees(result: RuleResult) -> bool:
    """Two sides that are equal to the last digit."""
    if result.left is None or result.right is None or abs(result.left.value - result.right.value) > HALF_CENT:
        return False
    operator = result.check.formula.operator if result.check.formula is not None else "="
    usual = result.check.kind is not RuleKind.ORDER or result.check.formula is not None
    readable = all(o.readable for _, o in (*result.left.terms, *result.right.terms))
    return operator == "=" and usual and readable and is_linear(result.check)


def _finding(reads: Reads, cells: Sequence[Cell], behind: _Behind, short: Mapping[CellRef, Decimal]) -> Finding:
    """All texts of one sheet, and the totals nearest to them that are short."""
    refs = {cell.ref for cell in cells}
    totals = [ref for ref in short if behind.causes(ref) & refs]
    totals.sort(key=lambda ref: (not behind.next_to(ref, refs), ref.sheet != cells[0].ref.sheet))
    named = "、".join(f"{cell.ref.address}“{cell.typed}”" for cell in cells[:_FEW])
    many = f"等 {len(cells)} 处" if len(cells) > _FEW else ""
    first, sheet = behind.totals[totals[0]], cells[0].ref.sheet
    place = places.in_table(reads, first) if totals[0].sheet == sheet else places.place(reads, first)
    now, then = (places.quantity(first, value) for value in (first.value, first.value + short[totals[0]]))
    more = f"；受影响的还有 {places.cells(totals[1:], beside=sheet)}" if len(totals) > 1 else ""
    text = (
        f"{sheet}!{named}{many}是文本形式的数字，合计公式没有计入：{place}（{places.cells(totals[:1], beside=sheet)}）"
        f"因此为 {now}，计入后为 {then}{more}。"
    )
    return Finding(_RULE, Severity.ERROR, text, _FIX, tuple(cell.ref for cell in cells))
