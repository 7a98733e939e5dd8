"""Formulas that no edition at hand uses yet and the next one may: in rules, on the sheet 校验, in cells by ``show``."""

from __future__ import annotations

import io
import shutil
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest
from test_blank import _calculated
from test_broken_editions import EDITION, damage, heir

from generator.checks import explain, rules
from generator.checks.live import live
from generator.checks.rule import Outcome
from generator.checks.run import evaluate
from generator.editions import Edition, EditionError, Library
from generator.workbook.blank import build
from generator.workbook.blank_checks import SHEET
from generator.workbook.read import read
from tests.support import load_source

SAMPLE, RULE = "wuchang-2021", "W99"


class Line(NamedTuple):
    """A formula, what the sheet 校验 says of the sample, and the formula in words."""

    formula: str
    says: str
    text: str
    each: str = ""


G = "一般公共预算财政拨款支出决算表·合计·"
LINES = [
    Line("ratio(general.all.project, general.all.total) <= 0.9", "通过", f"（{G}项目支出 ÷ 合计·小计） ≤ 0.9"),
    Line("ratio(general.all.project, general.all.total) > 0.9", "不符", f"（{G}项目支出 ÷ 合计·小计） > 0.9"),
    Line(
        "max(general.all.basic, general.all.project) < general.all.total", "通过",
        f"（{G}基本支出，合计·项目支出）的较大者 < {G}小计",
    ),
    Line(
        "min(general.all.basic, general.all.project) >= general.all.total", "不符",
        f"（{G}基本支出，合计·项目支出）的较小者 ≥ {G}小计",
    ),
    Line(
        "abs(general.all.basic - general.all.total) = general.all.project", "通过",
        f"（{G}基本支出 − 合计·小计）的绝对值 = {G}项目支出",
    ),
    Line("general.all.total / 2 < general.all.total", "通过", f"{G}小计 ÷ 2 < {G}小计"),
    Line("(general.all.total + 1) * 1.5 <= 0.5", "不符", f"（{G}小计 + 1） × 1.5 ≤ 0.5"),
    Line("-general.all.total * 0.5 < general.all.basic", "通过", f"−{G}小计 × 0.5 < {G}基本支出"),
    Line("-general.all.basic + general.all.total > 201", "通过", f"−{G}基本支出 + 合计·小计 > 201"),
    Line(
        "ratio(general.all.total, capital.all.total) >= 0.5", "无法核对",
        f"（{G}小计 ÷ 国有资本经营预算财政拨款支出决算表·合计·合计） ≥ 0.5",
    ),
    Line(
        "general.{code}.total <= general.all.total", "通过",
        f"一般公共预算财政拨款支出决算表·每个款级科目·小计 ≤ {G}小计", "codes: [general.subjects], digits: 5",
    ),
    Line(
        "abs(general.{code}.total) * 1.0 <= 0.001", "不符",
        "（一般公共预算财政拨款支出决算表·每个项级科目·小计）的绝对值 × 1.0 ≤ 0.001",
        "codes: [general.subjects], digits: 7",
    ),
]  # fmt: skip
OUTCOMES = {"通过": {Outcome.HOLDS}, "不符": {Outcome.BROKEN}, "无法核对": {Outcome.NOT_APPLICABLE}}


def written(line: Line) -> str:
    each = f"each: {{code: {{{line.each}}}}}, " if line.each else ""
    return f'    - {{{each}formula: "{line.formula}"}}\n'


def own(root: Path, *, checks: str = "", show: str = "") -> Edition:
    folder = heir(root)
    if checks:
        text = f"- id: {RULE}\n  title: 试一试\n  explain: 试。\n  fix: 试。\n  basis: 试。\n  checks:\n{checks}"
        damage(folder, "rules/within.yaml", {"append": "\n" + text})
    if show:
        damage(folder, "inputs/03-changes.yaml", {"replace": ["show: this - last", f'show: "{show}"']})
    return Library((root,)).load(EDITION)


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    return own(tmp_path_factory.mktemp("版式"), checks="".join(map(written, LINES)))


@pytest.fixture(scope="module")
def filled(edition: Edition) -> bytes:
    return build(edition, load_source(SAMPLE)[1], checks=[c for c in live(edition) if c.rule == RULE])


def said(book: openpyxl.Workbook) -> list[tuple[str, str]]:
    """What is compared, and the result, as the sheet 校验 shows them."""
    found = book[SHEET].iter_rows(min_row=5, max_col=7, values_only=True)
    return [(str(row[1]), str(row[5])) for row in found if str(row[0]).startswith(RULE)]


def test_what_a_formula_comes_to_stands_on_the_sheet(filled: bytes) -> None:
    found = said(openpyxl.load_workbook(io.BytesIO(filled), data_only=True))
    assert [result for _, result in found] == [line.says for line in LINES]
    column = "一般公共预算财政拨款支出决算表“合计”行“{}”栏".format
    texts = [text for text, _ in found]
    assert texts[0] == f"比例（{column('项目支出')}，{column('小计')}） ≤ 0.9"
    assert texts[6] == f"（{column('小计')} + 1） × 1.5 ≤ 0.5"
    assert texts[7] == f"−{column('小计')} × 0.5 < {column('基本支出')}"
    assert texts[8] == f"−{column('基本支出')} + “合计”行“小计”栏 > 201"
    assert texts[10].startswith("一般公共预算财政拨款支出决算表各款“小计”栏 ≤ ")


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_a_spreadsheet_comes_to_the_same(filled: bytes, tmp_path: Path) -> None:
    assert [result for _, result in said(_calculated(filled, tmp_path))] == [line.says for line in LINES]


def test_the_checks_come_to_the_same(edition: Edition, filled: bytes, tmp_path: Path) -> None:
    path = tmp_path / "某局.xlsx"
    path.write_bytes(filled)
    _, book = read(path, edition.id, Library((edition.folders[0].parent,)))
    results = [result for result in evaluate(edition, book) if result.rule.id == RULE]
    for line in LINES:
        assert {r.outcome for r in results if r.check.text == line.formula} == OUTCOMES[line.says], line.formula


def test_a_formula_is_told_in_the_forms_own_words(edition: Edition) -> None:
    (rule,) = (rule for rule in explain.explained(edition) if rule.id == RULE)
    assert [text for group in rule.relations for text in group.lines] == [line.text for line in LINES]


@pytest.mark.parametrize(
    "formula",
    ["abs(general.all.total, general.all.basic) > 0", "ratio(general.all.total) > 0", "max(general.all.total) > 0"],
)
def test_a_function_of_too_many_or_too_few_is_told(tmp_path: Path, formula: str) -> None:
    with pytest.raises(EditionError, match="括号中的个数不对") as error:
        rules.load(own(tmp_path, checks=written(Line(formula, "", ""))))
    assert "within.yaml 第" in error.value.message


def test_a_code_is_no_column(tmp_path: Path) -> None:
    line = Line("general.all.{code} > 0", "", "", "codes: [general.subjects]")
    with pytest.raises(EditionError, match="没有列"):
        rules.load(own(tmp_path, checks=written(line)))


def test_what_only_many_sheets_or_two_codes_can_say_has_no_line(tmp_path: Path) -> None:
    """The sheet tries one place, or one code after the other; the checks try the rest."""
    many = "    - {each: {a: {codes: [general.subjects]}, b: {codes: [expenditure.subjects]}}, formula: "
    many += '"general.{a}.total <= expenditure.{b}.total + expenditure.all.total"}\n'
    made = own(tmp_path, checks=many + written(LINES[0]))
    assert sum(len(rule.checks) for rule in rules.load(made) if rule.id == RULE) == 2
    assert [check.formula.operator for check in live(made) if check.rule == RULE] == ["<="]


# Cells by ``show`` ---------------------------------------------------------------------------------


def changes(edition: Edition, last: str) -> tuple[bytes, str]:
    """A workbook in which this year is 100 and last year as given, and the cell of what they come to."""
    content = {"changes": {"years": {"operating": {"this": Decimal(100), "last": Decimal(last)}}}}
    data = build(edition, content)
    sheet = openpyxl.load_workbook(io.BytesIO(data))["增减原因"]
    row = next(cell.row for (cell,) in sheet.iter_rows(max_col=1) if cell.value == "机关运行经费")
    return data, f"D{row}"


@pytest.mark.parametrize(
    ("show", "last", "comes_to"),
    [
        ("-last * 0.5", "100", -50),
        ("this / 4 + 1", "100", 26),
        ("this / last", "0", None),
        ("ratio(this, last) * 100", "0", None),
        ("ratio(this, last) * 100", "80", 125),
        ("-ratio(this, last)", "0", None),
        ("-(this - last) + general.all.total", "60", -40),
    ],
)
def test_a_cell_shows_what_the_edition_says(tmp_path: Path, show: str, last: str, comes_to: int | None) -> None:
    data, cell = changes(own(tmp_path, show=show), last)
    assert openpyxl.load_workbook(io.BytesIO(data), data_only=True)["增减原因"][cell].value == comes_to


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_dividing_by_nothing_leaves_the_cell_blank(tmp_path: Path) -> None:
    data, cell = changes(own(tmp_path, show="this / last + ratio(this, last)"), "0")
    assert (_calculated(data, tmp_path)["增减原因"][cell].value or None) is None


@pytest.mark.parametrize(
    ("show", "told"),
    [
        ("ghost", "没有“ghost”这一格"),
        ("general.all.ghost", "没有“general.all.ghost”这一格"),
        ("max(this, last)", "show 的“max(this, last)”不能写成公式"),
        ("this = last", "不能写成公式"),
        ("ratio(this)", "不能写成公式"),
        ("-(this - ghost(last))", "不能写成公式"),
        ("lookup(general, item)", "没有指明查哪张表的哪一列"),
        ("lookup(totals, item, amount)", "没有指明查哪张表的哪一列"),
        ("difference + 1", "totals 的公式包含它自己"),
    ],
)
def test_a_cell_that_nobody_can_calculate_is_told(tmp_path: Path, show: str, told: str) -> None:
    with pytest.raises(EditionError) as error:
        build(own(tmp_path, show=show))
    assert error.value.message.startswith(f"{EDITION}/inputs/03-changes.yaml: ")
    assert told in error.value.message
    assert error.value.fix
