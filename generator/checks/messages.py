"""The sentences of findings: what, where, both numbers, the gap."""

from __future__ import annotations

from collections.abc import Sequence

from ..editions import fill
from ..model.cell import CellRef
from ..model.form import OpenRows
from . import places
from .formula import Operand, Reads, Side, State
from .rule import RuleResult, Sums

_LEVELS = ("类", "款", "项")  # code levels of an open table, from the top
_FEW = 4  # addends named one by one
_REPEATED = 4  # further places of the same gap named one by one


def broken(reads: Reads, results: Sequence[RuleResult]) -> str:
    """One sentence for results of one rule with the same gap: the first in full, the others by place."""
    first = results[0]
    if first.words or first.left is None or first.right is None:
        return fill(first.check.message, first.words)
    text = _relation(reads, first)
    if len(results) == 1:
        return text
    others = [places.place(reads, r.left.terms[0][1]) + _address(r.left) for r in results[1:] if r.left is not None]
    more = f"等 {len(others)} 处" if len(others) > _REPEATED else ""
    return f"{text}同样的差额还见于{'、'.join(others[:_REPEATED])}{more}。"


def _address(side: Side) -> str:
    return f"（{places.cells(side.cells)}）" if side.cells else ""


def _relation(reads: Reads, result: RuleResult) -> str:
    assert result.left is not None
    assert result.right is not None
    like = _like(result)
    left = _side(reads, result.left)
    if result.how is None:
        right = _side(reads, result.right)
    else:
        right = _sum(reads, result.how, result.left.terms[0][1], result.right)
    gap = places.quantity(like, abs(result.gap))
    words = {"left": left, "right": right, "gap": gap}
    if result.check.message:
        return fill(result.check.message, words)
    operator = result.check.formula.operator if result.check.formula is not None else "="
    if operator == "=":
        return f"{left}，与{right}不等，差 {gap}。"
    if not result.gap:  # only a strict comparison is broken by two equal sides
        return f"{left}，应{'大' if operator == '>' else '小'}于{'' if result.right.terms else ' '}{right}。"
    if operator in ("<=", "<"):
        return f"{left}，大于{right}，多出 {gap}。"
    return f"{left}，小于{right}，少 {gap}。"


def _like(result: RuleResult) -> Operand:
    """An operand of the relation that says how its quantities are written."""
    assert result.left is not None
    assert result.right is not None
    return next(operand for _, operand in (*result.left.terms, *result.right.terms))


def _side(reads: Reads, side: Side) -> str:
    """One figure with its place, or several with their sum."""
    if not side.terms:
        return f"{side.value:f}"
    if len(side.terms) == 1 and side.terms[0][0] == 1:
        operand = side.terms[0][1]
        return f"{places.place(reads, operand)} {places.quantity(operand, side.value)}{places.source(reads, operand)}"
    like = side.terms[0][1]
    forms = {operand.form for _, operand in side.terms}
    joined = ""
    for n, (sign, operand) in enumerate(side.terms):
        name = places.in_table(reads, operand) if n and len(forms) == 1 else places.place(reads, operand)
        joined += (" − " if sign < 0 else " + " if n else "") + name
    return f"{joined} {places.quantity(like, side.value)}{_address(side)}"


def _sum(reads: Reads, how: Sums, total: Operand, addends: Side) -> str:
    """The addends of a declared sum, and what they come to."""
    name = _sum_name(reads, how, total, addends)
    sheet = total.cell.sheet if total.cell is not None else ""
    filled = tuple(o.cell for _, o in addends.terms if o.cell is not None and o.state is State.NUMBER)
    where = places.cells(filled or addends.cells, beside=sheet)
    return f"{name} {places.quantity(total, addends.value)}" + (f"（{where}）" if where else "")


def _sum_name(reads: Reads, how: Sums, total: Operand, addends: Side) -> str:
    terms = addends.terms
    if how is Sums.CHILDREN:
        return _children_name(reads, total)
    naming = places.column_name if how is Sums.COLUMNS else places.row_name
    names = [naming(reads, operand).removesuffix("栏").removesuffix("行") for _, operand in terms]
    if len(names) <= _FEW or any(sign < 0 for sign, _ in terms):
        joined = names[0] if terms[0][0] > 0 else f"−{names[0]}"
        for (sign, _), name in zip(terms[1:], names[1:], strict=True):
            joined += (" + " if sign > 0 else " − ") + name
        return joined
    return f"{names[0]}至{names[-1]}各{'栏' if how is Sums.COLUMNS else '行'}之和"


def _children_name(reads: Reads, total: Operand) -> str:
    form = reads.edition.form(total.form)
    opened: OpenRows | None = next((b.open for b in form.blocks if b.open is not None and b.open.by_code), None)
    if opened is None:
        return "所属各科目之和"
    lengths = sorted(opened.levels)
    if not total.row.isdigit():
        return f"各{_LEVELS[0]}之和"
    below = sum(length <= len(total.row) for length in lengths)
    return f"所属各{_LEVELS[min(below, len(_LEVELS) - 1)]}之和"


def tails(reads: Reads, form_id: str, results: Sequence[RuleResult]) -> tuple[str, tuple[CellRef, ...]]:
    """One sentence for all tails of a table, with the cells of the totals."""
    worst = max(results, key=lambda r: abs(r.gap))
    largest = places.quantity(_like(worst), abs(worst.gap))
    cells = tuple(dict.fromkeys(c for r in results if r.left is not None for c in r.left.cells))
    table = places.table(reads.edition.form(form_id))
    text = (
        f"{table}有 {len(results)} 处合计与明细相差在尾差范围内，最大 {largest}（{places.cells(cells)}），"
        "系以万元显示时四舍五入所致。"
    )
    return text, cells


def unreadable(what: str, rule_ids: Sequence[str], count: int) -> str:
    """What can't be used, and the checks that therefore could not be made."""
    return f"{what}，有 {count} 项核对无法进行（规则 {'、'.join(rule_ids)}）。"
