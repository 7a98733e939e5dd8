"""Where everything of a workbook stands: forms and content laid out to sheet rows and columns (counted from 1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from ..editions import Edition
from ..model.form import Block, Column, Form, Kind, Role, Row
from ..model.heads import body_depth, columns, head_depth, starts, table_head

Value = str | int | Decimal
Content = Mapping[str, Any]  # see docs/architecture.md

COMMENTS = "_comments"  # among the values of a row: column → text shown as a comment on the cell
OPEN_RANGE = 500  # sheet rows over which sums by code look, so that pasted and inserted rows count
SPARE = 3  # empty rows that a filled open block keeps at least
TABLE_TOP = 4  # title, 公开0N表, 部门／金额单位 stand above the head of an official table
_SNAP = 5.0  # column edges of stacked blocks nearer than this (in characters) become one edge


@dataclass(frozen=True)
class RowPlan:
    """One sheet row of a block; ``row`` is None in the open part. ``values`` are the given contents by column.

    ``comments`` are shown beside the cells of those columns.
    """

    number: int
    row: Row | None
    values: Mapping[str, Value]
    comments: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.row.key if self.row is not None else ""

    def code(self, column: Column | None) -> str:
        """The subject code in this row, "" when it has none."""
        if self.row is not None:
            return self.row.code
        return str(self.values.get(column.key, "")).strip() if column is not None else ""


@dataclass
class BlockPlan:
    """A block with its sheet columns (first and last, for each column key) and rows."""

    block: Block
    places: dict[str, tuple[int, int]]
    head_row: int
    rows: list[RowPlan] = field(default_factory=list)
    title_row: int = 0
    hint_row: int = 0
    range_end: int = 0  # last sheet row that sums over the open part look at

    @property
    def code_column(self) -> Column | None:
        return next((c for c in self.block.columns if c.kind is Kind.CODE), None)

    @property
    def open_start(self) -> int:
        """First sheet row of the open part."""
        fixed = len(self.block.rows)
        return self.rows[0].number + fixed if self.rows else self.head_row + 1

    def column_at(self, key: str) -> int:
        return self.places[key][0]

    @cached_property
    def by_parent(self) -> Mapping[str, Sequence[RowPlan]]:
        """Open rows by the code of the group above them; those of the top level under ""."""
        found: dict[str, list[RowPlan]] = {}
        levels = self.block.open.levels if self.block.open else ()
        parents = dict(zip(levels, (0, *levels), strict=False))
        for row in self.rows:
            code = row.code(self.code_column)
            if row.row is None and len(code) in parents:
                found.setdefault(code[: parents[len(code)]], []).append(row)
        return found


@dataclass
class SheetPlan:
    """One sheet: its form, final name, content and blocks. ``head`` are the sheet rows of the (first) head."""

    form: Form
    name: str
    content: Content
    blocks: list[BlockPlan] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    head: tuple[int, int] = (0, 0)
    last_row: int = 0

    def find(self, row_key: str) -> tuple[BlockPlan, RowPlan] | None:
        for block in self.blocks:
            for row in block.rows:
                if row.row is not None and not row.row.spacer and row.key == row_key:
                    return block, row
        return None

    def block(self, key: str) -> BlockPlan:
        return next(b for b in self.blocks if b.block.key == key)


def plan(edition: Edition, content: Content) -> list[SheetPlan]:
    """All sheets of the edition's workbook in their order. ValueError names content that no form has a place for."""
    _known(content, [form.id for form in edition.forms], "content")
    return [sheet for form in edition.forms for sheet in _sheets(form, content.get(form.id))]


def _sheets(form: Form, given: Any) -> Iterator[SheetPlan]:
    # A workbook without project forms still shows one, ready to be filled or copied.
    copies: Sequence[Content] = (given or [{}]) if form.repeat else [given or {}]
    for index, content in enumerate(copies):
        name = form.sheet if index == 0 else f"{form.sheet}({index + 1})"
        sheet = SheetPlan(form, name, content)
        if form.role is Role.TABLE:
            _known(content, [block.key for block in form.blocks], form.id)
            _place_table(sheet)
        elif form.role is Role.INPUT:
            _known(content, [block.key for block in form.blocks], form.id)
            _place_inputs(sheet)
        yield sheet


def _known(given: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    unknown = [key for key in given if key not in keys]
    if unknown:
        raise ValueError(f"{where}: no place for {', '.join(map(repr, unknown))}")


def _place_table(sheet: SheetPlan) -> None:
    form = sheet.form
    _, depth = table_head(form)
    body = TABLE_TOP + depth
    sheet.head = (TABLE_TOP, body - 1)
    sheet.widths = [column.width / column.across for _, column in columns(form) for _ in range(column.across)]
    at = 1
    for block in form.blocks:
        firsts = starts(block, at)
        places = {c.key: (n, n + c.across - 1) for n, c in zip(firsts, block.columns, strict=False)}
        placed = BlockPlan(block, places, TABLE_TOP)
        placed.rows = block_rows(block, sheet.content.get(block.key), body, f"{form.id}.{block.key}")
        placed.range_end = placed.open_start + max(OPEN_RANGE, 2 * len(placed.rows)) - 1
        sheet.blocks.append(placed)
        at = firsts[-1]
    sheet.last_row = max([body + body_depth(form) - 1, *(b.rows[-1].number for b in sheet.blocks if b.rows)])


def _place_inputs(sheet: SheetPlan) -> None:
    form = sheet.form
    edges = _edges(form.blocks)
    sheet.widths = [right - left for left, right in zip([0.0, *edges], edges, strict=False)]
    at = 2 + bool(form.hint)
    for index, block in enumerate(form.blocks):
        at += 1  # an empty line above every block
        placed = BlockPlan(block, _spread(block, edges), 0)
        if block.title:
            placed.title_row, at = at, at + 1
        if block.hint:
            placed.hint_row, at = at, at + 1
        placed.head_row = at
        depth = head_depth(tuple(column.head for column in block.columns))
        if index == 0:
            sheet.head = (at, at + depth - 1)
        placed.rows = block_rows(block, sheet.content.get(block.key), at + depth, f"{form.id}.{block.key}")
        at = placed.rows[-1].number + 1 if placed.rows else at + depth
        last = index == len(form.blocks) - 1
        placed.range_end = placed.open_start + max(OPEN_RANGE, 2 * len(placed.rows)) - 1 if last else at - 1
        sheet.blocks.append(placed)
    sheet.last_row = at - 1


def _edges(blocks: Sequence[Block]) -> list[float]:
    """Right edges of a grid on which blocks of different columns can stand below each other."""
    found: list[float] = []
    for block in sorted(blocks, key=lambda b: -len(b.columns)):
        at = 0.0
        for column in block.columns:
            at += column.width
            if all(abs(at - edge) >= _SNAP for edge in found):
                found.append(at)
    return sorted(found)


def _spread(block: Block, edges: Sequence[float]) -> dict[str, tuple[int, int]]:
    places: dict[str, tuple[int, int]] = {}
    at, first = 0.0, 1
    for column in block.columns:
        at += column.width
        last = max(min(range(len(edges)), key=lambda i: abs(edges[i] - at)) + 1, first)
        places[column.key] = (first, last)
        first = last + 1
    return places


def block_rows(block: Block, given: Any, top: int, where: str) -> list[RowPlan]:
    """The rows of a block from sheet row ``top``: fixed rows, then given or prepared open rows."""
    column_keys = [column.key for column in block.columns]
    fixed: dict[str, Mapping[str, Any]] = {}
    free: list[Mapping[str, Any]] = []
    if block.open is None:
        fixed = dict(given or {})
    else:
        for row in given or ():
            if "_key" in row:
                fixed[str(row["_key"])] = {key: value for key, value in row.items() if key != "_key"}
            else:
                free.append(row)
    _known(fixed, [row.key for row in block.rows if not row.spacer], where)
    for values in [*fixed.values(), *free]:
        _known(_values(values), column_keys, where)
        _known(values.get(COMMENTS, {}), column_keys, where)
    rows = [_row(top + i, row, fixed.get(row.key, {})) for i, row in enumerate(block.rows)]
    if block.open is not None:
        count = max(block.open.prepared, len(free) + SPARE)
        free += [{}] * (count - len(free))
        rows += [_row(top + len(block.rows) + i, None, values) for i, values in enumerate(free)]
    return rows


def _row(number: int, row: Row | None, given: Mapping[str, Any]) -> RowPlan:
    return RowPlan(number, row, _values(given), given.get(COMMENTS, {}))


def _values(given: Mapping[str, Any]) -> Mapping[str, Value]:
    return {key: value for key, value in given.items() if key != COMMENTS} if COMMENTS in given else given
