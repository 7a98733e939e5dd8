"""A number that keeps its source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal

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


@dataclass(frozen=True, slots=True)
class Figure:
    """An exact quantity and the cells it came from.

    Money is in 万元 whatever the workbook's unit; counts are plain; a ratio is a fraction (0.2428, not 24.28).
    """

    value: Decimal
    cells: tuple[CellRef, ...] = ()

    def __add__(self, other: Figure) -> Figure:
        return Figure(_EXACT.add(self.value, other.value), _merge(self.cells, other.cells))

    def __sub__(self, other: Figure) -> Figure:
        return Figure(_EXACT.subtract(self.value, other.value), _merge(self.cells, other.cells))

    def __neg__(self) -> Figure:
        return Figure(-self.value, self.cells)

    def __abs__(self) -> Figure:
        return Figure(abs(self.value), self.cells)

    def __bool__(self) -> bool:
        return self.value != 0

    def over(self, whole: Figure) -> Figure:
        """This as a share of ``whole``; ZeroDivisionError when the whole is nothing (ask first)."""
        if not whole.value:
            raise ZeroDivisionError("share of a zero figure")
        return Figure(_EXACT.divide(self.value, whole.value), _merge(self.cells, whole.cells))

    @staticmethod
    def sum(figures: Iterable[Figure]) -> Figure:
        total = ZERO
        cells: dict[CellRef, None] = {}
        for figure in figures:
            total = _EXACT.add(total, figure.value)
            cells.update(dict.fromkeys(figure.cells))
        return Figure(total, tuple(cells))
