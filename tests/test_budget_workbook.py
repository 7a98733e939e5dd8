"""The budget's workbook: its target forms with several open parts, years that follow the budget year, codes offered."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from generator.editions import load
from generator.workbook.blank import build
from generator.workbook.read import read
from tests.support import load_source

EDITION = load("wuhan-budget-2021")
PROJECT, OVERALL = "project_performance", "overall_performance"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("budget") / "预算.xlsx"
    path.write_bytes(build(*load_source("hongshan-budget-2021")))
    return path


def test_every_open_part_keeps_its_own_rows(filled: Path) -> None:
    edition, book = read(filled)
    assert edition.id == EDITION.id
    assert [f.message for f in book.findings] == []
    overall = book.sheets[OVERALL][0].blocks
    assert [len(overall[key].rows) for key in ("long_indicators", "indicators")] == [4, 5]
    sizes = [(len(data.blocks["details"].rows), len(data.blocks["indicators"].rows)) for data in book.sheets[PROJECT]]
    assert sizes == [(8, 5), (13, 6), (15, 7), (4, 4)]  # one of the details' rows is their 合计
    assert [data.blocks["details"].by_key["details_total"].text("amount") for data in book.sheets[PROJECT]] == [
        "22.2",
        "696.12",
        "277.11",
        "95.8",
    ]


def test_a_total_that_is_gone_is_said(filled: Path, tmp_path: Path) -> None:
    changed = openpyxl.load_workbook(filled)
    sheet = changed["项目资金绩效目标申报表"]
    totals = [cell for row in sheet.iter_rows() for cell in row if cell.value == "合计"]
    totals[-1].value = "小计"
    path = tmp_path / "改动.xlsx"
    changed.save(path)
    said = [f for f in read(path)[1].findings if f.rule == "S3"]
    assert any("合计" in f.message and "项目资金绩效目标申报表" in f.message for f in said)


def test_the_two_years_before_follow_the_budget_year(tmp_path: Path) -> None:
    path = tmp_path / "空白.xlsx"
    path.write_bytes(build(EDITION, year=2023, unit="某单位"))
    data = read(path)[1].sheets[OVERALL][0]
    assert [data.text(key) for key in ("year_before_last", "last_year")] == ["2021年", "2022年"]


def test_a_table_of_economic_subjects_offers_economic_codes_only(tmp_path: Path) -> None:
    path = tmp_path / "空白.xlsx"
    path.write_bytes(build(EDITION))
    book = openpyxl.load_workbook(path)
    for form_id, begins in (("basic", "3"), ("general", "2")):
        rules = [r for r in book[EDITION.form(form_id).sheet].data_validations.dataValidation if "科目" in r.formula1]
        assert rules
        for rule in rules:
            sheet, _, cells = rule.formula1.replace("$", "").replace("'", "").partition("!")
            codes = [str(cell.value) for row in book[sheet][cells] for cell in row]
            assert codes
            assert {code[0] for code in codes} == {begins}
