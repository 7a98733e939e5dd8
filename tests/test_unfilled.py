"""What a blank workbook's own formulas say when nobody has filled anything in: nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import fill, load_source, names

from generator.checks.run import run
from generator.model.blocks import Paragraph
from generator.narrative.compose import compose
from generator.workbook.read import read

FINAL = tuple(name for name in names() if any(f.id == "initial_budget" for f in load_source(name)[0].forms))


@pytest.mark.parametrize("name", FINAL)
def test_a_sheet_of_the_initial_budget_left_blank_is_not_an_initial_budget_of_zero(name: str, tmp_path: Path) -> None:
    """没有填写年初预算：正文不能写“年初无预算”，校验应提醒补填（合计行的公式得 0，不算填写）。"""
    edition, content = load_source(name)
    path = fill(
        edition, {key: value for key, value in content.items() if key != "initial_budget"}, tmp_path / "空.xlsx"
    )
    _, book = read(path)
    disclosure, _ = compose(edition, book, draft=True)
    said = [b.text for section in disclosure.sections for b in section.blocks if isinstance(b, Paragraph)]
    assert not [text for text in said if "年初无预算" in text]
    assert [f for f in run(edition, book) if f.rule == "Y5" and "没有填写" in f.message]


@pytest.mark.parametrize("name", FINAL)
def test_a_missing_overall_performance_form_is_told(name: str, tmp_path: Path) -> None:
    edition, content = load_source(name)
    path = fill(edition, {k: v for k, v in content.items() if k != "overall_performance"}, tmp_path / "空.xlsx")
    _, book = read(path)
    assert [f for f in run(edition, book) if f.rule == "D4" and edition.form("overall_performance").sheet in f.message]


def test_the_2019_form_prints_no_heading_of_attachments_over_nothing(tmp_path: Path) -> None:
    edition, content = load_source("hanyang-2019")
    path = fill(edition, {k: v for k, v in content.items() if k != "overall_performance"}, tmp_path / "空.xlsx")
    disclosure, _ = compose(edition, read(path)[1], draft=True)
    assert "附件：" not in [b.text for s in disclosure.sections for b in s.blocks if isinstance(b, Paragraph)]
