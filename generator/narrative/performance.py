"""绩效评价报告 and the performance forms, laid out on the grid that the form declares."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..model.blocks import Align, Block, Grid, GridCell, Paragraph, Span, SpanKind, Style
from ..model.book import FormData, RowData
from ..model.form import Form, Kind, Line, Part, Role
from .context import Context
from .layout import fits_page
from .wording import cell_ref, chinese, spans

_SECTION = re.compile(r"[一二三四五六七八九十]+、")
_SUBSECTION = re.compile(r"[（(][一二三四五六七八九十]+[)）]")
_LONGEST_HEADING = 40  # characters; a longer paragraph is text, however it begins
_SEVERAL = re.compile(r"[、，,；;\s]+")
_SHORT = 8  # characters that stand centred without looking ragged
_CHECKED, _UNCHECKED = "☑", "□"


def blocks(context: Context) -> tuple[Block, ...]:
    """The report, then every form that has content; each but the first begins a page."""
    made: list[Block] = list(_report(context))
    for form in context.edition.forms:
        if form.role is Role.PERFORMANCE:
            made += _forms(context, form, begins_page=bool(made))
    return tuple(made)


def _report(context: Context) -> tuple[Block, ...]:
    wanted = context.edition.yaml("report.yaml")
    title, form_id, block = wanted.text("title"), wanted.text("form"), wanted.text("block")
    wanted.done()
    rows = [row for row in context.book.rows(form_id, block) if row.text("text").strip()]
    if not rows:
        return ()
    made: list[Block] = [Paragraph("perf.report", Style.FORM_TITLE, spans(context, title))]
    for number, row in enumerate(rows, 1):
        text = row.text("text").strip()
        span = Span(text, SpanKind.USER, cell_ref(row.cells.get("text")))
        made.append(Paragraph(f"perf.report.p{number}", heading_style(text), (span,)))
    return tuple(made)


def heading_style(text: str) -> Style:
    """How a paragraph typed by the user is set: “一、…” and “（一）…” as headings, all else as body text."""
    if len(text) <= _LONGEST_HEADING and "。" not in text.rstrip("。"):
        if _SECTION.match(text):
            return Style.SECTION
        if _SUBSECTION.match(text):
            return Style.SUBSECTION
    return Style.BODY


def _forms(context: Context, form: Form, begins_page: bool) -> list[Block]:
    filled = [data for data in context.book.sheets.get(form.id, ()) if _has_content(data)]
    made: list[Block] = []
    for number, data in enumerate(filled, 1):
        base = f"perf.{form.id}.{number}" if form.repeat else f"perf.{form.id}"
        if number == 1 and form.group_title:
            title = spans(context, form.group_title)
            made.append(Paragraph(f"perf.{form.id}", Style.FORM_TITLE, title, new_page=begins_page))
        new_page = number > 1 or (begins_page and not form.group_title)
        made += _form(context, form, data, base, number, new_page)
    return made


def _has_content(data: FormData) -> bool:
    """Whether anything but the date above the form is filled in."""
    date = data.form.header.field if data.form.header is not None else ""
    return any(
        cell.text.strip()
        for block in data.blocks.values()
        for row in block.rows
        if row.key != date
        for cell in row.cells.values()
    )


def _form(context: Context, form: Form, data: FormData, base: str, number: int, new_page: bool) -> list[Block]:
    own: dict[str, Span] = {"ordinal": Span(chinese(number), SpanKind.NUMERAL)}
    for row in data.rows.values():
        own[row.key] = Span(row.text("value").strip(), SpanKind.USER, cell_ref(row.cells.get("value")))
    title = spans(context, form.title, own)
    style = Style.SECTION if form.group_title else Style.FORM_TITLE
    made: list[Block] = [Paragraph(base, style, title, new_page=new_page)]
    if form.header is not None:
        right: tuple[Span, ...] = ()
        date = own.get(form.header.field)
        if date is not None and date.text:
            right = (Span(f"{form.header.right}："), date)
        left = spans(context, form.header.left, own)
        made.append(Paragraph(f"{base}.head", Style.TABLE_UNIT, left, right))
    description = "".join(span.text for span in title)
    rows = grid_rows(form, data)
    dense = fits_page(form.grid, rows)
    made.append(Grid(f"{base}.grid", form.grid, rows, dense=dense, description=description))
    return made


def grid_rows(form: Form, data: FormData) -> tuple[tuple[GridCell, ...], ...]:
    """All rows of a performance form; a part that reaches down pushes the parts of the next lines aside."""
    rows: list[tuple[GridCell, ...]] = []
    taken: dict[int, int] = {}  # grid column → printed lines it is still covered for
    for line in form.lines:
        if line.indicators is not None:
            rows += _indicators(line, data)
            continue
        cells: list[GridCell] = []
        covered, taken = taken, {column: left - 1 for column, left in taken.items() if left > 1}
        at = 0
        for part in line.parts:
            while at in covered:
                at += 1
            cells.append(_part(part, data))
            if part.down > 1:
                taken.update(dict.fromkeys(range(at, at + part.span), part.down - 1))
            at += part.span
        rows.append(tuple(cells))
    return tuple(rows)


def _part(part: Part, data: FormData) -> GridCell:
    if not part.field:
        return GridCell(part.label, part.span, part.down, Align.CENTER)
    sources = cell_ref(data.cell(part.field, "value"))
    text = data.text(part.field).strip()
    if part.kind is Kind.CHECKS:
        return GridCell(_checks(part.options, text), part.span, part.down, Align.LEFT, cells=sources)
    if text and part.suffix and not text.endswith(part.suffix):
        text += part.suffix
    align = Align.LEFT if part.kind is Kind.PROSE else Align.CENTER
    return GridCell(text, part.span, part.down, align, kind=SpanKind.USER, cells=sources)


def _checks(options: tuple[str, ...], chosen: str) -> str:
    """1、部门预算项目 ☑ 2、市直专项 □ …; what was chosen beside the options is printed after them."""
    wanted = [chosen] if chosen in options else [part for part in _SEVERAL.split(chosen) if part]
    shown = [
        f"{number}、{option} {_CHECKED if option in wanted else _UNCHECKED}" for number, option in enumerate(options, 1)
    ]
    shown += [f"{other} {_CHECKED}" for other in wanted if other not in options]
    return " ".join(shown)


def _indicators(line: Line, data: FormData) -> list[tuple[GridCell, ...]]:
    block = line.indicators
    if block is None:
        return []
    found = data.blocks.get(block.key)
    listed = [row for row in found.rows if any(c.text.strip() for c in row.cells.values())] if found else []
    merged = _merged(listed, line.merge_down)
    centred = {c.key for c in block.columns if all(len(row.text(c.key)) <= _SHORT for row in listed)}
    head = [GridCell(c.head[-1], c.span, align=Align.CENTER) for c in block.columns]
    if line.side is not None:
        head.insert(0, GridCell(line.side.label, line.side.span, len(listed) + 1, Align.CENTER))
    rows = [tuple(head)]
    for index, row in enumerate(listed):
        cells: list[GridCell] = []
        for column in block.columns:
            down = merged.get((index, column.key), 1)
            if not down:
                continue
            in_group = column.key in line.merge_down or column.key in centred
            align = Align.CENTER if in_group else Align.LEFT
            sources = cell_ref(row.cells.get(column.key))
            text = row.text(column.key).strip()
            cells.append(GridCell(text, column.span, down, align, kind=SpanKind.USER, cells=sources))
        rows.append(tuple(cells))
    return rows


def _merged(rows: list[RowData], columns: tuple[str, ...]) -> Mapping[tuple[int, str], int]:
    """Rows that each cell covers, 0 where one above covers it.

    A blank goes on with the cell above, as merged cells of a spreadsheet do; a column merges only where the columns
    before it in ``columns`` do.
    """
    spans_: dict[tuple[int, str], int] = {}
    start = dict.fromkeys(columns, 0)
    for index, row in enumerate(rows):
        broken = index == 0
        for column in columns:
            text = row.text(column).strip()
            broken = broken or text not in ("", rows[start[column]].text(column).strip())
            if broken:
                start[column] = index
                spans_[index, column] = 1
            else:
                spans_[start[column], column] += 1
                spans_[index, column] = 0
    return spans_


__all__ = ["blocks", "grid_rows", "heading_style"]
