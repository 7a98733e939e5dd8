"""A book as ``content``: what ``workbook.blank.build`` needs to write the same workbook anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ..editions import Edition
from ..model.book import BlockData, Book, FormData, RowData
from ..model.cell import Cell, CellKind
from ..model.form import Block, Form, Kind, Role, Row
from ..workbook.blank_formulas import Formulas
from ..workbook.blank_plan import BlockPlan, Content, RowPlan, SheetPlan, Value, plan
from ..workbook.blank_spots import Spot, SubjectList

FIELDS, VALUE = "fields", "value"
_BY_FORM = frozenset({Kind.LABEL, Kind.LINE, Kind.HELP, Kind.RATE})  # never given
_NAMED_BY_FORM = frozenset({Kind.CODE, Kind.NAME})  # of a fixed row


def content(edition: Edition, book: Book) -> dict[str, Any]:
    """Everything in ``book``, in its own unit of amount, by the keys of ``edition`` (the one it was read by).

    A cell whose formula gives what the form's own formula would give is left to that formula; any other keeps its
    value. Where the form has a default or a formula and the book a blank, the blank is given as an empty text.
    """
    given = {
        form.id: ([sheet_content(data) for data in group] if form.repeat else sheet_content(group[0]))
        for form in edition.forms
        if (group := book.sheets.get(form.id))
    }
    _settle(edition, book, given)
    return given


def value_of(cell: Cell) -> Value | None:
    """What the cell holds, exact; None for a blank one."""
    if cell.kind is CellKind.NUMBER and cell.number is not None:
        # Printed as typed: what is shown counts, 95.00% and not 0.95.
        return cell.number if cell.text == f"{cell.number:f}" or not cell.text else _typed(cell)
    return None if cell.kind is CellKind.BLANK else cell.text


def _typed(cell: Cell) -> Value:
    assert cell.number is not None
    try:
        same = Decimal(cell.text) == cell.number
    except ArithmeticError:
        same = False
    return cell.number if same and cell.text == str(cell.number) else cell.text


def sheet_content(data: FormData) -> dict[str, Any]:
    if data.form.role is Role.PERFORMANCE:
        found: dict[str, Any] = {}
        for line in data.form.lines:
            if line.indicators is not None and line.indicators.key in data.blocks:
                found[line.indicators.key] = _open(line.indicators, data.blocks[line.indicators.key], data.form)
        fields = data.blocks.get(FIELDS)
        found[FIELDS] = {row.key: given for row in (fields.rows if fields else ()) if (given := _cells(None, row, {}))}
        return found
    return {
        block.key: _open(block, there, data.form) if block.open is not None else _fixed(block, there)
        for block in data.form.blocks
        if (there := data.blocks.get(block.key)) is not None
    }


def _fixed(block: Block, data: BlockData) -> dict[str, dict[str, Value]]:
    rows = {row.key: row for row in block.rows}
    return {row.key: _cells(block, row, rows) for row in data.rows}


def _open(block: Block, data: BlockData, form: Form) -> list[dict[str, Value]]:
    rows = {row.key: row for row in block.rows}
    found: list[dict[str, Value]] = []
    for row in data.rows:
        cells = _cells(block, row, rows)
        found.append({"_key": row.key, **cells} if row.key in rows else cells)
    return found


def _cells(block: Block | None, row: RowData, rows: Mapping[str, Row]) -> dict[str, Value]:
    form_row = rows.get(row.key)
    found: dict[str, Value] = {}
    for key, cell in row.cells.items():
        if block is not None:
            column = block.column(key)
            kind = block.kind_of(form_row, column) if form_row is not None else column.kind
            if kind in _BY_FORM or (form_row is not None and column.kind in _NAMED_BY_FORM):
                continue
            value = cell.number if kind is not Kind.VERBATIM and cell.number is not None else value_of(cell)
        else:
            value = value_of(cell)
        if value is not None:
            found[key] = value
    return found


def _settle(edition: Edition, book: Book, given: dict[str, Any]) -> None:
    """Formulas that say the same are left to the form; blanks that a default or a formula would fill stay blank."""
    places = _Places(edition, given)
    told = [(rows, key, cell) for rows, row in _rows(edition, book, given) for key, cell in row.cells.items()]
    # Each formula is tried on the values around it: those that agree can go together.
    same = [
        (rows, key) for rows, key, cell in told if cell.formula and key in rows and places.gives(rows, key, rows[key])
    ]
    blanks = [
        (rows, key)
        for rows, key, cell in told
        if key not in rows and cell.kind is CellKind.BLANK and not cell.formula and not places.gives(rows, key, None)
    ]
    for rows, key in same:
        del rows[key]
    for rows, key in blanks:
        rows[key] = ""


def _same(computed: Value | None, read: Value | None) -> bool:
    if isinstance(computed, str) or computed is None or isinstance(read, str) or read is None:
        return ("" if computed is None else computed) == ("" if read is None else read)  # a 0 is no blank
    # A spreadsheet holds about 15 digits.
    return abs(Decimal(computed) - Decimal(read)) <= abs(Decimal(read)).scaleb(-14)


def _rows(edition: Edition, book: Book, given: Mapping[str, Any]) -> Iterable[tuple[dict[str, Value], RowData]]:
    """Each row of tables and supplementary sheets as given, with the row as read."""
    for form in edition.forms:
        if form.role is Role.PERFORMANCE or form.id not in given:
            continue
        copies = given[form.id] if form.repeat else [given[form.id]]
        for data, sheet in zip(book.sheets[form.id], copies, strict=True):
            for key, block in data.blocks.items():
                if isinstance(sheet[key], dict):
                    yield from ((sheet[key][row.key], row) for row in block.rows)
                else:
                    yield from zip(sheet[key], block.rows, strict=True)


class _Places:
    """What the new workbook would show in a cell of a given row that has no value of its own."""

    def __init__(self, edition: Edition, given: Content) -> None:
        sheets = plan(edition, given)
        self._formulas = Formulas(sheets, SubjectList("", 1, dict(edition.subjects)))
        self._spots: dict[int, tuple[SheetPlan, BlockPlan, RowPlan]] = {}
        for sheet in sheets:
            for block in sheet.blocks:
                there = sheet.content.get(block.block.key) or ()
                fixed = {key: id(rows) for key, rows in there.items()} if isinstance(there, Mapping) else {
                    str(rows["_key"]): id(rows) for rows in there if "_key" in rows
                }  # fmt: skip
                free = [] if isinstance(there, Mapping) else [id(rows) for rows in there if "_key" not in rows]
                for row in block.rows:
                    if row.row is not None and row.key in fixed:
                        self._spots[fixed[row.key]] = (sheet, block, row)
                for name, row in zip(free, [r for r in block.rows if r.row is None], strict=False):
                    self._spots[name] = (sheet, block, row)

    def gives(self, rows: Mapping[str, Value], column: str, value: Value | None) -> bool:
        """Whether the form by itself shows that value (None: nothing) in the cell."""
        if id(rows) not in self._spots:
            return value is None
        sheet, block, row = self._spots[id(rows)]
        return _same(self._formulas.computed(Spot(sheet, block, row, block.block.column(column))), value)
