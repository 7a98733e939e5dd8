"""Where every figure of a document comes from: a Disclosure as plain values that can be kept as JSON and compared.

A block is a list of pieces of text: a paragraph has ``text`` (and ``right``, what stands at the right margin), a
table one piece a cell (``row.column``, counted from 0 on the table's grid), a chart ``c0`` … for its categories,
``s0`` … for the names of its series and ``s0.0`` … for its points, contents ``title`` and ``e0`` …, an attachment
its ``title``. Marks say what stretches of a piece came from cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from .blocks import Attachment, Block, Chart, Contents, Disclosure, Grid, GridCell, Paragraph, Span, SpanKind
from .cell import CellRef
from .figure import Figure

VERSION = 1


class Mark(NamedTuple):
    """``text[start:end]`` of a piece, and its source. ``value`` is exact: 万元, plain counts, ratios as fractions."""

    start: int
    end: int
    kind: str  # the value of a SpanKind; wording of the form has no mark unless it names cells
    cells: tuple[CellRef, ...] = ()
    value: Decimal | None = None


class Piece(NamedTuple):
    key: str
    text: str
    marks: tuple[Mark, ...] = ()

    def figures(self) -> tuple[Mark, ...]:
        return tuple(mark for mark in self.marks if mark.kind == SpanKind.FIGURE.value)


class TracedBlock(NamedTuple):
    """``kind`` is paragraph, grid, chart, contents or attachment; ``style`` the value of the paragraph's Style."""

    id: str
    kind: str
    style: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """A paragraph's or an attachment title's text; of others the pieces, one a line."""
        return "\n".join(piece.text for piece in self.pieces)


class Trace(NamedTuple):
    edition: str
    unit: str
    year: int
    blocks: tuple[TracedBlock, ...]

    def by_id(self) -> dict[str, TracedBlock]:
        return {block.id: block for block in self.blocks}

    def uses(self) -> dict[CellRef, list[tuple[str, str, Mark]]]:
        """Every place that uses a cell: block id, key of the piece, mark."""
        found: dict[CellRef, list[tuple[str, str, Mark]]] = {}
        for block in self.blocks:
            for piece in block.pieces:
                for mark in piece.marks:
                    for cell in mark.cells:
                        found.setdefault(cell, []).append((block.id, piece.key, mark))
        return found


def trace(disclosure: Disclosure) -> Trace:
    """All blocks of the document in their order."""
    blocks = tuple(_block(block) for section in disclosure.sections for block in section.blocks)
    return Trace(disclosure.edition, disclosure.unit, disclosure.year, blocks)


def _block(block: Block) -> TracedBlock:
    if isinstance(block, Paragraph):
        pieces = [_spans("text", block.spans)]
        if block.right:
            pieces.append(_spans("right", block.right))
        return TracedBlock(block.id, "paragraph", block.style.value, tuple(pieces))
    if isinstance(block, Grid):
        return TracedBlock(block.id, "grid", "", tuple(_grid(block)))
    if isinstance(block, Chart):
        return TracedBlock(block.id, "chart", block.kind.value, tuple(_chart(block)))
    if isinstance(block, Contents):
        entries = (Piece(f"e{at}", entry.text) for at, entry in enumerate(block.entries))
        return TracedBlock(block.id, "contents", "", (Piece("title", block.title), *entries))
    return TracedBlock(block.id, "attachment", "", (_attachment(block),))


def _attachment(block: Attachment) -> Piece:
    whole = Mark(0, len(block.title), SpanKind.USER.value, (block.cell,))
    return Piece("title", block.title, (whole,))


def _spans(key: str, spans: Iterable[Span]) -> Piece:
    marks, text = [], ""
    for span in spans:
        if span.kind is not SpanKind.FIXED or span.cells:
            marks.append(Mark(len(text), len(text) + len(span.text), span.kind.value, span.cells, _value(span)))
        text += span.text
    return Piece(key, text, tuple(marks))


def _grid(grid: Grid) -> Iterator[Piece]:
    """Cells at their places on the grid; a cell over several rows pushes those of the rows below to the right."""
    covered: dict[int, int] = {}  # column → first row that is free again
    for row, cells in enumerate(grid.rows):
        column = 0
        for cell in cells:
            while covered.get(column, 0) > row:
                column += 1
            yield _cell(f"{row}.{column}", cell)
            for at in range(column, column + cell.colspan):
                covered[at] = row + cell.rowspan
            column += cell.colspan


def _cell(key: str, cell: GridCell) -> Piece:
    plain = cell.kind is SpanKind.FIXED and not cell.cells
    marks = () if plain else (Mark(0, len(cell.text), cell.kind.value, cell.cells, _value(cell)),)
    return Piece(key, cell.text, marks)


def _value(place: Span | GridCell) -> Decimal | None:
    return place.figure.value if place.figure is not None else None


def _chart(chart: Chart) -> Iterator[Piece]:
    for at, category in enumerate(chart.categories):
        yield Piece(f"c{at}", category)
    for at, series in enumerate(chart.series):
        yield Piece(f"s{at}", series.name)
        for number, (point, label) in enumerate(zip(series.points, series.labels, strict=False)):
            yield Piece(f"s{at}.{number}", label, (_point(point, label),))


def _point(point: Figure, label: str) -> Mark:
    return Mark(0, len(label), SpanKind.FIGURE.value, point.cells, point.value)


def to_json(traced: Trace) -> dict[str, Any]:
    """Lists and strings only; sheets and blocks without names of their own per mark, to stay small."""
    sheets: dict[str, int] = {}
    blocks = [
        [
            block.id,
            block.kind,
            block.style,
            [[p.key, p.text, [_flat(m, sheets) for m in p.marks]] for p in block.pieces],
        ]
        for block in traced.blocks
    ]
    return {
        "version": VERSION,
        "edition": traced.edition,
        "unit": traced.unit,
        "year": traced.year,
        "sheets": list(sheets),
        "blocks": blocks,
    }


def _flat(mark: Mark, sheets: dict[str, int]) -> list[Any]:
    cells = [[sheets.setdefault(cell.sheet, len(sheets)), cell.row, cell.column] for cell in mark.cells]
    return [mark.start, mark.end, mark.kind, cells, None if mark.value is None else str(mark.value)]


def from_json(data: dict[str, Any]) -> Trace:
    """What ``to_json`` made; ValueError, KeyError, TypeError, IndexError or ArithmeticError for anything else."""
    if data["version"] != VERSION:
        raise ValueError("made by another version")
    sheets = [str(name) for name in data["sheets"]]
    blocks = tuple(
        TracedBlock(
            str(id),
            str(kind),
            str(style),
            tuple(Piece(str(key), str(text), tuple(_mark(m, sheets) for m in marks)) for key, text, marks in pieces),
        )
        for id, kind, style, pieces in data["blocks"]
    )
    return Trace(str(data["edition"]), str(data["unit"]), int(data["year"]), blocks)


def _mark(flat: list[Any], sheets: list[str]) -> Mark:
    start, end, kind, cells, value = flat
    refs = tuple(CellRef(sheets[sheet], int(row), int(column)) for sheet, row, column in cells)
    return Mark(int(start), int(end), str(kind), refs, None if value is None else Decimal(value))
