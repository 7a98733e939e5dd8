"""What chapters compare, and what they miss: this year and last, spending and budget; blanks become findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..model.cell import CellRef
from ..model.figure import ZERO, Figure
from ..model.finding import Finding, Severity
from ..model.quotes import nested
from .ledger import Ledger, RowView
from .values import Amount, Change, Text, reason
from .wording import cell_ref

_NAMED = 10  # subjects named in one message


class Comparisons:
    """Paths as in the ledger. ``findings`` grow while chapters are rendered: only what a sentence needs is missed."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._context, self._desk = ledger.context, ledger.desk
        self.findings: dict[Finding, None] = {}

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "yearly": self.yearly,
            "compared": self.compared,
            "against": self.against,
            "explanations": self.explanations,
            "missing": self.missing,
        }

    def yearly(self, path: str, this: str = "this", last: str = "last") -> Change:
        """A row (``form.row``) against last year; unknown for a unit that publishes for the first time."""
        now, before = self._ledger.figure(f"{path}.{this}"), self._ledger.figure(f"{path}.{last}")
        known = self._context.has_prior_year and before.given
        return Change(now, before, known, self._reason(path))

    def compared(self, now: Amount, before: Amount, known: bool, path: str = "") -> Change:
        """Any two amounts; ``path`` is the row (``form.row``) that holds the reason."""
        return Change(now, before, known, self._reason(path) if path else lambda _: Text("", self._desk))

    def against(self, path: str, budget: str, level: int = 1) -> tuple[tuple[str, Text, Change], ...]:
        """Code, name and comparison of every code in either of two tables (``form.block.column``), in code order.

        ``level`` is one of the first table; the second may hold that one alone.
        """
        form_id, block, column = path.split(".")
        budget_id, budget_block, initial = budget.split(".")
        spent = {row.code: row for row in self._ledger.rows(f"{form_id}.{block}", level)}
        opened = self._ledger.form(form_id).block(block).open
        digits = opened.levels[level - 1] if opened is not None else 0
        listed = self._ledger.rows(f"{budget_id}.{budget_block}")
        planned = {row.code: row for row in listed if row.code.isdigit() and len(row.code) == digits}
        known = any(row.figure(initial).given for row in planned.values())
        made: list[tuple[str, Text, Change]] = []
        for code in sorted({**spent, **planned}):
            present = spent[code] if code in spent else planned[code]
            zero = Amount(Figure(ZERO, present.cells), self._desk, False)  # known by the row the other table lacks
            now = spent[code].figure(column) if code in spent else zero
            before = planned[code].figure(initial) if code in planned else zero
            name = present.name
            if now or before:
                made.append((code, name, Change(now, before, known, self._reason(f"{budget_id}.{code}", name.raw))))
        return tuple(made)

    def _reason(self, path: str, name: str = "") -> Callable[[bool], Text]:
        def explain(wanted: bool) -> Text:
            text = reason(self._ledger.text(f"{path}.reason"))
            if wanted and not text:
                self.missing("Y4", f"{path}.reason", name=name)
            return text

        return explain

    def explanations(self, path: str, source: str, level: int) -> tuple[tuple[RowView, Text], ...]:
        """Every subject of ``level`` in a table (``form.block``) with its explanation from the list ``source``,
        else from the subject list. Subjects without an explanation become one finding.
        """
        found: dict[str, tuple[RowView, Text]] = {}
        for row in self._ledger.rows(path, level):
            given = self._ledger.lookup(source, "code", row.code, "text")
            found.setdefault(row.code, (row, given or self._ledger.explained(row.code)))
        bare = [row for row, text in found.values() if not text]
        if bare:
            sheet = self._ledger.form(source.partition(".")[0]).sheet
            names = "、".join(f"{row.code}{row.name.raw.strip()}" for row in bare[:_NAMED])
            names += "等" if len(bare) > _NAMED else ""
            message = f"“{sheet}”缺 {len(bare)} 个科目的解释：{names}；名词解释只印科目名称。"
            cells = tuple(cell for row in bare for cell in row.cells)
            fix = "请按当年《政府收支分类科目》补填解释。"
            self.findings[Finding("D5", Severity.WARNING, message, fix, cells)] = None
        return tuple(found.values())

    # Findings

    def missing(self, rule: str, path: str, effect: str = "", fix: str = "", name: str = "") -> str:
        """A warning that the cell at ``path`` (or, with two parts naming a list, that list) is not filled in."""
        form_id, _, rest = path.partition(".")
        form = self._ledger.form(form_id)
        listed = next((b for b in form.blocks if b.key == rest and b.open is not None), None)
        if listed is not None:
            what, cells = f"“{name or listed.title or form.title}”", self._to_fill(form_id, listed.key)
        else:
            form, row, key, column = self._ledger.split(path)
            cell = self._ledger.cell(form.id, key, column.key)
            what = f"“{row.label if row is not None else key + name.strip()}”"
            if column.key != "value":
                what += f"的{column.head[-1]}"
            cells = cell_ref(cell) or self._to_fill(form.id)
        message = nested(f"“{form.sheet}”没有填写{what}，{effect or '正文略去这一内容'}。")
        finding = Finding(rule, Severity.WARNING, message, fix or "请补填后重新生成。", cells)
        self.findings[finding] = None
        return ""

    def _to_fill(self, form_id: str, block: str = "") -> tuple[CellRef, ...]:
        """Without a cell of its own, a finding leads to where the block's next row is typed."""
        data = self._context.book.sheet(form_id)
        return data.to_fill(block) if data is not None else ()
