"""Figures of another workbook by the keys that a plan names, with the cells they come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from ..checks.formula import NotApplicable, Reads, State, side
from ..editions import Edition
from ..model.book import Book
from ..model.cell import CellKind, CellRef
from ..model.expression import parse
from ..model.figure import ZERO
from ..model.finding import Finding, Severity
from ..model.form import Role
from .rollplan import EVERY, cell_of, refs

_NOT_COMPUTED = "S5"  # the reader's id for a formula without a stored value
_NOT_FILLED = "S10"  # the reader's id for what is blank or chosen wrongly, not unreadable


@dataclass(frozen=True)
class Amount:
    """``value`` is in 万元 for money; None: there is none, and ``why``."""

    value: Decimal | None
    cells: tuple[CellRef, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Source:
    """One workbook as read."""

    edition: Edition
    book: Book

    @property
    def name(self) -> str:
        return Path(self.book.path).name

    @cached_property
    def _reads(self) -> Reads:
        return Reads(self.edition, self.book)

    @property
    def year(self) -> int | None:
        number = self.book.figure("unit", "year", "value")
        return int(number.value) if number.value else None

    @property
    def unread(self) -> tuple[Finding, ...]:
        """What could not be read in it: none of that comes over into another workbook."""
        found = (f for f in self.book.findings if f.severity is Severity.ERROR and f.cells)
        return tuple(f for f in found if f.rule != _NOT_FILLED)

    @property
    def uncomputed(self) -> int:
        """How many cells hold a formula without its value."""
        return len({cell for f in self.book.findings if f.rule == _NOT_COMPUTED for cell in f.cells})

    def word(self, row: str) -> str:
        """A fact of the unit form."""
        return self.book.text("unit", row).strip()

    def amount(self, sources: Sequence[str]) -> Amount:
        """The first of ``sources`` whose cells the workbook's edition has."""
        lacking = ""
        for text in sources:
            tree = parse(text)
            absent = next((ref for ref in refs(tree) if cell_of(self.edition, ref) is None), None)
            if absent is not None:
                lacking = lacking or self.edition.lacks(*absent) or f"“{self.edition.name}”没有对应的栏目"
                continue
            return self._evaluate(text)
        return Amount(None, (), lacking)

    def _evaluate(self, text: str) -> Amount:
        try:
            found = side(self._reads, parse(text), {})
        except NotApplicable:
            return Amount(None, (), "除数为零")
        states = {operand.state for _, operand in found.terms}
        if State.BAD in states:
            return Amount(None, found.cells, "不是数字")
        if states & {State.NO_SHEET, State.NO_ROW}:
            return Amount(None, found.cells, "工作簿中没有这张表或这一行")
        if State.NUMBER not in states and not all(self._filled(operand.form) for _, operand in found.terms):
            return Amount(None, found.cells, "没有填写")
        return Amount(found.value, found.cells)

    def _filled(self, form_id: str) -> bool:
        """In an official table that is filled in, a blank is a zero."""
        data = self.book.sheet(form_id)
        if data is None or data.form.role is not Role.TABLE:
            return False
        # A table of one row may be all zero: then the tables together say whether anything is filled in.
        tables = (sheet for sheet in self.book if sheet.form.role is Role.TABLE)
        return any(
            cell.kind is CellKind.NUMBER and cell.number
            for sheet in tables
            for block in sheet.blocks.values()
            for row in block.rows
            for cell in row.cells.values()
        )

    def by_code(self, sources: Sequence[str], levels: Sequence[int]) -> Iterator[tuple[str, str, Amount]]:
        """Code, name and amount of each row that ``form.*.column`` means, of the codes as long as ``levels``."""
        for text in sources:
            form_id, row, column = text.split(".")
            if row != EVERY or cell_of(self.edition, (form_id, EVERY, column)) is None:
                continue
            data = self.book.sheet(form_id)
            for block in data.form.blocks if data is not None else ():
                if data is None or block.open is None or column not in {c.key for c in block.columns}:
                    continue
                own = {one.key for one in block.rows}
                rows = data.blocks[block.key].by_key.values() if block.key in data.blocks else ()
                for one in rows:
                    if one.key not in own and len(one.key) in levels:
                        operand = self._reads.in_row(data, one, column)
                        good = operand.state in (State.NUMBER, State.BLANK)
                        cells = (operand.cell,) if operand.cell is not None else ()
                        yield (
                            one.key,
                            one.text("name") or one.label,
                            Amount(operand.value if good else None, cells, "" if good else "不是数字"),
                        )
            return

    def shown(self, cells: Sequence[CellRef]) -> str:
        """Cells as comments and messages name them."""
        return "、".join(map(str, cells[:6])) + (f" 等 {len(cells)} 格" if len(cells) > 6 else "")


__all__ = ["ZERO", "Amount", "Source"]
