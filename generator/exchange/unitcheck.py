"""A department's workbook beside those of its units: do they go together, and is it their sum."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from ..checks.formula import Reads
from ..checks.implied import Implied
from ..checks.rule import Check, Rule, Scope, Sums
from ..editions import Edition
from ..model.book import WAN, Book
from ..model.cell import CellRef
from ..model.finding import Finding, Severity
from ..model.form import Form, Kind, Role
from .compare import Compare, finding, rule_of, shown
from .source import Source
from .together import Declared, Sum, Together, together

_FEW = 5  # amounts that may be the same by chance


def alike(edition: Edition, year: int | None, units: Sequence[Source], wanted: str = "") -> tuple[Finding, ...]:
    """Units of another year or edition (errors), or unit of amount (told); the cells are named in words."""
    kept = rule_of(edition, "units_alike")
    if kept is None:
        return ()
    found = []
    for unit in units:
        if unit.edition.id != edition.id:
            found.append(f"“{unit.name}”的版式是“{unit.edition.name}”，应为“{edition.name}”。")
        if unit.year != year:
            found.append(f"“{unit.name}”是 {unit.year or '没有填写'} 年度，应为 {year} 年度。")
    told = [finding(kept, message, ()) for message in found]
    unit_of_amount = wanted or (units[0].book.unit_of_amount if units else "")
    for unit in units:
        if unit.book.unit_of_amount != unit_of_amount:
            others = "部门" if wanted else "第一本"
            message = f"“{unit.name}”的金额单位是{unit.book.unit_of_amount}，{others}是{unit_of_amount}，已折算后相加。"
            told.append(Finding(kept[0].id, Severity.WARNING, message, kept[1].fix))
    return tuple(told)


def twice(units: Sequence[Source]) -> Iterator[str]:
    """Units of the same name, in sentences."""
    seen: dict[str, Source] = {}
    for unit in units:
        name = "".join(unicodedata.normalize("NFKC", unit.word("name")).split())
        if name and name in seen:
            yield f"单位“{unit.word('name')}”有两本工作簿：“{seen[name].name}”和“{unit.name}”。"
        seen.setdefault(name, unit)


def same_amounts(units: Sequence[Source]) -> Iterator[str]:
    """Units whose official tables hold the same amounts all over: one may be a copy of the other."""
    seen: dict[frozenset[tuple[tuple[str, str, str], Decimal]], Source] = {}
    for unit in units:
        held = frozenset(_amounts(unit).items())
        first = seen.setdefault(held, unit)
        if first is not unit and len(held) > _FEW:
            yield f"“{first.name}”与“{unit.name}”的公开表金额完全相同，请核对是否重复。"


def _amounts(unit: Source) -> dict[tuple[str, str, str], Decimal]:
    return {
        (form.id, row.key, column): data.row_figure(row, column).value
        for form in unit.edition.tables
        for data in unit.book.sheets.get(form.id, ())
        for block in data.blocks.values()
        for row in block.rows
        for column, cell in row.cells.items()
        if cell.number
    }


def of_units(units: Sequence[Source], declared: Sequence[Declared] = ()) -> Compare:
    """The comparison of a department with its units, for ``pipeline.check``."""

    def compare(edition: Edition, book: Book) -> tuple[Finding, ...]:
        department = Source(edition, book)
        found = (*alike(edition, department.year, units, book.unit_of_amount), *_misplaced(edition, book, units))
        kept = rule_of(edition, "units_sum")
        if kept is None or any(one.severity is Severity.ERROR for one in found):
            return found
        all_of = together(edition, units, declared)
        scale = WAN if all_of.unit_of_amount == "元" else Decimal(1)
        told = list(found)
        apart: dict[CellRef, Decimal] = {}
        differing: list[tuple[tuple[CellRef, ...], Finding]] = []
        for (form_id, block, row, column), total in all_of.sums.items():
            form = edition.form(form_id)
            where = form.block(block)
            form_row = next((r for r in where.rows if r.key == row), None)
            kind = where.kind_of(form_row, where.column(column)) if form_row is not None else where.column(column).kind
            money = scale if kind is Kind.MONEY else Decimal(1)
            here = book.figure(form_id, row, column)
            wanted = total.value / money
            if not total.given or abs(here.value - wanted) < _HALF_CENT:
                continue
            apart.update((cell, here.value - wanted) for cell in here.cells)
            message = _differs(here.value, wanted, total, money, units, form, here.cells, row, column, kind)
            differing.append((here.cells, finding(kept, message, here.cells)))
        for one, value in _only_here(edition, book, all_of, kept):
            apart.update((cell, value) for cell in one.cells)
            differing.append((one.cells, one))
        follow = _following(edition, book, kept[1], apart)
        told += [one for cells, one in differing if not cells or any(cell not in follow for cell in cells)]
        return tuple(told)

    return compare


def _following(edition: Edition, book: Book, check: Check, apart: Mapping[CellRef, Decimal]) -> set[CellRef]:
    """Sums that are wrong by just what their addends are wrong by: those are told."""
    scope = tuple(Scope(form.id) for form in edition.forms if form.role is not Role.PERFORMANCE)
    sums = Implied(Reads(edition, book)).of(replace(check, implied=tuple(Sums), scope=scope))
    found = set()
    for one in sums:
        whole = apart.get(one.total.cell) if one.total.cell is not None else None
        there = [(sign, apart.get(addend.cell) if addend.cell is not None else None) for sign, addend in one.addends]
        parts = [sign * value for sign, value in there if value is not None]
        if whole is not None and one.total.cell is not None and parts and abs(whole - sum(parts)) < _HALF_CENT:
            found.add(one.total.cell)
    return found


def _only_here(
    edition: Edition, book: Book, all_of: Together, kept: tuple[Rule, Check]
) -> Iterator[tuple[Finding, Decimal]]:
    """Amounts in the department's tables where no unit has any, in 万元."""
    for form in edition.tables:
        data = book.sheet(form.id)
        for block in form.blocks:
            fixed = {row.key: row for row in block.rows}
            for row in data.blocks[block.key].rows if data is not None and block.key in data.blocks else ():
                for column in block.columns:
                    cell = row.cells.get(column.key)
                    own = fixed.get(row.key)
                    kind = block.kind_of(own, column) if own is not None else column.kind
                    total = all_of.sums.get((form.id, block.key, row.key, column.key))
                    if kind is Kind.MONEY and cell is not None and cell.number and not (total and total.given):
                        value = book.figure(form.id, row.key, column.key).value
                        message = f"{cell.ref} 是 {shown(value)} 万元，各单位的工作簿中都没有这一项。"
                        yield finding(kept, message, (cell.ref,)), value


def _misplaced(edition: Edition, book: Book, units: Sequence[Source]) -> Iterator[Finding]:
    """A unit that is there twice, and the department among its own units."""
    kept = rule_of(edition, "units_alike")
    if kept is None:
        return
    for message in twice(units):
        yield finding(kept, message, ())
    for unit in units:
        if os.path.realpath(unit.book.path) == os.path.realpath(book.path):
            yield finding(kept, f"部门工作簿“{unit.name}”自己也列在各单位的工作簿中。", ())


_HALF_CENT = Decimal("0.005")


def _differs(
    here: Decimal, wanted: Decimal, total: Sum, money: Decimal, units: Sequence[Source], form: Form,
    cells: Sequence[CellRef], row: str, column: str, kind: Kind,
) -> str:  # fmt: skip
    unit = " 万元" if kind is Kind.MONEY else ""
    where = "、".join(map(str, cells)) or f"{form.sheet}（{row} 一行）"
    parts = [f"“{units[n].name}”{ref} {shown(amount / money)}" for n, ref, amount in total.addends if amount]
    taken = f"，抵销 {shown(total.taken / money)}" if total.taken else ""
    return (
        f"{where} 是 {shown(here)}{unit}，各单位相加{'减抵销数' if taken else ''}是 {shown(wanted)}{unit}，"
        f"相差 {shown(abs(here - wanted))}{unit}。\n"
        + "\n".join([*parts[:20], *([f"等 {len(parts)} 个单位"] if len(parts) > 20 else [])])
        + taken
    )
