"""A number stored as text, which the sums of the workbook pass over: it is named, not the formulas above it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from generator.checks.run import run
from generator.editions import Edition
from generator.model.book import Book
from generator.model.cell import Cell
from generator.model.finding import Finding, Severity, relations_in
from generator.workbook.read import read

from altered import alter  # isort: skip
from mutation import Bench  # isort: skip

SOURCE = Path(__file__).parents[1] / "inputs" / "wuchang-2021.xlsx"
TOTALS, SPENT, UNIT = "01收入支出决算总表", "03支出决算表", "单位信息"


@cache
def filled() -> tuple[Edition, Book, Bench]:
    edition, book = read(SOURCE)
    return edition, book, Bench(edition, book, "万元")


def found(typed: Mapping[str, str], stored: Mapping[str, str], **more: bool) -> tuple[Finding, ...]:
    """The findings with texts in some cells, and other results in the cells of formulas (万元, or a count)."""
    edition, book, bench = filled()
    at = {str(cell.ref): cell for cell in _cells(book)}
    new = [at[ref]._replace(number=number(text), typed=text, formula=False) for ref, text in typed.items()]
    for ref, amount in stored.items():
        assert at[ref].formula
        kept = at[ref]._replace(number=Decimal(amount), text=amount, formula=more.get("formulas", True))
        new.append(kept)
    return run(edition, bench.with_cells(new, book=book))


def _cells(book: Book) -> list[Cell]:
    return [c for d in book for b in d.blocks.values() for r in b.rows for c in r.cells.values()]


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", "").removesuffix("人"))


def errors(findings: tuple[Finding, ...]) -> list[Finding]:
    return [f for f in findings if f.severity is Severity.ERROR]


# The formulas above 03!E14: of its row, of its column, and of the columns beside.
ABOVE = [f"{SPENT}!{address}" for address in ("C14", "E13", "C13", "E8", "C8", "E7", "C7")]


def short(refs: Iterable[str], by: str) -> dict[str, str]:
    """What the formulas show without an amount."""
    at = {str(cell.ref): cell for cell in _cells(filled()[1])}
    return {ref: str((at[ref].number or 0) - Decimal(by)) for ref in refs}


@pytest.mark.parametrize(
    ("typed", "totals", "by", "says"),
    [
        (
            {f"{TOTALS}!C7": "3,097.76"},
            [f"{TOTALS}!C33", f"{TOTALS}!C37"],
            "3097.76",
            ["C7“3,097.76”是文本形式的数字", "“本年收入合计”行（C33）因此为 0.00 万元，计入后为 3,097.76 万元", "C37"],
        ),
        (
            {f"{SPENT}!E14": "1083.12"},
            ABOVE,
            "1083.12",
            ["E14“1083.12”", "C14", "计入后为 1,083.12 万元", "等 6 格"],
        ),
        ({f"{UNIT}!B31": "16人"}, [f"{UNIT}!B29"], "16", ["B31“16人”", "B29", "因此为 0，计入后为 16"]),
    ],
)
def test_the_text_is_the_only_error(typed: dict[str, str], totals: list[str], by: str, says: list[str]) -> None:
    (only,) = errors(found(typed, short(totals, by)))
    assert only.rule == "S4"
    assert [str(cell) for cell in only.cells] == list(typed)
    assert all(words in only.message for words in says), only.message
    assert "合计公式不要改动" in only.fix


def test_texts_of_one_sheet_are_one_error() -> None:
    typed = {f"{SPENT}!E14": "1083.12", f"{UNIT}!B31": "16人"}
    stored = {**short(ABOVE, "1083.12"), f"{UNIT}!B29": "0"}
    assert [str(f.cells[0].sheet) for f in errors(found(typed, stored))] == [UNIT, SPENT]


def test_another_error_is_found_beside_it() -> None:
    said = errors(found({f"{TOTALS}!C7": "3,100.76"}, {f"{TOTALS}!C33": "0", f"{TOTALS}!C37": "0"}))
    assert said[0].rule == "S4"
    assert len(said) == 2, [f.message for f in said]
    assert f"{TOTALS}!C7）最可能有误：现为 3,100.76 万元，应为 3,097.76 万元" in said[1].message


def test_totals_that_count_the_text_leave_a_hint(tmp_path: Path) -> None:
    """As where totals were pasted as values, or where plus signs stand instead of a sum."""
    edition, book = read(alter(SOURCE, tmp_path / "改.xlsx", {f"{TOTALS}!C7": "3,097.76"}))
    said = run(edition, book)
    assert not errors(said)
    assert any(f.rule == "S4" and f.severity is Severity.INFO for f in said)


def test_the_reader_keeps_the_text(tmp_path: Path) -> None:
    _, book = read(alter(SOURCE, tmp_path / "改.xlsx", {f"{TOTALS}!C7": " 3,097.76 "}))
    (cell,) = [c for c in _cells(book) if c.typed]
    assert (str(cell.ref), cell.typed, cell.number) == (f"{TOTALS}!C7", "3,097.76", Decimal("3097.76"))


def test_a_typed_total_is_accused_as_before() -> None:
    """No formula passes anything over where the total was typed."""
    said = errors(found({f"{UNIT}!B31": "16人"}, {f"{UNIT}!B29": "0"}, formulas=False))
    assert [f.rule for f in said] == ["N1"]


def test_relations_below_a_finding_are_counted_alike_everywhere() -> None:
    assert relations_in([]) == 0
    assert relations_in(["W1：…", "W2：…"]) == 2
    assert relations_in(["W1：…", "另有 9 项（规则 W2、X1）。"]) == 10
