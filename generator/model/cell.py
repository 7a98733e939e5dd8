"""Where a value stands in the workbook, and what was read there: named tuples, since thousands are made of them."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import NamedTuple


def column_letters(column: int) -> str:
    """Column number (1 = A) as spreadsheet letters."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


class CellRef(NamedTuple):
    """One cell: the sheet's own name, row and column counted from 1.

    A named tuple, as are the spans and grid cells of ``blocks``: a document has thousands of them, and a frozen
    dataclass takes three times as long to make.
    """

    sheet: str
    row: int
    column: int

    @property
    def address(self) -> str:
        return f"{column_letters(self.column)}{self.row}"

    def __str__(self) -> str:
        return f"{self.sheet}!{self.address}"


class CellKind(Enum):
    """What was found; BAD is a value that can't be used where it stands (an error, a date in an amount …)."""

    BLANK = "blank"
    NUMBER = "number"
    TEXT = "text"
    BAD = "bad"


class Cell(NamedTuple):
    """One cell as read: ``number`` is exact, in the workbook's own unit; ``text`` is what the user sees.

    ``typed`` is the text that a number was read from where the workbook holds no number: its own sums pass it over.
    """

    ref: CellRef
    kind: CellKind
    number: Decimal | None = None
    text: str = ""
    formula: bool = False
    typed: str = ""

    @property
    def is_blank(self) -> bool:
        return self.kind is CellKind.BLANK
