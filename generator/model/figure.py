"""A number that keeps its source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Context, Decimal
from enum import Enum
from typing import NamedTuple

from .cell import CellRef

# Ratios carry far more digits than are ever shown, so that the one half-up rounding at display is the only one.
_EXACT = Context(prec=60)
ZERO = Decimal(0)


def _merge(left: tuple[CellRef, ...], right: tuple[CellRef, ...]) -> tuple[CellRef, ...]:
    if not right or left == right:
        return left
    if not left:
        return right
    return tuple(dict.fromkeys(left + right))


class Operation(Enum):
    SUM = "+"
    DIFFERENCE = "−"
    NEGATIVE = "-"
    SIZE = "|"  # without its sign
    SHARE = "÷"


class How(NamedTuple):
    """An operation and the figures it was done with, in order."""

    operation: Operation
    parts: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """An exact quantity and the cells it came from.

    Money is in 万元 whatever the workbook's unit; counts are plain; a ratio is a fraction (0.2428, not 24.28).
    ``how`` tells how it was reckoned from others, None for one taken as it stands; it does not count for equality.
    """

    value: Decimal
    cells: tuple[CellRef, ...] = ()
    how: How | None = field(default=None, compare=False, repr=False)

    def __add__(self, other: Figure) -> Figure:
        value = _EXACT.add(self.value, other.value)
        return Figure(value, _merge(self.cells, other.cells), How(Operation.SUM, (self, other)))

    def __sub__(self, other: Figure) -> Figure:
        value = _EXACT.subtract(self.value, other.value)
        return Figure(value, _merge(self.cells, other.cells), How(Operation.DIFFERENCE, (self, other)))

    def __neg__(self) -> Figure:
        return Figure(-self.value, self.cells, How(Operation.NEGATIVE, (self,)))

    def __abs__(self) -> Figure:
        return Figure(abs(self.value), self.cells, How(Operation.SIZE, (self,)))

    def __bool__(self) -> bool:
        return self.value != 0

    def over(self, whole: Figure) -> Figure:
        """This as a share of ``whole``; ZeroDivisionError when the whole is nothing (ask first)."""
        if not whole.value:
            raise ZeroDivisionError("share of a zero figure")
        value = _EXACT.divide(self.value, whole.value)
        return Figure(value, _merge(self.cells, whole.cells), How(Operation.SHARE, (self, whole)))

    @staticmethod
    def sum(figures: Iterable[Figure]) -> Figure:
        total = ZERO
        cells: dict[CellRef, None] = {}
        parts = tuple(figures)
        for figure in parts:
            total = _EXACT.add(total, figure.value)
            cells.update(dict.fromkeys(figure.cells))
        return Figure(total, tuple(cells), How(Operation.SUM, parts))
