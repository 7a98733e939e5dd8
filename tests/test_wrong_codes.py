"""A code of a wrong length is named, and what hangs on it is held back instead of accusing others."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from book_builder import make_book

from generator import editions
from generator.checks.run import run
from generator.model.book import Book
from generator.model.finding import Finding, Severity
from generator.workbook.read import read

from altered import alter  # isort: skip

INPUTS = Path(__file__).parents[1] / "inputs"
EDITION = editions.load("wuhan-final-2021")
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


GENERAL = "05一般公共预算财政拨款支出决算表"
DETAIL = "06一般公共预算财政拨款基本支出决算明细表"
TYPED = [  # 科目编码位数不错，却不是该科目的
    ("qiaokou-2024", {"03支出决算表!A10": "2010530"}, "S8", ["“2010350”之误", "02收入决算表!A10"]),  # 另一个款
    ("qiaokou-2024", {"03支出决算表!A10": "2010305"}, "S8", ["“2010350”之误"]),  # 颠倒两位
    ("qiaokou-2024", {"03支出决算表!A16": "2080502"}, "S8", ["“事业单位离退休”", "“2080505”之误"]),  # 与上一行重复
    ("qiaokou-2024", {"03支出决算表!A19": "2101101"}, "S8", ["“行政单位医疗”", "“2101102”之误"]),  # 别的科目的
    ("qiaokou-2024", {f"{GENERAL}!A24": "2210102"}, "S8", ["“2210201”之误"]),  # 缺少该款
    ("qiaokou-2024", {"02收入决算表!A22": "212"}, "S8", ["“城乡社区支出”", "“221”之误"]),  # 类
    ("qiaokou-2024", {"02收入决算表!A14": "20808"}, "S8", ["“抚恤”", "“20805”之误"]),  # 款
    ("qiaokou-2024", {f"{DETAIL}!A9": "30104"}, "S3", ["“奖金”应为 30103"]),  # 表样固定的经济科目
    ("hongshan-budget-2021", {"03一般公共预算基本支出表!A9": "30111"}, "S8", ["“30107”之误", "科目表"]),  # 经济科目
    ("hongshan-budget-2021", {"02一般公共预算支出表!A9": "2010530"}, "S8", ["“2010350”之误"]),
]


SWAPPED = {"03支出决算表!A19": "2101103", "03支出决算表!A20": "2101102"}
OTHER = {"03支出决算表!A10": "2010301", "03支出决算表!D10": "行政运行"}
TYPED += [
    ("qiaokou-2024", dict(reversed(SWAPPED.items())), "S8", ["互相填错", "“事业单位医疗”2101102"]),  # 两行互换
    ("qiaokou-2024", OTHER, "S8", ["“2010301 行政运行”疑为“2010350 事业运行”之误", "金额相同"]),  # 编码、名称都错
]


@pytest.mark.parametrize(("name", "changes", "rule", "said"), TYPED)
def test_a_wrong_code_of_the_right_length_is_the_one_error(
    name: str, changes: dict[str, str | int | None], rule: str, said: list[str], tmp_path: Path
) -> None:
    """The cell of the code is named first; neither its amounts nor the order of the rows are told as well."""
    edition, book = read(alter(INPUTS / f"{name}.xlsx", tmp_path / "账.xlsx", changes))
    before = {f.message for f in run(*read(INPUTS / f"{name}.xlsx"))}
    (found,) = (f for f in run(edition, book) if f.message not in before)
    assert (found.rule, found.severity, str(found.cells[0])) == (rule, Severity.ERROR, next(iter(changes)))
    assert {str(cell) for cell in found.cells} <= set(changes)  # the right codes of other tables are not marked
    assert [words for words in said if words not in found.message] == []


def test_a_code_typed_wrong_in_most_tables_is_named_there(tmp_path: Path) -> None:
    changes = {"08部门收入总表!A9": "2010305", "09部门支出总表!A9": "2010305"}
    edition, book = read(alter(INPUTS / "hongshan-budget-2021.xlsx", tmp_path / "账.xlsx", changes))
    (found,) = broken(run(edition, book))
    assert [str(cell) for cell in found.cells] == list(changes)


def test_totals_that_followed_a_wrong_code_are_not_accused(tmp_path: Path) -> None:
    """As a spreadsheet shows it after the slip: the parent's total went over to the wrong 款."""
    changes = {
        "03支出决算表!A10": "2010530",
        **{"03支出决算表!E9": 0, "03支出决算表!F9": 0, "03支出决算表!G9": 0},
        **{"03支出决算表!E11": "2434.51", "03支出决算表!F11": "256.96", "03支出决算表!G11": "2177.55"},
    }
    numbers = {place: Decimal(value) if "A10" not in place else value for place, value in changes.items()}
    path = alter(INPUTS / "qiaokou-2024.xlsx", tmp_path / "账.xlsx", numbers, recalculated=True)
    (found,) = broken(run(*read(path)))
    assert "“2010350”之误" in found.message


def test_two_subjects_of_one_name_are_no_mistake(tmp_path: Path) -> None:
    """A table may have 事业运行 of one 款 only, while the others have that of two."""
    book = make_book(
        EDITION,
        {
            "general": {"subjects": [{"code": "2013150", "name": "事业运行", "total": 5, "basic": 5}]},
            "expenditure": {
                "subjects": [
                    {"code": "2010350", "name": "事业运行", "total": 7, "basic": 7},
                    {"code": "2013150", "name": "事业运行", "total": 5, "basic": 5},
                ]
            },
        },
    )
    assert [f.message for f in run(EDITION, book) if "之误" in f.message] == []
