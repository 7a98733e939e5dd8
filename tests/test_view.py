"""Sheets shown as a person sees them in the table program: formats, dates, what is no amount."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generator.model.sheetview import Shown
from generator.workbook.view import view

from raw_xlsx import Page, X, xlsx  # isort: skip

CELLS = [
    ("文字", Shown("文字")),
    (True, Shown("TRUE")),
    (X('t="b"', "<v>0</v>"), Shown("FALSE")),
    (12.5, Shown("12.5", True)),
    (X("", "<f>1+1</f><v>2</v>"), Shown("2", True, True)),
    (X('s="1"', "<v>44873</v>"), Shown("2022年11月8日")),
    (X('s="1"', "<v>99999999</v>"), Shown("99999999")),  # a date that no calendar has
    (X("", "<v>1,5</v>"), Shown("1,5")),
    (X('t="e"', "<v>#REF!</v>"), Shown("#REF!")),
]


@pytest.mark.parametrize(("value", "shown"), CELLS)
def test_a_cell_is_shown_as_it_looks(tmp_path: Path, value: Any, shown: Shown) -> None:
    path = tmp_path / "填报.xlsx"
    path.write_bytes(xlsx([Page("表", {(2, 3): value})]))
    (sheet,) = view(path, ["表"])
    assert sheet.cells == {(2, 3): shown}


def test_only_the_sheets_that_are_asked_for_and_there(tmp_path: Path) -> None:
    path = tmp_path / "填报.xlsx"
    path.write_bytes(xlsx([Page("甲", {(1, 1): "一"}, [(1, 1, 2, 3)]), Page("乙", {(1, 1): "二"})]))
    assert [sheet.name for sheet in view(path, ["乙", "没有这张", "甲"])] == ["乙", "甲"]
    assert view(path, ["甲"])[0].merges == {(1, 1): (2, 3)}
