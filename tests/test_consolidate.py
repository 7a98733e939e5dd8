"""部门等于本级与所属单位之和：相加、合并、抵销，每个汇总数都说得出来处。"""

from __future__ import annotations

import copy
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from generator import editions, pipeline
from generator.commands.cli import gongkai
from generator.editions import Edition
from generator.exchange import compare, unitplan
from generator.exchange.consolidate import Consolidated, consolidate
from generator.exchange.source import Source
from generator.exchange.together import Declared
from generator.exchange.unitcheck import alike, of_units
from generator.model.finding import Finding, Refusal, Severity
from generator.model.form import Kind, Role
from generator.workbook.blank import build
from generator.workbook.read import read

from support import load_source  # isort: skip

FORM = "wuhan-final-2021"
OWN, CENTRE, STATION = "某区某局本级", "某区某中心", "某区某站"
TYPES = {OWN: "行政单位", CENTRE: "公益一类事业单位", STATION: "参照公务员法管理事业单位"}


def unit(folder: Path, name: str, rows: dict[str, tuple[int, int]], **more: Any) -> Source:
    """A unit in 万元: code → basic and project spending out of the general budget; ``more`` go into the content."""
    edition = editions.load(FORM)
    spent = [{"code": code, "basic": a, "project": b} for code, (a, b) in grouped(rows).items()]
    got = [{"code": code, "fiscal": a + b} for code, (a, b) in grouped(rows).items()]
    total = sum(a + b for a, b in rows.values())
    classes: dict[str, int] = {}
    for code, (a, b) in rows.items():
        classes[code[:3]] = classes.get(code[:3], 0) + a + b
    content: dict[str, Any] = {
        "unit": {"facts": {"name": {"value": name}, "unit_type": {"value": TYPES.get(name, "")},
                           "year": {"value": 2021}, "level": {"value": "区级"}, "scope": {"value": "单位决算"}},
                 "staff": {"staff_admin": {"value": len(rows)}}},
        "totals": {"income": {"gpb": {"amount": total}},
                   "expenditure": {code: {"amount": amount} for code, amount in classes.items()}},
        "income": {"subjects": leaves(got)},
        "expenditure": {"subjects": leaves(spent)},
        "general": {"subjects": leaves(spent)},
        "changes": {"years": {"totals": {"last": total - 10, "reason": f"{name}人员经费增加"}}},
        "other": {"procurement": {"goods": {"value": 7}}, "assets": {"car_law": {"value": 2}}},
        "projects": {"projects": [{"name": f"{name}项目", "amount": 5}]},
        "subjects": {"subjects": [{"code": code, "text": f"反映{code}"} for code in rows]},
    }  # fmt: skip
    for path, value in more.items():
        place = content
        *steps, last = path.split("__")
        for step in steps:
            place = place.setdefault(step, {})
        place[last] = value
    file = folder / f"{name}.xlsx"
    file.write_bytes(build(edition, content))
    return Source(*read(file))


def grouped(rows: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    codes = sorted({code[:n] for code in rows for n in (3, 5, 7)})
    return {code: rows.get(code, (0, 0)) for code in codes}


def leaves(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Groups without amounts of their own: the form adds them up."""
    return [row if len(row["code"]) == 7 else {"code": row["code"]} for row in rows]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> list[Source]:
    folder = tmp_path_factory.mktemp("three")
    return [
        unit(folder, OWN, {"2010301": (100, 20), "2080505": (30, 0)}),
        unit(folder, CENTRE, {"2010350": (50, 5), "2080505": (10, 0)}),
        unit(folder, STATION, {"2010301": (7, 3)}),
    ]


def department(made: Consolidated, path: Path) -> Source:
    path.write_bytes(build(editions.load(FORM), made.content, extras=made.extras))
    return Source(*read(path))


def amounts(source: Source, form: str, column: str) -> dict[str, Decimal]:
    return {
        row.key: source.book.figure(form, row.key, column).value
        for block in source.edition.form(form).blocks
        for row in source.book.rows(form, block.key)
        if source.book.figure(form, row.key, column).value
    }


def test_known_sums(three: list[Source], tmp_path: Path) -> None:
    made = consolidate(three, name="某区某局")
    dept = department(made, tmp_path / "部门.xlsx")
    assert made.wrong == []
    assert amounts(dept, "general", "basic") == {
        "all": 197, "201": 157, "20103": 157, "2010301": 107, "2010350": 50, "208": 40, "20805": 40, "2080505": 40,
    }  # fmt: skip
    assert amounts(dept, "general", "total")["all"] == 225
    assert amounts(dept, "totals", "amount") == {
        "gpb": 225, "income_total": 225, "income_grand_total": 225, "201": 185, "208": 40,
        "expenditure_total": 225, "expenditure_grand_total": 225,
    }  # fmt: skip
    assert dept.book.figure("changes", "totals", "last").value == 195
    assert dept.book.figure("other", "goods", "value").value == 21
    assert dept.book.figure("other", "car_total", "value").value == 6
    assert dept.book.figure("unit", "staff_admin", "value").value == 5
    assert [row.text("name") for row in dept.book.rows("projects", "projects")] == [
        f"{n}项目" for n in (OWN, CENTRE, STATION)
    ]
    assert [row.key for row in dept.book.rows("subjects", "subjects")] == ["1", "2", "3"]


def test_a_nought_that_all_have_filled_in_is_a_nought(tmp_path: Path) -> None:
    """A blank stays blank only where every unit left it blank; else the sum of those that are filled in."""
    rows = {"2010301": (100, 20)}
    noughts = {"abroad": {"last": 0}, "purchase": {"last": 0}}
    units = [
        unit(tmp_path, OWN, rows, changes__years=noughts, totals__income__fund={"amount": 0}),
        unit(tmp_path, STATION, {"2010301": (7, 3)}, changes__years={"abroad": {"last": 0}}),
    ]
    dept = department(consolidate(units), tmp_path / "部门.xlsx").book
    last = {row.key: row.cells["last"].number for row in dept.rows("changes", "years") if "last" in row.cells}
    assert last["abroad"] == 0
    assert last["purchase"] == 0
    assert last["reception"] is None
    assert dept.figure("totals", "fund", "amount").cells


def test_facts_of_the_own_office_are_taken_over(tmp_path: Path) -> None:
    """The number of internal sections and their names, in the form that asks for them; a typed sum is not copied."""
    edition = editions.load("wuhan-final-2024")
    units = []
    for name, sections in ((OWN, ["办公室", "水利科"]), (CENTRE, ["综合室"])):
        content = {
            "unit": {
                "facts": {"name": {"value": name}, "unit_type": {"value": TYPES[name]}, "year": {"value": 2024}},
                "subordinates": {"sections": {"value": len(sections)}, "section_word": {"value": "处室"},
                                 "sub_total": {"value": 0}},
                "section_list": [{"name": one} for one in sections],
            },
            "texts": {"duties": [{"text": f"{name}的职责。"}]},
            "key_work": {"prose": [{"text": f"{name}的工作。"}]},
            "evaluation": {"words": {"project_result": {"value": "较好"}}},
        }  # fmt: skip
        (tmp_path / f"{name}.xlsx").write_bytes(build(edition, content))
        units.append(Source(*read(tmp_path / f"{name}.xlsx")))
    made = consolidate(units)
    (tmp_path / "部门.xlsx").write_bytes(build(edition, made.content, extras=made.extras))
    dept = Source(*read(tmp_path / "部门.xlsx"))
    assert dept.book.figure("unit", "sections", "value").value == 2
    assert dept.book.figure("unit", "sub_total", "value").value == 1
    assert dept.word("section_word") == "处室"
    assert [row.text("name") for row in dept.book.rows("unit", "section_list")] == ["办公室", "水利科"]
    # What the department has to write for itself is told.
    assert any("重点工作“文字说明”" in line and f"{OWN} 1 项、{CENTRE} 1 项" in line for line in made.left_out)
    assert any("绩效情况“文字”" in line for line in made.left_out)
    assert not any("单位信息" in line or "职责" in line for line in made.left_out)


def test_units_are_listed_and_counted_by_kind(three: list[Source], tmp_path: Path) -> None:
    dept = department(consolidate(three, name="某区某局"), tmp_path / "部门.xlsx")
    assert dept.word("name") == "某区某局"
    assert dept.word("scope") == "部门决算"
    assert [(r.text("name"), r.text("kind")) for r in dept.book.rows("unit", "subordinate_list")] == [
        (CENTRE, "全额拨款事业单位"),
        (STATION, "参公事业单位"),
    ]
    counts = {
        key: dept.book.figure("unit", key, "value").value
        for key in ("sub_admin", "sub_canogong", "sub_full", "sub_total")
    }
    assert counts == {"sub_admin": 0, "sub_canogong": 1, "sub_full": 1, "sub_total": 2}


def test_every_sum_tells_where_it_comes_from(three: list[Source], tmp_path: Path) -> None:
    """Each line of 汇总来源 leads to the department's cell and to the units' cells, and adds up."""
    made = consolidate(three)
    department(made, tmp_path / "部门.xlsx")
    dept = openpyxl.load_workbook(tmp_path / "部门.xlsx", data_only=True)
    units = [openpyxl.load_workbook(Path(one.book.path), data_only=True) for one in three]
    lines = list(dept["汇总来源"].iter_rows(min_row=4, values_only=True))
    assert len(lines) > 40
    for sheet, address, _, _, total, taken, *parts in lines:
        assert float(dept[sheet][address].value) == float(total)
        added = 0.0
        for book, amount, cell in zip(units, parts[::2], parts[1::2], strict=True):
            if cell:
                assert float(book[sheet][cell].value) == float(amount)
                added += float(amount)
        assert added - float(taken or 0) == float(total)
    assert dept["汇总来源"]["B4"].hyperlink is not None


def test_sums_stay_formulas_and_reasons_are_comments(three: list[Source]) -> None:
    made = consolidate(three)
    book = openpyxl.load_workbook(io.BytesIO(build(editions.load(FORM), made.content, extras=made.extras)))
    texts = [c.comment.text for row in book["增减原因"].iter_rows() for c in row if c.comment]
    assert any(f"{OWN}：{OWN}人员经费增加" in text and STATION in text for text in texts)
    general = book[next(name for name in book.sheetnames if name.startswith("05"))]
    assert sum(isinstance(c.value, str) and c.value.startswith("=") for row in general.iter_rows() for c in row) > 20


@pytest.fixture(scope="module")
def internal(tmp_path_factory: pytest.TempPathFactory) -> list[Source]:
    """40 from the own office to the centre; the station pays 6 upwards."""
    folder = tmp_path_factory.mktemp("internal")
    edition = editions.load(FORM)

    def made(name: str, income: list[dict[str, Any]], spent: list[dict[str, Any]], totals: dict[str, Any]) -> Source:
        content = {
            "unit": {"facts": {"name": {"value": name}, "unit_type": {"value": TYPES[name]}, "year": {"value": 2021}}},
            "totals": totals,
            "income": {"subjects": income},
            "expenditure": {"subjects": spent},
        }
        path = folder / f"{name}.xlsx"
        path.write_bytes(build(edition, content))
        return Source(*read(path))

    def codes(leaf: str, **values: int) -> list[dict[str, Any]]:
        return [{"code": leaf[:3]}, {"code": leaf[:5]}, {"code": leaf, **values}]

    return [
        made(OWN, codes("2010301", fiscal=134, affiliated=6), codes("2010301", basic=100, subsidy=40),
             {"income": {"gpb": {"amount": 134}, "affiliated": {"amount": 6}},
              "expenditure": {"201": {"amount": 140}}}),
        made(CENTRE, codes("2010350", superior=40), codes("2010350", basic=40),
             {"income": {"superior": {"amount": 40}}, "expenditure": {"201": {"amount": 40}}}),
        made(STATION, codes("2080505", fiscal=10), codes("2080505", basic=4, upward=6),
             {"income": {"gpb": {"amount": 10}}, "expenditure": {"208": {"amount": 10}}}),
    ]  # fmt: skip


def test_payments_between_units_are_eliminated_when_declared(internal: list[Source], tmp_path: Path) -> None:
    units = internal
    plain = department(consolidate(units), tmp_path / "未抵销.xlsx")
    assert plain.book.figure("totals", "income_total", "amount").value == 190
    made = consolidate(units, [Declared("补助"), Declared("上缴")])
    dept = department(made, tmp_path / "抵销.xlsx")
    book = dept.book
    assert book.figure("totals", "superior", "amount").value == 0
    assert book.figure("totals", "affiliated", "amount").value == 0
    assert book.figure("totals", "income_total", "amount").value == 144
    assert book.figure("totals", "201", "amount").value == 140
    assert book.figure("totals", "208", "amount").value == 4
    assert book.figure("totals", "expenditure_grand_total", "amount").value == 144
    assert book.figure("income", "all", "total").value == 144
    assert book.figure("income", "2010350", "superior").value == 0
    assert book.figure("expenditure", "all", "subsidy").value == 0
    assert book.figure("expenditure", "20805", "total").value == 4
    assert any("抵销 40.00 万元" in line for line in made.done)
    assert any("抵销 6.00 万元" in line for line in made.done)
    assert any("上年数" in line and "没有抵销" in line for line in made.wrong)
    shown = openpyxl.load_workbook(tmp_path / "抵销.xlsx")["汇总来源"]
    assert sum(row[5] is not None for row in shown.iter_rows(min_row=4, values_only=True)) > 10
    # Within the tables everything still adds up.
    assert [f.message for f in pipeline.check(tmp_path / "抵销.xlsx").findings if f.rule[0] == "W"] == []


def test_eliminations_that_do_not_meet_are_refused(internal: list[Source], tmp_path: Path) -> None:
    units = internal
    with pytest.raises(Refusal, match="没有名为"):
        consolidate(units, [Declared("借款")])
    with pytest.raises(Refusal, match="不能抵销"):
        consolidate(units, [Declared("补助", Decimal(41))])
    with pytest.raises(Refusal, match=r"相差 40\.00"):
        consolidate([units[0], units[2]], [Declared("补助")])
    part = department(consolidate(units, [Declared("补助", Decimal(15))]), tmp_path / "部分.xlsx")
    assert part.book.figure("income", "all", "superior").value == 25
    assert part.book.figure("totals", "201", "amount").value == 165


def beside(path: Path, units: list[Source], declared: tuple[Declared, ...] = ()) -> list[Finding]:
    checked = pipeline.check(path, beside=compare.all_of(of_units(units, declared)))
    return [f for f in checked.findings if f.rule in ("Y11", "Y12")]


def test_the_department_equals_its_units(three: list[Source], tmp_path: Path) -> None:
    made = consolidate(three)
    department(made, tmp_path / "部门.xlsx")
    assert beside(tmp_path / "部门.xlsx", three) == []
    changed = copy.deepcopy(made.content)
    row = next(r for r in changed["general"]["subjects"] if r.get("code") == "2010301")
    row["basic"] += 1
    (tmp_path / "改.xlsx").write_bytes(build(editions.load(FORM), changed))
    found = beside(tmp_path / "改.xlsx", three)
    assert {f.rule for f in found} == {"Y11"}
    first = next(f for f in found if "107.00" in f.message)
    assert "108.00" in first.message
    assert f"“{OWN}.xlsx”" in first.message
    assert f"“{STATION}.xlsx”" in first.message
    assert len(first.cells) == 1
    assert "相差 1.00 万元" in first.message
    row["basic"] -= 2
    (tmp_path / "少.xlsx").write_bytes(build(editions.load(FORM), changed))
    assert all("相差 1.00 万元" in f.message for f in beside(tmp_path / "少.xlsx", three))  # a gap has no sign
    # The cell alone: its groups, totals and the total column follow from it.
    assert len(found) == 1


def test_a_total_that_is_wrong_by_more_than_its_addends_is_told_too(three: list[Source], tmp_path: Path) -> None:
    changed = copy.deepcopy(consolidate(three).content)
    rows = {row.get("code") or row.get("_key"): row for row in changed["general"]["subjects"]}
    rows["2010301"]["basic"] += 1
    rows["201"]["project"] = 500  # a sum typed over, in another column
    rows["208"]["basic"] = 77  # and one that nothing below it explains
    (tmp_path / "改.xlsx").write_bytes(build(editions.load(FORM), changed))
    dept = Source(*read(tmp_path / "改.xlsx"))
    wanted = {
        str(dept.book.figure("general", code, column).cells[0])
        for code, column in (("2010301", "basic"), ("201", "project"), ("208", "basic"))
    }
    assert {str(f.cells[0]) for f in beside(tmp_path / "改.xlsx", three)} == wanted


def test_amounts_that_no_unit_has(three: list[Source], tmp_path: Path) -> None:
    changed = copy.deepcopy(consolidate(three).content)
    row = next(r for r in changed["general"]["subjects"] if r.get("code") == "2010350")
    row["code"] = "2010302"
    (tmp_path / "改.xlsx").write_bytes(build(editions.load(FORM), changed))
    told = [f.message for f in beside(tmp_path / "改.xlsx", three)]
    assert any("50.00 万元，各单位的工作簿中都没有这一项" in message for message in told)
    assert any("2010350 一行" in message for message in told)  # and what is gone


def test_eliminated_sums_are_proved_too(internal: list[Source], tmp_path: Path) -> None:
    units = internal
    declared = (Declared("补助"),)
    department(consolidate(units, declared), tmp_path / "部门.xlsx")
    assert beside(tmp_path / "部门.xlsx", units, declared) == []
    assert beside(tmp_path / "部门.xlsx", units) != []


def test_units_that_differ_are_told(three: list[Source], tmp_path: Path) -> None:
    edition, content = load_source("qiaokou-2024")
    (tmp_path / "别.xlsx").write_bytes(build(edition, content))
    other = Source(*read(tmp_path / "别.xlsx"))
    made = consolidate([*three, other])
    assert made.content == {}
    assert {f.rule for f in made.findings} == {"Y12"}
    assert any("2024 年度，应为 2021 年度" in f.message for f in made.findings)
    assert any("版式是" in f.message for f in made.findings)
    with pytest.raises(Refusal, match="两本工作簿"):
        consolidate([*three, three[0]])


def test_units_in_yuan_and_wan_yuan_add_up(three: list[Source], tmp_path: Path) -> None:
    in_yuan = unit(tmp_path, "某区某队", {"2010301": (123456, 0)}, unit__facts__amount_unit={"value": "元"})
    made = consolidate([*three, in_yuan])
    assert [f.severity for f in made.findings] == [Severity.WARNING]
    assert "已折算" in made.findings[0].message
    dept = department(made, tmp_path / "部门.xlsx")
    assert dept.book.unit_of_amount == "元"
    assert dept.book.figure("general", "2010301", "basic").value == Decimal("107") + Decimal("12.3456")
    assert dept.book.figure("unit", "staff_admin", "value").value == 6
    assert [f for f in beside(tmp_path / "部门.xlsx", [*three, in_yuan]) if f.severity is Severity.ERROR] == []
    assert any("没有填写单位类型" in line for line in made.wrong)


def test_what_an_accountant_should_look_at(tmp_path: Path) -> None:
    """A copy under another name, a unit without a type, sums with tails, words of the units."""
    rows = {"2010301": (100, 20), "2010302": (30, 0)}
    own = unit(tmp_path, OWN, rows, other__vehicles={"car_use": {"value": "机要通信"}})
    copied = unit(tmp_path, "某区某队", rows)
    tail = [{"code": "201", "basic": Decimal("130.01")}, {"code": "20103"}, {"code": "2010301", "basic": 130}]
    off = unit(tmp_path, STATION, {"2010301": (130, 0)}, general__subjects=tail)
    made = consolidate([own, copied, off])
    told = "\n".join(made.wrong)
    assert f"“{OWN}.xlsx”与“某区某队.xlsx”的公开表金额完全相同" in told
    assert "“某区某队.xlsx”没有填写单位类型" in told
    assert "个合计数与明细之和不等" in told
    assert made.content["other"]["vehicles"]["car_use"]["_comments"]["value"] == f"{OWN}：机要通信"


def test_a_unit_twice_and_the_department_among_its_units(three: list[Source], tmp_path: Path) -> None:
    department(consolidate(three), tmp_path / "部门.xlsx")
    dept = Source(*read(tmp_path / "部门.xlsx"))
    told = [f.message for f in beside(tmp_path / "部门.xlsx", [*three, three[1], dept]) if f.rule == "Y12"]
    assert any("有两本工作簿" in message and f"{CENTRE}.xlsx" in message for message in told)
    assert any("自己也列在各单位" in message for message in told)


def test_what_is_no_number_is_told(three: list[Source], tmp_path: Path) -> None:
    bad = unit(tmp_path, "某区某队", {"2010301": (1, 0)}, totals__income__other={"amount": "约五万"})
    made = consolidate([*three, bad])
    assert any("约五万" in line and "某区某队.xlsx" in line for line in made.wrong)


@pytest.mark.parametrize("name", ["sample-2021", "hanyang-2019", "qiaokou-2024", "hongshan-budget-2021"])
def test_every_form_adds_up(name: str, tmp_path: Path) -> None:
    """Three times the same unit is three times every amount."""
    edition, content = load_source(name)
    content["unit"]["facts"]["name"] = {"value": ""}  # a name would be there three times
    (tmp_path / "0.xlsx").write_bytes(build(edition, content))
    units = [Source(*read(tmp_path / "0.xlsx"))] * 3
    made = consolidate(units)
    path = tmp_path / "部门.xlsx"
    path.write_bytes(build(edition, made.content, extras=made.extras))
    dept = Source(*read(path))
    compared = 0
    for form in edition.tables:
        for block in form.blocks:
            for row in units[0].book.rows(form.id, block.key):
                for column in block.columns:
                    if column.kind is Kind.MONEY:
                        one = units[0].book.figure(form.id, row.key, column.key).value
                        assert dept.book.figure(form.id, row.key, column.key).value == 3 * one
                        compared += bool(one)
    assert compared > 80
    assert dept.edition.id == edition.id
    assert beside(path, units) == []
    assert {f.rule for f in pipeline.check(path).findings if f.severity is Severity.ERROR and f.rule[0] in "SWX"} <= {
        f.rule for f in pipeline.check(tmp_path / "0.xlsx").findings
    }


@pytest.mark.parametrize("edition_id", editions.ids())
def test_plans_name_what_is_there(edition_id: str) -> None:
    edition: Edition = editions.load(edition_id)
    plan = unitplan.load(edition)
    form = edition.form("unit")
    listed = form.block(plan.listed[1])
    kinds = next(c.choices for c in listed.columns if c.key == plan.kind)
    assert set(plan.kinds.values()) <= set(kinds)
    assert all(form.block_of_row(row) is not None for row in plan.counts)
    types = next(r.choices for b in form.blocks for r in b.rows if r.key == plan.type[1])
    assert {kind for of, _ in plan.counts.values() for kind in of} <= set(types)
    for one in plan.internal.values():
        for form_id, column in (one.paid, one.received):
            block = unitplan.open_by_code(edition.form(form_id))
            assert block is not None
            assert column in {c.key for c in block.columns}
        assert edition.form(one.total[0]).block_of_row(one.total[1]) is not None
        assert edition.form(one.total[0]).role is Role.TABLE


def test_the_command_names_how_to_prove_it(internal: list[Source], tmp_path: Path) -> None:
    paths, out = [one.book.path for one in internal], tmp_path / "部门.xlsx"
    done = CliRunner().invoke(
        gongkai, ["consolidate", *paths, "-o", str(out), "--eliminate", "补助=15", "--eliminate", "上缴"]
    )
    assert done.exit_code == 0, done.output
    told = next(line for line in done.output.splitlines() if "gongkai check" in line)
    assert told.endswith("--eliminate 补助=15 --eliminate 上缴")
    checked = CliRunner().invoke(gongkai, [*told.split()[1:], "--no-mark", "--format", "json"])
    assert "Y11" not in {f["rule"] for f in json.loads(checked.stdout)["findings"]}


def test_the_command(three: list[Source], tmp_path: Path) -> None:
    paths = [one.book.path for one in three]
    before = [Path(path).read_bytes() for path in paths]
    out = tmp_path / "部门.xlsx"
    done = CliRunner().invoke(gongkai, ["consolidate", *paths, "-o", str(out), "--name", "某区某局"])
    assert done.exit_code == 0, done.output
    assert "汇总 3 个单位" in done.output
    assert [Path(path).read_bytes() for path in paths] == before
    checked = CliRunner().invoke(gongkai, ["check", str(out), "--no-mark", "--format", "json", "--units", *paths])
    assert not {"Y11", "Y12"} & {f["rule"] for f in json.loads(checked.stdout)["findings"]}
    fewer = CliRunner().invoke(gongkai, ["check", str(out), "--no-mark", "--format", "json", "--units", *paths[:2]])
    assert "Y11" in {f["rule"] for f in json.loads(fewer.stdout)["findings"]}
    assert CliRunner().invoke(gongkai, ["check", str(out), paths[0]]).exit_code == 2
    assert CliRunner().invoke(gongkai, ["consolidate", paths[0], "-o", str(tmp_path / "x.xlsx")]).exit_code == 2
    for amount in ("x", "NaN", "Infinity", "-5", "0", "1e30"):
        wrong = CliRunner().invoke(gongkai, ["consolidate", *paths, "-o", str(out), "--eliminate", f"补助={amount}"])
        assert wrong.exit_code == 2
        assert "金额" in wrong.output
        assert "内部出错" not in wrong.output
    again = CliRunner().invoke(gongkai, ["consolidate", *paths, "-o", str(out), *["--eliminate", "补助"] * 2])
    assert again.exit_code == 2
    assert "写了两次" in again.output
    assert alike(three[0].edition, 2021, three) == ()
