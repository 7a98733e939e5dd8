"""Generated content for every form of an edition: each value different, so that a mix-up of cells can't pass."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from typing import Any

from generator.editions import Edition
from generator.model.form import Block, Column, Form, Kind, Role, Row

_PRINTED = (Kind.LABEL, Kind.LINE, Kind.HELP, Kind.RATE)


def made_content(edition: Edition, open_rows: int = 6) -> dict[str, Any]:
    """``content`` as of docs/architecture.md with a value in every cell that is read."""
    numbers = count(1)
    found: dict[str, Any] = {}
    for form in edition.forms:
        if form.repeat:
            found[form.id] = [_form(form, numbers, open_rows + n) for n in range(2)]
        else:
            found[form.id] = _form(form, numbers, open_rows)
    facts = next(b for b in edition.form("unit").blocks if any(r.key == "year" for r in b.rows)).key
    found["unit"][facts]["year"] = {"value": edition.years[-1]}
    found["unit"][facts]["name"] = {"value": "某单位"}
    found["unit"][facts]["edition"] = {"value": edition.id}
    found["unit"][facts]["amount_unit"] = {"value": "万元"}
    return found


def _form(form: Form, numbers: Iterator[int], open_rows: int) -> dict[str, Any]:
    if form.role is not Role.PERFORMANCE:
        return {block.key: _block(block, numbers, open_rows) for block in form.blocks}
    fields = {}
    for line in form.lines:
        for part in line.parts:
            if part.field:
                fields[part.field] = {"value": part.options[-1] if part.options else f"值{next(numbers)}"}
    if form.header and form.header.field:
        fields[form.header.field] = {"value": "2022年3月1日"}
    found: dict[str, Any] = {"fields": fields}
    for line in form.lines:
        if line.indicators:
            found[line.indicators.key] = _block(line.indicators, numbers, open_rows)
    return found


def _block(block: Block, numbers: Iterator[int], open_rows: int) -> Any:
    fixed = {
        row.key: {c.key: _value(block, row, c, numbers) for c in block.columns if _fills(c)}
        for row in block.rows
        if not row.spacer
    }
    if block.open is None:
        return fixed
    codes = _codes(block.open.levels or (7,), open_rows)
    return [
        *({"_key": key, **values} for key, values in fixed.items()),
        *(
            {
                c.key: next(codes) if c.kind is Kind.CODE else _value(block, None, c, numbers)
                for c in block.columns
                if c.kind not in _PRINTED
            }
            for _ in range(open_rows)
        ),
    ]


def _fills(column: Column) -> bool:
    return column.kind not in (*_PRINTED, Kind.CODE, Kind.NAME)


def _codes(levels: tuple[int, ...], wanted: int) -> Iterator[str]:
    """Ascending codes, parents first."""
    for group in range(wanted):
        code = ""
        for level in levels:
            code += f"{group + 1:0{level - len(code)}d}" if code else f"{201 + group:0{level}d}"
            yield code


def _value(block: Block, row: Row | None, column: Column, numbers: Iterator[int]) -> Any:
    kind = block.kind_of(row, column) if row is not None else column.kind
    choices = (row.choices if row is not None else ()) or column.choices
    number = next(numbers)
    if choices:
        return choices[-1]
    if kind is Kind.COUNT:
        return number
    if kind in (Kind.MONEY, Kind.NUMBER):
        return Decimal(number) + Decimal(number % 100) / 100
    if kind is Kind.DATE:
        return "2022年11月8日"
    return f"文字{number}<A&B>"
