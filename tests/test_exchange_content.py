"""A workbook written anew from what was read holds the same, cell by cell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator import editions
from generator.exchange.content import content
from generator.model.book import Book
from generator.workbook.blank import build
from generator.workbook.read import read

from made_content import made_content  # isort: skip
from support import INPUTS, load_source  # isort: skip


def held(book: Book) -> dict[tuple[Any, ...], Any]:
    return {
        (data.form.id, copy, key, row.key, number, column): cell.number if cell.number is not None else cell.text
        for group in book.sheets.values()
        for copy, data in enumerate(group)
        for key, block in data.blocks.items()
        for number, row in enumerate(block.rows)
        for column, cell in row.cells.items()
        if not cell.is_blank
    }


def formulas(book: Book) -> int:
    return sum(
        c.formula for data in book for block in data.blocks.values() for r in block.rows for c in r.cells.values()
    )


def again(path: Path) -> tuple[Book, Book]:
    edition, book = read(path)
    copy = path.with_name("新.xlsx")
    copy.write_bytes(build(edition, content(edition, book)))
    return book, read(copy)[1]


@pytest.mark.parametrize("edition_id", editions.ids())
def test_nothing_is_lost_in_any_edition(edition_id: str, tmp_path: Path) -> None:
    edition = editions.load(edition_id)
    path = tmp_path / "填报.xlsx"
    path.write_bytes(build(edition, made_content(edition)))
    old, new = again(path)
    assert len(held(old)) > 500
    assert held(new) == held(old)


@pytest.mark.parametrize("name", sorted(p.stem for p in (INPUTS / "sources").glob("*.yaml")))
def test_samples_keep_their_figures_and_their_formulas(name: str, tmp_path: Path) -> None:
    path = tmp_path / "样本.xlsx"
    path.write_bytes(build(*load_source(name)))
    old, new = again(path)
    assert held(new) == held(old)
    assert formulas(new) == formulas(old) > 300


def test_a_blank_stays_blank_where_the_form_would_fill_in(tmp_path: Path) -> None:
    edition, given = load_source("sample-2021")
    form = next(f for f in edition.forms for b in f.blocks if any(r.default for r in b.rows))
    block, row = next((b, r) for b in form.blocks for r in b.rows if r.default)
    given = {**given, form.id: {**given[form.id], block.key: {**given[form.id][block.key], row.key: {"value": ""}}}}
    path = tmp_path / "空.xlsx"
    path.write_bytes(build(edition, given))
    old, new = again(path)
    for book in (old, new):
        cell = book.sheets[form.id][0].cell(row.key, "value")
        assert cell is not None
        assert cell.is_blank


def test_a_formula_of_the_users_own_becomes_a_value(tmp_path: Path) -> None:
    """=12+30 in an ordinary cell; the sums over it stay formulas."""
    edition, given = load_source("qiaokou-2024")
    path = tmp_path / "公式.xlsx"
    path.write_bytes(build(edition, given))
    _, book = read(path)
    data = book.sheets["totals"][0]
    block = data.blocks["income"]
    rows = tuple(
        replace(row, cells={k: c._replace(formula=True) for k, c in row.cells.items()}) if row.key == "gpb" else row
        for row in block.rows
    )
    changed = replace(data, blocks={**data.blocks, "income": replace(block, rows=rows)})
    found = content(edition, replace(book, sheets={**book.sheets, "totals": (changed,)}))["totals"]["income"]
    assert found["gpb"]["amount"] == book.figure("totals", "gpb", "amount").value
    assert found["income_total"] == {}
