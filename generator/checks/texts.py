"""The user's own words in a book, cell by cell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from ..model.book import Book, FormData, RowData
from ..model.cell import Cell, CellKind
from ..model.form import Block, Form, Kind, Role

_WORDS = frozenset({Kind.TEXT, Kind.PROSE, Kind.VERBATIM, Kind.NAME})
_YEAR = re.compile(r"(?<![\d.])(?:19|20)\d\d(?=\s*年)")


class Words(NamedTuple):
    """One cell of words, with where it stands. ``form`` and ``column`` are keys."""

    data: FormData
    block: str
    row: RowData
    column: str
    cell: Cell
    plain: str  # in half-width signs

    @property
    def text(self) -> str:
        return self.cell.text

    @property
    def path(self) -> str:
        return f"{self.data.form.id}.{self.row.key}.{self.column}"


def words(book: Book) -> Iterator[Words]:
    """Every cell of free text on the supplementary sheets and performance forms."""
    text = CellKind.TEXT
    for data in book:
        if data.form.role is Role.TABLE:
            continue
        blocks = _blocks(data.form)
        for key, rows in data.blocks.items():
            block = blocks.get(key)
            kinds = {} if block is None else {c.key: c.kind for c in block.columns}
            own = _fields(data.form) if block is None else {row.key: row.kind for row in block.rows}
            first = block.value_columns[0].key if block is not None and block.value_columns else ""
            for row in rows.rows:
                for column, cell in row.cells.items():
                    if cell.kind is not text or not cell.text.strip():
                        continue
                    kind = own.get(row.key) if block is None or column == first else None
                    if (kind or kinds.get(column)) in _WORDS:
                        yield Words(data, key, row, column, cell, unicodedata.normalize("NFKC", cell.text))


def _blocks(form: Form) -> dict[str, Block]:
    blocks = [*form.blocks, *(line.indicators for line in form.lines if line.indicators is not None)]
    return {block.key: block for block in blocks}


def _fields(form: Form) -> dict[str, Kind | None]:
    return {part.field: part.kind for line in form.lines for part in line.parts if part.field}


def years(text: str) -> tuple[int, ...]:
    """The years a text in half-width signs names, four digits before 年."""
    return tuple(int(found) for found in _YEAR.findall(text))


def around(text: str, start: int, end: int, reach: int = 8) -> str:
    """The place in a text with a few characters on either side."""
    head = "…" if start > reach else ""
    tail = "…" if end + reach < len(text) else ""
    return head + text[max(start - reach, 0) : end + reach].replace("\n", " ") + tail
