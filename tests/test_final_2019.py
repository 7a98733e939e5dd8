"""The 2019 form: its own rules (cases/<edition>), its sentences in every branch, and its performance form."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from book_builder import make_book, merge
from test_checks import OUTCOMES, _tells

from generator import editions
from generator.checks import rules
from generator.checks.run import evaluate, run
from generator.editions import Edition
from generator.model.blocks import Contents, Grid, Paragraph
from generator.model.book import Book
from generator.model.finding import Severity
from generator.model.form import Role
from generator.narrative.compose import compose
from tests.support import load_source

EDITION = editions.load("wuhan-final-2019")
CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "cases" / EDITION.id / "rules.yaml").read_text(encoding="utf-8")
)


def plain_content(edition: Edition, content: dict[str, Any]) -> dict[str, Any]:
    """What fills a blank workbook, by row and column as ``make_book`` takes it; repeated forms are left out."""
    made: dict[str, Any] = {}
    for form in edition.forms:
        if form.repeat:
            continue
        given = content.get(form.id, {})
        rows: dict[str, Any] = {}
        for key, value in given.items():
            if form.role is Role.PERFORMANCE and key == "fields":
                rows |= {name: cell["value"] for name, cell in value.items()}
            elif any(block.key == key and block.open and block.open.by_code for block in form.blocks):
                rows |= {row.get("_key") or row["code"]: {k: v for k, v in row.items() if k[0] != "_"} for row in value}
            elif isinstance(value, list):
                rows[key] = value
            else:
                rows |= value
        made[form.id] = rows
    return made


BASE = plain_content(EDITION, load_source("hanyang-2019")[1])


def book(changes: dict[str, Any] | None = None, indicator: dict[str, dict[str, Any]] | None = None) -> Book:
    content = copy.deepcopy(merge(BASE, changes or {}))
    for row in content["overall_performance"]["indicators"]:
        row.update((indicator or {}).get(row["level3"], {}))
    return make_book(EDITION, content, sums=True)


# -- rules ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule} {next(iter(case.values()))}") for rule in CASES for case in CASES[rule]],
)
def test_case(rule: str, case: dict[str, Any]) -> None:
    kind = next(iter(case))
    if kind == "absent":
        assert rule not in {found.id for found in rules.load(EDITION)}
        return
    given = book(case.get("changes"), case.get("indicator"))
    findings = run(EDITION, given)
    assert OUTCOMES[kind] in {result.outcome for result in evaluate(EDITION, given) if result.rule.id == rule}
    if kind in ("holds", "not_applicable"):
        assert not [f.message for f in findings if f.rule == rule and f.severity is not Severity.INFO]
        return
    if kind == "broken":
        wanted = case.get("severity", "error")
        ours = [f for f in findings if rule in (f.rule, *f.rules) and f.severity.value == wanted]
    else:
        ours = [f for f in findings if f.unanswerable and f.severity is Severity.WARNING and rule in f.message]
    assert ours, [f"{f.rule} {f.severity.value} {f.message}" for f in findings]
    assert any(_tells(given, case, f) for f in ours), [f"{f.message} {[str(c) for c in f.cells]}" for f in ours]
    assert all(f.fix for f in ours)


def test_nothing_speaks_of_what_is_absent_without_saying_why() -> None:
    absent = [part for rule in rules.load(EDITION) for part in rule.absent]
    assert absent
    assert all(part.reason.startswith("2019 年") for part in absent)


# -- sentences -----------------------------------------------------------------------------------------------------


def composed(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    disclosure, _ = compose(EDITION, book(changes), draft=True)
    return {block.id: block for section in disclosure.sections for block in section.blocks}


def paragraphs(changes: dict[str, Any] | None = None) -> dict[str, str]:
    return {id: block.text for id, block in composed(changes).items() if isinstance(block, Paragraph)}


@pytest.fixture(scope="module")
def usual() -> dict[str, str]:
    return paragraphs()


def test_headings_name_the_year_and_the_contents_do_not() -> None:
    blocks = composed()
    (contents,) = (block for block in blocks.values() if isinstance(block, Contents))
    lines = [entry.text for entry in contents.entries]
    assert "一、收入支出决算总体情况说明" in lines
    assert "附件：" not in lines
    assert not [line for line in lines if line.startswith("（")]
    assert blocks["p3.s1"].text == "一、2019年度收入支出决算总体情况说明"
    assert blocks["p3.s9"].text == "九、预算绩效情况说明"
    assert blocks["p3.s10.2"].text == "（二）政府采购支出情况。"
    assert blocks["part6"].text == "附件："


def test_staff(usual: dict[str, str]) -> None:
    assert usual["p1.staff.text"] == "武汉市汉阳区大数据中心在职实有人数16人，其中：事业16人。无离退休人员。"
    said = paragraphs({"unit": {"staff_admin": 5, "staff_canogong": 3, "retired_tuixiu": 4}})
    assert said["p1.staff.text"].endswith(
        "在职实有人数21人，其中：行政5人，事业16人(其中：参照公务员法管理3人)。离退休人员4人，其中：退休4人。"
    )
    none = paragraphs({"unit": {"staff_institution": 0}})
    assert none["p1.staff.text"].endswith("在职实有人数0人。无离退休人员。")


def test_three_public_without_budget(usual: dict[str, str]) -> None:
    assert usual["p3.s7.total"] == "2019年度“三公”经费财政拨款年初预算数为0.00万元，支出决算为0.00万元。"
    assert usual["p3.s7.yearly"] == "2019年度“三公”经费财政拨款支出决算数与2018年相比不变。"
    assert not {"p3.s7.abroad", "p3.s7.vehicle", "p3.s7.reception"} & set(usual)


def test_three_public_against_the_budget_of_the_table() -> None:
    said = paragraphs(
        {
            "three_public": {"all": {"budget_reception": 1.00, "final_reception": 0.40}},
            "changes": {
                "tp_reception": {"reason": "厉行节约"},
                "three_public": {"last": 0.50, "reason": "接待减少"},
                "reception": {"last": 0.50},
            },
        }
    )
    assert said["p3.s7.total"] == (
        "2019年度“三公”经费财政拨款年初预算数为1.00万元，支出决算为0.40万元，完成年初预算的40.00%，其中："
    )
    assert said["p3.s7.abroad"] == "1.因公出国(境)费支出决算为0.00万元，与年初预算持平。"
    assert said["p3.s7.reception"] == (
        "3.公务接待费支出决算为0.40万元，完成年初预算的40.00%，比年初预算减少0.60万元。主要原因是厉行节约。"
    )
    assert said["p3.s7.yearly"] == (
        "2019年度“三公”经费财政拨款支出决算数比2018年减少0.10万元，下降20.00%，其中：公务接待费支出决算"
        "减少0.10万元，下降20.00%。主要原因是接待减少。"
    )


def test_operating(usual: dict[str, str]) -> None:
    assert usual["p3.s10.1.text"] == (
        "2019年度武汉市汉阳区大数据中心无机关运行经费支出，主要原因是我单位是全额拨款事业单位。"
    )
    less = paragraphs({"changes": {"operating": {"this": 8, "last": 10, "reason": "压缩开支"}}})
    assert less["p3.s10.1.text"].endswith(
        "机关运行经费支出8.00万元，比2018年减少2.00万元，下降20.00%，主要原因是压缩开支。"
    )
    same = paragraphs({"changes": {"operating": {"this": 8, "last": 8, "reason": None}}})
    assert same["p3.s10.1.text"].endswith("机关运行经费支出8.00万元，与2018年持平。")
    first = paragraphs({"unit": {"first_time": "是"}, "changes": {"operating": {"this": 8, "last": None}}})
    assert first["p3.s10.1.text"].endswith("机关运行经费支出8.00万元。")
    plain = paragraphs({"unit": {"unit_type": "行政单位"}, "changes": {"operating": {"reason": None}}})
    assert plain["p3.s10.1.text"].endswith("无机关运行经费支出。")
    gone = paragraphs({"changes": {"operating": {"last": 15, "reason": "职能划出"}}})
    assert gone["p3.s10.1.text"].endswith(
        "无机关运行经费支出，比2018年减少15.00万元，下降100.00%，主要原因是职能划出。"
    )


def test_procurement_names_only_what_there_is(usual: dict[str, str]) -> None:
    assert "工程" not in usual["p3.s10.2.text"]
    assert "其中：政府采购货物支出88.37万元、政府采购服务支出531.49万元。" in usual["p3.s10.2.text"]
    assert "授予小微企业合同金额168.64万元，占政府采购支出总额的27.21%。" in usual["p3.s10.2.text"]
    none = {"other": {"goods": 0, "services": 0, "procurement_total": 0, "sme": 0, "micro": 0}}
    assert paragraphs(none)["p3.s10.2.text"].endswith("政府采购支出总额0.00万元。")


def test_vehicles(usual: dict[str, str]) -> None:
    assert usual["p3.s10.3.text"].startswith("截至2019年12月31日，武汉市汉阳区大数据中心无公务用车；单价50万元(含)以上")
    said = paragraphs({"other": {"car_law": 2, "car_misc": 1, "car_misc_use": "一般公务用车。"}})
    assert (
        "共有车辆3辆，其中，执法执勤用车2辆、其他用车1辆，其他用车主要是一般公务用车；单价50万元"
        in said["p3.s10.3.text"]
    )


def test_fund(usual: dict[str, str]) -> None:
    assert usual["p3.s8.text"] == ("本部门没有政府性基金预算财政拨款收入，也没有使用政府性基金预算财政拨款安排的支出。")
    assert paragraphs({"unit": {"scope": "单位决算"}})["p3.s8.text"].startswith("本单位没有")
    said = paragraphs({"wording": {"empty_funds": "写零"}})
    assert said["p3.s8.text"].startswith("2019年度政府性基金预算财政拨款年初结转和结余0.00万元，本年收入0.00万元")


def test_evaluation(usual: dict[str, str]) -> None:
    assert usual["p3.s9.work"].startswith(
        "根据预算绩效管理要求，我单位组织对2019年度一般公共预算项目支出全面开展绩效自评，共涉及项目13个，"
        "资金1,099.06万元。组织对本单位开展整体支出绩效自评，资金1,464.43万元。从绩效评价情况来看，"
    )
    assert usual["p3.s9.result"].startswith(
        "我单位项目绩效自评综述：项目全年预算数为1,099.06万元，执行数为1,077.23万元，完成预算的98.01%。主要产出和效果：一是"
    )
    several = paragraphs({"evaluation": {"unit_number": 3, "measures": "加强管理"}})
    assert "组织对3个单位开展整体支出绩效自评" in several["p3.s9.work"]
    assert several["p3.s9.result"].endswith("下一步改进措施：加强管理。")


def test_unchanged_and_first_time() -> None:
    same = paragraphs({"changes": {"totals": {"last": 1464.43, "reason": None}}})
    assert same["p3.s1.text"] == "2019年度收、支总计1,464.43万元。与2018年相比，收、支总计持平。"
    first = paragraphs({"unit": {"first_time": "是"}})
    assert first["p3.s1.text"] == "2019年度收、支总计1,464.43万元。"
    assert "p3.s7.yearly" not in first


def test_basic_spending_in_one_paragraph(usual: dict[str, str]) -> None:
    assert usual["p3.s6.text"].startswith(
        "2019年度一般公共预算财政拨款基本支出387.20万元，其中，人员经费375.75万元，主要包括：基本工资、"
    )
    assert "；公用经费11.45万元，主要包括：办公费、" in usual["p3.s6.text"]
    assert usual["p3.s6.text"].endswith("。")


# -- the performance form ------------------------------------------------------------------------------------------


def test_goals_stand_as_bands_over_the_whole_width() -> None:
    blocks = composed()
    grid = blocks["perf.overall_performance.grid"]
    assert isinstance(grid, Grid)
    bands = [row for row in grid.rows if len(row) == 1]
    assert [row[0].text[:3] for row in bands] == [f"目标{n}" for n in range(1, 7)]
    assert {row[0].colspan for row in bands} == {len(grid.widths)}
    assert blocks["perf.overall_performance"].text == "汉阳区部门整体支出绩效自评表"
    notes = [id for id in blocks if id.startswith("perf.overall_performance.note")]
    assert len(notes) == 6


def test_the_form_is_printed_across_the_page_with_its_heading() -> None:
    disclosure, _ = compose(EDITION, book(), draft=True)
    (section,) = (s for s in disclosure.sections if any(b.id == "perf.overall_performance" for b in s.blocks))
    assert section.landscape
    assert section.blocks[0].id == "part6"
