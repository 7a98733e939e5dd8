"""The workbook we hand out: official layout, live sums whose stored values are right, text that stays text."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lxml import etree
from openpyxl.worksheet.worksheet import Worksheet

from generator import editions
from generator.model.cell import column_letters
from generator.model.form import Form, Kind, Role
from generator.model.heads import table_head
from generator.workbook.blank import build

M = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
EDITIONS = editions.ids()
HOSTILE = [
    "=1+1",
    "+86",
    "-5%",
    "@SUM(A1)",
    "'quoted",
    "#N/A",
    "{{7*7}}",
    "研究<A&B>费",
    "_x0041_",
    "a\x07b",
    "  两端空格 ",
]

# A small department: only 项 and leaf amounts are given, everything else is left to the formulas.
CONTENT: dict[str, Any] = {
    "unit": {"facts": {"name": {"value": "某某市某某区档案馆"}, "level": {"value": "区级"}}},
    "totals": {
        "income": {"gpb": {"amount": Decimal("3097.76")}, "opening": {"amount": Decimal("553.39205")}},
        "expenditure": {"201": {"amount": Decimal("2997.61")}, "208": {"amount": Decimal("0.1")}},
    },
    "income": {
        "subjects": [
            {"code": "201", "name": "一般公共服务支出"},
            {"code": "20101", "name": "人大事务"},
            {"code": "2010104", "name": "人大会议", "fiscal": Decimal("5.75"), "other": Decimal("0.10")},
            {"code": "20126"},
            {"code": "2012601", "name": "行政运行", "fiscal": Decimal("100.20")},
            {"code": "208", "fiscal": Decimal("23.02")},
            {"code": "9990101", "name": "自编科目", "fiscal": Decimal("1")},
        ]
    },
    "expenditure": {
        "subjects": [
            {"code": "201"},
            {"code": "20126"},
            {"code": "2012601", "basic": Decimal("80.2"), "project": Decimal("20")},
        ]
    },
    "general": {
        "subjects": [{"code": "201"}, {"code": "20126"}, {"code": "2012601", "basic": Decimal("80.2"), "project": 20}]
    },
    "basic": {
        "personnel": {"30101": {"amount": Decimal("55.42")}, "30302": {"amount": Decimal("1.5")}},
        "public": {"30201": {"amount": Decimal("66.27")}},
        "capital": {"31002": {"amount": Decimal("2.01")}},
    },
    "changes": {"years": {"totals": {"last": Decimal("3000"), "reason": "一是…；二是…。"}}},
    "initial_budget": {"classes": [{"code": "201", "initial": Decimal("90")}]},
}


_EMPTY: dict[str, bytes] = {}


def empty(edition: editions.Edition) -> bytes:
    """The blank workbook, built once."""
    if edition.id not in _EMPTY:
        _EMPTY[edition.id] = build(edition)
    return _EMPTY[edition.id]


def book_of(data: bytes, values: bool = False) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


@pytest.fixture(scope="module", params=EDITIONS)
def edition(request: pytest.FixtureRequest) -> editions.Edition:
    return editions.load(request.param)


@pytest.fixture(scope="module")
def blank(edition: editions.Edition) -> bytes:
    return empty(edition)


@pytest.fixture(scope="module")
def ours() -> editions.Edition:
    return editions.load("wuhan-final-2021")


@pytest.fixture(scope="module")
def filled(ours: editions.Edition) -> bytes:
    return build(ours, CONTENT)


def find(sheet: Worksheet, label: str, column: int | None = None, nth: int = 1) -> Any:
    """The ``nth`` cell that holds ``label``."""
    found = [c for row in sheet.iter_rows() for c in row if c.value == label and column in (None, c.column)]
    assert len(found) >= nth, f"{sheet.title}: {label!r} stands {len(found)} times"
    return found[nth - 1]


def money(sheet: Worksheet, label: str, right: int, nth: int = 1) -> Any:
    """The value ``right`` columns beside a label."""
    at = find(sheet, label, nth=nth)
    return sheet.cell(at.row, at.column + right).value


def test_every_form_has_its_sheet_and_a_guide_links_to_each(edition: editions.Edition, blank: bytes) -> None:
    book = book_of(blank)
    sheets = [form.sheet for form in edition.forms]
    assert [*book.sheetnames] == ["填报说明", *sheets, "科目"]
    assert book["科目"].sheet_state == "hidden"
    targets = {c.hyperlink.location for row in book["填报说明"].iter_rows() for c in row if c.hyperlink}
    assert targets == {f"'{sheet}'!A1" for sheet in sheets}
    assert not any(sheet.protection.sheet for sheet in book)


def test_official_heads_stand_as_the_form_declares_them(edition: editions.Edition, blank: bytes) -> None:
    book = book_of(blank)
    for form in edition.tables:
        sheet = book[form.sheet]
        top = _head_top(sheet, form)
        merged = {str(area) for area in sheet.merged_cells.ranges}
        for cell in table_head(form)[0]:
            at = sheet.cell(top + cell.row, 1 + cell.column)
            assert (at.value or "") == cell.text, f"{form.sheet}!{at.coordinate}"
            if cell.down > 1 or cell.across > 1:
                last = f"{column_letters(cell.column + cell.across)}{top + cell.row + cell.down - 1}"
                assert f"{at.coordinate}:{last}" in merged
        for block in form.blocks:
            for row in block.rows:
                if row.label:
                    find(sheet, row.label)


def _head_top(sheet: Worksheet, form: Form) -> int:
    first = next(c for c in table_head(form)[0] if c.row == 0)
    return int(find(sheet, first.text).row)


def test_row_numbers_run_through_empty_printed_lines(ours: editions.Edition, blank: bytes) -> None:
    sheet = book_of(empty(ours))[ours.form("totals").sheet]
    income, spending = find(sheet, "一、一般公共预算财政拨款收入"), find(sheet, "一、一般公共服务支出")
    assert [sheet.cell(income.row + i, 2).value for i in range(31)] == [*range(1, 32)]
    assert [sheet.cell(spending.row + i, 5).value for i in range(31)] == [*range(32, 63)]


def test_totals_reach_over_the_columns_of_the_printed_form(ours: editions.Edition) -> None:
    sheet = book_of(empty(ours))[ours.form("basic").sheet]
    label = find(sheet, "公用经费合计")
    assert f"D{label.row}:H{label.row}" in {str(area) for area in sheet.merged_cells.ranges}
    assert str(sheet.cell(label.row, 9).value).startswith("=SUM(")


@pytest.mark.parametrize(
    ("sheet", "label", "right", "value"),
    [
        ("totals", "本年收入合计", 2, "3097.76"),
        ("totals", "年初结转和结余", 2, "553.39205"),
        ("totals", "总计", 2, "3651.15205"),
        ("totals", "本年支出合计", 2, "2997.71"),
        ("income", "合计", 2, "129.07"),
        ("income", "201", 3, "105.95"),
        ("income", "20101", 2, "5.85"),
        ("income", "20126", 3, "100.2"),
        ("income", "208", 3, "23.02"),
        ("basic", "301", 2, "55.42"),
        ("basic", "人员经费合计", 2, "56.92"),
        ("basic", "公用经费合计", 5, "68.28"),
        ("changes", "收、支总计（表1）", 1, "3651.15205"),
        ("changes", "收、支总计（表1）", 3, "651.15205"),
        ("initial_budget", "201", 3, "100.2"),
        ("evaluation", "整体支出自评资金", 1, "100.2"),
    ],
)
def test_stored_values_of_sums(
    ours: editions.Edition, filled: bytes, sheet: str, label: str, right: int, value: str
) -> None:
    found = money(book_of(filled, values=True)[ours.form(sheet).sheet], label, right)
    assert Decimal(str(found)) == Decimal(value)


def test_every_formula_cell_carries_a_value(blank: bytes, filled: bytes) -> None:
    for data in (blank, filled):
        for name, root in _sheets(data).items():
            for cell in root.iter(f"{M}c"):
                if cell.find(f"{M}f") is not None:
                    assert cell.find(f"{M}v") is not None, f"{name}!{cell.get('r')}"


def test_amounts_are_stored_digit_by_digit(ours: editions.Edition) -> None:
    exact = Decimal("12345678901234.123456")
    data = build(ours, {"totals": {"income": {"gpb": {"amount": exact}, "other": {"amount": Decimal("0.30")}}}})
    root = _sheets(data)[ours.form("totals").sheet]
    stored = {cell.findtext(f"{M}v") for cell in root.iter(f"{M}c")}
    assert {"12345678901234.123456", "0.3", "12345678901234.423456"} <= stored


def test_a_pasted_total_takes_the_place_of_its_formula_alone(ours: editions.Edition) -> None:
    pasted = {"totals": {"income": {"gpb": {"amount": Decimal(5)}, "income_total": {"amount": Decimal(7)}}}}
    data = build(ours, pasted)
    sheet = book_of(data)[ours.form("totals").sheet]
    assert money(sheet, "本年收入合计", 2) == 7
    assert str(money(sheet, "总计", 2)).startswith("=SUM(")
    assert money(book_of(data, values=True)[sheet.title], "总计", 2) == 7


def test_no_sum_by_code_contains_itself(edition: editions.Edition, blank: bytes) -> None:
    book = book_of(blank)
    for form in edition.tables:
        for cell in (c for row in book[form.sheet].iter_rows() for c in row if c.data_type == "f"):
            for column, first, last in re.findall(r"(?<![!$A-Z])\$?([A-Z]+)\$?(\d+):\$?\1\$?(\d+)", cell.value):
                inside = column == cell.column_letter and int(first) <= cell.row <= int(last)
                assert not inside, f"{form.sheet}!{cell.coordinate} {cell.value}"


def test_no_given_text_reaches_a_formula(ours: editions.Edition) -> None:
    data = build(ours, {"unit": {"facts": {"name": {"value": '机"构&1'}}}, "income": {"subjects": [{"code": '2"&1'}]}})
    for root in _sheets(data).values():
        for formula in root.iter(f"{M}f"):
            assert "机" not in (formula.text or "")
            assert '2"&1' not in (formula.text or "")


def test_the_same_arguments_give_the_same_bytes(ours: editions.Edition, filled: bytes) -> None:
    assert build(ours, CONTENT) == filled
    with zipfile.ZipFile(io.BytesIO(filled)) as package:
        assert len({entry.date_time for entry in package.infolist()}) == 1
        assert b"openpyxl" not in package.read("docProps/core.xml")


def test_text_stays_text(ours: editions.Edition) -> None:
    projects = [{"fields": {"project_name": {"value": t}}, "indicators": [{"target": t}]} for t in HOSTILE]
    content = {
        "unit": {"facts": {"name": {"value": HOSTILE[0]}, "short_name": {"value": HOSTILE[9]}}},
        "texts": {"duties": [{"text": text} for text in HOSTILE]},
        "income": {"subjects": [{"code": text, "name": text} for text in HOSTILE]},
        "project_performance": projects,
    }
    cells = [
        (f"{name}!{cell.get('r')}", cell, _text(cell))
        for name, root in _sheets(build(ours, content)).items()
        for cell in root.iter(f"{M}c")
    ]
    for text in HOSTILE:
        same = [(where, cell) for where, cell, shown in cells if shown == text]
        assert len(same) >= 5, text
        for where, cell in same:
            assert cell.get("t") in ("inlineStr", "s", "str"), where


def _text(cell: etree._Element) -> str:
    raw = "".join(node.text or "" for node in cell.iter(f"{M}t", f"{M}v"))
    if cell.find(f"{M}f") is not None:
        return ""  # a formula that shows the text of another cell
    return re.sub(r"_x([0-9A-F]{4})_", lambda m: chr(int(m[1], 16)), raw)


def test_text_that_no_cell_can_hold_is_refused(ours: editions.Edition) -> None:
    for text in ("长" * 32768, "\ud800"):
        with pytest.raises(ValueError, match="文字材料!A"):
            build(ours, {"texts": {"duties": [{"text": text}]}})


@pytest.mark.parametrize(
    "content",
    [
        {"nowhere": {}},
        {"totals": {"nowhere": {}}},
        {"totals": {"income": {"nowhere": {}}}},
        {"totals": {"income": {"gpb": {"nowhere": 1}}}},
        {"income": {"subjects": [{"nowhere": 1}]}},
        {"overall_performance": {"fields": {"nowhere": {"value": "1"}}}},
    ],
)
def test_content_without_a_place_is_refused(ours: editions.Edition, content: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="nowhere"):
        build(ours, content)


def test_one_sheet_per_project(ours: editions.Edition) -> None:
    projects = [{"fields": {"project_name": {"value": f"项目{n}"}}} for n in range(3)]
    names = book_of(build(ours, {"project_performance": projects})).sheetnames
    sheet = ours.form("project_performance").sheet
    assert [n for n in names if n.startswith(sheet)] == [sheet, f"{sheet}(2)", f"{sheet}(3)"]


def test_equal_indicators_merge_within_their_group_and_blanks_do_not(ours: editions.Edition) -> None:
    rows = [
        {"level1": "产出", "level2": "数量"},
        {"level1": "产出", "level2": "数量"},
        {"level1": "效益", "level2": "数量"},
        {},
        {},
    ]
    sheet = book_of(build(ours, {"overall_performance": {"indicators": rows}}))["整体绩效自评表"]
    top = find(sheet, "一级指标").row
    inside = {str(a) for a in sheet.merged_cells.ranges if a.min_row > top and a.max_row <= top + 5}
    assert {f"B{top + 1}:B{top + 2}", f"C{top + 1}:C{top + 2}"} == {a for a in inside if a[0] in "BC"}


def test_year_unit_and_edition_are_filled_in(ours: editions.Edition) -> None:
    book = book_of(build(ours, year=ours.years[0], unit="某某局"), values=True)
    assert book["单位信息"].cell(find(book["单位信息"], "版式").row, 2).value == ours.id
    assert money(book["单位信息"], "单位全称", 1) == "某某局"
    assert money(book["单位信息"], "决算年度", 1) == ours.years[0]
    sheet = book[ours.form("totals").sheet]
    assert sheet["A1"].value == f"{ours.years[0]}年度收入支出决算总表（表1）"
    assert find(sheet, "部门：某某局")


@pytest.mark.parametrize("name", ["某某局", "某某局（本级）"])
def test_lines_above_a_table_follow_the_sheet_of_the_unit(ours: editions.Edition, name: str) -> None:
    content = {"unit": {"facts": {"amount_unit": {"value": "元"}, "scope": {"value": "单位决算"},
                                  "head_suffix": {"value": "是"}, "name": {"value": name}}}}  # fmt: skip
    data = build(ours, content)
    texts = [c.value for row in book_of(data, values=True)[ours.form("totals").sheet]["A1:F3"] for c in row if c.value]
    assert "单位：某某局（本级）" in texts
    assert "金额单位：元" in texts
    formulas = [c.value for row in book_of(data)[ours.form("totals").sheet]["A1:F3"] for c in row if c.value]
    assert sum("单位信息" in str(f) for f in formulas) == 3


def test_choices_are_drop_downs_and_codes_are_only_suggested(edition: editions.Edition, blank: bytes) -> None:
    book = book_of(blank)
    for form in edition.forms:
        if form.role is not Role.INPUT:
            continue
        rules = book[form.sheet].data_validations.dataValidation
        listed = {str(rule.formula1) for rule in rules if rule.type == "list"}
        for block in form.blocks:
            for row in block.rows:
                if row.choices and all("," not in c for c in row.choices) and len(",".join(row.choices)) < 250:
                    assert f'"{",".join(row.choices)}"' in listed, f"{form.sheet}: {row.label}"
    for form in edition.tables:
        for block in form.blocks:
            if block.open and any(c.kind is Kind.CODE for c in block.columns):
                lists = [r for r in book[form.sheet].data_validations.dataValidation if r.type == "list"]
                assert lists
                assert not any(rule.showErrorMessage for rule in lists)


def test_pages_are_set_up_for_paper(edition: editions.Edition, blank: bytes) -> None:
    for sheet in book_of(blank):
        if sheet.sheet_state != "visible":
            continue
        assert sheet.page_setup.paperSize == 9
        assert sheet.page_setup.fitToWidth == 1
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_options.horizontalCentered


def _sheets(data: bytes) -> dict[str, etree._Element]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        rels = etree.fromstring(package.read("xl/_rels/workbook.xml.rels"))
        targets = {r.get("Id"): r.get("Target", "").lstrip("/") for r in rels}
        names = etree.fromstring(package.read("xl/workbook.xml")).iter(f"{M}sheet")
        key = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
        return {s.get("name", ""): etree.fromstring(package.read(targets[s.get(key)])) for s in names}


def _without_values(data: bytes) -> bytes:
    """The same workbook with no stored value in any formula cell, so that a reader has to calculate."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.startswith("xl/worksheets/sheet"):
                root = etree.fromstring(content)
                for cell in root.iter(f"{M}c"):
                    value = cell.find(f"{M}v")
                    if cell.find(f"{M}f") is not None and value is not None:
                        cell.remove(value)
                        cell.attrib.pop("t", "")
                content = etree.tostring(root)
            target.writestr(name, content)
    return out.getvalue()


def _calculated(data: bytes, folder: Path) -> openpyxl.Workbook:
    """The workbook as LibreOffice calculates it."""
    source = folder / "in.xlsx"
    source.write_bytes(_without_values(data))
    command = ["soffice", f"-env:UserInstallation={(folder / 'lo').as_uri()}", "--headless"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder / "out"), str(source)]
    subprocess.run(command, check=True, timeout=120, capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return openpyxl.load_workbook(folder / "out" / "in.xlsx", data_only=True)


needs_office = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")


@needs_office
def test_stored_values_are_what_a_spreadsheet_calculates(ours: editions.Edition, filled: bytes, tmp_path: Path) -> None:
    calculated = _calculated(filled, tmp_path)
    formulas, stored = book_of(filled), book_of(filled, values=True)
    compared = 0
    for sheet in formulas:
        for cell in (c for row in sheet.iter_rows() for c in row if c.data_type == "f"):
            ours_value = stored[sheet.title][cell.coordinate].value
            theirs = calculated[sheet.title][cell.coordinate].value
            where = f"{sheet.title}!{cell.coordinate} {cell.value}"
            if isinstance(ours_value, (int, float)):
                assert theirs == pytest.approx(ours_value, rel=1e-12, abs=1e-9), where
            else:
                assert (theirs or "") == (ours_value or ""), where
            compared += 1
    assert compared > 1000


@needs_office
def test_pasted_rows_count_whatever_their_codes_look_like(ours: editions.Edition, tmp_path: Path) -> None:
    form = ours.form("expenditure")
    book = book_of(empty(ours))
    sheet = book[form.sheet]
    total = find(sheet, "合计").row
    prepared = form.blocks[0].open.prepared if form.blocks[0].open else 0
    pasted = [
        (201, None),
        ("20101 ", None),
        (None, None),
        (2010101, 10.5),
        ("2010102", 4),
        ("说明", None),
        ("20102", None),
    ]
    pasted += [(2010201, 1)] + [(None, None)] * prepared + [("208", None), ("20801", None), ("2080101", 100)]
    for row, (code, amount) in enumerate(pasted, total + 1):
        sheet.cell(row, 1).value = code
        if amount is not None or row > total + prepared:
            sheet.cell(row, 4).value = amount
    sheet.cell(total + len(pasted) - 2, 4).value = 100  # the exported table brings its own sums
    sheet.cell(total + len(pasted) - 1, 4).value = 100
    out = io.BytesIO()
    book.save(out)
    calculated = _calculated(out.getvalue(), tmp_path)[form.sheet]
    assert [calculated.cell(total + n, 4).value for n in (0, 1, 2, 7)] == [115.5, 15.5, 14.5, 1]
    assert calculated.cell(total, 3).value == 115.5


def test_changed_labels_and_overwritten_sums_are_watched(edition: editions.Edition, blank: bytes) -> None:
    book = book_of(blank)
    for form in edition.tables:
        sheet = book[form.sheet]
        rules = {str(area.sqref): [r.formula[0] for r in area.rules] for area in sheet.conditional_formatting}
        for block in form.blocks:
            for row in block.rows:
                if row.label:
                    cell = find(sheet, row.label)
                    assert any("".join(row.label.split()) in f for f in rules.get(cell.coordinate, [])), row.label
        watched = [area for area in sheet.conditional_formatting if any("ABS(" in r.formula[0] for r in area.rules)]
        for cell in (c for row in sheet.iter_rows() for c in row if str(c.value).startswith(("=SUM(", "=IF(COUNT"))):
            assert any(cell.coordinate in area.sqref for area in watched), f"{form.sheet}!{cell.coordinate}"
            assert sheet.cell(cell.row, cell.column).number_format.startswith("#,##0.00")


def test_an_alarm_outranks_the_tint_of_group_rows(ours: editions.Edition) -> None:
    sheet = book_of(empty(ours))[ours.form("income").sheet]
    order = [(r.priority, "ABS(" in r.formula[0]) for area in sheet.conditional_formatting for r in area.rules]
    assert not max(order)[1]
