"""Edition wording as spans: every filled place says what it is and which cell it came from."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..model.blocks import Span, SpanKind
from ..model.cell import Cell, CellRef
from .context import UNIT, Context

_PLACE = re.compile(r"\{(\w+)\}")
# Places that are filled from a cell of the unit sheet; all others are wording of the form.
_YEARS = frozenset({"year", "prior_year"})
_CELLS = {
    "year": "year",
    "prior_year": "year",
    "unit": "name",
    "unit_head": "name",
    "short": "short_name",
    "region": "region",
}


def spans(context: Context, text: str, more: Mapping[str, Span] | None = None) -> tuple[Span, ...]:
    """``text`` of the edition with its places filled; ``more`` holds places only the caller knows."""
    made: list[Span] = []
    at = 0
    for match in _PLACE.finditer(text):
        if match.start() > at:
            made.append(Span(text[at : match.start()]))
        name = match[1]
        made.append(more[name] if more and name in more else _place(context, name))
        at = match.end()
    if at < len(text):
        made.append(Span(text[at:]))
    return tuple(span for span in made if span.text)


def _place(context: Context, name: str) -> Span:
    text = context.words[name]
    if name in _YEARS:
        return Span(text, SpanKind.YEAR, _ref(context, _CELLS[name]))
    if name in _CELLS:
        return Span(text, SpanKind.USER, _ref(context, _CELLS[name]))
    return Span(text)


def _ref(context: Context, row: str) -> tuple[CellRef, ...]:
    data = context.book.sheet(UNIT)
    return cell_ref(data.cell(row, "value") if data is not None else None)


def cell_ref(cell: Cell | None) -> tuple[CellRef, ...]:
    return (cell.ref,) if cell is not None else ()


_DIGITS = "零一二三四五六七八九"


def chinese(number: int) -> str:
    """1 → 一, 10 → 十, 21 → 二十一, 105 → 一百零五; for 1 to 999."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = _DIGITS[hundreds] + "百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else _DIGITS[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (_DIGITS[ones] if ones else "")
