"""Editions as a product: which serves a year, what each is made of, what changed between two."""

from __future__ import annotations

import json
import re
import shutil
from itertools import permutations
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from generator import pipeline
from generator.commands import cli
from generator.commands.choose import choose, span
from generator.editions import BUILT_IN, Library
from generator.editions.difference import difference
from generator.editions.files import effective
from generator.model.finding import Refusal
from generator.narrative.frames import frames
from generator.narrative.rewording import reworded
from generator.tryout import faults

IDS = BUILT_IN.ids()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.gongkai, list(arguments))


# -- Which edition


@pytest.mark.parametrize("year", range(2017, 2027))
def test_every_year_has_one_edition_of_final_accounts(year: int) -> None:
    edition, note = choose(BUILT_IN, None, year, None)
    assert (edition.kind, note) == ("final", "")
    assert year in edition.years


@pytest.mark.parametrize("year", range(2021, 2027))
def test_a_budget_is_chosen_when_asked_for(year: int) -> None:
    assert choose(BUILT_IN, None, year, "budget")[0].kind == "budget"


@pytest.mark.parametrize(
    ("year", "kind", "message", "fix"),
    [
        (
            2090,
            None,
            "没有适用于 2090 年度的版式（部门决算）；最近的是 wuhan-final-2024（",
            "--edition wuhan-final-2024",
        ),
        (
            2090,
            "budget",
            "没有适用于 2090 年度的版式（部门预算）；最近的是 wuhan-budget-2021（",
            "--edition wuhan-budget-2021",
        ),
        (1999, None, "最近的是 wuhan-final-2019（", "--edition wuhan-final-2019"),
        (None, None, "有多个版式可用（部门决算）：", "--year"),
    ],
)
def test_when_none_or_several_serve_it_is_said_which(
    year: int | None, kind: str | None, message: str, fix: str
) -> None:
    with pytest.raises(Refusal) as caught:
        choose(BUILT_IN, None, year, kind)
    assert message in caught.value.message
    assert fix in caught.value.fix


def test_an_edition_asked_for_by_name_is_taken_with_a_word_about_its_years() -> None:
    edition, note = choose(BUILT_IN, "wuhan-final-2021", 2024, None)
    assert edition.id == "wuhan-final-2021"
    assert "不含 2024 年度" in note
    with pytest.raises(Refusal, match="不是部门预算的版式"):
        choose(BUILT_IN, "wuhan-final-2021", 2021, "budget")


def test_a_budget_workbook_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "预算.xlsx"
    result = run("new", "--year", "2022", "--budget", "-o", str(path))
    assert result.exit_code == 0, result.output
    assert pipeline.check(path).edition.kind == "budget"


def test_years_are_told_shortly() -> None:
    assert span((2021, 2020)) == "2020、2021"
    assert span((2019, 2021, 2022, 2023)) == "2019、2021—2023"


# -- The commands


def test_editions_are_listed_with_kind_and_years() -> None:
    lines = run("editions").output.splitlines()
    assert [line.split()[0] for line in lines] == list(IDS)
    assert all("适用年度：" in line and ("部门决算" in line or "部门预算" in line) for line in lines)
    listed = json.loads(run("editions", "--format", "json").output)
    assert [one["id"] for one in listed] == list(IDS)
    assert {one["kind"] for one in listed} == {"final", "budget"}


@pytest.mark.parametrize("id", IDS)
def test_every_built_in_edition_is_in_order(id: str) -> None:
    assert [(fault.message, fault.fix) for fault in faults(BUILT_IN, id)] == []


@pytest.mark.parametrize("id", IDS)
def test_files_in_force_are_shown_with_their_origin(id: str) -> None:
    edition = BUILT_IN.load(id)
    files = {file.name: file for file in effective(edition)}
    assert set(edition.form_files) | set(edition.rule_files) <= set(files)
    for file in files.values():
        first = next(folder for folder in edition.folders if (folder / file.name).is_file())
        assert file.path == first / file.name
        assert file.origin == {edition.folders[0].name: "own", "shared": "shared"}.get(first.name, "inherited")
    shown = run("editions", "show", id)
    assert shown.exit_code == 0
    assert all(name in shown.output for name in files)
    told = json.loads(run("editions", "show", id, "--format", "json").output)
    assert [file["name"] for file in told["files"]] == sorted(files)


@pytest.mark.parametrize(("old", "new"), list(permutations(IDS, 2)))
def test_any_two_editions_can_be_compared(old: str, new: str) -> None:
    there, back = (difference(BUILT_IN.load(a), BUILT_IN.load(b)) for a, b in ((old, new), (new, old)))
    came = {(c.what, c.path) for group in there for c in group.changes if c.kind == "added"}
    went = {(c.what, c.path) for group in back for c in group.changes if c.kind == "ended"}
    assert came == went  # what is new one way is ended the other way
    assert all("{" not in c.text for group in there for c in group.changes if c.what != "rule")


def test_an_edition_does_not_differ_from_itself() -> None:
    for id in IDS:
        assert difference(BUILT_IN.load(id), BUILT_IN.load(id)) == ()
    assert "没有变化。" in run("editions", "diff", IDS[0], IDS[0]).output


def test_what_changed_in_2024_is_told_as_an_accountant_says_it() -> None:
    told = run("editions", "diff", "wuhan-final-2021", "wuhan-final-2024").output.replace("\n     ", "")
    assert "“财政拨款“三公”经费支出决算表”由表 7 改为表 9" in told
    assert "“政府性基金预算财政拨款收入支出决算表”由表 8 改为表 7" in told
    reasons = [line for line in told.splitlines() if "不再核对" in line]
    assert reasons
    assert len(reasons) == len(set(reasons))  # one reason for a group of cells is told once
    changes = json.loads(run("editions", "diff", "wuhan-final-2021", "wuhan-final-2024", "--format", "json").output)
    assert {"before", "after", "changes"} == set(changes)
    assert {"what", "kind", "path", "text", "before", "after"} == set(changes["changes"][0])


def test_the_2019_form_has_no_state_capital_table() -> None:
    told = run("editions", "diff", "wuhan-final-2019", "wuhan-final-2021").output
    assert "＋ 新增公开表“国有资本经营预算财政拨款支出决算表" in told
    assert "新增绩效表“项目自评表”" in told  # its own title is but a number and the project's name
    taken_up = [line for line in told.splitlines() if "恢复核对" in line]
    assert taken_up
    assert all(re.search(r"规则 [A-Z]\d+", line) for line in taken_up)


# -- Further folders


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    result = run("editions", "--templates", str(tmp_path / "无"))
    assert result.exit_code == 2
    assert "没有版式文件夹" in result.output


def test_a_name_that_is_not_there_is_told_with_those_that_are() -> None:
    result = run("editions", "show", "某市-决算")
    assert result.exit_code == 2
    assert "没有版式“某市-决算”" in result.output
    assert all(id in result.output for id in IDS)


def test_libraries_do_not_know_of_each_other(tmp_path: Path) -> None:
    one, two = Library((tmp_path,)), Library()
    assert one.load(IDS[0]) is one.load(IDS[0])
    assert one.load(IDS[0]) is not two.load(IDS[0])
    assert one.ids() == two.ids() == IDS


# -- What reads otherwise


def test_sentences_that_read_otherwise_are_shown_old_and_new() -> None:
    told = run("editions", "diff", "wuhan-final-2021", "wuhan-final-2024").output.replace("\n     ", "")
    assert "文字：二、收入决算情况说明" in told
    assert (
        "原为“某年度收入合计…万元。［其中：［…万元，占本年收入…%］。］”，"
        "改为“某年度收入合计…万元［，与上年度相比，收入合计持平／"
    ) in told
    assert "新增“全年支出涉及出国(境)团组…个，累计…人次。”" in told
    assert "章节标题由“七、一般公共预算财政拨款“三公”经费支出决算情况说明”改为“九、财政拨款“三公”经费" in told
    assert "栏“项目·功能分类科目编码”由不分栏改为分“类、款、项”3 栏" in told
    assert "取消填写项“部门整体支出总额·得分(20分*执行率)”" in told
    assert "规则 X6 表6“三公”类科目不大于表9决算数 的说明由“" in told
    assert "［］内的按情况才写" in told


@pytest.mark.parametrize("id", IDS)
def test_sentences_of_an_edition_are_read_without_a_workbook(id: str) -> None:
    edition = BUILT_IN.load(id)
    found = frames(edition)
    sections = {line.block for line in edition.contents if line.block.startswith("p3.") and line.block not in found}
    assert sections <= {"p3.s10"}  # a heading above others
    for said in (text for texts in found.values() for text in texts):
        assert said.count("［") == said.count("］")
        assert not set(said) & set("{}|")
    assert reworded(edition, edition) == ()


def test_a_chapter_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "甲市-决算"
    shutil.copytree(BUILT_IN.load("wuhan-final-2021").folders[0], broken)
    named = (broken / "edition.yaml").read_text(encoding="utf-8").replace("id: wuhan-final-2021", "id: 甲市-决算")
    (broken / "edition.yaml").write_text(named, encoding="utf-8")
    (broken / "chapters" / "sections" / "fund.j2").write_text("{% if x %}", encoding="utf-8")
    told = run("editions", "diff", "wuhan-final-2021", "甲市-决算", "--templates", str(tmp_path)).output
    assert "chapters/sections/fund.j2 第 1 行" in told
    assert "Traceback" not in told
