"""The published 2019 disclosure of 汉阳区大数据中心, filled in as it stands and generated again.

As tests/test_published.py does for 2021: figures come from the data file beside the project, prose is read from the
published text while the test runs. Differences of more than two characters are printed with ``-s``.
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
from generator.model.form import Block, Form
from tests.support import SHARED, content, docx_lines, docx_tables, fill, generate, module_at
from tests.test_published import Seed, amounts, flat, joined, shown

SEED = SHARED / "seeds" / "final-2019-hanyang.txt"
DATA = SHARED / "data" / "final-2019-hanyang.json"
FIDELITY = SHARED / "tools" / "fidelity.py"

pytestmark = pytest.mark.skipif(
    not (SEED.is_file() and DATA.is_file() and FIDELITY.is_file()),
    reason="公开文本不随项目分发：../shared 下没有 seeds、data 和 tools",
)

# Share of the published characters that must come back in the same order. 目录: the text was extracted without page
# numbers and with a dash before every line. Part five includes the attachment.
LEAST = {"一": 0.99, "二": 0.99, "三": 0.98, "四": 0.99, "五": 0.97}
EDITION = "wuhan-final-2019"
FORMS = ("totals", "income", "expenditure", "fiscal", "general", "basic", "three_public", "fund")
NAMES = ("一级指标", "二级指标", "三级指标", "分值", "指标说明", "评分标准", "年初目标值", "实际完成值", "得分")


# -- the published content as a source ---------------------------------------------------------------------------


def whole(lines: list[str]) -> list[str]:
    """Paragraphs cut by a page break joined; marks of the text's own markup taken away."""
    return joined([line.replace("*", "").lstrip("#") for line in lines])


def source(seed: Seed, data: dict[str, Any]) -> dict[str, Any]:
    facts = {name: {k: v["value"] for k, v in fact["values"].items()} for name, fact in data["facts"].items()}
    last = {
        "totals": Decimal(facts["3.一"]["收支总计"]) + Decimal(facts["3.一"]["减少"]),
        "fiscal": Decimal(facts["3.四"]["财政总计"]) - Decimal(facts["3.四"]["增加"]),
        "general": Decimal(facts["3.五(一)"]["财政支出"]) - Decimal(facts["3.五(一)"]["增加"]),
    }
    words = "".join(seed.lines)
    return {
        "unit": {
            "year": str(data["meta"]["year"]),
            "name": data["meta"]["unit"],
            "short_name": data["performance"]["部门整体支出绩效自评表"]["评价单位"],
            "region": "汉阳区",
            "level": "市级",  # the published text kept the model's 市级财政, 市直部门
            "unit_type": "公益一类事业单位",
            "cover_date": data["meta"]["cover_date"],
            "phone": "".join(re.findall(r"公开咨询电话：(\S+)", words)[:1])[:12],
            "staff_institution": facts["p1.人员"]["事业"],
        },
        "wording": {"self_name": "我单位"},
        **dict(tables(data)),
        "changes": {
            "totals": {"last": str(last["totals"]), "reason": said(words, "各减少65.21万元，下降4.26%，主要原因是")},
            "fiscal": {"last": str(last["fiscal"]), "reason": said(words, "各增加29.77万元，增长2.08%。主要原因是")},
            "general": {
                "last": str(last["general"]),
                "reason": said(words, "财政拨款支出增加29.77万元，增长2.08%。主要原因是"),
            },
            "three_public": {"last": "0"},
            "operating": {"this": "0", "last": "0", "reason": said(words, "无机关运行经费支出，主要原因是")},
        },
        "initial_budget": {"classes": list(initial_budget(words, facts, data))},
        "projects": {"projects": list(projects(words, facts))},
        "other": {
            "goods": facts["3.十(二)"]["货物"],
            "services": facts["3.十(二)"]["服务"],
            "procurement_total": facts["3.十(二)"]["总额"],
            "sme": facts["3.十(二)"]["中小"],
            "micro": facts["3.十(二)"]["小微"],
        },
        "texts": {"duties": whole(seed.between("###一、部门主要职能", "##**二、部门决算单位构成"))},
        "key_work": {
            "prose": whole(seed.between("##第四部分", "序号重要事项")),
            "items": list(items(seed)),
        },
        "evaluation": {
            "project_number": facts["3.九(一)"]["项目数"],
            "project_amount": facts["3.九(一)"]["项目资金"],
            "project_result": said(words, "从绩效评价情况来看，"),
            "output": said(words, "**主要产出和效果：**", "。**发现的问题"),
            "issues": said(words, "**发现的问题及原因：**", "。##**十、"),
        },
        "subjects": {"subjects": list(explanations(seed, data))},
        "overall_performance": overall(data["performance"]["部门整体支出绩效自评表"]),
    }


def said(words: str, lead: str, end: str = "。") -> str:
    return words.partition(lead)[2].partition(end)[0]


def initial_budget(words: str, facts: dict[str, dict[str, str]], data: dict[str, Any]) -> Iterator[dict[str, str]]:
    classes = [row for row in data["tables"][4]["rows"] if row["level"] == "类"]
    for number, row in enumerate(classes, 1):
        found = re.search(rf"{number}\.{row['label']}[(（]类[)）]。[^。]*?主要原因是?([^。]+)。", words)
        yield {
            "code": row["code"],
            "name": row["label"],
            "initial": facts[f"3.五(三){number}"]["年初预算"],
            "reason": found[1] if found else "",
        }


def projects(words: str, facts: dict[str, dict[str, str]]) -> Iterator[dict[str, str]]:
    rest = words.partition("项目支出主要用于")[2].partition("1.一般公共服务支出(类)。")[0]
    for fact in [found for name, found in facts.items() if name.startswith("3.五(三)项目")]:
        (amount,) = fact.values()
        name, _, rest = rest.partition(f"{amount}万元，主要成效：")
        effect, _, rest = rest.partition("；")
        yield {"name": name, "amount": amount, "effect": effect.rstrip("。")}


def items(seed: Seed) -> Iterator[dict[str, str]]:
    rows = [cells for cells in seed.tabs if len(cells) == 4 and cells[0].strip().isdigit()]
    for _, matter, goal, result in rows:
        yield {"matter": strip(matter), "goal": strip(goal), "result": strip(result)}


def strip(text: str) -> str:
    return re.sub(r"\s", "", text)


def explanations(seed: Seed, data: dict[str, Any]) -> Iterator[dict[str, str]]:
    text = "\n".join(seed.lines).rpartition("支出功能分类科目")[2]
    for row in data["tables"][4]["rows"]:
        if row["level"] == "项":
            found = re.search(re.escape(row["label"]) + r"（项）：反映([^。]+)。", text)
            yield {"code": row["code"], "name": row["label"], "text": found[1] if found else ""}


def overall(form: dict[str, Any]) -> dict[str, Any]:
    money = form["部门整体支出资金"]
    rows: list[list[str]] = []
    goal = None
    for row in form["indicators"]:
        if row["目标"] not in (None, goal):
            goal = row["目标"]
            rows.append([goal, *[""] * 10])
        rows.append([*(row[name] or "" for name in (*NAMES, "指标值偏差率", "备注"))])
    return {
        "unit_name": form["评价单位"],
        "form_year": form["评价年度"],
        "total_score": form["总分"],
        "budget": money["预算数"],
        "budget_gpb": money["一般公共预算财政拨款"],
        "budget_fund": money["政府性基金预算财政拨款"],
        "executed": money["全年执行数"],
        "executed_gpb": money["一般公共预算执行数"],
        "executed_fund": money["政府性基金预算财政拨款执行数"],
        "indicators": rows,
    }


def tables(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The eight tables with every published amount; what extraction lost is taken from its inference."""
    edition = load(EDITION)
    for form_id, table in zip(FORMS, data["tables"], strict=True):
        form = edition.form(form_id)
        if "flat" in table:
            yield form_id, flat(form, table)
        elif table["rows"] and "left" in table["rows"][0]:
            yield form_id, two_sided(form, table)
        elif table["rows"]:
            yield form_id, by_code(form.blocks[0], table)


def two_sided(form: Form, table: dict[str, Any]) -> dict[str, Any]:
    """By printed order: 表4 names the two funds twice."""
    made: dict[str, Any] = {}
    for block, side in zip(form.blocks, ("left", "right"), strict=True):
        for row, printed in zip(block.rows, table["rows"], strict=True):
            assert row.label == (printed[side]["label"] or "")
            if not row.spacer:
                made[row.key] = amounts(block, printed[side]["values"])
    return made


def by_code(block: Block, table: dict[str, Any]) -> dict[str, Any]:
    rows = [(row, amounts(block, values(row))) for row in table["rows"]]
    return {
        block.rows[0].key: rows[0][1],
        block.key: [{"code": row["code"], "name": row["label"], **found} for row, found in rows[1:]],
    }


def values(row: dict[str, Any]) -> list[str | None]:
    lost = row.get("inferred", {})
    return [value if value is not None else lost.get(str(at)) for at, value in enumerate(row["values"], 1)]


# -- the published tables as Word should show them ---------------------------------------------------------------


def head(table: dict[str, Any]) -> list[list[str]]:
    """The stacked head on its grid (spans across repeat their text, what is covered from above is blank)."""
    rows: list[list[str | None]] = [[None] * table["n_columns"] for _ in table["header"]]
    for top, cells in enumerate(table["header"]):
        left = 0
        for cell in cells:
            while rows[top][left] is not None:
                left += 1
            for down in range(cell["rs"]):
                for across in range(cell["cs"]):
                    rows[top + down][left + across] = cell["t"] if down == 0 else ""
    kept = [row for row in rows if any(row)]
    return [[cell or "" for cell in row] for row in kept]


def body(table: dict[str, Any], form: Form) -> list[list[str]]:
    if "flat" in table:
        return flat_body(table)
    if not table["rows"]:
        return [] if form.blocks[0].open else [[""] * table["n_columns"]]
    if "left" not in table["rows"][0]:
        return [
            [row["code"], row["code"], row["code"], row["label"], *map(shown, values(row))] for row in table["rows"][1:]
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


@pytest.mark.parametrize("number", range(8), ids=FORMS)
def test_every_cell_of_the_official_tables(document: Path, data: dict[str, Any], number: int) -> None:
    table, form = data["tables"][number], load(EDITION).form(FORMS[number])
    found = docx_tables(document)[number]
    expected = head(table) + body(table, form)
    if form.blocks[0].open:  # the 合计 line belongs to the head in the data, its amounts to the rows
        total = table["rows"][0] if table["rows"] else {"values": [None] * (table["n_columns"] - 4)}
        line = len(head(table)) - 1
        expected[line] = [*expected[line][:4], *map(shown, values(total))]
    assert found == expected


@pytest.mark.parametrize("number", range(8), ids=FORMS)
def test_lines_around_the_official_tables(document: Path, data: dict[str, Any], number: int) -> None:
    table = data["tables"][number]
    lines = {re.sub(r"\s", "", line) for line in docx_lines(document)}
    expected = {table["title"], *table["notes"], *table["statements"]}
    missing = {plain(line) for line in expected} - {plain(line) for line in lines}
    assert not missing
    assert any(table["dept_line"] in line and table["unit_line"] in line for line in lines)


def plain(line: str) -> str:
    return re.sub(r"\s", "", line).translate(str.maketrans("“”", '""'))


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
