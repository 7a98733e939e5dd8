"""The columns of a grid: which cell stands where, and how wide each column becomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from ..model.blocks import Align, Grid, GridCell
from .markup import clean
from .measure import measured

GENEROUS = 0.96  # of a cell's width is used in planning, for substitute fonts
_AMOUNT = 24  # characters; what is longer is text and may wrap
_LONG = 24.0  # em; a longer text wraps anyway and asks for no more
_KEPT = 0.7  # of its width that a column keeps when only labels of others would wrap
_NOTHING = GridCell()
_HEAD_CHARACTERS = 3  # a head is never broken into fewer characters a line, if width allows


class Placed(NamedTuple):
    """A cell at its column; ``row`` is where it begins, so that a covered row knows what it continues."""

    cell: GridCell
    column: int
    row: int
    across: int
    down: int


def placed(grid: Grid) -> Iterator[tuple[Placed, ...]]:
    """Cells at their columns; gaps are filled, what does not fit the columns is cut off."""
    columns = len(grid.widths)
    covered: dict[int, Placed] = {}  # column → a cell from above that still reaches down
    for number, row in enumerate(grid.rows):
        if not covered and len(row) == columns and not any(cell.colspan > 1 or cell.rowspan > 1 for cell in row):
            yield tuple([Placed(cell, at, number, 1, 1) for at, cell in enumerate(row)])
            continue
        line: list[Placed] = []
        waiting = list(reversed(row))
        at = 0
        while at < columns:
            above = covered.get(at)
            if above is not None:
                line.append(above)
                at += above.across
                continue
            cell = waiting.pop() if waiting else _NOTHING
            across = down = 1
            if cell.colspan > 1:
                free = next((n for n in range(at, columns) if n in covered), columns) - at
                across = min(cell.colspan, free)
            if cell.rowspan > 1:
                down = min(cell.rowspan, len(grid.rows) - number)
            line.append(Placed(cell, at, number, across, down))
            at += across
        covered = {p.column: p for p in line if p.down > 1 and p.row + p.down > number + 1}
        yield tuple(line)


class Columns:
    """What the columns of one grid ask for; measured once, in em, for every type size that is tried."""

    def __init__(self, grid: Grid, rows: Sequence[Sequence[Placed]], font: str) -> None:
        total = sum(grid.widths) or 1
        self._shares = [part / total for part in grid.widths]
        self._needed = [0.0] * len(grid.widths)  # or an amount or a head would break
        self._wanted = [0.0] * len(grid.widths)  # or a label would take a second line
        for number, row in enumerate(rows):
            for place in row:
                text = place.cell.text
                if text and place.row == number and place.across == 1:
                    self._ask(place, clean(text), number < grid.head_rows, font)

    def _ask(self, place: Placed, text: str, head: bool, font: str) -> None:
        at = place.column
        if head and place.cell.align is not Align.RIGHT:  # an amount in a repeated 合计 line is an amount
            self._needed[at] = max(self._needed[at], float(min(len(text), _HEAD_CHARACTERS)))
            return
        em = max([line.total for line in measured(text, font)]) / GENEROUS
        if place.cell.align is Align.RIGHT and len(text) <= _AMOUNT:
            self._needed[at] = max(self._needed[at], em)
        self._wanted[at] = max(self._wanted[at], min(em, _LONG))

    def widths(self, size: int, side: int, width: int) -> tuple[tuple[int, ...], bool]:
        """Widths that fill ``width`` at type of ``size`` (all twips), and whether every amount stands on one line.

        The form's proportions hold but for this: columns with width to spare give to those in need of it.
        """
        needed = [em * size + side if em else 0.0 for em in self._needed]
        wanted = [max(em * size + side, need) for em, need in zip(self._wanted, needed, strict=True)]
        have = [share * width for share in self._shares]
        fits = sum(needed) <= width
        if fits:
            have = _levelled(have, needed, needed)
            have = _levelled(have, wanted, [max(w, _KEPT * own) for w, own in zip(wanted, have, strict=True)])
        edges = [round(edge) for edge in accumulate(have, initial=0.0)]
        return tuple(right - left for left, right in pairwise(edges)), fits


def _levelled(have: list[float], asked: list[float], kept: list[float]) -> list[float]:
    """Give what columns have above ``kept`` to those below ``asked``, in proportion."""
    short = [max(want - own, 0.0) for want, own in zip(asked, have, strict=True)]
    spare = [max(own - keep, 0.0) for own, keep in zip(have, kept, strict=True)]
    moved = min(sum(short), sum(spare))
    if not moved:
        return have
    taken, given = moved / sum(spare), moved / sum(short)
    return [own + lack * given - extra * taken for own, lack, extra in zip(have, short, spare, strict=True)]
