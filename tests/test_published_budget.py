"""The published 2021 budget of 洪山区大数据中心, filled in as it stands and generated again.

Figures come from the sample and are held against the data file beside the project; prose is read from the published
text while the test runs: none of it is kept here. The published text lost its nine tables; they are not compared.
"""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from generator.editions import load
from tests.support import SHARED, content, docx_lines, docx_tables, fill, generate, module_at, raw_source

SEED = SHARED / "seeds" / "budget-2021-hongshan.txt"
DATA = SHARED / "data" / "budget-2021-hongshan.json"
FIDELITY = SHARED / "tools" / "fidelity.py"
EDITION, NAME = "wuhan-budget-2021", "hongshan-budget-2021"

pytestmark = pytest.mark.skipif(
    not (SEED.is_file() and DATA.is_file() and FIDELITY.is_file()),
    reason="公开文本不随项目分发：../shared 下没有 seeds、data 和 tools",
)

# Share of the published characters that must come back in the same order.
LEAST = {"一": 0.99, "二": 0.99, "三": 0.97, "四": 1.0, "五": 0.95}
# Prompts of the blank form that the published text still holds in part five, and a heading that it has twice.
LEFT_OVER = ("（各部门自行完善预算中使用的功能科目）", "参考《2021年政府收支分类科目》说明逐项解释。")
OVERALL, PROJECT = "部门整体支出绩效目标申报表", "项目资金绩效目标申报表"


# -- the published content as a source ---------------------------------------------------------------------------


def between(text: str, first: str, last: str) -> str:
    found = re.search(f"{first}(.*?){last}", text, re.S)
    assert found, first
    return found[1]


def plain_seed() -> str:
    lines = [line for line in SEED.read_text(encoding="utf-8").splitlines() if not re.fullmatch(r"\s*\d+\s*", line)]
    return re.sub(r"\s+", "", "".join(lines))


def numbered(text: str, pattern: str) -> list[str]:
    """``text`` cut before every number that ``pattern`` finds."""
    return [piece for piece in re.split(f"(?={pattern})", text) if piece]


def source(seed: str, forms: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """The sample with the prose as published."""
    made = copy.deepcopy(forms)
    _, overall, *projects = re.split(r"洪山区2021年(?:部门整体支出|项目资金)绩效目标申报表", seed)
    narrative = seed[seed.rindex("第三部分") :]
    made["wording"] = {"unchanged": "写增加0万元", "explained_level": "按类"}
    made["texts"]["duties"] = numbered(
        between(seed, "一、部门主要职能", "二、部门预算单位"), r"（[一二三四五六七八九十]+）"
    )
    made["changes"]["basic"]["reason"] = between(narrative, "主要原因：", "。其中")
    made["changes"] |= {
        "salaries_for": between(narrative, r"\(1\)工资福利支出[\d.]+万元，主要用于", "。"),
        "families_for": between(narrative, r"对个人和家庭的补助[\d.]+万元，主要用于", "。"),
        "public_for": between(narrative, "资本性支出，主要用于", "，支出明细"),
        "public_items": between(narrative, "支出明细科目有", "。"),
    }
    made["subjects"]["subjects"] = [
        {"code": code, "name": row["name"], "text": between(narrative, f"{row['alias']}:", "。")}
        for code, row in {
            "201": {"name": "一般公共服务支出", "alias": r"1\.一般公共服务支出"},
            "208": {"name": "社会保障和就业支出", "alias": r"2\.社会保障和就业支出"},
            "210": {"name": "卫生健康支出", "alias": r"3\.医疗卫生与计划生育支出"},
            "221": {"name": "住房保障支出", "alias": r"4\.住房保障支出"},
        }.items()
    ]
    long_goal = between(overall, "长期目标1:", "长期绩效指标")
    goal = between(overall, "年度目标1:", "年度绩效指标")
    made["overall_performance"] |= {
        "reporter": between(overall, "填报人", "联系电话"),
        "phone": between(overall, "联系电话", "部门总体"),
        "duties": between(overall, "部门职能概述", "年度工作任务"),
        "tasks": between(overall, "年度工作任务", "整体绩效目标"),
        "long_goals": long_goal,
        "goals": goal,
        "long_goal": long_goal,
        "goal": goal,
    }
    for form, text in zip(made["project_performance"], projects, strict=True):
        form |= {
            "manager": between(text, "项目负责人", "联系电话"),
            "phone": between(text, "联系电话", "考核级次"),
            "grounds": between(text, "项目申请理由", "项目主要内容"),
            "contents": between(text, "项目主要内容", "项目总预算"),
            "history": between(text, "当年预算变动情况", "项目资金来源"),
            "basis": between(text, "测算依据及说明", "项目绩效总目标"),
            "goal": between(text, "项目绩效总目标", "项目年度绩效指标"),
        }
    return made


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def document(data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    edition = load(EDITION)
    forms = source(plain_seed(), raw_source(NAME)[1], data)
    workbook = fill(edition, content(edition, forms), tmp_path_factory.mktemp("published") / "published.xlsx")
    made = generate(workbook)
    for finding in made.findings:
        print(finding.severity.value, finding.rule, [str(cell) for cell in finding.cells], finding.message)
    assert made.output is not None
    return made.output


@pytest.fixture(scope="module")
def fidelity() -> ModuleType:
    return module_at(FIDELITY)


@pytest.mark.parametrize("part", LEAST)
def test_share_of_the_published_characters(document: Path, fidelity: ModuleType, part: str) -> None:
    name = f"第{part}部分"
    published = fidelity.bare(fidelity.parts(SEED.read_text(encoding="utf-8"))[name])
    for words in LEFT_OVER:
        published = published.replace(fidelity.bare(words), "")
    generated = fidelity.parts(fidelity.docx_text(str(document)))[name]
    total, size, kept, missing, extra = fidelity.compare(published, generated)
    print(f"\n{name}: {kept / total:.4f} of {total} published characters; generated {size}")
    for title, pieces in (("missing", missing), ("extra", extra)):
        for length, before, piece in pieces:
            if length > 2:
                print(f"   {title} {length:>4}: …{before}⟦{piece}⟧")
    assert kept / total >= LEAST[part]


def test_every_published_cell_of_the_overall_form(document: Path, data: dict[str, Any]) -> None:
    form = data["performance"][OVERALL]
    grid = next(t for t in docx_tables(document) if t[0][0] == "单位名称")
    money = form["部门总体资金情况"]
    assert grid[3][5:] == money["columns"][2:]
    assert [row[2:] for row in grid[4:10]] == [row[1:] for row in money["rows"]]
    for title in ("长期绩效指标", "年度绩效指标"):
        start = next(n for n, row in enumerate(grid) if row[0] == title)
        rows = grid[start + 1 : start + 1 + len(form[title])]
        assert [[row[3], *row[5:]] for row in rows] == [row[2:] for row in form[title]]


@pytest.mark.parametrize("number", range(4))
def test_every_published_cell_of_a_project_form(document: Path, data: dict[str, Any], number: int) -> None:
    form = data["performance"][PROJECT][number]
    grid = [t for t in docx_tables(document) if t[0][0] == "项目名称"][number]
    cells = [[cell for n, cell in enumerate(row) if not n or cell != row[n - 1]] for row in grid]
    assert ["项目名称", form["项目名称"], "项目代码"] == cells[0][:3]
    assert ["项目总预算", form["项目总预算"], "项目当年预算", form["项目当年预算"]] in cells
    for label, amount in (("合计", form["项目支出明细合计"]), ("1.一般公共预算财政拨款收入", form["项目当年预算"])):
        assert any(row[-2:] == [label, amount] for row in cells), label
    listed = [[f"{n}.{row['name']}", row["amount"]] for n, row in enumerate(form["项目支出明细预算"], 1)]
    assert [row for row in (cells_[-2:] for cells_ in cells) if row in listed] == listed
    for wanted in form["indicators"]:
        assert any(row[-3:] == [wanted[k] for k in ("指标名称", "指标值", "备注")] for row in grid), wanted


def test_figures_of_the_narrative(document: Path, data: dict[str, Any]) -> None:
    """Every number that the published narrative gives stands in ours in the same sentence."""
    text = re.sub(r"\s", "", "".join(docx_lines(document)))
    lost = []
    for name, fact in data["facts"].items():
        for value in fact["values"].values():
            if value["raw"] not in text:
                lost.append((name, value["raw"]))
    assert not lost


def test_no_name_or_phone_in_the_sample() -> None:
    forms = yaml.safe_dump(raw_source(NAME)[1], allow_unicode=True)
    assert not re.search(r"1\d{10}|\d{3,4}-\d{7,8}", forms)
