"""The book as chapters ask for it: amounts, words and rows by key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from ..model import expression
from ..model.blocks import SpanKind
from ..model.book import RowData
from ..model.cell import Cell, CellKind, CellRef
from ..model.expression import ExpressionError, Ref
from ..model.figure import ZERO, Figure
from ..model.form import Column, Form, Kind, Role, Row
from .context import UNIT, Context
from .spans import Marks, Open, WrongTemplate
from .values import Amount, Desk, Text
from .wording import cell_ref, chinese, spans

EVERY = "every"  # the row that stands for all rows of a list


class Ledger:
    """What chapters can know. Paths are ``form.row.column`` (``form.row`` for the column ``value``)."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.desk = Desk(Marks(), context.numbers)
        self._indexes: dict[tuple[str, str], dict[str, RowView]] = {}

    @cached_property
    def functions(self) -> Mapping[str, Any]:
        words = self.context.words
        own = self.context.setting("self_name")
        own_row = "short_name" if words["self"] != words["unit"] else "name"
        return {
            "year": self._word("year", "year", SpanKind.YEAR),
            "prior_year": self._word("prior_year", "year", SpanKind.YEAR),
            "unit": self._word("unit", "name"),
            "short": self._word("short", "short_name"),
            "own": self._word("self", own_row, SpanKind.FIXED if words["self"] == own else SpanKind.USER),
            "dept": words["dept"],
            "first_time": not self.context.has_prior_year,
            "setting": self.context.setting,
            "figure": self.figure,
            "text": self.text,
            "lines": self.lines,
            "rows": self.rows,
            "names_below": self.names_below,
            "subject": self.subject,
            "heads": self.heads,
            "leaves": self.leaves,
            "label": self.label,
            "lookup": self.lookup,
            "statement": self.statement,
            "numeral": lambda n: self.desk.marks.mark(str(int(n)), SpanKind.NUMERAL),
            "ordinal": lambda n: self.desk.marks.mark(chinese(int(n)), SpanKind.NUMERAL),
        }

    def _word(self, name: str, row: str, kind: SpanKind = SpanKind.USER) -> Text:
        return Text(self.context.words[name], self.desk, cell_ref(self.cell(UNIT, row, "value")), kind)

    # Places

    def form(self, form_id: str) -> Form:
        try:
            return self.context.edition.form(form_id)
        except KeyError:
            raise WrongTemplate(f"本版式没有表 {form_id!r}") from None

    def cell(self, form_id: str, row: str, column: str) -> Cell | None:
        data = self.context.book.sheet(form_id)
        return data.cell(row, column) if data is not None else None

    def split(self, path: str) -> tuple[Form, Row | None, str, Column]:
        parts = path.split(".")
        form = self.form(parts[0])
        if len(parts) not in (2, 3):
            raise WrongTemplate(f"{path!r} 应写作 表.行.栏")
        key, column_key = parts[1], parts[2] if len(parts) == 3 else "value"
        block = form.block_of_row(key)
        blocks = (block,) if block is not None else tuple(b for b in form.blocks if b.open is not None)
        column = next((c for b in blocks for c in b.columns if c.key == column_key), None)
        if column is None:
            raise WrongTemplate(f"表 {form.id!r} 没有 {'.'.join(parts[1:])!r} 这一格")
        row = next((r for r in block.rows if r.key == key), None) if block is not None else None
        return form, row, key, column

    # Values

    def figure(self, path: str) -> Amount:
        """The amount at ``path``; a value shown by formula is taken from where it is kept."""
        form, row, key, column = self.split(path)
        if key == EVERY:
            return self._every(form, column)
        if row is not None and row.show and column is self._first(form, key):
            return self.figure(".".join(self._shown(row).parts))
        cell = self.cell(form.id, key, column.key)
        given = cell is not None and cell.kind is CellKind.NUMBER
        if not given and row is not None and form.role is Role.INPUT:
            total = self._sum(form, row, column)
            if total is not None:
                return total
        return Amount(self.context.book.figure(form.id, key, column.key), self.desk, given)

    def _every(self, form: Form, column: Column) -> Amount:
        """The sum of a column over the rows of the form's lists, as rules have it."""
        lists = [block for block in form.blocks if block.open is not None and column in block.columns]
        parts = [row.figure(column.key) for block in lists for row in self.rows(f"{form.id}.{block.key}")]
        return Amount(Figure.sum(part.figure for part in parts), self.desk, any(part.given for part in parts))

    def _first(self, form: Form, key: str) -> Column | None:
        block = form.block_of_row(key)
        return block.value_columns[0] if block is not None else None

    def _shown(self, row: Row) -> Ref:
        try:
            found = expression.parse(row.show)
        except ExpressionError as error:
            raise WrongTemplate(str(error)) from error
        if not isinstance(found, Ref):
            raise WrongTemplate(f"{row.show!r} 不是 表.行.栏")
        return found

    def _sum(self, form: Form, row: Row, column: Column) -> Amount | None:
        """A declared total whose own cell holds no number (a formula never calculated); None without addends."""
        parts: list[Amount] = []
        for term in row.sum_of:
            part = self.figure(f"{form.id}.{term.key}.{column.key}")
            parts.append(part if term.sign > 0 else Amount(-part.figure, self.desk, part.given))
        block, data = form.block_of_row(row.key), self.context.book.sheet(form.id)
        if row.children and block is not None and block.open is not None and data is not None:
            top = min(block.open.levels, default=0)
            for found in self.context.book.rows(form.id, block.key):
                if found.key.isdigit() and len(found.key) == top:
                    parts.append(self._amount(form.id, found, column.key))
        if not any(part.given for part in parts):
            return None
        return Amount(Figure.sum(part.figure for part in parts), self.desk)

    def _amount(self, form_id: str, row: RowData, column: str) -> Amount:
        data = self.context.book.sheet(form_id)
        cell = row.cells.get(column)
        figure = data.row_figure(row, column) if data is not None else Figure(ZERO)
        return Amount(figure, self.desk, cell is not None and cell.kind is CellKind.NUMBER)

    def text(self, path: str) -> Text:
        form, _, key, column = self.split(path)
        cell = self.cell(form.id, key, column.key)
        return Text(cell.text if cell is not None else "", self.desk, cell_ref(cell))

    def lines(self, path: str, column: str = "text") -> tuple[Text, ...]:
        """The paragraphs of a list of prose (``form.block``): one per row, and per line within a cell."""
        return tuple(
            Text(line.strip(), self.desk, cell.cells)
            for row in self.rows(path)
            for cell in [row.text(column)]
            for line in cell.raw.splitlines()
            if Text(line, self.desk)
        )

    def rows(self, path: str, level: int = 0, by: str = "") -> tuple[RowView, ...]:
        """Rows of a list (``form.block``) without its totals; in a table by code only those of ``level`` (类 = 1).

        ``by``: the column by which they are ordered, largest first.
        """
        form_id, _, block_key = path.partition(".")
        form = self.form(form_id)
        block = next((b for b in form.blocks if b.key == block_key and b.open is not None), None)
        if block is None or block.open is None:
            raise WrongTemplate(f"表 {form_id!r} 没有清单 {block_key!r}")
        fixed = {row.key for row in block.rows}
        digits = block.open.levels[level - 1] if level else 0
        found = [
            RowView(self, form_id, block_key, row)
            for row in self.context.book.rows(form_id, block_key)
            if row.key not in fixed and (not digits or (row.key.isdigit() and len(row.key) == digits))
        ]
        if by:
            found.sort(key=lambda row: row.figure(by).figure.value, reverse=True)
        return tuple(found)

    def names_below(self, path: str, code: str, level: int, column: str) -> tuple[Text, ...]:
        """Names, each once, of the subjects of ``level`` under ``code`` that hold an amount in ``column``."""
        below = (row for row in self.rows(path, level) if row.code.startswith(code) and row.figure(column))
        return tuple({row.name.raw.strip(): row.name for row in below}.values())

    def subject(self, form_id: str, code: str) -> Text:
        """The name of a code in a table by code, else in the subject list."""
        data = self.context.book.sheet(form_id)
        row = data.rows.get(code) if data is not None else None
        cell = row.cells.get("name") if row is not None else None
        name = cell.text.strip() if cell is not None else ""
        return Text(name or self.context.subject(code), self.desk, cell_ref(cell))

    def lookup(self, path: str, column: str, wanted: str, result: str) -> Text:
        """From the first row of a list whose ``column`` reads ``wanted``: its ``result``."""
        index = self._indexes.get((path, column))
        if index is None:
            index = self._indexes[path, column] = {}
            for row in self.rows(path):
                index.setdefault(row.text(column).raw.strip(), row)
        return index[wanted].text(result) if wanted in index else Text("", self.desk)

    def explained(self, code: str) -> Text:
        """What the subject list says of a code; nothing where it has no explanation."""
        return Text(self.context.edition.subject_list.text(code), self.desk)

    # The form's own words

    def heads(self, path: str) -> tuple[Column, ...]:
        """Amount columns of a block (``form.block``); ``.key``, and the last of ``.head``, are for chapters."""
        form_id, _, block_key = path.partition(".")
        block = self.form(form_id).block(block_key)
        return tuple(c for c in block.columns if c.kind is Kind.MONEY)

    def leaves(self, form_id: str, *blocks: str) -> tuple[str, ...]:
        """Labels of the rows by code that are no sums and hold an amount, in the order of their codes."""
        found: list[tuple[str, str]] = []
        for key in blocks:
            for row in self.form(form_id).block(key).rows:
                if not row.code or row.children or row.sum_of:
                    continue
                column = next(c for c in self.form(form_id).block(key).columns if c.kind is Kind.MONEY)
                if self.context.book.figure(form_id, row.key, column.key):
                    found.append((row.code, row.label))
        return tuple(label for _, label in sorted(found))

    def label(self, path: str) -> str:
        _, row, key, _ = self.split(path)
        return row.label if row is not None else key

    def statement(self, form_id: str) -> str:
        """The 无数据 statement of an official table, in the variant chosen."""
        if not self.form(form_id).statement:
            raise WrongTemplate(f"表 {form_id!r} 没有无数据声明")
        found = spans(self.context, self.context.statement(self.form(form_id)))
        marked = (s.text if s.kind is SpanKind.FIXED else self.desk.marks.mark(s.text, s.kind, s.cells) for s in found)
        return "".join(marked)


class RowView(Open):
    """One row of a list or of a table by code, for chapters."""

    def __init__(self, ledger: Ledger, form_id: str, block: str, row: RowData) -> None:
        self._ledger, self._form_id, self._block, self._row = ledger, form_id, block, row

    @property
    def code(self) -> str:
        return self._row.key

    @property
    def name(self) -> Text:
        """As written in the table; the subject list's name where the cell is blank."""
        found = self.text("name")
        if found:
            return found
        known = self._ledger.context.subject(self._row.key)
        return Text(known, self._ledger.desk, found.cells or self.cells, SpanKind.USER)

    @property
    def cells(self) -> tuple[CellRef, ...]:
        return (self._row.ref,) if self._row.ref is not None else ()

    def figure(self, column: str) -> Amount:
        return self._ledger._amount(self._form_id, self._row, column)

    def text(self, column: str) -> Text:
        return Text(self._row.text(column), self._ledger.desk, cell_ref(self._row.cells.get(column)))

    def above(self, digits: int) -> Text:
        """Name of the subject that the first ``digits`` of the code stand for, from the same table."""
        code = self._row.key[:digits]
        data = self._ledger.context.book.sheet(self._form_id)
        row = data.rows.get(code) if data is not None else None
        if row is not None:
            return RowView(self._ledger, self._form_id, self._block, row).name
        known = self._ledger.context.subject(code)
        return Text(known, self._ledger.desk, self.cells, SpanKind.USER)
