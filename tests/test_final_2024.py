"""The 2024 form on an invented department: its own rules (cases/<edition>), and its sentences in every branch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from book_builder import make_book, merge, sample_content
from test_checks import OUTCOMES, _tells

from generator import editions
from generator.checks.run import evaluate, run
from generator.model.blocks import Grid, Paragraph
from generator.model.book import Book
from generator.model.finding import Severity
from generator.narrative.compose import compose

EDITION = editions.load("wuhan-final-2024")
FOLDER = Path(__file__).parent / "cases" / EDITION.id
BASE: dict[str, Any] = {
    **sample_content(),
    **yaml.safe_load((FOLDER / "book.yaml").read_text(encoding="utf-8"))["base"],
}
CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load((FOLDER / "rules.yaml").read_text(encoding="utf-8"))


def book(changes: dict[str, Any] | None = None) -> Book:
    return make_book(EDITION, merge(BASE, changes or {}), sums=True)


# -- rules ---------------------------------------------------------------------------------------------------------


def test_the_invented_department_keeps_every_rule() -> None:
    assert [f"{f.rule} {f.message}" for f in run(EDITION, book()) if f.severity is not Severity.INFO] == []


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, case, id=f"{rule} {next(iter(case.values()))}") for rule in CASES for case in CASES[rule]],
)
def test_case(rule: str, case: dict[str, Any]) -> None:
    kind = next(iter(case))
    given = book(case.get("changes"))
    findings = run(EDITION, given)
    assert OUTCOMES[kind] in {result.outcome for result in evaluate(EDITION, given) if result.rule.id == rule}
    if kind == "holds":
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


# -- sentences -----------------------------------------------------------------------------------------------------


def paragraphs(changes: dict[str, Any] | None = None) -> dict[str, str]:
    disclosure, _ = compose(EDITION, book(changes), draft=True)
    blocks = (block for section in disclosure.sections for block in section.blocks)
    return {block.id: block.text for block in blocks if isinstance(block, Paragraph)}


@pytest.fixture(scope="module")
def usual() -> dict[str, str]:
    return paragraphs()


def test_units_and_sections(usual: dict[str, str]) -> None:
    assert usual["p1.units.text"] == (
        "从单位构成看，江城市临湖区综合事务中心部门决算由实行独立核算的江城市临湖区综合事务中心本级决算"
        "和1个下属单位决算组成。其中："
    )
    assert usual["p1.units.sections"] == "内设3个科室，包括办公室、业务科、档案科。"
    said = paragraphs({"unit": {"sections": None, "section_list": []}})
    assert said["p1.units.text"].endswith("组成。")
    assert "p1.units.sections" not in said


def test_income_and_expenditure_against_last_year(usual: dict[str, str]) -> None:
    assert usual["p3.s2.text"] == (
        "2024年度收入合计980.4万元，与2023年度相比，收入合计减少69.6万元，下降6.6%，主要原因是财政拨款压缩。"
        "其中：财政拨款收入980.4万元，占本年收入100%。"
    )
    same = paragraphs({"changes": {"income": {"last": 980.40, "reason": None}}})
    assert same["p3.s2.text"].startswith("2024年度收入合计980.4万元，与2023年度相比，收入合计持平。其中：")
    more = paragraphs({"changes": {"expenditure": {"last": 0, "reason": "新设科室"}}})
    assert more["p3.s3.text"].startswith(
        "2024年度支出合计980.4万元，与2023年度相比，支出合计增加980.4万元，主要原因是新设科室。其中："
    )


def test_three_kinds_of_fiscal_income(usual: dict[str, str]) -> None:
    assert usual["p3.s4.funds"] == (
        "2024年度财政拨款收入中，一般公共预算财政拨款收入980.4万元，比2023年度决算数减少59.6万元。"
        "减少主要原因是压减一般性项目。"
        "政府性基金预算财政拨款收入0万元，与2023年度决算数相比无增减变化。"
        "国有资本经营预算财政拨款收入0万元，与2023年度决算数相比无增减变化。"
    )
    without = paragraphs({"changes": {"fiscal_gpb": {"reason": None}}})
    assert "减少59.6万元。政府性基金预算" in without["p3.s4.funds"]


def test_first_publication_compares_nothing() -> None:
    said = paragraphs({"unit": {"first_time": "是"}})
    assert said["p3.s1.text"] == "2024年度收、支总计980.4万元。"
    assert said["p3.s2.text"].startswith("2024年度收入合计980.4万元。其中：财政拨款收入")
    assert said["p3.s4.funds"] == (
        "2024年度财政拨款收入中，一般公共预算财政拨款收入980.4万元；政府性基金预算财政拨款收入0万元；"
        "国有资本经营预算财政拨款收入0万元。"
    )
    assert said["p3.s9.total"] == (
        "2024年度“三公”经费财政拨款支出全年预算为10.5万元，支出决算为9.3万元。"
        "决算数小于全年预算数的主要原因：严格控制接待支出。"
    )
    assert not any("上年" in text for id, text in said.items() if id.startswith("p3"))


def test_structure_names_what_the_class_is_used_for(usual: dict[str, str]) -> None:
    assert usual["p3.s5.structure.208"] == (
        "2.社会保障和就业支出类支出69.3万元，占7.1%。"
        "主要是用于机关事业单位基本养老保险缴费支出和机关事业单位职业年金缴费支出。"
    )
    assert usual["p3.s5.structure.201"].endswith("主要是用于行政运行、一般行政管理事务、事业运行。")


def test_a_department_with_subordinates_does_not_call_their_running_costs_its_own(usual: dict[str, str]) -> None:
    assert "本级机关运行经费" not in usual["p3.s10.text"]


def test_a_unit_account_says_unit_in_the_evaluation_too() -> None:
    said = paragraphs({"unit": {"scope": "单位决算"}})
    assert "从评价情况来看，单位整体支出980.4万元" in said["p3.s13.overall"]
    assert not [text for id, text in said.items() if id.startswith("p3.s13") and "，部门整体支出" in text]


def test_projects_of_other_funds_need_not_stand_under_the_general_budget() -> None:
    """只有一般公共预算的项目支出在正文逐项列出：基金安排的项目支出不在项目清单中，不是错误。"""
    fund = {"expenditure": {"all": {"project": 265.40, "total": 1030.40}}}
    assert "N21" not in {f.rule for f in run(EDITION, book(fund)) if f.severity is Severity.ERROR}


def test_projects_and_items(usual: dict[str, str]) -> None:
    assert usual["p3.s5.detail"].endswith("基本支出765万元，项目支出215.4万元。项目支出主要用于：")
    listed = [text for id, text in usual.items() if id.startswith("p3.s5.project.")]
    assert listed == [
        "政务服务大厅运行项目135.4万元，主要成效：全年办件平稳有序。",
        "档案数字化项目80万元，主要成效：完成馆藏档案扫描。",
    ]
    assert usual["p3.s5.class.201"] == "1.一般公共服务支出具体包括："
    assert usual["p3.s5.item.2010302"] == (
        "（2）一般公共服务支出（类）政府办公厅（室）及相关机构事务（款）一般行政管理事务（项）。年初预算为180万元，"
        "支出决算为215.4万元，完成年初预算的119.7%，支出决算数大于年初预算数的主要原因是年中追加专项业务经费。"
    )
    assert usual["p3.s5.item.2010350"].endswith("支出决算为88.15万元，完成年初预算的102.5%。")
    none = paragraphs({"initial_budget": {"2010302": {"initial": 0}}})
    assert none["p3.s5.item.2010302"].endswith(
        "（项）。年初无预算，支出决算为215.4万元，主要原因是年中追加专项业务经费。"
    )
    unspent = paragraphs({"initial_budget": {"2210203": {"name": "购房补贴", "initial": 5, "reason": "没有人员申请"}}})
    assert unspent["p3.s5.item.2210203"].endswith(
        "购房补贴（项）。年初预算为5万元，支出决算为0万元，完成年初预算的0%，"
        "支出决算数小于年初预算数的主要原因是没有人员申请。"
    )


def test_three_public(usual: dict[str, str]) -> None:
    assert usual["p3.s9.total"] == (
        "2024年度“三公”经费财政拨款支出全年预算为10.5万元，支出决算为9.3万元，较上年增加0.3万元。"
        "决算数小于全年预算数的主要原因：严格控制接待支出。"
    )
    assert usual["p3.s9.abroad"] == ("1.因公出国(境)费全年预算为0万元，支出决算为0万元，较上年无增减。")
    assert usual["p3.s9.vehicle"] == (
        "2.公务用车购置及运行费全年预算为8万元，支出决算为7.5万元，较上年增加0.7万元。"
        "决算数小于全年预算数的主要原因：集中维修降低了单价。决算数较上年增加的主要原因：车辆维修次数增加。"
    )
    assert usual["p3.s9.reception"] == (
        "3.公务接待费全年预算为2.5万元，支出决算为1.8万元，较上年减少0.4万元。"
        "决算数小于全年预算数的主要原因是接待批次少于计划。决算数较上年减少的主要原因：接待批次减少。其中："
    )
    assert usual["p3.s9.reception.domestic"] == (
        "国内公务接待支出1.8万元。2024年共接待国内来访团组12个，96人次(不包括陪同人员)。"
    )


def test_unchanged_three_public_is_said_once() -> None:
    """“较上年无增减” is followed by “决算数较上年无变化” only as the form has it: behind the reason of the budget."""
    bare = paragraphs({})["p3.s9.abroad"]
    assert (bare.count("无增减"), bare.count("无变化")) == (1, 0)
    reason = paragraphs({"changes": {"tp_abroad": {"reason": "本年没有出国任务"}}})["p3.s9.abroad"]
    assert reason.endswith("较上年无增减。决算数与全年预算数持平的主要原因：本年没有出国任务。决算数较上年无变化。")


@pytest.mark.parametrize(("final", "said"), [(0, True), (1.80, False)])
def test_statement_below_three_public_looks_at_what_was_spent(final: float, said: bool) -> None:
    found = paragraphs({"three_public": {"all": {"final_running": 0, "final_reception": final}}})
    wording = "本部门2024年度无财政拨款“三公”经费支出。"
    assert (found.get("t.three_public.statement") == wording) is said


def test_funds(usual: dict[str, str]) -> None:
    assert usual["p3.s7.text"] == "本单位当年无政府性基金预算财政拨款收入支出。"
    assert usual["p3.s8.text"] == "本单位当年无国有资本经营预算财政拨款支出。"
    said = paragraphs({"fund": {"2120899": {"income": 20, "project": 20}}})
    assert said["p3.s7.text"] == (
        "2024年度政府性基金预算财政拨款年初结转和结余0万元，本年收入20万元，本年支出20万元，年末结转和结余0万元。"
    )


def test_procurement_by_kind(usual: dict[str, str]) -> None:
    assert usual["p3.s11.text"].endswith(
        "授予中小企业合同金额120万元，占政府采购支出总额的74.5%，其中：授予小微企业合同金额75万元，"
        "占授予中小企业合同金额的62.5%；货物采购授予中小企业合同金额占货物支出金额的70.4%，"
        "工程采购授予中小企业合同金额占工程支出金额的0%，服务采购授予中小企业合同金额占服务支出金额的76%。"
    )
    nothing = paragraphs({"other": {key: {"value": 0} for key in ("goods", "services", "sme_goods", "sme_services")}})
    assert nothing["p3.s11.text"] == "2024年度江城市临湖区综合事务中心政府采购支出总额0万元。"


def test_operating_and_assets(usual: dict[str, str]) -> None:
    assert usual["p3.s10.text"] == (
        "2024年度江城市临湖区综合事务中心机关运行经费支出135万元，比2023年度增加3.8万元，增长2.9%，"
        "主要原因是物业服务范围扩大。"
    )
    nothing = {"operating": {"this": 0, "last": None, "reason": None}}
    alone = paragraphs({"changes": nothing, "unit": {"sub_canogong": 0, "sub_full": 0, "sub_total": 0}})
    assert alone["p3.s10.text"] == "2024年度江城市临湖区综合事务中心本级机关运行经费支出0万元。"
    assert usual["p3.s12.text"].endswith(
        "离退休干部服务用车0辆、其他用车1辆，其他用车主要是日常公务用车，单位价值100万元以上设备1台（套）。"
    )


def test_evaluation(usual: dict[str, str]) -> None:
    assert usual["p3.s13.overall"] == (
        "我部门(单位)组织对1个部门(单位)开展整体支出绩效自评，资金980.4万元，从评价情况来看，部门整体支出980.4万元，"
        "其中基本支出765万元，占本年支出78%；项目支出215.4万元，占本年支出22%。整体支出管理规范，履职目标完成较好。"
    )
    said = [text for id, text in usual.items() if id.startswith("p3.s13.project.") and "档案" in text]
    assert said[0].endswith("发现的问题及原因：无。下一步改进措施：无。")
    bare = paragraphs({"overall_performance": {}, "project_performance": []} | {"answers": {}})
    assert "p3.s13.overall.form" in bare  # laid over, the base's forms stay
    alone = make_book(EDITION, {**BASE, "overall_performance": {}, "project_performance": []}, sums=True)
    blocks = [block.id for section in compose(EDITION, alone, draft=True)[0].sections for block in section.blocks]
    assert not {"p3.s13.overall.form", "p3.s13.project.forms", "perf.overall_performance"} & set(blocks)


def test_performance_forms_by_goal() -> None:
    sections = compose(EDITION, book())[0].sections
    blocks = {block.id: block for section in sections for block in section.blocks}
    headings = [block.text for id, block in blocks.items() if id.endswith(".heading") and isinstance(block, Paragraph)]
    assert headings == [
        "一、2024年度江城市临湖区综合事务中心整体绩效自评表",
        "二、2024年度政务服务大厅运行项目绩效自评表",
        "三、2024年度档案数字化项目绩效自评表",
    ]
    overall, project = blocks["perf.overall_performance.grid"], blocks["perf.project_performance.1.grid"]
    assert isinstance(overall, Grid)
    assert isinstance(project, Grid)
    texts = [[cell.text for cell in row] for row in overall.rows]
    assert ["年度绩效目标1", "政务服务平稳运行"] in texts
    assert ["年度绩效目标2", "档案全部扫描"] in texts
    assert sum("一级指标" in row for row in texts) == 2
    texts = [[cell.text for cell in row] for row in project.rows]
    assert [row[0] for row in texts if row[0].startswith("年度绩效目标")] == ["年度绩效目标1", "年度绩效目标2"]
    assert sum("一级指标" in row for row in texts) == 1
    width = len(overall.widths)
    assert all(sum(cell.colspan for cell in row) <= width for row in (*overall.rows, *project.rows))


def test_a_project_named_so_is_not_called_so_twice() -> None:
    forms = [{**BASE["project_performance"][0], "project_name": "街道服务站建设项目"}]
    said = paragraphs({"project_performance": forms})
    assert said["perf.project_performance.1.heading"] == "二、2024年度街道服务站建设项目绩效自评表"
    assert said["perf.project_performance.1"] == "2024年度街道服务站建设项目自评表"


def test_glossary_follows_the_level(usual: dict[str, str]) -> None:
    assert usual["p5.three_public"].startswith("（十六）“三公”经费：纳入区级财政预决算管理的“三公”经费，是指区直部门用")
    assert usual["p5.operating"].startswith("（十七）机关运行经费")
    assert usual["p6.phone"] == "单位咨询电话：000-00000000"


def test_the_cover_never_breaks_a_line_within_the_words_of_the_kind_of_account(usual: dict[str, str]) -> None:
    assert usual["cover.title.1"] == "2024年度江城市临湖区综合事务中心"
    assert usual["cover.title.2"] == "部门决算"


def test_projects_of_other_funds_are_not_listed_under_the_general_budget() -> None:
    first = {"name": "政务服务大厅运行", "amount": "135.40"}
    both = [first, {"name": "城区绿化", "fund": "政府性基金预算", "amount": "50.00", "output": "一是绿化三公顷"}]
    said = paragraphs({"projects": {"projects": both}})
    listed = [text for id, text in said.items() if id.startswith("p3.s5.project.")]
    assert listed == ["政务服务大厅运行项目135.4万元。"]
    assert any("城区绿化项目绩效自评综述" in text for text in said.values())  # section 13 lists all of them
    none = paragraphs({"projects": {"projects": both[1:]}})
    assert "项目支出主要用于" not in none["p3.s5.detail"]
