"""Units side by side: their amounts added up cell by cell, payments between them taken out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..editions import Edition
from ..model.book import WAN, FormData, RowData
from ..model.cell import CellKind, CellRef
from ..model.finding import Refusal
from ..model.form import AMOUNT_KINDS, Block, Form, Kind, Role
from ..workbook.blank_formulas import Formulas
from ..workbook.blank_plan import plan
from ..workbook.blank_spots import Spot, SubjectList
from . import unitplan
from .compare import shown
from .source import Source
from .unitplan import Internal, UnitPlan, open_by_code

_YUAN = "元"
ZERO = Decimal(0)

Key = tuple[str, str, str, str]  # form, block, row key or code, column


@dataclass
class Sum:
    """One cell of the department. ``addends``: (unit's place among the units, cell, amount); ``taken`` is eliminated.

    Money is in the department's unit of amount; ``given``: whether any unit has a number there.
    """

    addends: list[tuple[int, CellRef, Decimal]] = field(default_factory=list)
    taken: Decimal = ZERO

    @property
    def given(self) -> bool:
        return bool(self.addends)

    @property
    def value(self) -> Decimal:
        return sum((amount for _, _, amount in self.addends), ZERO) - self.taken


@dataclass(frozen=True)
class Declared:
    """An elimination that was declared; ``amount`` in 万元, None for all that was paid."""

    name: str
    amount: Decimal | None = None


@dataclass
class Together:
    """All sums by key in the order of the forms; names of subjects; sentences on what is eliminated or wrong."""

    edition: Edition
    plan: UnitPlan
    unit_of_amount: str
    sums: dict[Key, Sum] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    codes: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    eliminated: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def together(edition: Edition, units: Sequence[Source], declared: Sequence[Declared]) -> Together:
    """Everything that is added up, of units that have the same edition. Refusal for eliminations that can't be."""
    in_yuan = any(unit.book.unit_of_amount == _YUAN for unit in units)
    made = Together(edition, unitplan.load(edition), _YUAN if in_yuan else "万元")
    for form, block in summed_blocks(edition, made.plan):
        for n, unit in enumerate(units):
            _add(made, form, block, n, unit)
        found = made.codes.get((form.id, block.key))
        if found:
            made.codes[form.id, block.key] = sorted(set(found))
    for one in declared:
        _eliminate(made, units, one)
    return made


def summed_blocks(edition: Edition, plan: UnitPlan) -> Iterator[tuple[Form, Block]]:
    """Blocks of fixed rows and by code whose amounts are added up."""
    for form in edition.forms:
        for block in form.blocks:
            free = block.open is not None and not block.open.by_code
            if not free and (form.role is Role.TABLE or plan.covers(plan.summed, form.id, block.key)):
                yield form, block


def factor(kind: Kind, unit: Source, wanted: str) -> Decimal:
    """From the unit's own amounts to those of the department."""
    return WAN if kind is Kind.MONEY and wanted == _YUAN and unit.book.unit_of_amount != _YUAN else Decimal(1)


def _add(made: Together, form: Form, block: Block, n: int, unit: Source) -> None:
    fixed = {row.key: row for row in block.rows}
    for row in unit.book.rows(form.id, block.key):
        form_row = fixed.get(row.key)
        if form_row is None:
            made.codes.setdefault((form.id, block.key), []).append(row.key)
            made.names.setdefault((form.id, row.key), row.text("name") or row.label)
        for column in block.columns:
            cell = row.cells.get(column.key)
            kind = block.kind_of(form_row, column) if form_row is not None else column.kind
            shown_only = column.show or (form_row is not None and form_row.show and column is block.value_columns[0])
            if cell is None or kind not in AMOUNT_KINDS or shown_only:
                continue
            total = made.sums.setdefault((form.id, block.key, row.key, column.key), Sum())
            if cell.number is not None and cell.kind is CellKind.NUMBER:
                total.addends.append((n, cell.ref, cell.number * factor(kind, unit, made.unit_of_amount)))
            elif cell.kind is CellKind.BAD:
                made.wrong.append(f"“{unit.name}”{cell.ref} 的“{cell.text}”不是数字，没有计入汇总数。")


# payments between the units


def _eliminate(made: Together, units: Sequence[Source], declared: Declared) -> None:
    internal = made.plan.internal.get(declared.name)
    if internal is None:
        names = "、".join(made.plan.internal) or "没有"
        raise Refusal(f"没有名为“{declared.name}”的抵销。", f"可以抵销的有：{names}。")
    paid = _by_code(made, units, internal.paid)
    received = _by_code(made, units, internal.received)
    left, right = sum(paid.values(), ZERO), sum(received.values(), ZERO)
    scale = WAN if made.unit_of_amount == _YUAN else Decimal(1)
    what = _words(made, internal)
    if declared.amount is None:
        if left != right:
            raise Refusal(
                f"{what[0]}合计 {shown(left / scale)} 万元，{what[1]}合计 {shown(right / scale)} 万元，"
                f"相差 {shown(abs(left - right) / scale)} 万元，不能全部抵销。",
                f"请核对各单位的数；只有一部分是内部往来的，请写明金额：--eliminate {declared.name}=金额（万元）。",
            )
    else:
        wanted = declared.amount * scale
        if wanted > min(left, right) or len(paid) != 1 or len(received) != 1:
            raise Refusal(
                f"不能抵销 {shown(declared.amount)} 万元："
                f"{what[0]}合计 {shown(left / scale)} 万元、{len(paid)} 个科目，"
                f"{what[1]}合计 {shown(right / scale)} 万元、{len(received)} 个科目。",
                "部分抵销只能用于收支各在一个科目、且金额不大于合计的情形；请在汇总后的工作簿中调整。",
            )
        paid, received = dict.fromkeys(paid, wanted), dict.fromkeys(received, wanted)
    for key, amount in _deltas(made.edition, internal, paid, received).items():
        if key in made.sums:
            made.sums[key].taken += amount
    total = sum(paid.values(), ZERO)
    made.eliminated.append(f"{what[0]}与{what[1]}抵销 {shown(total / scale)} 万元。")


def _words(made: Together, internal: Internal) -> tuple[str, str]:
    found = []
    for form_id, column in (internal.paid, internal.received):
        form = made.edition.form(form_id)
        block = open_by_code(form)
        head = block.column(column).head[-1] if block is not None else column
        found.append(f"{form.sheet}“{head}”")
    return found[0], found[1]


def _by_code(made: Together, units: Sequence[Source], place: tuple[str, str]) -> dict[str, Decimal]:
    """Amounts of a column by the longest codes of each unit."""
    form_id, column = place
    block = open_by_code(made.edition.form(form_id))
    found: dict[str, Decimal] = {}
    if block is None:
        return found
    own = {row.key for row in block.rows}
    for unit in units:
        rows = {row.key: row for row in unit.book.rows(form_id, block.key) if row.key not in own}
        for code, row in rows.items():
            cell = row.cells.get(column)
            group = any(other != code and other.startswith(code) for other in rows)
            if not group and cell is not None and cell.number:
                amount = cell.number * factor(Kind.MONEY, unit, made.unit_of_amount)
                found[code] = found.get(code, ZERO) + amount
    return found


def _deltas(
    edition: Edition, internal: Internal, paid: Mapping[str, Decimal], received: Mapping[str, Decimal]
) -> dict[Key, Decimal]:
    """What the forms' own sums make of the payments, in every cell of the tables that they reach."""
    content: dict[str, Any] = {}
    for (form_id, column), amounts in ((internal.paid, paid), (internal.received, received)):
        block = open_by_code(edition.form(form_id))
        if block is None or block.open is None:
            continue
        code = next(c.key for c in block.columns if c.kind is Kind.CODE)
        groups = {one[:length] for one in amounts for length in block.open.levels if length < len(one)}
        rows = [
            {code: one, **({column: amounts[one]} if one in amounts else {})} for one in sorted({*groups, *amounts})
        ]
        content.setdefault(form_id, {}).setdefault(block.key, []).extend(rows)
    form_id, row = internal.total
    _put(edition, content, form_id, row, sum(received.values(), ZERO))
    length = min((len(r.code) for b in edition.form(form_id).blocks for r in b.rows if r.code), default=0)
    classes: dict[str, Decimal] = {}
    for one, amount in paid.items():
        classes[one[:length]] = classes.get(one[:length], ZERO) + amount
    for one, amount in classes.items():
        _put(edition, content, form_id, one, amount)
    return _values(edition, content)


def _put(edition: Edition, content: dict[str, Any], form_id: str, row: str, amount: Decimal) -> None:
    block = edition.form(form_id).block_of_row(row)
    if block is not None:
        column = next(c.key for c in block.columns if c.kind is Kind.MONEY)
        content.setdefault(form_id, {}).setdefault(block.key, {})[row] = {column: amount}


def _values(edition: Edition, content: dict[str, Any]) -> dict[Key, Decimal]:
    sheets = plan(edition, content)
    formulas = Formulas(sheets, SubjectList("", 1, {}))
    found: dict[Key, Decimal] = {}
    for sheet in sheets:
        if sheet.form.role is not Role.TABLE:
            continue
        for block in sheet.blocks:
            for row in block.rows:
                key = row.key or row.code(block.code_column)
                if not key or (row.row is not None and row.row.spacer):
                    continue
                for column in block.block.columns:
                    amount = formulas.number(Spot(sheet, block, row, column)) if column.kind is Kind.MONEY else ZERO
                    if amount:
                        found[sheet.form.id, block.block.key, key, column.key] = amount
    return found


def row_of(data: FormData | None, block: str, key: str) -> RowData | None:
    found = data.blocks.get(block) if data is not None else None
    return found.by_key.get(key) if found is not None else None
