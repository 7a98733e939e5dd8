"""A further sheet of a workbook that is no form: a list with a title, read by nobody but people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from openpyxl.worksheet.hyperlink import Hyperlink

from .blank_sheet import Kit, Pen
from .blank_spots import address, sheet_prefix
from .blank_style import HEAD_CELL, HINT, LINK, TITLE, Look

SOURCES = "汇总来源"  # name of the sheet that says what a department's sums come from
_MONEY = "#,##0.00####"
_MOST_LINKS = 60_000  # of the 65,530 that a sheet holds


@dataclass(frozen=True)
class Jump:
    """A cell of this workbook, shown as its address and leading there."""

    sheet: str
    row: int
    column: int


Entry = str | Decimal | Jump | None


@dataclass(frozen=True)
class Extra:
    """``widths`` in characters, one for each column of ``head``; amounts are shown as they are."""

    name: str
    title: str
    hint: str
    head: Sequence[str]
    widths: Sequence[float]
    rows: Sequence[Sequence[Entry]]
    frozen: int = 0  # columns that stay in view


def write_extra(kit: Kit, book: object, extra: Extra) -> None:
    """A sheet at the end of ``book``."""
    sheet = book.create_sheet(extra.name)  # type: ignore[attr-defined]
    pen = Pen(kit, sheet)
    pen.widths(extra.widths)
    last = min(len(extra.head), max(extra.frozen + 4, 6))
    pen.put(1, 1, extra.title, TITLE.but(horizontal="left"), last=last)
    pen.put(2, 1, extra.hint, HINT, last=last)
    pen.height(2, extra.hint, sum(extra.widths[:last]) - 2, HINT.size)
    for column, text in enumerate(extra.head, 1):
        pen.put(3, column, text, HEAD_CELL)
    sheet.row_dimensions[3].height = 32
    links = 0
    money, plain = Look(horizontal="right", number=_MONEY), Look()
    for number, row in enumerate(extra.rows, 4):
        for column, value in enumerate(row, 1):
            if isinstance(value, Jump):
                there = address(value.column, value.row)
                cell = pen.put(number, column, there, LINK)
                links += 1
                if links < _MOST_LINKS:
                    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=sheet_prefix(value.sheet) + there)
            elif value is not None:
                pen.put(number, column, value, money if isinstance(value, Decimal) else plain)
    sheet.freeze_panes = address(extra.frozen + 1, 4)
    pen.page(len(extra.head), len(extra.rows) + 3, landscape=True, head=(3, 3), one=False)
