"""A rule explained: what it says, what it compares in the form's words, how exactly, why, and an example."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..editions import Edition
from ..model.finding import Severity
from . import rules, wording
from .rule import ELSEWHERE, Check, Rule, RuleKind

SEVERITIES = {Severity.ERROR: "错误", Severity.WARNING: "警告", Severity.INFO: "提示"}
# Ids are never reused, so what a family stands for is the same in every edition.
FAMILIES = {
    "S": "工作簿的结构和填写",
    "W": "表内关系",
    "X": "表间关系",
    "Y": "与上年和预算比较",
    "N": "补充资料和文字",
    "P": "绩效表",
    "D": "公开内容是否齐全",
    "F": "附件和版面",
}
_OTHER = "其他"
_SILENT = ("construction", "other_edition")  # of ELSEWHERE: nobody reports these
_ID = re.compile(r"([A-Z]+)(\d*)")
_PLACE = re.compile(r"\{\w+\}")
_ABOUT = {"=": "差", "≤": "多出", "<": "多出", "≥": "少", ">": "少"}


@dataclass(frozen=True)
class Relations:
    """Formulas in words, and the sentence that says when they are asked; empty where always."""

    lines: tuple[str, ...]
    condition: str = ""


@dataclass(frozen=True)
class Explained:
    """Everything `gongkai rules` and docs/rules.md say about a rule, ready to print."""

    id: str
    family: str
    title: str
    severity: str
    how: str
    explain: str
    relations: tuple[Relations, ...]
    tolerance: str
    fix: str
    basis: str
    example: str
    absent: tuple[str, ...] = ()  # why the rule, or a part of it, does not apply in the edition


def family(rule_id: str) -> str:
    found = _ID.match(rule_id)
    return FAMILIES.get(found[1], _OTHER) if found else _OTHER


def explained(edition: Edition) -> tuple[Explained, ...]:
    """All rules of the edition, by family and number."""
    return tuple(_explain(edition, rule) for rule in sorted(rules.load(edition), key=lambda rule: _order(rule.id)))


def _order(rule_id: str) -> tuple[int, str, int]:
    found = _ID.match(rule_id)
    letters, number = (found[1], int(found[2] or 0)) if found else (rule_id, 0)
    listed = list(FAMILIES)
    return (listed.index(letters) if letters in listed else len(listed), letters, number)


def _explain(edition: Edition, rule: Rule) -> Explained:
    return Explained(
        id=rule.id,
        family=family(rule.id),
        title=rule.title,
        severity=_severity(rule),
        how=_how(rule),
        explain=rule.explain,
        relations=_relations(edition, rule),
        tolerance=_tolerance(edition, rule),
        fix=rule.fix,
        basis=rule.basis,
        example=rule.example or (_example(edition, rule.checks[0]) if rule.checks else ""),
        absent=tuple(dict.fromkeys(absent.reason for absent in rule.absent)),
    )


def _severity(rule: Rule) -> str:
    """What its checks report, worst first; a dash where nothing can be reported."""
    found = {check.severity for check in rule.checks if check.coded not in _SILENT}
    return "或".join(name for severity, name in SEVERITIES.items() if severity in found) or "—"


def _how(rule: Rule) -> str:
    ways = {
        "表样中的求和": any(check.implied for check in rule.checks),
        "公式": any(check.formula is not None for check in rule.checks),
        "逐项核对": any(check.coded and check.coded not in ELSEWHERE for check in rule.checks),
    }
    elsewhere = dict.fromkeys(ELSEWHERE[check.coded] for check in rule.checks if check.coded in ELSEWHERE)
    partly = ("部分不适用",) if rule.absent and rule.checks else ("本版式不适用",) if rule.absent else ()
    return "、".join([*(way for way, used in ways.items() if used), *elsewhere, *partly])


def _relations(edition: Edition, rule: Rule) -> tuple[Relations, ...]:
    by_condition: dict[str, list[str]] = {}
    for check in rule.checks:
        lines = wording.relations(edition, check)
        if lines:
            by_condition.setdefault(wording.conditions(edition, check), []).extend(lines)
    return tuple(Relations(tuple(dict.fromkeys(lines)), when) for when, lines in by_condition.items())


def _tolerance(edition: Edition, rule: Rule) -> str:
    """How far the two sides may differ, in words; empty where nothing is compared."""
    compared = [check for check in rule.checks if check.kind is not RuleKind.CODED]
    equal = any(check.kind is RuleKind.IDENTITY for check in compared)
    tails = [check for check in compared if check.tolerance and wording.money(edition, check)]
    same = "引用同一个数的，须完全一致，不允许有差额。" if equal else ""
    if not tails:
        return same
    allowed = f"{max(check.tolerance for check in tails).normalize():f}"
    return (
        f"求和允许四舍五入的尾差：每个参加计算的数（包括合计数）{allowed} 万元，在此以内不算错误；"
        f"金额以元填写时须完全一致。{same}"
    )


def _example(edition: Edition, check: Check) -> str:
    """Made from the rule's first relation; a rule's own ``example:`` is better."""
    lines = wording.relations(edition, check)
    kind = SEVERITIES[check.severity]
    if not lines:
        message = _PLACE.sub("……", check.message)
        return f"报告时写作：{message}" if message else ""
    whole, sign, right = _halves(lines[0].split("；")[0])
    first, _, left = whole.rpartition("：")
    if first.endswith("其中"):  # a label of the form, such as 其中：事业编制
        first, left = "", whole
    table = re.sub("(每行|每一栏|（每一栏）)$", "", first)
    high, low, gap = ("100.00 万元", "99.00 万元", "1.00 万元") if wording.money(edition, check) else ("12", "11", "1")
    if sign in ("≥", ">"):
        high, low = low, high
    place = f"{table}·{left}" if table else left
    return f"“{place}”为 {high}，而“{right}”为 {low}，{_ABOUT[sign]} {gap}，报为{kind}。"


def _halves(line: str) -> tuple[str, str, str]:
    for sign in _ABOUT:
        left, found, right = line.partition(f" {sign} ")
        if found:
            return left, sign, right
    raise AssertionError(line)
