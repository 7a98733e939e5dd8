"""The published 2021 disclosure of 武昌区大数据中心, filled in as it stands and generated again.

Figures come from the data file beside the project, prose is read from the published text while the test runs: none
of it is kept here. Differences of more than two characters are printed with ``-s``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from generator.editions import load
from generator.model.form import Block, Form, Kind
from tests.support import SHARED, content, docx_lines, docx_tables, fill, generate, module_at

SEED = SHARED / "seeds" / "final-2021-wuchang.txt"
DATA = SHARED / "data" / "final-2021-wuchang.json"
FIDELITY = SHARED / "tools" / "fidelity.py"

pytestmark = pytest.mark.skipif(
    not (SEED.is_file() and DATA.is_file() and FIDELITY.is_file()),
    reason="公开文本不随项目分发：../shared 下没有 seeds、data 和 tools",
)

# Share of the published characters that must come back in the same order. In parts three and five the published text
# holds unfilled prompts, blank items and sentences about nothing that ours must not repeat.
LEAST = {"一": 0.99, "二": 0.99, "三": 0.92, "四": 0.99, "五": 0.85, "六": 0.99}
EDITION = "wuhan-final-2021"
FORMS = ("totals", "income", "expenditure", "fiscal", "general", "basic", "three_public", "fund", "capital")


# -- the published content as a source ---------------------------------------------------------------------------


class Seed:
    """The published text; white space inside a line comes from the PDF and goes."""

    def __init__(self, text: str) -> None:
        body = text[text.rindex("第一部分") :]
        self.lines = [re.sub(r"\s+", "", line) for line in body.splitlines() if line.strip()]
        self.tabs = [line.split("\t") for line in body.splitlines() if line.strip()]

    def between(self, first: str, last: str) -> list[str]:
        """Lines after the one that begins with ``first``, up to the one that begins with ``last``."""
        start = next(i for i, line in enumerate(self.lines) if line.startswith(first))
        end = next(i for i, line in enumerate(self.lines) if i > start and line.startswith(last))
        return self.lines[start + 1 : end]

    def find(self, pattern: str) -> str:
        found = re.search(pattern, "\n".join(self.lines))
        assert found, pattern
        return found[1]


def joined(lines: list[str]) -> list[str]:
    """Paragraphs that a page break cut in two are one again; headings stay by themselves."""
    made: list[str] = []
    for line in lines:
        open_end = (
            made and not re.search(r"[。！？：]$", made[-1]) and not re.match(r"[一二三四五六七八九十]+、|（", made[-1])
        )
        if open_end:
            made[-1] += line
        else:
            made.append(line)
    return made


def source(seed: Seed, data: dict[str, Any]) -> dict[str, Any]:
    """All that was published, form by form, as in inputs/sources."""
    facts = {name: {k: v["value"] for k, v in fact["values"].items()} for name, fact in data["facts"].items()}
    return {
        "unit": {
            "year": str(data["meta"]["year"]),
            "name": data["meta"]["unit"],
            "short_name": data["performance"]["整体绩效自评表"]["单位名称"],
            "level": "区级",
            "unit_type": "公益一类事业单位",
            "cover_date": data["meta"]["cover_date"],
            "phone": seed.find(r"公开咨询电话：(\S+)"),
            "staff_admin": facts["p1.人员"]["行政"],
            "staff_institution": facts["p1.人员"]["事业"],
            "staff_canogong": facts["p1.人员"]["参公"],
            "retired_lixiu": facts["p1.离退休"]["离休"],
            "retired_tuixiu": facts["p1.离退休"]["退休"],
        },
        "wording": {"self_name": "单位简称"},
        **dict(tables(data)),
        "changes": changes(seed, facts),
        "initial_budget": {"classes": list(initial_budget(seed, facts, data))},
        "other": {
            "goods": facts["3.十一"]["货物"],
            "works": facts["3.十一"]["工程"],
            "services": facts["3.十一"]["服务"],
            "sme": facts["3.十一"]["中小"],
            "micro": facts["3.十一"]["小微"],
        },
        "texts": {
            "duties": joined(seed.between("一、部门主要职能", "公开咨询电话")),
            "report": joined(
                seed.between(
                    "2021年度武汉市武昌区大数据中心绩效评价报告", "2021年度武汉市武昌区大数据中心整体绩效自评表"
                )
            ),
        },
        "key_work": {
            "prose": joined(seed.between("第四部分", "序号重要事项")),
            "items": list(key_work_items(seed)),
        },
        "evaluation": {
            "project_number": facts["3.十三(三)"]["项目数"],
            "project_amount": facts["3.十三(三)"]["资金"],
            "unit_number": facts["3.十三(二)"]["单位数"],
            "project_purpose": seed.find(r"项目支出主要用于(.+?)。?\n"),
            "project_result": seed.find(r"从绩效评价情况来看，(.+?)。?\n"),
            "overall_result": seed.find(r"从评价情况来看，(.+?)。?\n"),
            "application": seed.between("（四）绩效自评结果应用情况", "第四部分"),
        },
        "overall_performance": overall(data["performance"]["整体绩效自评表"]),
        "project_performance": [project(one) for one in data["performance"]["项目自评表"]],
    }


def changes(seed: Seed, facts: dict[str, dict[str, str]]) -> dict[str, Any]:
    def last(section: str, this: str) -> str:
        return str(Decimal(facts[section][this]) + Decimal(facts[section]["减少"]))

    return {
        "totals": {"last": last("3.一", "收支总计"), "reason": seed.find(r"收、支总计各.*主要原因是(.+?)。?\n")},
        "fiscal": {
            "last": last("3.四", "财政总计"),
            "reason": seed.find(r"财政拨款收、支总计各.*主要原因是(.+?)。?\n"),
        },
        "general": {
            "last": last("3.五(一)", "财政支出"),
            "reason": seed.find(r"财政拨款支出减少.*主要原因是(.+?)。?\n"),
        },
        "three_public": {
            "last": facts["3.七比上年"]["减少"],
            "reason": seed.find(r"比2020年度减少1.*主要原因是(.+?)。?\n"),
        },
        "reception": {"last": facts["3.七比上年"]["减少"]},
        "operating": {"this": facts["3.十"]["本年"], "last": facts["3.十"]["本年"]},
        "tp_total": {"initial": facts["3.七(二)"]["年初预算"]},
        "tp_abroad": {"initial": "0", "reason": seed.find(r"因公出国.*主要原因是(.+?)。?\n")},
        "tp_vehicle": {"initial": "0", "reason": seed.find(r"2\.公务用车购置及运行费.*主要原因是(.+?)。?\n")},
        "tp_reception": {
            "initial": facts["3.七(二)"]["年初预算"],
            "reason": seed.find(r"3\.公务接待费.*主要原因是(.+?)。?\n"),
        },
    }


def initial_budget(seed: Seed, facts: dict[str, dict[str, str]], data: dict[str, Any]) -> Iterator[dict[str, str]]:
    classes = [row for row in data["tables"][4]["rows"] if row["level"] == "类"]
    for number, row in enumerate(classes, 1):
        yield {
            "code": row["code"],
            "name": row["label"],
            "initial": facts[f"3.五(三){number}"]["年初预算"],
            "reason": seed.find(rf"\n{number}\.{row['label']}\(类\).*主要原因是(.+?)。?\n"),
        }


def key_work_items(seed: Seed) -> Iterator[dict[str, str]]:
    start = next(i for i, cells in enumerate(seed.tabs) if cells[0].startswith("序号"))
    for cells in seed.tabs[start + 1 :]:
        if len(cells) < 4:
            return
        yield {"matter": cells[1], "goal": cells[2], "result": cells[3]}


def overall(form: dict[str, Any]) -> dict[str, Any]:
    return {
        "report_date": form["填报日期"],
        "unit_name": form["单位名称"],
        "basic_total": form["基本支出总额"],
        "project_total": form["项目支出总额"],
        "budget": form["预算数A"],
        "executed": form["执行数B"],
        "rate": form["执行率"],
        "execution_score": form["执行得分"],
        "goal": form["年度目标"],
        "indicators": [
            [
                f"{row['一级指标']}({row['一级权重']}分)",
                *(row[k] for k in ("二级指标", "三级指标", "年初目标值", "实际完成值", "得分")),
            ]
            for row in form["indicators"]
        ],
        "total_score": form["总分"] + "分",
        "deviation": form["偏差原因"],
        "measures": form["改进措施"],
    }


def project(form: dict[str, Any]) -> dict[str, Any]:
    amounts = form["年度财政资金总额"]
    return {
        "report_date": form["填报日期"],
        "project_name": form["项目名称"],
        "department": form["主管部门"],
        "operator": form["项目实施单位"],
        "category": form["项目类别"]["selected"][0],
        "nature": form["项目属性"]["selected"][0],
        "type": form["项目类型"]["selected"][0],
        "budget": amounts["预算数A"],
        "executed": amounts["执行数B"],
        "rate": amounts["执行率"],
        "execution_score": amounts["得分"],
        "indicators": [
            [row[k] for k in ("一级指标", "二级指标", "三级指标", "年初目标值", "实际完成值", "得分")]
            for row in form["indicators"]
        ],
        "total_score": form["总分"],
        "deviation": form["偏差原因"],
        "measures": form["改进措施"],
    }


def tables(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The nine tables with every published amount, sums as well."""
    edition = load(EDITION)
    for form_id, table in zip(FORMS, data["tables"], strict=True):
        form = edition.form(form_id)
        if "flat" in table:
            yield form_id, flat(form, table)
        elif "left" in table["rows"][0]:
            yield form_id, two_sided(form, table)
        else:
            yield form_id, by_code(form.blocks[0], table)


def amounts(block: Block, values: list[str | None]) -> dict[str, str]:
    money = [column.key for column in block.columns if column.kind is Kind.MONEY]
    return {key: value for key, value in zip(money, values, strict=True) if value is not None}


def by_code(block: Block, table: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {block.rows[0].key: amounts(block, table["rows"][0]["values"])}
    if block.open:
        made[block.key] = [
            {"code": row["code"], "name": row["label"], **amounts(block, row["values"])} for row in table["rows"][1:]
        ]
    return made


def two_sided(form: Form, table: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for block, side in zip(form.blocks, ("left", "right"), strict=True):
        keys = {row.label: row.key for row in block.rows if not row.spacer}
        for row in table["rows"]:
            if row[side]["label"]:
                keyed = amounts(block, row[side]["values"])
                made[keys.pop(row[side]["label"])] = keyed
        assert not keys
    return made


def flat(form: Form, table: dict[str, Any]) -> dict[str, Any]:
    made = {row["code"]: {"amount": row["amount"]} for row in table["flat"] if row["amount"] is not None}
    ends = {row.label: row.key for block in form.blocks for row in block.rows if not row.code}
    return made | {ends[label]: {"amount": amount} for label, amount in table["totals"].items()}


# -- the published tables as Word should show them ---------------------------------------------------------------


def shown(amount: str | None) -> str:
    return f"{Decimal(amount):,.2f}" if amount is not None else ""


def head(table: dict[str, Any]) -> list[list[str]]:
    """The stacked head on its grid, covered places blank as in ``docx_tables`` (spans repeat their text)."""
    rows: list[list[str | None]] = [[None] * table["n_columns"] for _ in table["header"]]
    for top, cells in enumerate(table["header"]):
        left = 0
        for cell in cells:
            while rows[top][left] is not None:
                left += 1
            for down in range(cell["rs"]):
                for across in range(cell["cs"]):
                    rows[top + down][left + across] = cell["t"] if down == 0 else ""
    return [[cell or "" for cell in row] for row in rows]


def body(table: dict[str, Any], form: Form) -> list[list[str]]:
    if "flat" in table:
        return flat_body(table)
    if "left" not in table["rows"][0]:
        return [
            [*([row["code"] or row["label"], row["label"]] if "level" in row else []), *map(shown, row["values"])]
            for row in table["rows"]
        ]
    made = []
    for number, row in enumerate(table["rows"]):
        line: list[str] = []
        for block, side in zip(form.blocks, ("left", "right"), strict=True):
            line += [row[side]["label"] or "", str(block.first_line + number), *map(shown, row[side]["values"])]
        made.append(line)
    return made


def flat_body(table: dict[str, Any]) -> list[list[str]]:
    groups = sorted({row["group"] for row in table["flat"]}, key=lambda name: name[-2])
    depth = max(row["row"] for row in table["flat"])
    made = [[""] * (3 * len(groups)) for _ in range(depth)]
    for row in table["flat"]:
        at = 3 * groups.index(row["group"])
        made[row["row"] - 1][at : at + 3] = [row["code"] or "", row["name"] or "", shown(row["amount"])]
    (left, right) = table["totals"].items()
    return [*made, [left[0]] * 2 + [shown(left[1])] + [right[0]] * 5 + [shown(right[1])]]


# -- the tests ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def document(data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A draft, because the published figures contradict themselves here and there."""
    edition = load(EDITION)
    seed = Seed(SEED.read_text(encoding="utf-8"))
    folder = tmp_path_factory.mktemp("published")
    workbook = fill(edition, content(edition, source(seed, data)), folder / "published.xlsx")
    made = generate(workbook, draft=True)
    for finding in made.findings:
        print(finding.severity.value, finding.rule, [str(cell) for cell in finding.cells], finding.message)
    assert made.output is not None
    return made.output


@pytest.fixture(scope="module")
def fidelity() -> ModuleType:
    return module_at(FIDELITY)


@pytest.mark.parametrize("number", range(9), ids=FORMS)
def test_every_cell_of_the_official_tables(document: Path, data: dict[str, Any], number: int) -> None:
    table = data["tables"][number]
    expected = head(table) + body(table, load(EDITION).form(FORMS[number]))
    assert docx_tables(document)[number] == expected


@pytest.mark.parametrize("number", range(9), ids=FORMS)
def test_lines_around_the_official_tables(document: Path, data: dict[str, Any], number: int) -> None:
    table = data["tables"][number]
    lines = {re.sub(r"\s", "", line) for line in docx_lines(document)}
    expected = {table["title"], table["form_no"], *table["notes"], *table["statements"]}
    missing = {re.sub(r"\s", "", line) for line in expected} - lines
    assert not missing
    assert any(table["dept_line"] in line and table["unit_line"] in line for line in lines)


@pytest.mark.parametrize("part", LEAST)
def test_share_of_the_published_characters(document: Path, fidelity: ModuleType, part: str) -> None:
    name = f"第{part}部分"
    published = fidelity.parts(SEED.read_text(encoding="utf-8"))[name]
    total, size, kept, missing, extra = fidelity.compare(
        published, fidelity.parts(fidelity.docx_text(str(document)))[name]
    )
    print(f"\n{name}: {kept / total:.4f} of {total} published characters; generated {size}")
    for title, pieces in (("missing", missing), ("extra", extra)):
        for length, before, piece in pieces:
            if length > 2:
                print(f"   {title} {length:>4}: …{before}⟦{piece}⟧")
    assert kept / total >= LEAST[part]
