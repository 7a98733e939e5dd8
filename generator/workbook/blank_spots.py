"""Cells of planned blocks, and the pieces that spreadsheet formulas are put together from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..model.cell import column_letters
from ..model.form import Column
from .blank_plan import BlockPlan, RowPlan, SheetPlan


class Spot(NamedTuple):
    """One cell of a block; ``terms`` of sums are spots with a sign."""

    sheet: SheetPlan
    block: BlockPlan
    row: RowPlan
    column: Column

    @property
    def address(self) -> str:
        return address(self.block.column_at(self.column.key), self.row.number)

    @property
    def id(self) -> tuple[str, int, int]:
        return self.sheet.name, self.row.number, self.block.column_at(self.column.key)


@dataclass(frozen=True)
class SubjectList:
    """Where the known subjects stand: sheet name, rows of the list, code in column 1 and name in column 2."""

    sheet: str
    first: int
    names: dict[str, str]

    @property
    def last(self) -> int:
        return self.first + len(self.names) - 1


def address(column: int, row: int, fixed: str = "") -> str:
    """A1 address; ``fixed`` holds the parts that don't move when copied: "c", "r" or "cr"."""
    return f"{'$' if 'c' in fixed else ''}{column_letters(column)}{'$' if 'r' in fixed else ''}{row}"


def code_text(block: BlockPlan, first: int, last: int = 0, fixed: str = "c", prefix: str = "") -> str:
    """What says which subject a row is: its code column, else its first one; split columns joined piece by piece.

    One cell, or with ``last`` a range, as an expression; ``prefix`` names the sheet.
    """
    column = block.code_column or block.block.columns[0]
    left, right = block.places[column.key] if column.split else (block.column_at(column.key),) * 2
    cells = [
        prefix + address(at, first, fixed) + (f":{address(at, last, 'cr')}" if last else "")
        for at in range(left, right + 1)
    ]
    return cells[0] if len(cells) == 1 else f"({'&'.join(cells)})"


def sheet_prefix(name: str) -> str:
    return "'" + name.replace("'", "''") + "'!"


def quoted(text: str) -> str:
    """A text constant; longer ones are joined from pieces, as a constant holds 255 characters at most."""
    pieces = [text[i : i + 250] for i in range(0, len(text), 250)] or [""]
    return "&".join('"' + piece.replace('"', '""') + '"' for piece in pieces)


def sum_text(terms: Sequence[tuple[int, Spot]]) -> str:
    """SUM over runs of neighbouring cells, so that rows inserted inside a run count; "" and text count nothing."""
    plus, minus = (_runs([spot for sign, spot in terms if sign == wanted]) for wanted in (1, -1))
    text = f"SUM({plus})" if plus else "0"
    return f"{text}-SUM({minus})" if minus else text


def _runs(spots: Sequence[Spot]) -> str:
    return ",".join(r[0].address if len(r) == 1 else f"{r[0].address}:{r[-1].address}" for r in _grouped(spots))


def runs(spots: Sequence[Spot]) -> list[str]:
    """Runs of neighbouring cells with their sheets."""
    return [
        sheet_prefix(r[0].sheet.name) + (r[0].address if len(r) == 1 else f"{r[0].address}:{r[-1].address}")
        for r in _grouped(spots)
    ]


def _grouped(spots: Sequence[Spot]) -> list[list[Spot]]:
    found: list[list[Spot]] = []
    for spot in spots:
        if found and found[-1][-1].sheet is spot.sheet and _adjacent(found[-1], spot):
            found[-1].append(spot)
        else:
            found.append([spot])
    return found


def _adjacent(run: Sequence[Spot], spot: Spot) -> bool:
    (_, row, column), (_, first_row, first_column), (_, next_row, next_column) = run[-1].id, run[0].id, spot.id
    down = column == next_column and next_row == row + 1 and first_column == column
    across = row == next_row and next_column == column + 1 and first_row == row
    return down or across
