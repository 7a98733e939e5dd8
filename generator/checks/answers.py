"""核实说明: warnings that the user has looked into and answered, by rule id and reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..editions import Edition
from ..model.book import Book
from ..model.cell import CellRef
from ..model.finding import Finding, Severity
from . import rules
from .rule import ELSEWHERE

FORM, BLOCK = "answers", "answers"
_BETWEEN = re.compile(r"[、,;/\n和及]")
_AROUND = frozenset("[]【】()「」“”")
_AT_CHECK = frozenset({"reader"})  # kept by another step, but before the checks


@dataclass(frozen=True, slots=True)
class Answer:
    rule: str
    reason: str
    cells: tuple[CellRef, ...]


def given(book: Book) -> tuple[Answer, ...]:
    """The filled rows of the sheet, one for each rule that a row names."""
    found = []
    for row in book.rows(FORM, BLOCK):
        ids, reason = _ids(row.text("rule")), row.text("reason").strip()
        if ids or reason:
            cells = tuple(cell.ref for cell in row.cells.values())[:2]
            found += [Answer(rule, reason, cells) for rule in ids or ("",)]
    return tuple(found)


def _ids(text: str) -> tuple[str, ...]:
    """Rule ids in half-width capitals, as they may be typed: ｓ１２, [S12], 规则 S12, S12、Y4."""
    pieces = _BETWEEN.split(unicodedata.normalize("NFKC", text).upper())
    plain = ("".join(c for c in piece if c not in _AROUND and not c.isspace()).removeprefix("规则") for piece in pieces)
    return tuple(dict.fromkeys(piece for piece in plain if piece))


def answered(book: Book, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings, warnings with the reasons given for them; errors can't be answered."""
    reasons: dict[str, str] = {}
    for answer in given(book):
        if answer.rule and answer.reason:
            reasons[answer.rule] = "；".join(filter(None, (reasons.get(answer.rule), answer.reason)))
    if not reasons:
        return tuple(findings)
    return tuple(
        replace(f, answer=reasons[f.rule]) if f.severity is Severity.WARNING and f.rule in reasons else f
        for f in findings
    )


def remarks(edition: Edition, book: Book, findings: Sequence[Finding], waiting: bool = False) -> tuple[Finding, ...]:
    """What is wrong with the answers themselves: no such rule, no reason, nothing left to answer, an error answered.

    ``waiting``: tables are still to be filled in; what rules will say of them is not known yet.
    """
    known = {rule.id: rule for rule in rules.load(edition)}
    rule_id = next((r.id for r in known.values() if any(c.coded == "answers" for c in r.checks)), "N12")
    said: list[Finding] = []
    for answer in given(book):
        where = f"（{answer.cells[0]}）" if answer.cells else ""
        severity, fix = Severity.WARNING, ""
        fired = [f for f in findings if f.rule == answer.rule]
        if not answer.rule:
            text, fix = f"核实说明{where}没有填写规则编号。", "填写报告中方括号内的规则编号。"
        elif answer.rule not in known:
            text, fix = f"核实说明{where}的规则编号“{answer.rule}”不存在。", "可用 gongkai rules 查看规则编号。"
        elif not answer.reason:
            text, fix = f"核实说明{where}对规则 {answer.rule} 没有填写理由。", "写明核实的情况，或删去这一行。"
        elif any(f.severity is Severity.ERROR for f in fired):
            text, fix = f"规则 {answer.rule} 报出的是错误，不能用核实说明代替更正{where}。", "改正错误后删去这一行。"
        elif not waiting and not fired and not _tried_later(known[answer.rule].checks):
            text, fix = f"规则 {answer.rule} 已没有提示，核实说明{where}不再需要。", "删去这一行。"
            severity = Severity.INFO
        else:
            continue
        said.append(Finding(rule_id, severity, text, fix, answer.cells[:1]))
    return tuple(said)


def _tried_later(checks: Sequence[object]) -> bool:
    """Only a later step can say whether the rule still has something to say."""
    names = {getattr(check, "coded", "") for check in checks}
    return bool(names & (set(ELSEWHERE) - _AT_CHECK))
