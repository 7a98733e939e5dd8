"""Official tables as a reporting program may export them: the same table in many layouts, .xlsx or .xls."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import xlwt

from generator.editions import Edition
from generator.model.form import Kind
from generator.workbook.blank import build
from generator.workbook.blank_plan import TABLE_TOP


@dataclass
class Grid:
    """One sheet: ``cells`` and ``merges`` by row and column from 1; ``head`` are the head's first and last row."""

    name: str
    cells: dict[tuple[int, int], Any]
    merges: list[tuple[int, int, int, int]]
    head: tuple[int, int]
    code: int = 0  # column of whole codes, 0 = none
    form: str = ""

    def insert_row(self, at: int) -> None:
        self.cells = {(r + (r >= at), c): v for (r, c), v in self.cells.items()}
        self.merges = [(t + (t >= at), a, b + (b >= at), z) for t, a, b, z in self.merges]
        self.head = (self.head[0] + (self.head[0] >= at), self.head[1] + (self.head[1] >= at))

    def insert_column(self, at: int) -> None:
        self.cells = {(r, c + (c >= at)): v for (r, c), v in self.cells.items()}
        self.merges = [(t, a + (a >= at), b, z + (z >= at)) for t, a, b, z in self.merges]
        self.code += self.code >= at


@dataclass(frozen=True)
class Layout:
    """How the tables look. ``yuan``: amounts in 元, and the line says so unless ``silent``."""

    blank_rows: tuple[int, ...] = ()  # before these rows, counted from the head's first row
    blank_columns: tuple[int, ...] = ()
    rows_above: int = 0
    spaced: bool = False
    yuan: bool = True
    silent: bool = False
    titled: bool = True
    split_codes: bool = False
    texts: bool = False  # amounts as text with thousands
    merged: bool = True
    old: bool = False  # .xls
    single_file: bool = True
    sheet_names: bool = True
    noise: dict[str, Any] = field(default_factory=dict)


def grids(edition: Edition, content: dict[str, Any]) -> list[Grid]:
    return grids_of(edition, build(edition, content))


def grids_of(edition: Edition, workbook: bytes) -> list[Grid]:
    book = openpyxl.load_workbook(io.BytesIO(workbook), data_only=True)
    found = []
    for form in edition.tables:
        sheet = book[form.sheet]
        cells = {(c.row, c.column): c.value for row in sheet.iter_rows() for c in row if c.value not in (None, "")}
        merges = [(m.min_row, m.min_col, m.max_row, m.max_col) for m in sheet.merged_cells.ranges]
        last = next(
            r for r in range(TABLE_TOP, 20) if sheet.row_dimensions[r].height == sheet.row_dimensions[r + 3].height
        )
        depth = max(len(column.head) for block in form.blocks for column in block.columns)
        whole = any(
            c.kind is Kind.CODE and not c.split
            for b in form.blocks
            if b.open and len(b.open.levels) == 3
            for c in b.columns
        )
        assert last
        found.append(Grid(form.sheet, cells, merges, (TABLE_TOP, TABLE_TOP + depth - 1), 1 if whole else 0, form.id))
    return found


def laid_out(grid: Grid, layout: Layout, workbook_in_yuan: bool) -> Grid:
    cells = dict(grid.cells)
    made = Grid(grid.name, cells, list(grid.merges), grid.head, grid.code, grid.form)
    for (row, column), value in list(cells.items()):
        if isinstance(value, (int, float)) and row > made.head[1]:
            cells[row, column] = value
    if not layout.titled:
        for place in [p for p in cells if p[0] == 1]:
            del cells[place]
    for (row, column), value in list(cells.items()):
        if (row < made.head[0] and isinstance(value, str) and "金额单位" in value) or (
            isinstance(value, str) and value.startswith("单位：")
        ):
            if layout.silent:
                del cells[row, column]
            else:
                cells[row, column] = f"金额单位：{'元' if layout.yuan else '万元'}"
        elif (
            layout.spaced and isinstance(value, str) and len(value) < 12 and row >= made.head[0] and not value.isdigit()
        ):
            cells[row, column] = " " + "　".join(value) + " "
    if layout.split_codes and made.code:
        _split(made)
    for offset in sorted(layout.blank_rows, reverse=True):
        made.insert_row(made.head[0] + offset)
    for column in sorted(layout.blank_columns, reverse=True):
        made.insert_column(column)
    for _ in range(layout.rows_above):
        made.insert_row(2)
    if not layout.merged:
        made.merges = []
    return made


def _split(grid: Grid) -> None:
    """201 03 50 over three columns, their names in a line of its own below the head."""
    at = grid.code
    grid.insert_column(at + 1)
    grid.insert_column(at + 1)
    grid.code = at
    bottom = grid.head[1] + 1
    grid.insert_row(bottom)
    grid.head = (grid.head[0], bottom)
    for n, name in enumerate(("类", "款", "项")):
        grid.cells[bottom, at + n] = name
    for (row, column), value in list(grid.cells.items()):
        if column == at and row > bottom and isinstance(value, str) and value.isdigit():
            pieces = (value[:3], value[3:5], value[5:7])
            for n, piece in enumerate(pieces):
                grid.cells.pop((row, at + n), None)
                if piece:
                    grid.cells[row, at + n] = piece


def amounts(grid: Grid, edition: Edition, factor: Decimal, texts: bool) -> None:
    """Money times ``factor``; 行次 and 栏次 stay what they are."""
    lines = {c for (r, c), v in grid.cells.items() if isinstance(v, str) and "".join(v.split()) == "行次"}
    for (row, column), value in list(grid.cells.items()):
        if row <= grid.head[1] or column in lines or isinstance(value, (str, bool)):
            continue
        if any("".join(str(grid.cells.get((row, c), "")).split()) == "栏次" for c in range(1, 12)):
            continue
        amount = Decimal(str(value)) * factor
        grid.cells[row, column] = (
            f"{amount:,.2f}" if texts and amount == amount.quantize(Decimal("0.01")) else float(amount)
        )


def write(tables: list[Grid], folder: Path, layout: Layout) -> list[Path]:
    groups = [tables] if layout.single_file else [[one] for one in tables]
    return [
        _file(group, folder / f"导出{n}{'.xls' if layout.old else '.xlsx'}", layout)
        for n, group in enumerate(groups, 1)
    ]


def _file(group: list[Grid], path: Path, layout: Layout) -> Path:
    names = [grid.name[:31] if layout.sheet_names else f"Sheet{n}" for n, grid in enumerate(group, 1)]
    if layout.old:
        old = xlwt.Workbook(encoding="utf-8")
        for name, grid in zip(names, group, strict=True):
            sheet = old.add_sheet(name, cell_overwrite_ok=True)
            for top, left, bottom, right in grid.merges:
                sheet.merge(top - 1, bottom - 1, left - 1, right - 1)
            for (row, column), value in sorted(grid.cells.items()):
                if isinstance(value, str) and value.startswith("#"):
                    sheet.row(row - 1).set_cell_error(column - 1, value)
                else:
                    sheet.write(row - 1, column - 1, value)
        old.save(str(path))
        return path
    new = openpyxl.Workbook()
    new.remove(new.active)
    for name, grid in zip(names, group, strict=True):
        sheet = new.create_sheet(name)
        for (row, column), value in grid.cells.items():
            sheet.cell(row, column).value = value
        for top, left, bottom, right in grid.merges:
            sheet.merge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)
    new.save(path)
    return path
