"""A code of a wrong length is named, and what hangs on it is held back instead of accusing others."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.checks.run import run
from generator.model.book import Book
from generator.model.finding import Finding, Severity
from generator.workbook.read import read

from altered import alter  # isort: skip

INPUTS = Path(__file__).parents[1] / "inputs"
SAMPLES = [("wuchang-2021", "general"), ("wuchang-2021", "expenditure"), ("qiaokou-2024", "expenditure")]


def lowest(book: Book, form: str) -> list[tuple[str, str]]:
    """The 项 of a table by code, with the cells of their codes."""
    rows = [row for row in book.sheet(form).rows.values() if row.key.isdigit() and len(row.key) == 7]
    return [(row.key, str(row.cells["code"].ref)) for row in rows]


def broken(findings: tuple[Finding, ...]) -> list[Finding]:
    return [f for f in findings if f.severity is Severity.ERROR]


@pytest.mark.parametrize(("sample", "form"), SAMPLES)
@pytest.mark.parametrize("typed", ["a digit too few", "a subject elsewhere with a digit too few"])
def test_a_wrong_code_is_the_only_error(sample: str, form: str, typed: str, tmp_path: Path) -> None:
    source = INPUTS / f"{sample}.xlsx"
    code, cell = lowest(read(source)[1], form)[1]
    wrong = code[:-2] + code[-1] if typed == "a digit too few" else "204060"
    edition, book = read(alter(source, tmp_path / "改.xlsx", {cell: wrong}))
    found = run(edition, book)
    (only,) = broken(found)
    assert only.rule == "S8"
    assert wrong in only.message
    (held,) = [f for f in found if f.unanswerable]
    assert "科目编码位数不对" in held.message
    assert "核对无法进行" in held.message
    assert [str(c) for c in held.cells] == [cell]


def test_a_wrong_amount_elsewhere_is_still_found(tmp_path: Path) -> None:
    """Only sums that the row may belong to are held back."""
    source = INPUTS / "wuchang-2021.xlsx"
    edition, book = read(source)
    codes = lowest(book, "expenditure")
    amount = next(
        (row.cells["basic"], row.key)
        for row in reversed(list(book.sheet("expenditure").rows.values()))
        if len(row.key) == 7 and row.cells["basic"].number
    )
    changed = {codes[1][1]: "204060", str(amount[0].ref): amount[0].number + 7}
    edition, book = read(alter(source, tmp_path / "改.xlsx", changed))
    said = [f for f in broken(run(edition, book)) if f.rule != "S8"]
    assert said
    assert all(amount[0].ref in f.cells for f in said)


def test_formulas_that_sum_by_code_lose_the_row(tmp_path: Path) -> None:
    """As recalculated: every total above lacks the row and agrees with its own addends, other tables don't agree."""
    source, sheet = INPUTS / "wuchang-2021.xlsx", "03支出决算表"
    _, book = read(source)
    rows = {cell.ref.address: cell for row in book.sheet("expenditure").rows.values() for cell in row.cells.values()}
    lost = rows["E14"].number
    changed = {f"{sheet}!{at}": rows[at].number - lost for at in ("E13", "C13", "E8", "C8", "E7", "C7")}
    edition, book = read(alter(source, tmp_path / "改.xlsx", {f"{sheet}!A14": "201030", **changed}))
    found = run(edition, book)
    assert [f.rule for f in broken(found)] == ["S8"]
    (held,) = [f for f in found if f.severity is Severity.WARNING]
    assert held.unanswerable
    assert "科目编码位数不对" in held.message
