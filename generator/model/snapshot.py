"""What a workbook held, small enough to be kept with the document: every filled cell by its keys and its address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .book import Book
from .cell import Cell, CellKind, CellRef


class KeptCell(NamedTuple):
    """One filled cell. ``value`` is the exact number in the workbook's own unit, or the text; never empty."""

    form: str
    copy: int  # of a form that may stand in several sheets, from 0
    block: str
    row: str
    label: str
    column: str
    ref: CellRef
    value: str
    number: bool

    @property
    def key(self) -> tuple[str, int, str, str, str]:
        """What stays the same when rows are inserted above."""
        return self.form, self.copy, self.block, self.row, self.column


def snapshot(book: Book) -> tuple[KeptCell, ...]:
    """Every filled cell of the sheets that the edition knows, in their order."""
    return tuple(_cells(book))


def _cells(book: Book) -> Iterator[KeptCell]:
    for form, group in book.sheets.items():
        for copy, data in enumerate(group):
            for block, held in data.blocks.items():
                for row in held.rows:
                    for column, cell in row.cells.items():
                        if not cell.is_blank:
                            value, number = _value(cell)
                            yield KeptCell(form, copy, block, row.key, row.label, column, cell.ref, value, number)


def _value(cell: Cell) -> tuple[str, bool]:
    if cell.kind is CellKind.NUMBER and cell.number is not None:
        return f"{cell.number:f}", True
    return cell.text, False


def to_json(cells: tuple[KeptCell, ...]) -> list[Any]:
    """By form, sheet and row, so that names are not repeated cell by cell."""
    rows: dict[tuple[Any, ...], list[Any]] = {}
    for cell in cells:
        key = cell.form, cell.copy, cell.ref.sheet, cell.block, cell.row, cell.label
        rows.setdefault(key, []).append([cell.column, cell.ref.row, cell.ref.column, cell.value, int(cell.number)])
    return [[*key, held] for key, held in rows.items()]


def from_json(data: list[Any]) -> tuple[KeptCell, ...]:
    """What ``to_json`` made; ValueError or TypeError for anything else."""
    return tuple(
        KeptCell(
            str(form),
            int(copy),
            str(block),
            str(row),
            str(label),
            str(column),
            CellRef(str(sheet), int(at), int(across)),
            str(value),
            bool(number),
        )
        for form, copy, sheet, block, row, label, held in data
        for column, at, across, value, number in held
    )
