"""Books without files: from a few values by key to what the reader would have read.

``make_book(edition, {form: {row: {column: value}}})``. What stands for a form may be

- a mapping of row key (or subject code) → {column: value}, or → one value for the column ``value``;
- under a block's key, a list of {column: value} for a free list;
- a list of such mappings for a form that may stand on several sheets;
- ``MISSING``: the sheet is not there (a row given as ``MISSING`` is not there either).

Values are str, int, Decimal or None (blank); ``BAD`` is a cell that can't be used where it stands. Text in an amount
that is no number is BAD too. Every fixed row and every column is there, blank unless given; defaults of the form are
filled in. Cells get the places they would have in a workbook laid out in the plainest way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from generator.editions import Edition
from generator.model.book import BlockData, Book, FormData, RowData
from generator.model.cell import Cell, CellKind, CellRef
from generator.model.form import AMOUNT_KINDS, Block, Column, Form, Kind, OpenRows, Role, Row
from generator.model.heads import table_head

Content = Mapping[str, Any]


class _Mark:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


BAD = _Mark("BAD")
MISSING = _Mark("MISSING")
WAN = Decimal(10000)


def make_book(
    edition: Edition, content: Content, *, amount_unit: str = "万元", sums: bool = False, path: str = "测试.xlsx"
) -> Book:
    """The book of ``content`` (module text). ``sums`` fills declared totals and parent codes that were left out.

    Amounts are given in ``amount_unit``.
    """
    content = {key: _marks(value) for key, value in content.items()}
    unknown = set(content) - {form.id for form in edition.forms}
    assert not unknown, f"no such form: {unknown}"
    divisor = WAN if amount_unit == "元" else Decimal(1)
    sheets: dict[str, tuple[FormData, ...]] = {}
    for form in edition.forms:
        given = content.get(form.id, [] if form.repeat else {})
        if given is MISSING:
            continue
        many = given if isinstance(given, list) else [given]
        data = tuple(_sheet(edition, form, one, n, divisor, sums) for n, one in enumerate(many, 1))
        if data:
            sheets[form.id] = data
    return Book(edition.id, path, sheets, unit_of_amount=amount_unit)


def sample_content(*, fund: bool = False, capital: bool = False) -> dict[str, Any]:
    """Leaf values, in 万元, of an invented department that satisfies every relation (cases/book.yaml)."""
    whole = _sample()
    made: dict[str, Any] = dict(whole["base"])
    for wanted, part in ((fund, "fund"), (capital, "capital"), (fund and capital, "both")):
        if wanted:
            made = merge(made, whole[part])
    return made


@lru_cache(maxsize=1)
def _sample() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "cases" / "book.yaml").read_text(encoding="utf-8"))
    return parsed


def sample_book(
    edition: Edition,
    changes: Content | None = None,
    *,
    fund: bool = False,
    capital: bool = False,
    amount_unit: str = "万元",
    sums: bool = True,
) -> Book:
    """A complete, valid book; ``changes`` (in 万元) are laid over it, whatever they break."""
    content = merge(sample_content(fund=fund, capital=capital), changes or {})
    if amount_unit == "元":
        content = _in_yuan(edition, content)
    return make_book(edition, content, amount_unit=amount_unit, sums=sums)


def merge(base: Any, over: Any) -> Any:
    """``over`` laid over ``base``, mapping by mapping; lists and values are replaced whole."""
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return {**base, **{key: merge(base.get(key), value) for key, value in over.items()}}
    return over


def _marks(value: Any) -> Any:
    """In YAML the marks are the words BAD and MISSING."""
    if isinstance(value, Mapping):
        return {str(key): _marks(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_marks(v) for v in value]
    return {"BAD": BAD, "MISSING": MISSING}.get(value, value) if isinstance(value, str) else value


def number(value: Any) -> Decimal:
    return Decimal(str(value))


def _amount(value: Any) -> Decimal | None:
    try:
        return None if value is None or value is BAD else number(value)
    except InvalidOperation:
        return None


def _sheet(edition: Edition, form: Form, given: Any, nth: int, divisor: Decimal, sums: bool) -> FormData:
    sheet = form.sheet if nth == 1 else f"{form.sheet}{nth}"
    given = dict(given)
    blocks: dict[str, BlockData] = {}
    top = 5 + table_head(form)[1] if form.role is Role.TABLE else 3
    left = 1
    if form.role is Role.PERFORMANCE:
        fields = _fields(form)
        blocks["fields"] = BlockData("fields", tuple(_rows(fields, given, sheet, 3, 1)))
        lines = [line.indicators for line in form.lines if line.indicators]
        blocks |= {b.key: BlockData(b.key, tuple(_rows(b, given, sheet, 5 + len(fields.rows), 1))) for b in lines}
    if sums:
        _fill_sums(edition, form, given)
    for block in form.blocks:
        rows = tuple(_rows(block, given, sheet, top, left))
        blocks[block.key] = BlockData(block.key, rows)
        if form.role is Role.TABLE:
            left += len(block.columns)
        else:
            top += 3 + max(len(block.rows), len(rows))
    left_over = set(given) - {row.key for block in blocks.values() for row in block.rows} - set(blocks)
    absent = {key for key in left_over if given[key] is MISSING}
    assert left_over == absent, f"{form.id}: no such row or block: {left_over - absent}"
    return FormData(form, sheet, blocks, divisor)


def _fields(form: Form) -> Block:
    """The label/value part of a performance form as a block of rows."""
    parts = [part for line in form.lines for part in line.parts if part.field]
    rows = [Row(key=p.field, label=p.label, kind=p.kind) for p in parts]
    if form.header is not None and form.header.field:
        rows.insert(0, Row(key=form.header.field, label=form.header.right, kind=Kind.TEXT))
    return Block("fields", (Column("value", ("",), Kind.VERBATIM),), tuple(rows))


def _rows(block: Block, given: Mapping[str, Any], sheet: str, top: int, left: int) -> Iterator[RowData]:
    at = top
    for row in block.rows:
        values = given.get(row.key)
        if not row.spacer and values is not MISSING:
            yield _row(block, row, row.key, values, sheet, at, left)
        at += 1
    if block.open is None:
        return
    if block.key in given and isinstance(given[block.key], list):
        listed = [(_list_key(block.open, item, n), item) for n, item in enumerate(given[block.key], 1)]
    elif block.open.by_code:
        listed = [(key, item) for key, item in given.items() if key.isdigit()]
    else:
        listed = []
    for key, item in listed:
        if item is MISSING:
            continue
        values = {"code": key, **item} if block.open.by_code else item
        yield _row(block, None, key, values, sheet, at, left)
        at += 1


def _list_key(opened: OpenRows, item: Mapping[str, Any], nth: int) -> str:
    return str(item["code"]) if opened.by_code else str(nth)


def _row(block: Block, row: Row | None, key: str, values: Any, sheet: str, at: int, left: int) -> RowData:
    if not isinstance(values, Mapping):
        values = {} if values is None else {"value": values}
    unknown = set(values) - {c.key for c in block.columns}
    assert not unknown, f"{block.key}.{key}: no such column: {unknown}"
    cells: dict[str, Cell] = {}
    first = block.value_columns[0] if block.value_columns else None
    for offset, column in enumerate(block.columns):
        if column.kind in (Kind.LABEL, Kind.LINE, Kind.HELP):
            continue
        value = values.get(column.key)
        kind = column.kind if row is None else block.kind_of(row, column)
        if value is None and row is not None and column is first:
            value = row.default or None
        if value is None and row is not None and column.kind is Kind.CODE:
            value = row.code or None
        cells[column.key] = _cell(CellRef(sheet, at, left + offset), kind, value)
    label = row.label if row is not None else str(values.get("name") or "")
    return RowData(key, cells, label, CellRef(sheet, at, left))


def _cell(ref: CellRef, kind: Kind, value: Any) -> Cell:
    if value is None:
        return Cell(ref, CellKind.BLANK)
    if value is BAD:
        return Cell(ref, CellKind.BAD, None, "#REF!")
    if kind in AMOUNT_KINDS:
        try:
            return Cell(ref, CellKind.NUMBER, number(value), str(value))
        except InvalidOperation:
            return Cell(ref, CellKind.BAD, None, str(value))
    if not isinstance(value, str):
        return Cell(ref, CellKind.NUMBER, number(value), str(value))
    return Cell(ref, CellKind.TEXT, None, value)


def _in_yuan(edition: Edition, content: Content) -> Content:
    """The same content with every amount of money in 元."""
    made: dict[str, Any] = {}
    for form in edition.forms:
        if form.id not in content:
            continue
        given = content[form.id]
        blocks = form.blocks
        money = {(b.key, c.key) for b in blocks for c in b.columns if c.kind is Kind.MONEY}
        rows = {row.key: (block, row) for block in blocks for row in block.rows}
        if form.role is Role.PERFORMANCE or not isinstance(given, Mapping):
            made[form.id] = given
            continue
        converted: dict[str, Any] = {}
        for key, values in given.items():
            if isinstance(values, list):
                converted[key] = [{c: _yuan(v) if (key, c) in money else v for c, v in item.items()} for item in values]
                continue
            block, row = rows.get(key, (blocks[0], None))
            if not isinstance(values, Mapping):
                values = {"value": values}
            converted[key] = {
                c: _yuan(v) if (block.key, c) in money or (row and row.kind is Kind.MONEY and c == "value") else v
                for c, v in values.items()
            }
        made[form.id] = converted
    return made


def _yuan(value: Any) -> Any:
    try:
        return number(value) * WAN if value is not None else None
    except InvalidOperation:
        return value


def _fill_sums(edition: Edition, form: Form, given: dict[str, Any]) -> None:
    """Declared totals that were not given; in open tables the parent codes too, with their names."""
    rows = {row.key: (block, row) for block in form.blocks for row in block.rows if not row.spacer}
    parents: dict[str, Block] = {}
    for block in form.blocks:
        if block.open is None or not block.open.by_code or isinstance(given.get(block.key), list):
            continue
        codes = {key for key in given if key not in rows}
        wanted = codes | {code[:n] for code in codes for n in block.open.levels if n < len(code)}
        for code in sorted(wanted):
            own = given.pop(code, None) or {}
            given[code] = own if own is MISSING else {"name": edition.subjects.get(code, "自设科目"), **own}
            parents[code] = block
    children: dict[str, list[str]] = {}
    for code, block in parents.items():
        assert block.open is not None
        above = max((n for n in block.open.levels if n < len(code)), default=0)
        children.setdefault(code[:above] if above else block.rows[0].key, []).append(code)
    for key, (block, _) in rows.items():
        coded = [r for r in block.rows if r.code and r.key != key and key.isdigit() and r.code.startswith(key)]
        children.setdefault(key, []).extend(r.key for r in coded)

    def addends(key: str, column: Column) -> list[tuple[int, str, Column]]:
        block, row = rows.get(key, (parents.get(key), None))
        assert block is not None
        if column.sum_of:
            return [(term.sign, key, block.column(term.key)) for term in column.sum_of]
        if row is not None and row.sum_of:
            return [(term.sign, term.key, rows[term.key][0].column(column.key)) for term in row.sum_of]
        if row is None or row.children:
            return [(1, child, column) for child in children.get(key, [])]
        return []

    def value(key: str, column: Column) -> Any:
        entry = given.get(key)
        if entry is MISSING:
            return None
        if entry is not None and not isinstance(entry, Mapping):
            return entry
        if entry is not None and column.key in entry:
            return entry[column.key]
        found = [(sign, value(k, c)) for sign, k, c in addends(key, column)]
        known = [(sign, amount) for sign, v in found if (amount := _amount(v)) is not None]
        made = sum((sign * v for sign, v in known), Decimal(0)) if known else None
        if made is not None:
            given[key] = {**(entry or {}), **(given.get(key) or {}), column.key: made}
        return made

    for key, block in [*((k, b) for k, (b, _) in rows.items()), *parents.items()]:
        for column in block.columns:
            row = rows[key][1] if key in rows else None
            kind = block.kind_of(row, column) if row is not None else column.kind
            if kind in AMOUNT_KINDS:
                value(key, column)
