"""Findings about wrong cells: which cell, what stands there, what would fit, and the relations it breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..model.cell import CellRef
from ..model.finding import Finding, Severity
from . import messages, places, rules
from .culprit import Search
from .formula import Operand, Reads, State
from .judge import Case, Suspect
from .linear import build, is_linear, is_total_without_amount
from .rule import Check, Outcome, RuleResult, Scope

_FEW = 4  # suspects named in one sentence
_LISTED = 6  # relations given in full
_AFTER = 3  # cells named after one that stands alone
_IS = "为 "
_WORST = tuple(Severity)
_FIX_ONE = "核对该格与业务系统数据或原始凭证，改正后重新校验。"
_FIX_SOME = "逐一核对所列各格与业务系统数据或原始凭证，改正填错的一格。"


def wanted(result: RuleResult) -> bool:
    """Is this a broken relation that a wrong cell may explain?"""
    if is_total_without_amount(result):
        return True
    compared = result.single is not None or (result.left is not None and is_linear(result.check))
    return result.outcome is Outcome.BROKEN and result.check.severity is Severity.ERROR and compared


def findings(
    reads: Reads, results: Sequence[RuleResult], hints: Sequence[RuleResult] = ()
) -> tuple[list[Finding], list[RuleResult]]:
    """One finding per wrong cell, and the results that remain to be reported one by one.

    ``hints`` are relations that usually hold; they are never reported and only choose between cells.
    """
    system = build(reads, [*results, *hints])
    silent = set(map(id, hints))
    bounds = [scope for check in _not_negative(reads) for scope in check.scope]
    found: list[Finding] = []
    told: set[int] = set()
    empty: list[_Accused] = []
    for case in Search(system).cases:
        operands = [system.cells[s.cell] for s in case.suspects]
        broken = [system.relations[n].result for n in case.relations]
        accused = _Accused(case, operands, [result for result in broken if id(result) not in silent])
        if not accused.results:
            continue  # only hints are broken, and these are never reported
        if any(_impossible(reads, s, o, bounds) for s, o in zip(case.suspects[: case.tied], operands, strict=False)):
            continue  # no cell explains it: the relations are told one by one
        told |= {id(result) for result in accused.results}
        if case.tied == 1 and operands[0].state is State.BLANK:
            empty.append(accused)
        else:
            found.append(_finding(reads, accused))
    for blanks in _together(empty):
        missing = [r for r in results if r.left is None and any(_total_missing(r, a.operands[0]) for a in blanks)]
        told |= {id(result) for result in missing}
        found.append(_not_filled(reads, blanks, missing))
    return found, [result for result in results if id(result) not in told]


def _not_negative(reads: Reads) -> Iterator[Check]:
    return (c for rule in rules.load(reads.edition) for c in rule.checks if c.coded == "not_negative")


def _impossible(reads: Reads, suspect: Suspect, operand: Operand, bounds: Sequence[Scope]) -> bool:
    """Would an amount have to become negative where the rules expect none to be?"""
    if operand.value < 0 or operand.value + suspect.change >= 0:
        return False
    block = places.block(reads, operand)
    return any(scope.form == operand.form and block is not None and scope.covers(block) for scope in bounds)


@dataclass(frozen=True)
class _Accused:
    """A case with the operands of its suspects and the results of its relations."""

    case: Case
    operands: list[Operand]
    results: list[RuleResult]


def _total_missing(result: RuleResult, suspect: Operand) -> bool:
    """The rule on blank totals says of the suspect's cell what the case says better."""
    coded = result.outcome is Outcome.BROKEN and result.check.coded == "totals_present"
    return coded and suspect.cell in result.cells


def _together(empty: list[_Accused]) -> Iterator[list[_Accused]]:
    """Blank cells of one column, where it has several, else of one row."""
    columns: dict[tuple[str, str], list[_Accused]] = {}
    for accused in empty:
        columns.setdefault((accused.operands[0].form, accused.operands[0].column), []).append(accused)
    rows: dict[tuple[str, str], list[_Accused]] = {}
    for column in columns.values():
        if len(column) > _AFTER:
            yield sorted(column, key=lambda a: a.operands[0].cell or CellRef("", 0, 0))
            continue
        for accused in column:
            rows.setdefault((accused.operands[0].form, accused.operands[0].row), []).append(accused)
    yield from rows.values()


def _not_filled(reads: Reads, blanks: list[_Accused], missing: list[RuleResult]) -> Finding:
    """Blank cells of one row or one column that should hold amounts, in one finding."""
    operands = [a.operands[0] for a in blanks]
    results = list({id(r): r for a in blanks for r in a.results}.values())
    cells = tuple(o.cell for o in operands if o.cell is not None)
    rows = dict.fromkeys(places.row_name(reads, o) for o in operands)
    names = "、".join(dict.fromkeys(places.column_name(reads, o) for o in operands))
    named = next(iter(rows)) if len(rows) == 1 else ""
    place = places.table(reads.edition.form(operands[0].form)) + named + names
    why = "，而所属明细有金额" if missing else ""
    amounts = [_fitting(a.case.suspects[0], o) for a, o in zip(blanks, operands, strict=True)][:_FEW]
    more = " 等" if len(blanks) > _FEW else ""
    fitting = amounts[0] if len(blanks) == 1 else f"分别{_IS}{'、'.join(a.removeprefix(_IS) for a in amounts)}{more}"
    text = f"{place}（{places.cells(cells)}）没有填写{why}，应{fitting}。"
    text += "".join(f"\n{line}" for line in _lines(reads, results))
    ids = tuple(dict.fromkeys(r.rule.id for r in (*missing, *results)))
    severity = min((r.check.severity for r in (*missing, *results)), key=_WORST.index)
    return Finding(ids[0], severity, text, (missing or results)[0].check.fix, cells, rules=ids, tied=1)


def _finding(reads: Reads, accused: _Accused) -> Finding:
    case, operands, results = accused.case, accused.operands, accused.results
    ids = tuple(dict.fromkeys(result.rule.id for result in results))
    severity = min((r.check.severity for r in results), key=_WORST.index)
    if case.tied > 1 and len(results) == 1:
        text = f"仅有一条关系，无法判断哪一格有误，可能是{_choices(reads, case, operands)}。"
    elif case.tied > 1:
        text = f"有一格有误，现有关系不能再区分，可能是{_choices(reads, case, operands)}。"
    else:
        text = _alone(reads, case.suspects[0], operands[0], len(results))
    text += "".join(f"\n{line}" for line in _lines(reads, results))
    shown = operands if case.tied > 1 else operands[: 1 + _AFTER]
    cells = tuple(o.cell for o in shown if o.cell is not None)
    fix = _FIX_ONE if case.tied == 1 else _FIX_SOME
    return Finding(ids[0], severity, text, fix, cells, rules=ids, tied=case.tied)


def _alone(reads: Reads, suspect: Suspect, operand: Operand, count: int) -> str:
    place = f"{places.place(reads, operand)}（{operand.cell}）"
    after = f"改后下列 {count} 项核对成立" if count > 1 else "改后下列核对成立"
    slip = f"，疑似{suspect.slip.words}" if suspect.slip is not None else ""
    if operand.state is State.BAD:
        return f"{place}的内容不能作为数字使用，按 {_amount(operand, suspect.change)} 填写，{after}。"
    return f"{place}最可能有误：现为 {_amount(operand, operand.value)}，应{_fitting(suspect, operand)}，{after}{slip}。"


def _choices(reads: Reads, case: Case, operands: list[Operand]) -> str:
    """Each of the tied suspects with what stands there and what would fit."""
    named = []
    for suspect, operand in list(zip(case.suspects, operands, strict=True))[: min(case.tied, _FEW)]:
        now = "未填" if operand.state is State.BLANK else f"现为 {_amount(operand, operand.value)}"
        slip = f"，疑似{suspect.slip.words}" if suspect.slip is not None and suspect.slip.telling else ""
        named.append(f"{places.place(reads, operand)}（{operand.cell}，{now}，应{_fitting(suspect, operand)}{slip}）")
    more = f"等 {case.tied} 格中的一格" if case.tied > _FEW else ""
    return ("、".join(named) if more else "或".join(named)) + more


def _fitting(suspect: Suspect, operand: Operand) -> str:
    """What stands after 应: the amount that would fit; of one that only has a limit, the limit."""
    amount = _amount(operand, operand.value + suspect.change)
    if suspect.room.low is None:
        return f"不大于 {amount}"
    return f"不小于 {amount}" if suspect.room.high is None else f"{_IS}{amount}"


def _amount(operand: Operand, value: Decimal) -> str:
    """Rounded to what a person types: two decimals in the workbook's unit."""
    if operand.money:
        value = (value * operand.divisor).quantize(Decimal("0.01")) / operand.divisor
    elif value != operand.value:
        value = value.quantize(Decimal("0.01"))
    return places.quantity(operand, value)


def _lines(reads: Reads, results: Sequence[RuleResult]) -> Iterator[str]:
    for result in results[:_LISTED]:
        yield f"{result.rule.id}：{messages.broken(reads, [result])}"
    rest = results[_LISTED:]
    if rest:
        yield f"另有 {len(rest)} 项（规则 {'、'.join(dict.fromkeys(r.rule.id for r in rest))}）。"
