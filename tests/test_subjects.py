"""科目 by year: the names that were valid, lists that users bring, and what is filled in from them."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from generator import pipeline
from generator.checks.run import run
from generator.commands import cli
from generator.editions import Library, ids, load
from generator.editions.subjects import from_rows, read_csv
from generator.model.finding import Finding, Refusal
from generator.narrative.compose import compose
from generator.workbook import subjects
from tests.book_builder import sample_book
from tests.support import fill, load_source

EDITION = "wuhan-final-2021"
HEAD = ["科目编码", "科目名称", "解释"]
ROWS = [
    ["201", "一般公共服务支出", "反映政府提供一般公共服务的支出。"],
    ["20103", "政府办公厅（室）及相关机构事务", ""],
    ["2010350", "事业运行", "反映事业单位的基本支出。"],
]


def xlsx(path: Path, rows: list[list[object]], sheet: str = "科目") -> Path:
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def csv(path: Path, rows: list[list[str]], encoding: str = "utf-8", comma: str = ",") -> Path:
    path.write_bytes("\r\n".join(comma.join(row) for row in rows).encode(encoding))
    return path


# -- Names and years


@pytest.mark.parametrize(
    ("year", "name"),
    [
        (2017, "行政事业单位离退休"),
        (2019, "行政事业单位离退休"),
        (2020, "行政事业单位养老支出"),
        (2023, "行政事业单位养老支出"),
    ],
)
def test_a_subject_renamed_has_the_name_of_its_year(year: int, name: str) -> None:
    assert load(EDITION).subject_list.names("20805", year) == (name,)


@pytest.mark.parametrize(
    ("code", "year", "name"),
    [
        ("210", 2018, "医疗卫生与计划生育支出"),
        ("210", 2019, "卫生健康支出"),
        ("215", 2019, "资源勘探信息等支出"),
        ("215", 2021, "资源勘探工业信息等支出"),
        ("207", 2018, "文化体育与传媒支出"),
        ("220", 2024, "自然资源海洋气象等支出"),
    ],
)
def test_classes_renamed_have_one_name_a_year(code: str, year: int, name: str) -> None:
    assert load(EDITION).subject_list.names(code, year) == (name,)


@pytest.mark.parametrize("id", ids())
def test_the_rows_of_a_form_bear_the_names_of_its_years(id: str) -> None:
    """The classes printed in the totals of an edition, by the list of its latest year."""
    edition = load(id)
    known = edition.subject_list
    printed = {
        row.code: row.label.partition("、")[2] or row.label
        for form in edition.tables
        for block in form.blocks
        for row in block.rows
        if row.code and len(row.code) == 3
    }
    wrong = {c: n for c, n in printed.items() if known.names(c, edition.years[-1]) not in ((), (n.strip(),))}
    assert wrong == {}


@pytest.mark.parametrize("year", [2019, 2021])
def test_the_name_of_another_year_is_a_finding_with_cell_and_right_name(year: int) -> None:
    edition = load(EDITION)
    names = {2019: "行政事业单位离退休", 2021: "行政事业单位养老支出"}
    for there in names:
        book = sample_book(edition, {"unit": {"year": {"value": year}}, "general": {"20805": {"name": names[there]}}})
        found = [f for f in run(edition, book) if f.rule == "S9" and "科目 20805 的" in f.message]
        found = [f for f in found if f.cells[0].sheet.startswith("05")]
        assert bool(found) == (there != year)
        for finding in found:
            assert f"“{names[there]}”" in finding.message
            assert names[year] in finding.message
            assert [cell.sheet for cell in finding.cells] == ["05一般公共预算财政拨款支出决算表"]


def test_years_of_a_list_are_spans_open_at_either_end() -> None:
    rows = [
        ["code", "name", "years"],
        ["201", "甲", "-2018"],
        ["201", "乙", "2019-2020；2022"],
        ["201", "丙", "2023-"],
        ["202", "丁", ""],
        ["202", "戊", "2021"],
    ]
    made = from_rows(rows, "表")
    said = {year: made.names("201", year) for year in (1990, 2018, 2019, 2020, 2022, 2023, 2050)}
    assert said == {
        1990: ("甲",),
        2018: ("甲",),
        2019: ("乙",),
        2020: ("乙",),
        2022: ("乙",),
        2023: ("丙",),
        2050: ("丙",),
    }
    assert made.names("201", 2021) == ("甲", "乙", "丙")  # nobody says
    assert (made.names("202", 2021), made.names("202", 2022)) == (("戊",), ("丁",))
    assert made.names("999", 2021) == ()


# -- Files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("head", [HEAD, ["code", "name", "explanation"], ["代 码", "名称", "说明"]])
@pytest.mark.parametrize("comma", [",", "\t"])
def test_a_csv_is_read_whatever_its_coding_and_heads(
    tmp_path: Path, encoding: str, head: list[str], comma: str
) -> None:
    made = subjects.read(csv(tmp_path / "科目.csv", [["二〇二三年政府收支分类科目"], head, *ROWS], encoding, comma))
    assert made.names("2010350", 2023) == ("事业运行",)
    assert made.text("2010350") == "反映事业单位的基本支出。"
    assert made.text("20103") == ""
    assert made.whole


def test_an_xlsx_is_read_with_numbers_and_several_sheets(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "科目.xlsx", [["说明页"], ["本表取自当年科目"]], "说明")
    book = openpyxl.load_workbook(path)
    for title, rows in (
        ("功能分类", ROWS),
        ("经济分类", [["301", "工资福利支出", ""], ["30101", "基本工资", "反映……"]]),
    ):
        sheet = book.create_sheet(title)
        for row in [["政府收支分类科目"], HEAD, *([int(row[0]), *row[1:]] for row in rows)]:
            sheet.append(row)
    book.save(path)
    made = subjects.read(path)
    assert set(made.named) == {"201", "20103", "2010350", "301", "30101"}
    assert made.source == "科目.xlsx"


def test_the_book_as_printed_has_its_code_in_three_columns(tmp_path: Path) -> None:
    rows = [
        ["科目编码", "", "", "科目名称", "说明"],
        ["类", "款", "项", "", ""],
        ["201", "", "", "一般公共服务支出", ""],
        ["", "03", "", "政府办公厅（室）及相关机构事务", ""],
        ["", "", "01", "行政运行", "反映行政单位的基本支出。"],
        ["", "", "50", "事业运行", ""],
        [208, "", "", "社会保障和就业支出", ""],
        ["208", "5", "5", "机关事业单位基本养老保险缴费支出", ""],
    ]
    made = subjects.read(xlsx(tmp_path / "科目.xlsx", rows))
    assert list(made.named) == ["201", "20103", "2010301", "2010350", "208", "2080505"]
    assert made.text("2010301") == "反映行政单位的基本支出。"


@pytest.mark.parametrize(
    ("name", "rows", "message", "fix"),
    [
        ("科目.csv", [["201", "一般公共服务支出"]], "科目表“科目.csv”的前几行没有", "表头"),
        ("科目.csv", [HEAD], "科目表“科目.csv”只有表头", "表头"),
        ("科目.csv", [HEAD, ["2010", "人大事务", ""]], "“科目.csv”第 2 行科目编码是“2010”", "改正或删去该行"),
        ("科目.csv", [HEAD, ROWS[0], ["20103", "", ""]], "“科目.csv”第 3 行（20103）没有科目名称", "补填名称"),
        ("科目.csv", [HEAD, ["", "人大事务", ""]], "“科目.csv”第 2 行没有科目编码", "改正或删去该行"),
        ("科目.xlsx", [HEAD, ["二〇一", "人大事务", ""]], "“科目.xlsx”的工作表“科目”第 2 行科目编码是“二〇一”", "改正"),
        ("科目.xlsx", [["甲", "乙"]], "“科目.xlsx”的工作表“科目”的前几行没有", "表头"),
    ],
)
def test_a_bad_list_is_refused_with_file_row_and_remedy(
    tmp_path: Path, name: str, rows: list[list[str]], message: str, fix: str
) -> None:
    path = tmp_path / name
    (xlsx(path, rows) if name.endswith("x") else csv(path, rows))  # type: ignore[arg-type]
    with pytest.raises(Refusal) as caught:
        subjects.read(path)
    assert message in caught.value.message
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("科目.txt", b"", "应是 .csv 或 .xlsx"),
        ("科目.csv", b"\xff\xfe\xff", "不是 UTF-8 或 GB18030"),
        ("科目.xlsx", b"PK\x03\x04 no zip", "科目.xlsx"),
        ("无.csv", None, "打不开"),
    ],
)
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, name: str, data: bytes | None, message: str) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(Refusal) as caught:
        subjects.read(tmp_path / name)
    assert message in caught.value.message
    assert caught.value.fix


# -- Where a list lies, and what it does


def test_the_list_given_comes_first_then_that_beside_the_workbook(tmp_path: Path) -> None:
    work, templates = tmp_path / "work", tmp_path / "templates"
    work.mkdir()
    templates.mkdir()
    other = csv(tmp_path / "别的.csv", [HEAD, ["201", "甲", ""]])

    def source(given: Path | None = None) -> str:
        return pipeline.open_library([templates], given, work / "某局.xlsx").subjects.source

    assert source() == ""
    csv(templates / "科目.csv", [HEAD, ["201", "乙", ""]])
    assert pipeline.open_library([templates]).load(EDITION).subjects["201"] == "乙"
    xlsx(work / "科目.xlsx", [HEAD, ["201", "丙", ""]])
    assert source() == "科目.xlsx"
    assert source(other) == "别的.csv"
    csv(work / "科目.csv", [HEAD, ["201", "丁", ""]])
    with pytest.raises(Refusal, match="同时有"):
        source()
    assert load(EDITION).subjects["201"] == "一般公共服务支出"  # nothing of this leaks


def _said(workbook: Path, **options: object) -> list[Finding]:
    return list(pipeline.check(workbook, **options).findings)  # type: ignore[arg-type]


def test_a_list_beside_the_workbook_checks_names_and_explains(tmp_path: Path) -> None:
    edition, content = load_source("wuchang-2021")
    given = content.pop("subjects")
    workbook = fill(edition, content, tmp_path / "某局.xlsx")
    assert any(finding.rule == "D5" for finding in _said(workbook))
    codes = {row["code"]: row["name"] for row in content["general"]["subjects"]}
    rows = [[code, name, f"反映{name}方面的支出。" if len(code) == 7 else ""] for code, name in codes.items()]
    rows = [[code, "事业单位运转" if code == "2010350" else name, text] for code, name, text in rows]
    csv(tmp_path / "科目.csv", [HEAD, *rows], "gb18030")
    said = _said(workbook)
    assert not [finding for finding in said if finding.rule == "D5"]
    wrong = [finding for finding in said if finding.rule == "S9" and "事业单位运转" in finding.message]
    assert wrong
    assert all("“事业运行”" in finding.message and finding.cells for finding in wrong)
    checked = pipeline.check(workbook)
    disclosure, _ = compose(checked.edition, checked.book)
    texts = [
        "".join(span.text for span in b.spans) for s in disclosure.sections for b in s.blocks if hasattr(b, "spans")
    ]
    assert any("人大会议（项）：反映人大会议方面的支出。" in text for text in texts)
    assert given  # the sample has explanations of its own, which come first
    own = fill(edition, content | {"subjects": given}, tmp_path / "自填.xlsx")
    checked = pipeline.check(own)
    disclosure, _ = compose(checked.edition, checked.book)
    texts = [
        "".join(span.text for span in b.spans) for s in disclosure.sections for b in s.blocks if hasattr(b, "spans")
    ]
    assert not any("人大会议方面的支出" in text for text in texts)


def test_the_command_line_takes_a_list(tmp_path: Path) -> None:
    listed = csv(tmp_path / "当年.csv", [HEAD, ["201", "二〇一", ""], ["2019999", "某项支出", ""]])
    path = tmp_path / "空白.xlsx"
    result = CliRunner().invoke(cli.gongkai, ["new", "--edition", EDITION, "--subjects", str(listed), "-o", str(path)])
    assert result.exit_code == 0, result.output
    hidden = openpyxl.load_workbook(path)
    names = {row[1].value for sheet in hidden if sheet.sheet_state != "visible" for row in sheet.iter_rows(max_col=2)}
    assert "某项支出" in names
    bad = csv(tmp_path / "坏.csv", [HEAD, ["20", "甲", ""]])
    result = CliRunner().invoke(cli.gongkai, ["check", str(path), "--subjects", str(bad), "--no-mark"])
    assert result.exit_code == 2
    assert "“坏.csv”第 2 行" in result.output


def test_the_lists_of_the_editions_are_sound() -> None:
    for edition in map(Library().load, Library().ids()):
        listed = read_csv(edition.find("subjects.csv"))
        assert len(listed.named) > 200
        for code, every in listed.named.items():
            for year in edition.years:
                assert len(listed.names(code, year)) == 1, (code, year, every)
