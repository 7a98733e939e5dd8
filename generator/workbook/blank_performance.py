"""Performance forms in their official layout: label and value lines over a grid, with the indicators between."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

from ..model.form import Block, Form, Kind, Line, Part
from .blank_plan import COMMENTS, RowPlan, SheetPlan, Value, block_rows
from .blank_sheet import Kit, Pen
from .blank_spots import quoted
from .blank_style import HEAD_CELL, LINE_LEFT, LINE_RIGHT, TITLE, entry

_MM = 0.56  # characters per millimetre of the form's grid: the page is scaled to the paper's width
_TOP = 3
_LINE, _PROSE_LINE = 25.0, 72.0
_FIELDS = "fields"


def write_performance(kit: Kit, sheet: Worksheet, plan: SheetPlan) -> None:
    """Fill ``sheet`` with one performance form. ValueError names content that the form has no place for."""
    _Form(kit, sheet, plan).write()


class _Form:
    def __init__(self, kit: Kit, sheet: Worksheet, plan: SheetPlan) -> None:
        self.kit, self.plan, self.form = kit, plan, plan.form
        self.pen = Pen(kit, sheet, plan)
        self.sheet = sheet
        self.widths = [mm * _MM for mm in self.form.grid]
        self.fields = self._given()
        self.covered: set[tuple[int, int]] = set()
        plan.widths = self.widths

    def _given(self) -> Mapping[str, Value]:
        """Values by field, checked against the form's fields and its indicator block."""
        content: Mapping[str, Any] = self.plan.content
        blocks = {line.indicators.key for line in self.form.lines if line.indicators}
        fields = {part.field for line in self.form.lines for part in line.parts if part.field}
        fields |= {self.form.header.field} if self.form.header else set()
        cells = content.get(_FIELDS, {})
        given = {key: cell["value"] for key, cell in cells.items() if "value" in cell}
        self.comments = {key: cell[COMMENTS]["value"] for key, cell in cells.items() if COMMENTS in cell}
        unknown = [k for k in content if k not in blocks | {_FIELDS}] + [k for k in given if k not in fields]
        if unknown:
            raise ValueError(f"{self.form.id}: no place for {', '.join(map(repr, unknown))}")
        return given

    def write(self) -> None:
        pen, form = self.pen, self.form
        width = len(form.grid)
        pen.widths(self.widths)
        pen.wording(1, 1, _sheet_title(form), TITLE.but(wrap=True), last=width)
        self.sheet.row_dimensions[1].height = 34
        self._header(width)
        at = _TOP
        for line in form.lines:
            at = self._indicators(line, line.indicators, at) if line.indicators else self._line(line, at)
        self.plan.last_row = at - 1
        pen.page(width, at - 1, landscape=form.orientation == "landscape", head=(0, 0), one=False)
        self.sheet.freeze_panes = f"A{_TOP}"

    def _header(self, width: int) -> None:
        header = self.form.header
        if header is None:
            return
        half = width // 2
        self.pen.wording(2, 1, header.left, LINE_LEFT, last=half)
        if header.field:
            self.pen.put(2, half + 1, header.right, LINE_RIGHT, last=width - 2)
            self.pen.put(2, width - 1, self.fields.get(header.field), entry(header.kind), last=width)
        elif header.right:
            self.pen.wording(2, half + 1, header.right, LINE_RIGHT, last=width)
        self.sheet.row_dimensions[2].height = 22

    def _line(self, line: Line, row: int) -> int:
        at = 1
        self.sheet.row_dimensions[row].height = _LINE
        for part in line.parts:
            while (row, at) in self.covered:
                at += 1
            last = at + part.span - 1
            self.covered |= {(r, c) for r in range(row, row + part.down) for c in range(at, last + 1)}
            self._part(part, row, at, last)
            at = last + 1
        return row + 1

    def _part(self, part: Part, row: int, first: int, last: int) -> None:
        width = sum(self.widths[first - 1 : last]) - 1
        if not part.field:
            cell = self.pen.put(row, first, part.label or None, HEAD_CELL, last=last, down=part.down)
            self.pen.watch_label(cell, part.label)
            if part.down == 1:
                self.pen.height(row, part.label, width)
            return
        look = entry(part.kind)
        if part.kind is Kind.PROSE:
            look = look.but(vertical="center")
        else:
            look = look.but(horizontal="left" if part.span > 2 else "center", wrap=True)
        if part.suffix:
            unit = quoted(part.suffix)
            look = look.but(number=f"General{unit};-General{unit};General{unit};@{unit}")
        value = self.fields.get(part.field)
        if value is None and part.default:
            cell = self.pen.wording(row, first, part.default, look, last=last)
        else:
            cell = self.pen.put(row, first, value, look, last=last, down=part.down)
        if part.options:
            self.pen.choose(cell, part.options, strict=False)
        comment = (
            self.comments.get(part.field)
            or part.comment
            or ("选填其一：" + "、".join(part.options) if part.options else "")
        )
        if comment:
            self.pen.comment(cell, comment)
        text = value if isinstance(value, str) else ""
        self.pen.height(row, text, width, least=2 if part.kind is Kind.PROSE else 1)
        if part.kind is Kind.PROSE and not text:
            self.sheet.row_dimensions[row].height = _PROSE_LINE

    def _indicators(self, line: Line, block: Block | None, row: int) -> int:
        if block is None:
            return row
        # The column that groups the indicators is not printed: here it stands in the side labels' place.
        sides = line.sides if line.group is None else ()
        side = sum(part.span for part in sides)
        places: dict[str, tuple[int, int]] = {}
        at = side + 1
        for column in block.columns:
            places[column.key] = (at, at + column.span - 1)
            at += column.span
        for column in block.columns:
            first, last = places[column.key]
            cell = self.pen.put(row, first, column.head[-1], HEAD_CELL, last=last)
            self.pen.watch_label(cell, column.head[-1])
            if column.comment:
                self.pen.comment(cell, column.comment)
        self.sheet.row_dimensions[row].height = _LINE
        where = f"{self.form.id}.{block.key}"
        given = self.plan.content.get(block.key)
        rows = block_rows(block, given, row + 1, where)
        if given:  # a filled form is printed as it is: no spare rows
            rows = rows[: len(block.rows) + sum("_key" not in one for one in given)]
        merged = _merges(rows, line.merge_down)
        for planned in rows:
            if _is_band(line, planned):
                look = entry(Kind.VERBATIM).but(horizontal="left", wrap=True)
                self.pen.put(planned.number, side + 1, planned.values[line.band], look, last=len(self.form.grid))
                self.pen.height(planned.number, str(planned.values[line.band]), sum(self.widths) - 1)
                continue
            self._indicator_row(block, planned, places, merged)
        end = row + len(rows)
        at = 1
        for part in sides:
            last = at + part.span - 1
            look = self.pen.put(row, at, part.label, HEAD_CELL, last=last, down=end - row + part.down)
            self.pen.watch_label(look, part.label)
            self.covered |= {(r, c) for r in range(end + 1, end + part.down) for c in range(at, last + 1)}
            at = last + 1
        return end + 1

    def _indicator_row(
        self, block: Block, row: RowPlan, places: Mapping[str, tuple[int, int]], merged: Mapping[tuple[str, int], int]
    ) -> None:
        self.sheet.row_dimensions[row.number].height = _LINE
        for column in block.columns:
            first, last = places[column.key]
            down = merged.get((column.key, row.number), 1)
            if not down:
                continue
            if row.row is not None and column is block.columns[0]:
                cell = self.pen.put(row.number, first, row.row.label, HEAD_CELL, last=last)
                self.pen.watch_label(cell, row.row.label)
                continue
            value = row.values.get(column.key)
            look = entry(column.kind).but(horizontal="center" if last == first else "left", wrap=True)
            self.pen.put(row.number, first, value, look, last=last, down=down)
            if isinstance(value, str) and down == 1:
                self.pen.height(row.number, value, sum(self.widths[first - 1 : last]) - 1)


def _is_band(line: Line, row: RowPlan) -> bool:
    """A filled row that holds nothing but the heading between indicators."""
    return bool(line.band) and [key for key, value in row.values.items() if value not in (None, "")] == [line.band]


def _sheet_title(form: Form) -> str:
    """The printed title without what is filled in below; of a repeated form the title of the group, if it has one."""
    title = form.group_title or form.title
    for part in (part for line in form.lines for part in line.parts if part.field):
        title = title.replace(f"{{{part.field}}}", "")
    return title


def _merges(rows: list[RowPlan], keys: tuple[str, ...]) -> dict[tuple[str, int], int]:
    """Rows that a cell covers downwards, by column and sheet row; 0 for covered cells. Blanks never merge."""
    found: dict[tuple[str, int], int] = {}
    for depth, key in enumerate(keys, 1):
        chains = ((tuple(str(row.values.get(k, "")) for k in keys[:depth]), row.number) for row in rows)
        for chain, run in groupby(chains, itemgetter(0)):
            numbers = [number for _, number in run]
            if chain[-1]:
                found[key, numbers[0]] = len(numbers)
                found |= {(key, n): 0 for n in numbers[1:]}
    return found
