"""Grids as Word tables: column widths, type size and row heights are planned, then the XML is written in one pass.

Heights are planned generously and written as “at least”: a row that a reader's font makes taller grows instead of
hiding text, and where fonts behave the page arithmetic holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from ..model.blocks import Align, Grid, GridCell
from .bookmarks import Bookmarks
from .markup import attribute, clean, run
from .measure import line_count, text_width
from .pages import Rows
from .styles import CELL, CellMargins, Look, StyleSheet

_SMALLEST = 110  # twips of type, 5½ pt: below that nobody reads it, and the table takes a second page
_EASY = 180  # twips of type, 9 pt: not below that only to save a page
_NEARLY = 1.4  # pages of a grid that may be drawn together to one
_UNDER_TITLE = 0.6  # of the page that is free where a grid stands right under its title
_STEP = 10  # half a point
_CLOSE = 1.2  # line pitch of a grid drawn together, in em
_LEAST_AIR = 0.1  # of a line
_ROOMY = 0.3  # of a line: air that a row gets where there is room
_BORDER = 10  # twips
_GENEROUS = 0.96  # of the width is used in planning, for substitute fonts
_WIDE_GAP = 0.25  # em between Chinese and Latin, as Word may have it
_TALL = 0.9  # of a page, at which a row may have to break
_AMOUNT = 24  # characters; what is longer is text and may wrap
_HEAD_CHARACTERS = 3  # a head is never broken into fewer characters a line, if width allows


@dataclass(frozen=True, slots=True)
class Placed:
    """A cell at its column; ``row`` is where it begins, so that a covered row knows what it continues."""

    cell: GridCell
    column: int
    row: int
    across: int
    down: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How a grid is set. Lengths in twips; ``rows`` hold every cell to be written, continued ones included."""

    grid: Grid
    widths: tuple[int, ...]
    rows: tuple[tuple[Placed, ...], ...]
    heights: tuple[int, ...]
    size: int
    pitch: int
    splits: frozenset[int]
    close: bool  # no margin above and below the text of a cell

    def flow(self, new_page: bool = False) -> Rows:
        heads = self.grid.head_rows
        return Rows(self.grid.id, self.heights, heads, self.splits, self.pitch, _BORDER, new_page)


def plan(grid: Grid, sheet: StyleSheet, width: int, page: int, room: int) -> Plan:
    """Set ``grid`` in ``width``; ``room`` is what a dense grid may take of its page, ``page`` a whole page's height.

    A grid that would go over its page by a few rows only is drawn together too, as far as it stays easy to read.
    """
    setter = _Setter(grid, sheet, width, page)
    if grid.dense:
        return setter.tight(room, _SMALLEST)
    plain = setter.plain(room)
    high = sum(plain.heights)
    if room < high <= room * _NEARLY and room >= page * _UNDER_TITLE:
        tight = setter.tight(room, _EASY)
        if sum(tight.heights) <= room:
            return tight
    return plain


class _Setter:
    """Tries type sizes for one grid."""

    def __init__(self, grid: Grid, sheet: StyleSheet, width: int, page: int) -> None:
        self.grid = grid
        self.look = sheet.look(CELL)
        self.margins = sheet.margins
        self.width = width
        self.page = page
        self.rows = tuple(_place(grid))

    def plain(self, room: int) -> Plan:
        """In the style's own type, smaller only where an amount would not stand on one line."""
        size = self.look.size
        while True:
            widths, fits = self._widths(size)
            if fits or size - _STEP < _SMALLEST:
                break
            size -= _STEP
        pitch = round(self.look.line * size / self.look.size)
        heights = self._heights(widths, size, pitch, self.margins)
        air = round(pitch * _ROOMY)
        spare = (room - sum(heights)) // max(len(heights), 1)
        if spare >= round(pitch * _LEAST_AIR):  # rather a little less air than one row on the next page
            air = min(air, spare)
        return self._plan(widths, heights, size, pitch, air, self.margins)

    def tight(self, room: int, smallest: int) -> Plan:
        """In the largest type, not below ``smallest``, in which the grid fits ``room``; lines close together."""
        margins = replace(self.margins, top=0, bottom=0)
        size = self.look.size
        while True:
            widths, fits = self._widths(size)
            pitch = min(round(size * _CLOSE), round(self.look.line * size / self.look.size))
            heights = self._heights(widths, size, pitch, margins)
            if (fits and sum(heights) <= room) or size - _STEP < smallest:
                break
            size -= _STEP
        usual = round(pitch * _ROOMY) + self.margins.top + self.margins.bottom
        air = min(usual, max(room - sum(heights), 0) // max(len(heights), 1))
        return self._plan(widths, heights, size, pitch, air, margins)

    def _plan(
        self, widths: tuple[int, ...], heights: list[int], size: int, pitch: int, air: int, margins: CellMargins
    ) -> Plan:
        head = self.grid.head_rows
        most = self.page - sum(heights[:head]) - air * head - _BORDER
        splits = frozenset(n for n, height in enumerate(heights) if n >= head and height + air > most)
        planned = tuple(height if n in splits else height + air for n, height in enumerate(heights))
        return Plan(self.grid, widths, self.rows, planned, size, pitch, splits, margins != self.margins)

    def _widths(self, size: int) -> tuple[tuple[int, ...], bool]:
        return _widths(self.grid, self.rows, size, self.look, self.margins, self.width)

    def _heights(self, widths: tuple[int, ...], size: int, pitch: int, margins: CellMargins) -> list[int]:
        return _heights(self.rows, widths, size, pitch, self.look, margins, self.page)


def _place(grid: Grid) -> Iterator[tuple[Placed, ...]]:
    """Cells at their columns; gaps are filled, what does not fit the columns is cut off."""
    columns = len(grid.widths)
    covered: dict[int, Placed] = {}  # column → a cell from above that still reaches down
    for number, row in enumerate(grid.rows):
        placed: list[Placed] = []
        waiting = list(reversed(row))
        at = 0
        while at < columns:
            above = covered.get(at)
            if above is not None:
                placed.append(above)
                at += above.across
                continue
            free = next((n for n in range(at, columns) if n in covered), columns) - at
            cell = waiting.pop() if waiting else GridCell()
            across = max(1, min(cell.colspan, free))
            down = max(1, min(cell.rowspan, len(grid.rows) - number))
            found = Placed(cell, at, number, across, down)
            placed.append(found)
            at += across
        covered = {p.column: p for p in placed if p.row + p.down > number + 1}
        yield tuple(placed)


def _widths(
    grid: Grid, rows: Sequence[Sequence[Placed]], size: int, look: Look, margins: CellMargins, width: int
) -> tuple[tuple[int, ...], bool]:
    """Column widths that fill ``width``, and whether every amount stands on one line.

    Columns with narrow amounts give to those whose amounts or heads would break.
    """
    total = sum(grid.widths) or 1
    scaled = [width * part / total for part in grid.widths]
    side = margins.left + margins.right + _BORDER
    needed = [0.0] * len(scaled)
    for number, row in enumerate(rows):
        for place in row:
            text = place.cell.text
            if not text or place.row != number or place.across > 1:
                continue
            if number < grid.head_rows:
                em = float(min(len(text), _HEAD_CHARACTERS))
            elif place.cell.align is Align.RIGHT and len(text) <= _AMOUNT:
                em = max([text_width(line, look.latin) for line in clean(text).split("\n")]) * 1.03
            else:
                continue
            needed[place.column] = max(needed[place.column], em * size + side)
    fits = sum(needed) <= width
    if fits:
        short = sum(max(need - have, 0) for need, have in zip(needed, scaled, strict=True))
        spare = sum(max(have - need, 0) for need, have in zip(needed, scaled, strict=True))
        if short:
            share = short / spare
            scaled = [n if n > h else h - (h - n) * share for n, h in zip(needed, scaled, strict=True)]
    edges = [0]
    reached = 0.0
    for part in scaled:
        reached += part
        edges.append(round(reached))
    return tuple(right - left for left, right in pairwise(edges)), fits


def _heights(
    rows: Sequence[Sequence[Placed]],
    widths: Sequence[int],
    size: int,
    pitch: int,
    look: Look,
    margins: CellMargins,
    page: int,
) -> list[int]:
    """Planned height of every row: the tallest cell; a cell over several rows adds what lacks to its last one."""
    side, edge = margins.left + margins.right, margins.top + margins.bottom + _BORDER
    starts = (0, *accumulate(widths))
    heights = [pitch + edge] * len(rows)
    tall: list[tuple[Placed, int]] = []
    for number, row in enumerate(rows):
        for place in row:
            text = place.cell.text
            if not text or place.row != number:
                continue
            text = clean(text)
            room = starts[place.column + place.across] - starts[place.column] - side
            height = line_count(text, size, int(room * _GENEROUS), 0, look.latin, _WIDE_GAP, hang=False) * pitch + edge
            if height > _TALL * page:  # it will break by lines, where only the true count serves
                height = line_count(text, size, room, 0, look.latin, hang=False) * pitch + edge
            if place.down > 1:
                tall.append((place, height))
            elif height > heights[number]:
                heights[number] = height
    for place, height in tall:
        lacking = height - sum(heights[place.row : place.row + place.down])
        if lacking > 0:
            heights[place.row + place.down - 1] += lacking
    return heights


def element(plan: Plan, sheet: StyleSheet, marks: Bookmarks) -> str:
    """The w:tbl. Its bookmark lies wholly inside the first cell, where LibreOffice leaves it alone."""
    grid, total = plan.grid, sum(plan.widths)
    description = f"<w:tblDescription w:val={attribute(grid.description)}/>" if grid.description else ""
    near = (
        '<w:tblCellMar><w:top w:w="0" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/></w:tblCellMar>'
        if plan.close
        else ""
    )
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in plan.widths)
    style = f'<w:tblStyle w:val="{sheet.table_id}"/>' if sheet.table_id else ""
    made = [
        f'<w:tbl><w:tblPr>{style}<w:tblW w:w="{total}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblLayout w:type="fixed"/>{near}{description}</w:tblPr><w:tblGrid>{columns}</w:tblGrid>'
    ]
    writer = _CellWriter(plan, sheet.look(CELL))
    mark = "".join(marks.around(grid.id))
    for number, row in enumerate(plan.rows):
        whole = "" if number in plan.splits else "<w:cantSplit/>"
        height = "" if number in plan.splits else f'<w:trHeight w:val="{plan.heights[number]}" w:hRule="atLeast"/>'
        head = "<w:tblHeader/>" if number < grid.head_rows else ""
        made.append(f"<w:tr><w:trPr>{whole}{height}{head}</w:trPr>")
        for place in row:
            made.append(writer.cell(place, number, mark))
            mark = ""
        made.append("</w:tr>")
    made.append("</w:tbl>")
    return "".join(made)


class _CellWriter:
    def __init__(self, plan: Plan, look: Look) -> None:
        self.widths = plan.widths
        self.splits = plan.splits
        small = (plan.size, plan.pitch) != (look.size, look.line)
        spacing = f'<w:spacing w:line="{plan.pitch}" w:lineRule="exact"/>' if small else ""
        self.size = f'<w:sz w:val="{plan.size // 10}"/><w:szCs w:val="{plan.size // 10}"/>' if small else ""
        self.paragraph = {
            align: f'<w:p><w:pPr><w:pStyle w:val="{look.id}"/>{spacing}<w:jc w:val="{align.value}"/></w:pPr>'
            for align in Align
        }

    def cell(self, place: Placed, number: int, mark: str) -> str:
        cell = place.cell
        width = sum(self.widths[place.column : place.column + place.across])
        span = f'<w:gridSpan w:val="{place.across}"/>' if place.across > 1 else ""
        first = place.row == number
        merge = ""
        if place.down > 1:
            merge = '<w:vMerge w:val="restart"/>' if first else '<w:vMerge w:val="continue"/>'
        # Centred text of a row that runs over pages would begin in the middle of nowhere.
        vertical = "top" if number in self.splits else "center"
        bold = "<w:b/>" if cell.bold else ""
        text = run(cell.text, bold + self.size) if first else ""
        return (
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{span}{merge}<w:vAlign w:val="{vertical}"/></w:tcPr>'
            f"{self.paragraph[cell.align]}{mark}{text}</w:p></w:tc>"
        )
