"""Cells of one sheet's XML: found where they stand, made in their order where they are missing."""

from __future__ import annotations

import re
from bisect import bisect_left

from lxml import etree

from ..model.cell import column_letters
from .mark_parts import Parts, put_before
from .package import local

_ADDRESS = re.compile(r"([A-Za-z]+)(\d+)")
_AFTER_DATA = (
    "sheetCalcPr", "sheetProtection", "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate",
    "customSheetViews", "mergeCells", "phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks",
    "printOptions", "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks", "customProperties",
    "cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing", "legacyDrawingHF", "drawingHF",
    "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst",
)  # fmt: skip
AFTER_COMMENTS = _AFTER_DATA[_AFTER_DATA.index("legacyDrawingHF") :]


def column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


class SheetCells:
    """The cells of one sheet. Rows and cells without an address get the one that their place implies."""

    def __init__(self, parts: Parts, part: str) -> None:
        self._q = parts.q
        self.root = parts.tree(part)
        data = self.root.find(self._q("sheetData"))
        if data is None:
            data = etree.Element(self._q("sheetData"))
            put_before(self.root, data, _AFTER_DATA)
        self._data = data
        self._rows: dict[int, etree._Element] = {}
        at = 0
        for row in data.iterchildren(self._q("row")):
            number = row.get("r", "")
            at = int(number) if number.isdigit() else at + 1
            row.set("r", str(at))
            self._rows.setdefault(at, row)
        self._order = sorted(self._rows)
        self._cells: dict[int, dict[int, etree._Element]] = {}

    def style(self, row: int, column: int) -> int:
        """The style of a cell, whether it is there or its row or column speaks for it."""
        cell = self._in_row(row).get(column) if row in self._rows else None
        if cell is not None:
            return _whole(cell.get("s"))
        element = self._rows.get(row)
        if element is not None and element.get("customFormat") in ("1", "true"):
            return _whole(element.get("s"))
        for col in self.root.iterfind(f"{self._q('cols')}/{self._q('col')}"):
            if _whole(col.get("min")) <= column <= _whole(col.get("max")):
                return _whole(col.get("style"))
        return 0

    def paint(self, row: int, column: int, style: int) -> None:
        """Give the cell this style; an empty cell is made where there is none."""
        self._cell(row, column).set("s", str(style))

    def _row(self, number: int) -> etree._Element:
        if number not in self._rows:
            at = bisect_left(self._order, number)
            made = etree.Element(self._q("row"), r=str(number))
            if at < len(self._order):
                self._rows[self._order[at]].addprevious(made)
            else:
                self._data.append(made)
            self._order.insert(at, number)
            self._rows[number] = made
        return self._rows[number]

    def _in_row(self, number: int) -> dict[int, etree._Element]:
        if number not in self._cells:
            found: dict[int, etree._Element] = {}
            at = 0
            for cell in self._row(number):
                if local(cell.tag) != "c":
                    continue
                match = _ADDRESS.fullmatch(cell.get("r", ""))
                at = column_number(match[1]) if match else at + 1
                cell.set("r", f"{column_letters(at)}{number}")
                found.setdefault(at, cell)
            self._cells[number] = found
        return self._cells[number]

    def _cell(self, row: int, column: int) -> etree._Element:
        cells = self._in_row(row)
        if column not in cells:
            made = etree.Element(self._q("c"), r=f"{column_letters(column)}{row}")
            right = min((c for c in cells if c > column), default=0)
            left = max((c for c in cells if c < column), default=0)
            if right:
                cells[right].addprevious(made)
            elif left:
                cells[left].addnext(made)
            else:
                self._row(row).insert(0, made)
            cells[column] = made
            self._row(row).attrib.pop("spans", "")  # a hint to the program that wrote it, now perhaps too narrow
            self._widen(row, column)
        return cells[column]

    def _widen(self, row: int, column: int) -> None:
        """The sheet's stated extent takes in a new cell."""
        stated = self.root.find(self._q("dimension"))
        corners = _ADDRESS.findall(stated.get("ref", "")) if stated is not None else []
        if stated is None or not corners:
            return
        rows, columns = [row, *(int(r) for _, r in corners)], [column, *(column_number(c) for c, _ in corners)]
        first, last = (f"{column_letters(pick(columns))}{pick(rows)}" for pick in (min, max))
        stated.set("ref", first if first == last else f"{first}:{last}")


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0
