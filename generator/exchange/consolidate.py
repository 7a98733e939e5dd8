"""The workbook of a department from those of its units: every sum with the cells it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..editions import Edition
from ..model.book import WAN, BlockData, Book, FormData, RowData
from ..model.cell import Cell, CellKind, CellRef
from ..model.finding import Finding, Refusal, Severity
from ..model.form import Block, Form, Kind, Role
from ..workbook.blank_extra import SOURCES, Entry, Extra, Jump
from ..workbook.blank_plan import COMMENTS, plan
from .compare import finding, rule_of, shown
from .content import content, sheet_content
from .source import Source
from .together import Declared, Key, Sum, Together, factor, summed_blocks, together

_UNIT = "unit"
_LONGEST = 800
_NOWHERE = CellRef("", 0, 0)


@dataclass
class Consolidated:
    """``content`` and ``extras`` for ``build``; sentences on what was done; findings on the units."""

    content: dict[str, Any] = field(default_factory=dict)
    extras: list[Extra] = field(default_factory=list)
    cells: int = 0
    done: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()


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


def consolidate(units: Sequence[Source], declared: Sequence[Declared] = (), name: str = "") -> Consolidated:
    """The department of ``units``, the first of which is its own office. ``name``: the department's.

    With findings at error level nothing is added up: ``content`` is empty. Refusal for eliminations that can't be.
    """
    first = units[0]
    edition = first.edition
    made = Consolidated(findings=alike(edition, first.year, units))
    names = [unit.word("name") for unit in units]
    twice = sorted({one for one in names if one and names.count(one) > 1})
    if twice:
        raise Refusal(f"单位“{twice[0]}”有两本工作簿。", "每个单位只能有一本，请去掉重复的。")
    if any(one.severity is Severity.ERROR for one in made.findings):
        return made
    all_of = together(edition, units, declared)
    made.wrong = [*all_of.wrong]
    for unit in units:
        made.wrong += [f"“{unit.name}”：{f.message}" for f in unit.unread]
    book = _book(all_of, units)
    made.content = content(edition, book)
    _lists(all_of, units, made)
    _facts(all_of, units, made, name)
    _reasons(all_of, units, made)
    made.cells = sum(one.given for one in all_of.sums.values())
    made.extras = [_sources(all_of, units, made)]
    made.done = [
        f"汇总 {len(units)} 个单位，{made.cells} 个汇总数，金额单位{all_of.unit_of_amount}。",
        *all_of.eliminated,
    ]
    return made


def _book(all_of: Together, units: Sequence[Source]) -> Book:
    """The sums as if read: ``content`` then leaves to formulas what formulas give."""
    sheets: dict[str, tuple[FormData, ...]] = {}
    blocks: dict[str, dict[str, BlockData]] = {}
    for form, block in summed_blocks(all_of.edition, all_of.plan):
        keys = [row.key for row in block.rows if not row.spacer]
        keys += all_of.codes.get((form.id, block.key), [])
        rows = tuple(_row(all_of, form, block, key) for key in keys)
        blocks.setdefault(form.id, {})[block.key] = BlockData(block.key, rows)
    for form_id, found in blocks.items():
        form = all_of.edition.form(form_id)
        sheets[form_id] = (FormData(form, form.sheet, found),)
    return Book(all_of.edition.id, "", sheets, unit_of_amount=all_of.unit_of_amount)


def _row(all_of: Together, form: Form, block: Block, key: str) -> RowData:
    cells: dict[str, Cell] = {}
    own = any(row.key == key for row in block.rows)
    for column in block.columns:
        total = all_of.sums.get((form.id, block.key, key, column.key))
        if total is not None and total.given:
            cells[column.key] = Cell(_NOWHERE, CellKind.NUMBER, total.value, f"{total.value:f}", True)
        elif not own and column.kind is Kind.CODE:
            cells[column.key] = Cell(_NOWHERE, CellKind.TEXT, text=key)
        elif not own and column.kind is Kind.NAME and all_of.names.get((form.id, key)):
            cells[column.key] = Cell(_NOWHERE, CellKind.TEXT, text=all_of.names[form.id, key], formula=True)
    return RowData(key, cells, all_of.names.get((form.id, key), ""))


# lists, texts and facts


def _lists(all_of: Together, units: Sequence[Source], made: Consolidated) -> None:
    plan_ = all_of.plan
    for form in all_of.edition.forms:
        if form.repeat and plan_.covers(plan_.joined, form.id, ""):
            made.content[form.id] = [
                sheet_content(data) for unit in units for data in unit.book.sheets.get(form.id, ())
            ]
            continue
        for block in form.blocks:
            free = block.open is not None and not block.open.by_code
            joined = plan_.covers(plan_.joined, form.id, block.key)
            merged = plan_.covers(plan_.merged, form.id, block.key)
            if joined or merged or (free and plan_.covers(plan_.summed, form.id, block.key)):
                rows = [row for unit in units for row in _rows_of(all_of, form, block, unit)]
                if merged:
                    rows = _once(rows, block)
                made.content.setdefault(form.id, {})[block.key] = rows
            elif plan_.covers(plan_.first, form.id, block.key):
                given = content(all_of.edition, units[0].book).get(form.id, {}).get(block.key)
                if given:
                    made.content.setdefault(form.id, {})[block.key] = given


def _rows_of(all_of: Together, form: Form, block: Block, unit: Source) -> list[dict[str, Any]]:
    data = unit.book.sheet(form.id)
    if data is None or block.key not in data.blocks:
        return []
    one = FormData(form, data.sheet, {block.key: data.blocks[block.key]})
    rows: list[dict[str, Any]] = sheet_content(one)[block.key]
    kinds = {column.key: column.kind for column in block.columns}
    return [
        {k: v * factor(kinds[k], unit, all_of.unit_of_amount) if isinstance(v, Decimal) else v for k, v in row.items()}
        for row in rows
        if "_key" not in row
    ]


def _once(rows: Sequence[dict[str, Any]], block: Block) -> list[dict[str, Any]]:
    code = next((c.key for c in block.columns if c.kind is Kind.CODE), block.columns[0].key)
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        found.setdefault(str(row.get(code, "")), row)
    return [found[key] for key in sorted(found)]


def _facts(all_of: Together, units: Sequence[Source], made: Consolidated, name: str) -> None:
    form = all_of.edition.form(_UNIT)
    facts: dict[str, Any] = {"amount_unit": all_of.unit_of_amount, "year": units[0].year}
    facts |= {"name": name} if name else {}
    scope = _default(form, "scope")
    facts |= {"scope": scope} if scope else {}  # the form's own word for a department
    facts["head_suffix"] = _default(form, "head_suffix")
    plan_ = all_of.plan
    types = [unit.word(plan_.type[1]) for unit in units]
    for row, (of, own) in plan_.counts.items():
        facts[row] = sum(kind in of for kind in (types if own else types[1:]))
    for row, value in facts.items():
        block = form.block_of_row(row)
        if block is not None and value not in ("", None):
            rows = made.content.setdefault(_UNIT, {}).setdefault(block.key, {})
            rows.setdefault(row, {})[block.value_columns[0].key] = value
    listed = [
        {plan_.name: unit.word("name"), **({plan_.kind: plan_.kinds[kind]} if kind in plan_.kinds else {})}
        for unit, kind in zip(units[1:], types[1:], strict=True)
        if unit.word("name")
    ]
    if plan_.listed[0]:
        made.content.setdefault(plan_.listed[0], {})[plan_.listed[1]] = listed
    below: dict[str, int] = {}
    for kind in types[1:]:
        below[kind or "没有填写类型"] = below.get(kind or "没有填写类型", 0) + 1
    if below:
        made.wrong += [
            f"{count} 个单位没有填写单位类型，未计入单位个数。"
            for kind, count in below.items()
            if kind not in plan_.kinds
        ]


def _default(form: Form, row: str) -> str:
    return next((r.default for b in form.blocks for r in b.rows if r.key == row), "")


def _reasons(all_of: Together, units: Sequence[Source], made: Consolidated) -> None:
    """The department gives reasons of its own; what the units say is a comment beside."""
    for form, block in summed_blocks(all_of.edition, all_of.plan):
        if form.role is Role.TABLE:
            continue
        texts = [c.key for c in block.columns if c.kind in (Kind.TEXT, Kind.PROSE) and c.key != "value"]
        for column in texts:
            said: dict[str, list[str]] = {}
            for unit in units:
                for row in unit.book.rows(form.id, block.key):
                    if row.text(column).strip():
                        said.setdefault(row.key, []).append(
                            f"{unit.word('name') or unit.name}：{row.text(column).strip()}"
                        )
            for key, lines in said.items():
                place = _place(made.content, form.id, block, key)
                if place is not None:
                    place.setdefault(COMMENTS, {})[column] = "\n".join(lines)[:_LONGEST]


def _place(given: dict[str, Any], form: str, block: Block, key: str) -> dict[str, Any] | None:
    rows = given.setdefault(form, {}).setdefault(block.key, [] if block.open is not None else {})
    if isinstance(rows, dict):
        found: dict[str, Any] = rows.setdefault(key, {})
        return found
    code = next((c.key for c in block.columns if c.kind is Kind.CODE), "")
    return next((row for row in rows if row.get("_key") == key or row.get(code) == key), None)


# where every sum comes from


def _sources(all_of: Together, units: Sequence[Source], made: Consolidated) -> Extra:
    names = [unit.word("name") or unit.name for unit in units]
    head = ["工作表", "单元格", "项目", "栏目", "汇总数", "抵销数"]
    for name in names:
        head += [f"{name} 金额", f"{name} 单元格"]
    rows: list[list[Entry]] = []
    for key, (sheet, row, column, label, column_name) in _addresses(all_of, made.content).items():
        total = all_of.sums.get(key)
        if total is None or not total.given or not (total.value or total.taken or any(a for _, _, a in total.addends)):
            continue
        rows.append(_line(total, sheet, Jump(sheet, row, column), label, column_name, len(units)))
    hint = (
        f"各汇总数 = 各单位金额之和 − 抵销数，金额单位：{all_of.unit_of_amount}。"
        "单元格列为该单位工作簿中的位置；各单位的工作簿："
        + "；".join(f"{name}（{unit.name}）" for name, unit in zip(names, units, strict=True))
        + "。"
        + "".join(all_of.eliminated)
    )
    widths = [30.0, 9.0, 34.0, 20.0, 16.0, 12.0, *[16.0, 12.0] * len(units)]
    return Extra(SOURCES, SOURCES, hint, head, widths, rows, frozen=4)


def _line(total: Sum, sheet: str, jump: Jump, label: str, column: str, count: int) -> list[Entry]:
    by_unit: dict[int, list[tuple[CellRef, Decimal]]] = {}
    for n, ref, amount in total.addends:
        by_unit.setdefault(n, []).append((ref, amount))
    line: list[Entry] = [sheet, jump, label, column, total.value, total.taken or None]
    for n in range(count):
        there = by_unit.get(n, [])
        line.append(sum((amount for _, amount in there), Decimal(0)) if there else None)
        line.append("、".join(ref.address if ref.sheet == sheet else str(ref) for ref, _ in there) or None)
    return line


def _addresses(all_of: Together, given: Mapping[str, Any]) -> dict[Key, tuple[str, int, int, str, str]]:
    """Where ``build`` puts every sum: sheet, row and column, with the words for them."""
    found: dict[Key, tuple[str, int, int, str, str]] = {}
    for sheet in plan(all_of.edition, given):
        for block in sheet.blocks:
            for row in block.rows:
                key = row.key or row.code(block.code_column)
                if not key or (row.row is not None and row.row.spacer):
                    continue
                label = row.row.label if row.row is not None else f"{key} {all_of.names.get((sheet.form.id, key), '')}"
                for column in block.block.columns:
                    place = (sheet.form.id, block.block.key, key, column.key)
                    if place in all_of.sums:
                        at = block.column_at(column.key)
                        found[place] = (sheet.name, row.number, at, label.strip(), "—".join(column.head))
    return found


# the department's workbook beside its units


def of_units(units: Sequence[Source], declared: Sequence[Declared] = ()) -> Any:
    """The comparison of a department with its units, for ``pipeline.check``."""

    def compare(edition: Edition, book: Book) -> tuple[Finding, ...]:
        department = Source(edition, book)
        found = alike(edition, department.year, units, book.unit_of_amount)
        kept = rule_of(edition, "units_sum")
        if kept is None or any(one.severity is Severity.ERROR for one in found):
            return found
        all_of = together(edition, units, declared)
        scale = WAN if all_of.unit_of_amount == "元" else Decimal(1)
        told = list(found)
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
            told.append(
                finding(
                    kept,
                    _differs(here.value, wanted, total, money, units, form, here.cells, row, column, kind),
                    here.cells,
                )
            )
        return tuple(told)

    return compare


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
        f"相差 {shown(here - wanted)}{unit}。\n"
        + "\n".join([*parts[:20], *([f"等 {len(parts)} 个单位"] if len(parts) > 20 else [])])
        + taken
    )
