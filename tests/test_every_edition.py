"""What holds for every edition at hand, on a filled workbook of its own: its rules, its live checks, its formulas."""

from __future__ import annotations

import io
import shutil
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from support import load_source, names

from generator import editions
from generator.checks import rules
from generator.checks.live import live
from generator.checks.registry import ELSEWHERE
from generator.checks.rule import Outcome, RuleResult
from generator.checks.run import evaluate, run
from generator.editions import Edition
from generator.model.book import Book
from generator.model.finding import Severity
from generator.workbook.blank import build
from generator.workbook.read import read

CHECKS, RULE, RESULT, TOP = "校验", 1, 6, 5
NOT_TRIED = {*ELSEWHERE, "answers", "mixed_units"}  # by another step, or over all results together


@cache
def workbook(edition_id: str) -> bytes:
    """The first sample of the edition, with its live checks."""
    source = next(s for s in names() if load_source(s)[0].id == edition_id)
    edition, content = load_source(source)
    return build(edition, content, checks=live(edition))


@cache
def results(edition_id: str) -> tuple[RuleResult, ...]:
    edition, book = opened(edition_id)
    return evaluate(edition, book)


_OPENED: dict[str, tuple[Edition, Book]] = {}


def opened(edition_id: str) -> tuple[Edition, Book]:
    return _OPENED[edition_id]


@pytest.fixture(params=editions.ids())
def edition(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Edition:
    if request.param not in _OPENED:
        path = tmp_path_factory.mktemp("样例") / "填报.xlsx"
        path.write_bytes(workbook(request.param))
        _OPENED[request.param] = read(path)
    return editions.load(request.param)


def test_the_sample_is_sound(edition: Edition) -> None:
    ours, book = opened(edition.id)
    assert ours.id == edition.id
    assert [f.message for f in run(edition, book) if f.severity is Severity.ERROR] == []


def test_every_rule_is_tried_or_says_why_not(edition: Edition) -> None:
    tried = {result.rule.id for result in results(edition.id)}
    for rule in rules.load(edition):
        relations = [c for c in rule.checks if not c.coded]
        elsewhere = all(c.coded in NOT_TRIED for c in rule.checks)
        assert rule.id in tried or elsewhere or not relations, rule.id
        assert all(absent.reason for absent in rule.absent)
    held = {r.rule.id for r in results(edition.id) if r.outcome is Outcome.HOLDS}
    assert len(held) > len(rules.load(edition)) // 2


def verdicts(data: bytes) -> dict[tuple[str, int], str]:
    """Rule and line of the sheet 校验 → what it says."""
    sheet = openpyxl.load_workbook(io.BytesIO(data), data_only=True)[CHECKS]
    found = {}
    for row in range(TOP, sheet.max_row + 1):
        rule = str(sheet.cell(row, RULE).value or "").partition(" ")[0]
        if rule:
            found[rule, row] = str(sheet.cell(row, RESULT).value)
    return found


def test_the_live_checks_say_what_the_rules_say(edition: Edition) -> None:
    broken = {r.rule.id for r in results(edition.id) if r.outcome is Outcome.BROKEN}
    said = verdicts(workbook(edition.id))
    assert len(said) == len(live(edition)) > 50
    assert set(said.values()) <= {"通过", "尾差", "未填", "不适用", "不符"}
    assert {rule for (rule, _), result in said.items() if result == "不符"} <= broken
    passed = {rule for (rule, _), result in said.items() if result in ("通过", "尾差")}
    held = {r.rule.id for r in results(edition.id) if r.outcome is Outcome.HOLDS}
    assert passed <= held


def test_a_blank_workbook_has_nothing_to_pass_or_to_fail(edition: Edition) -> None:
    said = verdicts(build(edition, checks=live(edition)))
    assert set(said.values()) <= {"未填", "不适用"}, {key: v for key, v in said.items() if v not in ("未填", "不适用")}


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_a_spreadsheet_calculates_what_is_stored(edition: Edition, tmp_path: Path) -> None:
    """Sums of every sheet and the verdicts of the live checks."""
    from test_blank import _calculated

    data = workbook(edition.id)
    calculated = _calculated(data, tmp_path)
    stored = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(data))
    compared = 0
    for sheet in formulas:
        if sheet.sheet_state != "visible":
            continue
        for cell in (c for row in sheet.iter_rows() for c in row if c.data_type == "f"):
            if sheet.title == CHECKS and cell.column > 7:  # hidden helpers: slack in its own rounding
                continue
            ours, theirs = stored[sheet.title][cell.coordinate].value, calculated[sheet.title][cell.coordinate].value
            if isinstance(ours, (int, float)):
                assert float(theirs or 0) == pytest.approx(ours, rel=1e-12, abs=1e-9), (
                    f"{sheet.title}!{cell.coordinate}"
                )
            else:
                assert (theirs or "") == (ours or ""), f"{sheet.title}!{cell.coordinate}"
            compared += 1
    assert compared > 500
