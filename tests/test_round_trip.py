"""Every form of every edition: content → workbook → read gives the same values, each from its own cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from generator import editions
from generator.editions import Edition
from generator.model.book import Book, FormData, RowData
from generator.model.cell import Cell, CellKind
from generator.model.form import Form, Kind
from generator.workbook.blank import build
from generator.workbook.read import read

from made_content import made_content  # isort: skip
from raw_xlsx import pages, xlsx  # isort: skip

openpyxl = pytest.importorskip("openpyxl")


def wanted(form: Form, content: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    """Block, row key, column and value of everything in the content of one sheet."""
    by_code = {b.key for b in form.blocks if b.open and b.open.by_code}
    for block, rows in content.items():
        if isinstance(rows, dict):
            for key, values in rows.items():
                yield from ((block, key, column, value) for column, value in values.items())
            continue
        number = 0
        for row in rows:
            number += "_key" not in row
            key = row.get("_key") or (row["code"] if block in by_code else str(number))
            yield from ((block, key, column, value) for column, value in row.items() if column != "_key")


def value_of(cell: Cell) -> Any:
    return cell.number if cell.kind is CellKind.NUMBER else cell.text


def sheets(edition: Edition, book: Book, content: Mapping[str, Any]) -> Iterator[tuple[FormData, Mapping[str, Any]]]:
    for form in edition.forms:
        given = content[form.id] if form.repeat else [content[form.id]]
        data = book.sheets[form.id]
        assert len(data) == len(given)
        yield from zip(data, given, strict=True)


@pytest.fixture(scope="module", params=editions.ids())
def edition(request: pytest.FixtureRequest) -> Edition:
    return editions.load(request.param)


@pytest.fixture(scope="module", params=["blank workbook", "plain sheets"])
def workbook(request: pytest.FixtureRequest, edition: Edition, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content in the workbook this tool hands out, and in bare sheets of an independent writer."""
    content = made_content(edition)
    path = tmp_path_factory.mktemp("round") / "填报.xlsx"
    path.write_bytes(build(edition, content) if request.param == "blank workbook" else xlsx(pages(edition, content)))
    return path


def test_values_come_back(edition: Edition, workbook: Path) -> None:
    content = made_content(edition)
    found, book = read(workbook)
    assert found.id == edition.id
    assert [f.message for f in book.findings] == []
    checked = 0
    for data, given in sheets(edition, book, content):
        for block, key, column, value in wanted(data.form, given):
            row = data.blocks[block].by_key[key]
            if column not in row.cells:
                assert any(b.column(column).kind is Kind.CODE for b in data.form.blocks if b.key == block)
                continue
            got = value_of(row.cells[column])
            same = got == Decimal(value) if isinstance(got, Decimal) else got == str(value)
            assert same, f"{row.cells[column].ref}: {got!r} is not {value!r}"
            checked += 1
        read_rows = {(b.key, r.key) for b in data.blocks.values() for r in b.rows}
        assert read_rows == {(block, key) for block, key, _, _ in wanted(data.form, given)}
    assert checked > 500


def test_every_value_names_its_cell(edition: Edition, workbook: Path) -> None:
    """openpyxl, as a second reader, finds the value at the address that the reader gives."""
    sheet_of = openpyxl.load_workbook(workbook, data_only=True)
    _, book = read(workbook)
    places: set[str] = set()
    for data in book:
        for row in rows_of(data):
            for cell in row.cells.values():
                if cell.is_blank:
                    continue
                there = sheet_of[cell.ref.sheet].cell(cell.ref.row, cell.ref.column).value
                if cell.kind is CellKind.NUMBER and isinstance(there, (int, float)):
                    assert float(there) == float(cell.number or 0), str(cell.ref)
                else:
                    assert str(there).strip() == cell.text, str(cell.ref)
                places.add(str(cell.ref))
    assert len(places) > 500


def rows_of(data: FormData) -> Iterator[RowData]:
    for block in data.blocks.values():
        yield from block.rows


def test_an_empty_workbook_holds_nothing(edition: Edition, tmp_path: Path) -> None:
    path = tmp_path / "blank.xlsx"
    path.write_bytes(build(edition))
    found, book = read(path)
    assert found.id == edition.id
    assert {f.rule for f in book.findings} == {"S10"}  # only what must be filled in
    defaults = {row.default for form in edition.forms for block in form.blocks for row in block.rows}
    for data in book:
        for cell in (cell for row in rows_of(data) for cell in row.cells.values() if cell.number):
            assert cell.text in defaults or data.form.id == edition.form("unit").id, str(cell.ref)
    assert all(row.key in {r.key for r in b.rows} for d in book for b in d.form.blocks for row in d.blocks[b.key].rows)
