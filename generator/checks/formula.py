"""Formulas over a Book: every cell read is kept, in order, with its sign."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from enum import Enum

from ..editions import Edition
from ..model.book import Book, FormData, RowData
from ..model.cell import CellKind, CellRef
from ..model.expression import Binary, Call, Expression, Negative, Number, Ref
from ..model.figure import ZERO
from ..model.form import AMOUNT_KINDS, Block, Column, Form, Kind, Row

COMPARISONS = ("=", "<=", ">=", "<", ">")
# Spreadsheets store binary fractions: a gap of less than half a 分 (in 万元) is no gap.
HALF_CENT = Decimal("0.0000005")
_EXACT = Context(prec=60)


class State(Enum):
    NUMBER = "number"
    BLANK = "blank"
    ABSENT = "absent"  # the table has no row of that code: zero, without a cell
    BAD = "bad"  # something that is no number
    NO_ROW = "no row"  # a row or column of the form is not there
    NO_SHEET = "no sheet"


READABLE = frozenset({State.NUMBER, State.BLANK, State.ABSENT})


@dataclass(frozen=True, slots=True)
class Operand:
    """One cell as an operand. ``value`` is in 万元 for money (zero unless a number), plain for counts."""

    form: str
    row: str
    column: str
    state: State
    value: Decimal
    cell: CellRef | None
    money: bool
    name: str = ""  # the row's label as read, for open rows
    divisor: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: its value and the cells it reads, with their signs."""

    value: Decimal
    terms: tuple[tuple[int, Operand], ...]

    @property
    def cells(self) -> tuple[CellRef, ...]:
        return tuple(dict.fromkeys(o.cell for _, o in self.terms if o.cell is not None))

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
    _places: dict[str, _Places] = field(default_factory=dict)

    def places(self, form_id: str) -> _Places:
        found = self._places.get(form_id)
        if found is None:
            found = self._places[form_id] = _Places.of(self.edition.form(form_id))
        return found

    def declared(self, form_id: str, row: str) -> Row | None:
        found = self.places(form_id).fixed.get(row)
        return found[1] if found is not None else None

    def at(self, form_id: str, row: str, column: str) -> Operand:
        key = (form_id, row, column)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._read(form_id, row, column)
        return found

    def in_row(self, data: FormData, row: RowData, column: str) -> Operand:
        """As ``at``, for a row at hand: of two rows with the same code each is itself."""
        places = self.places(data.form.id)
        kind = places.kind(row.key, column)
        cell = row.cells.get(column)
        if cell is None:
            return self._without(data.form.id, row.key, column, State.NO_ROW)
        if cell.kind is CellKind.NUMBER and cell.number is not None:
            state, value = State.NUMBER, data.figure_of(cell, kind).value
        else:
            state, value = (State.BLANK if cell.is_blank else State.BAD), ZERO
        name = "" if row.key in places.fixed else row.label
        return Operand(data.form.id, row.key, column, state, value, cell.ref, kind is Kind.MONEY, name, data.divisor)

    def _read(self, form_id: str, row: str, column: str) -> Operand:
        data = self.book.sheet(form_id)
        if data is None:
            return self._without(form_id, row, column, State.NO_SHEET)
        found = data.rows.get(row)
        if found is not None:
            return self.in_row(data, found, column)
        missing = row in self.places(form_id).fixed
        return self._without(form_id, row, column, State.NO_ROW if missing else State.ABSENT)

    def _without(self, form_id: str, row: str, column: str, state: State) -> Operand:
        money = self.places(form_id).kind(row, column) is Kind.MONEY
        return Operand(form_id, row, column, state, ZERO, None, money)


@dataclass(frozen=True)
class _Places:
    """Rows and columns of a form by key."""

    fixed: Mapping[str, tuple[Block, Row]]
    open_columns: Mapping[str, Column]

    @staticmethod
    def of(form: Form) -> _Places:
        return _Places(
            {row.key: (block, row) for block in form.blocks for row in block.rows if not row.spacer},
            {c.key: c for block in reversed(form.blocks) for c in block.columns},
        )

    def kind(self, row: str, column: str) -> Kind:
        found = self.fixed.get(row)
        if found is not None:
            of_block = next((c for c in found[0].columns if c.key == column), None)
            return found[0].kind_of(found[1], of_block) if of_block is not None else Kind.NUMBER
        own = self.open_columns.get(column)
        return own.kind if own is not None else Kind.NUMBER


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
    gap = _EXACT.subtract(left, right)
    slack = max(allowed, HALF_CENT)
    if operator == "=":
        return abs(gap) <= slack
    if operator in ("<=", "<"):
        return gap <= slack and not (operator == "<" and abs(gap) <= HALF_CENT)
    return -gap <= slack and not (operator == ">" and abs(gap) <= HALF_CENT)
