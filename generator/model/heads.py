"""The stacked head of a form as placed cells, from the head paths of its columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from .form import Block, Column, Form, Kind


@dataclass(frozen=True, slots=True)
class HeadCell:
    """Row and column count from 0 within the head; the cell covers ``down`` rows and ``across`` columns."""

    text: str
    row: int
    column: int
    down: int = 1
    across: int = 1


def columns(form: Form) -> tuple[tuple[Block, Column], ...]:
    """All columns of blocks that stand side by side, left to right."""
    return tuple((block, column) for block in form.blocks for column in block.columns)


def starts(block: Block, first: int = 0) -> tuple[int, ...]:
    """Printed column at which each column of the block begins, and the one after the block."""
    return tuple(accumulate((column.across for column in block.columns), initial=first))


def _grid(form: Form) -> tuple[int, ...]:
    """As ``starts``, for all blocks of the form."""
    return tuple(accumulate((column.across for _, column in columns(form)), initial=0))


def head_depth(paths: tuple[tuple[str, ...], ...]) -> int:
    return max((len(path) for path in paths), default=0)


def stacked(paths: tuple[tuple[str, ...], ...], breaks: frozenset[int] = frozenset()) -> tuple[HeadCell, ...]:
    """Placed cells for head paths: equal neighbours under equal parents merge, short paths reach down.

    ``breaks`` are columns at which nothing merges with its left neighbour.
    """
    depth = head_depth(paths)
    cells: list[HeadCell] = []
    for row in range(depth):
        at = 0
        while at < len(paths):
            path = paths[at]
            if len(path) <= row:
                at += 1
                continue
            last = row == len(path) - 1
            end = at + 1
            while not last and end < len(paths) and end not in breaks and paths[end][: row + 1] == path[: row + 1]:
                end += 1
            cells.append(HeadCell(path[row], row, at, depth - row if last else 1, end - at))
            at = end
    return tuple(cells)


def ordinals(form: Form) -> tuple[HeadCell, ...]:
    """The 栏次 row of an official table: amounts numbered 1, 2, … through all blocks; empty when it has none."""
    if not form.ordinals:
        return ()
    cells: list[HeadCell] = []
    number = at = 0
    for block in form.blocks:
        places = starts(block, at)
        if form.ordinals != "-":
            lead = 0
            while block.columns[lead].kind in (Kind.CODE, Kind.NAME, Kind.LABEL):
                lead += 1
            first = next((n for n in range(lead) if not block.columns[n].split), lead)
            if lead > first:
                cells.append(HeadCell(form.ordinals, 0, places[first], across=places[lead] - places[first]))
        for place, column in zip(places, block.columns, strict=False):
            if column.kind is Kind.MONEY:
                number += 1
                cells.append(HeadCell(str(number), 0, place))
            elif column.kind is Kind.LINE:
                cells.append(HeadCell("", 0, place))
        at = places[-1]
    return tuple(cells)


def _split_names(form: Form, row: int, banded: bool) -> Iterator[HeadCell]:
    """类, 款, 项 in head row ``row``; with a 栏次 line (``banded``) they may reach down beside the 合计 line too."""
    at = 0
    for block in form.blocks:
        places = starts(block, at)
        for place, column in zip(places, block.columns, strict=False):
            down = 2 if banded and block.split_beside_total else 1
            yield from (HeadCell(name, row, place + n, down) for n, name in enumerate(column.split))
        at = places[-1]


def table_head(form: Form) -> tuple[tuple[HeadCell, ...], int]:
    """The whole head of an official table in printed columns, 栏次 row included, and its number of rows.

    The names of split code columns may reach one row further, beside the 合计 line (``Block.split_beside_total``).
    """
    paths = tuple(column.head for _, column in columns(form))
    depth = head_depth(paths)
    places = _grid(form)
    last = tuple(replace(c, row=depth) for c in ordinals(form))
    names = tuple(_split_names(form, depth, bool(last)))
    split = {place for place, (_, column) in zip(places, columns(form), strict=False) if column.split}
    cells = []
    for c in stacked(paths):
        first, end = places[c.column], places[c.column + c.across]
        # Without a 栏次 line the names have a head row to themselves, which the other heads reach down to.
        deeper = bool(names) and not last and c.row + c.down == depth and first not in split
        cells.append(HeadCell(c.text, c.row, first, c.down + deeper, end - first))
    band = sorted(last + names, key=lambda c: c.column)
    return (*cells, *band), depth + bool(band)


def body_depth(form: Form) -> int:
    """Printed rows of the fixed part: the longest block."""
    return max((len(block.rows) for block in form.blocks), default=0)
