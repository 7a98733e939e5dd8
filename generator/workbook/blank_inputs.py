"""The supplementary sheets: blocks below each other, with titles, hints, heads, drop-downs and defaults."""

from __future__ import annotations

from openpyxl.worksheet.worksheet import Worksheet

from ..model.form import Column, Kind, OpenRows, Row
from ..model.heads import stacked
from .blank_plan import BlockPlan, RowPlan, SheetPlan
from .blank_sheet import Kit, Pen
from .blank_spots import Spot, address
from .blank_style import (
    FIXED_CELL,
    HEAD_CELL,
    HEADING,
    HELP,
    HINT,
    LABEL,
    TITLE,
    WARN,
    Look,
    alarm,
)
from .blank_tables import watch_sums, write_value

_REQUIRED = "必填。"
_ROW, _PROSE_ROW = 20.0, 34.0
_BY_THE_TOOL = frozenset({("unit", "edition")})  # filled in here, not by the user
_WIDE = 100.0  # sheets wider than this (in characters) are printed across


def write_inputs(kit: Kit, sheet: Worksheet, plan: SheetPlan) -> None:
    """Fill ``sheet`` with a supplementary form."""
    pen = Pen(kit, sheet, plan)
    width = len(plan.widths)
    pen.widths(plan.widths)
    pen.wording(1, 1, plan.form.title, TITLE, last=width)
    sheet.row_dimensions[1].height = 30
    if plan.form.hint:
        pen.wording(2, 1, plan.form.hint, HINT.but(horizontal="center"), last=width)
        pen.height(2, plan.form.hint, sum(plan.widths), HINT.size)
    for block in plan.blocks:
        _block(kit, pen, plan, block)
    single = len(plan.blocks) == 1
    landscape = sum(plan.widths) > _WIDE or plan.form.orientation == "landscape"
    pen.page(width, plan.last_row, landscape=landscape, head=plan.head if single else (1, 1), one=False)
    sheet.freeze_panes = address(1, plan.head[1] + 1 if single else 2 + bool(plan.form.hint))


def _block(kit: Kit, pen: Pen, plan: SheetPlan, block: BlockPlan) -> None:
    width = max(last for _, last in block.places.values())
    if block.title_row:
        pen.wording(block.title_row, 1, block.block.title, HEADING, last=width)
        pen.sheet.row_dimensions[block.title_row].height = 24
    if block.hint_row:
        pen.wording(block.hint_row, 1, block.block.hint, HINT, last=width)
        pen.height(block.hint_row, block.block.hint, _width(plan, 1, width), HINT.size)
    columns = block.block.columns
    for head in stacked(tuple(column.head for column in columns)):
        first, last = (
            block.places[columns[head.column].key][0],
            block.places[columns[head.column + head.across - 1].key][1],
        )
        row = block.head_row + head.row
        cell = pen.put(row, first, head.text, HEAD_CELL, last=last, down=head.down)
        pen.watch_label(cell, head.text)
        pen.sheet.row_dimensions[row].height = 22
        column = columns[head.column]
        if column.comment and head.text == column.head[-1]:
            pen.comment(cell, column.comment)
    for row_plan in block.rows:
        pen.sheet.row_dimensions[row_plan.number].height = _ROW
        for column in columns:
            _cell(kit, pen, plan, block, row_plan, column)
    watch_sums(pen, kit.formulas, plan, block)


def _cell(kit: Kit, pen: Pen, plan: SheetPlan, block: BlockPlan, row: RowPlan, column: Column) -> None:
    first, last = block.places[column.key]
    number = row.number
    width = _width(plan, first, last)
    form_row = row.row
    if form_row is not None and form_row.spacer:
        pen.put(number, first, None, Look(), last=last)
    elif form_row is not None and column.kind is Kind.LABEL:
        _label(pen, form_row, number, first, last, width)
    elif form_row is not None and column.kind is Kind.HELP:
        text = (_REQUIRED if form_row.required else "") + form_row.comment
        pen.put(number, first, text or None, HELP, last=last)
        pen.height(number, text, width, HELP.size)
    elif form_row is not None and column.kind in (Kind.CODE, Kind.NAME):
        _fixed_code(pen, block, form_row, number, column)
    else:
        _value(kit, pen, Spot(plan, block, row, column), last, width)


def _label(pen: Pen, row: Row, number: int, first: int, last: int, width: float) -> None:
    indent = 1 if row.label.startswith("其中") else 0
    cell = pen.put(number, first, row.label, LABEL.but(bold=row.bold, indent=1 + indent), last=last)
    pen.height(number, row.label, width - 2 - 2 * indent)
    pen.watch_label(cell, row.label)
    columns = next(b for b in (pen.plan.blocks if pen.plan else ()) if number in {r.number for r in b.rows})
    if row.comment and not any(c.kind is Kind.HELP for c in columns.block.columns):
        pen.comment(cell, row.comment)


def _fixed_code(pen: Pen, block: BlockPlan, row: Row, number: int, column: Column) -> None:
    """Code and name of a fixed row; a row without a code carries its label across both."""
    spans = [block.places[c.key] for c in block.block.columns if c.kind in (Kind.CODE, Kind.NAME)]
    first, last = block.places[column.key]
    look = LABEL.but(bold=row.bold)
    if row.code:
        pen.put(number, first, row.code if column.kind is Kind.CODE else row.label, look, last=last)
    elif first == spans[0][0]:
        cell = pen.put(number, first, row.label, look.but(horizontal="center"), last=spans[-1][1])
        pen.watch_label(cell, row.label)


def _value(kit: Kit, pen: Pen, spot: Spot, last: int, width: float) -> None:
    _, block, row, column = spot
    first = block.column_at(column.key)
    form_row = row.row
    kind = block.block.kind_of(form_row, column) if form_row is not None else column.kind
    write_value(pen, kit.formulas, spot, last=last)
    cell = pen.sheet.cell(row.number, first)
    if (spot.sheet.form.id, row.key) in _BY_THE_TOOL:
        kit.paint(cell, FIXED_CELL)
    value = row.values.get(column.key)
    if isinstance(value, str) and kind in (Kind.TEXT, Kind.PROSE):
        pen.height(row.number, value, width)
    elif kind is Kind.PROSE:
        pen.sheet.row_dimensions[row.number].height = _PROSE_ROW
    choices = (form_row.choices if form_row is not None else ()) or column.choices
    if choices and kind in (Kind.CHOICE, Kind.CHECKS):
        pen.choose(cell, choices)
    elif kind is Kind.CODE:
        pen.pick(cell, kit.codes(block.block.open or OpenRows()), strict=False)
    if form_row is not None and form_row.required and column is block.block.value_columns[0]:
        pen.sheet.conditional_formatting.add(cell.coordinate, alarm(f"LEN(TRIM({cell.coordinate}))=0", WARN))


def _width(plan: SheetPlan, first: int, last: int) -> float:
    return sum(plan.widths[first - 1 : last]) - 1
