"""Next year's workbook: last year's figures in the prior-year cells, what stays the same, nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..editions import Edition
from ..model.book import WAN, FormData, RowData
from ..model.finding import Refusal
from ..model.form import AMOUNT_KINDS, Block, Form, Kind, Role
from ..workbook.blank_plan import COMMENTS, Value
from . import rollplan
from .content import FIELDS, VALUE, content
from .rollplan import Carried, Place, RollPlan, cell_of, fields_of, form_of
from .rollwords import CARRIED, LONGEST, listed, note, short
from .source import Amount, Source

UNIT = "unit"
_YUAN = "元"


@dataclass
class Rolled:
    """``content`` for ``build``; what was filled in, by kind; what to look at and what has no counterpart."""

    content: dict[str, Any] = field(default_factory=dict)
    carried: int = 0
    prior: int = 0
    reasons: int = 0
    budget: int = 0
    noted: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def roll(last: Source, edition: Edition, year: int, budget: Source | None = None) -> Rolled:
    """The content of the workbook of ``year`` in ``edition``. Refusal for workbooks of other years or kinds."""
    _suits(last, edition, year, budget)
    return _Roll(last, edition, year, budget).made()


def _suits(last: Source, edition: Edition, year: int, budget: Source | None) -> None:
    if last.edition.kind != edition.kind:
        raise Refusal(
            f"“{last.name}”的版式是“{last.edition.name}”，新工作簿的版式是“{edition.name}”，不能结转。",
            "决算只能由上年决算结转，预算只能由上年预算结转；年初预算请用 --budget 带入。",
        )
    if last.year != year - 1:
        there = f"是 {last.year} 年度的" if last.year else "没有填写年度"
        raise Refusal(
            f"“{last.name}”{there}，{year} 年度应由 {year - 1} 年度的工作簿结转。",
            "请核对 --year 和上年工作簿的单位信息表。",
        )
    if budget is not None and (budget.edition.kind == edition.kind or budget.year != year):
        raise Refusal(
            f"“{budget.name}”（{budget.edition.name}，{budget.year or '没有填写'} 年度）不是 {year} 年度的预算工作簿。",
            f"请用 --budget 指定本单位 {year} 年度部门预算公开的工作簿。",
        )


class _Roll:
    def __init__(self, last: Source, edition: Edition, year: int, budget: Source | None) -> None:
        self.last, self.edition, self.year, self.budget = last, edition, year, budget
        self.plan = rollplan.load(edition)
        self.before = rollplan.load(last.edition)
        self.same = last.edition.id == edition.id
        self.old = content(last.edition, last.book)
        self.rolled = Rolled()
        self.new = self.rolled.content

    def made(self) -> Rolled:
        for carried in rollplan.joined(self.plan.carry, self.before.carry):
            self._carry(carried)
        self._facts()
        for place, sources in self.plan.prior.items():
            self._prior(place, sources)
        self._reasons()
        if self.budget is not None:
            self._budget(self.budget)
        self._codes()
        self._sort_codes()
        return self.rolled

    # what stays the same

    def _carry(self, carried: Carried) -> None:
        given = self.old.get(carried.form)
        if given is None:
            return
        there = form_of(self.edition, carried.form)
        known = any(c.form == carried.form and c.block == carried.block for c in self.plan.carry)
        if there is None or not known:
            self._no_place(carried, given)
            return
        if there.repeat:
            held = self.last.book.sheets.get(carried.form, ())
            copies = [
                self._fields(there, carried, one.get(FIELDS, {}), data) for one, data in zip(given, held, strict=True)
            ]
            self.new.setdefault(there.id, []).extend({FIELDS: one} for one in copies if one)
        elif there.role is Role.PERFORMANCE:
            made = self._fields(there, carried, given.get(FIELDS, {}), self.last.book.sheet(carried.form))
            self.new.setdefault(there.id, {})[FIELDS] = made
        elif isinstance(given.get(carried.block), list):
            self._list(there, carried, given[carried.block])
        else:
            for key, values in given.get(carried.block, {}).items():
                if carried.covers(key) and (there.id, key) not in self.plan.excepted:
                    self._row(there, carried, key, values)

    def _fields(self, form: Form, carried: Carried, given: Mapping[str, Any], data: FormData | None) -> dict[str, Any]:
        known = fields_of(form)
        options = {part.field: part.options for line in form.lines for part in line.parts if part.field}
        found = {}
        for key, cell in given.items():
            if not carried.covers(key) or cell[VALUE] == "":
                continue
            choices = options.get(key) or ()
            if key in known and (not choices or cell[VALUE] in choices):
                found[key] = {VALUE: cell[VALUE]}
                self.rolled.carried += 1
            else:
                row = data.blocks[FIELDS].by_key.get(key) if data is not None else None
                label = row.label if row is not None and row.label else key
                why = f"本年只能选{'、'.join(choices)}，请重新选择" if choices else "本年的表样没有这一项，请另行填写"
                self._leave(f"{data.sheet if data is not None else form.sheet}“{label}”（{cell[VALUE]}）", why)
        return found

    def _list(self, form: Form, carried: Carried, given: list[dict[str, Any]]) -> None:
        block = next((b for b in form.blocks if b.key == carried.block and b.open is not None), None)
        columns = {c.key for c in block.columns if c.kind is not Kind.MONEY} if block is not None else set()
        rows = [
            {k: v for k, v in row.items() if k in columns and carried.covers(k) and v != ""}
            for row in given
            if "_key" not in row
        ]
        rows = [row for row in rows if row]
        if rows and not columns:
            self._no_place(carried, {carried.block: given})
        elif rows:
            self.new.setdefault(form.id, {}).setdefault(carried.block, []).extend(rows)
            self.rolled.carried += len(rows)

    def _row(self, form: Form, carried: Carried, key: str, values: Mapping[str, Value]) -> None:
        block = form.block_of_row(key)
        old_form = form_of(self.last.edition, form.id)
        old_block = old_form.block(carried.block) if old_form is not None else None
        old_row = next((r for r in old_block.rows if r.key == key), None) if old_block is not None else None
        label = old_row.label if old_row is not None else key
        for column, value in values.items():
            default = rollplan.default_of(old_row, old_block, column)
            if value == "" or (not self.same and default is not None and str(value) == default):
                continue  # each form has its own defaults
            if block is None or column not in {c.key for c in block.columns}:
                self._leave(f"{form.sheet}“{label}”（{value}）", "本年的表样没有这一项")
                continue
            row = next(r for r in block.rows if r.key == key)
            choices = row.choices or block.column(column).choices
            kind = block.kind_of(row, block.column(column))
            if choices and value not in choices:
                self._leave(f"{form.sheet}“{label}”（{value}）", f"本年只能选{'、'.join(choices)}，请重新选择")
            elif kind in AMOUNT_KINDS and isinstance(value, str):
                self._leave(f"{form.sheet}“{label}”（{value}）", "不是数字，请核对后填写")
            else:
                self._put(form.id, block, key, column, value)
                self.rolled.carried += 1
                if kind in AMOUNT_KINDS and value:  # staff and the like: this year's may be others
                    self._comment(form.id, block, key, column, CARRIED.format(year=self.year - 1))

    def _no_place(self, carried: Carried, given: Any) -> None:
        """What last year's form carries over and this year's has no place for."""
        form = form_of(self.last.edition, carried.form)
        held = [g.get(carried.block) for g in given] if isinstance(given, list) else [given.get(carried.block)]
        filled = sum(rollplan.filled_in(rows, carried) for rows in held)
        if form is not None and filled:
            title = next((b.title for b in form.blocks if b.key == carried.block), "").partition("、")[2]
            what = f"{form.sheet}" + (f"“{title}”" if title else "")
            self._leave(f"{what}（{filled} 项）", f"“{self.edition.name}”没有对应的栏目")

    # facts of the year

    def _facts(self) -> None:
        form = self.edition.form(UNIT)
        facts: dict[str, Value] = {"year": self.year, "amount_unit": self.last.book.unit_of_amount}
        for key, value in facts.items():
            block = form.block_of_row(key)
            if block is not None:
                self._put(UNIT, block, key, block.value_columns[0].key, value)

    # figures

    def _prior(self, place: Place, sources: tuple[str, ...]) -> None:
        found = self.last.amount(sources)
        if self._figure(place, found, f"取自上年（{self.year - 1}年度）工作簿“{self.last.name}”", self.last):
            self.rolled.prior += 1
        elif found.why:
            self._leave(self._name(place), f"上年工作簿：{found.why}，请另行填写")

    def _budget(self, budget: Source) -> None:
        lead = f"取自 {self.year} 年度预算工作簿“{budget.name}”"
        name, other = self.last.word("name"), budget.word("name")
        if name and other and name != other:
            self._leave(f"预算工作簿的单位“{other}”", f"与上年决算的单位“{name}”不同，年初预算已带入，请核对")
        for place, sources in self.plan.budget.items():
            cell = cell_of(self.edition, place)
            block = cell[0] if cell is not None else None
            if block is not None and block.key == place[1] and block.open is not None:
                self._budget_rows(budget, place, block, sources, lead)
                continue
            found = budget.amount(sources)
            if self._figure(place, found, lead, budget):
                self.rolled.budget += 1
            elif found.why:
                self._leave(self._name(place), f"预算工作簿：{found.why}，请另行填写")

    def _budget_rows(self, budget: Source, place: Place, block: Block, sources: tuple[str, ...], lead: str) -> None:
        levels = block.open.levels if block.open is not None else ()
        taken = 0
        for code, name, amount in budget.by_code(sources, levels):
            if amount.value is None:
                self._leave(f"{self._name(place)}（{code}）", f"预算工作簿：{amount.why}，请另行填写")
            elif amount.value:
                row = self._code_row(place[0], block, code, name)
                row[place[2]] = self._in_unit(amount.value)
                row.setdefault(COMMENTS, {})[place[2]] = note(lead, amount, budget)
                taken += 1
        self.rolled.budget += taken
        if not taken:
            lengths = "、".join(map(str, levels))
            self._leave(self._name(place), f"预算工作簿中没有 {lengths} 位科目编码的金额，请另行填写")

    def _figure(self, place: Place, amount: Amount, lead: str, source: Source) -> bool:
        cell = cell_of(self.edition, place)
        if cell is None or amount.value is None:
            return False
        block, _, _, kind = cell
        value = self._in_unit(amount.value) if kind is Kind.MONEY else amount.value
        comment = note(lead, amount, source)
        if block is None:
            form = self.new.setdefault(place[0], {})
            form.setdefault(FIELDS, {})[place[1]] = {VALUE: value, COMMENTS: {VALUE: comment}}
        else:
            self._put(place[0], block, place[1], place[2], value)
            self._comment(place[0], block, place[1], place[2], comment)
        return True

    def _in_unit(self, value: Decimal) -> Decimal:
        return value * WAN if self.last.book.unit_of_amount == _YUAN else value

    # last year's reasons

    def _reasons(self) -> None:
        for place in dict.fromkeys((*self.plan.reasons, *self.before.reasons)):
            for row in self._old_rows(place):
                text = row.text(place[2]).strip()
                if not text:
                    continue
                if self._reason(place, row, f"上年（{self.year - 1}年度）的原因：{text}"):
                    self.rolled.reasons += 1
                else:
                    self._leave(
                        f"{row.cells[place[2]].ref}“{row.label}”的上年原因“{short(text)}”", "本年的表样没有这一项"
                    )

    def _codes(self) -> None:
        """All subjects of a list that asks for reasons, not only those with one; amounts are those of the year."""
        for place in dict.fromkeys(self.plan.reasons):
            known = cell_of(self.edition, (*place[:2], "code"))
            block = known[0] if known is not None else None
            if block is None or block.open is None or not block.open.levels:
                continue
            old = [row for row in self._old_rows(place) if row.key not in {own.key for own in block.rows}]
            fits = [row for row in old if len(row.key) in block.open.levels]
            made = [self._code_row(place[0], block, row.key, row.text("name") or row.label) for row in fits]
            blank = sum(not any(c.kind is Kind.MONEY and c.key in row for c in block.columns) for row in made)
            self.rolled.noted += listed(self._sheet(place[0]), blank, self.budget is not None)
            if len(fits) < len(old):
                self._leave(
                    f"{self._sheet(place[0])}的 {len(old) - len(fits)} 个科目", "本年填的科目级次不同，请另行填写"
                )

    def _old_rows(self, place: Place) -> Iterator[RowData]:
        if cell_of(self.last.edition, place) is not None or form_of(self.last.edition, place[0]) is not None:
            yield from self.last.book.rows(place[0], place[1])

    def _reason(self, place: Place, old: RowData, text: str) -> bool:
        form = form_of(self.edition, place[0])
        block = next((b for b in form.blocks if b.key == place[1]), None) if form is not None else None
        if block is None or place not in self.plan.reasons:
            return False
        if any(row.key == old.key for row in block.rows):
            self._comment(place[0], block, old.key, place[2], text)
            return True
        if block.open is None or (block.open.levels and len(old.key) not in block.open.levels):
            return False
        row = self._code_row(place[0], block, old.key, old.text("name") or old.label)
        row.setdefault(COMMENTS, {})[place[2]] = text[:LONGEST]
        return True

    # the new content

    def _rows(self, form_id: str, block: Block) -> Any:
        return self.new.setdefault(form_id, {}).setdefault(block.key, [] if block.open is not None else {})

    def _at(self, form_id: str, block: Block, row: str) -> dict[str, Any]:
        rows = self._rows(form_id, block)
        if isinstance(rows, dict):
            found: dict[str, Any] = rows.setdefault(row, {})
            return found
        found = next((one for one in rows if one.get("_key") == row), {})
        if not found:
            found = {"_key": row}
            rows.append(found)
        return found

    def _code_row(self, form_id: str, block: Block, code: str, name: str) -> dict[str, Any]:
        column = next(c.key for c in block.columns if c.kind is Kind.CODE)
        rows = self._rows(form_id, block)
        found: dict[str, Any] | None = next((one for one in rows if one.get(column) == code), None)
        if found is None:
            found = {column: code}
            named = next((c.key for c in block.columns if c.kind is Kind.NAME), None)
            if named and name and code not in self.edition.subjects:
                found[named] = name
            rows.append(found)
        return found

    def _put(self, form_id: str, block: Block, row: str, column: str, value: Value) -> None:
        self._at(form_id, block, row)[column] = value

    def _comment(self, form_id: str, block: Block, row: str, column: str, text: str) -> None:
        self._at(form_id, block, row).setdefault(COMMENTS, {})[column] = text[:LONGEST]

    def _sort_codes(self) -> None:
        for place in {(place[0], place[1]) for place in (*self.plan.budget, *self.plan.reasons)}:
            cell = cell_of(self.edition, (place[0], place[1], "code"))
            rows = self.new.get(place[0], {}).get(place[1])
            if isinstance(rows, list) and cell is not None:
                rows.sort(key=lambda row: (("_key" not in row), str(row.get("code", ""))))

    # words

    def _sheet(self, form_id: str) -> str:
        form = form_of(self.edition, form_id) or form_of(self.last.edition, form_id)
        return form.sheet if form is not None else form_id

    def _name(self, place: Place) -> str:
        cell = cell_of(self.edition, place)
        row, column = (cell[1], cell[2]) if cell is not None else (None, None)
        label = row.label if row is not None else ""
        head = column.head[-1] if column is not None else ""
        return f"{self._sheet(place[0])}“{label}{'的' if label and head else ''}{head}”"

    def _leave(self, what: str, why: str) -> None:
        self.rolled.left_out.append(f"{what}：{why}。")


__all__ = ["RollPlan", "Rolled", "roll"]
