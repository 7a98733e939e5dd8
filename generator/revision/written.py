"""A .docx as neutral blocks, tracked changes accepted."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from ..model.written import WrittenBlock, WrittenCell
from .body import Body, Unit, open_body, row_cells, table_rows
from .text import plain
from .xmlnames import VAL, w

_PROPERTIES, _SPAN, _MERGE = w("tcPr"), w("gridSpan"), w("vMerge")
_BEFORE = f"{w('trPr')}/{w('gridBefore')}"


def written_blocks(parts: Mapping[str, bytes]) -> tuple[WrittenBlock, ...]:
    """All paragraphs and tables of the body in order. Unreadable when it is no Word document."""
    body = open_body(parts)
    return tuple(_block(body, unit) for unit in body.units)


def _block(body: Body, unit: Unit) -> WrittenBlock:
    if unit.kind == "table":
        return WrittenBlock(unit.marks, rows=_rows(unit.element))
    return WrittenBlock(unit.marks, body.style(unit), unit.text, entry=bool(unit.anchor))


def _rows(table: etree._Element) -> tuple[tuple[WrittenCell, ...], ...]:
    made: list[list[WrittenCell]] = []
    open_cells: dict[int, tuple[int, int]] = {}  # column of the grid → row and place of the cell that is merged down
    for number, row in enumerate(table_rows(table)):
        line: list[WrittenCell] = []
        before = row.find(_BEFORE)
        column = _whole(before.get(VAL, "0")) if before is not None else 0
        for cell in row_cells(row):
            properties = cell.find(_PROPERTIES)
            span = properties.find(_SPAN) if properties is not None else None
            merge = properties.find(_MERGE) if properties is not None else None
            across = max(_whole(span.get(VAL, "1")), 1) if span is not None else 1
            if merge is not None and merge.get(VAL) != "restart" and column in open_cells:
                at, place = open_cells[column]
                made[at][place] = made[at][place]._replace(rowspan=number - at + 1)
            else:
                open_cells.pop(column, None)
                if merge is not None:
                    open_cells[column] = number, len(line)
                line.append(WrittenCell(plain(cell), across))
            column += across
        made.append(line)
    return tuple(tuple(line) for line in made)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
