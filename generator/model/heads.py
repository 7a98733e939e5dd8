"""The stacked head of a form as placed cells, from the head paths of its columns."""

from __future__ import annotations

from dataclasses import dataclass

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
        if form.ordinals != "-":
            lead = 0
            while block.columns[lead].kind in (Kind.CODE, Kind.NAME, Kind.LABEL):
                lead += 1
            cells.append(HeadCell(form.ordinals, 0, at, across=lead))
        for offset, column in enumerate(block.columns):
            if column.kind is Kind.MONEY:
                number += 1
                cells.append(HeadCell(str(number), 0, at + offset))
            elif column.kind is Kind.LINE:
                cells.append(HeadCell("", 0, at + offset))
        at += len(block.columns)
    return tuple(cells)


def table_head(form: Form) -> tuple[tuple[HeadCell, ...], int]:
    """The whole head of an official table, 栏次 row included, and its number of rows."""
    paths = tuple(column.head for _, column in columns(form))
    depth = head_depth(paths)
    last = tuple(HeadCell(c.text, depth, c.column, c.down, c.across) for c in ordinals(form))
    return stacked(paths) + last, depth + bool(last)


def body_depth(form: Form) -> int:
    """Printed rows of the fixed part: the longest block."""
    return max((len(block.rows) for block in form.blocks), default=0)
