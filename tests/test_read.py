"""The reader against workbooks as they really arrive: renamed, shifted, pasted, mistyped, damaged, hostile."""

from __future__ import annotations

import io
import re
import struct
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from generator import editions
from generator.editions import Edition
from generator.model import heads
from generator.model.book import Book
from generator.model.cell import CellKind, CellRef, column_letters
from generator.model.finding import Finding, Refusal, Severity
from generator.model.form import Form, Kind
from generator.workbook.blank import build
from generator.workbook.read import read

from made_content import made_content  # isort: skip
from raw_xlsx import Page, X, page, pages, parts, xlsx, zipped  # isort: skip
from support import fill  # isort: skip

EDITION = editions.load("wuhan-final-2021")
CONTENT = made_content(EDITION)


@dataclass
class Case:
    """A workbook to spoil: its pages by form id, ready to be written and read."""

    folder: Path
    pages: dict[str, Page] = field(default_factory=dict)

    def __getitem__(self, form: str) -> Page:
        return self.pages[form]

    def put(self, form: str, row: str, column: str, value: Any) -> str:
        """Puts a value in the cell of form.row.column; returns its name, sheet!A1."""
        sheet = self.pages[form]
        at = sheet.at[row, column]
        sheet.cells[at] = value
        return name_of(sheet, at)

    def read(self, **options: Any) -> tuple[Edition, Book]:
        path = self.folder / "填报.xlsx"
        path.write_bytes(xlsx(list(self.pages.values()), **options))
        return read(path)

    def book(self, **options: Any) -> Book:
        return self.read(**options)[1]


def name_of(sheet: Page, at: tuple[int, int]) -> str:
    return str(CellRef(sheet.name, *at))


def filled(content: Mapping[str, Any] = CONTENT) -> dict[str, Page]:
    made = {}
    for form in EDITION.forms:
        given = content.get(form.id, {})
        made[form.id] = page(form, given[0] if form.repeat else given)
    return made


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path, filled())


def by_rule(book: Book, rule: str) -> list[Finding]:
    return [f for f in book.findings if f.rule == rule]


def only(book: Book, rule: str, severity: Severity) -> Finding:
    assert [(f.rule, f.severity) for f in book.findings] == [(rule, severity)], [f.message for f in book.findings]
    return book.findings[0]


def amounts(book: Book) -> dict[tuple[str, str, str], Decimal]:
    return {
        (data.form.id, row.key, key): cell.number
        for data in book
        for block in data.blocks.values()
        for row in block.rows
        for key, cell in row.cells.items()
        if cell.number is not None
    }


EXPECTED: dict[tuple[str, str, str], Decimal] = {}


@pytest.fixture(scope="module", autouse=True)
def expected(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the untouched workbook holds; test_round_trip proves it right."""
    book = Case(tmp_path_factory.mktemp("plain"), filled()).book()
    assert book.findings == ()
    EXPECTED.update(amounts(book))
    assert len(EXPECTED) > 300


# layouts: the same workbook, set differently, reads the same


def shifted(case: Case) -> None:
    for form, sheet in case.pages.items():
        case.pages[form] = sheet.moved(3, 2)


def unmerged(case: Case) -> None:
    for sheet in case.pages.values():
        sheet.merges.clear()


def reordered(case: Case) -> None:
    case.pages = dict(reversed(case.pages.items()))


def renamed(case: Case) -> None:
    for sheet in case.pages.values():
        sheet.name = " " + "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in sheet.name).replace(
            "“", '"'
        ).replace("”", '"')


def named_by_title_only(case: Case) -> None:
    for number, form in enumerate(EDITION.forms):
        if form.number:
            case[form.id].name = f"Sheet{number}"


def without_digits(case: Case) -> None:
    for form in EDITION.tables:
        case[form.id].name = form.sheet.lstrip("0123456789")


def loosely_typed(case: Case) -> None:
    """Half-width brackets, line breaks and spaces in every head and label."""
    for sheet in case.pages.values():
        for at, value in sheet.cells.items():
            if isinstance(value, str) and "文字" not in value and "值" not in value and len(value) < 30:
                plain = value.replace("（", "(").replace("）", ")").replace("：", ":")
                sheet.cells[at] = (
                    f"  {plain[:2]}\n{plain[2:]} " if len(plain) > 3 and not plain[:4].isdigit() else plain
                )


def blank_rows_between(case: Case) -> None:
    for sheet in case.pages.values():
        sheet.cells = {(r * 2 if r > 14 else r, c): v for (r, c), v in sheet.cells.items()}
        sheet.merges = [m for m in sheet.merges if m[2] <= 14]


def with_other_sheets(case: Case) -> None:
    case.pages["help"] = Page("填报说明", {(1, 1): "请先读本说明", (2, 1): "项目", (2, 2): "金额"})
    case.pages["scratch"] = Page("计算底稿", {(1, 1): 3.5, (5, 4): "=A1"})


def whole_columns_merged(case: Case) -> None:
    for sheet in case.pages.values():
        sheet.merges.append((1, 30, 1_048_576, 30))
        sheet.merges.append((900_000, 1, 900_000, 16_384))


def far_away_cells(case: Case) -> None:
    case["general"].cells[1_048_576, 16_384] = " "


LAYOUTS: list[Callable[[Case], None]] = [
    shifted,
    unmerged,
    reordered,
    renamed,
    named_by_title_only,
    without_digits,
    loosely_typed,
    blank_rows_between,
    with_other_sheets,
    whole_columns_merged,
    far_away_cells,
]


@pytest.mark.parametrize("change", LAYOUTS, ids=lambda f: f.__name__)
def test_a_different_layout_reads_the_same(case: Case, change: Callable[[Case], None]) -> None:
    change(case)
    book = case.book()
    assert [f.message for f in book.findings] == []
    assert amounts(book) == EXPECTED


def test_swapped_columns_are_followed(case: Case) -> None:
    sheet = case["income"]
    one, two = sheet.find("事业收入")[1], sheet.find("其他收入")[1]
    swap = {one: two, two: one}
    sheet.cells = {(r, swap.get(c, c)): v for (r, c), v in sheet.cells.items()}
    sheet.merges = [m for m in sheet.merges if m[1] not in swap]
    book = case.book()
    assert amounts(book) == EXPECTED
    assert book.findings == ()


def test_rows_in_another_order_are_followed(case: Case) -> None:
    sheet = case["totals"]
    one, two = sheet.find("五、事业收入")[0], sheet.find("八、其他收入")[0]
    swap = {one: two, two: one}
    sheet.cells = {(swap.get(r, r) if c <= 3 else r, c): v for (r, c), v in sheet.cells.items()}
    assert amounts(case.book()) == EXPECTED


def test_sheets_that_are_no_form_are_named(case: Case) -> None:
    with_other_sheets(case)
    assert case.book().ignored_sheets == ("填报说明", "计算底稿")


def test_repeated_forms_keep_their_order(case: Case) -> None:
    repeated = next(f for f in EDITION.forms if f.repeat)
    for number in (3, 2):
        case.pages[f"p{number}"] = page(repeated, CONTENT[repeated.id][1], f"{repeated.sheet}（{number}）")
    found = [data.sheet for data in case.book().sheets[repeated.id]]
    assert found == [repeated.sheet, f"{repeated.sheet}（3）", f"{repeated.sheet}（2）"]


def test_strict_workbooks_are_read(case: Case) -> None:
    assert amounts(case.book(strict=True)) == EXPECTED


# which edition


def test_the_workbook_names_its_edition(case: Case) -> None:
    assert case.read()[0].id == EDITION.id


@pytest.mark.parametrize("year", [EDITION.years[0], None])
def test_without_a_name_the_year_or_the_sheets_tell(case: Case, year: int | None) -> None:
    case.put("unit", "edition", "value", None)
    case.put("unit", "year", "value", year)
    assert case.read()[0].id == EDITION.id


def test_a_year_the_edition_does_not_serve(case: Case) -> None:
    where = case.put("unit", "year", "value", 1999)
    for form in EDITION.tables:
        case[form.id].cells[1, 1] = form.sheet
    found = only(case.book(), "S10", Severity.ERROR)
    assert where in found.message
    assert "1999" in found.message


def test_an_unknown_edition_is_refused(case: Case) -> None:
    path = case.folder / "x.xlsx"
    path.write_bytes(xlsx(list(case.pages.values())))
    with pytest.raises(Refusal, match="没有版式"):
        read(path, "no-such-edition")


def test_a_workbook_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(xlsx([Page("Sheet1", {(1, 1): "姓名", (2, 1): "甲"})]))
    with pytest.raises(Refusal, match="不是预决算公开的填报工作簿"):
        read(path)


def test_tables_alone_are_an_export_of_the_reporting_program(case: Case) -> None:
    """They are not told sheet by sheet what is missing, but what to do with them."""
    tables = {form.id for form in EDITION.tables}
    case.pages = {key: sheet for key, sheet in case.pages.items() if key in tables}
    with pytest.raises(Refusal, match="像是报表软件导出的表") as refused:
        case.book()
    assert "gongkai import 导入" in refused.value.fix


def test_sheets_whose_names_say_nothing_are_told_by_their_titles(tmp_path: Path) -> None:
    """支出决算表 is the end of the titles of four other tables: each sheet is what its whole title says."""
    edition = editions.load("wuhan-final-2024")
    path = tmp_path / "另名.xlsx"
    with (
        zipfile.ZipFile(io.BytesIO(build(edition, made_content(edition)))) as made,
        zipfile.ZipFile(path, "w") as other,
    ):
        for name in made.namelist():
            text = made.read(name)
            if name == "xl/workbook.xml":
                text = re.sub(rb'(<sheet [^>]*name=")(\d\d)[^"]*', rb"\1Z\2", text)
            other.writestr(name, text)
    book = read(path)[1]
    assert [f.message for f in book.findings if f.rule == "S1"] == []
    assert {form.id: f"Z{form.sheet[:2]}" for form in edition.tables} == {
        form.id: data.sheet for form in edition.tables if (data := book.sheet(form.id)) is not None
    }


# missing and changed structure


def test_a_missing_sheet_is_named(case: Case) -> None:
    del case.pages["income"]
    found = only(case.book(), "S1", Severity.ERROR)
    assert EDITION.form("income").sheet in found.message


def test_a_missing_performance_form_is_a_warning(case: Case) -> None:
    del case.pages["overall_performance"]
    assert EDITION.form("overall_performance").sheet in only(case.book(), "S1", Severity.WARNING).message


def test_a_copied_sheet_is_not_read_twice(case: Case) -> None:
    case.pages["copy"] = page(EDITION.form("general"), CONTENT["general"], EDITION.form("general").sheet + " (2)")
    book = case.book()
    assert "(2)" in only(book, "S1", Severity.ERROR).message
    assert amounts(book) == EXPECTED


def test_a_missing_column_is_named(case: Case) -> None:
    sheet = case["expenditure"]
    gone = sheet.find("经营支出")[1]
    sheet.cells = {(r, c): v for (r, c), v in sheet.cells.items() if c != gone}
    found = only(case.book(), "S2", Severity.ERROR)
    assert "经营支出" in found.message


def test_a_renamed_column_is_shown_and_read(case: Case) -> None:
    sheet = case["expenditure"]
    at = sheet.find("经营支出")
    sheet.cells[at] = "经营类支出"
    book = case.book()
    found = only(book, "S2", Severity.ERROR)
    assert name_of(sheet, at) in found.message
    assert "经营支出" in found.message
    assert amounts(book) == EXPECTED


def test_an_extra_column_with_amounts_is_not_lost_silently(case: Case) -> None:
    sheet = case["expenditure"]
    at = sheet.find("对附属单位补助支出")
    sheet.cells[at[0], at[1] + 1] = "调整数"
    sheet.cells[sheet.at["all", "subsidy"][0], at[1] + 1] = 7
    assert "调整数" in only(case.book(), "S2", Severity.ERROR).message


def test_a_missing_row_is_named_and_its_amount_reported(case: Case) -> None:
    sheet = case["totals"]
    row, column = sheet.find("五、事业收入")
    sheet.cells[row, column] = "五、经济收入"
    book = case.book()
    messages = [f.message for f in book.findings]
    assert [f.rule for f in book.findings] == ["S3", "S3"]
    assert any("五、事业收入" in m for m in messages)
    assert any(name_of(sheet, sheet.at["institution", "amount"]) in m for m in messages)


def test_a_setting_that_an_older_workbook_lacks_takes_its_default(case: Case) -> None:
    sheet = case["wording"]
    place = sheet.find("官方表金额小数")
    sheet.cells = {at: value for at, value in sheet.cells.items() if at[0] != place[0]}
    found = only(case.book(), "S3", Severity.INFO)
    assert "“官方表金额小数”" in found.message
    assert "“按版式”" in found.message


def test_what_every_workbook_must_say_has_no_default(case: Case) -> None:
    sheet = case["unit"]
    place = sheet.find("金额单位")
    sheet.cells = {at: value for at, value in sheet.cells.items() if at[0] != place[0]}
    assert "金额单位" in only(case.book(), "S3", Severity.ERROR).message


def test_amounts_without_a_code_are_reported(case: Case) -> None:
    sheet = case["general"]
    last = max(r for r, c in sheet.at.values()) + 3
    sheet.cells[last, 3] = 12.5
    found = only(case.book(), "S3", Severity.ERROR)
    assert "科目编码" in found.message
    assert name_of(sheet, (last, 3)) in found.message


def test_missing_rows_of_a_table_are_one_finding(case: Case) -> None:
    sheet = case["totals"]
    for label in ("二、外交支出", "三、国防支出", "十六、金融支出"):
        row, column = sheet.find(label)
        for at in range(column, column + 3):
            sheet.cells.pop((row, at), None)
    found = only(case.book(), "S3", Severity.ERROR)
    assert "金融支出" in found.message
    assert "3 行" in found.message


def test_a_code_over_three_columns_as_official_software_exports_it(case: Case) -> None:
    """类、款、项 under the code's head, each code merged over them, the total's label too."""
    sheet = case["general"]
    top = sheet.find("功能分类科目编码")[0]
    wide = {(r + (r > top), c + 2 * (c > 1)): v for (r, c), v in sheet.cells.items()}
    wide |= {(top + 1, 1): "类", (top + 1, 2): "款", (top + 1, 3): "项"}
    body = [r + 1 for r, c in sheet.at.values()]
    sheet.cells, sheet.merges = wide, [(top, 1, top, 3), *((r, 1, r, 3) for r in range(min(body), max(body) + 1))]
    book = case.book()
    assert [f.message for f in book.findings] == []
    assert amounts(book) == EXPECTED


def test_a_table_of_another_year_or_unit(case: Case) -> None:
    sheet = case["general"]
    sheet.cells[1, 1] = str(sheet.cells[1, 1]).replace(str(EDITION.years[-1]), "2018")
    sheet.cells[3, 1] = "部门：另一单位"
    found = case.book().findings
    assert [(f.rule, f.severity) for f in found] == [("S10", Severity.WARNING)] * 2
    assert "2018" in found[0].message
    assert "另一单位" in found[1].message


@pytest.mark.parametrize("form", EDITION.tables, ids=lambda f: f.id)
def test_no_amount_is_lost_silently(case: Case, form: Form) -> None:
    """A number in every free cell of the amount columns, far below the table too: read, or named in a finding."""
    sheet = case[form.id]
    _, depth = heads.table_head(form)
    put = set()
    for at, (_, column) in enumerate(heads.columns(form), 1):
        for row in range(4 + depth, 70):
            if column.kind is Kind.MONEY and (row, at) not in sheet.cells:
                sheet.cells[row, at] = Decimal("777.77")
                put.add(name_of(sheet, (row, at)))
    book = case.book()
    known = {str(c.ref) for d in book for b in d.blocks.values() for r in b.rows for c in r.cells.values() if c.number}
    known |= {str(ref) for finding in book.findings for ref in finding.cells}
    assert put
    assert put <= known


def test_prepared_formulas_in_empty_rows_are_no_amounts(case: Case) -> None:
    sheet = case["general"]
    last = max(r for r, c in sheet.at.values()) + 3
    sheet.cells[last, 3] = X("", "<f>D30+E30</f><v>0</v>")
    sheet.cells[last + 1, 3] = X('t="str"', "<f>IF(1,&quot;&quot;)</f><v></v>")
    sheet.cells[last + 2, 3] = X("", "<f>D31</f>")
    assert case.book().findings == ()


CODES = [
    ("duplicate", "201", "重复", Severity.ERROR),
    ("length", "2019", "位数", Severity.ERROR),
    ("parent", "2990101", "上级", Severity.WARNING),
    ("order", "101", "排列", Severity.WARNING),
]


@pytest.mark.parametrize(("what", "code", "word", "severity"), CODES, ids=[c[0] for c in CODES])
def test_codes(case: Case, what: str, code: str, word: str, severity: Severity) -> None:
    sheet = case["general"]
    at = (max(r for r, c in sheet.at.values()) + 1, 1)
    sheet.cells[at], sheet.cells[at[0], 2] = code, "某科目"
    found = [f for f in case.book().findings if word in f.message]
    assert [(f.rule, f.severity) for f in found] == [("S8", severity)]
    assert name_of(sheet, at) in found[0].message


def test_codes_as_numbers_and_with_spaces(case: Case) -> None:
    for form in ("income", "general"):
        sheet = case[form]
        for (row, column), at in sheet.at.items():
            if column == "code" and row.isdigit():
                value = sheet.cells[at]
                sheet.cells[at] = int(value) if form == "income" else f" {value}　"
    book = case.book()
    assert amounts(book) == EXPECTED
    assert book.findings == ()


# cells

CELLS = [
    ("3,097.76", Decimal("3097.76"), "S4", Severity.INFO),
    ("３０９７．７６", Decimal("3097.76"), "S4", Severity.INFO),
    (" 3097.76 ", Decimal("3097.76"), "S4", Severity.INFO),
    ("(12.50)", Decimal("-12.5"), "S4", Severity.INFO),
    ("—", None, "S4", Severity.INFO),
    ("无", None, "S4", Severity.INFO),
    ("／", None, "S4", Severity.INFO),
    ("待定", None, "S4", Severity.ERROR),
    (True, None, "S4", Severity.ERROR),
    (X('t="e"', "<v>#REF!</v>"), None, "S4", Severity.ERROR),
    (X('s="1"', "<v>44873</v>"), None, "S4", Severity.ERROR),
    (X('t="d"', "<v>2022-11-08</v>"), None, "S4", Severity.ERROR),
    (X("", "<v>12abc</v>"), None, "S4", Severity.ERROR),
    (X('t="s"', "<v>99</v>"), None, "S4", Severity.ERROR),
    (X("", "<f>SUM(A1:A2)</f>"), None, "S5", Severity.ERROR),
    (X("", "<f>SUM(A1:A2)</f><v></v>"), None, "S5", Severity.ERROR),
    (X("", "<v>NaN</v>"), None, "S6", Severity.ERROR),
    (X("", "<v>1E400</v>"), None, "S6", Severity.ERROR),
    ("1e400", None, "S6", Severity.ERROR),
    (Decimal("1E15"), None, "S6", Severity.ERROR),
    (Decimal("12.345"), Decimal("12.345"), "S6", Severity.WARNING),
    (X('t="inlineStr"', f"<is><t>{'1' * 33000}</t></is>"), None, "S4", Severity.ERROR),
]


@pytest.mark.parametrize(("value", "number", "rule", "severity"), CELLS)
def test_what_stands_in_an_amount(
    case: Case, value: Any, number: Decimal | None, rule: str, severity: Severity
) -> None:
    where = case.put("general", "all", "project", value)
    book = case.book()
    found = only(book, rule, severity)
    assert where in found.message
    assert found.fix
    assert [str(ref) for ref in found.cells] == [where]
    sheet = book.sheet("general")
    cell = sheet.cell("all", "project") if sheet else None
    assert cell is not None
    assert cell.number == number
    assert cell.kind is (
        CellKind.NUMBER if number is not None else CellKind.BLANK if severity is Severity.INFO else CellKind.BAD
    )


def test_formulas_never_calculated_are_told_once_for_the_workbook(case: Case) -> None:
    """A workbook that another program wrote and nobody opened: one remark with every cell, not one for each table."""
    empty = X("", "<f>SUM(A1:A2)</f>")
    places = [
        case.put("general", "all", "project", empty),
        case.put("general", "all", "basic", empty),
        case.put("expenditure", "all", "project", empty),
        case.put("three_public", "all", "final_total", empty),
    ]
    (found,) = [f for f in case.book().findings if f.rule == "S5"]
    assert sorted(map(str, found.cells)) == sorted(places)
    assert "3 张工作表共 4 处的公式没有保存计算结果" in found.message
    assert "05一般公共预算财政拨款支出决算表 2 处" in found.message
    assert "07一般公共预算财政拨款“三公”经费支出决算表 1 处" in found.message


SILENT = [
    (X("", "<v>3097.7600000000002</v>"), Decimal("3097.76")),
    (X("", "<f>B1-B2</f><v>0.30000000000000004</v>"), Decimal("0.3")),
    (X("", "<f>B1-B2</f><v>5.0000000000181899E-2</v>"), Decimal("0.05")),
    (X('t="str"', '<f>""</f><v></v>'), None),
    (X('t="inlineStr"', "<is><t> </t></is>"), None),
    (X("", '<f t="shared" si="0"/><v>7</v>'), Decimal(7)),
    (None, None),
]


@pytest.mark.parametrize(("value", "number"), SILENT)
def test_what_needs_no_remark(case: Case, value: Any, number: Decimal | None) -> None:
    case.put("general", "all", "project", value)
    book = case.book()
    assert book.findings == ()
    sheet = book.sheet("general")
    cell = sheet.cell("all", "project") if sheet else None
    assert cell is not None
    assert cell.number == number
    assert cell.formula == (isinstance(value, X) and "<f" in value.inside)


def test_the_same_remark_on_many_cells_is_one_finding(case: Case) -> None:
    where = [case.put("expenditure", "all", key, "1,000.00") for key in ("basic", "project", "upward")]
    found = only(case.book(), "S4", Severity.INFO)
    assert [str(ref) for ref in found.cells] == where


def test_more_decimals_are_fine_in_yuan(case: Case) -> None:
    case.put("unit", "amount_unit", "value", "元")
    case.put("general", "all", "project", Decimal("12.345"))
    for form in EDITION.tables:
        at = case[form.id].find("金额单位：万元")
        case[form.id].cells[at] = "金额单位：元"
    book = case.book()
    assert book.findings == ()
    assert book.unit_of_amount == "元"
    assert book.figure("general", "all", "project").value == Decimal("0.0012345")


def test_a_table_that_states_another_unit(case: Case) -> None:
    sheet = case["general"]
    at = sheet.find("金额单位：万元")
    sheet.cells[at] = "金额单位：元"
    assert name_of(sheet, at) in only(case.book(), "S7", Severity.ERROR).message


def test_yuan_beside_wan(case: Case) -> None:
    for form in EDITION.tables:
        case.pages[form.id] = page(form, {})
    case.put("income", "all", "total", Decimal("3097.76"))
    case.put("expenditure", "all", "total", Decimal("30977600"))
    assert [f.severity for f in by_rule(case.book(), "S7")] == [Severity.WARNING]


TEXTS = [
    ("short_name", "某局", "某局"),
    ("short_name", "研究<A&B>费", "研究<A&B>费"),
    ("short_name", X('t="inlineStr"', "<is><r><t>某</t></r><r><t>局</t></r><rPh><t>拼音</t></rPh></is>"), "某局"),
    ("short_name", X('t="inlineStr"', "<is><t>一_x000D_&#10;二</t></is>"), "一\n二"),
    ("short_name", X('t="inlineStr"', "<is><t>a_x005F_x000D_b</t></is>"), "a_x000D_b"),
    ("phone", 87654321, "87654321"),
    ("phone", X("", "<v>8.7654321E7</v>"), "87654321"),
    ("cover_date", X('s="1"', "<v>44873</v>"), "2022年11月8日"),
    ("cover_date", X("", "<v>44873</v>"), "2022年11月8日"),
    ("cover_date", "2022-11-8", "2022年11月8日"),
    ("cover_date", "2022年11月", "2022年11月"),
    ("level", " 区 级", "区级"),
    ("short_name", True, "TRUE"),
    ("short_name", X('t="d"', "<v>2022-11-08</v>"), "2022年11月8日"),
    ("cover_date", 20221108, "2022年11月8日"),
]


@pytest.mark.parametrize(("row", "value", "text"), TEXTS)
def test_texts(case: Case, row: str, value: Any, text: str) -> None:
    case.put("unit", row, "value", value)
    book = case.book()
    assert book.findings == ()
    assert book.text("unit", row) == text


def test_a_cell_that_is_in_the_file_twice(case: Case) -> None:
    """Two programs wrote to it: which of them is right nobody can tell."""
    row, column = case["general"].at["all", "project"]
    twice = f'<v>1</v></c><c r="{column_letters(column)}{row}"><v>2</v>'
    where = case.put("general", "all", "project", X("", twice))
    found = only(case.book(), "S4", Severity.ERROR)
    assert where in found.message
    assert "两个内容" in found.message


def test_half_a_person(case: Case) -> None:
    where = case.put("unit", "staff_canogong", "value", Decimal("2.5"))
    found = only(case.book(), "S4", Severity.ERROR)
    assert (where in found.message, "应为整数" in found.message) == (True, True)


def test_a_text_that_says_it_is_a_number(case: Case) -> None:
    where = case.put("unit", "short_name", "value", X("", "<v>12abc</v>"))
    assert any(where in f.message and "已损坏" in f.message for f in by_rule(case.book(), "S4"))


def test_a_text_of_nothing_but_control_characters_is_blank(case: Case) -> None:
    case.put("unit", "phone", "value", X('t="inlineStr"', "<is><t>_x0001__x0002_</t></is>"))
    book = case.book()
    assert book.text("unit", "phone") == ""
    assert any("控制字符" in f.message for f in by_rule(book, "S4"))


def test_dates_of_the_1904_calendar(case: Case) -> None:
    case.put("unit", "cover_date", "value", X('s="1"', f"<v>{44873 - 1462}</v>"))
    assert case.book(date1904=True).text("unit", "cover_date") == "2022年11月8日"


def test_control_characters_are_removed_and_reported(case: Case) -> None:
    where = case.put("unit", "short_name", "value", X('t="inlineStr"', "<is><t>某_x0007_局</t></is>"))
    book = case.book()
    assert where in only(book, "S4", Severity.WARNING).message
    assert book.text("unit", "short_name") == "某局"


def test_an_unknown_choice(case: Case) -> None:
    where = case.put("unit", "level", "value", "镇级")
    assert where in only(case.book(), "S10", Severity.ERROR).message


def test_required_fields(case: Case) -> None:
    where = case.put("unit", "name", "value", None)
    assert where in only(case.book(), "S10", Severity.ERROR).message


# performance forms

OPTIONS = [
    ("□持续性项目 ☑新增性项目", "新增性项目"),
    ("■持续性项目 □新增性项目", "持续性项目"),
    ("新增性项目", "新增性项目"),
    ("□持续性项目 □新增性项目", ""),
]


@pytest.mark.parametrize(("typed", "chosen"), OPTIONS)
def test_ticked_options(case: Case, typed: str, chosen: str) -> None:
    case.put("project_performance", "nature", "value", typed)
    book = case.book()
    assert book.findings == ()
    assert book.text("project_performance", "nature") == chosen


PRINTED = [
    (X('s="2"', "<v>1</v>"), "100%"),
    (X("", "<v>98.5</v>"), "98.5"),
    ("≥95%", "≥95%"),
    ("20.00", "20.00"),
    (X('s="3"', "<f>20*1</f><v>19.97424</v>"), "19.97"),
]


@pytest.mark.parametrize(("value", "text"), PRINTED)
def test_performance_values_are_read_as_shown(case: Case, value: Any, text: str) -> None:
    case.put("overall_performance", "rate", "value", value)
    book = case.book()
    assert book.findings == ()
    assert book.text("overall_performance", "rate") == text


def test_merged_indicators_inherit(case: Case) -> None:
    sheet = case["overall_performance"]
    top = sheet.find("一级指标")[0] + 1
    for row, (one, two) in enumerate([("产出", "数量"), (None, None), (None, "质量"), ("效益", None), (None, "社会")]):
        for column, value in ((2, one), (3, two)):
            sheet.cells.pop((top + row, column), None)
            if value:
                sheet.cells[top + row, column] = value
    rows = case.book().rows("overall_performance", "indicators")
    assert [(r.text("level1"), r.text("level2")) for r in rows][:5] == [
        ("产出", "数量"),
        ("产出", "数量"),
        ("产出", "质量"),
        ("效益", ""),
        ("效益", "社会"),
    ]
    assert rows[1].cells["level1"].ref.row == top


@pytest.mark.parametrize(
    ("typed", "date"),
    [("填报日期：2022年3月1日", "2022年3月1日"), ("填报日期: 2022-3-1", "2022-3-1")],
)
def test_a_date_in_one_cell_with_its_label(case: Case, typed: str, date: str) -> None:
    sheet = case["overall_performance"]
    at = sheet.find(next(v for v in map(str, sheet.cells.values()) if v.startswith("填报日期")))
    sheet.cells.pop(sheet.at.get(("report_date", "value"), (0, 0)), None)
    sheet.cells[at] = typed
    book = case.book()
    assert (book.text("overall_performance", "report_date"), book.findings) == (date, ())


def test_a_performance_form_without_the_head_of_its_indicators(case: Case) -> None:
    sheet = case["overall_performance"]
    row = sheet.find("一级指标")[0]
    for place in [place for place in sheet.cells if place[0] == row and place[1] > 1]:
        sheet.cells[place] = "其他"
    book = case.book()
    assert any("中找不到“一级指标”等指标的表头，" in f.message for f in by_rule(book, "S3"))
    assert book.rows("overall_performance", "indicators") == ()
    assert book.text("overall_performance", "total_score")  # the rest is read


def test_a_missing_label_of_a_performance_form(case: Case) -> None:
    sheet = case["overall_performance"]
    sheet.cells[sheet.find("总分")] = "合计得分"
    assert "总分" in only(case.book(), "S3", Severity.ERROR).message


# files that are no workbook, or a hostile one


def ole(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + stream.encode("utf-16-le") + b"\0" * 100


GOOD = xlsx(pages(EDITION, CONTENT))


def entries(**changed: str | bytes) -> dict[str, str | bytes]:
    found: dict[str, str | bytes] = dict(parts(pages(EDITION, CONTENT)))
    return {**found, **{name.replace("__", "/"): data for name, data in changed.items()}}


def sheet1(text: str | bytes) -> bytes:
    return zipped({**entries(), "xl/worksheets/sheet1.xml": text})


def repeated_name() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in entries().items():
            archive.writestr(name, data)
        archive.writestr("XL/workbook.xml", "<workbook/>")
    return stream.getvalue()


def flagged_as_encrypted() -> bytes:
    data = bytearray(GOOD)
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        flags = struct.unpack_from("<H", data, at + 8)[0]
        struct.pack_into("<H", data, at + 8, flags | 1)
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


LOL = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'
REFUSED = [
    ("empty", b"", "空的"),
    ("xls", ole("Workbook"), r"\.xls"),
    ("encrypted", ole("EncryptedPackage"), "密码"),
    ("doc", ole("WordDocument"), "Word"),
    ("csv", "科目,金额\n201,5\n".encode("gbk"), "CSV"),
    ("html", b"<html><table><tr><td>1</td></tr></table></html>", "HTML.*用了表格文件的后缀"),
    ("xml 2003", b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "2003"),
    ("pdf", b"%PDF-1.7 ...", "PDF"),
    ("binary", bytes(range(256)) * 10, "不是 .xlsx"),
    ("cut off", GOOD[: len(GOOD) // 2], "损坏"),
    ("broken inside", GOOD.replace(b"PK\x01\x02", b"PK\x01\x03", 1), "损坏"),
    ("a plain zip", zipped({"a.txt": "a"}), "压缩文件"),
    ("docx", zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": "<d/>"}), "Word"),
    ("xlsb", zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.bin": b"x"}), "xlsb"),
    ("ods", zipped({"mimetype": "x", "content.xml": "<d/>"}), "ods"),
    ("doctype", sheet1(LOL), "DOCTYPE"),
    ("doctype in utf-16", sheet1(LOL.encode("utf-16")), "DOCTYPE"),
    ("other encoding", sheet1('<?xml version="1.0" encoding="utf-7"?><worksheet/>'), "编码"),
    ("bad xml", sheet1("<worksheet><sheetData><row></worksheet>"), "损坏"),
    (
        "bad address",
        sheet1('<worksheet xmlns="x"><sheetData><row r="1"><c r="ZZZZ1"/></row></sheetData></worksheet>'),
        "位置",
    ),
    ("bad row", sheet1('<worksheet xmlns="x"><sheetData><row r="99999999"/></sheetData></worksheet>'), "位置"),
    ("repeated part", repeated_name(), "重名"),
    ("zip bomb", zipped({**entries(), "xl/media/a.bin": b"\0" * 20_000_000}), "压缩比"),
    ("too many tags", sheet1("<worksheet>" + "<c/>" * 4_000_001 + "</worksheet>"), "过多|压缩比"),
    ("many entries", zipped({f"x{i}": b"" for i in range(5001)}), "上限"),
    ("zip password", flagged_as_encrypted(), "密码"),
    ("no sheets", zipped({**entries(), "xl/_rels/workbook.xml.rels": "<Relationships/>"}), "找不到工作表"),
]


@pytest.mark.parametrize(("data", "word"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_refused_in_plain_words(tmp_path: Path, data: bytes, word: str) -> None:
    path = tmp_path / "填报.xlsx"
    path.write_bytes(data)
    with pytest.raises(Refusal, match=word) as caught:
        read(path)
    assert caught.value.fix


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="找不到"):
        read(tmp_path / "none.xlsx")
    with pytest.raises(Refusal, match="文件夹"):
        read(tmp_path)


def test_damage_anywhere_is_refused_or_read(tmp_path: Path) -> None:
    """One byte changed at many places: never anything but a Refusal or a Book."""
    path = tmp_path / "填报.xlsx"
    for at in range(0, len(GOOD), len(GOOD) // 40):
        path.write_bytes(GOOD[:at] + bytes([GOOD[at] ^ 0x55]) + GOOD[at + 1 :])
        try:
            findings = read(path)[1].findings
        except Refusal as refusal:
            findings = (Finding("S0", Severity.ERROR, refusal.message),)
        assert all(finding.message for finding in findings)


def test_hostile_shapes_take_no_time(case: Case) -> None:
    """Whole columns merged, a declared size of the whole sheet, far cells, thousands of formatted empty rows."""
    whole_columns_merged(case)
    far_away_cells(case)
    sheet = case["general"]
    sheet.merges += [(r, 40, r, 60) for r in range(1, 5000)]
    for row in range(2000, 12000):
        sheet.cells[row, 5] = None
    start = time.process_time()
    book = case.book()
    assert time.process_time() - start < 3
    assert amounts(book) == EXPECTED


def test_a_sheet_formatted_to_its_last_row(case: Case) -> None:
    sheet = case["general"]
    for row in range(2000, 200_000):
        sheet.cells[row, 5] = None
    assert amounts(case.book()) == EXPECTED


def test_growth_is_linear(tmp_path: Path) -> None:
    """Ten times the rows take about ten times as long, not a hundred times."""

    def seconds(rows: int) -> float:
        content = dict(CONTENT)
        for form in ("income", "expenditure", "general"):
            content[form] = {
                "subjects": [{"code": f"{2010000 + n}", "name": f"科目{n}", "total": n} for n in range(rows)]
            }
        path = tmp_path / f"{rows}.xlsx"
        path.write_bytes(xlsx(list(filled(content).values())))
        start = time.process_time()
        book = read(path)[1]
        assert len(book.rows("general", "subjects")) >= rows
        return time.process_time() - start

    seconds(10)
    small, large = seconds(300), seconds(3000)
    assert large < small * 20


def test_an_empty_list_says_where_to_type(tmp_path: Path) -> None:
    """The first blank row below the list's head, not the corner of the sheet; below what is filled in already."""
    path = fill(EDITION, {"texts": {"duties": [{"text": "第一项职责。"}]}}, tmp_path / "空.xlsx")
    book = read(path)[1]
    sheets = openpyxl.load_workbook(path)
    for form, block in (("texts", "terms"), ("evaluation", "application"), ("key_work", "items")):
        data = book.sheet(form)
        assert data is not None
        (cell,) = data.to_fill(block)
        head = data.form.block(block).columns[0].head[-1]
        above = sheets[data.sheet].cell(cell.row - 1, cell.column).value
        assert (cell.sheet, above) == (data.sheet, head)
    texts = book.sheet("texts")
    assert texts is not None
    assert texts.to_fill("duties")[0].row == texts.blocks["duties"].rows[0].cells["text"].ref.row + 1
