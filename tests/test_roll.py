"""由上年工作簿生成本年工作簿：上年数、历年相同的内容带入，原因不带入；与上年工作簿核对。"""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from generator import editions, pipeline
from generator.commands.cli import gongkai
from generator.editions import Edition, EditionError
from generator.exchange import compare, rollplan
from generator.exchange.last import against
from generator.exchange.roll import Rolled, roll
from generator.exchange.source import Source
from generator.model.finding import Finding, Refusal, Severity
from generator.workbook.blank import build
from generator.workbook.read import read

from support import fill, load_source, sample  # isort: skip

FORM_2021, FORM_2024, FORM_2019, BUDGET = (
    "wuhan-final-2021",
    "wuhan-final-2024",
    "wuhan-final-2019",
    "wuhan-budget-2021",
)


def of_year(name: str, year: int, path: Path, unit: str = "") -> Source:
    """A sample as if it were of another year its form serves."""
    edition, given = load_source(name)
    path.write_bytes(build(edition, given, year=year, unit=unit or None))
    return Source(*read(path))


def book_of(rolled: Rolled, edition: Edition, path: Path) -> Source:
    path.write_bytes(build(edition, rolled.content))
    return Source(*read(path))


def prior(source: Source) -> dict[str, Decimal]:
    return {r.key: source.book.figure("changes", r.key, "last").value for r in source.book.rows("changes", "years")}


@pytest.fixture(scope="module")
def last_2020(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return of_year("sample-2021", 2020, tmp_path_factory.mktemp("last") / "上年.xlsx")


def test_the_same_form_next_year(last_2020: Source, tmp_path: Path) -> None:
    edition = editions.load(FORM_2021)
    made = roll(last_2020, edition, 2021)
    this = book_of(made, edition, tmp_path / "本年.xlsx")
    assert made.left_out == []
    old, kinds = last_2020.book, ("abroad", "purchase", "running", "reception")
    assert prior(this) == {
        "totals": old.figure("totals", "income_grand_total", "amount").value,
        "fiscal": old.figure("fiscal", "income_grand_total", "amount").value,
        "general": old.figure("general", "all", "total").value,
        **{key: old.figure("three_public", "all", f"final_{key}").value for key in kinds},
        "three_public": old.figure("three_public", "all", "final_total").value,
        "operating": old.figure("changes", "operating", "this").value,
    }  # fmt: skip
    assert prior(this)["totals"] > 1000
    assert this.year == 2021
    assert this.word("name") == last_2020.word("name")
    for form, block in (
        ("texts", "duties"),
        ("texts", "terms"),
        ("subjects", "subjects"),
        ("unit", "subordinate_list"),
    ):
        assert [r.text("text") for r in this.book.rows(form, block)] == [r.text("text") for r in old.rows(form, block)]
    assert [r.text("name") for r in this.book.rows("projects", "projects")] == [
        r.text("name") for r in old.rows("projects", "projects")
    ]
    assert not any(r.text("reason") for r in this.book.rows("changes", "years"))
    assert not any(this.book.figure("totals", "gpb", "amount").value for _ in (0,))
    assert this.word("cover_date") == ""


def test_source_cells_and_last_reasons_are_comments(last_2020: Source) -> None:
    edition = editions.load(FORM_2021)
    sheet = openpyxl.load_workbook(io.BytesIO(build(edition, roll(last_2020, edition, 2021).content)))["增减原因"]
    comments = {cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment}
    cell = last_2020.book.figure("totals", "income_grand_total", "amount").cells[0]
    assert any(str(cell) in text and "上年.xlsx" in text for text in comments.values())
    reason = next(r.text("reason") for r in last_2020.book.rows("changes", "years") if r.text("reason"))
    assert any(reason in text and "2020" in text for text in comments.values())


@pytest.mark.parametrize(("form", "year", "named"), [(FORM_2021, 2021, 0), (FORM_2024, 2022, 1)])
def test_vehicles_at_the_end_of_the_year_are_taken_over_for_checking(
    form: str, year: int, named: int, tmp_path: Path
) -> None:
    edition, given = load_source("sample-2021")
    other = {
        **given["other"],
        "vehicles": {"car_kept": {"value": 3}, "car_fiscal": {"value": 2}, "car_bought": {"value": 1}},
    }
    other["assets"] = {"car_law": {"value": 2}, "car_misc": {"value": 1}, "car_misc_use": {"value": "一般公务用车"}}
    path = tmp_path / "上年.xlsx"
    path.write_bytes(build(edition, {"unit": given["unit"], "other": other}, year=year - 1))
    made = roll(Source(*read(path)), editions.load(form), year)
    this = book_of(made, editions.load(form), tmp_path / "本年.xlsx").book
    counts = [this.figure("other", key, "value").value for key in ("car_law", "car_misc", "car_total", "car_fiscal")]
    assert counts == [2, 1, 3, 2]
    assert this.figure("other", "car_bought", "value").value == 0  # what was bought last year is not bought again
    assert this.text("other", "car_misc_use") == "一般公务用车"
    assert "请按本年情况核对" in made.content["other"]["assets"]["car_law"]["_comments"]["value"]
    assert sum("公务用车保有量（辆）”（3）" in line for line in made.left_out) == named


def test_the_form_changes(tmp_path: Path) -> None:
    last = Source(*read(sample("sample-2021", tmp_path)))
    edition = editions.load(FORM_2024)
    made = roll(last, edition, 2022)
    this = book_of(made, edition, tmp_path / "本年.xlsx")
    found = prior(this)
    assert found["income"] == last.book.figure("income", "all", "total").value
    assert found["vehicle"] == last.book.figure("three_public", "all", "final_vehicle").value
    assert found["fiscal_fund"] == last.book.figure("fiscal", "fund", "amount").value > 0
    assert made.prior == len(found) == 13
    told = "\n".join(made.left_out)
    assert "部门人员构成" in told  # this form has no staff
    assert "其他专用名词" in told
    assert "公务用车运行费”的上年原因" in told
    assert "项目绩效自评表(4)“项目类别”（市对下转移支付项目）" in told
    names = [row.text("name") for row in last.book.rows("projects", "projects")]
    assert [row.text("name") for row in this.book.rows("projects", "projects")] == names  # each once
    comments = str(made.content).count("上年（2021年度）的原因")
    assert made.reasons == comments > 5  # those that have a place; the others are named
    assert told.count("的上年原因") + made.reasons == sum(
        bool(row.text("reason")) for form, block in rollplan_reasons() for row in last.book.rows(form, block)
    )
    assert "请按本年情况核对" in made.content["unit"]["subordinates"]["sub_full"]["_comments"]["value"]


def rollplan_reasons() -> list[tuple[str, str]]:
    return [(form, block) for form, block, _ in rollplan.load(editions.load(FORM_2021)).reasons]


@pytest.mark.parametrize(
    ("name", "year", "form"),
    [("hanyang-2019", 2020, FORM_2021), ("qiaokou-2024", 2025, FORM_2024), ("hongshan-budget-2021", 2022, BUDGET)],
)
def test_every_form_rolls_forward(name: str, year: int, form: str, tmp_path: Path) -> None:
    last = Source(*read(sample(name, tmp_path)))
    edition = editions.load(form)
    made = roll(last, edition, year)
    this = book_of(made, edition, tmp_path / "本年.xlsx")
    assert made.prior >= 9
    assert prior(this)["totals"] == last.book.figure("totals", "income_grand_total", "amount").value
    assert {f.rule for f in this.book.findings} <= {"S10"}
    for block in (b for form in made.content.values() if isinstance(form, dict) for b in form.values()):
        assert not isinstance(block, list) or all(block.count(row) == 1 for row in block)
    assert [f for f in against(last)(edition, this.book) if f.rule == "Y8"] == []


def test_amounts_in_yuan_stay_in_yuan(tmp_path: Path) -> None:
    last = Source(*read(sample("sample-2021", tmp_path)))
    assert last.book.unit_of_amount == "元"
    edition = editions.load(FORM_2024)
    this = book_of(roll(last, edition, 2022), edition, tmp_path / "本年.xlsx")
    cell = this.book.sheets["changes"][0].cell("totals", "last")
    assert this.book.unit_of_amount == "元"
    assert cell is not None
    assert cell.number == last.book.figure("totals", "income_grand_total", "amount").value * 10000


def test_the_budget_fills_the_initial_budget(tmp_path: Path) -> None:
    last = of_year("sample-2021", 2020, tmp_path / "上年.xlsx")
    budget = Source(*read(sample("hongshan-budget-2021", tmp_path)))
    edition = editions.load(FORM_2021)
    made = roll(last, edition, 2021, budget)
    this = book_of(made, edition, tmp_path / "本年.xlsx")
    for row in budget.book.rows("general", "subjects"):
        if len(row.key) == 3:
            wanted = budget.book.figure("general", row.key, "total").value
            assert this.book.figure("initial_budget", row.key, "initial").value == wanted
    assert this.book.figure("changes", "tp_total", "initial").value == Decimal("4.2")
    assert any("请核对" in line for line in made.left_out)  # another unit's budget


@pytest.mark.parametrize("planned", [False, True])
def test_all_subjects_of_last_year_are_listed_without_amounts(planned: bool, tmp_path: Path) -> None:
    """Not only those that had a reason last year: a list that looks complete is complete."""
    edition, given = load_source("sample-2021")
    codes = [row["code"] for row in given["initial_budget"]["classes"] if "code" in row]
    (tmp_path / "上年.xlsx").write_bytes(build(edition, given, year=2020))
    last = Source(*read(tmp_path / "上年.xlsx"))
    budget = Source(*read(sample("hongshan-budget-2021", tmp_path))) if planned else None
    made = roll(last, edition, 2021, budget)
    rows = [row for row in made.content["initial_budget"]["classes"] if "code" in row]
    assert {row["code"] for row in rows} >= set(codes)
    assert [row["code"] for row in rows] == sorted({row["code"] for row in rows})
    blank = sum("initial" not in row for row in rows)
    if planned:
        assert blank < len(codes)
        assert not blank or f"没有的 {blank} 个上年科目也已列出" in made.noted[0]
    else:
        assert len(rows) == blank == len(codes)
        assert made.noted == [
            f"年初预算：上年的 {len(codes)} 个科目都已列出，金额没有带入，请按本年的填写；本年没有的科目请整行清除。"
        ]


def test_errors_of_last_years_workbook_are_told(tmp_path: Path) -> None:
    edition, given = load_source("sample-2021")
    path, new = tmp_path / "上年.xlsx", tmp_path / "本年.xlsx"
    path.write_bytes(build(edition, given))
    assert json.loads(run("roll", path, "--year", 2022, "-o", new, "--format", "json").stdout)["noted"][1:] == []
    given["totals"]["income"]["gpb"]["amount"] += 1
    path.write_bytes(build(edition, given))
    wrong = sum(f.severity is Severity.ERROR for f in pipeline.check(path).findings)
    done = run("roll", path, "--year", 2022, "-o", new, "--force")
    assert done.exit_code == 0
    assert wrong > 0
    told = done.output.replace("\n", "")
    assert f"上年工作簿校验有 {wrong} 条错误" in told
    assert f"gongkai check {path}" in told


def test_other_years_and_kinds_are_refused(last_2020: Source, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="应由 2021 年度"):
        roll(last_2020, editions.load(FORM_2024), 2022)
    with pytest.raises(Refusal, match="不能结转"):
        roll(last_2020, editions.load(BUDGET), 2021)
    with pytest.raises(Refusal, match="不是 2021 年度的预算"):
        roll(last_2020, editions.load(FORM_2021), 2021, last_2020)


def beside(last: Source, edition_id: str, content: dict[str, Any], path: Path) -> list[Finding]:
    edition = editions.load(edition_id)
    path.write_bytes(build(edition, content))
    return list(against(last)(*read(path)))


def test_figures_that_differ_from_last_year(last_2020: Source, tmp_path: Path) -> None:
    content = roll(last_2020, editions.load(FORM_2021), 2021).content
    assert beside(last_2020, FORM_2021, content, tmp_path / "同.xlsx") == []
    content["changes"]["years"]["general"]["last"] += Decimal("1000")  # 元
    (found,) = beside(last_2020, FORM_2021, content, tmp_path / "异.xlsx")
    assert found.rule == "Y8"
    assert "相差 0.10 万元" in found.message
    content["changes"]["years"]["general"]["last"] -= Decimal("2000")
    (less,) = beside(last_2020, FORM_2021, content, tmp_path / "少.xlsx")
    assert "相差 0.10 万元" in less.message
    assert str(last_2020.book.figure("general", "all", "total").cells[0]) in found.message
    assert [c.sheet for c in found.cells] == ["增减原因"]


def test_texts_left_in_from_last_year(tmp_path: Path) -> None:
    last = of_year("sample-2021", 2020, tmp_path / "上年.xlsx", unit="某区旧名称管理局")
    content = roll(last, editions.load(FORM_2021), 2021).content
    content["unit"]["facts"]["name"] = {"value": "某区新名称管理局"}
    reason = next(r.text("reason") for r in last.book.rows("changes", "years") if len(r.text("reason")) > 8)
    figure = last.book.figure("expenditure", "all", "total").value.quantize(Decimal("0.01"))
    content["changes"]["years"]["totals"]["reason"] = reason
    content["changes"]["years"]["fiscal"]["reason"] = "某区旧名称管理局经费增加"
    content["changes"]["years"]["general"]["reason"] = f"本年支出 {figure} 万元"
    told = {f.message for f in beside(last, FORM_2021, content, tmp_path / "本年.xlsx") if f.rule == "Y10"}
    assert len(told) == 3
    for word in ("完全相同", "单位名称“某区旧名称管理局”", f"金额，没有写明是上年的数：{figure}"):
        assert any(word in message for message in told), word


def test_what_stays_in_texts_that_are_taken_over(tmp_path: Path) -> None:
    """The old name in the duties, a sentence with other numbers, a figure beside a sentence on last year."""
    edition, given = load_source("sample-2021")
    old, new = "某区旧名称管理局", "某区新名称管理局"
    given = {**given, "texts": {**given["texts"], "duties": [{"text": f"{old}负责文化工作。2020年全面完成各项任务。"}]}}
    heads = [{"text": "一、推进档案数字化"}, {"text": "全部按期完成。"}, {"text": "活动办得好，群众满意。"}]
    given["key_work"] = {**given["key_work"], "prose": [{"text": "2020年，我局完成演出12场，惠及群众。"}, *heads]}
    given["answers"] = {"answers": [{"rule": "Y4", "reason": "原因相同，已经逐项核对"}]}
    path = tmp_path / "上年.xlsx"
    path.write_bytes(build(edition, given, year=2020, unit=old))
    last = Source(*read(path))
    content = roll(last, edition, 2021).content
    content["unit"]["facts"]["name"] = {"value": new}
    content["key_work"] = {"prose": [{"text": "2020年，我局完成演出35场，惠及群众。"}, *heads]}
    content["answers"] = given["answers"]
    figure = last.book.figure("expenditure", "all", "total").value.quantize(Decimal("0.01"))
    content["changes"]["years"]["totals"]["reason"] = f"上年项目较少。本年支出{figure}万元，用于新项目"
    content["changes"]["years"]["fiscal"]["reason"] = f"上年支出{figure}万元，本年项目较多"
    told = [f.message for f in beside(last, FORM_2021, content, tmp_path / "本年.xlsx")]
    assert [("文字材料" in m, old in m) for m in told if "单位名称" in m] == [(True, True)]
    assert sum("完全相同" in m for m in told) == 1  # a whole sentence; headings and few words are often the same
    assert [("重点工作" in m, "文字材料" in m) for m in told if "仍写着 2020 年" in m] == [(False, True), (True, False)]
    assert sum(f"没有写明是上年的数：{figure}" in m for m in told) == 1
    assert len(told) == 5


def test_the_two_years_before_of_a_budget(tmp_path: Path) -> None:
    """The earlier of the two is last year's later one; it was no budget, so that a difference is a warning only."""
    last = Source(*read(sample("hongshan-budget-2021", tmp_path)))
    edition = editions.load(BUDGET)
    content = roll(last, edition, 2022).content
    assert beside(last, BUDGET, content, tmp_path / "同.xlsx") == []  # nor are the heads, which name last year's years
    fields = content["overall_performance"]["fields"]
    there = last.book.figure("overall_performance", "basic_1", "value").value
    assert fields["basic_2"]["value"] == there
    assert "basic_1" not in fields
    fields["basic_2"]["value"] += 1
    (found,) = beside(last, BUDGET, content, tmp_path / "异.xlsx")
    assert (found.rule, found.severity) == ("Y8", Severity.WARNING)
    assert "“基本支出”的数是" in found.message


def test_warnings_can_be_answered(last_2020: Source, tmp_path: Path) -> None:
    content = roll(last_2020, editions.load(FORM_2021), 2021).content
    reason = next(r.text("reason") for r in last_2020.book.rows("changes", "years") if len(r.text("reason")) > 8)
    content["changes"]["years"]["totals"]["reason"] = reason
    content["answers"] = {"answers": [{"rule": "Y10", "reason": "两年情况相同"}]}
    path = tmp_path / "本年.xlsx"
    path.write_bytes(build(editions.load(FORM_2021), content))
    checked = pipeline.check(path, beside=compare.all_of(against(last_2020)))
    assert [f.answer for f in checked.findings if f.rule == "Y10"] == ["两年情况相同"]


@pytest.mark.parametrize("edition_id", editions.ids())
def test_plans_name_cells_that_are_there(edition_id: str) -> None:
    plan = rollplan.load(editions.load(edition_id))
    assert len(plan.prior) >= 9
    assert plan.carry


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("carry: {units: all}\nprior: {}", "没有表 units"),
        ("carry: {unit: {fact: all}}\nprior: {}", "没有块 fact"),
        ("carry: {}\nprior: {changes.totals.before: totals.income_total.amount}", "没有单元格"),
        ("carry: {}\nprior: {changes.totals.last: '1 +'}", "没有写完"),
        ("carry: {}\nprior: {}\nexcept: [unit.nobody]", "没有 unit.nobody"),
    ],
)
def test_a_faulty_plan_is_told(broken: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "roll.yaml").write_text(broken, encoding="utf-8")
    edition = editions.load(FORM_2021)
    with pytest.raises(EditionError, match=says):
        rollplan.load(replace(edition, folders=(tmp_path, *edition.folders)))


def run(*arguments: object) -> Any:
    return CliRunner().invoke(gongkai, [str(one) for one in arguments])


def test_the_command(tmp_path: Path) -> None:
    last, new = sample("sample-2021", tmp_path), tmp_path / "本年.xlsx"
    before = last.read_bytes()
    done = run("roll", last, "--year", 2022, "-o", new)
    assert done.exit_code == 0, done.output
    assert "上年数 13 个" in done.output
    assert last.read_bytes() == before
    again = run("roll", last, "--year", 2022, "-o", new)
    assert again.exit_code == 2
    assert "已经存在" in again.output
    assert run("roll", last, "--year", 2022, "-o", last, "--force").exit_code == 2
    assert last.read_bytes() == before
    told = json.loads(run("roll", last, "--year", 2022, "-o", new, "--force", "--format", "json").stdout)
    assert told["prior"] == 13
    checked = run("check", new, "--last", last, "--no-mark", "--format", "json")
    assert "Y8" not in {f["rule"] for f in json.loads(checked.stdout)["findings"]}
    wrong = run("check", last, "--last", new, "--no-mark")
    assert wrong.exit_code == 2
    assert "不是上年的工作簿" in wrong.output


def test_formulas_never_computed_stop_it(tmp_path: Path) -> None:
    """A workbook written by a program and never saved by Excel: its totals are not there to be taken over."""
    last, new = tmp_path / "上年.xlsx", tmp_path / "本年.xlsx"
    book = openpyxl.load_workbook(sample("sample-2021", tmp_path))
    book.save(last)
    cells = re.compile(r"有 (\d+) 个格的公式没有保存计算结果")
    for arguments in (("roll", last, "--year", 2022, "-o", new), ("consolidate", last, last, "-o", new)):
        done = run(*arguments)
        assert done.exit_code == 2
        told = cells.search(done.output)
        assert told is not None
        assert int(told[1]) == sum(len(f.cells) for f in read(last)[1].findings if f.rule == "S5") > 100
        assert "Excel 或 WPS 打开" in done.output
        assert not new.exists()


def test_fill_it_and_generate(tmp_path: Path) -> None:
    """2020 → 2021 in the same form: this year's figures over what was carried, then the document."""
    last = of_year("sample-2021", 2020, tmp_path / "上年.xlsx")
    edition, given = load_source("sample-2021")
    made = roll(last, edition, 2021).content
    # An accountant fills in everything else; prior-year figures and facts stay as they came.
    filled = {**given, "unit": {**given["unit"], **made["unit"]}}
    facts = {**given["unit"]["facts"], **made["unit"]["facts"]}
    filled["unit"]["facts"] = facts
    years = {
        key: {**row, **{"last": made["changes"]["years"][key]["last"]}}
        for key, row in given["changes"]["years"].items()
    }
    filled["changes"] = {**given["changes"], "years": years}
    sample("sample-2021", tmp_path)  # its attachments
    workbook = fill(edition, filled, tmp_path / "本年.xlsx")
    done = pipeline.generate(workbook, tmp_path / "公开.docx", draft=True, beside=compare.all_of(against(last)))
    assert done.output is not None
    assert "Y8" not in {f.rule for f in done.findings}
    # The text itself is that of last year in this test, and is told so.
    assert any(f.rule == "Y10" and "完全相同" in f.message for f in done.findings)
