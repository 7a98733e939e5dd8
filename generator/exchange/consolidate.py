"""The workbook of a department from those of its units: every sum with the cells it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..editions import Edition
from ..model.book import BlockData, Book, FormData, RowData
from ..model.cell import Cell, CellKind, CellRef
from ..model.finding import Finding, Refusal, Severity
from ..model.form import Block, Form, Kind, Role
from ..workbook.blank_extra import SOURCES, Entry, Extra, Jump
from ..workbook.blank_plan import COMMENTS, plan
from .content import content, sheet_content
from .source import Source
from .together import Declared, Key, Sum, Together, factor, summed_blocks, together
from .unitcheck import alike, same_amounts, twice
from .untaken import untaken

_UNIT = "unit"
_LONGEST = 8000  # characters of a comment
_MORE = "\n（其余见各单位工作簿）"
_NOWHERE = CellRef("", 0, 0)


@dataclass
class Consolidated:
    """``content`` and ``extras`` for ``build``; sentences on what was done, looks wrong or was left out; findings."""

    content: dict[str, Any] = field(default_factory=dict)
    extras: list[Extra] = field(default_factory=list)
    cells: int = 0
    done: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()


def consolidate(units: Sequence[Source], declared: Sequence[Declared] = (), name: str = "") -> Consolidated:
    """The department of ``units``, the first of which is its own office. ``name``: the department's.

    With findings at error level nothing is added up: ``content`` is empty. Refusal for eliminations that can't be.
    """
    first = units[0]
    edition = first.edition
    made = Consolidated(findings=alike(edition, first.year, units))
    repeated = next(twice(units), None)
    if repeated is not None:
        raise Refusal(repeated, "每个单位只能有一本，请去掉重复的。")
    if any(one.severity is Severity.ERROR for one in made.findings):
        return made
    all_of = together(edition, units, declared)
    made.wrong = [*same_amounts(units), *all_of.wrong]
    for unit in units:
        made.wrong += [f"“{unit.name}”：{f.message}" for f in unit.unread]
    book = _book(all_of, units)
    made.content = content(edition, book)
    _lists(all_of, units, made)
    _facts(all_of, units, made, name)
    _reasons(all_of, units, made)
    made.left_out = list(untaken(edition, all_of.plan, units))
    made.cells = sum(one.given for one in all_of.sums.values())
    made.extras = [_sources(all_of, units, made)]
    made.done = [
        f"汇总 {len(units)} 个单位，{made.cells} 个汇总数，金额单位{all_of.unit_of_amount}。",
        *all_of.eliminated,
    ]
    made.wrong += _tails(edition, units, made)
    if all_of.eliminated:
        made.wrong.append("上年数和年初预算数是各单位之和，其中的内部往来没有抵销，请核对后调整。")
    return made


def _tails(edition: Edition, units: Sequence[Source], made: Consolidated) -> Iterator[str]:
    """Sums that are not those of their parts, mostly because every unit has rounded for itself."""
    kept = 0
    for form in edition.tables:
        for block in form.blocks:
            rows = made.content.get(form.id, {}).get(block.key, [])
            code = next((c.key for c in block.columns if c.kind is Kind.CODE), "")
            if block.open is not None and block.open.levels:
                groups = [r for r in rows if "_key" in r or len(str(r.get(code, ""))) < max(block.open.levels)]
                kept += sum(isinstance(value, Decimal) for row in groups for value in row.values())
    if kept:
        rounded = any(unit.book.unit_of_amount != "元" for unit in units)
        why = "多为各单位以万元取两位小数的尾差相加，校验因此报错的，请各单位以元填报后重新汇总"
        yield f"有 {kept} 个合计数与明细之和不等，{why if rounded else '请核对各单位工作簿'}。"


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
    own = content(all_of.edition, units[0].book)
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
                given = own.get(form.id, {}).get(block.key)
                if given:
                    made.content.setdefault(form.id, {})[block.key] = _without_sums(given, block)


def _without_sums(given: Any, block: Block) -> Any:
    """What the form adds up follows from the department's own numbers, whatever stood in the unit's."""
    sums = {row.key for row in block.rows if row.sum_of}
    return {key: row for key, row in given.items() if key not in sums} if isinstance(given, dict) else given


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
    for kind, unit in zip(types[1:], units[1:], strict=True):
        if kind not in plan_.kinds:
            what = f"的单位类型是“{kind}”，本版式没有相应的单位性质" if kind else "没有填写单位类型"
            made.wrong.append(f"“{unit.name}”{what}，请核对“单位信息”中的单位个数和名单。")


def _default(form: Form, row: str) -> str:
    return next((r.default for b in form.blocks for r in b.rows if r.key == row), "")


def _reasons(all_of: Together, units: Sequence[Source], made: Consolidated) -> None:
    """The department gives reasons of its own; what the units say is a comment beside."""
    for form, block in summed_blocks(all_of.edition, all_of.plan):
        if form.role is Role.TABLE:
            continue
        rows = {row.key: row for row in block.rows}
        for column in block.columns:
            said: dict[str, list[str]] = {}
            for unit in units:
                for row in unit.book.rows(form.id, block.key):
                    own = rows.get(row.key)
                    kind = block.kind_of(own, column) if own is not None else column.kind
                    if kind in (Kind.TEXT, Kind.PROSE) and row.text(column.key).strip():
                        said.setdefault(row.key, []).append(
                            f"{unit.word('name') or unit.name}：{row.text(column.key).strip()}"
                        )
            for key, lines in said.items():
                place = _place(made.content, form.id, block, key)
                if place is not None:
                    said_all = "\n".join(lines)
                    cut = said_all if len(said_all) <= _LONGEST else said_all[:_LONGEST] + _MORE
                    place.setdefault(COMMENTS, {})[column.key] = cut


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
