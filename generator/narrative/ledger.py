"""The book as chapters ask for it: amounts, words, rows and comparisons by key; what is missing becomes a finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from ..model import expression
from ..model.blocks import SpanKind
from ..model.book import RowData
from ..model.cell import Cell, CellKind, CellRef
from ..model.expression import ExpressionError, Ref
from ..model.figure import ZERO, Figure
from ..model.finding import Finding, Severity
from ..model.form import Column, Form, Kind, Role, Row
from .context import UNIT, Context
from .spans import Marks, WrongTemplate
from .values import Amount, Change, Desk, Text, reason
from .wording import cell_ref, chinese


class Ledger:
    """What chapters can know. Paths are ``form.row.column`` (``form.row`` for the column ``value``)."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.desk = Desk(Marks(), context.numbers)
        self.findings: dict[Finding, None] = {}
        self._indexes: dict[tuple[str, str], dict[str, RowView]] = {}

    @cached_property
    def functions(self) -> Mapping[str, Any]:
        words = self.context.words
        own = self.context.setting("self_name")
        return {
            "year": self._word("year", "year", SpanKind.YEAR),
            "prior_year": self._word("prior_year", "year", SpanKind.YEAR),
            "unit": self._word("unit", "name"),
            "short": self._word("short", "short_name"),
            "own": self._word("self", "name", SpanKind.FIXED if words["self"] == own else SpanKind.USER),
            "dept": words["dept"],
            "first_time": not self.context.has_prior_year,
            "setting": self.context.setting,
            "figure": self.figure,
            "text": self.text,
            "lines": self.lines,
            "rows": self.rows,
            "heads": self.heads,
            "leaves": self.leaves,
            "label": self.label,
            "yearly": self.yearly,
            "against": self.against,
            "compared": self.compared,
            "lookup": self.lookup,
            "statement": self.statement,
            "missing": self.missing,
            "explanations": self.explanations,
            "numeral": lambda n: self.desk.marks.mark(str(int(n)), SpanKind.NUMERAL),
            "ordinal": lambda n: self.desk.marks.mark(chinese(int(n)), SpanKind.NUMERAL),
        }

    def _word(self, name: str, row: str, kind: SpanKind = SpanKind.USER) -> Text:
        return Text(self.context.words[name], self.desk, cell_ref(self._cell(UNIT, row, "value")), kind)

    # Places

    def _form(self, form_id: str) -> Form:
        try:
            return self.context.edition.form(form_id)
        except KeyError:
            raise WrongTemplate(f"本版式没有表 {form_id!r}") from None

    def _cell(self, form_id: str, row: str, column: str) -> Cell | None:
        data = self.context.book.sheet(form_id)
        return data.cell(row, column) if data is not None else None

    def _split(self, path: str) -> tuple[Form, Row | None, str, Column]:
        parts = path.split(".")
        form = self._form(parts[0])
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
        form, row, key, column = self._split(path)
        if row is not None and row.show and column is self._first(form, key):
            return self.figure(".".join(self._shown(row).parts))
        cell = self._cell(form.id, key, column.key)
        given = cell is not None and cell.kind is CellKind.NUMBER
        if not given and row is not None and form.role is Role.INPUT:
            total = self._sum(form, row, column)
            if total is not None:
                return total
        return Amount(self.context.book.figure(form.id, key, column.key), self.desk, given)

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
        form, _, key, column = self._split(path)
        cell = self._cell(form.id, key, column.key)
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
        form = self._form(form_id)
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

    def lookup(self, path: str, column: str, wanted: str, result: str) -> Text:
        """From the first row of a list whose ``column`` reads ``wanted``: its ``result``."""
        index = self._indexes.get((path, column))
        if index is None:
            index = self._indexes[path, column] = {}
            for row in self.rows(path):
                index.setdefault(row.text(column).raw.strip(), row)
        return index[wanted].text(result) if wanted in index else Text("", self.desk)

    def explanations(self, path: str, source: str, level: int) -> tuple[tuple[RowView, Text], ...]:
        """Every subject of ``level`` in a table (``form.block``) with its explanation from the list ``source``.

        Subjects without an explanation become one finding.
        """
        found: dict[str, tuple[RowView, Text]] = {}
        for row in self.rows(path, level):
            found.setdefault(row.code, (row, self.lookup(source, "code", row.code, "text")))
        bare = [row for row, text in found.values() if not text]
        if bare:
            sheet = self._form(source.partition(".")[0]).sheet
            names = "、".join(f"{row.code}{row.name.raw}" for row in bare)
            message = f"“{sheet}”缺 {len(bare)} 个科目的解释：{names}；名词解释只印科目名称。"
            cells = [cell for row in bare for cell in row.cells]
            self.report("D5", message, "请按当年《政府收支分类科目》补填解释。", cells)
        return tuple(found.values())

    # The form's own words

    def heads(self, path: str) -> tuple[Column, ...]:
        """Amount columns of a block (``form.block``); ``.key``, and the last of ``.head``, are for chapters."""
        form_id, _, block_key = path.partition(".")
        block = self._form(form_id).block(block_key)
        return tuple(c for c in block.columns if c.kind is Kind.MONEY)

    def leaves(self, form_id: str, *blocks: str) -> tuple[str, ...]:
        """Labels of the rows by code that are no sums and hold an amount, in the order of their codes."""
        found: list[tuple[str, str]] = []
        for key in blocks:
            for row in self._form(form_id).block(key).rows:
                if not row.code or row.children or row.sum_of:
                    continue
                column = next(c for c in self._form(form_id).block(key).columns if c.kind is Kind.MONEY)
                if self.context.book.figure(form_id, row.key, column.key):
                    found.append((row.code, row.label))
        return tuple(label for _, label in sorted(found))

    def label(self, path: str) -> str:
        _, row, key, _ = self._split(path)
        return row.label if row is not None else key

    def statement(self, form_id: str) -> str:
        """The 无数据 statement of an official table, in the variant chosen."""
        texts = self._form(form_id).statement
        if not texts:
            raise WrongTemplate(f"表 {form_id!r} 没有无数据声明")
        return self.context.fill(texts.get(self.context.setting("statement")) or next(iter(texts.values())))

    # Comparisons

    def yearly(self, path: str, this: str = "this", last: str = "last") -> Change:
        """A row (``form.row``) against last year; unknown for a unit that publishes for the first time."""
        now, before = self.figure(f"{path}.{this}"), self.figure(f"{path}.{last}")
        known = self.context.has_prior_year and before.given
        return Change(now, before, known, self._reason(path))

    def compared(self, now: Amount, before: Amount, known: bool, path: str = "") -> Change:
        """Any two amounts; ``path`` is the row (``form.row``) that holds the reason."""
        return Change(now, before, known, self._reason(path) if path else lambda _: Text("", self.desk))

    def against(self, path: str, budget: str, level: int = 1) -> tuple[tuple[str, Text, Change], ...]:
        """Code, name and comparison of every code in either of two tables (``form.block.column``), in code order."""
        form_id, block, column = path.split(".")
        budget_id, budget_block, initial = budget.split(".")
        spent = {row.code: row for row in self.rows(f"{form_id}.{block}", level)}
        planned = {row.code: row for row in self.rows(f"{budget_id}.{budget_block}", level)}
        known = any(row.figure(initial).given for row in planned.values())
        made: list[tuple[str, Text, Change]] = []
        for code in sorted({**spent, **planned}):
            present = spent[code] if code in spent else planned[code]
            zero = Amount(Figure(ZERO, present.cells), self.desk, False)  # known by the row the other table lacks
            now = spent[code].figure(column) if code in spent else zero
            before = planned[code].figure(initial) if code in planned else zero
            name = present.name
            if now or before:
                made.append((code, name, Change(now, before, known, self._reason(f"{budget_id}.{code}", name.raw))))
        return tuple(made)

    def _reason(self, path: str, name: str = "") -> Callable[[bool], Text]:
        def explain(wanted: bool) -> Text:
            text = reason(self.text(f"{path}.reason"))
            if wanted and not text:
                self.missing("Y4", f"{path}.reason", name=name)
            return text

        return explain

    # Findings

    def missing(self, rule: str, path: str, effect: str = "", fix: str = "", name: str = "") -> str:
        """A warning that the cell at ``path`` (or, with two parts naming a list, that list) is not filled in."""
        form_id, _, rest = path.partition(".")
        form = self._form(form_id)
        listed = next((b for b in form.blocks if b.key == rest and b.open is not None), None)
        if listed is not None:
            what, cells = f"“{name or listed.title or form.title}”", self._list_head(form_id)
        else:
            form, row, key, column = self._split(path)
            cell = self._cell(form.id, key, column.key)
            what = f"“{row.label if row is not None else (key + name)}”"
            if column.key != "value":
                what += f"的{column.head[-1]}"
            cells = cell_ref(cell) or self._list_head(form.id)
        message = f"“{form.sheet}”没有填写{what}，{effect or '正文略去这一内容'}。"
        finding = Finding(rule, Severity.WARNING, message, fix or "请补填后重新生成。", cells)
        self.findings[finding] = None
        return ""

    def _list_head(self, form_id: str) -> tuple[CellRef, ...]:
        """Without a cell of its own, a finding at least leads to the sheet."""
        data = self.context.book.sheet(form_id)
        return (CellRef(data.sheet, 1, 1),) if data is not None else ()

    def report(self, rule: str, message: str, fix: str, cells: Sequence[CellRef]) -> None:
        self.findings[Finding(rule, Severity.WARNING, message, fix, tuple(cells))] = None


class RowView:
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
        known = self._ledger.context.edition.subjects.get(self._row.key, "")
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
        known = self._ledger.context.edition.subjects.get(code, "")
        return Text(known, self._ledger.desk, self.cells, SpanKind.USER)
