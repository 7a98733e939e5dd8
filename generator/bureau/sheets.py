"""Sheets of the summary, written row by row: text stays text, whatever it begins with."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any
from urllib.parse import quote

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.cell import coordinate_from_string

from ..workbook.mark_report import height as tall
from ..workbook.mark_report import lines

MOST_ROWS = 1_000_000  # of the 1,048,576 that a sheet holds
_LONGEST = 32_000  # characters of the 32,767 that a cell holds
_MOST_LINKS = 60_000  # of the 65,530 that a sheet holds
_ACTIVE = "=+-@\t\r"  # at the beginning of a text that is typed in, these make a formula of it
_CENT, _RATE = Decimal("0.01"), Decimal("0.0001")
_ONE_PAGE = 260  # characters of a sheet that can be read on A4; a wider one is printed on A3
_A4, _A3 = 9, 8
_EXACT = Context(prec=60)
_TALL = 48.0

HEAD, RED, YELLOW, GREEN, GREY = "DCE6F1", "F8CBAD", "FFEB9C", "C6EFCE", "E7E6E6"


@dataclass(frozen=True)
class Money:
    """万元; printed with two decimals, rounded here and nowhere else."""

    value: Decimal | None


@dataclass(frozen=True)
class Rate:
    """A fraction, printed in per cent with two decimals."""

    value: Decimal | None


@dataclass(frozen=True)
class Link:
    """A file beside the summary, or nothing."""

    file: str
    text: str


Value = str | int | Money | Rate | Link | None


@dataclass(frozen=True)
class Filled:
    """Any value on a coloured ground."""

    value: Value
    colour: str


Entry = Value | Filled


class Book:
    """A workbook that is written once, from the top down; several sheets may be open at a time."""

    def __init__(self) -> None:
        self._book = Workbook(write_only=True)
        self._styles: dict[tuple[str, str, bool], Any] = {}

    def sheet(self, title: str, widths: Sequence[float], frozen: str = "") -> Sheet:
        return Sheet(self, self._book.create_sheet(title), widths, frozen)

    def data(self) -> bytes:
        out = io.BytesIO()
        self._book.save(out)
        return out.getvalue()

    def style(self, sheet: Any, look: str, colour: str, active: bool) -> Any:
        """The style of cells that look so; made once."""
        found = self._styles.get((look, colour, active))
        if found is None:
            cell = WriteOnlyCell(sheet)
            thin = Side("thin", color="BFBFBF")
            cell.font = Font(name="宋体", size=14 if look == "title" else 10, bold=look in ("title", "head"))
            if look == "link":
                cell.font = Font(name="宋体", size=10, color="1F5FA8", underline="single")
            if look not in ("title", "plain"):
                cell.border = Border(thin, thin, thin, thin)
            centred = look in ("head", "count", "link")
            cell.alignment = Alignment(
                horizontal="center" if centred else None, vertical="center", wrap_text=look in ("head", "text")
            )
            cell.number_format = {"money": "#,##0.00", "rate": "0.00%", "count": "0"}.get(look, "General")
            if colour:
                cell.fill = PatternFill("solid", fgColor=colour)
            if active:
                cell.quotePrefix = True
            found = self._styles[look, colour, active] = copy(cell._style)
        return found


class Sheet:
    def __init__(self, book: Book, sheet: Any, widths: Sequence[float], frozen: str) -> None:
        self._book, self._sheet, self.rows, self._links = book, sheet, 0, 0
        self._widths = tuple(widths)
        for number, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        if frozen:
            sheet.freeze_panes = frozen
            self._repeat(frozen)
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = _A4 if sum(widths) < _ONE_PAGE else _A3
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True

    def _repeat(self, frozen: str) -> None:
        """On paper too, heads and names stand on every page."""
        column, row = coordinate_from_string(frozen)
        if row > 1:
            self._sheet.print_title_rows = f"1:{row - 1}"
        if column != "A":
            self._sheet.print_title_cols = f"A:{get_column_letter(column_index_from_string(column) - 1)}"

    def title(self, text: str, height: float = 26.0) -> None:
        self._append([(text, "title")], height)

    def line(self, *entries: Entry) -> None:
        """Without borders."""
        self._append([(entry, "plain") for entry in entries])

    def head(self, *texts: str, height: float = _TALL) -> None:
        self._append([(Filled(text, HEAD), "head") for text in texts], height)

    def row(self, *entries: Entry) -> None:
        if self.rows < MOST_ROWS:
            needed = max((lines(_wrapped(e), wide) for e, wide in zip(entries, self._widths, strict=False)), default=1)
            self._append([(entry, "") for entry in entries], tall(needed) if needed > 1 else 0.0)

    def filter(self, head: int, columns: int) -> None:
        """Filter buttons on the row of heads, once all rows are there."""
        if self.rows > head:
            self._sheet.auto_filter.ref = f"A{head}:{get_column_letter(columns)}{self.rows}"

    def _append(self, entries: Sequence[tuple[Entry, str]], height: float = 0.0) -> None:
        self.rows += 1
        if height:
            self._sheet.row_dimensions[self.rows].height = height
        self._sheet.append([self._cell(at, entry, look) for at, (entry, look) in enumerate(entries, 1)])

    def _cell(self, column: int, entry: Entry, look: str) -> Any:
        entry, colour = (entry.value, entry.colour) if isinstance(entry, Filled) else (entry, "")
        cell = WriteOnlyCell(self._sheet)
        active = False
        if isinstance(entry, Link):
            look = look or ("link" if entry.file else "text")
            cell.row, cell.column = self.rows, column
            if entry.file and self._links < _MOST_LINKS:
                self._links += 1
                cell.hyperlink = quote(entry.file, errors=sys.getfilesystemencodeerrors())
            entry = entry.text
        if isinstance(entry, str):
            text = plain(entry)
            active = text[:1] in _ACTIVE and bool(text)
            cell.value = text
            cell.data_type = "s"  # whatever openpyxl makes of a text that begins with =
            look = look or "text"
        elif isinstance(entry, Money | Rate):
            money = isinstance(entry, Money)
            if entry.value is not None:
                cell.value = entry.value.quantize(_CENT if money else _RATE, ROUND_HALF_UP, _EXACT)
            look = look or ("money" if money else "rate")
        else:
            cell.value = entry
            look = look or "count"
        cell._style = self._book.style(self._sheet, look, colour, active)
        return cell


def _wrapped(entry: Entry) -> str:
    """The text of an entry that goes on in a new line where the column ends."""
    value = entry.value if isinstance(entry, Filled) else entry
    return value[:_LONGEST] if isinstance(value, str) else ""


def plain(text: str) -> str:
    """What a cell can hold: no control characters, no half characters, not too long."""
    clean: str = ILLEGAL_CHARACTERS_RE.sub("", text).encode("utf-8", "replace").decode("utf-8")
    return clean if len(clean) <= _LONGEST else clean[:_LONGEST] + "……"


__all__ = ["GREEN", "GREY", "MOST_ROWS", "RED", "YELLOW", "Book", "Entry", "Filled", "Link", "Money", "Rate", "Sheet"]
