"""Which cell is wrong: one error and several, sums as values and as formulas, and what can't be told apart."""

from __future__ import annotations

import cProfile
from decimal import Decimal
from typing import Any

import pytest
from book_builder import make_book, sample_book
from mutation import Bench

from generator import editions
from generator.checks.linear import Interval
from generator.checks.run import run
from generator.checks.slips import recognise
from generator.model.book import Book
from generator.model.cell import Cell, CellKind, CellRef
from generator.model.finding import Finding, Severity

EDITION = editions.load("wuhan-final-2021")


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(EDITION, sample_book(EDITION, fund=True, capital=True), "万元")


def place(bench: Bench, where: str) -> CellRef:
    form, row, column = where.split(".")
    cell = bench.book.sheet(form).cell(row, column)  # type: ignore[union-attr]
    assert cell is not None, where
    return cell.ref


def slip(bench: Bench, where: str, typed: str | None) -> Cell:
    ref = place(bench, where)
    if typed is None:
        return Cell(ref, CellKind.BLANK)
    return Cell(ref, CellKind.NUMBER, Decimal(typed), typed)


def number(cell: Cell, amount: Decimal) -> Cell:
    return Cell(cell.ref, CellKind.NUMBER, amount, f"{amount:f}")


def errors(book: Book) -> list[Finding]:
    return [f for f in run(EDITION, book) if f.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("where", "typed", "says"),
    [
        ("expenditure.2010301.basic", "523.06", ["应为 520.36 万元", "相邻两位数字颠倒", "W1：", "W2："]),
        ("totals.201.amount", "8239.1", ["应为 823.91 万元", "小数点错位", "W3：", "X2："]),
        ("general.2101101.basic", "-18.75", ["应为 18.75 万元", "正负号填反"]),
        ("fiscal.208.gpb", "69.33", ["应为 69.30 万元", "X4："]),
        ("income.2080505.fiscal", "462000", ["应为 46.20 万元", "元与万元混淆"]),
        ("income.2010302.fiscal", "205.44", ["应为 205.40 万元"]),
        ("expenditure.2010350.basic", "888.15", ["应为 88.15 万元", "数字重复录入"]),
        ("general.2010350.basic", "8.15", ["应为 88.15 万元", "漏录一位数字"]),
        ("general.2080506.basic", "46.20", ["应为 23.10 万元", "误抄上一行的数"]),
    ],
)
def test_one_wrong_cell_is_one_finding(bench: Bench, where: str, typed: str, says: list[str]) -> None:
    cell = slip(bench, where, typed)
    (found,) = errors(bench.altered(cell, "pasted"))
    assert (found.cells[0], found.tied) == (cell.ref, 1)
    for text in (*says, "最可能有误", str(cell.ref)):
        assert text in found.message
    assert set(found.rules) == {line.split("：")[0] for line in found.message.splitlines()[1:]}


def test_a_blank_total_is_named_with_its_amount(bench: Bench) -> None:
    cell = slip(bench, "expenditure.20103.basic", None)
    (found,) = errors(bench.altered(cell, "pasted"))
    assert found.cells == (cell.ref,)
    assert "没有填写" in found.message
    assert "应为 608.51 万元" in found.message


def test_a_column_left_out_is_one_finding(bench: Bench) -> None:
    rows = bench.book.sheet("expenditure").blocks["subjects"].rows  # type: ignore[union-attr]
    blank = [Cell(row.cells["basic"].ref, CellKind.BLANK) for row in rows if row.cells["basic"].number]
    found = errors(bench.with_cells(blank))
    first = next(f for f in found if blank[0].ref in f.cells)
    assert "没有填写" in first.message
    assert set(first.cells) == {cell.ref for cell in blank}
    assert len(found) == 1


@pytest.mark.parametrize(
    "pair",
    [
        ("expenditure.2010301.basic", "income.2080505.fiscal"),  # different tables
        ("expenditure.2010301.basic", "expenditure.2010350.basic"),  # addends of one sum
        ("expenditure.2010302.project", "general.2010301.basic"),
        ("totals.201.amount", "totals.208.amount"),
        ("fiscal.expenditure_total.gpb", "fiscal.201.gpb"),  # a total and its addend
        ("expenditure.all.basic", "expenditure.all.total"),
        ("fund.2120803.project", "basic.301.amount"),
    ],
)
def test_two_errors_stay_two_findings(bench: Bench, pair: tuple[str, str]) -> None:
    first, second = (bench.cell(place(bench, where)) for where in pair)
    altered = [
        number(first, (first.number or 0) + Decimal("3.17")),
        number(second, (second.number or 0) + Decimal("5.46")),
    ]
    found = errors(bench.with_cells(altered))
    assert {f.cells[0] for f in found} == {first.ref, second.ref}
    assert len(found) == 2


def test_three_errors_stay_three(bench: Bench) -> None:
    wheres = ("expenditure.2010301.basic", "income.2010350.fiscal", "totals.221.amount")
    cells = [bench.cell(place(bench, where)) for where in wheres]
    found = errors(bench.with_cells([number(c, (c.number or 0) * Decimal(2)) for c in cells]))
    assert {f.cells[0] for f in found} == {c.ref for c in cells}


def test_one_relation_alone_accuses_nobody(bench: Bench) -> None:
    cell = slip(bench, "basic.30201.amount", "25.87")
    (found,) = [f for f in errors(bench.altered(cell, "pasted")) if cell.ref in f.cells]
    assert "仅有一条关系，无法判断哪一格有误" in found.message
    assert found.tied > 10
    assert found.cells.index(cell.ref) < found.tied


def test_behind_living_sums_the_other_tables_tell(bench: Bench) -> None:
    """No sum of the table is broken: its formulas followed the slip."""
    cell = slip(bench, "fiscal.210.gpb", "29.93")
    (found,) = errors(bench.altered(cell, "live"))
    assert (found.cells[0], found.tied) == (cell.ref, 1)
    assert "应为 28.39 万元" in found.message
    assert "X4" in found.rules


def test_a_soft_relation_chooses_between_leaves_of_a_living_sum(bench: Bench) -> None:
    """Without carry-over each 项 is spent as received: X12 says which of the addends it is."""
    plain = Bench(EDITION, sample_book(EDITION), "没有结转")
    cell = slip(plain, "income.2080505.fiscal", "47.61")
    book = plain.altered(cell, "live")
    (found,) = errors(book)
    assert (found.cells[0], found.tied) == (cell.ref, 1)
    assert "X12" in found.rules
    assert not [f for f in run(EDITION, book) if f.rule == "X12"]  # said once, below the wrong cell


def test_an_unusable_cell_below_living_sums_is_named(bench: Bench) -> None:
    bad = Cell(place(bench, "expenditure.2010301.basic"), CellKind.BAD, text="约520")
    found = run(EDITION, bench.altered(bad, "live"))
    assert all(bad.ref in f.cells for f in found if f.severity is Severity.ERROR)
    assert any("不能作为数字使用" in f.message for f in found)


def test_relations_that_no_cell_explains_are_reported_one_by_one() -> None:
    """Both tables add up, and they differ as wholes: nobody can be accused."""
    changes = {"income": {"2010301": {"fiscal": 525.36}}}
    found = errors(sample_book(EDITION, changes))
    assert {"X1", "X3"} <= {f.rule for f in found}
    assert [f for f in found if f.tied == 1] == []


@pytest.mark.parametrize(
    ("typed", "meant", "words"),
    [
        ("523.06", "520.36", "相邻两位数字颠倒"),
        ("72318.55", "702318.55", "相邻两位数字颠倒"),
        ("1243.5", "124.35", "小数点错位"),
        ("12.4350", "1243.50", "小数点错位"),
        ("124350000", "12435", "金额单位填错（元与万元混淆）"),
        ("-5", "5", "正负号填反"),
        ("1224.35", "124.35", "数字重复录入"),
        ("14.35", "124.35", "漏录一位数字"),
        ("1924.35", "124.35", "多录一位数字"),
    ],
)
def test_slips_are_recognised(typed: str, meant: str, words: str) -> None:
    wanted = Decimal(meant)
    found = recognise(Decimal(typed), Interval(wanted, wanted), wanted)
    assert found is not None
    assert (found.words, found.value) == (words, wanted)


def test_small_numbers_that_neighbours_share_are_no_copies() -> None:
    """Two cars here and two cars there: equal by chance, and no reason to name these rows first."""
    cars = {"car_secret": 2, "car_emergency": 2, "car_law": 5, "car_misc": 1, "car_total": 9}
    said = [f.message for f in run(EDITION, sample_book(EDITION, {"other": cars})) if f.rule == "N3"]
    assert said
    assert [message for message in said if "误抄" in message] == []


@pytest.mark.parametrize(("typed", "low", "high"), [("520.36", "-1", "1"), ("0", "520.36", "520.36")])
def test_where_nothing_was_typed_or_nothing_is_wanted_there_is_no_slip(typed: str, low: str, high: str) -> None:
    """A ten-thousandth of any amount is nearly nothing, and nothing has no digits to mistake."""
    assert recognise(Decimal(typed), Interval(Decimal(low), Decimal(high)), Decimal(high)) is None


def test_wan_where_yuan_belongs_is_recognised_though_rounded() -> None:
    found = recognise(Decimal("520.36"), Interval(Decimal("5203611.27"), Decimal("5203611.27")), Decimal("5203611.27"))
    assert found is not None
    assert (found.words, found.value) == ("金额单位填错（元与万元混淆）", Decimal("5203611.27"))


def test_any_other_difference_is_no_slip() -> None:
    assert recognise(Decimal("520.36"), Interval(Decimal("531.72"), Decimal("531.72")), Decimal("531.72")) is None


def test_the_search_grows_with_rows_and_not_faster() -> None:
    def calls(classes: int, living: bool) -> int:
        codes = [f"{201 + c % 34}{1 + c // 34:02}{n:02}" for c in range(classes) for n in range(1, 100)]
        rows: dict[str, Any] = {code: {"name": "某科目", "total": 1, "fiscal": 1} for code in codes}
        wide = Bench(EDITION, make_book(EDITION, {"income": rows}, sums=True), "宽表")
        cell = slip(wide, f"income.{codes[7]}.fiscal", "5")
        book = wide.altered(cell, "live" if living else "pasted")
        assert errors(book)
        profile = cProfile.Profile()
        profile.runcall(run, EDITION, book)
        return sum(entry.callcount for entry in profile.getstats())

    calls(2, True)  # fills the caches
    for living in (False, True):
        assert calls(20, living) < 12 * calls(2, living)
