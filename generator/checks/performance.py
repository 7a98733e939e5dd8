"""The performance forms of a book as checks ask for them.

A performance form prints what was typed, always in 万元 whatever the workbook's unit. Field keys keep their meaning
in every edition; weights and the places quoted come from the rule file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal

from ..model.book import FormData, RowData, is_band
from ..model.cell import Cell, CellRef
from ..model.figure import ZERO
from ..model.form import Line
from . import typed
from .coded import Subject, Verdict
from .formula import Operand, State
from .rule import Check, Outcome

_FIELDS, INDICATORS, VALUE = "fields", "indicators", "value"
BUDGET, EXECUTED, RATE, EXECUTION, TOTAL = "budget", "executed", "rate", "execution_score", "total_score"
NAME, DEVIATION, MEASURES = "project_name", "deviation", "measures"


def forms(subject: Subject, check: Check) -> Iterator[FormData]:
    """The filled performance forms of the scope, sheet by sheet."""
    for scope in check.scope:
        for data in subject.book.sheets.get(scope.form, ()):
            if any(text_of(data, key) for key in (BUDGET, EXECUTED, TOTAL, NAME)) or rows(data):
                yield data


def rows(data: FormData) -> tuple[RowData, ...]:
    """The indicators that are filled in, without headings between them."""
    found = data.blocks.get(INDICATORS)
    line = next((line for line in data.form.lines if line.indicators is not None), Line())
    return tuple(
        row
        for row in (found.rows if found else ())
        if any(c.text.strip() for c in row.cells.values()) and not is_band(line, row)
    )


def field(data: FormData, key: str) -> Cell | None:
    found = data.blocks.get(_FIELDS)
    row = found.by_key.get(key) if found is not None else None
    return row.cells.get(VALUE) if row is not None else None


def text_of(data: FormData, key: str) -> str:
    cell = field(data, key)
    return cell.text.strip() if cell is not None else ""


def label(data: FormData, key: str) -> str:
    """The printed label before a field, or the head above it."""
    for n, line in enumerate(data.form.lines):
        at = 0
        for before, part in zip((None, *line.parts), line.parts, strict=False):
            if part.field == key:
                if before is not None and before.label:
                    return before.label
                heads = data.form.lines[n - 1].parts if n else ()
                column = 0
                for head in heads:
                    if column <= at + _covered(heads) < column + head.span and head.label:
                        return head.label
                    column += head.span
            at += part.span
    return key


def _covered(heads: Iterable[object]) -> int:
    """Columns of the line above that reach down into the next one."""
    return sum(part.span for part in heads if getattr(part, "down", 1) > 1)  # type: ignore[attr-defined]


_MONEY = frozenset({BUDGET, EXECUTED, "basic_total", "project_total"})


def operand(data: FormData, key: str, cell: Cell | None, name: str, column: str = VALUE) -> Operand:
    found = typed.amount(cell)
    state = State.NUMBER if found else State.BLANK if cell is None or cell.is_blank else State.BAD
    value = found.value if found else ZERO
    ref = cell.ref if cell is not None else None
    return Operand(data.form.id, key, column, state, value, ref, key in _MONEY, state is not State.BAD, name)


def amount_of(data: FormData, key: str) -> Operand:
    return operand(data, key, field(data, key), label(data, key))


def refs(operands: Iterable[Operand]) -> tuple[CellRef, ...]:
    return tuple(o.cell for o in operands if o.cell is not None)


def unreadable(operands: Iterable[Operand]) -> Verdict | None:
    """Unanswerable for the operands that hold text where a number belongs."""
    bad = tuple(o for o in operands if o.state is State.BAD)
    return Verdict(Outcome.UNANSWERABLE, refs(bad), blame=bad) if bad else None


def not_filled(data: FormData, operands: Iterable[Operand]) -> Verdict | None:
    missing = [o for o in operands if o.state is State.BLANK]
    if not missing:
        return None
    names = "、".join(f"“{o.name}”" for o in missing)
    cells = "、".join(o.cell.address for o in missing if o.cell is not None)
    text = f"{data.sheet}没有填写{names}" + (f"（{cells}）" if cells else "") + "，无法核对。"
    return Verdict(Outcome.BROKEN, refs(missing), {"text": text})


def shown(value: Decimal) -> str:
    text = f"{value.quantize(Decimal('0.0001')):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def indicator(row: RowData) -> str:
    return next((t for key in ("level3", "level2", "level1") if (t := row.text(key).strip())), row.key)


def plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
