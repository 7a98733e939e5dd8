"""The filled cells of a workbook as plain values that can be kept as JSON and compared with a later workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any, NamedTuple

from .book import Book, FormData, RowData
from .cell import Cell, CellKind, CellRef
from .form import Block, Column, Form, Kind, Row

VERSION = 1
_NAME = 24  # characters of a text that may serve as the name of its row


class Entry(NamedTuple):
    """One filled cell: its column's key, where it stands, and what it holds as an accountant writes it.

    ``formula`` is known of a workbook just read only; it is not kept.
    """

    column: str
    ref: CellRef
    text: str
    formula: bool = False


class SnapRow(NamedTuple):
    """``name`` tells the row apart for a reader: its label, its code, or its place in a list."""

    key: str
    name: str
    entries: tuple[Entry, ...]


class SnapBlock(NamedTuple):
    """``listed``: rows are a free list, known by what they hold; else ``SnapRow.key`` names them.

    ``heads`` maps column keys to words, "" where the row's name says it all.
    """

    key: str
    listed: bool
    heads: Mapping[str, str]
    rows: tuple[SnapRow, ...]


class SnapSheet(NamedTuple):
    form: str
    sheet: str
    blocks: tuple[SnapBlock, ...]


class Snapshot(NamedTuple):
    edition: str
    unit_of_amount: str
    sheets: tuple[SnapSheet, ...]

    def only(self, wanted: AbstractSet[CellRef]) -> Snapshot:
        """Without the cells that are not in ``wanted``; rows stay, so that those of a list keep their places."""

        def kept(row: SnapRow) -> SnapRow:
            return row._replace(entries=tuple(entry for entry in row.entries if entry.ref in wanted))

        sheets = (
            sheet._replace(blocks=tuple(b._replace(rows=tuple(map(kept, b.rows))) for b in sheet.blocks))
            for sheet in self.sheets
        )
        return self._replace(sheets=tuple(sheets))


def snapshot(book: Book) -> Snapshot:
    """Every filled cell that the reader knows by key, sheet by sheet."""
    return Snapshot(book.edition, book.unit_of_amount, tuple(_sheet(data) for data in book))


def words(block: SnapBlock, row: SnapRow, column: str) -> str:
    """What stands in that place: 项目支出（2010399), the label alone where the block has but one value column."""
    head = block.heads.get(column, "")
    return f"{head}（{row.name}）" if head and row.name else head or row.name


def _sheet(data: FormData) -> SnapSheet:
    form = data.form
    blocks: list[Block] = [*form.blocks, *(line.indicators for line in form.lines if line.indicators)]
    declared = {block.key: block for block in blocks}
    labels = _labels(form)
    return SnapSheet(
        form.id,
        data.sheet,
        tuple(_block(declared.get(key), found.rows, key, labels) for key, found in data.blocks.items()),
    )


def _labels(form: Form) -> dict[str, str]:
    """Words for the fields of a performance form: the label printed before each."""
    header = form.header
    found = {header.field: header.right.strip("：: ")} if header is not None and header.field else {}
    for line in form.lines:
        label = ""
        for part in line.parts:
            label = part.label or label
            if part.field:
                found[part.field] = label.strip("：: ")
    return found


def _block(block: Block | None, rows: Sequence[RowData], key: str, labels: Mapping[str, str]) -> SnapBlock:
    columns = block.columns if block is not None else ()
    kinds = {column.key: column.kind for column in columns}
    fixed: dict[str, Row] = {row.key: row for row in block.rows} if block is not None else {}
    listed = block is not None and block.open is not None and not block.open.by_code
    made = []
    for row in rows:
        declared = fixed.get(row.key)
        kind = declared.kind if declared is not None else None
        entries = tuple(
            Entry(column, cell.ref, shown(cell, kind or kinds.get(column)), cell.formula)
            for column, cell in row.cells.items()
            if not cell.is_blank and kinds.get(column) not in (Kind.LABEL, Kind.LINE, Kind.HELP)
        )
        made.append(SnapRow(row.key, _name(row, declared, listed, labels), entries))
    return SnapBlock(key, listed, _heads(columns), tuple(made))


def _name(row: RowData, declared: Row | None, listed: bool, labels: Mapping[str, str]) -> str:
    if declared is not None:
        return declared.label.strip()
    if listed:
        texts = [cell.text.strip() for cell in row.cells.values() if cell.kind is CellKind.TEXT]
        if len(row.cells) > 1 and texts and 0 < len(texts[0]) <= _NAME:
            return texts[0]
        return f"第{row.key}行" if row.key.isdigit() else row.label.strip()
    return labels.get(row.key, row.key)


def _heads(columns: Sequence[Column]) -> dict[str, str]:
    """The head of each value column without the parts that all of them share."""
    values = [c for c in columns if c.kind not in (Kind.LABEL, Kind.LINE, Kind.HELP)]
    if len(values) < 2:
        return {}
    amounts = [c.head for c in values if c.kind not in (Kind.CODE, Kind.NAME)]
    made = {}
    for column in values:
        alone = len(amounts) < 2 or column.kind in (Kind.CODE, Kind.NAME)
        kept = [
            part
            for at, part in enumerate(column.head)
            if not alone and not all(len(other) > at and other[at] == part for other in amounts)
        ]
        made[column.key] = "·".join(kept or column.head[-1:])
    return made


def shown(cell: Cell, kind: Kind | None) -> str:
    """Money with thousands and two decimals at least, all else as the user sees it."""
    if cell.kind is not CellKind.NUMBER or cell.number is None or kind is not Kind.MONEY:
        return cell.text
    return money(cell.number)


def money(value: Decimal) -> str:
    """1,017.83: every digit that is there, two decimals at least."""
    whole, _, decimals = f"{value:,f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def to_json(taken: Snapshot) -> dict[str, Any]:
    return {
        "version": VERSION,
        "edition": taken.edition,
        "unit_of_amount": taken.unit_of_amount,
        "sheets": [
            [
                sheet.form,
                sheet.sheet,
                [
                    [
                        block.key,
                        int(block.listed),
                        dict(block.heads),
                        [
                            [row.key, row.name, [[e.column, e.ref.row, e.ref.column, e.text] for e in row.entries]]
                            for row in block.rows
                            if row.entries or not block.listed
                        ],
                    ]
                    for block in sheet.blocks
                ],
            ]
            for sheet in taken.sheets
        ],
    }


def from_json(data: dict[str, Any]) -> Snapshot:
    """What ``to_json`` made; ValueError, KeyError or TypeError for anything else."""
    if data["version"] != VERSION:
        raise ValueError("made by another version")
    sheets = tuple(
        SnapSheet(str(form), str(sheet), tuple(_stored(str(sheet), block) for block in blocks))
        for form, sheet, blocks in data["sheets"]
    )
    return Snapshot(str(data["edition"]), str(data["unit_of_amount"]), sheets)


def _stored(sheet: str, data: Sequence[Any]) -> SnapBlock:
    key, listed, heads, rows = data
    made = tuple(
        SnapRow(
            str(name),
            str(said),
            tuple(Entry(str(c), CellRef(sheet, int(row), int(column)), str(text)) for c, row, column, text in entries),
        )
        for name, said, entries in rows
    )
    return SnapBlock(str(key), bool(listed), {str(k): str(v) for k, v in heads.items()}, made)
