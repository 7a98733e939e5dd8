"""The filled workbook, read once, free of addresses except as the source of each value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from .cell import Cell, CellKind, CellRef
from .figure import ZERO, Figure
from .finding import Finding
from .form import Form, Kind, Line

WAN = Decimal(10000)
OWN_OFFICE = "（本级）"  # what the name of a department's own office ends with
OWN_OFFICE_SAID = (OWN_OFFICE, "(本级)")  # a name that says so already is left as it is


@dataclass(frozen=True)
class RowData:
    """One row as read. ``key`` is the form's row key, the subject code, or a running number in a list."""

    key: str
    cells: Mapping[str, Cell]
    label: str = ""
    ref: CellRef | None = None  # the label or code cell

    def text(self, column: str) -> str:
        cell = self.cells.get(column)
        return cell.text if cell is not None else ""


def is_band(line: Line, row: RowData) -> bool:
    """Whether an indicator row is a heading over the whole width: nothing but the line's ``band`` column is filled."""
    return bool(line.band) and all(cell.text.strip() == "" for key, cell in row.cells.items() if key != line.band)


@dataclass(frozen=True)
class BlockData:
    key: str
    rows: tuple[RowData, ...] = ()
    free: CellRef | None = None  # where the next row would be typed; unknown in books that were not read from a file

    @cached_property
    def by_key(self) -> Mapping[str, RowData]:
        """First row of each key; duplicates are the checks' business."""
        found: dict[str, RowData] = {}
        for row in self.rows:
            found.setdefault(row.key, row)
        return found


@dataclass(frozen=True)
class FormData:
    """One sheet as read. ``divisor`` turns the workbook's money into 万元 (1 or 10000)."""

    form: Form
    sheet: str
    blocks: Mapping[str, BlockData]
    divisor: Decimal = Decimal(1)

    @cached_property
    def rows(self) -> Mapping[str, RowData]:
        """All keyed rows of the sheet; row keys are unique within a form."""
        found: dict[str, RowData] = {}
        for block in self.blocks.values():
            for key, row in block.by_key.items():
                found.setdefault(key, row)
        return found

    def to_fill(self, block: str = "") -> tuple[CellRef, ...]:
        """Where to type what the block (the first one, where none is named) lacks; the sheet's corner if unknown."""
        found = self.blocks.get(block) if block else next(iter(self.blocks.values()), None)
        return (found.free if found is not None and found.free is not None else CellRef(self.sheet, 1, 1),)

    def cell(self, row: str, column: str) -> Cell | None:
        data = self.rows.get(row)
        return data.cells.get(column) if data is not None else None

    def figure_of(self, cell: Cell | None, kind: Kind) -> Figure:
        """The cell's amount; a blank is zero and keeps its place, an absent cell is zero with no place."""
        if cell is None:
            return Figure(ZERO)
        if cell.kind is not CellKind.NUMBER or cell.number is None:
            return Figure(ZERO, (cell.ref,))
        value = cell.number / self.divisor if kind is Kind.MONEY and self.divisor != 1 else cell.number
        return Figure(value, (cell.ref,))

    def figure(self, row: str, column: str) -> Figure:
        return self.figure_of(self.cell(row, column), self._kind(row, column))

    def row_figure(self, row: RowData, column: str) -> Figure:
        """As ``figure``, for a row of a list or of an open table that is already at hand."""
        return self.figure_of(row.cells.get(column), self._kind(row.key, column))

    def text(self, row: str, column: str = "value") -> str:
        cell = self.cell(row, column)
        return cell.text if cell is not None else ""

    def _kind(self, row: str, column: str) -> Kind:
        return self._kinds.get((row, column)) or self._kinds.get(("", column)) or Kind.NUMBER

    @cached_property
    def _kinds(self) -> Mapping[tuple[str, str], Kind]:
        kinds: dict[tuple[str, str], Kind] = {}
        blocks = [*self.form.blocks, *(line.indicators for line in self.form.lines if line.indicators)]
        for block in blocks:
            for column in block.columns:
                kinds.setdefault(("", column.key), column.kind)
                for row in block.rows:
                    kinds[row.key, column.key] = (
                        row.kind if row.kind and column.key == "value" else None
                    ) or column.kind
        return kinds


@dataclass(frozen=True)
class Book:
    """Everything that was read: sheets by form id, and what the reader itself had to say."""

    edition: str
    path: str
    sheets: Mapping[str, tuple[FormData, ...]]
    findings: tuple[Finding, ...] = ()
    unit_of_amount: str = "万元"
    ignored_sheets: tuple[str, ...] = field(default=())

    def sheet(self, form_id: str) -> FormData | None:
        found = self.sheets.get(form_id, ())
        return found[0] if found else None

    def __iter__(self) -> Iterator[FormData]:
        for group in self.sheets.values():
            yield from group

    def figure(self, form_id: str, row: str, column: str) -> Figure:
        """The amount at form.row.column; zero without a source when the sheet or row is absent."""
        data = self.sheet(form_id)
        return data.figure(row, column) if data is not None else Figure(ZERO)

    def text(self, form_id: str, row: str, column: str = "value") -> str:
        data = self.sheet(form_id)
        return data.text(row, column) if data is not None else ""

    def rows(self, form_id: str, block: str) -> tuple[RowData, ...]:
        data = self.sheet(form_id)
        found = data.blocks.get(block) if data is not None else None
        return found.rows if found is not None else ()
