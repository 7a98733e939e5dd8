"""Figures in words that a person typed: the cells that hold the same, or none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException
from typing import NamedTuple

from ..model.book import WAN, Book
from ..model.cell import CellKind, CellRef
from ..model.form import AMOUNT_KINDS, Kind, Role

_NUMBER = re.compile(r"(?<![\d.,\-—－A-Za-z])(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*([%％])?(万|亿)?")
_DATE = re.compile(r"\s*(?:年度?|月份?|日|号|点|时)")
_LABEL = re.compile(r"\s*(?:[.、．)）]|——?)(?!\d)")  # 1. 2、 (3)
_BEFORE = re.compile(r"(?:第|图|表|附件|电话|传真|邮编)\s*[：:]?\s*$|[〔\[]\s*$")
_PHONE = re.compile(r"[-—－]\d")
_ROUND = Context(prec=60, rounding=ROUND_HALF_UP)
_STEPS = tuple(Decimal(1).scaleb(-digits) for digits in (0, 1, 2))
_LISTED = 6
_SHORT = 8  # characters of a text cell that is little more than its number
_HUNDRED, _HUNDRED_MILLION = Decimal(100), Decimal(10) ** 8


class Typed(NamedTuple):
    """``text[start:end]`` is a figure; ``cells`` hold the same amount, none when it is not tied."""

    start: int
    end: int
    cells: tuple[CellRef, ...]


class Amounts:
    """Every amount of the workbook by value: as filled, in 万元, and as either would be written shorter."""

    def __init__(self, book: Book) -> None:
        self._exact: dict[Decimal, dict[CellRef, None]] = {}
        self._short: dict[str, dict[CellRef, None]] = {}
        for data in book:
            kinds = {c.key: c.kind for block in data.form.blocks for c in block.columns}
            rows = {r.key: r.kind for block in data.form.blocks for r in block.rows if r.kind is not None}
            for block in data.blocks.values():
                for row in block.rows:
                    for column, cell in row.cells.items():
                        kind = rows.get(row.key) or kinds.get(column)
                        if cell.kind is CellKind.NUMBER and cell.number is not None and kind in AMOUNT_KINDS:
                            self._add(cell.number, cell.ref)
                            if kind is Kind.MONEY and data.divisor != 1:
                                self._add(cell.number / WAN, cell.ref)
                        elif data.form.role is Role.PERFORMANCE and len(cell.text) <= _SHORT:
                            for found in _NUMBER.finditer(cell.text):
                                self._exact.setdefault(_value(found), {})[cell.ref] = None

    def _add(self, value: Decimal, ref: CellRef) -> None:
        self._exact.setdefault(value, {})[ref] = None
        if not value.as_tuple().exponent:
            return
        for step in _STEPS:
            self._short.setdefault(f"{value.quantize(step, context=_ROUND):f}", {})[ref] = None

    def tied(self, value: Decimal, digits: str) -> tuple[CellRef, ...]:
        """Cells of that value, or that are written so with fewer decimals."""
        found = {**self._exact.get(value, {}), **self._exact.get(-value, {}), **self._short.get(digits, {})}
        return tuple(found)[:_LISTED]


def figures(text: str, amounts: Amounts, shown: dict[str, tuple[CellRef, ...]]) -> Iterator[Typed]:
    """The figures in ``text`` that are no dates, numerals or telephone numbers. ``shown`` are those that the
    document prints itself, with their cells: a share that is repeated in words is tied to them."""
    for found in _NUMBER.finditer(text):
        if _passed_over(text, found):
            continue
        end = found.end(3) if found[3] else found.end(2) if found[2] else found.end(1)
        digits = found[1].replace(",", "") + (found[2] or "")
        sign = "%" if found[3] else ""
        cells = shown.get(digits + sign, ()) or shown.get(found[1] + (found[2] or "") + sign, ())
        if not cells:
            cells = amounts.tied(_value(found), digits if not found[3] else "")
        if not cells and found[4]:
            scale = WAN if found[4] == "万" else _HUNDRED_MILLION
            cells = amounts.tied(_value(found) * scale, "") or amounts.tied(_value(found) * scale / WAN, "")
        yield Typed(found.start(1), end, cells)


def _passed_over(text: str, found: re.Match[str]) -> bool:
    end = found.end(2) if found[2] else found.end(1)
    before = text[: found.start()]
    if not found[2] and (_DATE.match(text, end) or _PHONE.match(text, end)):
        return True
    if _BEFORE.search(before[-6:]):
        return not found[3] and not found[4]
    if before.endswith(("（", "(")) and text[end : end + 1] in ("）", ")"):
        return True
    starts = not before.strip() or before.rstrip()[-1:] in "。；;：:\n（("
    return starts and not found[2] and _LABEL.match(text, end) is not None


def _value(found: re.Match[str]) -> Decimal:
    try:
        value = Decimal(found[1].replace(",", "") + (found[2] or ""))
    except DecimalException:
        return Decimal(-1)
    return value / _HUNDRED if found[3] else value
