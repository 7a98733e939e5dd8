"""On which page each block begins: the flow of lines and rows down the pages, by arithmetic.

It holds because nothing in the document has an automatic height: lines have an exact pitch, rows a planned height,
parts and tables begin a page. Lengths in twips.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

_ORPHANS = 2  # lines that widow control keeps together at either end


@dataclass(frozen=True, slots=True)
class Lines:
    """A paragraph, or a figure as one tall line."""

    id: str
    count: int
    pitch: int
    before: int = 0
    after: int = 0
    keep_next: bool = False
    keep_lines: bool = False
    widow: bool = True
    new_page: bool = False

    @property
    def height(self) -> int:
        return self.before + self.count * self.pitch + self.after

    @property
    def least(self) -> int:
        """What must stand together at the foot of a page."""
        if self.keep_lines or (self.widow and self.count < 2 * _ORPHANS):
            return self.before + self.count * self.pitch
        return self.before + min(self.count, _ORPHANS if self.widow else 1) * self.pitch


@dataclass(frozen=True, slots=True)
class Rows:
    """A table; the first ``head`` rows are repeated. ``splits`` are rows too tall for a page: they break by lines.
    ``ties`` are rows that stay on the page of the next one.

    ``edge`` is what the outer border adds on every page.
    """

    id: str
    heights: tuple[int, ...]
    head: int = 0
    splits: frozenset[int] = frozenset()
    pitch: int = 1
    edge: int = 0
    new_page: bool = False
    ties: frozenset[int] = frozenset()

    keep_next = False

    @property
    def height(self) -> int:
        return sum(self.heights) + self.edge

    @property
    def least(self) -> int:
        if self.head in self.splits:
            return sum(self.heights[: self.head]) + self.pitch + self.edge
        return sum(self.heights[: self.head]) + self.tied(self.head) + self.edge

    def tied(self, row: int) -> int:
        """Height of a row with all that stays with it below."""
        end = row
        while end in self.ties and end + 1 < len(self.heights):
            end += 1
        return sum(self.heights[row : end + 1])


@dataclass(frozen=True, slots=True)
class Turn:
    """A new section: the following blocks stand on a new page of this height."""

    height: int
    id: str = ""


Item = Lines | Rows | Turn


@dataclass
class Layout:
    """Result: the page of each block id (from 1) and the number of pages."""

    pages: dict[str, int] = field(default_factory=dict)
    count: int = 1


def paginate(items: Sequence[Item]) -> Layout:
    """Lay ``items`` down; the first is a Turn."""
    layout = Layout(count=0)
    room = used = 0
    kept_until = -1
    for index, item in enumerate(items):
        if isinstance(item, Turn):
            layout.count += 1
            room, used = item.height, 0
            continue
        if used and item.new_page:
            layout.count, used = layout.count + 1, 0
        if index > kept_until:
            kept_until, needed = _chain(items, index)
            if used and used + needed > room >= needed:
                layout.count, used = layout.count + 1, 0
        elif used and used + item.least > room:
            layout.count, used = layout.count + 1, 0
        used = _lines(item, layout, room, used) if isinstance(item, Lines) else _rows(item, layout, room, used)
    return layout


def _chain(items: Sequence[Item], start: int) -> tuple[int, int]:
    """Last index tied to ``start`` by keep-with-next, and the height that must stand together."""
    needed, index = 0, start
    while True:
        item = items[index]
        if isinstance(item, Turn) or (index > start and item.new_page):
            return index - 1, needed
        if not item.keep_next or index + 1 == len(items):
            return index, needed + item.least
        needed += item.height
        index += 1


def _lines(item: Lines, layout: Layout, room: int, used: int) -> int:
    layout.pages[item.id] = layout.count
    left = item.count
    used += item.before
    while True:
        fit = max((room - used) // item.pitch, 0)
        if fit >= left:
            return used + left * item.pitch + item.after
        if item.widow and left - fit < _ORPHANS:
            fit = left - _ORPHANS
        if fit <= 0:
            if not used:
                fit = 1  # a line taller than the page
            elif left == item.count:
                layout.pages[item.id] = layout.count + 1
        fit = max(fit, 0)
        left -= fit
        layout.count, used = layout.count + 1, 0
        if left <= 0:
            return used


def _rows(item: Rows, layout: Layout, room: int, used: int) -> int:
    head = sum(item.heights[: item.head]) + item.edge
    begun = False
    used += item.edge
    for index, height in enumerate(item.heights):
        if index in item.splits:
            used = _split(item, height, head, layout, room, used)
        else:
            whole = item.tied(index) if index in item.ties and index - 1 not in item.ties else height
            if head + whole > room:
                whole = height
            if used > item.edge and used + whole > room:
                layout.count += 1
                used = head if begun and index >= item.head else item.edge
            used += height
        if not begun:
            layout.pages[item.id], begun = layout.count, True
    return used


def _split(item: Rows, height: int, head: int, layout: Layout, room: int, used: int) -> int:
    while used + height > room:
        height -= max((room - used) // item.pitch, 0) * item.pitch
        layout.count, used = layout.count + 1, head
        if head + item.pitch > room:  # a head that fills the page: no honest answer
            break
    return used + max(height, 0)
