"""What units have written that their department's workbook does not take over: told, never dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..editions import Edition
from ..model.book import BlockData, FormData
from ..model.cell import CellKind
from ..model.form import Block, Form, Role
from .content import FIELDS
from .source import Source
from .unitplan import UnitPlan

_NAMED = 5  # units by name


def untaken(edition: Edition, plan: UnitPlan, units: Sequence[Source]) -> Iterator[str]:
    """A sentence for each block that is filled in a unit's workbook and left empty in the department's."""
    for form in edition.forms:
        if form.role is Role.TABLE or plan.covers(plan.joined, form.id, ""):
            continue
        for key, title in _blocks(form):
            if _taken(plan, form, key):
                continue
            filled = [(unit.word("name") or unit.name, n) for unit in units if (n := _filled(form, key, unit))]
            if filled:
                named = "、".join(f"{name} {n} 项" for name, n in filled[:_NAMED])
                more = f"等 {len(filled)} 个单位" if len(filled) > _NAMED else ""
                yield f"{form.sheet}{title}：各单位所填的（{named}{more}）没有带入，部门的请另填。"


def _blocks(form: Form) -> Iterator[tuple[str, str]]:
    if form.role is Role.PERFORMANCE:
        yield FIELDS, ""
        return
    for block in form.blocks:
        title = block.title.partition("、")[2] or block.title
        yield block.key, f"“{title}”" if title else ""


def _taken(plan: UnitPlan, form: Form, key: str) -> bool:
    scopes = (plan.summed, plan.joined, plan.merged, plan.first)
    if any(plan.covers(one, form.id, key) for one in scopes) or plan.listed == (form.id, key):
        return True
    block = next((b for b in form.blocks if b.key == key), None)
    rows = [row.key for row in block.rows if not row.sum_of] if block is not None else []
    return bool(rows) and all(row in plan.counts for row in rows)


def _filled(form: Form, key: str, unit: Source) -> int:
    """Rows, or fields of performance forms, with something that is no default of the form."""
    found = 0
    for data in unit.book.sheets.get(form.id, ()):
        there = data.blocks.get(key)
        if there is not None:
            found += _count(data, there)
    return found


def _count(data: FormData, there: BlockData) -> int:
    block: Block | None = next((b for b in data.form.blocks if b.key == there.key), None)
    defaults = {row.key: row.default for row in block.rows} if block is not None else {}
    parts = (part for line in data.form.lines for part in line.parts)
    defaults |= {part.field: part.default for part in parts if part.field}
    return sum(
        any(
            cell.kind is not CellKind.BLANK
            and not cell.formula
            and cell.text.strip() not in ("", defaults.get(row.key))
            for cell in row.cells.values()
        )
        for row in there.rows
    )
