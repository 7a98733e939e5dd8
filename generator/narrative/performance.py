"""绩效评价报告 and the performance forms, laid out on the grid that the form declares."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..model.blocks import Align, Block, Grid, GridCell, Paragraph, Span, SpanKind, Style
from ..model.book import FormData, RowData, is_band
from ..model.form import Block as FormBlock
from ..model.form import Column, Form, Group, Kind, Line, Part, Role
from .context import Context
from .layout import fits_page
from .wording import cell_ref, chinese, spans

_SECTION = re.compile(r"[一二三四五六七八九十]+、")
_SUBSECTION = re.compile(r"[（(][一二三四五六七八九十]+[)）]")
_LONGEST_HEADING = 40  # characters; a longer paragraph is text, however it begins
_SEVERAL = re.compile(r"[、，,；;\s]+")
_SHORT = 8  # characters that stand centred without looking ragged
_MARKS = ("{n}、{option} ☑", "{n}、{option} □")
_REPORT = "report.yaml"
_ACROSS = "landscape"


def blocks(context: Context) -> tuple[Block, ...]:
    """The report, then every form that has content; each but the first begins a page."""
    return tuple(block for _, group in pages(context) for block in group)


def pages(context: Context) -> tuple[tuple[bool, tuple[Block, ...]], ...]:
    """As ``blocks``, in runs of pages that stand upright (False) or across (True)."""
    runs: list[tuple[bool, list[Block]]] = []
    report = _report(context)
    if report:
        runs.append((False, list(report)))
    headings = 0
    for form in context.edition.forms:
        if form.role is not Role.PERFORMANCE:
            continue
        across = form.orientation == _ACROSS
        turned = not runs or runs[-1][0] != across  # pages of another orientation begin anew by themselves
        made = _forms(context, form, headings, begins_page=not turned)
        headings += len(filled(context, form)) if form.heading else 0
        if made and turned:
            runs.append((across, []))
        if made:
            runs[-1][1].extend(made)
    return tuple((across, tuple(group)) for across, group in runs)


def _report(context: Context) -> tuple[Block, ...]:
    if not context.edition.has(_REPORT):
        return ()
    wanted = context.edition.yaml(_REPORT)
    if not wanted.has("form"):  # an edition that has none says so with an empty file, whatever its parent has
        wanted.done()
        return ()
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


def filled(context: Context, form: Form) -> tuple[FormData, ...]:
    """The sheets of a performance form that have content: those that are printed."""
    return tuple(data for data in context.book.sheets.get(form.id, ()) if _has_content(data))


def _forms(context: Context, form: Form, headings: int, begins_page: bool) -> list[Block]:
    made: list[Block] = []
    for number, data in enumerate(filled(context, form), 1):
        base = f"perf.{form.id}.{number}" if form.repeat else f"perf.{form.id}"
        if number == 1 and form.group_title:
            title = spans(context, form.group_title)
            made.append(Paragraph(f"perf.{form.id}", Style.FORM_TITLE, title, new_page=begins_page))
        new_page = number > 1 or (begins_page and not form.group_title)
        made += _form(context, form, data, base, number + headings, new_page)
    return made


def _has_content(data: FormData) -> bool:
    """Whether anything but the date above the form, and what stands there by itself, is filled in."""
    own = {part.field for line in data.form.lines for part in line.parts if part.default}
    own |= {data.form.header.field} if data.form.header is not None else set()
    return any(
        cell.text.strip()
        for block in data.blocks.values()
        for row in block.rows
        if row.key not in own
        for cell in row.cells.values()
    )


def _form(context: Context, form: Form, data: FormData, base: str, number: int, new_page: bool) -> list[Block]:
    own: dict[str, Span] = {"ordinal": Span(chinese(number), SpanKind.NUMERAL)}
    for row in data.rows.values():
        own[row.key] = Span(row.text("value").strip(), SpanKind.USER, cell_ref(row.cells.get("value")))
    title = spans(context, form.title, _fitting(form.title, own))
    style = Style.SECTION if form.group_title else Style.FORM_TITLE
    made: list[Block] = []
    if form.heading:
        heading = spans(context, form.heading, _fitting(form.heading, own))
        made.append(Paragraph(f"{base}.heading", Style.SECTION, heading, new_page=new_page))
    made.append(Paragraph(base, style, title, new_page=new_page and not form.heading))
    if form.header is not None:
        right: tuple[Span, ...] = ()
        date = own.get(form.header.field)
        if date is not None and date.text:
            right = (Span(f"{form.header.right}："), date)
        elif not form.header.field:
            right = spans(context, form.header.right, own)
        left = spans(context, form.header.left, own)
        made.append(Paragraph(f"{base}.head", Style.TABLE_UNIT, left, right))
    description = "".join(span.text for span in title)
    rows = grid_rows(form, data)
    dense = fits_page(form.grid, rows, form.orientation == _ACROSS)
    made.append(Grid(f"{base}.grid", form.grid, rows, dense=dense, description=description))
    for note_number, note in enumerate(form.notes, 1):
        made.append(Paragraph(f"{base}.note{note_number}", Style.TABLE_NOTE, spans(context, note)))
    return made


_FIELD_BEFORE = re.compile(r"\{(\w+)\}([^{]+)")


def _fitting(text: str, own: Mapping[str, Span]) -> dict[str, Span]:
    """Fields that end in the wording behind them (“…建设项目” before “项目自评表”) without that end."""
    made = dict(own)
    for key, behind in _FIELD_BEFORE.findall(text):
        span = own.get(key)
        if span is None or span.kind is not SpanKind.USER:
            continue
        shared = next((n for n in range(len(behind), 1, -1) if span.text.endswith(behind[:n])), 0)
        if 0 < shared < len(span.text):
            made[key] = Span(span.text[:-shared], span.kind, span.cells)
    return made


def grid_rows(form: Form, data: FormData) -> tuple[tuple[GridCell, ...], ...]:
    """All rows of a performance form; a part that reaches down pushes the parts of the next lines aside."""
    rows: list[tuple[GridCell, ...]] = []
    taken: dict[int, int] = {}  # grid column → printed lines it is still covered for
    for line in form.lines:
        if line.indicators is not None:
            rows += _indicators(line, data)
            taken = {at: side.down - 1 for at, side in enumerate(_over(line.sides)) if side.down > 1}
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


def _over(sides: tuple[Part, ...]) -> tuple[Part, ...]:
    """The side label that stands in each grid column left of an open part."""
    return tuple(side for side in sides for _ in range(side.span))


def _part(part: Part, data: FormData) -> GridCell:
    if not part.field:
        return GridCell(part.label, part.span, part.down, Align.CENTER)
    sources = cell_ref(data.cell(part.field, "value"))
    text = data.text(part.field).strip()
    if part.kind is Kind.CHECKS:
        return GridCell(_checks(part, text), part.span, part.down, Align.LEFT, cells=sources)
    if text and part.suffix and not text.endswith(part.suffix):
        text += part.suffix
    align = Align.LEFT if part.kind is Kind.PROSE else Align.CENTER
    return GridCell(text, part.span, part.down, align, kind=SpanKind.USER, cells=sources)


def _checks(part: Part, chosen: str) -> str:
    """1、部门预算项目 ☑ 2、市直专项 □ …; what was chosen beside the options is printed after them."""
    wanted = [chosen] if chosen in part.options else [piece for piece in _SEVERAL.split(chosen) if piece]
    yes, no = part.marks or _MARKS
    shown = [
        (yes if option in wanted else no).replace("{n}", str(number)).replace("{option}", option)
        for number, option in enumerate(part.options, 1)
    ]
    mark = yes.partition("{option}")[2]
    return " ".join([*shown, *(other + mark for other in wanted if other not in part.options)])


def _indicators(line: Line, data: FormData) -> list[tuple[GridCell, ...]]:
    block = line.indicators
    if block is None:
        return []
    found = data.blocks.get(block.key)
    labels = {row.key: row.label for row in block.rows}
    listed = [
        row
        for row in (found.rows if found else ())
        if row.key in labels or any(c.text.strip() for c in row.cells.values())
    ]
    if line.group is not None:
        return _grouped(line, line.group, block, listed)
    return _indicator_rows(line, block.columns, listed, labels)


def _grouped(line: Line, group: Group, block: FormBlock, listed: list[RowData]) -> list[tuple[GridCell, ...]]:
    """Goal after goal: see Group."""
    groups: list[list[RowData]] = []
    for row in listed:
        text = row.text(group.column).strip()
        if not groups or text not in ("", groups[-1][0].text(group.column).strip()):
            groups.append([])
        groups[-1].append(row)
    columns = tuple(column for column in block.columns if column.key != group.column)
    width = sum(side.span for side in line.sides) + sum(column.span for column in columns)
    made: list[tuple[GridCell, ...]] = []
    for number, rows in enumerate(groups or [[]], 1):
        if group.label:
            text = rows[0].text(group.column).strip() if rows else ""
            sources = cell_ref(rows[0].cells.get(group.column)) if rows else ()
            label = GridCell(_numbered(group.label, number), group.span, align=Align.CENTER)
            goal = GridCell(text, width - group.span, align=Align.CENTER, kind=SpanKind.USER, cells=sources)
            made.append((label, goal))
        made += _indicator_rows(line, columns, rows, {}, number, bool(group.label) or number == 1, listed)
    return made


def _numbered(label: str, number: int) -> str:
    return label.replace("{number}", str(number))


def _indicator_rows(
    line: Line,
    columns: tuple[Column, ...],
    listed: list[RowData],
    labels: Mapping[str, str],
    number: int = 1,
    head: bool = True,
    alike: Sequence[RowData] = (),
) -> list[tuple[GridCell, ...]]:
    """Head and rows; the side labels stand left of both. ``alike``: all rows that are set in the same way."""
    merged = _merged(listed, tuple(key for key in line.merge_down if key in {c.key for c in columns}))
    plain = [row for row in alike or listed if not is_band(line, row)]
    centred = {c.key for c in columns if all(len(row.text(c.key)) <= _SHORT for row in plain)}
    beside = [
        GridCell(_numbered(s.label, number), s.span, len(listed) + s.down - (not head), Align.CENTER)
        for s in line.sides
    ]
    heads = [GridCell(c.head[-1], c.span, align=Align.CENTER) for c in columns]
    rows: list[tuple[GridCell, ...]] = [(*beside, *heads)] if head else []
    for index, row in enumerate(listed):
        if is_band(line, row):
            text, sources = row.text(line.band).strip(), cell_ref(row.cells.get(line.band))
            rows.append((GridCell(text, sum(c.span for c in columns), kind=SpanKind.USER, cells=sources),))
            continue
        cells: list[GridCell] = list(beside) if not head and not index else []
        label = labels.get(row.key, "")
        if label:
            cells.append(GridCell(label, columns[0].span, align=Align.CENTER))
        for column in columns[1:] if label else columns:
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


__all__ = ["blocks", "filled", "grid_rows", "heading_style"]
