"""Where a cell of a table stands, in words: the item it belongs to and the heads above it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from lxml import etree

from .body import row_cells
from .text import plain
from .xmlnames import VAL, w

_HEAD_ROW = f"{w('trPr')}/{w('tblHeader')}"
_SPAN = f"{w('tcPr')}/{w('gridSpan')}"
_WORDS = re.compile(r"[^\W\d_]")
_CODE = re.compile(r"\d{2,}")  # of a subject, whole or one of its parts
_RUNNING = 2  # digits of a row's number, which is no code
_SPAN_DIGITS = 2  # a table has 63 columns at most


class Spots:
    """Names of the cells of one table, given as its rows; cells count from 0 within their row."""

    def __init__(self, lines: Sequence[etree._Element]) -> None:
        self.lines = lines
        self._texts: dict[int, list[str]] = {}
        self._named: set[int] | None = None
        self.heads: list[dict[int, str]] = []  # of each head row, at each column of the grid
        self.begins: dict[int, int] = {}  # of each column, where its uppermost head begins
        self.depth = next((at for at, line in enumerate(lines) if line.find(_HEAD_ROW) is None), len(lines))
        for line in lines[: self.depth]:
            self._take(line)

    def _take(self, line: etree._Element) -> None:
        cells = row_cells(line)
        if any(plain(cell).strip().isdigit() for cell in cells):
            return  # the columns' numbers
        row: dict[int, str] = {}
        for first, (last, cell) in zip(columns(cells), _ends(cells), strict=True):
            text = "".join(plain(cell).split())
            for column in range(first, last):
                if _WORDS.search(text):
                    row[column] = text
                    self.begins.setdefault(column, first)
        self.heads.append(row)

    def texts(self, at: int) -> list[str]:
        if at not in self._texts:
            self._texts[at] = [plain(cell).strip() for cell in row_cells(self.lines[at])]
        return self._texts[at]

    def spot(self, at: int, cell: int) -> str:
        """30201 办公费，公用经费 / 决算数"""
        return "，".join(part for part in (self.item(at, cell), self.column(at, cell)) if part)

    def column(self, at: int, cell: int) -> str:
        """All heads above, the uppermost first: 决算数 / 合计."""
        if at < self.depth:
            return ""
        column = list(columns(row_cells(self.lines[at])))[cell]
        found = [row[column] for row in self.heads if column in row]
        return " / ".join(dict.fromkeys(found))

    def item(self, at: int, cell: int) -> str:
        """The nearest words to the left, with the code before them: 30201 办公费; of a code the words behind it."""
        if at < self.depth:
            return ""
        texts, starts = self.texts(at), list(columns(row_cells(self.lines[at])))
        if _CODE.fullmatch(texts[cell]) and cell + 1 < len(texts) and _WORDS.search(texts[cell + 1]):
            return texts[cell + 1]
        group = {n for n, start in enumerate(starts) if self._group(start) == self._group(starts[cell])}
        named = [n for n in range(cell) if _WORDS.search(texts[n])]
        if self.depth and len(group) > 1 and any(self._names(starts[n]) for n in group if n <= cell):
            named = [n for n in named if n in group]  # a blank item is not the one beside it
        elif self.depth and _WORDS.search(texts[cell]):
            named = named[:1]  # a list of texts: its first column says what each line is about
        elif not self.depth:  # a form: what is filled in has figures more often than its labels
            named = [n for n in named if not re.search(r"\d", texts[n])] or named
        name = named[-1] if named else cell
        near = self._group(starts[name])
        code = self._code(texts[n] for n in reversed(range(name)) if self._group(starts[n]) == near)
        return " ".join(part for part in (code, texts[name] if named else "") if part)

    def _group(self, column: int) -> int:
        """Columns under one uppermost head belong together."""
        return self.begins.get(column, 0)

    def _names(self, column: int) -> bool:
        """Whether any row has words in that column."""
        if self._named is None:
            self._named = set()
            for at in range(self.depth, len(self.lines)):
                starts = columns(row_cells(self.lines[at]))
                self._named |= {c for c, text in zip(starts, self.texts(at), strict=True) if _WORDS.search(text)}
        return column in self._named

    @staticmethod
    def _code(leftwards: Iterable[str]) -> str:
        """The code in the cells left of one, put together where it is split."""
        found = ""
        for text in leftwards:
            if text and not _CODE.fullmatch(text):
                break
            found = text + found
        return found if len(found) > _RUNNING else ""


def columns(cells: Sequence[etree._Element]) -> Iterator[int]:
    """The column of the grid at which each cell of a row begins."""
    at = 0
    for last, _ in _ends(cells):
        yield at
        at = last


def _ends(cells: Sequence[etree._Element]) -> Iterator[tuple[int, etree._Element]]:
    at = 0
    for cell in cells:
        span = cell.find(_SPAN)
        text = span.get(VAL, "1") if span is not None else "1"
        at += int(text) if text.isdecimal() and 0 < len(text) <= _SPAN_DIGITS else 1
        yield at, cell
