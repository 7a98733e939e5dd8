"""Sentences of the budget in every branch: more, less, the same, nothing, no last year, and money of other kinds."""

from __future__ import annotations

from typing import Any

import pytest
from book_builder import make_book, merge
from test_budget_rules import BASE, EDITION

from generator.model.blocks import Contents, Grid, Paragraph
from generator.narrative.compose import compose

NOTHING: dict[str, Any] = {
    form.id: {} for form in EDITION.forms if not form.repeat and form.id not in ("unit", "wording")
}


def paragraphs(changes: dict[str, Any] | None = None, base: dict[str, Any] = BASE) -> dict[str, str]:
    book = make_book(EDITION, merge(base, changes or {}), sums=True)
    disclosure, _ = compose(EDITION, book, draft=True)
    return {
        block.id: block.text
        for section in disclosure.sections
        for block in section.blocks
        if isinstance(block, Paragraph)
    }


def empty() -> dict[str, Any]:
    """A unit with no money at all, publishing for the first time."""
    return {**NOTHING, "unit": {**BASE["unit"], "first_time": "是"}, "wording": {}, "project_performance": []}


def test_more_than_last_year() -> None:
    said = paragraphs()
    assert said["p3.s2.text"] == (
        "一般公共预算财政拨款支出预算843.51万元，其中：当年预算833.51万元，比2020年预算增加33.51万元，增长4.19%；上年结转10万元。"
    )
    assert said["p3.s3.total"] == (
        "一般公共预算基本支出638.11万元，比2020年预算增加18.11万元，增长2.92%，主要原因：人员经费标准调整。其中："
    )


def test_less_than_last_year() -> None:
    said = paragraphs({"changes": {"totals": {"last": 1100}}})
    assert said["p3.s7.text"] == (
        "全年预算安排收入1013.51万元，比2020年预算减少86.49万元，下降7.86%；支出1013.51万元。全年预算收支平衡。"
    )
    assert said["p3.s4.total"] == (
        "一般公共预算财政拨款安排“三公”经费预算10.5万元，比2020年预算减少0.5万元，下降4.55%，主要原因：压减公务接待。其中："
    )
    assert said["p3.s4.reception"] == "3.公务接待费预算2.5万元，比2020年预算减少0.5万元，下降16.67%。"


def test_the_same_as_last_year() -> None:
    assert paragraphs()["p3.s4.running"] == "(2)公务用车运行维护费8万元，与2020年预算持平。"
    published = paragraphs({"wording": {"unchanged": "写增加0万元"}})
    assert published["p3.s4.running"] == "(2)公务用车运行维护费8万元，比2020年预算增加0万元。"
    assert published["p3.s4.abroad"] == "1.因公出国(境)经费预算0万元，比2020年预算增加0万元。"


def test_nothing_last_year_has_no_rate_and_nothing_this_year_falls_by_all() -> None:
    said = paragraphs(
        {
            "three_public": {"all": {"budget_reception": 0, "budget_purchase": 18}},
            "changes": {"purchase": {"last": 0}, "vehicle": {"last": 8}},
        }
    )
    assert said["p3.s4.purchase"] == "(1)公务用车购置费18万元，比2020年预算增加18万元。"
    assert said["p3.s4.reception"] == "3.公务接待费预算0万元，比2020年预算减少3万元，下降100%。"


def test_no_comparison_without_last_year() -> None:
    said = paragraphs({"unit": {"first_time": "是"}})
    assert not [text for key, text in said.items() if key.startswith("p3") and "2020年预算" in text]
    assert said["p3.s2.text"].endswith("当年预算833.51万元；上年结转10万元。")
    blank = paragraphs({"changes": {"basic": {"last": None, "reason": None}}})
    assert blank["p3.s3.total"] == "一般公共预算基本支出638.11万元。其中："


def test_a_missing_reason_leaves_no_stump() -> None:
    assert paragraphs({"changes": {"basic": {"reason": None}}})["p3.s3.total"].endswith("增长2.92%。其中：")


def test_funds_and_other_money() -> None:
    said = paragraphs()
    assert said["p3.s1.text"] == (
        "一般公共预算财政拨款收入833.51万元，上年结转10万元，支出843.51万元；"
        "政府性基金预算财政拨款收入150万元，支出150万元，预算收支平衡。"
    )
    assert said["p3.s5.text"] == (
        "江城市临湖区综合事务中心2021年政府性基金预算安排的支出150万元。其中：基本支出0万元，项目支出150万元。"
        "按照支出功能分类科目，主要用于：城乡社区支出150万元。"
    )
    assert said["p3.s6.text"] == "江城市临湖区综合事务中心2021年无国有资本经营预算安排的支出。"
    assert said["p3.s8.text"] == (
        "部门预算收入1013.51万元。其中：一般公共预算财政拨款收入833.51万元，政府性基金预算财政拨款收入150万元，"
        "其他收入20万元，上年结转10万元。"
    )


def test_money_left_for_next_year() -> None:
    said = paragraphs(
        {
            "totals": {"closing": {"amount": 6}, "opening": {"amount": 16}},
            "fiscal": {"closing": {"gpb": 6}, "opening_gpb": {"amount": 16}},
        }
    )
    assert said["p3.s1.text"].startswith(
        "一般公共预算财政拨款收入833.51万元，上年结转16万元，支出843.51万元，结转下年6万元；"
    )
    assert said["p3.s7.text"].endswith("支出1013.51万元，结转下年6万元。全年预算收支平衡。")


def test_basic_spending_by_what_the_table_holds() -> None:
    said = paragraphs()
    assert said["p3.s3.personnel.301"] == (
        "(1)工资福利支出537.75万元，主要用于基本工资、津贴补贴、机关事业单位基本养老保险缴费、职工基本医疗保险缴费、住房公积金。"
    )
    assert said["p3.s3.public"] == (
        "2.公用经费90万元，包括商品和服务支出、资本性支出，"
        "支出明细科目有办公费、公务接待费、公务用车运行维护费、办公设备购置。"
    )
    own = paragraphs({"changes": {"public_for": "主要用于保障日常办公。", "public_items": "办公费等"}})
    assert own["p3.s3.public"].endswith("，主要用于保障日常办公，支出明细科目有办公费等。")


def test_state_assets_are_of_last_years_end() -> None:
    assert paragraphs()["p3.s10.assets"] == (
        "截至2020年12月31日，部门共有车辆3辆。其中：一般公务用车2辆，执法执勤用车1辆。（除车辆外的国有资产情况待决算后另行公开）"
    )


def test_nothing_at_all() -> None:
    said = paragraphs(base=empty())
    wanted = {
        "p3.s1.text": "一般公共预算财政拨款收入0万元，支出0万元，预算收支平衡。",
        "p3.s2.text": "一般公共预算财政拨款支出预算0万元，其中：当年预算0万元；上年结转0万元。",
        "p3.s3.total": "一般公共预算基本支出0万元。",
        "p3.s8.text": "部门预算收入0万元。",
        "p3.s9.text": "部门预算支出0万元。",
        "p3.s10.procurement": "2021年部门预算中纳入政府采购预算支出合计0万元。",
        "p3.s10.services": "2021年部门预算中纳入政府购买服务预算支出合计0万元。",
        "p3.s10.assets": "截至2020年12月31日，部门共有车辆0辆。（除车辆外的国有资产情况待决算后另行公开）",
        "p3.s10.targets": "2021年，部门预算支出全部纳入绩效管理。设置了部门整体支出绩效目标。",
        "p4.none": "本部门无财政专项支出。",
    }
    assert {key: said[key] for key in wanted} == wanted
    assert not [text for text in said.values() if "，。" in text or "：。" in text or "；。" in text or "。。" in text]


@pytest.mark.parametrize("level", ["省级", "市级", "区级", "县级"])
def test_level_words_follow_the_unit(level: str) -> None:
    said = paragraphs({"unit": {"level": level}})
    assert f"指{level}财政一般公共预算当年拨付的资金" in said["p5.general"]
    assert f"是指{level[:-1]}直部门用一般公共预算财政拨款安排的" in said["p5.three_public"]


def test_a_unit_budget_says_unit() -> None:
    said = paragraphs({"unit": {"scope": "单位预算"}})
    assert said["part2"] == "第二部分 2021年单位预算表"
    assert said["p3.s9.text"].startswith("单位预算支出")
    assert said["t.income"] == "2021年单位收入总表（表8）"


def test_special_spending_and_its_list() -> None:
    filled = {
        "texts": {
            "special": [{"text": "安排专项两项。"}],
            "special_items": [{"name": "道路专项", "amount": 30, "note": "修路"}],
        }
    }
    book = make_book(EDITION, merge(BASE, filled), sums=True)
    disclosure, _ = compose(EDITION, book)
    blocks = [block for section in disclosure.sections for block in section.blocks]
    grid = next(block for block in blocks if isinstance(block, Grid) and block.id == "p4.items")
    assert [[cell.text for cell in row] for row in grid.rows] == [
        ["序号", "专项名称", "预算数", "主要用途"],
        ["1", "道路专项", "30.00", "修路"],
    ]
    assert "p4.none" not in {block.id for block in blocks}
    contents = next(block for block in blocks if isinstance(block, Contents))
    assert len(contents.entries) == 27
