"""Grids as Word tables: column widths, type size and row heights are planned, then the XML is written in one pass.

Heights are planned generously and written as “at least”: a row that a reader's font makes taller grows instead of
hiding text, and where fonts behave the page arithmetic holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate

from ..model.blocks import Align, Grid
from .bookmarks import Bookmarks
from .columns import GENEROUS, Columns, Placed, placed
from .markup import attribute, clean, run
from .measure import lines_of, measured
from .pages import Rows
from .styles import CELL, CellMargins, Look, StyleSheet

_SMALLEST = 110  # twips of type, 5½ pt: below that nobody reads it, and the table takes a second page
_EASY = 180  # twips of type, 9 pt: not below that only to save a page
_NEARLY = 1.4  # pages of a grid that may be drawn together to one
_UNDER_TITLE = 0.6  # of the page that is free where a grid stands right under its title
_STEP = 10  # half a point
_TRIES = 3  # sizes among which the one is taken that wraps least
_CLOSE = 1.2  # line pitch of a grid drawn together, in em
_LEAST_AIR = 0.1  # of a line
_ROOMY = 0.3  # of a line: air that a row gets where there is room
_AIRS = (_ROOMY, 0.2, _LEAST_AIR)  # tried in this order where less saves a page
_BORDER = 10  # twips
_WIDE_GAP = 0.25  # em between Chinese and Latin, as Word may have it
_SHORT = 0.35  # of a page, that rows under one label may take to stay together
_TALL = 0.9  # of a page, at which a row may have to break


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
    ties: frozenset[int] = frozenset()  # rows that stay on the page of the next one

    def flow(self, new_page: bool = False) -> Rows:
        heads = self.grid.head_rows
        return Rows(self.grid.id, self.heights, heads, self.splits, self.pitch, _BORDER, new_page, self.ties)


def plan(
    grid: Grid, sheet: StyleSheet, width: int, page: int, room: int, pages: Callable[[Plan], int] = lambda _: 0
) -> Plan:
    """Set ``grid`` in ``width``; ``room`` is what a dense grid may take of its page, ``page`` a whole page's height.

    A grid that would go over its page by a few rows only is drawn together too, as far as it stays easy to read; one
    of several pages gets less air where that saves a page. ``pages``: how many a plan takes, notes below included.
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
    if high <= room:
        return plain
    return min((setter.plain(room, air) for air in _AIRS), key=pages)  # of several with as few, the first


class _Setter:
    """Tries type sizes for one grid."""

    def __init__(self, grid: Grid, sheet: StyleSheet, width: int, page: int) -> None:
        self.grid = grid
        self.look = sheet.look(CELL)
        self.margins = sheet.margins
        self.width = width
        self.page = page
        self.rows = tuple(placed(grid))
        self.texts = [
            (place, place.column + place.across, measured(clean(place.cell.text), self.look.latin))
            for number, row in enumerate(self.rows)
            for place in row
            if place.cell.text and place.row == number
        ]
        self.columns = Columns(grid, self.rows, self.look.latin)

    def plain(self, room: int, roomy: float = _ROOMY) -> Plan:
        """In the style's own type, smaller only where an amount would not stand on one line; air as part of a line."""
        size = self.look.size
        while True:
            widths, fits = self._widths(size)
            if fits or size - _STEP < _SMALLEST:
                break
            size -= _STEP
        pitch = round(self.look.line * size / self.look.size)
        heights = self._heights(widths, size, pitch, self.margins)
        air = round(pitch * roomy)
        spare = (room - sum(heights)) // max(len(heights), 1)
        if spare >= round(pitch * _LEAST_AIR):  # rather a little less air than one row on the next page
            air = min(air, spare)
        return self._plan(widths, heights, size, pitch, air, self.margins)

    def tight(self, room: int, smallest: int) -> Plan:
        """In the largest type, not below ``smallest``, in which the grid fits ``room``; lines close together."""
        margins = replace(self.margins, top=0, bottom=0)
        size, tries = self.look.size, _TRIES
        found: list[tuple[int, int, Plan]] = []  # how much wraps, minus the size, the plan
        while True:
            widths, fits = self._widths(size)
            pitch = min(round(size * _CLOSE), round(self.look.line * size / self.look.size))
            heights = self._heights(widths, size, pitch, margins)
            count, high = len(heights), sum(heights)
            last = size - _STEP < smallest
            if last or (fits and high + count * round(pitch * _LEAST_AIR) <= room):
                usual = round(pitch * _ROOMY) + self.margins.top + self.margins.bottom
                air = min(usual, max(room - high, 0) // max(count, 1))
                wrapped = high // pitch - count
                found.append((wrapped, -size, self._plan(widths, heights, size, pitch, air, margins)))
                tries -= 1
            if last or not tries or (found and found[0][0] <= 0):
                return min(found, key=lambda one: one[:2])[2]
            size -= _STEP

    def _plan(
        self, widths: tuple[int, ...], heights: list[int], size: int, pitch: int, air: int, margins: CellMargins
    ) -> Plan:
        head = self.grid.head_rows
        most = self.page - sum(heights[:head]) - air * head - _BORDER
        splits = frozenset(n for n, height in enumerate(heights) if n >= head and height + air > most)
        planned = tuple(height if n in splits else height + air for n, height in enumerate(heights))
        ties = self._ties(planned, splits)
        return Plan(self.grid, widths, self.rows, planned, size, pitch, splits, margins != self.margins, ties)

    def _ties(self, heights: tuple[int, ...], splits: frozenset[int]) -> frozenset[int]:
        """Rows under one merged label stay together where they are few; of many the first two and the last two do.

        A heading right across the table, or a goal with its label, stays with the rows that it heads.
        """
        found = {n for n in range(self.grid.head_rows, len(self.rows) - 1) if self._heads(n)}
        for number, row in enumerate(self.rows):
            for place in row:
                first, last = place.row, place.row + place.down - 1
                if place.down < 2 or number != first or first < self.grid.head_rows:
                    continue
                few = sum(heights[first : last + 1]) <= self.page * _SHORT
                found |= set(range(first, last)) if few else {first, last - 1}
        return frozenset(n for n in found if not splits & {n, n + 1})

    def _heads(self, number: int) -> bool:
        row, below = self.rows[number : number + 2]
        if len(row) == 1:
            return len(below) > 1
        goal = len(row) == 2 and all(place.down == 1 and place.row == number for place in row)
        return goal and below[0].row == number + 1 and below[0].down > 1

    def _widths(self, size: int) -> tuple[tuple[int, ...], bool]:
        side = self.margins.left + self.margins.right + _BORDER
        return self.columns.widths(size, side, self.width)

    def _heights(self, widths: tuple[int, ...], size: int, pitch: int, margins: CellMargins) -> list[int]:
        """Planned height of every row: the tallest cell; a cell over several rows adds what lacks to its last one."""
        side, edge = margins.left + margins.right, margins.top + margins.bottom + _BORDER
        starts = (0, *accumulate(widths))
        heights = [pitch + edge] * len(self.rows)
        tall: list[tuple[Placed, int]] = []
        for place, right, text in self.texts:
            room = starts[right] - starts[place.column] - side
            width = int(room * GENEROUS)
            if len(text) == 1 and text[0].total * size <= width:
                continue  # one line, as every row has
            height = lines_of(text, size, width, 0, _WIDE_GAP, hang=False) * pitch + edge
            if height > _TALL * self.page:  # it will break by lines, where only the true count serves
                height = lines_of(text, size, room, hang=False) * pitch + edge
            if place.down > 1:
                tall.append((place, height))
            elif height > heights[place.row]:
                heights[place.row] = height
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
        self.ties = plan.ties
        self.heads: dict[tuple[int, int, bool, bool, bool], str] = {}
        small = (plan.size, plan.pitch) != (look.size, look.line)
        spacing = f'<w:spacing w:line="{plan.pitch}" w:lineRule="exact"/>' if small else ""
        self.size = f'<w:sz w:val="{plan.size // 10}"/><w:szCs w:val="{plan.size // 10}"/>' if small else ""
        self.paragraph = {
            (align, tied): f'<w:p><w:pPr><w:pStyle w:val="{look.id}"/>{"<w:keepNext/>" * tied}{spacing}'
            f'<w:jc w:val="{align.value}"/></w:pPr>'
            for align in Align
            for tied in (False, True)
        }

    def cell(self, place: Placed, number: int, mark: str) -> str:
        cell, column, row, across, down = place
        first = row == number
        text = run(cell.text, "<w:b/>" + self.size if cell.bold else self.size) if first and cell.text else ""
        key = column, across, down > 1, first, number in self.splits
        head = self.heads.get(key)
        if head is None:
            head = self.heads[key] = self._head(*key)
        return f"{head}{self.paragraph[cell.align, number in self.ties]}{mark}{text}</w:p></w:tc>"

    def _head(self, column: int, across: int, merged: bool, first: bool, split: bool) -> str:
        """The cell as far as its paragraph."""
        width = sum(self.widths[column : column + across])
        span = f'<w:gridSpan w:val="{across}"/>' if across > 1 else ""
        merge = f'<w:vMerge w:val="{"restart" if first else "continue"}"/>' if merged else ""
        # Centred text of a row that runs over pages would begin in the middle of nowhere.
        vertical = "top" if split else "center"
        return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{span}{merge}<w:vAlign w:val="{vertical}"/></w:tcPr>'
