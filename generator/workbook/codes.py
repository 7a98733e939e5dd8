"""The subject code of a row, which a sheet may spread over several columns: 类, 款, 项."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from ..model.cell import CellRef
from ..model.finding import Severity
from ..model.form import Block, Column
from . import values
from .cells import Raw, Sheet
from .heads import HeadMatch
from .match import norm
from .notes import Notes

_LONGEST = 20


class CodeCells:
    """The codes in one or several ``columns`` of a sheet; with several, ``levels`` are the lengths of a code.

    What fills several columns and makes no code is noted once; ``broken`` holds those rows.
    """

    def __init__(self, sheet: Sheet, columns: Sequence[int], levels: Sequence[int], notes: Notes) -> None:
        self.sheet, self.columns, self.levels, self.notes = sheet, tuple(columns), tuple(levels), notes
        self.broken: set[int] = set()
        self._found: dict[int, str] = {}

    def at(self, row: int) -> str:
        """The subject code in that row, "" when there is none."""
        if row not in self._found:
            self._found[row] = self._several(row) if len(self.columns) > 1 else self._one(row)
        return self._found[row]

    def column(self, row: int) -> int:
        """Where the row's code stands, or begins."""
        if len(self.columns) == 1:
            return self.columns[0]
        return next((at for at in self.columns if self._text(row, at)), self.columns[0])

    def _one(self, row: int) -> str:
        return code_of(self.sheet.get(row, self.columns[0])) if self.columns else ""

    def _text(self, row: int, column: int) -> str:
        raw = self.sheet.get(row, column)
        text = raw.text.strip() if raw is not None and raw.type in "tn" else ""
        return "" if text == "0" else text

    def _several(self, row: int) -> str:
        filled = [(n, at) for n, at in enumerate(self.columns) if self._text(row, at)]
        if len(filled) < 2:
            return code_of(self.sheet.get(row, filled[0][1])) if filled else ""
        pieces = [(n, self._piece(n, self.sheet.get(row, at))) for n, at in filled]
        if not any(text.isdigit() for _, text in pieces):
            return ""
        code = joined(pieces, self.levels)
        if not code:
            self.broken.add(row)
            ref = CellRef(self.sheet.name, row, filled[0][1])
            self.notes.cell(
                "S8",
                Severity.ERROR,
                ref,
                "｜".join(self._text(row, at) for _, at in filled),
                "几栏中的科目编码合不成一个编码，该行没有读取",
                "请在首栏填写完整编码，其余几栏留空；或逐栏填写，如 201、03、50。",
            )
        return code

    def _piece(self, at: int, raw: Raw | None) -> str:
        if raw is None:
            return ""
        if raw.type == "n":
            return padded(values.shown(values.stored(raw.text) or Decimal(0)), at, self.levels)
        return norm(raw.text)


def split_codes(
    sheet: Sheet, head: HeadMatch, placed: Sequence[tuple[Block, Column]]
) -> tuple[HeadMatch, Mapping[str, Sequence[int]]]:
    """Sheet columns of every block's split codes, and the head without their names 类, 款, 项 as columns of its own.

    The names say where the columns are; without them the columns follow the head's place up to the next known one.
    """
    columns, names = list(head.columns), set[str]()
    found: dict[str, Sequence[int]] = {}
    for n, (block, column) in enumerate(placed):
        if not column.split:
            continue
        wanted = tuple(norm(name) for name in column.split)
        names |= set(wanted)
        named = _named(sheet, head, wanted)
        first = columns[n]
        if named:
            columns[n] = named[0]
            found[block.key] = named
        elif first is not None:
            end = min((c for c in columns if c is not None and c > first), default=first + len(wanted))
            found[block.key] = tuple(range(first, min(end, first + len(wanted))))
    extra = tuple((column, text) for column, text in head.extra if text not in names)
    return replace(head, columns=tuple(columns), extra=extra), found


def _named(sheet: Sheet, head: HeadMatch, wanted: Sequence[str]) -> tuple[int, ...]:
    """Columns of the names where they stand together in one row in or just below the head; else none."""
    for row in range(head.rows[0], head.body + 2):
        there = {sheet.label(row, column): column for column in sorted(sheet.rows.get(row, ()), reverse=True)}
        if all(name in there for name in wanted):
            return tuple(there[name] for name in wanted)
    return ()


def code_of(raw: Raw | None) -> str:
    """The subject code of one cell, "" when the text is none."""
    if raw is None or raw.type not in "tn":
        return ""
    if raw.text.isascii() and raw.text.isdigit() and raw.text != "0":
        return raw.text if len(raw.text) <= _LONGEST else ""
    code = norm(raw.text) if raw.type == "t" else values.shown(values.stored(raw.text) or Decimal(0))
    return code if code.isascii() and code.isdigit() and code != "0" and len(code) <= _LONGEST else ""


def joined(pieces: Sequence[tuple[int, str]], levels: Sequence[int]) -> str:
    """The code that the ``pieces`` (position among the columns, digits) make up; "" when they make none.

    Either piece by piece, 201 | 03 | 50, or with every level written out, 201 | 20103 | 2010350.
    """
    texts = [text for _, text in pieces]
    if not all(text.isascii() and text.isdigit() for text in texts):
        return ""
    if all(len(text) in levels for text in texts) and all(b.startswith(a) and a != b for a, b in pairwise(texts)):
        return texts[-1]
    steps = [longer - shorter for shorter, longer in pairwise((0, *levels))]
    fits = len(pieces) <= len(steps) and all(at == n and len(t) == steps[n] for n, (at, t) in enumerate(pieces))
    return "".join(texts) if fits else ""


def padded(text: str, at: int, levels: Sequence[int]) -> str:
    """A piece that was typed as a number has lost its leading zeros: 3 for 03."""
    width = levels[at] - levels[at - 1] if 0 < at < len(levels) else 0
    return text.zfill(width) if text.isdigit() else text
