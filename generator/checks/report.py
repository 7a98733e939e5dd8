"""From results to findings: nothing said twice, nothing buried under its consequences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..model.finding import Finding, Severity
from ..model.quotes import nested
from . import messages, places
from .formula import Operand, Reads, State
from .rule import Outcome, RuleResult

_REPAIR = "请先改正上述内容，再重新校验。"


def findings(reads: Reads, results: Sequence[RuleResult]) -> Iterator[Finding]:
    """What to say about results that don't simply hold, beyond what the reader has said already."""
    known = _Known(reads.book.findings)
    yield from _broken(reads, [r for r in results if r.outcome is Outcome.BROKEN and not known.covers(r)])
    yield from _unanswerable(reads, [r for r in results if r.outcome is Outcome.UNANSWERABLE])
    yield from _tails(reads, [r for r in results if r.tail])


class _Known:
    """Cells the reader spoke about, by rule, and those it called wrong."""

    def __init__(self, said: Sequence[Finding]) -> None:
        self._by_rule = {(finding.rule, cell) for finding in said for cell in finding.cells}
        self._wrong = {cell for finding in said if finding.severity is Severity.ERROR for cell in finding.cells}

    def covers(self, result: RuleResult) -> bool:
        """Did the reader say of all its cells what this coded check says? Relations are never covered."""
        if result.left is not None or not result.cells:
            return False
        return all((result.rule.id, cell) in self._by_rule or cell in self._wrong for cell in result.cells)


def _broken(reads: Reads, results: list[RuleResult]) -> Iterator[Finding]:
    """One finding per rule and gap: what one wrong figure does in several rows is said once."""
    groups: dict[tuple[object, ...], list[RuleResult]] = {}
    for n, result in enumerate(results):
        operator = result.check.formula.operator if result.check.formula is not None else "="
        alike = (result.gap, operator) if result.left is not None and not result.words else (n,)
        groups.setdefault((result.rule.id, result.check.severity, result.check.message, *alike), []).append(result)
    for group in groups.values():
        group.reverse()  # totals come first in a table: the last is the nearest to the figure at fault
        cells = tuple(dict.fromkeys(cell for result in group for cell in result.cells))
        check = group[0].check
        yield Finding(group[0].rule.id, check.severity, nested(messages.broken(reads, group)), check.fix, cells)


def _unanswerable(reads: Reads, results: list[RuleResult]) -> Iterator[Finding]:
    """One finding per sheet and cause. A blank total is not among them: the rule on totals names it as an error."""
    groups: dict[tuple[str, State], list[tuple[RuleResult, Operand]]] = {}
    for result in results:
        for operand in result.blame:
            if operand.state is not State.BLANK:
                groups.setdefault((operand.form, operand.state), []).append((result, operand))
    for (form_id, state), found in groups.items():
        count = len({id(result) for result, _ in found})
        rule_ids = tuple(dict.fromkeys(result.rule.id for result, _ in found))
        cells = tuple(dict.fromkeys(o.cell for _, o in found if o.cell is not None))
        table = places.table(reads.edition.form(form_id))
        if state is State.BAD:
            what = f"{places.cells(cells)} 的内容不能作为数字使用"
        elif state is State.UNPLACED:
            what = f"{places.cells(cells)} 的科目编码位数不对"
        elif state is State.NO_SHEET:
            what = f"因缺少{table}"
        else:
            names = tuple(dict.fromkeys(places.in_table(reads, o) for _, o in found))
            what = f"因{table}缺少{'、'.join(names)}"
        text = messages.unreadable(what, rule_ids, count)
        yield Finding(rule_ids[0], Severity.WARNING, text, _REPAIR, cells, unanswerable=True)


def _tails(reads: Reads, results: list[RuleResult]) -> Iterator[Finding]:
    """All tails of a table in one note."""
    by_form: dict[str, list[RuleResult]] = {}
    for result in results:
        assert result.left is not None
        by_form.setdefault(result.left.terms[0][1].form, []).append(result)
    for form_id, group in by_form.items():
        text, cells = messages.tails(reads, form_id, group)
        yield Finding(group[0].rule.id, Severity.INFO, text, "无需更正。", cells)
