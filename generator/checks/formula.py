"""Formulas over a Book: every cell read is kept, in order, with its sign."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from ..editions import Edition
from ..model.book import Book, FormData, RowData
from ..model.cell import CellKind, CellRef
from ..model.expression import Binary, Call, Expression, Negative, Number, Ref
from ..model.figure import ZERO
from ..model.form import AMOUNT_KINDS, Block, Column, Form, Kind, Row
from .keyed import EditionKey

COMPARISONS = ("=", "<=", ">=", "<", ">")
# Spreadsheets store binary fractions: a gap of less than half a 分 (in 万元) is no gap.
EVERY = "every"  # as a row: all rows of an open list together
HALF_CENT = Decimal("0.0000005")
_EXACT = Context(prec=60)


class State(Enum):
    NUMBER = "number"
    BLANK = "blank"
    ABSENT = "absent"  # the table has no row of that code: zero, without a cell
    BAD = "bad"  # something that is no number
    UNPLACED = "unplaced"  # an amount that is there, in a row whose code says not to which subject it belongs
    NO_ROW = "no row"  # a row or column of the form is not there
    NO_SHEET = "no sheet"


# Looked up thousands of times: a member of an enumeration is found in two steps.
_GIVEN, _BLANK, _BAD = State.NUMBER, State.BLANK, State.BAD
_NUMBER, _EMPTY, _MONEY = CellKind.NUMBER, CellKind.BLANK, Kind.MONEY


class Operand(NamedTuple):
    """One cell as an operand. ``value`` is in 万元 for money (zero unless a number), plain for counts."""

    form: str
    row: str
    column: str
    state: State
    value: Decimal
    cell: CellRef | None
    money: bool
    readable: bool
    name: str = ""  # the row's label as read, for open rows
    divisor: Decimal = Decimal(1)
    unit: str = ""  # what stands behind a number that is no money: %


class Side(NamedTuple):
    """One side of a comparison: its value and the cells it reads, with their signs."""

    value: Decimal
    terms: tuple[tuple[int, Operand], ...]

    @property
    def cells(self) -> tuple[CellRef, ...]:
        return tuple(dict.fromkeys([o.cell for _, o in self.terms if o.cell is not None]))

    @property
    def numbers(self) -> int:
        return sum(o.state is State.NUMBER for _, o in self.terms)


class NotApplicable(Exception):
    """The formula has no meaning here: a share of nothing."""


@dataclass
class Reads:
    """Access to the cells of one book; each operand is made once."""

    edition: Edition
    book: Book
    _made: dict[tuple[str, str, str], Operand] = field(default_factory=dict)
    _by_cell: dict[int, Operand] = field(default_factory=dict)  # by identity: the book keeps its cells alive
    _unplaced: dict[str, tuple[RowData, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._places = _places(EditionKey(self.edition))

    def declared(self, form_id: str, row: str) -> Row | None:
        """The form's own row of that key; None for a row of an open table or list."""
        found = self._places[form_id].fixed.get(row)
        return found[1] if found is not None else None

    def block(self, form_id: str, row: str) -> Block | None:
        """The block that declares the row."""
        found = self._places[form_id].fixed.get(row)
        return found[0] if found is not None else None

    def at(self, form_id: str, row: str, column: str) -> Operand:
        key = (form_id, row, column)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._read(form_id, row, column)
        return found

    def in_row(self, data: FormData, row: RowData, column: str) -> Operand:
        """As ``at``, for a row at hand: of two rows with the same code each is itself."""
        cell = row.cells.get(column)
        if cell is None:
            return self._without(data.form.id, row.key, column, State.NO_ROW)
        found = self._by_cell.get(id(cell))
        if found is not None:
            return found
        places = self._places[data.form.id]
        kind = places.kind(row.key, column)
        money = kind is _MONEY
        if cell.kind is _NUMBER and cell.number is not None:
            exact = not money or data.divisor == 1
            state, value = _GIVEN, cell.number if exact else cell.number / data.divisor
        else:
            state, value = (_BLANK if cell.kind is _EMPTY else _BAD), ZERO
        name = "" if row.key in places.fixed else row.label
        made = Operand(
            data.form.id,
            row.key,
            column,
            state,
            value,
            cell.ref,
            money,
            state is not _BAD,
            name,
            data.divisor,
        )
        self._by_cell[id(cell)] = made
        return made

    def every(self, form_id: str, column: str) -> tuple[Operand, ...]:
        """The cells of a column in all rows of the form's open lists, totals left out."""
        data = self.book.sheet(form_id)
        if data is None:
            return (self._without(form_id, EVERY, column, State.NO_SHEET),)
        blocks = [b for b in data.form.blocks if b.open is not None and any(c.key == column for c in b.columns)]
        fixed = self._places[form_id].fixed
        rows = [row for b in blocks if b.key in data.blocks for row in data.blocks[b.key].rows if row.key not in fixed]
        return tuple(self.in_row(data, row, column) for row in rows)

    def unplaced(self, form_id: str) -> tuple[RowData, ...]:
        """Rows of the form's tables by code whose code is of none of the table's lengths."""
        found = self._unplaced.get(form_id)
        if found is None:
            data = self.book.sheet(form_id)
            found = self._unplaced[form_id] = tuple(_unplaced(data)) if data is not None else ()
        return found

    def doubts(self, form_id: str, column: str) -> tuple[Operand, ...]:
        """What such rows hold in the column, each with the cell of its code."""
        data = self.book.sheet(form_id)
        rows = self.unplaced(form_id)
        if data is None or not rows:
            return ()
        found = []
        for row in rows:
            operand = self.in_row(data, row, column)
            if operand.value:
                code = row.cells.get("code")
                at = code.ref if code is not None else row.ref
                found.append(operand._replace(state=State.UNPLACED, readable=False, cell=at))
        return tuple(found)

    def _read(self, form_id: str, row: str, column: str) -> Operand:
        data = self.book.sheet(form_id)
        if data is None:
            return self._without(form_id, row, column, State.NO_SHEET)
        found = data.rows.get(row)
        if found is not None:
            return self.in_row(data, found, column)
        missing = row in self._places[form_id].fixed
        return self._without(form_id, row, column, State.NO_ROW if missing else State.ABSENT)

    def _without(self, form_id: str, row: str, column: str, state: State) -> Operand:
        money = self._places[form_id].kind(row, column) is Kind.MONEY
        sheet = self.book.sheet(form_id)  # a row that is not there is told in its sheet's unit all the same
        divisor = sheet.divisor if sheet is not None else Decimal(1)
        return Operand(form_id, row, column, state, ZERO, None, money, state is State.ABSENT, divisor=divisor)


def _unplaced(data: FormData) -> Iterator[RowData]:
    for block in data.form.blocks:
        if block.open is not None and block.open.by_code and block.key in data.blocks:
            fixed, levels = {row.key for row in block.rows}, block.open.levels
            rows = data.blocks[block.key].rows
            yield from (row for row in rows if row.key not in fixed and len(row.key) not in levels)


@dataclass(frozen=True)
class _Places:
    """Rows and columns of a form by key."""

    fixed: Mapping[str, tuple[Block, Row]]
    kinds: Mapping[tuple[str, str], Kind]
    open_kinds: Mapping[str, Kind]

    @staticmethod
    def of(form: Form) -> _Places:
        fixed = {row.key: (block, row) for block in form.blocks for row in block.rows if not row.spacer}
        kinds = {(k, c.key): block.kind_of(row, c) for k, (block, row) in fixed.items() for c in block.columns}
        return _Places(fixed, kinds, {c.key: c.kind for block in reversed(form.blocks) for c in block.columns})

    def kind(self, row: str, column: str) -> Kind:
        return self.kinds.get((row, column)) or self.open_kinds.get(column, Kind.NUMBER)


@lru_cache(maxsize=8)
def _places(key: EditionKey) -> Mapping[str, _Places]:
    return {form.id: _Places.of(form) for form in key.edition.forms}


def amount_columns(block: Block, row: Row | None) -> tuple[Column, ...]:
    """Columns of amounts a person fills in: what is shown by formula only is no evidence."""
    return tuple(
        column
        for column in block.columns
        if not column.show and (column.kind if row is None else block.kind_of(row, column)) in AMOUNT_KINDS
    )


def side(reads: Reads, tree: Expression, places: Mapping[str, str]) -> Side:
    """The value of ``tree`` and what it read; NotApplicable where it divides by nothing."""
    terms: list[tuple[int, Operand]] = []
    value = _value(reads, tree, places, 1, terms)
    return Side(value, tuple(terms))


def _value(
    reads: Reads, tree: Expression, places: Mapping[str, str], sign: int, terms: list[tuple[int, Operand]]
) -> Decimal:
    if isinstance(tree, Ref):
        if len(tree.parts) == 1:
            return Decimal(tree.parts[0])
        form, row, column = (part.format_map(places) if "{" in part else part for part in tree.parts)
        if row == EVERY:
            found = reads.every(form, column)
            terms.extend((sign, operand) for operand in found)
            return sum((operand.value for operand in found), ZERO)
        operand = reads.at(form, row, column)
        terms.append((sign, operand))
        return operand.value
    if isinstance(tree, Number):
        return tree.value
    if isinstance(tree, Negative):
        return -_value(reads, tree.operand, places, -sign, terms)
    if isinstance(tree, Binary):
        left = _value(reads, tree.left, places, sign, terms)
        right = _value(reads, tree.right, places, -sign if tree.operator == "-" else sign, terms)
        return ARITHMETIC[tree.operator](left, right)
    assert isinstance(tree, Call)
    return FUNCTIONS[tree.name](*(_value(reads, argument, places, sign, terms) for argument in tree.arguments))


def _divide(left: Decimal, right: Decimal) -> Decimal:
    if not right:
        raise NotApplicable
    return _EXACT.divide(left, right)


ARITHMETIC: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": _EXACT.add,
    "-": _EXACT.subtract,
    "*": _EXACT.multiply,
    "/": _divide,
}
FUNCTIONS: Mapping[str, Callable[..., Decimal]] = {"abs": abs, "max": max, "min": min, "ratio": _divide}


def satisfied(operator: str, left: Decimal, right: Decimal, allowed: Decimal = ZERO) -> bool:
    """Does the comparison hold, give or take ``allowed`` (and half a 分)?"""
    if left == right:
        return operator not in ("<", ">")
    gap = _EXACT.subtract(left, right)
    slack = max(allowed, HALF_CENT)
    if operator == "=":
        return abs(gap) <= slack
    if operator in ("<=", "<"):
        return gap <= slack and not (operator == "<" and abs(gap) <= HALF_CENT)
    return -gap <= slack and not (operator == ">" and abs(gap) <= HALF_CENT)
