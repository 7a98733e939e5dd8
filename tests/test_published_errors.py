"""The errors of two published disclosures: each wrong value, filled in, is caught by the rule that docs/ names."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.checks.run import run
from generator.editions import Edition
from generator.model.book import BlockData, Book
from generator.model.cell import Cell, CellKind, CellRef
from generator.model.finding import Severity
from generator.workbook.read import read

HERE = Path(__file__).parent
CASES = yaml.safe_load((HERE / "cases" / "published_errors.yaml").read_text(encoding="utf-8"))
DOCS = HERE.parent / "docs" / "published-errors.md"
ROWS = [f"{letter}-{number:02}" for letter in "WH" for number in range(1, 33)]
CAUGHT = re.compile(r"^\| ([WH]-\d\d) \|[^|]*\| 规则 (\w+)", re.M)


SAMPLES = {"W": "wuchang-2021.xlsx", "H": "hanyang-2019.xlsx"}  # by the first letter of a row


@lru_cache(maxsize=2)
def sample(letter: str) -> tuple[Edition, Book]:
    return read(HERE.parent / "inputs" / SAMPLES[letter])


def _find(book: Book, place: str) -> Cell:
    form, block, row, column = _split(place)
    return book.sheets[form[0]][form[1]].blocks[block].by_key[row].cells[column]


def _split(place: str) -> tuple[tuple[str, int], str, str, str]:
    form, block, row, column = place.split(".")
    name, _, number = form.partition("#")
    return (name, int(number or 1) - 1), block, row, column


def _filled(book: Book, place: str, value: Any) -> Book:
    """The book as read after one cell was overwritten and nothing recalculated."""
    (form, number), block, row, column = _split(place)
    old = _find(book, place)

    def cell() -> Cell:
        if value is None:
            return Cell(old.ref, CellKind.BLANK)
        if isinstance(value, str):
            return Cell(old.ref, CellKind.TEXT, text=value)
        return Cell(old.ref, CellKind.NUMBER, Decimal(str(value)), str(value))

    sheets = list(book.sheets[form])
    data = sheets[number]
    rows = tuple(replace(r, cells={**r.cells, column: cell()}) if r.key == row else r for r in data.blocks[block].rows)
    sheets[number] = replace(data, blocks={**data.blocks, block: BlockData(block, rows)})
    return replace(book, sheets={**book.sheets, form: tuple(sheets)})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["row"])
def test_the_published_value_is_caught(case: dict[str, Any]) -> None:
    edition, book = sample(case["row"][0])
    for place, value in case["fill"].items():
        book = _filled(book, place, value)
    wanted: CellRef = _find(book, case["cell"]).ref
    findings = run(edition, book)
    told = [f for f in findings if wanted in f.cells and _names(f, case["rule"])]
    assert told, "\n".join(f"{f.rule} {f.message} {[str(c) for c in f.cells]}" for f in findings)
    assert case.get("severity") in (None, told[0].severity.value)


def _names(finding: Any, rule: str) -> bool:
    return finding.rule == rule or rule in getattr(finding, "rules", ())


@pytest.mark.parametrize("letter", SAMPLES)
def test_the_corrected_sample_is_clean(letter: str) -> None:
    edition, book = sample(letter)
    assert [f.message for f in run(edition, book) if f.severity is not Severity.INFO and not f.answer] == []


def test_every_published_row_has_its_place_in_the_docs() -> None:
    assert re.findall(r"^\| ([WH]-\d\d) \|", DOCS.read_text(encoding="utf-8"), re.M) == ROWS


def test_what_the_docs_call_caught_is_tried() -> None:
    said = dict(CAUGHT.findall(DOCS.read_text(encoding="utf-8")))
    assert said == {case["row"]: case["rule"] for case in CASES}
