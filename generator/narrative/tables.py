"""The official tables as grids, and plain lists from supplementary sheets."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.blocks import Align, Block, Grid, GridCell, Paragraph, Section, Span, SpanKind, Style
from ..model.book import FormData, RowData
from ..model.figure import ZERO, Figure
from ..model.form import AMOUNT_KINDS, Column, Form, Kind, Row
from ..model.form import Block as FormBlock
from ..model.heads import body_depth, starts, table_head
from .context import Context
from .layout import column_widths
from .numbers import plain
from .wording import cell_ref, spans

_EMPTY = GridCell()
_ONE_PAGE = {"portrait": 36, "landscape": 22}  # rows of an open table that still fit a page in readable type


def sections(context: Context) -> tuple[Section, ...]:
    """One section per official table, in the edition's order; each begins a page."""
    return tuple(_section(context, form) for form in context.edition.tables)


def _section(context: Context, form: Form) -> Section:
    data = context.book.sheet(form.id)
    base = f"t.{form.id}"
    title = spans(context, form.title)
    blocks: list[Block] = [Paragraph(base, Style.TABLE_TITLE, title)]
    if form.form_no:
        blocks.append(Paragraph(f"{base}.number", Style.TABLE_NUMBER, (Span(form.form_no),)))
    left, right = spans(context, context.edition.department_line), spans(context, context.edition.amount_line)
    blocks.append(Paragraph(f"{base}.unit", Style.TABLE_UNIT, left, right))
    blocks.append(_grid(context, form, data, "".join(s.text for s in title)))
    for number, note in enumerate(form.notes, 1):
        blocks.append(Paragraph(f"{base}.note{number}", Style.TABLE_NOTE, spans(context, note)))
    if form.statement and not has_figures(data, form.statement_of):
        blocks.append(Paragraph(f"{base}.statement", Style.TABLE_NOTE, spans(context, context.statement(form))))
    return Section(f"table.{form.id}", tuple(blocks), landscape=form.orientation == "landscape")


def has_figures(data: FormData | None, only: Sequence[str] = ()) -> bool:
    """Whether the sheet (``only``: in these columns) holds any amount other than zero."""
    if data is None:
        return False
    return any(
        data.row_figure(row, column.key)
        for block in data.form.blocks
        if block.key in data.blocks
        for row in data.blocks[block.key].rows
        for column in block.columns
        if column.kind in AMOUNT_KINDS and (not only or column.key in only)
    )


def _grid(context: Context, form: Form, data: FormData | None, title: str) -> Grid:
    head, head_rows = table_head(form)
    rows: list[dict[int, GridCell]] = [{} for _ in range(head_rows)]
    for cell in head:
        kind = SpanKind.NUMERAL if cell.text.isdigit() else SpanKind.FIXED
        rows[cell.row][cell.column] = GridCell(cell.text, cell.across, cell.down, Align.CENTER, kind=kind)
    depth = body_depth(form)
    rows += [_fixed_line(context, form, data, index) for index in range(depth)]
    for cell in head:
        for below in range(head_rows, cell.row + cell.down):  # the names 类, 款, 项 beside the 合计 line
            rows[below].pop(cell.column, None)
    is_open = any(block.open for block in form.blocks)
    for block in form.blocks:
        if block.open:
            rows += [_open_line(context, data, block, row) for row in open_rows(data, block)]
    most = _ONE_PAGE[form.orientation]
    return Grid(
        id=f"t.{form.id}.grid",
        widths=column_widths(form, rows, head_rows),
        rows=tuple(tuple(line[at] for at in sorted(line)) for line in rows),
        # A name cannot reach out of the rows that are repeated: the line beside which it stands is repeated too.
        head_rows=max([head_rows, *(cell.row + cell.down for cell in head)]),
        dense=len(rows) <= most if is_open else depth > 1,
        description=title,
    )


def open_rows(data: FormData | None, block: FormBlock) -> tuple[RowData, ...]:
    """The rows of an open block as they stand in the workbook, without its fixed rows."""
    found = data.blocks.get(block.key) if data is not None else None
    if found is None:
        return ()
    fixed = {row.key for row in block.rows}
    return tuple(row for row in found.rows if row.key not in fixed)


def _fixed_line(context: Context, form: Form, data: FormData | None, index: int) -> dict[int, GridCell]:
    """One printed line through all blocks standing side by side: column → cell."""
    line: dict[int, GridCell] = {}
    start = 0
    for block in form.blocks:
        row = block.rows[index] if index < len(block.rows) else Row("", "", spacer=True)
        places = starts(block, start)
        for at, column in zip(places, block.columns, strict=False):
            line[at] = _fixed_cell(context, data, block, row, column, index)
        if not (index == 0 and block.split_beside_total):
            _merge_label(line, block, row, places)
        start = places[-1]
    return line


def _fixed_cell(
    context: Context, data: FormData | None, block: FormBlock, row: Row, column: Column, index: int
) -> GridCell:
    if column.kind is Kind.LINE:
        number = str(block.first_line + index) if block.first_line else ""
        return GridCell(number, align=Align.CENTER, kind=SpanKind.NUMERAL)
    if row.spacer:
        return _EMPTY
    if column.kind is Kind.CODE:
        return GridCell(row.code, colspan=column.across, bold=row.bold)
    if column.kind in (Kind.LABEL, Kind.NAME):
        return GridCell(row.label, bold=row.bold, align=Align.CENTER if row.bold and not row.code else Align.LEFT)
    figure = data.figure(row.key, column.key) if data is not None else Figure(ZERO)
    return _amount(context, figure, column.kind, row.bold)


def _merge_label(line: dict[int, GridCell], block: FormBlock, row: Row, places: Sequence[int]) -> None:
    """Give a row's label the width the form says: it ends just before the first amount."""
    lead = next((at for at, column in enumerate(block.columns) if column.kind in AMOUNT_KINDS), len(block.columns))
    label_at = next((at for at, c in enumerate(block.columns[:lead]) if c.kind in (Kind.LABEL, Kind.NAME)), None)
    if row.spacer or label_at is None:
        return
    has_code = any(column.kind is Kind.CODE for column in block.columns[:label_at])
    span = row.label_span or (label_at + 1 if has_code and not row.code else 1)
    if span == 1:
        return
    label = line[places[label_at]]
    end = lead if row.label_span else label_at + 1
    # A label may reach into the block at the left, which has no split columns.
    first = places[end - span] if end >= span else places[0] + end - span
    for at in range(first, places[end]):
        line.pop(at, None)
    line[first] = GridCell(label.text, colspan=places[end] - first, align=label.align, bold=label.bold)


def _open_line(context: Context, data: FormData | None, block: FormBlock, row: RowData) -> dict[int, GridCell]:
    line: dict[int, GridCell] = {}
    for at, column in zip(starts(block), block.columns, strict=False):
        cell = row.cells.get(column.key)
        if column.kind in AMOUNT_KINDS:
            figure = data.row_figure(row, column.key) if data is not None else Figure(ZERO)
            line[at] = _amount(context, figure, column.kind)
            continue
        text = cell.text if cell is not None else ""
        if column.kind is Kind.NAME and not text:
            text = context.subject(row.key)
        if column.kind is Kind.CODE:
            text = row.key if row.key.isdigit() else text
        sources = cell_ref(cell) or ((row.ref,) if row.ref is not None else ())
        line[at] = GridCell(text, column.across, kind=SpanKind.USER, cells=sources)
    return line


def _amount(context: Context, figure: Figure, kind: Kind, bold: bool = False) -> GridCell:
    if not figure.value:
        text = ""
    else:
        text = context.table_numbers.money(figure.value) if kind is Kind.MONEY else plain(figure.value)
    return GridCell(text, align=Align.RIGHT, bold=bold, kind=SpanKind.FIGURE, cells=figure.cells)


def list_grid(
    context: Context,
    form_id: str,
    block_key: str,
    *,
    id: str,
    widths: tuple[float, ...],
    ordinal_head: str = "序号",
) -> Grid | None:
    """A free list as a table with running numbers, or None when nothing is filled in.

    ``widths`` are in mm, the ordinal's column first (no such column when ``ordinal_head`` is empty).
    """
    form = context.edition.form(form_id)
    block = form.block(block_key)
    data = context.book.sheet(form_id)
    rows: list[tuple[GridCell, ...]] = []
    for row in context.book.rows(form_id, block_key):
        cells = [_list_cell(context, data, row, column) for column in block.columns]
        if not any(cell.text for cell in cells):
            continue
        if ordinal_head:
            cells.insert(0, GridCell(str(len(rows) + 1), align=Align.CENTER, kind=SpanKind.NUMERAL))
        rows.append(tuple(cells))
    if not rows:
        return None
    names = ((ordinal_head,) if ordinal_head else ()) + tuple(column.head[-1] for column in block.columns)
    head = tuple(GridCell(name, align=Align.CENTER, bold=True) for name in names)
    return Grid(id, widths, (head, *rows), head_rows=1, description=block.title or form.title)


def _list_cell(context: Context, data: FormData | None, row: RowData, column: Column) -> GridCell:
    if column.kind in AMOUNT_KINDS and data is not None:
        return _amount(context, data.row_figure(row, column.key), column.kind)
    return GridCell(row.text(column.key), kind=SpanKind.USER, cells=cell_ref(row.cells.get(column.key)))


__all__ = ["has_figures", "list_grid", "open_rows", "sections"]
