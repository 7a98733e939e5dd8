"""Relations that the forms' own declared sums imply: they are never typed a second time in a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from ..model.book import BlockData, FormData, RowData
from ..model.figure import ZERO
from ..model.form import Block, Row, Term
from .formula import Operand, Reads, Side, State, amount_columns
from .rule import Check, Sums


class Relation(NamedTuple):
    """``total`` is declared to be the sum of ``addends``; ``doubts`` may belong to any sum of the table."""

    how: Sums
    total: Operand
    addends: tuple[tuple[int, Operand], ...]
    doubts: tuple[Operand, ...] = ()

    @property
    def exact(self) -> bool:
        """Does it hold to the last digit, with every cell readable and a total wherever there is an addend?"""
        total, value, some = self.total, ZERO, False
        for sign, operand in self.addends:
            if not operand.readable:
                return False
            if operand.value:
                value = value + operand.value if sign > 0 else value - operand.value
                some = True
        return total.readable and value == total.value and not (some and total.state is State.BLANK)

    def hangs(self, slack: Decimal) -> bool:
        """Does it fail for a row that may be no addend of it, or may be one that is missing?"""
        if not self.doubts:
            return False
        left, right = self.sides
        gap, rows = left.value - right.value, {operand.row for _, operand in self.addends}
        if abs(gap) <= slack:
            return False
        near = any(doubt.row in rows or abs(gap - doubt.value) <= slack for doubt in self.doubts)
        return near or len(self.doubts) > 1

    @property
    def sides(self) -> tuple[Side, Side]:
        value = ZERO
        for sign, operand in self.addends:
            value = value + operand.value if sign > 0 else value - operand.value
        return Side(self.total.value, ((1, self.total),)), Side(value, self.addends)


@dataclass
class Implied:
    """The relations of one book, found once for each check."""

    reads: Reads
    _found: dict[int, tuple[Relation, ...]] = field(default_factory=dict)  # by identity: rules are kept by the edition

    def of(self, check: Check) -> tuple[Relation, ...]:
        """All relations of the check's scope that the book has rows for."""
        found = self._found.get(id(check))
        if found is None:
            found = self._found[id(check)] = tuple(_relations(self.reads, check))
        return found


def _relations(reads: Reads, check: Check) -> Iterator[Relation]:
    for scope in check.scope:
        data = reads.book.sheet(scope.form)
        if data is None:
            continue
        for block in data.form.blocks:
            rows = data.blocks.get(block.key)
            if rows is None or not scope.covers(block):
                continue
            for how in check.implied:
                yield from _MAKERS[how](reads, data, block, rows)


def _columns(reads: Reads, data: FormData, block: Block, rows: BlockData) -> Iterator[Relation]:
    summed = [(column.key, column.sum_of) for column in block.columns if column.sum_of]
    for row in rows.rows if summed else ():
        for key, terms in summed:
            addends = tuple((term.sign, reads.in_row(data, row, term.key)) for term in terms)
            yield Relation(Sums.COLUMNS, reads.in_row(data, row, key), addends)


def _rows(reads: Reads, data: FormData, block: Block, rows: BlockData) -> Iterator[Relation]:
    for row in block.rows:
        if not row.sum_of:
            continue
        for column in amount_columns(block, row):
            addends = tuple((term.sign, _at(reads, data, term, column.key)) for term in row.sum_of)
            yield Relation(Sums.ROWS, reads.at(data.form.id, row.key, column.key), addends)


def _at(reads: Reads, data: FormData, term: Term, column: str) -> Operand:
    return reads.at(data.form.id, term.key, column)


def _children(reads: Reads, data: FormData, block: Block, rows: BlockData) -> Iterator[Relation]:
    top = next((row for row in block.rows if row.children and not row.code), None)
    below = _families(block, rows, top)
    declared: dict[str, Row] = {row.key: row for row in block.rows if row.children}
    opened = block.open is not None and bool(reads.unplaced(data.form.id))
    parents = [*declared, *(key for key in below if key not in declared)]
    for key in parents:
        own = declared.get(key)
        if own is None and block.open is None:
            continue  # a fixed row that declares no sum
        found = rows.by_key.get(key)
        for column in amount_columns(block, own):
            total = reads.in_row(data, found, column.key) if found else reads.at(data.form.id, key, column.key)
            addends = tuple((1, reads.in_row(data, child, column.key)) for child in below.get(key, ()))
            doubts = reads.doubts(data.form.id, column.key) if opened else ()
            yield Relation(Sums.CHILDREN, total, addends, doubts)


def _families(block: Block, rows: BlockData, top: Row | None) -> Mapping[str, list[RowData]]:
    """Rows by the row they add to: the nearest code above them that is there, else the block's total.

    A code of a wrong length has nothing below it.
    """
    codes = {row.code: row.key for row in block.rows if row.code}
    if block.open is not None:
        codes |= {row.key: row.key for row in rows.rows if top is None or row.key != top.key}
    code_of = {key: code for code, key in codes.items()}
    lengths = sorted({len(code) for code in codes}, reverse=True)
    if block.open is not None:
        own = {len(row.code) for row in block.rows if row.code}
        lengths = [n for n in lengths if n in block.open.levels or n in own]
    below: dict[str, list[RowData]] = {}
    for row in rows.rows:
        code = code_of.get(row.key)
        if code is None:
            continue
        above = next((codes[code[:n]] for n in lengths if n < len(code) and code[:n] in codes), None)
        if above is None and top is not None:
            above = top.key
        if above is not None:
            below.setdefault(above, []).append(row)
    return below


_MAKERS = {Sums.COLUMNS: _columns, Sums.ROWS: _rows, Sums.CHILDREN: _children}
