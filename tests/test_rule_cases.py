"""Every rule that an edition declares in a file of its own is shown to hold and to be broken by cases of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import ModuleType

import pytest
import test_budget_rules
import test_checks
import test_final_2019
import test_final_2024
import yaml
from book_builder import make_book, sample_book

from generator import editions
from generator.checks import places, rules
from generator.checks.formula import Reads, amount_columns
from generator.checks.rule import ELSEWHERE, Outcome, Rule
from generator.checks.run import evaluate, run
from generator.model.book import Book
from generator.model.finding import Severity

EDITIONS: dict[str, ModuleType] = {m.EDITION.id: m for m in (test_final_2019, test_final_2024, test_budget_rules)}
TOGETHER = {"answers", "mixed_units"}  # tried over all results at once: no result of their own
READ = {"S0", "S1", "S2", "S3", "S4", "S5", "S6"}  # kept by the reader and the record: their cases are workbooks


def own(edition_id: str) -> tuple[Rule, ...]:
    """The edition's rules from its own files, but for those that other steps keep."""
    found = rules.load(editions.load(edition_id))
    tried = (rule for rule in found if not {check.coded for check in rule.checks} <= set(ELSEWHERE))
    return tuple(rule for rule in tried if rule.source.startswith(f"{edition_id}/"))


def kinds(edition_id: str, rule: str) -> set[str]:
    if edition_id == test_checks.EDITION.id:
        cases = yaml.safe_load((test_checks.CASES / f"{rule}.yaml").read_text(encoding="utf-8"))
    else:
        cases = EDITIONS[edition_id].CASES.get(rule, [])
    return {next(iter(case)) for case in cases}


def sound(edition_id: str) -> Book:
    """The book over which the edition's cases are laid."""
    if edition_id == test_checks.EDITION.id:
        return sample_book(test_checks.EDITION)
    book: Book = EDITIONS[edition_id].book()
    return book


@pytest.mark.parametrize("edition_id", editions.ids())
def test_every_rule_of_an_edition_is_shown_to_hold_and_to_be_broken(edition_id: str) -> None:
    results = evaluate(editions.load(edition_id), sound(edition_id))
    held = {result.rule.id for result in results if result.outcome is Outcome.HOLDS}
    mute = {rule.id for rule in own(edition_id) if {check.coded for check in rule.checks} & TOGETHER}
    cases = {rule.id: kinds(edition_id, rule.id) for rule in own(edition_id) if rule.id not in READ}
    assert [id for id, found in cases.items() if "broken" not in found] == []
    assert [id for id, found in cases.items() if "holds" not in found and id not in held | mute] == []


@pytest.mark.parametrize("edition_id", editions.ids())
def test_main_tables_that_nobody_filled_in_are_errors(edition_id: str) -> None:
    """Not one amount: the tables that every unit fills in are named, those that may be empty are not."""
    edition = editions.load(edition_id)
    empty = [f for f in run(edition, make_book(edition, {})) if f.rule == "D6"]
    assert {f.severity for f in empty} == {Severity.ERROR}
    named = {f.cells[0].sheet for f in empty}
    assert named == {edition.form(form).sheet for form in ("totals", "income", "expenditure")}
    assert all(sheet in f.message for f, sheet in zip(empty, [f.cells[0].sheet for f in empty], strict=True))


@pytest.mark.parametrize("edition_id", editions.ids())
def test_what_speaks_of_the_tables_waits_until_they_are_filled_in(edition_id: str) -> None:
    """Reasons, details and performance are filled in, the tables are not pasted yet: nothing is held against them."""
    edition = editions.load(edition_id)
    filled, blank = sound(edition_id), make_book(edition, {})
    tables = {form.id for form in edition.tables}
    started = replace(filled, sheets={k: blank.sheets[k] if k in tables else v for k, v in filled.sheets.items()})
    findings = run(edition, started)
    said = [f for f in findings if f.severity is not Severity.INFO]
    assert {f.rule for f in said} == {"D6"}, [f.message for f in said]
    assert "N12" not in {f.rule for f in findings}  # explanations may still be needed
    assert all("0.00 万元" not in f.message for f in said)


def test_one_empty_table_does_not_hold_back_the_others() -> None:
    """Only table 05 was forgotten: the detail of vehicles is still held against the table of 三公."""
    edition = test_checks.EDITION
    blank = make_book(edition, {})
    filled = sample_book(edition, {"other": {"car_fuel": {"value": "5.20"}}})
    forgotten = replace(filled, sheets={**filled.sheets, "general": blank.sheets["general"]})
    rules_said = {rule for f in run(edition, forgotten) for rule in (f.rule, *f.rules)}
    assert {"D6", "N4"} <= rules_said
    assert "Y4" not in rules_said


@pytest.mark.parametrize("edition_id", editions.ids())
def test_no_two_amounts_of_a_table_are_called_alike(edition_id: str) -> None:
    """总计 of 收入 and of 支出, 399 and 39999 其他支出: a message tells them apart."""
    edition = editions.load(edition_id)
    reads = Reads(edition, make_book(edition, {}))
    named = Counter(
        places.place(reads, reads.at(form.id, row.key, column.key))
        for form in edition.forms
        for block in form.blocks
        for row in block.rows
        if not row.spacer
        for column in amount_columns(block, row)
    )
    assert [name for name, count in named.items() if count > 1] == []
