"""What the text checks must leave alone, and numbers and targets as people type them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from book_builder import sample_book

from generator import editions
from generator.checks import typed
from generator.checks.coded_indicators import unmet
from generator.checks.run import run
from generator.model.book import RowData
from generator.model.cell import Cell, CellKind, CellRef
from generator.model.finding import Severity
from generator.model.quotes import nested

EDITION = editions.load("wuhan-final-2021")
REF = CellRef("表", 1, 1)

SOUND = [
    "按规定完成2019年启动、2021年验收的平台建设，资金使用合规。",
    "与市级平台对接，争取市级财政补助资金，落实市级专项。",
    "一是完善制度；二是加强监督；三是落实责任。",
    "采购规格为30×40厘米的设备，XML接口调试完成。",
    "服务热线12345全年受理9.6万件，办结率99.5%。",
    "与2020年度相比，办件量增长5.2%，投诉下降10%。",
    "“十四五”规划编制完成，《管理办法》印发实施。",
    "全年召开会议131场，时长238.5小时，许多许多群众受益。",
    "统一社会信用代码等信息按规定公开，编号20210630001234。",
    "负责人员管理、经费管理和审核监督工作。",
    "省、市、区三级联动，区直部门全部接入。",
    "上年支出1,050.00万元，本年压减一般性支出。",
    "完成2020年度部门决算编制和公开工作。",
    "项目负责人：由分管局长担任，按季度检查。",
    "未完成的主要原因是，项目启动较晚。",
    "2020年为120.5万元，2020年以前形成的资产已登记。",
    "“十四五”期间，2021年至2025年规划编制完成，2016-2020年规划已评估。",
    "按照《武汉市2019年工作方案》和财预〔2019〕5号、鄂政办发[2018]12号文件执行。",
    "自2015年起承担该职能，中心成立于2015年，2017年3月批准增挂牌子。",
    "根据2018年机构改革方案划入的职能。",
    "荣获2020年度先进单位称号，较2019年同期增长。",
    "2020年结转项目已完成，合同于2020年5月12日签订。",
    "2022年3月组织自评，结果作为2022年预算安排的依据，下一步2022年将扩大覆盖面。",
    "项目建设期至2023年。",
    "2020年立项，2021年验收。",
]
STALE = [
    "2020年度完成政务云扩容。",
    "2020年度自评得分95分。",
    "2018年",
    "2019年归集数据目录374项。",
    "二〇二〇年，归集数据目录374项。",
    "２０２０年完成目录归集。",
    "2022年度整体支出绩效自评得分99分，其中预算执行率得20分。",
    "截至2020年12月31日，在职45人。",
    "2020年1月1日至2020年12月31日，办件9.6万件。",
    "2021年完成目录归集。2020年度自评得分95分。",
]


@pytest.mark.parametrize("text", SOUND)
def test_sound_texts_are_left_alone(text: str) -> None:
    book = sample_book(EDITION, {"evaluation": {"overall_result": text}, "texts": {"duties": [{"text": text}]}})
    assert [f.message for f in run(EDITION, book) if f.rule.startswith("N")] == []


@pytest.mark.parametrize("text", STALE)
def test_texts_of_another_year_are_told_wherever_they_stand(text: str) -> None:
    given = {
        "evaluation": {"overall_result": text},
        "texts": {"duties": [{"text": text}]},
        "projects": {"projects": [{"name": "平台运维", "effect": text}]},
        "key_work": {"prose": [{"text": text}]},
    }
    found = [f for f in run(EDITION, sample_book(EDITION, given)) if f.rule == "N11"]
    assert {ref.sheet for f in found for ref in f.cells} == {"绩效情况", "文字材料", "项目清单", "重点工作"}
    assert {f.severity for f in found} == {Severity.WARNING}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (False, "退休人员增加，人员经费相应减少"),
        (False, "上年新增设备较多"),
        (False, "公车改革后运行费用节约"),
        (False, "人员增加但项目压减"),
        (True, "人员调入，社保缴费基数上调"),
        (True, "上年受疫情影响，支出减少"),
        (True, "收入减少，以年初结转增加安排"),
    ],
)
def test_sound_reasons_are_left_alone(more: bool, reason: str) -> None:
    last = 970.00 if more else 1100.00
    book = sample_book(
        EDITION,
        {
            "changes": {
                "totals": {"last": 1200.00, "reason": "上年项目较多"},
                "fiscal": {"last": 1100.00, "reason": "上年项目集中"},
                "general": {"last": last, "reason": reason},
            }
        },
    )
    assert [f.message for f in run(EDITION, book) if f.rule == "Y4"] == []


def test_the_same_change_may_have_the_same_reason_everywhere() -> None:
    same = {"last": 1040.00, "reason": "压减一般性项目"}
    changes = {"totals": {**same, "last": 1050.00}, "fiscal": same, "general": same}
    assert [f.message for f in run(EDITION, sample_book(EDITION, {"changes": changes})) if f.rule == "Y4"] == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3,097.76万元", "3097.76"),
        ("９９分", "99"),
        ("19.58", "19.58"),
        ("-3", "-3"),
        ("优", None),
        ("", None),
        ("95以上", None),
    ],
)
def test_amounts_as_typed(text: str, value: str | None) -> None:
    found = typed.amount(Cell(REF, CellKind.TEXT if text else CellKind.BLANK, text=text))
    assert (found.value if found else None) == (Decimal(value) if value else None)


@pytest.mark.parametrize(("text", "value"), [("97.89%", "0.9789"), ("100", "1"), ("0.9789", "0.9789"), ("1", "1")])
def test_rates_as_typed(text: str, value: str) -> None:
    found = typed.share(Cell(REF, CellKind.TEXT, text=text))
    assert found is not None
    assert found.value == Decimal(value)


@pytest.mark.parametrize(
    ("target", "actual", "score", "missed"),
    [
        ("41处", "38处", "10", True),
        ("≥300场", "312场", "12", False),
        ("不少于10万件", "9万件", "12", True),
        ("≤5天", "7天", "12", True),
        ("低于1%", "0.4%", "12", False),
        ("95%以上", "97%", "12", False),
        ("按期完成", "未按期完成", "5", True),
        ("按期完成", "按期完成", "0", True),
        ("至少接入2个部门", "接入7个部门", "5", False),
        ("2万路", "21518路", "5", False),
        ("100%", "全年稳定运行", "5", False),
    ],
)
def test_targets_missed(target: str, actual: str, score: str, missed: bool) -> None:
    texts = {"target": target, "actual": actual, "score": score}
    row = RowData("1", {key: Cell(REF, CellKind.TEXT, text=text) for key, text in texts.items()})
    assert unmet(row) is missed


def test_an_answered_warning_keeps_its_place_and_says_why() -> None:
    changes = {"changes": {"totals": {"reason": None}}, "answers": {"answers": [{"rule": "y4", "reason": "已核实"}]}}
    findings = run(EDITION, sample_book(EDITION, changes))
    answered = [f for f in findings if f.answer]
    assert [f.rule for f in answered] == ["Y4"]
    assert answered[0].answer == "已核实"
    assert answered[0].severity is Severity.WARNING


def test_an_error_cannot_be_answered() -> None:
    changes = {
        "three_public": {"all": {"final_total": 12}},
        "answers": {"answers": [{"rule": "W6", "reason": "已核实"}]},
    }
    findings = run(EDITION, sample_book(EDITION, changes))
    assert [f.answer for f in findings if f.severity is Severity.ERROR] == [""]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("没有填写““三公”经费合计”的上年数", "没有填写“‘三公’经费合计”的上年数"),
        ("“公开表“三公””没有", "“公开表‘三公’”没有"),
        ("“财政拨款“三公”经费表”和“总表”", "“财政拨款“三公”经费表”和“总表”"),
        ("“甲”“乙”", "“甲”“乙”"),
    ],
)
def test_a_quoted_name_that_begins_with_a_quotation_is_set_as_chinese_does(text: str, told: str) -> None:
    assert nested(text) == told


WRONG_YEAR = {
    "year": 2020,
    "cover_date": "2022年9月20日",
}
TEXT = {"report": [{"text": "2021年度整体支出绩效自评得分95分，其中预算执行率9分。"}]}


def _year_findings(changes: dict[str, object]) -> list[str]:
    return [f.rule for f in run(EDITION, sample_book(EDITION, changes)) if f.rule in {"S10", "N7", "N11"}]


def test_a_wrong_year_is_said_once_and_not_date_by_date() -> None:
    assert _year_findings({"unit": WRONG_YEAR, "texts": TEXT}) == ["S10"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"unit": {"cover_date": "2023年9月20日"}}, {"N7"}),  # the other dates agree with the year
        ({"unit": {"year": 2020, "cover_date": "2021年9月20日"}, "texts": TEXT}, {"N7", "N11"}),  # one date does
        ({"texts": TEXT}, set()),
    ],
)
def test_a_date_or_a_text_alone_does_not_accuse_the_year(changes: dict[str, object], said: set[str]) -> None:
    assert set(_year_findings(changes)) == said
