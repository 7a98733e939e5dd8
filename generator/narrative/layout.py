"""How wide the columns of an official table are: as its contents need, so that labels and amounts rarely wrap."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ..model.blocks import GridCell
from ..model.form import AMOUNT_KINDS, Column, Form, Kind
from ..model.heads import columns

_MM = 2.8  # per em of table type; the writer scales all columns to the page anyway
_PAD = 0.9  # em beside the text
_LEAST_NAME = 10.0  # em of a column of names, also in an empty table
_LEAST_AMOUNT = 4.5
_HEAD_LINES = ((3, 1), (8, 2))  # characters of a head and the lines it may take; three beyond
_ROOM = {"portrait": 62.0, "landscape": 100.0}  # em on a page in the smallest type that reads well


def text_ems(text: str) -> float:
    """Width of the longest line of ``text``: a Chinese character is one em, a digit or Latin letter half."""
    if "\n" in text:
        return max(map(text_ems, text.split("\n")))
    return len(text) - 0.5 * len(text.encode("ascii", "ignore"))


def column_widths(form: Form, rows: Sequence[Mapping[int, GridCell]], head_rows: int) -> tuple[float, ...]:
    """Widths in mm for the placed ``rows`` (column → cell) of an official table, its head first."""
    kinds = [column for _, column in columns(form) for _ in range(column.across)]
    ems = [_least(column) for column in kinds]
    for number, line in enumerate(rows):
        for at, cell in line.items():
            if cell.colspan > 1 and number >= head_rows and kinds[at].across == cell.colspan:
                _share(ems, at, cell)
                continue
            if cell.colspan > 1 or not cell.text:
                continue
            need = text_ems(cell.text)
            if number < head_rows:
                need = math.ceil(need / next((lines for most, lines in _HEAD_LINES if len(cell.text) <= most), 3))
            if need + _PAD > ems[at]:
                ems[at] = need + _PAD
    widest = max((em for em, column in zip(ems, kinds, strict=True) if column.kind in AMOUNT_KINDS), default=0.0)
    ems = [widest if column.kind in AMOUNT_KINDS else em for em, column in zip(ems, kinds, strict=True)]
    names = [at for at, column in enumerate(kinds) if column.kind in (Kind.LABEL, Kind.NAME)]
    over = sum(ems) - _ROOM[form.orientation]
    while over > 0 and names and max(ems[at] for at in names) > _LEAST_NAME:
        # The widest names give way first: they wrap onto a second line.
        at = max(names, key=lambda name: ems[name])
        ems[at] -= min(0.5, over)
        over -= 0.5
    return tuple(round(em * _MM, 2) for em in ems)


def _share(ems: list[float], at: int, cell: GridCell) -> None:
    """A code over the columns 类, 款, 项 asks a part of each."""
    each = (text_ems(cell.text) + _PAD) / cell.colspan
    for place in range(at, at + cell.colspan):
        ems[place] = max(ems[place], each)


def _least(column: Column) -> float:
    if column.kind in (Kind.LABEL, Kind.NAME):
        return _LEAST_NAME
    return _LEAST_AMOUNT if column.kind in AMOUNT_KINDS else 2.0


# Type to which a form may shrink so as to stand on one page, in points; a smaller one is hard to read.
_SMALL_TYPE, _SMALL_PITCH, _ROW_PADDING = 8.5, 12.2, 3.0
_UPRIGHT = 442.0, 560.0  # points of a page below the form's title: width, height
_ACROSS = 690.0, 320.0


def fits_page(widths: Sequence[float], rows: Sequence[Sequence[GridCell]], across: bool = False) -> bool:
    """Whether a form of full page width stands on one page (upright or ``across``) in small type."""
    width, room_below = _ACROSS if across else _UPRIGHT
    ems = width / _SMALL_TYPE / sum(widths)
    height = 0.0
    covered: dict[int, int] = {}  # column → rows for which a cell from above still covers it
    for row in rows:
        lines, at = 1, 0
        below = {column: left - 1 for column, left in covered.items() if left > 1}
        for cell in row:
            while at in covered:
                at += 1
            room = max(sum(widths[at : at + cell.colspan]) * ems - _PAD, 1.0)
            if cell.rowspan == 1:
                lines = max(lines, sum(math.ceil(max(text_ems(one), 1.0) / room) for one in cell.text.split("\n")))
            else:
                below.update(dict.fromkeys(range(at, at + cell.colspan), cell.rowspan - 1))
            at += cell.colspan
        covered = below
        height += lines * _SMALL_PITCH + _ROW_PADDING
    return height <= room_below
