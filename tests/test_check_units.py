"""A table in the other unit of money is said once, and what it breaks between tables is not listed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from generator.checks.run import run
from generator.editions import Edition
from generator.model.book import BlockData, Book
from generator.model.cell import Cell, CellKind
from generator.model.finding import Finding, Severity
from generator.workbook.read import read

from altered import alter  # isort: skip

INPUTS = Path(__file__).parents[1] / "inputs"


@pytest.fixture(scope="module", params=["wuchang-2021", "sample-2021"])
def sample(request: pytest.FixtureRequest) -> tuple[Edition, Book]:
    return read(INPUTS / f"{request.param}.xlsx")


def _times(book: Book, form: str, factor: Decimal) -> Book:
    """The book with every amount of one sheet multiplied."""

    def cell(old: Cell) -> Cell:
        if old.kind is not CellKind.NUMBER or old.number is None:
            return old
        return replace_cell(old, old.number * factor)

    data = book.sheets[form][0]
    blocks = {
        key: BlockData(
            key,
            tuple(
                replace(r, cells={c: old if c in ("code", "name") else cell(old) for c, old in r.cells.items()})
                for r in block.rows
            ),
        )
        for key, block in data.blocks.items()
    }
    return replace(book, sheets={**book.sheets, form: (replace(data, blocks=blocks),)})


def replace_cell(old: Cell, number: Decimal) -> Cell:
    return Cell(old.ref, CellKind.NUMBER, number, f"{number:f}", old.formula)


@pytest.mark.parametrize("form", ["totals", "income", "expenditure", "fiscal", "general", "basic"])
@pytest.mark.parametrize("factor", ["10000", "0.0001"])
def test_one_finding_for_a_table_in_the_other_unit(sample: tuple[Edition, Book], form: str, factor: str) -> None:
    edition, book = sample
    findings = run(edition, _times(book, form, Decimal(factor)))
    errors = [f for f in findings if f.severity is Severity.ERROR]
    assert [f.rule for f in errors] == ["S7"], "\n".join(f"{f.rule} {f.message}" for f in errors)
    sheet = book.sheets[form][0].sheet
    assert sheet.lstrip("0123456789") in errors[0].message
    assert any(cell.sheet == sheet for cell in errors[0].cells)


def test_what_the_reader_suspected_is_not_said_again(sample: tuple[Edition, Book]) -> None:
    edition, book = sample
    wrong = _times(book, "income", Decimal(10000))
    cell = next(iter(wrong.sheets["income"][0].rows.values())).cells["total"].ref
    suspected = Finding("S7", Severity.WARNING, "疑似元、万元混用。", cells=(cell,))
    findings = run(edition, replace(wrong, findings=(suspected,)))
    assert [f.severity for f in findings if f.rule == "S7"] == [Severity.ERROR]


def test_a_single_slip_of_ten_thousand_is_no_other_unit(sample: tuple[Edition, Book]) -> None:
    edition, book = sample
    data = book.sheets["expenditure"][0]
    row = data.rows["2080505"]
    old = row.cells["basic"]
    assert old.number is not None
    cells = {**row.cells, "basic": replace_cell(old, old.number * 10000)}
    rows = tuple(replace(r, cells=cells) if r.key == "2080505" else r for r in data.blocks["subjects"].rows)
    changed = replace(data, blocks={"subjects": BlockData("subjects", rows)})
    findings = run(edition, replace(book, sheets={**book.sheets, "expenditure": (changed,)}))
    assert "S7" not in {f.rule for f in findings}
    assert any(f.severity is Severity.ERROR and old.ref in f.cells for f in findings)


@pytest.mark.parametrize("name", ["wuchang-2021", "qiaokou-2024"])
def test_a_workbook_in_wan_declared_in_yuan_is_told_its_unit_and_no_tails(name: str, tmp_path: Path) -> None:
    source = INPUTS / f"{name}.xlsx"
    _, book = read(source)
    cell = book.sheet("unit").cell("amount_unit", "value")
    assert book.unit_of_amount == "万元"
    edition, book = read(alter(source, tmp_path / "改.xlsx", {str(cell.ref): "元"}))
    errors = [f for f in run(edition, book) if f.severity is Severity.ERROR]
    assert errors
    assert {f.rule for f in errors} == {"S7"}, "\n".join(f"{f.rule} {f.message}" for f in errors)
