"""The budget edition's rules on readable cases, laid over an invented department's budget (cases/<edition>)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from book_builder import make_book, merge
from test_checks import OUTCOMES, _tells

from generator import editions
from generator.checks import rules
from generator.checks.rule import ELSEWHERE
from generator.checks.run import evaluate, run
from generator.model.book import Book
from generator.model.finding import Severity

EDITION = editions.load("wuhan-budget-2021")
FOLDER = Path(__file__).parent / "cases" / EDITION.id
BASE = yaml.safe_load((FOLDER / "book.yaml").read_text(encoding="utf-8"))["base"]
CASES = yaml.safe_load((FOLDER / "rules.yaml").read_text(encoding="utf-8"))
TOGETHER = {"answers", "mixed_units"}  # coded checks tried over all results at once


def book(changes: dict[str, Any] | None = None) -> Book:
    return make_book(EDITION, merge(BASE, changes or {}), sums=True)


def kept_by(rule_id: str) -> set[str]:
    return {check.coded for rule in rules.load(EDITION) if rule.id == rule_id for check in rule.checks}


TRIED = tuple(rule.id for rule in rules.load(EDITION) if not kept_by(rule.id) <= set(ELSEWHERE))


@pytest.mark.parametrize("rule", TRIED)
def test_the_invented_budget_keeps_every_rule(rule: str) -> None:
    wrong = [f.message for f in run(EDITION, book()) if f.rule == rule and f.severity is not Severity.INFO]
    assert wrong == []


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule} {next(iter(case.values()))}") for rule in CASES for case in CASES[rule]],
)
def test_case(rule: str, case: dict[str, Any]) -> None:
    kind = next(iter(case))
    if kind not in OUTCOMES:
        assert kind == "never_unanswerable"
        return
    given = book(case.get("changes"))
    results = [result for result in evaluate(EDITION, given) if result.rule.id == rule]
    findings = run(EDITION, given)
    assert OUTCOMES[kind] in {result.outcome for result in results} or kept_by(rule) & TOGETHER
    if kind == "holds":
        assert not [f.message for f in findings if f.rule == rule and f.severity is not Severity.INFO]
        return
    if kind == "broken":
        wanted = case.get("severity", "error")
        ours = [f for f in findings if rule in (f.rule, *f.rules) and f.severity.value == wanted]
    else:
        ours = [f for f in findings if f.unanswerable and f.severity is Severity.WARNING and rule in f.message]
    assert ours, [f"{f.rule} {f.severity.value} {f.message}" for f in findings]
    assert any(_tells(given, case, f) for f in ours), [f"{f.message} {[str(c) for c in f.cells]}" for f in ours]
    assert all(f.fix for f in ours)


@pytest.mark.parametrize("rule", TRIED)
def test_every_rule_has_cases(rule: str) -> None:
    if rule in ("S0", "S1", "S2", "S3", "S4", "S5", "S6"):
        return
    kinds = {next(iter(case)) for case in CASES[rule]}
    assert "broken" in kinds
    assert {"unanswerable", "never_unanswerable"} & kinds


def test_no_cases_without_a_rule() -> None:
    assert set(CASES) <= set(TRIED)
