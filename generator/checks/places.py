"""Places and quantities in an accountant's words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal

from ..model.cell import CellRef
from ..model.form import Block, Form, Kind, Row
from ..model.quotes import nested
from .formula import Operand, Reads, State

_NUMBERED = re.compile(r"^\d+")
_ROUND = Context(prec=60, rounding=ROUND_HALF_UP)
_LISTED = 4  # cells named before “等 n 格”
_CENT = Decimal("0.01")


def table(form: Form) -> str:
    """The table's name without the number of its sheet."""
    return _NUMBERED.sub("", form.sheet)


def in_table(reads: Reads, operand: Operand) -> str:
    """“合计”行“基本支出”; without the column where the block has only one amount."""
    return row_name(reads, operand) + column_name(reads, operand)


def place(reads: Reads, operand: Operand) -> str:
    form = reads.edition.form(operand.form)
    named = operand.cell.sheet if form.repeat and operand.cell is not None else table(form)
    return named + in_table(reads, operand)


def row_name(reads: Reads, operand: Operand) -> str:
    declared = reads.declared(operand.form, operand.row)
    if declared is not None:
        return nested(f"“{_apart(reads, operand, declared)}”行") if declared.label else ""
    if not reads.edition.form(operand.form).blocks:  # a performance form
        return nested(f"“{operand.name or operand.row}”")
    own = block(reads, operand)
    numbered = own is not None and own.open is not None and not own.open.by_code  # by the place in the list
    number = "" if numbered and operand.name else operand.row
    return nested(f"“{' '.join(one for one in (number, operand.name) if one)}”行")


def _apart(reads: Reads, operand: Operand, row: Row) -> str:
    """The row's label, with its code, its side (收入, 支出) or what it is part of, where the form has it twice."""
    form, own = reads.edition.form(operand.form), block(reads, operand)
    if own is None or not ambiguous(form, row.label):
        return row.label
    if row.code:
        return f"{row.code} {row.label}"
    above = heading(own, row.key)
    sides = {b.columns[0].head[0] for b in form.blocks if any(other.label == row.label for other in b.rows)}
    if not above and len(sides) > 1:
        above = own.columns[0].head[0]
    return f"{above}·{row.label}" if above else row.label


def heading(block: Block, key: str) -> str:
    """The label of the total that stands above this row and the rows it adds (of which …)."""
    keys = [row.key for row in block.rows]
    for row in block.rows:
        addends = [term.key for term in row.sum_of]
        if key in addends and all(keys.index(row.key) < keys.index(a) for a in addends if a in keys):
            return row.label
    return ""


def ambiguous(form: Form, label: str) -> bool:
    return sum(row.label == label for block in form.blocks for row in block.rows) > 1


def column_name(reads: Reads, operand: Operand) -> str:
    own = block(reads, operand)
    if own is None:
        return ""
    heads = {c.key: c.head for c in own.columns if c.kind in (Kind.MONEY, Kind.COUNT, Kind.NUMBER)}
    if operand.column not in heads or len(heads) < 2:
        return ""
    return nested(f"“{_short(heads[operand.column], heads.values())}”栏")


def _short(head: tuple[str, ...], all_heads: Iterable[tuple[str, ...]]) -> str:
    """The head path without the parts that every amount of the block shares."""
    others = list(all_heads)
    kept = [part for n, part in enumerate(head) if not all(len(o) > n and o[n] == part for o in others)]
    return "·".join(kept or head[-1:])


def block(reads: Reads, operand: Operand) -> Block | None:
    """The block the operand stands in; of an open row, the one with its column."""
    fixed = reads.block(operand.form, operand.row)
    if fixed is not None:
        return fixed
    blocks = reads.edition.form(operand.form).blocks
    return next(
        (b for b in blocks if b.open is not None and any(c.key == operand.column for c in b.columns)),
        blocks[0] if blocks else None,
    )


def quantity(like: Operand, value: Decimal, unit: bool = True) -> str:
    """``value`` (万元 or a count) as it stands in the workbook: 1,234.50 万元, 12,345,000.00 元, 12 or 96.7%."""
    if not like.money:
        return f"{value.normalize():,f}" + (like.unit if unit else "")
    shown = value * like.divisor
    rounded = shown.quantize(_CENT * _CENT * _CENT, context=_ROUND)
    text = f"{rounded:,f}".rstrip("0")
    whole, _, decimals = text.partition(".")
    if not rounded:
        whole = "0"
    return f"{whole}.{decimals.ljust(2, '0')}" + ((" 万元" if like.divisor == 1 else " 元") if unit else "")


def cells(refs: Iterable[CellRef], beside: str = "") -> str:
    """Sheet!A1、B2 等 5 格; the sheet once, and not at all where it is ``beside``."""
    by_sheet: dict[str, list[CellRef]] = {}
    for ref in refs:
        by_sheet.setdefault(ref.sheet, []).append(ref)
    said = []
    for sheet, found in by_sheet.items():
        listed = "、".join(ref.address for ref in found[:_LISTED])
        more = f" 等 {len(found)} 格" if len(found) > _LISTED else ""
        said.append(("" if sheet == beside else f"{sheet}!") + listed + more)
    return "；".join(said)


def source(reads: Reads, operand: Operand) -> str:
    """What stands in brackets after a figure: its cell, or why there is none."""
    if operand.cell is not None:
        return f"（{operand.cell}{'，未填' if operand.state is State.BLANK else ''}）"
    return "（表中没有该科目）"
